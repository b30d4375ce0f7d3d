//! The viewers' port.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use protocol::error::Error;
use protocol::security::{Access, Security};
use protocol::session::Session;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tracing::Instrument;

use super::back_off::BackOff;
use super::screen::{DisplayLost, Screen};
use super::viewer::{self, Outcome};

/// A pause when the system cannot accept a connection, so that a lack of file descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// How the port is served.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The desktop's name, shown in the viewers' title bars.
    pub name: String,
    /// Who gets in. [`Security::none`] belongs on a loopback address only, and only when asked for by name.
    pub security: Arc<Security>,
    /// Viewers at a time, those in their handshake included; further ones are told to come later.
    pub max_viewers: usize,
    /// How long a viewer may take until it is in.
    pub handshake_limit: Duration,
    /// Longer clipboard texts are ignored, bytes.
    pub cut_text_limit: usize,
}

impl Settings {
    /// The usual limits: 32 viewers, 10 s for the handshake, 256 KiB of clipboard.
    pub fn new(name: impl Into<String>, security: Security) -> Self {
        Self {
            name: name.into(),
            security: Arc::new(security),
            max_viewers: 32,
            handshake_limit: Duration::from_secs(10),
            cut_text_limit: 256 << 10,
        }
    }

    fn session(&self) -> protocol::session::Settings {
        protocol::session::Settings {
            name: self.name.clone(),
            security: Arc::clone(&self.security),
            handshake_limit: self.handshake_limit,
            cut_text_limit: self.cut_text_limit,
            // Windows and dialogs are known as they look at this size.
            resizable: false,
        }
    }
}

/// Why the port is not served any more.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The display went.
    #[error(transparent)]
    DisplayLost(#[from] DisplayLost),
    /// The system has no random numbers, without which nobody can be let in safely.
    #[error("no random numbers for VNC authentication: {0}")]
    Random(getrandom::Error),
}

/// Serves viewers until `shutdown` is there; every viewer is disconnected then. Runs on tokio's current-thread runtime with
/// time and I/O.
///
/// # Errors
/// The display is lost, or there are no random numbers.
pub async fn serve(
    listener: TcpListener,
    screen: Screen,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let back_off = Arc::new(Mutex::new(BackOff::default()));
    let mut viewers = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            lost = screen.lost() => return Err(lost.into()),
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
        // Those that are only told to come later are bounded too.
        if viewers.len() >= 2 * settings.max_viewers {
            tracing::warn!(%peer, "too many connections, this one is dropped");
            continue;
        }
        if let Err(error) = prepare(&stream) {
            tracing::debug!(%peer, "socket options: {error}");
        }
        let now = Instant::now();
        let wait = lock(&back_off).wait(peer.ip(), now);
        let session = if let Some(wait) = wait {
            let reason = format!("too many wrong passwords; try again in {} s", wait.as_secs() + 1);
            Session::refusing(settings.session(), &reason, now)
        } else if viewers.len() >= settings.max_viewers {
            Session::refusing(settings.session(), "too many viewers; try again later", now)
        } else {
            let mut challenge = [0; 16];
            getrandom::fill(&mut challenge).map_err(ServeError::Random)?;
            Session::new(settings.session(), challenge, screen.size(), now)
        };
        let (screen, back_off) = (screen.clone(), Arc::clone(&back_off));
        let viewing = async move {
            let let_in = |access| {
                // Who knows the view-only password could otherwise guess the other one for ever.
                if access == Access::Full {
                    lock(&back_off).succeeded(peer.ip());
                }
                tracing::info!(%peer, ?access, "viewer let in");
            };
            let outcome = viewer::run(stream, session, &screen, let_in).await;
            note(&back_off, peer, &outcome);
        };
        viewers.spawn(viewing.in_current_span());
    }
    viewers.shutdown().await;
    Ok(())
}

/// Small updates go out at once, and a peer that vanished is noticed.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    use rustix::net::sockopt;
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(60))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(15))?;
    sockopt::set_tcp_keepcnt(stream, 4)?;
    Ok(())
}

/// The line of the access log, and what a wrong password costs.
fn note(back_off: &Mutex<BackOff>, peer: SocketAddr, outcome: &Outcome) {
    let address: IpAddr = peer.ip();
    match outcome {
        Outcome::Left => tracing::info!(%peer, "viewer left"),
        Outcome::Vanished(error) => tracing::info!(%peer, "viewer vanished: {error}"),
        Outcome::Closed(Error::WrongPassword) => {
            let mut back_off = lock(back_off);
            back_off.failed(address, Instant::now());
            let wait = back_off.wait(address, Instant::now()).unwrap_or_default();
            tracing::warn!(%peer, wait_s = wait.as_secs(), "viewer refused: wrong password");
        }
        Outcome::Closed(error) => tracing::warn!(%peer, "viewer closed: {error}"),
    }
}

fn lock(back_off: &Mutex<BackOff>) -> MutexGuard<'_, BackOff> {
    back_off.lock().unwrap_or_else(PoisonError::into_inner)
}
