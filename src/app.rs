//! The only wiring: what starts in which order, who hears of what, and how it all stops.

mod course;
mod error;
mod probe;
mod requests;
mod rules;
mod view;

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::agent::{Agent, Errand, Event, Policy, State};
use crate::config::{Config, OnRefusal};
use crate::control::{Asked, Reply};
use crate::dialogs::{Catalogue, RuleFile};
use crate::exit::ExitCode;
use crate::gateway::{self, Launch, LaunchError, WallClock};
use crate::journal::recorder::{Recorder, RecorderOptions};
use crate::journal::{EventLog, Governor, StateFolder};
use crate::life::{BrokerWeek, Life};
use crate::pilot::{Command, Eyes, Hands, Pilot, PilotError, RecordedAgent, Report};
use crate::relay::{Relay, RelayStatus};
use crate::supervisor::{
    self, Leftovers, Orphans, OutputStream, Reaper, Redaction, Service, Signals, StopPolicy,
};
use crate::vnc;
use crate::x11::{DisplayAddress, VirtualServer};

pub use error::AppError;
use probe::probe;
use requests::Status;
use rules::RuleWatch;
pub use view::view;

/// Xvfb answers within a second, or not at all.
const DISPLAY_LIMIT: Duration = Duration::from_secs(15);
/// The Gateway itself serves 32.
const MAX_API_CLIENTS: usize = 64;
/// A gateway that is closed through its window saves its settings first. All in all it must stop within the 10 s that
/// Docker gives a container.
const GATEWAY_STOP: StopPolicy = StopPolicy {
    asked: Some(Duration::from_secs(6)),
    terminated: Duration::from_secs(2),
};
const DISPLAY_STOP: StopPolicy = StopPolicy {
    asked: None,
    terminated: Duration::from_secs(1),
};

/// What is to be done.
#[derive(Debug)]
pub struct Plan {
    /// The settings.
    pub config: Config,
    /// The environment for the gateway, without secrets.
    pub environment: Vec<(OsString, OsString)>,
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
    block_on(async {
        let mut app = App::start(plan).await?;
        let outcome = app.watch().await;
        app.stop().await;
        outcome
    })
}

fn block_on<T>(work: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(AppError::Runtime)?;
    let outcome = runtime.block_on(work);
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
    answers: mpsc::UnboundedReceiver<bool>,
    ready: watch::Sender<bool>,
    end_relay: Option<oneshot::Sender<()>>,
    tasks: Vec<JoinHandle<()>>,
    status: Status,
    requests: mpsc::Receiver<Asked>,
    /// Errands that were asked for, and who waits for their begin.
    errands: Vec<(Errand, oneshot::Sender<Reply>)>,
    reaper: Reaper,
    leftovers: Leftovers,
    _state_folder: StateFolder,
}

impl App {
    async fn start(plan: Plan) -> Result<Self, AppError> {
        let Plan {
            mut config,
            environment,
            attach,
            on_ready,
        } = plan;
        make_private_folder(&config.state_dir)?;
        let state_folder = take_state_folder(&config.state_dir)?;
        // Watched before they are read: no change is missed.
        let (rule_watch, rules) = match &config.rules {
            Some(folder) => (Some(RuleWatch::start(folder)?), RuleFile::of_folder(folder)?),
            None => (None, Vec::new()),
        };
        let catalogue = Catalogue::with_files(&rules)?;
        let launch = match attach {
            None => {
                let launch = Launch::find(&config.gateway, environment).map_err(LaunchError::from)?;
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
        let signals = Signals::new().map_err(AppError::Runtime)?;
        let clock = wall_clock(&config);
        let course = course::plan(&config, clock.as_ref(), launch.is_some());
        let life = Life::new(course::now(), course, BrokerWeek::new()?);
        let hands = hands(&mut config, clock)?;
        let viewers = match &config.vnc {
            Some(settings) => Some(view::bind(settings).await?),
            None => {
                tracing::info!("no viewers are served: set VNC_SERVER_PASSWORD to serve them");
                None
            }
        };
        let relay = Relay {
            listen: config.relay,
            target: SocketAddr::from(([127, 0, 0, 1], config.gateway.api_port)),
            max_clients: MAX_API_CLIENTS,
        };
        relay.check()?;

        let reaper = Reaper::start(Orphans::Adopt).map_err(AppError::Runtime)?;
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
        let mut app = Self {
            on_ready,
            signals,
            reports,
            pilot: None,
            rule_watch,
            launch: None,
            life,
            gateway: None,
            last_exit: String::new(),
            display: None,
            cookies: None,
            logged_in,
            answers,
            ready,
            end_relay: None,
            tasks: Vec::new(),
            status: Status {
                state: State::Starting,
                evidence: String::new(),
                since: SystemTime::now(),
            },
            // Until somebody listens.
            requests: mpsc::channel(1).1,
            errands: Vec::new(),
            reaper,
            leftovers,
            _state_folder: state_folder,
            config,
        };
        let started = app
            .start_parts(
                launch, relay, attach, agent, hands, viewers, reports_to, answers_to,
            )
            .await;
        match started {
            Ok(()) => Ok(app),
            Err(error) => {
                app.stop().await;
                Err(error)
            }
        }
    }
}

impl App {
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one start, each made before anything runs"
    )]
    async fn start_parts(
        &mut self,
        launch: Option<Launch>,
        relay: Relay,
        attach: Option<DisplayAddress>,
        agent: RecordedAgent,
        hands: Hands,
        viewers: Option<TcpListener>,
        reports: mpsc::UnboundedSender<Report>,
        answers: mpsc::UnboundedSender<bool>,
    ) -> Result<(), AppError> {
        let state_dir = self.config.state_dir.clone();
        let state_folder = |source| AppError::StateFolder {
            path: state_dir.clone(),
            source,
        };
        let events = EventLog::open(&state_dir).map_err(state_folder)?;
        let eyes = Eyes::open(state_dir.clone()).map_err(PilotError::from)?;
        let display = match (attach, &self.config.display.existing) {
            (Some(address), _) => address,
            (None, Some(name)) => DisplayAddress::new(name.clone()),
            (None, None) => self.start_display().await?,
        };
        self.pilot = Some(Pilot::start(&display, eyes, agent, hands, events, reports)?);
        if let (Some(watch), Some(pilot)) = (self.rule_watch.take(), &self.pilot) {
            self.tasks.push(tokio::spawn(watch.run(pilot.commands())));
        }
        if let Some(listener) = viewers {
            self.serve_viewers(listener, &display)?;
        }
        self.tasks.push(tokio::spawn(probe(
            self.config.gateway.api_port,
            self.logged_in.subscribe(),
            answers,
        )));
        let (status, _) = watch::channel(RelayStatus::default());
        let (end_relay, told) = oneshot::channel();
        self.end_relay = Some(end_relay);
        let ready = self.ready.subscribe();
        self.tasks.push(tokio::spawn(async move {
            if let Err(error) = relay.run(ready, status, told).await {
                tracing::error!(%error, "the API relay has ended");
            }
        }));
        self.launch = launch.map(|launch| (launch, display));
        self.requests = self.listen_for_requests().await?;
        self.begin()
    }

    /// Starts Xvfb and waits for the number of its display.
    async fn start_display(&mut self) -> Result<DisplayAddress, AppError> {
        for number in crate::x11::clear_leftovers().unwrap_or_default() {
            tracing::info!(display = number, "removed the lock of a dead X server");
        }
        let folder = self.config.state_dir.join("display");
        let failed = |source| AppError::StateFolder {
            path: folder.clone(),
            source,
        };
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => make_private_folder(&folder)?,
        }
        self.cookies = Some(folder.clone());
        let server = VirtualServer::prepare(&folder, self.config.display.size)?;
        let (tell, told) = oneshot::channel();
        let mut tell = Some(tell);
        let mut log = supervisor::log_output("Xvfb", Redaction::default());
        let output = Box::new(move |stream: OutputStream, line: &str| {
            match (stream, tell.take_if(|_| stream == OutputStream::Stdout)) {
                (OutputStream::Stdout, Some(tell)) => {
                    // The receiver goes away only when the start has failed already.
                    let _ = tell.send(line.trim().parse::<u32>());
                }
                _ => log(stream, line),
            }
        });
        let child = self.reaper.spawn("Xvfb", &mut server.command(), output)?;
        self.leftovers.add("Xvfb", child.identity())?;
        let mut service = Service::new("Xvfb", child, DISPLAY_STOP);
        let ended = |how: String| AppError::Ended {
            what: "Xvfb",
            how,
            cure: "see its lines in the log",
        };
        let number = tokio::select! {
            number = told => number,
            exit = service.ended() => return Err(ended(exit.to_string())),
            () = tokio::time::sleep(DISPLAY_LIMIT) => {
                self.display = Some(service);
                return Err(ended(format!("no display number within {} s", DISPLAY_LIMIT.as_secs())));
            }
        };
        service.mark_ready();
        self.display = Some(service);
        match number {
            Ok(Ok(number)) => {
                tracing::info!(display = format!(":{number}"), "the display is up");
                Ok(server.address(number))
            }
            _ => Err(ended("it told no display number".into())),
        }
    }

    fn serve_viewers(&mut self, listener: TcpListener, display: &DisplayAddress) -> Result<(), AppError> {
        let Some(vnc) = &self.config.vnc else {
            return Ok(());
        };
        let screen = view::screen(display)?;
        if let Some(pilot) = &self.pilot {
            let commands = pilot.commands();
            screen.on_press(move || {
                // Without a pilot there is nobody whose hands could be in the way.
                let _ = commands.send(Command::HumanActed);
            });
        }
        let serving = vnc::serve(listener, screen, view::settings(vnc)?, std::future::pending());
        tracing::info!(address = %vnc.listen, "viewers are served");
        self.tasks.push(tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the viewer endpoint has ended");
            }
        }));
        Ok(())
    }

    /// Waits for the reason to stop.
    async fn watch(&mut self) -> Result<ExitCode, AppError> {
        loop {
            if let Some(code) = self.obey().await? {
                return Ok(code);
            }
            let due = self.life.poll_timeout(course::now());
            let due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                signal = self.signals.next() => {
                    tracing::info!(%signal, "stopping");
                    return Ok(ExitCode::Stopped);
                }
                report = self.reports.recv() => match report {
                    Some(Report::Event(Event::State { state, evidence })) => {
                        self.life.entered(course::now(), state);
                        self.entered(state, evidence)?;
                    }
                    Some(Report::Event(Event::SecondFactorMissed)) if !self.config.second_factor.relogin => {
                        self.life.second_factor_missed();
                    }
                    Some(Report::Begun(errand, begun)) => self.begun(errand, begun),
                    Some(Report::Event(Event::GaveWay)) => self.life.give_way(course::now()),
                    Some(Report::Event(_)) => {}
                    Some(Report::DisplayLost(why)) => return Err(AppError::DisplayLost(why)),
                    None => return Err(AppError::DisplayLost("the pilot has ended".into())),
                },
                Some(asked) = self.requests.recv() => {
                    if let Some(code) = self.answer(asked) {
                        return Ok(code);
                    }
                }
                Some(answered) = self.answers.recv() => self.tell(Command::ApiAnswered(answered)),
                exit = ended(&mut self.gateway) => self.gateway_ended(exit)?,
                exit = ended(&mut self.display) => {
                    self.display = None;
                    return Err(AppError::Ended { what: "Xvfb", how: exit.to_string(), cure: "start gatehand again" });
                }
                () = due => self.life.handle_timeout(course::now()),
            }
        }
    }

    fn entered(&mut self, state: State, evidence: String) -> Result<(), AppError> {
        self.status = Status {
            state,
            evidence: evidence.clone(),
            since: SystemTime::now(),
        };
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
            && let Some(on_ready) = self.on_ready.take()
        {
            on_ready(&self.config);
        }
        if state == State::LockedOut && self.config.on_refusal == OnRefusal::Exit {
            return Err(AppError::Refused(evidence));
        }
        Ok(())
    }

    fn tell(&self, command: Command) {
        if let Some(pilot) = &self.pilot {
            pilot.tell(command);
        }
    }

    /// Stops everything, last started first: the gateway through its window, then the ports, then the display.
    async fn stop(&mut self) {
        self.stop_gateway().await;
        drop(self.end_relay.take());
        for task in self.tasks.drain(..) {
            task.abort();
            // An aborted task has nothing to tell.
            let _ = task.await;
        }
        drop(self.pilot.take());
        self.close_control();
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

fn take_state_folder(path: &Path) -> Result<StateFolder, AppError> {
    if StateFolder::goes_with_its_container(path) {
        tracing::warn!(
            folder = %path.display(),
            "the state folder is on no volume: refused credentials are forgotten with the container, and may be submitted again"
        );
    }
    StateFolder::take(path).map_err(|source| match source.kind() {
        io::ErrorKind::WouldBlock => AppError::StateFolderTaken {
            path: path.to_path_buf(),
        },
        _ => AppError::StateFolder {
            path: path.to_path_buf(),
            source,
        },
    })
}

fn make_private_folder(path: &Path) -> Result<(), AppError> {
    let failed = |source| AppError::StateFolder {
        path: path.to_path_buf(),
        source,
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed)
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

/// The flight recorder, unless it is switched off. Without it, all else works.
fn recorder(
    config: &Config,
    policy: &Policy,
    catalogue: &Catalogue,
    rules: Vec<RuleFile>,
) -> Option<Recorder> {
    let options = RecorderOptions {
        folder: config.state_dir.join("recorder"),
        limit: config.recorder_size?,
        users: [&config.credentials, &config.data_credentials]
            .into_iter()
            .flatten()
            .map(|credentials| credentials.user.clone())
            .collect(),
        policy: policy.clone(),
        catalogue: catalogue.clone(),
        rules,
    };
    let folder = options.folder.clone();
    Recorder::start(options, Instant::now(), SystemTime::now())
        .inspect_err(
            |error| tracing::warn!(%error, folder = %folder.display(), "there is no flight recorder"),
        )
        .ok()
}

/// The clock that the gateway goes by.
fn wall_clock(config: &Config) -> Option<WallClock> {
    let settings = &config.gateway;
    let zone = settings
        .time_zone
        .clone()
        .or_else(|| gateway::time_zone(&settings.settings_path))?;
    let clock = WallClock::of(&zone);
    if clock.is_none() {
        tracing::warn!(
            zone,
            "no time zone has that name: nothing can be done at a time of the gateway's"
        );
    }
    clock
}

fn hands(config: &mut Config, clock: Option<WallClock>) -> Result<Hands, AppError> {
    let credentials = config.credentials.take();
    let data_credentials = config.data_credentials.take();
    let governor = match &credentials {
        Some(credentials) => {
            // A FIX login is refused for either password: a new one in either place is a new secret.
            let first = credentials.password.expose();
            let second = data_credentials
                .as_ref()
                .map_or("", |data| data.password.expose());
            let mut secret = Zeroizing::new(String::with_capacity(first.len() + second.len()));
            secret.push_str(first);
            secret.push_str(second);
            Some(Governor::open(
                &config.state_dir,
                &credentials.user,
                &secret,
                course::limits(config, clock.as_ref()),
            )?)
        }
        None => None,
    };
    Ok(Hands {
        clock,
        credentials,
        data_credentials,
        totp_key: config.second_factor.totp_key.take(),
        governor,
        ..Hands::new(&config.state_dir)
    })
}
