//! One gateway with all that belongs to it: its display, agent, ports and folders.

mod beside;
mod codes;
mod course;
mod preparation;
mod probe;
mod relay;
mod requests;
mod rules;
mod start;
mod status;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{timeout, timeout_at};
use tracing::Instrument;

use super::display::VirtualDisplay;
use super::scripts::Scripts;
use super::{AppError, Shared};
use crate::agent::{Errand, Event, State};
use crate::config::{Config, OnRefusal};
use crate::control::{self, ApiStatus, Asked, Attempts, Board, Reply, Requests, SecondFactorStatus};
use crate::exit::ExitCode;
use crate::gateway::Launch;
use crate::journal::StateFolder;
use crate::life::Life;
use crate::notify::Notices;
use crate::pilot::{Command, Pilot, Report};
use crate::relay::RelayStatus;
use crate::supervisor::{self, Leftovers, Service, StopPolicy};
use crate::tunnel::Tunnel;
use crate::vnc::{self, Door};
use crate::x11::DisplayAddress;
use codes::CodeFetcher;
pub(super) use course::{limits, quiet_hours};
pub use preparation::rules_folder;
pub(super) use preparation::{make_private_folder, take_state_folder};
use rules::RuleWatch;
use status::Belief;

/// How long what the agent did last may take to be known here.
const PRESS: Duration = Duration::from_millis(500);
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
    /// A display that was started here.
    display: Option<VirtualDisplay>,
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
                exit = display_ended(&mut self.display) => {
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
            let title = format!("{name}: {state}{why}");
            screen.rename(&title);
            if self.display.is_some() {
                screen.label(&title);
            }
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
        control::close(&self.config.state_dir);
        self.board.take_requests(None);
        self.board.take_viewers(None);
        if let Some(display) = self.display.take() {
            display.stop(&mut self.leftovers).await;
        }
    }

    /// Credentials whose answer nobody saw may have been refused: at the next start they would wait for a human.
    async fn see_the_answer(&mut self) {
        let press = tokio::time::Instant::now() + PRESS;
        let answer = async {
            loop {
                let report = match self.status.state {
                    State::SubmittedCredentials => self.reports.recv().await,
                    // That the button was pressed may be on its way.
                    State::LoginShown => timeout_at(press, self.reports.recv()).await.ok().flatten(),
                    _ => return,
                };
                let Some(report) = report else {
                    return;
                };
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

/// The end of the display, if it is ours; else never.
async fn display_ended(display: &mut Option<VirtualDisplay>) -> supervisor::Exit {
    match display {
        Some(display) => display.ended().await,
        None => std::future::pending().await,
    }
}
