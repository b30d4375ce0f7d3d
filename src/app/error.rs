//! Why gatehand ends, and with which exit code.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::dialogs::RuleError;
use crate::exit::ExitCode;
use crate::gateway::LaunchError;
use crate::journal::GovernorError;
use crate::pilot::PilotError;
use crate::portal::PortalLaunchError;
use crate::relay::RelayError;
use crate::supervisor::{LeftoversError, SpawnError};
use crate::tls::{OwnCertificateError, TlsClientError, TlsError};
use crate::vnc::{KeptError, ServeError};
use crate::x11::X11Error;
use protocol::security::vnc_auth::PasswordError;

/// Why gatehand cannot start, or had to stop.
#[derive(Debug, Error)]
pub enum AppError {
    /// The event loop cannot be started.
    #[error("starting the event loop: {0}")]
    Runtime(io::Error),
    /// The state folder cannot be used.
    #[error("state folder {}: {source}; name a writable one with GATEHAND_STATE_DIR", path.display())]
    StateFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Two gatehands would submit the same credentials twice.
    #[error("state folder {}: another gatehand uses it; stop that one, or name another folder with GATEHAND_STATE_DIR", path.display())]
    StateFolderTaken {
        /// The folder.
        path: PathBuf,
    },
    /// An address to listen on is taken or not ours.
    #[error("{what} {address}: {source}; stop what holds it, or choose another with {setting}")]
    Listen {
        /// What was to listen.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// The setting that changes it.
        setting: &'static str,
        /// Why.
        source: io::Error,
    },
    /// `gatehand vnc` without a password.
    #[error(
        "no password for viewers is set: set VNC_SERVER_PASSWORD or VNC_SERVER_PASSWORD_FILE, or VNC_SERVER_PASSWORD=generate"
    )]
    NoViewerPassword,
    /// The viewers' socket in the file system cannot be made.
    #[error("the viewer endpoint cannot listen on {}: {source}; remove what is there, or choose another path with GATEHAND_VNC_SOCKET", path.display())]
    ViewerSocket {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder of rules cannot be watched.
    #[error("rules {}: changes cannot be watched: {source}; raise fs.inotify.max_user_watches or max_user_instances", path.display())]
    WatchRules {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system has no random numbers.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
    /// Passwords for viewers that cannot be told apart.
    #[error("password for viewers: {0}")]
    ViewerPassword(#[from] PasswordError),
    /// The viewers' endpoint ended.
    #[error(transparent)]
    Viewers(#[from] ServeError),
    /// ssh could not be answered when it asks for a pass phrase.
    #[error("state folder {}: no socket for the SSH pass phrase: {source}; name a writable one, with a shorter path, with GATEHAND_STATE_DIR", path.display())]
    Askpass {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A process of ours ended that must not end.
    #[error("{what} ended ({how}); {cure}")]
    Ended {
        /// Which.
        what: &'static str,
        /// Its exit code or signal.
        how: String,
        /// What to do about it.
        cure: &'static str,
    },
    /// The display went away.
    #[error("the display is gone: {0}; start it again")]
    DisplayLost(String),
    /// Nobody confirmed the second factor.
    #[error("the second factor was not confirmed within {} s; approve the next push, or set TWOFACTOR_CODE", .0.as_secs())]
    SecondFactorTimedOut(Duration),
    /// The credentials were refused, and GATEHAND_ON_REFUSAL=exit.
    #[error("{0}; nothing is submitted again before they change")]
    Refused(String),
    /// The broker's time zone is not known.
    #[error("time zones: {0}; install the time zone database (Debian: tzdata)")]
    TimeZone(#[from] jiff::Error),
    /// See the source.
    #[error(transparent)]
    ViewerKeys(#[from] KeptError),
    /// See the source.
    #[error(transparent)]
    OwnCertificate(#[from] OwnCertificateError),
    /// See the source.
    #[error(transparent)]
    ViewerTls(#[from] TlsError),
    /// See the source.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// See the source.
    #[error(transparent)]
    PortalLaunch(#[from] PortalLaunchError),
    /// See the source.
    #[error(transparent)]
    PortalClient(#[from] TlsClientError),
    /// See the source.
    #[error(transparent)]
    Governor(#[from] GovernorError),
    /// See the source.
    #[error(transparent)]
    Leftovers(#[from] LeftoversError),
    /// See the source.
    #[error(transparent)]
    Pilot(#[from] PilotError),
    /// See the source.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// See the source.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// See the source.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// See the source.
    #[error(transparent)]
    X11(#[from] X11Error),
}

impl AppError {
    /// The exit code that goes with it.
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Runtime(_) => ExitCode::Bug,
            Self::NoViewerPassword
            | Self::ViewerPassword(_)
            | Self::ViewerKeys(_)
            | Self::OwnCertificate(_)
            | Self::ViewerTls(_)
            | Self::StateFolder { .. }
            | Self::Askpass { .. }
            | Self::Launch(_)
            | Self::PortalLaunch(_)
            | Self::PortalClient(_)
            | Self::Governor(_)
            | Self::Rules(_) => ExitCode::Configuration,
            Self::Listen { .. }
            | Self::ViewerSocket { .. }
            | Self::StateFolderTaken { .. }
            | Self::WatchRules { .. }
            | Self::Random(_)
            | Self::Viewers(_)
            | Self::Ended { .. }
            | Self::DisplayLost(_)
            | Self::TimeZone(_)
            | Self::Leftovers(_)
            | Self::Pilot(_)
            | Self::Spawn(_)
            | Self::X11(_) => ExitCode::Unavailable,
            Self::Relay(error) => error.exit_code(),
            Self::SecondFactorTimedOut(_) => ExitCode::SecondFactorTimedOut,
            Self::Refused(_) => ExitCode::CredentialsRefused,
        }
    }
}
