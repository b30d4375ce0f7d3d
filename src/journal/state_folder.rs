//! The state folder, held by one gatehand at a time: two would submit the same credentials twice.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, FsWord, flock, statfs};

/// Of linux/magic.h: the layers of a container, which go with it, and file systems in memory.
const FLEETING: [FsWord; 3] = [0x794c_7630, 0x0102_1994, 0x8584_58f6];

/// The folder, until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct StateFolder {
    _lock: File,
}

impl StateFolder {
    /// Takes the folder.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when another process holds it; else when it cannot be written.
    pub fn take(folder: &Path) -> io::Result<Self> {
        let lock = File::options()
            .create(true)
            .append(true)
            .open(folder.join("lock"))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self { _lock: lock })
    }

    /// Whether what is written there goes with the container, or with the machine's next start: it lies on no volume.
    #[must_use]
    pub fn is_fleeting(folder: &Path) -> bool {
        statfs(folder).is_ok_and(|system| FLEETING.contains(&system.f_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_once_and_free_again_afterwards() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = StateFolder::take(folder.path()).expect("free");
        let again = StateFolder::take(folder.path()).expect_err("held");
        assert_eq!(again.kind(), io::ErrorKind::WouldBlock);
        drop(held);
        StateFolder::take(folder.path()).expect("free again");
        assert!(!StateFolder::is_fleeting(Path::new("/proc")));
    }
}
