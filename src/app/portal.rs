//! The Client Portal Gateway with all that belongs to it: its process, its keeper, its ports and folders.

mod asking;
mod codes;
mod login;
mod requests;
mod stage;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::instance::{make_private_folder, take_state_folder};
use super::{AppError, Shared, listen, notifications, pause};
use crate::agent::{Event, Outcome};
use crate::config::Config;
use crate::control::{self, Asked, Board, Standing, seconds};
use crate::exit::ExitCode;
use crate::journal::{EventLog, StateFolder};
use crate::life::BackOff;
use crate::notify::{Kind, Notices};
use crate::portal::{Action, Belief, Client, Keeper, PortalLaunch, State};
use crate::supervisor::{self, Exit, Leftovers, Redaction, Service, StopPolicy};
use crate::{http, ports};
use asking::{Answer, Asking};
use codes::CodeNews;
use login::{Authority, Job};
use stage::Stage;

/// It goes within a second when it is told to; all in all it must stop within the 10 s that Docker gives a container.
const GATEWAY_STOP: StopPolicy = StopPolicy {
    asked: None,
    terminated: Duration::from_secs(3),
};
/// How long the end of the session may take before the gateway is stopped without it.
const LOGOUT: Duration = Duration::from_secs(3);

/// Everything that runs.
pub(super) struct Portal {
    config: Arc<Config>,
    state_dir: PathBuf,
    shared: Shared,
    board: Arc<Board>,
    notices: Notices,
    keeper: Keeper,
    launch: PortalLaunch,
    asking: Asking,
    /// Who logs in; without it, a human does.
    authority: Option<Authority>,
    login: Option<Job>,
    stage: Stage,
    /// Why a login was not permitted last: told once.
    last_denied: Option<String>,
    /// Of codes that could not be given at once.
    code_news_to: mpsc::UnboundedSender<CodeNews>,
    code_news: mpsc::UnboundedReceiver<CodeNews>,
    service: Option<Service>,
    requests: mpsc::Receiver<Asked>,
    events: EventLog,
    /// What was believed when it was told last, and since when.
    told: Belief,
    since: SystemTime,
    has_listened: bool,
    tasks: JoinSet<()>,
    leftovers: Leftovers,
    _state_folder: StateFolder,
}

/// The folder of what is kept of it: below the state folder, where it runs beside a gateway with windows.
pub(crate) fn folder(config: &Config) -> PathBuf {
    match config.portal.beside {
        true => config.state_dir.join("portal"),
        false => config.state_dir.clone(),
    }
}

/// Keeps the gateway from its start to its end, which ends gatehand. What is kept of it is in `state_dir`.
pub(super) async fn live(
    config: &Arc<Config>,
    state_dir: &Path,
    board: &Arc<Board>,
    shared: &Shared,
) -> Result<ExitCode, AppError> {
    let notifier = notifications::start(config, board.gateway, shared);
    let notices = notifier.notices();
    let outcome = Portal::live(config, state_dir, board, shared, &notices).await;
    if let Err(error) = &outcome {
        notices.tell(Kind::Ended, error.to_string());
    }
    drop(notices);
    notifier.close(super::LAST_NOTICES).await;
    outcome
}

/// Keeps it beside a gateway with windows, which goes on whatever ends this one; so this one is tried again.
pub(super) async fn keep(
    config: &Arc<Config>,
    state_dir: &Path,
    board: &Arc<Board>,
    shared: &Shared,
) -> Result<ExitCode, AppError> {
    let mut back_off = BackOff::default();
    loop {
        let began = Instant::now();
        let error = match live(config, state_dir, board, shared).await {
            Ok(code) => return Ok(code),
            Err(error) => error,
        };
        back_off.was_up(began.elapsed());
        if let ControlFlow::Break(end) = pause(error, &mut back_off, board, shared).await {
            return end;
        }
    }
}

impl Portal {
    async fn live(
        config: &Arc<Config>,
        state_dir: &Path,
        board: &Arc<Board>,
        shared: &Shared,
        notices: &Notices,
    ) -> Result<ExitCode, AppError> {
        let mut portal = Self::start(config, state_dir, board, shared, notices).await?;
        let outcome = portal.watch().await;
        portal.stop().await;
        outcome
    }

    async fn start(
        config: &Arc<Config>,
        state_dir: &Path,
        board: &Arc<Board>,
        shared: &Shared,
        notices: &Notices,
    ) -> Result<Self, AppError> {
        make_private_folder(state_dir)?;
        let state_folder = take_state_folder(state_dir)?;
        let settings = &config.portal;
        let launch = PortalLaunch::find(settings, state_dir, shared.environment.clone())?;
        let client = Client::new(
            launch.address.clone(),
            &launch.trust,
            settings.routes.clone(),
            settings.request_limit,
        )?;
        let events = EventLog::open(state_dir).map_err(|source| AppError::StateFolder {
            path: state_dir.to_owned(),
            source,
        })?;
        let health = match settings.listen {
            Some(address) => Some(
                listen(
                    "IBeam's routes cannot be served on",
                    address,
                    "GATEHAND_PORTAL_LISTEN",
                )
                .await?,
            ),
            None => None,
        };
        let authority = Authority::of(config)?;
        let (code_news_to, code_news) = mpsc::unbounded_channel();
        let leftovers = Leftovers::end(state_dir, Duration::from_secs(3)).await?;
        let keeper = Keeper::new(Instant::now(), settings.policy.clone());
        let mut portal = Self {
            told: keeper.belief().clone(),
            config: Arc::clone(config),
            state_dir: state_dir.to_owned(),
            shared: shared.clone(),
            board: Arc::clone(board),
            notices: notices.clone(),
            keeper,
            launch,
            asking: Asking::new(client),
            authority,
            login: None,
            stage: Stage::default(),
            last_denied: None,
            code_news_to,
            code_news,
            service: None,
            // Until somebody listens.
            requests: mpsc::channel(1).1,
            events,
            since: SystemTime::now(),
            has_listened: false,
            tasks: JoinSet::new(),
            leftovers,
            _state_folder: state_folder,
        };
        match portal.begin(health).await {
            Ok(()) => Ok(portal),
            Err(error) => {
                portal.stop().await;
                Err(error)
            }
        }
    }

    /// Opens its doors.
    async fn begin(&mut self, health: Option<TcpListener>) -> Result<(), AppError> {
        self.serve_viewers().await?;
        self.requests = self.listen_for_requests()?;
        if let Some(listener) = health {
            self.serve_ibeam(listener);
        }
        Ok(())
    }

    /// Serves what IBeam's health server does.
    fn serve_ibeam(&mut self, listener: TcpListener) {
        let boards = vec![Arc::clone(&self.board)];
        let router = http::ibeam(&self.config.http, self.config.portal.activation_is_open, boards);
        let serving = ports::serve_web(listener, None, router, std::future::pending());
        self.tasks.spawn(serving);
    }

    /// Waits for the reason to stop.
    async fn watch(&mut self) -> Result<ExitCode, AppError> {
        loop {
            self.obey().await?;
            self.tell();
            if self.shared.is_stopping() {
                return Ok(ExitCode::Stopped);
            }
            let due = self.keeper.poll_timeout();
            let due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.shared.stopped() => {}
                Some(asked) = self.requests.recv() => self.answer(asked),
                answer = self.asking.next() => self.heard(answer),
                news = Job::next(&mut self.login) => self.login_news(news).await,
                () = self.stage.news() => self.stage_news().await,
                Some(news) = self.code_news.recv() => self.code_news(news),
                exit = ended(&mut self.service) => self.gateway_ended(exit)?,
                () = due => self.keeper.handle_timeout(Instant::now()),
            }
        }
    }

    /// Does what the keeper wants.
    async fn obey(&mut self) -> Result<(), AppError> {
        while let Some(action) = self.keeper.poll_action() {
            match action {
                Action::Start => match self.start_gateway() {
                    Ok(()) => self.keeper.started(Instant::now()),
                    Err(error) => {
                        tracing::error!(%error, "the gateway could not be started");
                        self.keeper.ended(Instant::now(), &error.to_string());
                    }
                },
                Action::Stop => {
                    self.tell();
                    self.stop_gateway().await?;
                    self.keeper.ended(Instant::now(), "it was stopped");
                }
                Action::LogOut => self.log_out().await,
                Action::LogIn => {
                    self.tell();
                    self.log_in().await;
                }
                Action::EndLogin => self.end_login().await,
                Action::Knock
                | Action::Tickle
                | Action::Validate
                | Action::Open { .. }
                | Action::Reauthenticate => {
                    self.asking.ask(action);
                }
            }
        }
        Ok(())
    }

    fn heard(&mut self, answer: Answer) {
        let now = Instant::now();
        match answer {
            Answer::Knocked(listens) => {
                self.has_listened |= listens.is_ok();
                self.keeper.knocked(now, listens);
            }
            Answer::Standing(standing) => self.keeper.told(now, &standing),
            Answer::Asked => self.keeper.asked(now),
            Answer::Valid(Some(false)) => {
                tracing::warn!("IBKR says that the login is valid no more, while its session goes on");
            }
            Answer::Valid(_) => {}
        }
    }

    fn start_gateway(&mut self) -> Result<(), AppError> {
        tracing::info!("Gateway not found, starting new one...");
        self.launch.prepare()?;
        let output = supervisor::log_output("portal", Redaction::default());
        let child = self
            .shared
            .reaper
            .spawn("portal", &mut self.launch.command(), output)?;
        tracing::info!("Gateway started with pid: {}", child.identity().pid);
        self.leftovers.add("portal", child.identity())?;
        self.service = Some(Service::new("portal", child, GATEWAY_STOP));
        Ok(())
    }

    fn gateway_ended(&mut self, exit: Exit) -> Result<(), AppError> {
        if let Some(service) = self.service.take() {
            self.leftovers.remove(service.identity())?;
        }
        self.asking.forget();
        let how = format!("the gateway's process ended ({exit}); its last lines are in the log");
        self.keeper.ended(Instant::now(), &how);
        Ok(())
    }

    async fn stop_gateway(&mut self) -> Result<(), AppError> {
        self.asking.forget();
        if let Some(mut service) = self.service.take() {
            service.stop(|| {}).await;
            self.leftovers.remove(service.identity())?;
        }
        Ok(())
    }

    async fn log_out(&mut self) {
        self.asking.forget();
        let ended = timeout(LOGOUT, self.asking.client().log_out()).await;
        match ended {
            Ok(reply) => tracing::info!(?reply, "logged out"),
            Err(_) => tracing::warn!("the logout was not answered within {} s", LOGOUT.as_secs()),
        }
        self.keeper.asked(Instant::now());
    }

    /// Tells what is believed now to all who want to know, if it is something else.
    fn tell(&mut self) {
        let belief = self.keeper.belief();
        if *belief == self.told {
            return;
        }
        let is_new = belief.state != self.told.state;
        self.told = belief.clone();
        let Belief { state, evidence } = self.told.clone();
        let evidence = format!("{state}: {evidence}");
        if is_new {
            self.since = SystemTime::now();
            self.stage.show(state);
            match state {
                State::Ready => {
                    tracing::info!("Gateway running and authenticated ({evidence})");
                    if self.authority.as_mut().is_some_and(Authority::session_came) {
                        self.board.tally.login(Outcome::LoggedIn, Instant::now());
                    }
                    self.last_denied = None;
                }
                State::NoSession => tracing::info!("No active sessions ({evidence})"),
                State::LockedOut | State::Competing | State::Down | State::UpstreamDown => {
                    tracing::warn!(%evidence, "state");
                }
                _ => tracing::info!(%evidence, "state"),
            }
            let event = Event::State {
                state: state.as_agent(),
                evidence: evidence.clone(),
            };
            self.publish(&event);
        } else {
            tracing::debug!(%evidence, "state");
        }
        let (since, has_shown) = (seconds(self.since), self.has_listened);
        self.board.change(|standing| {
            *standing = Standing {
                down: None,
                state: state.as_agent(),
                evidence,
                since,
                has_shown,
                serves: state == State::Ready,
                outage_until: None,
                at_step_for: None,
            };
        });
    }

    /// Tells of an event to the events file and to those outside.
    fn publish(&mut self, event: &Event) {
        if let Err(error) = self.events.append(SystemTime::now(), event) {
            tracing::warn!(%error, "an event could not be written to the events file");
        }
        self.notices.event(event);
        self.board.tally.event(event, Instant::now());
        self.board.event_came();
    }

    /// Ends the session, then the process, then the rest.
    async fn stop(&mut self) {
        self.keeper.deactivate();
        if let Err(error) = self.obey().await {
            tracing::warn!(%error, "stopping");
        }
        self.tell();
        self.clear_stage().await;
        control::close(&self.state_dir);
        self.board.take_requests(None);
        self.tasks.shutdown().await;
    }
}

/// The end of the process, if there is one; else never.
async fn ended(service: &mut Option<Service>) -> Exit {
    match service {
        Some(service) => service.ended().await,
        None => std::future::pending().await,
    }
}
