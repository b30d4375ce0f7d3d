//! The user's rule files: read again whenever one of them was written, moved or removed. inotify tells; nothing polls.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::app::AppError;
use crate::dialogs::{RuleError, RuleFile};
use crate::pilot::Command;

/// A file counts when it is complete: closed by its writer, or moved to its place.
const COMPLETE: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::ONLYDIR);

/// The watched folder.
pub(super) struct RuleWatch {
    folder: PathBuf,
    inotify: AsyncFd<OwnedFd>,
}

impl RuleWatch {
    /// Begins to watch.
    pub(super) fn start(folder: &Path) -> Result<Self, AppError> {
        let watch = || -> io::Result<AsyncFd<OwnedFd>> {
            let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            inotify::add_watch(&inotify, folder, COMPLETE)?;
            // SAFETY: an OwnedFd is open as long as it lives, and always names the same descriptor.
            Ok(unsafe { AsyncFd::register_with_interest(inotify, Interest::READABLE) }?)
        };
        let inotify = watch().map_err(|source| {
            let path = folder.to_path_buf();
            match source.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied => {
                    RuleError::Unreadable { path, source }.into()
                }
                _ => AppError::WatchRules { path, source },
            }
        })?;
        Ok(Self {
            folder: folder.to_path_buf(),
            inotify,
        })
    }

    /// Reads the files again after every change, as long as there is a pilot to tell.
    pub(super) async fn run(self, pilot: Sender<Command>) {
        while self.changed().await.is_ok() {
            let files = RuleFile::of_folder(&self.folder);
            if pilot.send(Command::Rules(files)).is_err() {
                return;
            }
        }
    }

    /// Waits for a change, and takes all that came with it.
    async fn changed(&self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let take = |inotify: &OwnedFd| Ok(rustix::io::read(inotify, &mut buffer)?);
        self.inotify.async_io(Interest::READABLE, take).await?;
        Ok(())
    }
}
