//! The API relay: others connect here, and reach the gateway's API port only while the gateway is ready.
//!
//! The gateway accepts clients from 127.0.0.1 only, and its port may be open long before it can serve anybody. The
//! relay listens while the gateway is ready and not longer, so that a client sees a refused connection, not a silent
//! one.

mod connection;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

pub use connection::Ending;

use crate::exit::ExitCode;

/// The relay cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Somebody else listens there.
    #[error(
        "the API relay cannot listen on {address}: the port is taken; set TWS_PORT to another or stop what holds it"
    )]
    Taken {
        /// Where.
        address: SocketAddr,
    },
    /// The system refuses for another reason.
    #[error("the API relay cannot listen on {address}: {source}; see GATEHAND_RELAY_ADDRESS and TWS_PORT")]
    Refused {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl RelayError {
    /// The exit code that goes with it.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        ExitCode::Unavailable
    }
}

/// What the relay connects, and how many clients at most.
#[derive(Clone, Copy, Debug)]
pub struct Relay {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// The gateway's API.
    pub target: SocketAddr,
    /// The most clients at a time; the Gateway itself serves 32.
    pub max_clients: usize,
}

/// What the relay has done so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RelayStatus {
    /// Where it listens; `None` while it does not.
    pub listening: Option<SocketAddr>,
    /// Clients connected now.
    pub clients: usize,
    /// Clients accepted since the start.
    pub accepted: u64,
    /// Clients turned away because there were too many.
    pub turned_away: u64,
    /// Bytes from clients to the gateway, counted when a connection ends.
    pub bytes_up: u64,
    /// Bytes from the gateway to clients, counted when a connection ends.
    pub bytes_down: u64,
}

/// How long to leave the listener alone after the system could not give it a connection, for instance for want of
/// file descriptors: accepting again at once would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections that the kernel may hold until they are accepted.
const BACKLOG: u32 = 128;

impl Relay {
    /// Whether the relay could listen now, without leaving a listener behind. A taken port is told at start, not
    /// minutes later when the gateway is ready.
    ///
    /// # Errors
    ///
    /// When it could not.
    pub fn check(&self) -> Result<(), RelayError> {
        self.bind().map(drop)
    }

    /// Relays until `shutdown` is answered or dropped. Listens while `ready` holds; when it no longer does, or
    /// its sender is gone, it closes the listener and leaves the connections to end by themselves. A shutdown
    /// ends them all. `status` is kept up to date.
    ///
    /// # Errors
    ///
    /// When it cannot listen at the moment it should.
    pub async fn run(
        self,
        mut ready: watch::Receiver<bool>,
        status: watch::Sender<RelayStatus>,
        mut shutdown: oneshot::Receiver<()>,
    ) -> Result<(), RelayError> {
        let mut clients = JoinSet::new();
        loop {
            tokio::select! {
                _ = &mut shutdown => return Ok(()),
                () = until(&mut ready, true) => {}
                Some(_) = clients.join_next() => continue,
            }
            let listener = self.bind()?;
            let address = listener.local_addr().unwrap_or(self.listen);
            // The line that users of other images look for.
            tracing::info!("Forking :::{} onto {address}", self.target.port());
            status.send_modify(|status| status.listening = Some(address));
            loop {
                tokio::select! {
                    _ = &mut shutdown => return Ok(()),
                    () = until(&mut ready, false) => break,
                    Some(_) = clients.join_next() => {}
                    accepted = listener.accept() => match accepted {
                        Ok((client, peer)) => self.admit(client, peer, &mut clients, &status),
                        Err(error) => {
                            tracing::warn!(%error, "the API relay cannot accept");
                            sleep(ACCEPT_PAUSE).await;
                        }
                    },
                }
            }
            tracing::info!("the API relay stopped listening on {address}: the gateway is not ready");
            status.send_modify(|status| status.listening = None);
        }
    }

    fn bind(&self) -> Result<TcpListener, RelayError> {
        let listen = || {
            let socket = if self.listen.is_ipv4() {
                TcpSocket::new_v4()
            } else {
                TcpSocket::new_v6()
            }?;
            // Or connections of the last run in TIME_WAIT would hold the port.
            socket.set_reuseaddr(true)?;
            socket.bind(self.listen)?;
            socket.listen(BACKLOG)
        };
        listen().map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => RelayError::Taken { address: self.listen },
            _ => RelayError::Refused {
                address: self.listen,
                source,
            },
        })
    }

    fn admit(
        &self,
        client: TcpStream,
        peer: SocketAddr,
        clients: &mut JoinSet<()>,
        status: &watch::Sender<RelayStatus>,
    ) {
        if clients.len() >= self.max_clients {
            tracing::warn!(%peer, max = self.max_clients, "API client turned away: too many");
            status.send_modify(|status| status.turned_away += 1);
            return;
        }
        status.send_modify(|status| {
            status.clients += 1;
            status.accepted += 1;
        });
        let (target, status) = (self.target, status.clone());
        clients.spawn(async move {
            let _guard = Leaving(status.clone());
            tracing::info!(%peer, "API client connected");
            let carried = connection::serve(client, target).await;
            status.send_modify(|status| {
                status.bytes_up += carried.up;
                status.bytes_down += carried.down;
            });
            tracing::info!(%peer, up = carried.up, down = carried.down, reason = %carried.ending, "API client gone");
        });
    }
}

/// Counts a client out however its task ends.
struct Leaving(watch::Sender<RelayStatus>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.send_modify(|status| status.clients -= 1);
    }
}

/// Waits until the gate stands as wanted. A gate whose sender is gone is shut for good.
async fn until(gate: &mut watch::Receiver<bool>, wanted: bool) {
    let answered = gate.wait_for(|open| *open == wanted).await.is_ok();
    // The last value outlives its sender.
    let keeper_gone = !answered || gate.has_changed().is_err();
    if keeper_gone && wanted {
        std::future::pending::<()>().await;
    }
}
