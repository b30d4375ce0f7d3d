//! The start of a gateway's parts: each is made before anything runs, so that what is wrong is told before the gateway is
//! disturbed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot, watch};

use super::codes::{self, CodeFetcher};
use super::preparation::{hands, make_private_folder, recorder, rules_folder, take_state_folder, wall_clock};
use super::probe::Probe;
use super::rules::RuleWatch;
use super::status::Belief;
use super::{Instance, course, relay};
use crate::agent::{Agent, Policy, State};
use crate::app::display::VirtualDisplay;
use crate::app::viewers::{self, Entries, Ports};
use crate::app::{AppError, Shared, listen};
use crate::config::Config;
use crate::control::{ApiStatus, Board};
use crate::dialogs::{Catalogue, RuleFile};
use crate::gateway::{Launch, LaunchError};
use crate::journal::EventLog;
use crate::life::{BrokerWeek, Life};
use crate::notify::{Kind, Notices};
use crate::pilot::{Command, Eyes, Hands, Pilot, PilotError, RecordedAgent, Report};
use crate::relay::Relay;
use crate::supervisor::Leftovers;
use crate::vnc::{Door, Gate};
use crate::x11::DisplayAddress;

impl Instance {
    pub(super) async fn start(
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
        let mut launch = match &shared.attach {
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
        if let Some(launch) = &mut launch {
            launch.adapt(&config.state_dir, shared.gateways)?;
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
            (None, None) => {
                let size = self.config.display.size;
                let display =
                    VirtualDisplay::start(&self.shared, &state_dir, size, &mut self.leftovers).await?;
                self.display.insert(display).address().clone()
            }
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
        let name = match self.shared.is_alone() {
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
        let serving = viewers::serve(
            ports,
            door,
            entries,
            viewers::Stay::Forever,
            std::future::pending(),
        );
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
}
