//! One gateway with all that belongs to it: its display, agent, ports and folders.

mod beside;
mod codes;
mod course;
mod display;
mod preparation;
mod probe;
mod relay;
mod requests;
mod rules;
mod status;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::Instrument;

use super::scripts::Scripts;
use super::viewers::{self, Entries, Ports};
use super::{AppError, Shared, listen};
use crate::agent::{Agent, Errand, Event, Policy, State};
use crate::config::{Config, OnRefusal};
use crate::control::{ApiStatus, Asked, Attempts, Board, Reply, Requests, SecondFactorStatus};
use crate::dialogs::{Catalogue, RuleFile};
use crate::exit::ExitCode;
use crate::gateway::{Launch, LaunchError};
use crate::journal::{EventLog, StateFolder};
use crate::life::{BrokerWeek, Life};
use crate::notify::{Kind, Notices};
use crate::pilot::{Command, Eyes, Hands, Pilot, PilotError, RecordedAgent, Report};
use crate::relay::{Relay, RelayStatus};
use crate::supervisor::{self, Leftovers, Service, StopPolicy};
use crate::tunnel::Tunnel;
use crate::vnc::{self, Door, Gate, Stay};
use crate::x11::DisplayAddress;
use codes::CodeFetcher;
pub(super) use course::quiet_hours;
pub use preparation::rules_folder;
use preparation::{hands, make_private_folder, recorder, take_state_folder, wall_clock};
use probe::Probe;
use rules::RuleWatch;
use status::Belief;

/// How long the gateway's answer to the credentials is awaited before it is closed.
const ANSWER: Duration = Duration::from_secs(3);
/// A gateway that is closed through its window saves its settings first. All in all it must stop within the 10 s that
/// Docker gives a container.
const GATEWAY_STOP: StopPolicy = StopPolicy {
    asked: Some(Duration::from_secs(5)),
    terminated: Duration::from_secs(2),
};

/// Everything that runs of one gateway.
pub(super) struct Instance {
    config: Arc<Config>,
    /// Whether the API answered once.
    was_ready: bool,
    shared: Shared,
    reports: mpsc::UnboundedReceiver<Report>,
    pilot: Option<Pilot>,
    /// The user's rule files, until the pilot is there to hear of them.
    rule_watch: Option<RuleWatch>,
    /// How to start the gateway, and where; none for one that somebody else started.
    launch: Option<(Launch, DisplayAddress)>,
    life: Life,
    gateway: Option<Service>,
    /// How the gateway's process ended last.
    last_exit: String,
    display: Option<Service>,
    /// The folder of the cookie of a display that was started here.
    cookies: Option<PathBuf>,
    /// Whether the agent sees the main window, for the probe.
    logged_in: watch::Sender<bool>,
    answers: mpsc::UnboundedReceiver<Option<ApiStatus>>,
    /// What the API has told, while it answers.
    api: Option<ApiStatus>,
    ready: watch::Sender<bool>,
    relay_status: watch::Sender<RelayStatus>,
    end_relay: Option<oneshot::Sender<()>>,
    tunnel: Option<Tunnel>,
    /// Those that run once the gateway was started.
    scripts: Option<Scripts>,
    tasks: Vec<JoinHandle<()>>,
    status: Belief,
    board: Arc<Board>,
    second_factor: Option<SecondFactorStatus>,
    attempts: Option<Attempts>,
    /// The viewers' screen, and the desktop's name on it before the state.
    viewers: Option<(vnc::Screen, String)>,
    door: Option<Door>,
    requests: mpsc::Receiver<Asked>,
    /// The way of our own to those.
    own_requests: Requests,
    codes: CodeFetcher,
    /// Errands that were asked for, and who waits for their begin.
    errands: Vec<(Errand, oneshot::Sender<Reply>)>,
    /// Who waits for an unlocking.
    unlocking: VecDeque<oneshot::Sender<Reply>>,
    /// Those outside who are told of what happens.
    notices: Notices,
    leftovers: Leftovers,
    _state_folder: StateFolder,
}

impl Instance {
    /// From its start to its end.
    ///
    /// # Errors
    /// When something that is needed cannot be had, or ends.
    pub(super) async fn live(
        config: &Arc<Config>,
        board: &Arc<Board>,
        shared: &Shared,
        notices: &Notices,
    ) -> Result<ExitCode, AppError> {
        let (config, board) = (Arc::clone(config), Arc::clone(board));
        let mut instance = Self::start(config, board, shared.clone(), notices.clone()).await?;
        let outcome = instance.watch().await;
        instance.stop().await;
        outcome
    }

    async fn start(
        config: Arc<Config>,
        board: Arc<Board>,
        shared: Shared,
        notices: Notices,
    ) -> Result<Self, AppError> {
        make_private_folder(&config.state_dir)?;
        let state_folder = take_state_folder(&config.state_dir)?;
        // Watched before they are read: no change is missed.
        let folder = rules_folder(&config.rules)?;
        let rule_watch = RuleWatch::start(folder)?;
        let rules = RuleFile::of_folder(folder)?;
        let catalogue = Catalogue::with_files(&rules)?;
        let launch = match &shared.attach {
            None => {
                let launch =
                    Launch::find(&config.gateway, shared.environment.clone()).map_err(LaunchError::from)?;
                if config.gateway.keeps_jts_ini {
                    tracing::info!("jts.ini is left as it is");
                } else {
                    let token = config.second_factor.token.as_ref();
                    launch.prepare(config.gateway.time_zone.as_deref(), token)?;
                }
                Some(launch)
            }
            Some(_) => None,
        };
        let policy = Policy::new(&config);
        let recorder = recorder(&config, &policy, &catalogue, rules);
        let agent = RecordedAgent::new(Agent::new(catalogue, policy), recorder);
        let clock = wall_clock(&config);
        let course = course::plan(&config, clock.as_ref(), launch.is_some());
        let life = Life::new(course::now(), course, BrokerWeek::new()?);
        codes::check_clock(config.second_factor.totp_key.is_some());
        let hands = hands(&config, clock)?;
        let viewers = match &config.vnc {
            Some(settings) => {
                let ports = viewers::bind(settings).await?;
                Some((ports, viewers::entries(&config, settings)?))
            }
            None => {
                tracing::info!(
                    "no viewers are served: set VNC_SERVER_PASSWORD, or VNC_SERVER_PASSWORD=generate"
                );
                None
            }
        };
        let relay = relay::relay(&config);
        if config.tunnel.as_ref().is_none_or(|tunnel| tunnel.beside_relay) {
            relay.check()?;
        }

        let leftovers = Leftovers::end(&config.state_dir, Duration::from_secs(3)).await?;
        if launch.is_some() {
            // Somebody else's API there would be taken for that of the gateway.
            let what = "the gateway cannot serve its API on";
            drop(listen(what, relay.target, "GATEHAND_API_PORT").await?);
        }

        let (ready, _) = watch::channel(false);
        let (logged_in, _) = watch::channel(false);
        let (answers_to, answers) = mpsc::unbounded_channel();
        let (reports_to, reports) = mpsc::unbounded_channel();
        let mut instance = Self {
            shared,
            was_ready: false,
            reports,
            pilot: None,
            rule_watch: Some(rule_watch),
            launch: None,
            life,
            gateway: None,
            last_exit: String::new(),
            display: None,
            cookies: None,
            logged_in,
            answers,
            api: None,
            ready,
            relay_status: watch::Sender::default(),
            end_relay: None,
            tunnel: None,
            scripts: None,
            tasks: Vec::new(),
            status: Belief {
                state: State::Starting,
                evidence: String::new(),
                since: SystemTime::now(),
            },
            board,
            second_factor: None,
            attempts: None,
            viewers: None,
            door: None,
            // Until somebody listens.
            requests: mpsc::channel(1).1,
            own_requests: mpsc::channel(1).0,
            codes: CodeFetcher::default(),
            errands: Vec::new(),
            unlocking: VecDeque::new(),
            notices,
            leftovers,
            _state_folder: state_folder,
            config,
        };
        let started = instance
            .start_parts(launch, relay, agent, hands, viewers, reports_to, answers_to)
            .await;
        match started {
            Ok(()) => Ok(instance),
            Err(error) => {
                instance.stop().await;
                Err(error)
            }
        }
    }
}

impl Instance {
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one start, each made before anything runs"
    )]
    async fn start_parts(
        &mut self,
        launch: Option<Launch>,
        relay: Relay,
        agent: RecordedAgent,
        hands: Hands,
        viewers: Option<(Ports, Entries)>,
        reports: mpsc::UnboundedSender<Report>,
        answers: mpsc::UnboundedSender<Option<ApiStatus>>,
    ) -> Result<(), AppError> {
        let state_dir = self.config.state_dir.clone();
        let state_folder = |source| AppError::StateFolder {
            path: state_dir.clone(),
            source,
        };
        let events = EventLog::open(&state_dir).map_err(state_folder)?;
        let eyes = Eyes::open(state_dir.clone()).map_err(PilotError::from)?;
        let display = match (&self.shared.attach, &self.config.display.existing) {
            (Some(address), _) => address.clone(),
            (None, Some(name)) => DisplayAddress::new(name.clone()),
            (None, None) => self.start_display().await?,
        };
        if self.shared.attach.is_none() {
            self.run_display_scripts(&display).await;
        }
        let gate = hands.gate.clone();
        let pilot = Pilot::start(&display, eyes, agent, hands, events, reports)?;
        self.board.take_pulse(pilot.pulse());
        self.pilot = Some(pilot);
        if let (Some(watch), Some(pilot)) = (self.rule_watch.take(), &self.pilot) {
            let commands = pilot.commands();
            self.spawn(watch.run(commands));
        }
        if let Some((ports, entries)) = viewers {
            self.serve_viewers(ports, entries, &display, gate)?;
        }
        let gateway = &self.config.gateway;
        let probe = Probe::new(gateway.api_port, gateway.probe_client_id, Arc::clone(&self.board));
        let (logged_in, relayed) = (self.logged_in.subscribe(), self.relay_status.subscribe());
        self.spawn(probe.run(logged_in, relayed, answers));
        if self.start_tunnel()? {
            self.start_relay(relay);
        }
        self.launch = launch.map(|launch| (launch, display));
        self.requests = self.listen_for_requests().await?;
        self.begin()
    }

    fn start_relay(&mut self, relay: Relay) {
        let status = self.relay_status.clone();
        let (end_relay, told) = oneshot::channel();
        self.end_relay = Some(end_relay);
        let ready = self.ready.subscribe();
        let notices = self.notices.clone();
        self.spawn(async move {
            if let Err(error) = relay.run(ready, status, told).await {
                tracing::error!(%error, "the API relay has ended");
                notices.tell(Kind::PortLost, format!("the API relay has ended: {error}"));
            }
        });
    }

    fn serve_viewers(
        &mut self,
        ports: Ports,
        entries: Entries,
        display: &DisplayAddress,
        gate: Gate,
    ) -> Result<(), AppError> {
        let Some(vnc) = &self.config.vnc else {
            return Ok(());
        };
        let name = match self.shared.is_alone {
            true => viewers::NAME.to_owned(),
            false => format!("{} {}", viewers::NAME, self.config.mode.name()),
        };
        let screen = viewers::screen(display, gate)?;
        if let Some(pilot) = &self.pilot {
            let commands = pilot.commands();
            screen.on_press(move || {
                // Without a pilot there is nobody whose hands could be in the way.
                let _ = commands.send(Command::HumanActed);
            });
        }
        viewers::tell(&ports, display);
        let door = Door::new(screen.clone(), viewers::settings(vnc, name.clone()));
        self.door = Some(door.clone());
        let (web_door, open) = entries.web_door(&door);
        self.board.take_viewers(Some(web_door));
        let serving = viewers::serve(ports, door, entries, Stay::Forever, std::future::pending());
        self.viewers = Some((screen, name));
        let notices = self.notices.clone();
        self.spawn(async move {
            // Viewers of the HTTP port go when this ends.
            let _open = open;
            if let Err(error) = serving.await {
                tracing::error!(%error, "the viewer endpoint has ended");
                notices.tell(Kind::PortLost, format!("the viewer endpoint has ended: {error}"));
            }
        });
        Ok(())
    }

    /// Waits for the reason to stop.
    async fn watch(&mut self) -> Result<ExitCode, AppError> {
        loop {
            if self.shared.is_stopping() {
                return Ok(ExitCode::Stopped);
            }
            if let Some(code) = self.obey().await? {
                return Ok(code);
            }
            self.post();
            let due = self.life.poll_timeout(course::now());
            let due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.shared.stopped() => return Ok(ExitCode::Stopped),
                report = self.reports.recv() => match self.noted(report.inspect(|report| self.tell_others(report))) {
                    Some(Report::Event(Event::State { state, evidence })) => {
                        self.life.entered(course::now(), state);
                        self.entered(state, evidence)?;
                    }
                    Some(Report::Event(Event::SecondFactorMissed)) if !self.config.second_factor.relogin => {
                        self.life.second_factor_missed();
                    }
                    Some(Report::Begun(errand, begun)) => self.begun(errand, begun),
                    Some(Report::Unlocked(unlocked)) => self.unlocked(&unlocked),
                    Some(Report::Event(Event::CodeWanted)) => self.fetch_code(),
                    Some(Report::Event(Event::CarriedOut { command })) => self.carried_out(&command),
                    Some(Report::Event(Event::GivenUp { what })) => self.given_up(&what),
                    Some(Report::Event(Event::GaveWay)) => self.life.give_way(course::now()),
                    Some(Report::Attempts(_) | Report::Event(_) | Report::Login(_)) => {}
                    Some(Report::DisplayLost(why)) => return Err(AppError::DisplayLost(why)),
                    None => return Err(AppError::DisplayLost("the pilot has ended".into())),
                },
                Some(asked) = self.requests.recv() => self.answer(asked),
                Some(learnt) = self.answers.recv() => {
                    self.tell(Command::ApiAnswered(learnt.is_some()));
                    self.api = learnt;
                }
                exit = ended(&mut self.gateway) => self.gateway_ended(exit)?,
                exit = ended(&mut self.display) => {
                    self.display = None;
                    return Err(AppError::Ended { what: "Xvfb", how: exit.to_string(), cure: "start gatehand again" });
                }
                () = due => self.life.handle_timeout(course::now()),
            }
        }
    }

    /// Passes events on to those outside.
    fn tell_others(&self, report: &Report) {
        if let Report::Event(event) = report {
            self.notices.event(event);
        }
    }

    fn entered(&mut self, state: State, evidence: String) -> Result<(), AppError> {
        self.status = Belief {
            state,
            evidence: evidence.clone(),
            since: SystemTime::now(),
        };
        if state != State::SecondFactor {
            self.second_factor = None;
        }
        if let Some((screen, name)) = &self.viewers {
            let why = match state {
                State::HandsOff => format!(" ({evidence})"),
                _ => String::new(),
            };
            screen.rename(&format!("{name}: {state}{why}"));
        }
        let logged_in = match state {
            State::LoggedIn | State::Configuring | State::Ready | State::Disconnected => true,
            // The API may answer behind a dialog that waits for a human.
            State::HandsOff | State::UnknownDialog | State::Failed => *self.logged_in.borrow(),
            _ => false,
        };
        self.logged_in.send_replace(logged_in);
        if state != State::HandsOff {
            self.ready.send_replace(state == State::Ready);
        }
        if state == State::Ready
            && !std::mem::replace(&mut self.was_ready, true)
            && let Some(on_ready) = self.shared.on_ready
        {
            on_ready(&self.config);
        }
        if state == State::LockedOut && self.config.on_refusal == OnRefusal::Exit {
            return Err(AppError::Refused(evidence));
        }
        Ok(())
    }

    /// Runs beside everything else until the end.
    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(tokio::spawn(task.in_current_span()));
    }

    fn tell(&self, command: Command) {
        if let Some(pilot) = &self.pilot {
            pilot.tell(command);
        }
    }

    /// Stops everything, last started first: the gateway through its window, then the ports, then the display.
    async fn stop(&mut self) {
        if let Some(scripts) = self.scripts.take() {
            scripts.stop().await;
        }
        self.see_the_answer().await;
        self.stop_gateway().await;
        if let Some(tunnel) = self.tunnel.take() {
            tunnel.stop().await;
        }
        drop(self.end_relay.take());
        for task in self.tasks.drain(..) {
            task.abort();
            // An aborted task has nothing to tell.
            let _ = task.await;
        }
        drop(self.pilot.take());
        self.close_control();
        self.board.take_requests(None);
        self.board.take_viewers(None);
        if let Some(mut display) = self.display.take() {
            display.stop(|| {}).await;
            self.forget(&display);
        }
        if let Some(folder) = self.cookies.take()
            && let Err(error) = std::fs::remove_dir_all(&folder)
        {
            tracing::warn!(%error, folder = %folder.display(), "the display's cookie could not be removed");
        }
    }

    /// Credentials whose answer nobody saw may have been refused: at the next start they would wait for a human.
    async fn see_the_answer(&mut self) {
        let answer = async {
            while self.status.state == State::SubmittedCredentials
                && let Some(report) = self.reports.recv().await
            {
                self.tell_others(&report);
                if let Report::Event(Event::State { state, .. }) = report {
                    self.status.state = state;
                }
            }
        };
        // The answer counts when it is there; the agent writes it down.
        let _ = timeout(ANSWER, answer).await;
    }

    fn forget(&mut self, service: &Service) {
        if let Err(error) = self.leftovers.remove(service.identity()) {
            tracing::warn!(%error, "the list of processes");
        }
    }
}

/// The end of a process, if there is one; else never.
async fn ended(service: &mut Option<Service>) -> supervisor::Exit {
    match service {
        Some(service) => service.ended().await,
        None => std::future::pending().await,
    }
}
