//! The native port: the server speaks first, and at once.

use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::task::JoinSet;
use tracing::Instrument;

use super::door::{Door, Entry, Peer};
use super::screen::DisplayLost;
use super::transport::Transport;

/// A pause when the system cannot accept a connection, so that a lack of file descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Where viewers connect.
#[derive(Debug)]
pub enum Listener {
    /// A port.
    Tcp(TcpListener),
    /// A socket of the file system.
    Unix(UnixListener),
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

impl Listener {
    async fn accept(&self) -> io::Result<(Transport, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                if let Err(error) = prepare(&stream) {
                    tracing::debug!(%peer, "socket options: {error}");
                }
                Ok((Box::new(stream), Peer::Network(peer)))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), Peer::Local))
            }
        }
    }
}

/// Why the port is not served any more.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The display went.
    #[error(transparent)]
    DisplayLost(#[from] DisplayLost),
}

/// Serves viewers until `shutdown` is ready; those that are there are then disconnected.
///
/// # Errors
/// The display is lost.
pub async fn serve(
    listener: impl Into<Listener>,
    door: Door,
    entry: Entry,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let listener = listener.into();
    let mut viewers = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            lost = door.screen().lost() => return Err(lost.into()),
            Some(_) = viewers.join_next(), if !viewers.is_empty() => continue,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!("a viewer could not be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let (door, entry) = (door.clone(), entry.clone());
        let viewing = async move { door.admit(stream, peer, &entry).await };
        viewers.spawn(viewing.in_current_span());
    }
    viewers.shutdown().await;
    Ok(())
}

/// Small updates go out at once, and a peer that vanished is noticed.
pub(super) fn prepare(stream: &TcpStream) -> io::Result<()> {
    use rustix::net::sockopt;
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(60))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(15))?;
    sockopt::set_tcp_keepcnt(stream, 4)?;
    Ok(())
}
