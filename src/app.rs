//! The only wiring: which gateways run, what starts in which order, who hears of what, and how it all stops.

mod codes;
mod display;
mod error;
mod http;
mod instance;
mod notifications;
mod portal;
mod scripts;
mod teaching;
mod view;
mod viewers;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{Instrument, Span};

use crate::config::{Config, TradingMode};
use crate::control::Board;
use crate::exit::ExitCode;
use crate::life::BackOff;
use crate::notify::{Kind, Notices};
use crate::supervisor::{Orphans, Reaper, Signals};
use crate::x11::DisplayAddress;

pub use error::AppError;
use instance::Instance;
pub use instance::rules_folder;
pub use notifications::{Trial, try_notifications};
pub(crate) use portal::folder as portal_folder;
pub use teaching::{Answer, Taught, TeachError, Teacher, read_kept};
pub use view::view;
pub use viewers::Stay;
pub(crate) use viewers::{FOLDER as VIEWERS_FOLDER, TLS as VIEWERS_TLS};

/// How long the last notifications may take at the end.
const LAST_NOTICES: Duration = Duration::from_secs(2);
/// What scripts and gateways left running gets this long to end, and the same before it is killed.
const ORPHANS_STOP: Duration = Duration::from_millis(500);

/// What is to be done.
#[derive(Debug)]
pub struct Plan {
    /// The settings of each gateway.
    pub configs: Vec<Config>,
    /// The environment for the gateways, without secrets.
    pub environment: Vec<(OsString, OsString)>,
    /// The display of a gateway that somebody else started; else everything is started here.
    pub attach: Option<DisplayAddress>,
    /// Called for a gateway when its API answers for the first time.
    pub on_ready: Option<fn(&Config)>,
}

/// What all gateways of this process have in common.
#[derive(Clone, Debug)]
struct Shared {
    environment: Vec<(OsString, OsString)>,
    attach: Option<DisplayAddress>,
    on_ready: Option<fn(&Config)>,
    /// How many there are.
    gateways: usize,
    reaper: Arc<Reaper>,
    /// Whether all is to end.
    stop: Arc<watch::Sender<bool>>,
}

impl Shared {
    /// Whether there is one gateway only.
    fn is_alone(&self) -> bool {
        self.gateways == 1
    }

    /// Whether all is to end.
    fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until all is to end.
    async fn stopped(&self) {
        // The sender is ours: there is no error.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }
}

/// Runs until it is asked to stop, or no gateway is left.
///
/// # Errors
/// When something that is needed cannot be had, or ends; of several gateways, the first error that ended one.
pub fn run(plan: Plan) -> Result<ExitCode, AppError> {
    let Plan {
        configs,
        environment,
        attach,
        on_ready,
    } = plan;
    block_on(async {
        let mut signals = Signals::new().map_err(AppError::Runtime)?;
        let beside = portal_beside(&configs, attach.is_some()).is_some();
        let shared = Shared {
            environment,
            attach,
            on_ready,
            gateways: configs.len() + usize::from(beside),
            reaper: Arc::new(Reaper::start(Orphans::Adopt).map_err(AppError::Runtime)?),
            stop: Arc::new(watch::Sender::new(false)),
        };
        let outcome = run_all(configs, &shared, &mut signals).await;
        if let Err(error) = shared.reaper.end_orphans(ORPHANS_STOP).await {
            tracing::warn!(%error, "what was left running goes on");
        }
        outcome
    })
}

/// Keeps the Client Portal Gateway until it is asked to stop.
///
/// # Errors
/// When something that is needed cannot be had.
pub fn run_portal(config: Config, environment: Vec<(OsString, OsString)>) -> Result<ExitCode, AppError> {
    block_on(async {
        let mut signals = Signals::new().map_err(AppError::Runtime)?;
        let shared = Shared {
            environment,
            attach: None,
            on_ready: None,
            gateways: 1,
            reaper: Arc::new(Reaper::start(Orphans::Adopt).map_err(AppError::Runtime)?),
            stop: Arc::new(watch::Sender::new(false)),
        };
        let state_dir = portal::folder(&config);
        let configs = [config];
        let board = http::portal_board(&configs[0], state_dir.clone());
        let boards = [Arc::clone(&board)];
        // It goes with this function.
        let _serving = http::serve(&configs, &boards).await?;
        let [config] = configs;
        let config = Arc::new(config);
        let living = portal::live(&config, &state_dir, &board, &shared);
        tokio::pin!(living);
        let outcome = loop {
            tokio::select! {
                outcome = &mut living => break outcome,
                signal = signals.next() => {
                    tracing::info!(%signal, "stopping");
                    shared.stop.send_replace(true);
                }
            }
        };
        if let Err(error) = shared.reaper.end_orphans(ORPHANS_STOP).await {
            tracing::warn!(%error, "what was left running goes on");
        }
        outcome
    })
}

async fn run_all(configs: Vec<Config>, shared: &Shared, signals: &mut Signals) -> Result<ExitCode, AppError> {
    let mut boards = http::boards(&configs);
    let portal = match portal_beside(&configs, shared.attach.is_some()) {
        Some(config) => {
            let state_dir = portal::folder(config);
            boards.push(http::portal_board(config, state_dir.clone()));
            Some(state_dir)
        }
        None => None,
    };
    // It goes with this function.
    let _serving = http::serve(&configs, &boards).await?;
    if let Some(folder) = start_scripts(&configs, shared) {
        let environment = scripts::environment(&shared.environment, None, None);
        let scripts = scripts::run("START_SCRIPTS", folder, environment, shared);
        tokio::pin!(scripts);
        tokio::select! {
            () = &mut scripts => {}
            signal = signals.next() => {
                tracing::info!(%signal, "stopping");
                shared.stop.send_replace(true);
                scripts.await;
                return Ok(ExitCode::Stopped);
            }
        }
    }
    let mut gateways = JoinSet::new();
    let configs: Vec<Arc<Config>> = configs.into_iter().map(Arc::new).collect();
    if let (Some(state_dir), Some(config), Some(board)) = (portal, configs.first(), boards.last()) {
        let (config, board, shared) = (Arc::clone(config), Arc::clone(board), shared.clone());
        let prefix = tracing::error_span!("portal");
        let living = async move { portal::keep(&config, &state_dir, &board, &shared).await };
        gateways.spawn(living.instrument(prefix));
    }
    for (config, board) in configs.into_iter().zip(boards) {
        let shared = shared.clone();
        if shared.is_alone() {
            gateways.spawn(async move { live(&config, &board, &shared).await });
        } else {
            let prefix = prefix(config.mode);
            gateways.spawn(async move { keep(&config, &board, &shared).await }.instrument(prefix));
        }
    }
    let mut outcome = Ok(ExitCode::Stopped);
    loop {
        tokio::select! {
            signal = signals.next() => {
                tracing::info!(%signal, "stopping");
                shared.stop.send_replace(true);
            }
            ended = gateways.join_next() => match ended {
                None => return outcome,
                Some(Ok(Err(error))) if outcome.is_ok() => outcome = Err(error),
                Some(Ok(_)) => {}
                // A fault in gatehand itself; what was started ends with this process.
                Some(Err(fault)) => std::panic::resume_unwind(fault.into_panic()),
            },
        }
    }
}

/// The settings of the Client Portal Gateway, if it runs beside these; what they have in common is the same in each.
fn portal_beside(configs: &[Config], attached: bool) -> Option<&Config> {
    let first = configs.first().filter(|_| !attached);
    first.filter(|config| config.portal.beside)
}

/// The scripts that run once, whatever gateways follow.
fn start_scripts<'a>(configs: &'a [Config], shared: &Shared) -> Option<&'a Path> {
    let ours = configs.first().filter(|_| shared.attach.is_none());
    ours.and_then(|config| config.scripts.start.as_deref())
}

/// What each line of the log begins with that belongs to one of several gateways.
fn prefix(mode: TradingMode) -> Span {
    // At the level of errors, so that no filter hides it.
    match mode {
        TradingMode::Live => tracing::error_span!("live"),
        TradingMode::Paper => tracing::error_span!("paper"),
    }
}

/// Keeps the only gateway: what ends it ends gatehand.
async fn live(config: &Arc<Config>, board: &Arc<Board>, shared: &Shared) -> Result<ExitCode, AppError> {
    let notifier = notifications::start(config, board.gateway, shared);
    let notices = notifier.notices();
    let outcome = Instance::live(config, board, shared, &notices).await;
    if let Err(error) = &outcome {
        notices.tell(Kind::Ended, error.to_string());
    }
    drop(notices);
    notifier.close(LAST_NOTICES).await;
    outcome
}

/// Keeps one of several gateways: what ends it would end a gatehand of its own, which is then started again by whoever
/// started it; here the others go on meanwhile.
async fn keep(config: &Arc<Config>, board: &Arc<Board>, shared: &Shared) -> Result<ExitCode, AppError> {
    let notifier = notifications::start(config, board.gateway, shared);
    let outcome = keep_with(config, board, shared, &notifier.notices()).await;
    notifier.close(LAST_NOTICES).await;
    outcome
}

async fn keep_with(
    config: &Arc<Config>,
    board: &Arc<Board>,
    shared: &Shared,
    notices: &Notices,
) -> Result<ExitCode, AppError> {
    let mut back_off = BackOff::default();
    loop {
        let began = Instant::now();
        let error = match Instance::live(config, board, shared, notices).await {
            Ok(code) => return Ok(code),
            Err(error) => error,
        };
        notices.tell(Kind::Ended, error.to_string());
        back_off.was_up(began.elapsed());
        if let ControlFlow::Break(end) = pause(error, &mut back_off, board, shared).await {
            return end;
        }
    }
}

/// Waits before a gateway is started again that ended with this error; breaks off where it is not.
async fn pause(
    error: AppError,
    back_off: &mut BackOff,
    board: &Board,
    shared: &Shared,
) -> ControlFlow<Result<ExitCode, AppError>> {
    board.went_down(error.to_string());
    if error.exit_code() != ExitCode::Unavailable {
        tracing::error!(%error, "this gateway is not started again");
        return ControlFlow::Break(Err(error));
    }
    let pause = back_off.fail();
    tracing::error!(%error, "this gateway is started again in {} s", pause.as_secs());
    tokio::select! {
        () = tokio::time::sleep(pause) => ControlFlow::Continue(()),
        () = shared.stopped() => ControlFlow::Break(Ok(ExitCode::Stopped)),
    }
}

/// Does some work on a runtime of its own.
///
/// # Errors
/// There can be none, or the work's own.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(AppError::Runtime)?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

async fn listen(
    what: &'static str,
    address: SocketAddr,
    setting: &'static str,
) -> Result<TcpListener, AppError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| AppError::Listen {
            what,
            address,
            setting,
            source,
        })
}
