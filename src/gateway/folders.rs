//! The JVM's home and its folder for temporary files. The gateway unpacks libraries there and loads them (JavaFX, its
//! browser), which needs folders that can be written to and that allow programs. In a container the home is often
//! read-only, and `/tmp` mounted with `noexec`.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, StatVfsMountFlags, access, statvfs};

/// Where the JVM puts temporary files unless told otherwise, whatever TMPDIR says.
const TEMPORARY: &str = "/tmp";

/// Where they are; what is `None` is as the JVM has it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Folders {
    pub(super) home: Option<PathBuf>,
    pub(super) temporary: Option<PathBuf>,
}

impl Folders {
    /// The user's own where they serve; else folders below `fallback`, which are made. `home` is that of the environment:
    /// the JVM looks into the list of users, which does not know everyone in a container.
    pub(super) fn choose(home: Option<&OsStr>, fallback: &Path) -> io::Result<Self> {
        Self::choose_by(home, fallback, takes_programs)
    }

    fn choose_by(home: Option<&OsStr>, fallback: &Path, serves: fn(&Path) -> bool) -> io::Result<Self> {
        let fallback = fallback.join("jvm");
        let make = |name: &str| {
            let folder = fallback.join(name);
            fs::create_dir_all(&folder).map(|()| folder)
        };
        let home = home.filter(|home| !home.is_empty()).map(Path::new);
        let home = match home.filter(|home| serves(home)) {
            Some(home) => home.to_owned(),
            None => make("home")?,
        };
        let temporary = match serves(Path::new(TEMPORARY)) {
            true => None,
            false => {
                // What the last JVM left, which had no time to tidy up.
                match fs::remove_dir_all(fallback.join("tmp")) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => Some(make("tmp")?),
                }
            }
        };
        for folder in [Some(&home), temporary.as_ref()].into_iter().flatten() {
            if !serves(folder) {
                tracing::warn!(
                    folder = %folder.display(),
                    "libraries cannot be loaded from there, and parts of the gateway may not work: mount it, or /tmp, without noexec"
                );
            }
        }
        Ok(Self {
            home: Some(home),
            temporary,
        })
    }
}

/// Whether libraries can be unpacked into a folder and loaded from it.
fn takes_programs(folder: &Path) -> bool {
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
        && statvfs(folder).is_ok_and(|mount| !mount.f_flag.contains(StatVfsMountFlags::NOEXEC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_own_where_they_serve() {
        let state = tempfile::tempdir().expect("a folder");
        let chosen = Folders::choose_by(Some("/home/me".as_ref()), state.path(), |_| true).expect("made");
        assert_eq!(
            chosen,
            Folders {
                home: Some("/home/me".into()),
                temporary: None
            }
        );
        assert_eq!(
            fs::read_dir(state.path()).expect("there").count(),
            0,
            "nothing is made"
        );
    }

    #[test]
    fn else_folders_beside_the_state_and_no_old_temporary_files() {
        let state = tempfile::tempdir().expect("a folder");
        let own = Folders {
            home: Some(state.path().join("jvm/home")),
            temporary: Some(state.path().join("jvm/tmp")),
        };
        for home in [Some("/home/me"), Some(""), None] {
            let chosen = Folders::choose_by(home.map(OsStr::new), state.path(), |_| false).expect("made");
            assert_eq!(chosen, own);
            let folders = [&own.home, &own.temporary].map(|folder| folder.as_ref().expect("one"));
            let left: Vec<_> = folders
                .map(|folder| fs::read_dir(folder).expect("made").count())
                .into();
            assert_eq!(left[1], 0, "what the last one left");
            for folder in folders {
                fs::write(folder.join("left"), "").expect("writable");
            }
        }
        assert!(state.path().join("jvm/home/left").exists(), "settings stay");
    }

    #[test]
    fn a_folder_takes_programs_or_not() {
        assert!(takes_programs(tempfile::tempdir().expect("a folder").path()));
        assert!(!takes_programs(Path::new("/none")));
    }
}
