//! The only wiring: what starts in which order, who hears of what, and how it all stops.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::agent::{Agent, Event, Policy, State};
use crate::config::{Config, OnRefusal, OnTimeout};
use crate::dialogs::{Catalogue, RuleError};
use crate::exit::ExitCode;
use crate::gateway::{self, GatewayError};
use crate::journal::{EventLog, Evidence, Governor, GovernorError};
use crate::pilot::{Command, Eyes, Hands, Pilot, PilotError, Report};
use crate::relay;
use crate::supervisor::{
    self, Leftovers, LeftoversError, OutputStream, Reaper, Redaction, Service, Signals, SpawnError, StopPolicy,
};
use crate::vnc;
use crate::x11::{DisplayAddress, VirtualServer, X11Error};

/// Xvfb answers within a second, or not at all.
const DISPLAY_LIMIT: Duration = Duration::from_secs(15);
/// Once ready, the API is asked this often whether it still answers. With the retries below, the only timers of an idle
/// gatehand.
const PROBE_INTERVAL: Duration = Duration::from_secs(30);
/// Pause between two probes of an API that does not answer yet.
const PROBE_RETRY: Duration = Duration::from_millis(500);
/// A gateway that is closed through its window saves its settings first.
const GATEWAY_STOP: StopPolicy =
    StopPolicy { asked: Some(Duration::from_secs(20)), terminated: Duration::from_secs(5) };
const DISPLAY_STOP: StopPolicy = StopPolicy { asked: None, terminated: Duration::from_secs(3) };

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
    /// An address to listen on is taken or not ours.
    #[error("{what} {address}: {source}; choose another with {setting}")]
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
    /// See the source.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
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
            Self::StateFolder { .. } | Self::Gateway(_) | Self::Governor(_) | Self::Rules(_) => ExitCode::Configuration,
            Self::Listen { .. }
            | Self::Ended { .. }
            | Self::DisplayLost(_)
            | Self::Leftovers(_)
            | Self::Pilot(_)
            | Self::Spawn(_)
            | Self::X11(_) => ExitCode::Unavailable,
            Self::SecondFactorTimedOut(_) => ExitCode::SecondFactorTimedOut,
            Self::Refused(_) => ExitCode::CredentialsRefused,
        }
    }
}

/// What is to be done.
#[derive(Debug)]
pub struct Plan {
    /// The settings.
    pub config: Config,
    /// Folder of the user's rules.
    pub rules: Option<PathBuf>,
    /// The display of a gateway that somebody else started; else everything is started here.
    pub attach: Option<DisplayAddress>,
    /// Called once, when the API answers for the first time.
    pub on_ready: Option<fn(&Config)>,
}

/// Runs until it is asked to stop.
///
/// # Errors
/// When something that is needed cannot be had, or ends.
pub fn run(plan: Plan) -> Result<ExitCode, AppError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(AppError::Runtime)?;
    let outcome = runtime.block_on(async {
        let mut app = App::start(plan).await?;
        let outcome = app.watch().await;
        app.stop().await;
        outcome
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// Everything that runs.
struct App {
    config: Config,
    on_ready: Option<fn(&Config)>,
    signals: Signals,
    reports: mpsc::UnboundedReceiver<Report>,
    pilot: Option<Pilot>,
    gateway: Option<Service>,
    display: Option<Service>,
    /// The folder of the cookie of a display that was started here.
    cookies: Option<PathBuf>,
    /// Whether the agent sees the main window, for the probe.
    logged_in: watch::Sender<bool>,
    answers: mpsc::UnboundedReceiver<bool>,
    ready: watch::Sender<bool>,
    shutdown: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    stopping: bool,
}

impl App {
    async fn start(plan: Plan) -> Result<Self, AppError> {
        let Plan { mut config, rules, attach, on_ready } = plan;
        make_private_folder(&config.state_dir)?;
        let mut catalogue = Catalogue::built_in()?;
        if let Some(folder) = &rules {
            catalogue.add_folder(folder)?;
        }
        let launch = match attach {
            None => Some(gateway::Launch::prepare(&config.gateway)?),
            Some(_) => None,
        };
        let agent = Agent::new(catalogue, Policy::new(&config));
        let signals = Signals::new().map_err(AppError::Runtime)?;
        let hands = hands(&mut config)?;
        let viewers = match &config.vnc {
            Some(settings) => Some(listen("viewers on", settings.listen, "GATEHAND_VNC_LISTEN").await?),
            None => None,
        };
        // The relay listens only when the gateway is ready; a port that is taken should be told now.
        drop(listen("relay on", config.relay, "GATEHAND_RELAY_PORT").await?);

        let (shutdown, _) = watch::channel(false);
        let (ready, _) = watch::channel(false);
        let (logged_in, _) = watch::channel(false);
        let (answers_to, answers) = mpsc::unbounded_channel();
        let (reports_to, reports) = mpsc::unbounded_channel();
        let mut app = Self {
            on_ready,
            signals,
            reports,
            pilot: None,
            gateway: None,
            display: None,
            cookies: None,
            logged_in,
            answers,
            ready,
            shutdown,
            tasks: Vec::new(),
            stopping: false,
            config,
        };
        let started = app.start_parts(launch, attach, agent, hands, viewers, reports_to, answers_to).await;
        match started {
            Ok(()) => Ok(app),
            Err(error) => {
                app.stop().await;
                Err(error)
            }
        }
    }
}

fn make_private_folder(path: &Path) -> Result<(), AppError> {
    let failed = |source| AppError::StateFolder { path: path.to_path_buf(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)
}

async fn listen(what: &'static str, address: SocketAddr, setting: &'static str) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).await.map_err(|source| AppError::Listen { what, address, setting, source })
}

fn hands(config: &mut Config) -> Result<Hands, AppError> {
    let credentials = config.credentials.take();
    let governor = match &credentials {
        Some(credentials) => {
            Some(Governor::open(&config.state_dir, &credentials.user, credentials.password.expose())?)
        }
        None => None,
    };
    Ok(Hands {
        credentials,
        totp_key: config.second_factor.totp_key.take(),
        governor,
        evidence: Evidence::new(config.state_dir.join("evidence")),
        kept: None,
    })
}
