//! The auto-restart token: what the Gateway leaves behind when it restarts by itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// One token: start with `-Drestart=<id>`, and no login is needed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RestartToken {
    /// The id: the name of the folder it lies in.
    pub id: String,
    /// The file.
    pub path: PathBuf,
    /// When it was written.
    pub written: Timestamp,
}

/// What a gateway left in the settings folder when it ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Left {
    /// Nothing: it was told to end, or it failed.
    Nothing,
    /// A token: it wants to be started again.
    Token(RestartToken),
    /// Several, so that nobody can tell which is right: they are to be deleted before a full login.
    SeveralTokens(Vec<PathBuf>),
}

/// Looks for `<settings_path>/<id>/autorestart`.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn find_restart_token(settings_path: &Path) -> io::Result<Left> {
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
        0 => Left::Nothing,
        1 => {
            let (id, path) = found.remove(0);
            let written = path.metadata()?.modified()?;
            let written = Timestamp::try_from(written).unwrap_or(Timestamp::UNIX_EPOCH);
            Left::Token(RestartToken { id, path, written })
        }
        _ => {
            found.sort();
            Left::SeveralTokens(found.into_iter().map(|(_, path)| path).collect())
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
        assert_eq!(find_restart_token(root.path()).unwrap(), Left::Nothing);
        let first = put("aaa");
        let Left::Token(token) = find_restart_token(root.path()).unwrap() else {
            panic!("one token");
        };
        assert_eq!((token.id.as_str(), &token.path), ("aaa", &first));
        let age = Timestamp::now().duration_since(token.written);
        assert!(age.as_secs() < 60, "{age:?}");
        let second = put("bbb");
        assert_eq!(
            find_restart_token(root.path()).unwrap(),
            Left::SeveralTokens(vec![first, second])
        );
        assert!(find_restart_token(&root.path().join("missing")).is_err());
    }
}
