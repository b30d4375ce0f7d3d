//! Folders: `~` and defaults.

use std::path::{Path, PathBuf};

use crate::config::Sources;
use crate::config::error::ConfigError;

/// Variables that name folders of the user, taken before the environment is used up.
pub(in crate::config) struct Folders {
    home: Option<PathBuf>,
    state_home: Option<PathBuf>,
    mount_points: Vec<PathBuf>,
}

impl Folders {
    pub(in crate::config) fn new(sources: &mut Sources) -> Self {
        let find = |wanted: &str| {
            let value = sources
                .environment
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value);
            value.map(PathBuf::from).filter(|path| path.is_absolute())
        };
        Self {
            home: find("HOME"),
            state_home: find("XDG_STATE_HOME"),
            mount_points: std::mem::take(&mut sources.mount_points),
        }
    }

    /// `path` with a leading `~` replaced, as no shell has seen what stands in a file or an environment block.
    pub(super) fn expand(&self, path: PathBuf, setting: &'static str) -> Result<PathBuf, ConfigError> {
        match path.strip_prefix("~") {
            Ok(rest) => self.home(setting).map(|home| {
                if rest == Path::new("") {
                    home.clone()
                } else {
                    home.join(rest)
                }
            }),
            Err(_) => Ok(path),
        }
    }

    /// The same; a path that is relative is one below the home folder.
    pub(super) fn below_home(&self, path: PathBuf, setting: &'static str) -> Result<PathBuf, ConfigError> {
        let path = self.expand(path, setting)?;
        if path.is_absolute() {
            Ok(path)
        } else {
            Ok(self.home(setting)?.join(path))
        }
    }

    pub(in crate::config) fn home(&self, setting: &'static str) -> Result<&PathBuf, ConfigError> {
        self.home.as_ref().ok_or(ConfigError::NoHome { setting })
    }

    /// The state folder when none is named and the settings folder is no volume (see the table of settings).
    pub(super) fn state(&self) -> Result<PathBuf, ConfigError> {
        match &self.state_home {
            Some(folder) => Ok(folder.join("gatehand")),
            None => Ok(self.home("GATEHAND_STATE_DIR")?.join(".local/state/gatehand")),
        }
    }

    /// Whether a file system is mounted there.
    pub(super) fn is_volume(&self, path: &Path) -> bool {
        // A path may lead elsewhere, as that of another image's folder does in ours: mounts are listed where they are.
        let there = path.canonicalize();
        let there = there.as_deref().unwrap_or(path);
        self.mount_points.iter().any(|mount| mount == there)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_volume_is_one_by_any_of_its_paths() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("it is there");
        let (volume, link) = (root.join("settings"), root.join("old"));
        std::fs::create_dir(&volume).expect("a folder in it");
        symlink(&volume, &link).expect("a link");
        let folders = Folders {
            home: None,
            state_home: None,
            mount_points: vec![volume.clone(), "/not/there".into()],
        };
        for (path, is_volume) in [
            (volume.as_path(), true),
            (&link, true),
            (&root, false),
            (Path::new("/not/there"), true),
        ] {
            assert_eq!(folders.is_volume(path), is_volume, "{}", path.display());
        }
    }
}
