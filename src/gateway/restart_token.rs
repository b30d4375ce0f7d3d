//! The auto-restart token: what the Gateway leaves behind when it restarts by itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What was found in the settings folder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RestartToken {
    /// Nothing: a full login.
    None,
    /// One: start with `-Drestart=<id>`, and no login is needed.
    One {
        /// The id: the name of the folder it lies in.
        id: String,
        /// The file.
        path: PathBuf,
    },
    /// Several, so that nobody can tell which is right: they are to be deleted before a full login.
    Several(Vec<PathBuf>),
}

/// Looks for `<settings_path>/<id>/autorestart`.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn find_restart_token(settings_path: &Path) -> io::Result<RestartToken> {
    let mut found = Vec::new();
    for entry in fs::read_dir(settings_path)? {
        let entry = entry?;
        let path = entry.path().join("autorestart");
        if let Ok(id) = entry.file_name().into_string()
            && path.is_file()
        {
            found.push((id, path));
        }
    }
    Ok(match found.len() {
        0 | 1 => found
            .pop()
            .map_or(RestartToken::None, |(id, path)| RestartToken::One { id, path }),
        _ => {
            found.sort();
            RestartToken::Several(found.into_iter().map(|(_, path)| path).collect())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_one_and_several() {
        let root = tempfile::tempdir().unwrap();
        let put = |id: &str| {
            let path = root.path().join(id).join("autorestart");
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            path
        };
        fs::write(root.path().join("autorestart"), "not in a folder of its own").unwrap();
        assert_eq!(find_restart_token(root.path()).unwrap(), RestartToken::None);
        let first = put("aaa");
        let one = RestartToken::One {
            id: "aaa".into(),
            path: first.clone(),
        };
        assert_eq!(find_restart_token(root.path()).unwrap(), one);
        let second = put("bbb");
        assert_eq!(
            find_restart_token(root.path()).unwrap(),
            RestartToken::Several(vec![first, second])
        );
        assert!(find_restart_token(&root.path().join("missing")).is_err());
    }
}
