//! The API relay: others connect here, and reach the gateway's API port only while the gateway is ready.
//!
//! The gateway accepts clients from 127.0.0.1 only, and its port may be open long before it can serve anybody. While it
//! is not ready, clients see a refused connection, not a silent one; or they are held, for a while, until it is.

mod connection;
mod gate;
mod status;
mod way;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::Instrument;

use crate::ports::Quiet;
use crate::tls::{TlsError, TlsFiles, TlsServer, TlsSettings};
use connection::Connection;
use gate::Gate;
pub use status::RelayStatus;

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
    /// Its TLS files are of no use.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl RelayError {
    /// The exit code that goes with it.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Taken { .. } | Self::Refused { .. } => ExitCode::Unavailable,
            Self::Tls(_) => ExitCode::Configuration,
        }
    }
}

/// What the relay connects, whom it lets in, and what becomes of clients while the gateway is not ready.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// The gateway's API.
    pub target: SocketAddr,
    /// How clients are held while the gateway is not ready; `None`: nobody listens then.
    pub hold: Option<Hold>,
    /// Who may connect; empty: everybody.
    pub allow: Vec<IpNet>,
    /// TLS towards the clients, when there is to be any.
    pub tls: Option<TlsFiles>,
    /// Its limits.
    pub limits: Limits,
}

/// How clients are held.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hold {
    /// The longest that a client is held.
    pub limit: Duration,
    /// Whether the relay listens from its start; else from the first time that the gateway is ready, because before
    /// the gateway itself may want the port.
    pub from_start: bool,
}

/// How much the relay takes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The most clients at a time, those included that are held; the Gateway itself serves 32.
    pub clients: usize,
    /// The longest that a handshake of TLS may take.
    pub handshake: Duration,
    /// How long a connection that one side has closed may carry nothing.
    pub half_closed: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 1024,
            handshake: Duration::from_secs(10),
            half_closed: Duration::from_secs(60),
        }
    }
}

/// What names the relay's files of TLS.
pub const TLS_SETTINGS: TlsSettings = TlsSettings {
    certificate: "GATEHAND_RELAY_TLS_CERTIFICATE",
    key: "GATEHAND_RELAY_TLS_KEY",
    client_ca: "GATEHAND_RELAY_TLS_CLIENT_CA",
};

/// How long to leave the listener alone after the system could not give it a connection, for instance for want of
/// file descriptors: accepting again at once would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Pause before another attempt to listen.
const LISTEN_PAUSE: Duration = Duration::from_secs(1);
/// Connections that the kernel may hold until they are accepted.
const BACKLOG: u32 = 1024;

impl Relay {
    /// Whether the relay could listen now, without leaving a listener behind. A taken port is told at start, not
    /// minutes later when the gateway is ready.
    ///
    /// # Errors
    ///
    /// When it could not.
    pub fn check(&self) -> Result<(), RelayError> {
        self.tls.as_ref().map(TlsFiles::load).transpose()?;
        self.bind().map(drop)
    }

    /// Relays until `shutdown` is answered or dropped, which ends all connections. Unless clients are held, it
    /// listens while `ready` holds only; when it no longer does, or its sender is gone, it closes the listener.
    /// Connections to the gateway are left to end by themselves. `status` is kept up to date.
    ///
    /// # Errors
    ///
    /// When its TLS files are of no use. A port that is taken at the moment when it should listen is tried again.
    pub async fn run(
        self,
        ready: watch::Receiver<bool>,
        status: watch::Sender<RelayStatus>,
        shutdown: oneshot::Receiver<()>,
    ) -> Result<(), RelayError> {
        let load = |files: &TlsFiles| TlsServer::load(files.clone(), "the API relay");
        let tls = self.tls.as_ref().map(load).transpose()?.map(Arc::new);
        let mut door = Door {
            relay: Arc::new(self),
            gate: Gate::new(ready),
            status,
            tls,
            clients: JoinSet::new(),
            quiet: Quiet::default(),
        };
        tokio::select! {
            _ = shutdown => Ok(()),
            never = door.keep() => match never {},
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

    /// Whether the address is let in. One of IPv4 is one also through a socket of IPv6.
    fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allow.is_empty() || self.allow.iter().any(|network| network.contains(&address))
    }
}

/// The relay's listener and those who came in.
struct Door {
    relay: Arc<Relay>,
    gate: Gate,
    status: watch::Sender<RelayStatus>,
    tls: Option<Arc<TlsServer>>,
    clients: JoinSet<()>,
    quiet: Quiet,
}

impl Door {
    /// Listens whenever it should.
    async fn keep(&mut self) -> Infallible {
        let hold = self.relay.hold;
        let mut listener = match hold {
            Some(Hold { from_start: true, .. }) => Some(self.listen().await),
            _ => None,
        };
        loop {
            match &listener {
                Some((listener, address)) => {
                    tracing::info!("the API relay holds clients on {address}: the gateway is not ready");
                    self.admit_until(listener, Gate::opens).await;
                }
                None => self.wait().await,
            }
            let (open, address) = match listener.take() {
                Some(open) => open,
                None => self.listen().await,
            };
            // The line that users of other images look for.
            tracing::info!("Forking :::{} onto {address}", self.relay.target.port());
            self.admit_until(&open, Gate::shuts).await;
            if hold.is_some() {
                listener = Some((open, address));
            } else {
                drop(open);
                self.status.send_modify(|status| status.listening = None);
                tracing::info!("the API relay stopped listening on {address}: the gateway is not ready");
            }
        }
    }

    /// Listens as soon as that can be: whoever holds the port may let it go, and nobody else is there to try again.
    async fn listen(&self) -> (TcpListener, SocketAddr) {
        let mut told = false;
        loop {
            match self.relay.bind() {
                Ok(listener) => {
                    let address = listener.local_addr().unwrap_or(self.relay.listen);
                    self.status.send_modify(|status| status.listening = Some(address));
                    return (listener, address);
                }
                Err(error) if !told => tracing::error!(%error, "the API relay tries again until it can"),
                Err(_) => {}
            }
            told = true;
            sleep(LISTEN_PAUSE).await;
        }
    }

    /// Waits for the gateway.
    async fn wait(&mut self) {
        loop {
            tokio::select! {
                () = self.gate.opens() => return,
                Some(_) = self.clients.join_next() => {}
            }
        }
    }

    /// Lets clients in until the gate has moved.
    async fn admit_until(&mut self, listener: &TcpListener, moved: impl AsyncFn(&mut Gate)) {
        loop {
            tokio::select! {
                () = moved(&mut self.gate) => return,
                Some(_) = self.clients.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((client, peer)) => self.admit(client, peer),
                    Err(error) => {
                        tracing::warn!(%error, "the API relay cannot accept");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }

    fn admit(&mut self, client: TcpStream, peer: SocketAddr) {
        if !self.relay.allows(peer.ip()) {
            self.status.send_modify(|status| status.refused += 1);
            if let Some(left_out) = self.quiet.line(Instant::now()) {
                tracing::warn!(%peer, left_out, "API client refused: its address is not in GATEHAND_RELAY_ALLOW");
            }
            return;
        }
        let max = self.relay.limits.clients;
        if self.clients.len() >= max {
            self.status.send_modify(|status| status.turned_away += 1);
            if let Some(left_out) = self.quiet.line(Instant::now()) {
                tracing::warn!(%peer, max, left_out, "API client turned away: too many, see GATEHAND_RELAY_MAX_CLIENTS");
            }
            return;
        }
        let connection = Connection::begin(peer, self.status.clone());
        let serving = connection.serve(
            client,
            self.tls.clone(),
            Arc::clone(&self.relay),
            self.gate.clone(),
        );
        // With what the log says of whom it is about.
        self.clients.spawn(serving.in_current_span());
    }
}
