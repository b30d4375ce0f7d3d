//! Who gets in, whichever way they come.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use protocol::error::Error;
use protocol::security::{Access, Security};
use protocol::session::Session;
use tokio::sync::{Semaphore, watch};
use tracing::Instrument;

use super::handshakes::Handshakes;
use super::screen::Screen;
use super::term::Limits;
use super::traffic::{Counters, Traffic};
use super::transport::Stream;
use super::viewer::{Outcome, Viewer};
use crate::ports::{BackOff, Quiet};
use crate::tls::TlsServer;

/// What viewers are served, whichever way they come.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The desktop's name, shown in the viewers' title bars.
    pub name: String,
    /// Viewers at a time, those in their handshake included; further ones are told to come later.
    pub max_viewers: usize,
    /// How long a viewer may take until it is in.
    pub handshake_limit: Duration,
    /// How long a viewer may stay without a key or the pointer.
    pub idle_limit: Option<Duration>,
    /// How long a viewer may stay.
    pub time_limit: Option<Duration>,
    /// Longer clipboard texts are ignored, bytes.
    pub cut_text_limit: usize,
    /// Viewers may give the screen another size.
    pub resizable: bool,
}

impl Settings {
    /// The usual limits: 32 viewers, a minute for the handshake, in which people type passwords, 256 KiB of clipboard, and the screen keeps its size.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            max_viewers: 32,
            handshake_limit: Duration::from_secs(60),
            idle_limit: None,
            time_limit: None,
            cut_text_limit: 256 << 10,
            resizable: false,
        }
    }
}

/// How viewers that come one way prove who they are.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who gets in. [`Security::none`] belongs on a loopback address only, and only when asked for by name.
    pub security: Arc<Security>,
    /// What the connection is encrypted with when a viewer chooses a security type that has TLS.
    pub tls: Option<Arc<TlsServer>>,
}

impl From<Security> for Entry {
    fn from(security: Security) -> Self {
        Self {
            security: Arc::new(security),
            tls: None,
        }
    }
}

/// Where a viewer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// From this address.
    Network(SocketAddr),
    /// Through a socket of the file system, whose permissions say who may.
    Local,
}

impl Peer {
    const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Network(address) => Some(address.ip()),
            Self::Local => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => address.fmt(f),
            Self::Local => f.write_str("local"),
        }
    }
}

/// The screen's door: limits and memory that all ways in have in common. A clone is the same door.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

struct Inner {
    screen: Screen,
    settings: Settings,
    back_off: Mutex<BackOff>,
    /// Of those who were never in.
    quiet: Mutex<Quiet>,
    viewers: Semaphore,
    counters: Counters,
    handshakes: Handshakes,
    /// Those that are only told to come later are bounded too.
    connections: Semaphore,
    /// How many were in and have gone; told whenever somebody has gone.
    gone: watch::Sender<u64>,
}

impl Door {
    /// To this screen.
    #[must_use]
    pub fn new(screen: Screen, settings: Settings) -> Self {
        Self(Arc::new(Inner {
            screen,
            back_off: Mutex::default(),
            quiet: Mutex::default(),
            viewers: Semaphore::new(settings.max_viewers),
            counters: Counters::default(),
            handshakes: Handshakes::new(settings.max_viewers),
            connections: Semaphore::new(2 * settings.max_viewers),
            gone: watch::Sender::new(0),
            settings,
        }))
    }

    /// Viewers now, those in their handshake included.
    #[must_use]
    pub fn viewers(&self) -> usize {
        self.0.settings.max_viewers - self.0.viewers.available_permits()
    }

    /// What viewers have moved so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.0.counters.traffic()
    }

    pub(super) fn screen(&self) -> &Screen {
        &self.0.screen
    }

    /// Waits until the last viewer has left, whichever way they came, and more than `before` were in and have gone; how
    /// many those are.
    pub async fn emptied(&self, before: u64) -> u64 {
        let mut gone = self.0.gone.subscribe();
        loop {
            let count = *gone.borrow_and_update();
            if count > before && self.viewers() == 0 {
                return count;
            }
            // The sender is this door's.
            let _ = gone.changed().await;
        }
    }

    /// Serves the viewer at the other end of `stream` until it goes, or turns it away.
    pub async fn admit(&self, stream: Box<dyn Stream>, peer: Peer, entry: &Entry) {
        // At the level of errors, so that no filter hides who it was.
        let span = tracing::error_span!("viewer", %peer);
        let was_in = self.receive(stream, peer, entry).instrument(span).await;
        self.0.gone.send_modify(|count| *count += u64::from(was_in));
    }

    /// Whether it was in.
    async fn receive(&self, stream: Box<dyn Stream>, peer: Peer, entry: &Entry) -> bool {
        let Inner {
            screen,
            viewers,
            connections,
            counters,
            handshakes,
            settings,
            ..
        } = &*self.0;
        let Ok(_connection) = connections.try_acquire() else {
            self.warn("too many connections, this one is dropped");
            return false;
        };
        let now = Instant::now();
        let of_session = self.of_session(entry);
        let wait = peer
            .address()
            .and_then(|address| self.back_off().wait(address, now));
        let mut _place = None;
        let mut handshake = None;
        let session = if let Some(wait) = wait {
            let reason = format!("too many wrong passwords; try again in {} s", wait.as_secs() + 1);
            Session::refusing(of_session, &reason, now)
        } else if let (Ok(place), Some(begun)) = (viewers.try_acquire(), handshakes.begin(peer.address())) {
            (_place, handshake) = (Some(place), Some(begun));
            let mut challenge = [0; 16];
            if let Err(error) = getrandom::fill(&mut challenge) {
                tracing::error!("no random numbers, without which nobody can be let in safely: {error}");
                return false;
            }
            Session::new(of_session, challenge, screen.size(), now)
        } else {
            Session::refusing(of_session, "too many viewers; try again later", now)
        };
        let mut was_in = false;
        let let_in = |access| {
            was_in = true;
            handshake = None;
            // Who knows the view-only password could otherwise guess the other one for ever.
            if access == Access::Full
                && let Some(address) = peer.address()
            {
                self.back_off().succeeded(address);
            }
            tracing::info!(?access, "viewer let in");
        };
        let limits = Limits {
            idle: settings.idle_limit,
            time: settings.time_limit,
        };
        let viewer = Viewer::new(stream, counters, session, screen, entry.tls.as_deref(), limits);
        let outcome = viewer.run(let_in).await;
        if was_in {
            let seconds = now.elapsed().as_secs();
            tracing::info!(seconds, "{outcome}");
        } else {
            self.refused(peer, &outcome);
        }
        was_in
    }

    fn of_session(&self, entry: &Entry) -> protocol::session::Settings {
        let settings = &self.0.settings;
        protocol::session::Settings {
            name: settings.name.clone(),
            security: Arc::clone(&entry.security),
            handshake_limit: settings.handshake_limit,
            cut_text_limit: settings.cut_text_limit,
            resizable: settings.resizable,
        }
    }

    /// What a wrong password costs, and the line of the access log.
    fn refused(&self, peer: Peer, outcome: &Outcome) {
        let wrong = matches!(outcome, Outcome::Closed(Error::WrongPassword));
        let wait = peer.address().filter(|_| wrong).and_then(|address| {
            let (mut back_off, now) = (self.back_off(), Instant::now());
            back_off.failed(address, now);
            back_off.wait(address, now)
        });
        match wait {
            Some(wait) => self.warn(format_args!("{outcome}; it must wait {} s", wait.as_secs())),
            None => self.warn(outcome),
        }
    }

    /// Tells of somebody who was never in, unless there is too much of that to tell.
    fn warn(&self, what: impl fmt::Display) {
        let mut quiet = self.0.quiet.lock().unwrap_or_else(PoisonError::into_inner);
        match quiet.line(Instant::now()) {
            Some(0) => tracing::warn!("{what}"),
            Some(left_out) => tracing::warn!(left_out, "{what}"),
            None => {}
        }
    }

    fn back_off(&self) -> MutexGuard<'_, BackOff> {
        self.0.back_off.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
