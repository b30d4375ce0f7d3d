//! A TLS server that goes by its files as they are today: a certificate is renewed more often than gatehand is started.

use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::files::{TlsError, TlsFiles};

/// What tells one content of a file from the next.
#[derive(Debug, Eq, PartialEq)]
struct Stamp {
    inode: u64,
    length: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self {
            inode: found.ino(),
            length: found.len(),
            changed: (found.mtime(), found.mtime_nsec()),
        }
    }
}

/// The server's side of TLS.
pub struct TlsServer {
    files: TlsFiles,
    /// Whose TLS it is, for the log.
    what: &'static str,
    read: Mutex<Read>,
}

/// What was read from the files.
struct Read {
    stamps: Vec<Option<Stamp>>,
    acceptor: TlsAcceptor,
}

impl TlsServer {
    /// Reads the files; `what` is whose TLS it is.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn load(files: TlsFiles, what: &'static str) -> Result<Self, TlsError> {
        // Looked at before they are read: no change is missed.
        let stamps = stamps(&files);
        let acceptor = TlsAcceptor::from(Arc::new(files.load()?));
        Ok(Self {
            files,
            what,
            read: Mutex::new(Read { stamps, acceptor }),
        })
    }

    /// Goes through the handshake with a client.
    ///
    /// # Errors
    /// The client is gone, or does not do its part.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        self.acceptor().accept(stream).await
    }

    /// Files that were changed and cannot be used, for instance because only one of two was changed yet, leave everything
    /// as it was.
    fn acceptor(&self) -> TlsAcceptor {
        let what = self.what;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = stamps(&self.files);
        if stamps != read.stamps {
            read.stamps = stamps;
            match self.files.load() {
                Ok(config) => {
                    read.acceptor = TlsAcceptor::from(Arc::new(config));
                    tracing::info!("{what} goes by its changed TLS files");
                }
                Err(error) => tracing::warn!(%error, "{what} goes on with the TLS files as they were"),
            }
        }
        read.acceptor.clone()
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TlsServer").field(&self.files).finish()
    }
}

fn stamps(files: &TlsFiles) -> Vec<Option<Stamp>> {
    let stamp = |path: &Path| fs::metadata(path).ok().map(|found| Stamp::of(&found));
    files.paths().map(stamp).collect()
}
