//! Where viewers connect.

use std::fmt;
use std::fs;
use std::future::poll_fn;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, ready};

use rustix::fs::{Mode, fchmod};
use tokio::net::{TcpListener, UnixListener, UnixSocket};

use super::door::Peer;
use super::transport::Transport;
use crate::ports::prepare;

/// Connections that the kernel may hold until they are accepted.
const BACKLOG: u32 = 128;

/// A port, or a socket of the file system.
#[derive(Debug)]
pub struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self(Kind::Tcp(listener))
    }
}

/// Where it is.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.fmt(f),
                Err(error) => error.fmt(f),
            },
            Kind::Unix(_, path) => path.display().fmt(f),
        }
    }
}

impl Listener {
    /// Makes a socket in the file system that only its user can open. It goes with this value.
    ///
    /// # Errors
    /// [`io::ErrorKind::AddrInUse`] when somebody listens there; else when it cannot be made.
    pub fn socket(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => return Err(io::ErrorKind::AlreadyExists.into()),
            Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
                return Err(io::ErrorKind::AddrInUse.into());
            }
            // One that a killed program left.
            Ok(_) => fs::remove_file(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let socket = UnixSocket::new_stream()?;
        // Before it has a name: there is no moment at which others could open it.
        fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
        socket.bind(path)?;
        Ok(Self(Kind::Unix(socket.listen(BACKLOG)?, path.to_path_buf())))
    }

    /// Waits for the next viewer at any of them.
    pub(super) async fn accept(listeners: &[Self]) -> io::Result<(Transport, Peer)> {
        poll_fn(|context| {
            let mut polled = listeners.iter().map(|listener| listener.poll_accept(context));
            polled.find(Poll::is_ready).unwrap_or(Poll::Pending)
        })
        .await
    }

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Transport, Peer)>> {
        Poll::Ready(Ok(match &self.0 {
            Kind::Tcp(listener) => {
                let (stream, peer) = ready!(listener.poll_accept(context))?;
                if let Err(error) = prepare(&stream) {
                    tracing::debug!(%peer, "socket options: {error}");
                }
                (Box::new(stream), Peer::Network(peer))
            }
            Kind::Unix(listener, _) => {
                let (stream, _) = ready!(listener.poll_accept(context))?;
                (Box::new(stream), Peer::Local)
            }
        }))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Kind::Unix(_, path) = &self.0 {
            // Somebody else may have removed it.
            let _ = fs::remove_file(path);
        }
    }
}
