//! The thread that runs the agent: eyes that observe the display, hands that carry out its acts.
//!
//! It sleeps until the display changes, a command comes or a time that the agent or the eyes asked for: a still
//! display costs nothing.

mod clock;
mod eyes;
mod hands;
mod recorded;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime};

use thiserror::Error;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tracing::Span;

use crate::agent::{Action, Departure, Errand, Event, Outcome, State};
use crate::control::{Attempts, OneTimeCode, Pulse};
use crate::dialogs::{Catalogue, RuleError, RuleFile};
use crate::journal::{EventLog, GovernorError};
use crate::screen::{Frame, Window};
use crate::vision::OcrError;
use crate::x11::{Desktop, DesktopOptions, DisplayAddress, X11Error};

pub use clock::clocks;
pub(crate) use clock::one_time_code;
pub use eyes::{Eyes, SETTLE};
pub use hands::{Hands, attempts};
pub use recorded::RecordedAgent;

/// What the pilot is told from outside.
#[derive(Debug)]
pub enum Command {
    /// The API handshake was answered, or not.
    ApiAnswered(bool),
    /// Have something done through the main window.
    CarryOut(Errand),
    /// A human gave a one-time code.
    Code(OneTimeCode),
    /// The gateway's process has ended.
    GatewayExited(Departure),
    /// A gateway's process was started; true: with the token of an automatic restart.
    GatewayStarted(bool),
    /// A viewer typed or clicked.
    HumanActed,
    /// A human at a viewer is done.
    HumanLeft,
    /// Give a picture of the display, without what stands in fields.
    Picture(oneshot::Sender<Frame>),
    /// The user's rule files as they are now, or what is wrong with them.
    Rules(Result<Vec<RuleFile>, RuleError>),
    /// The session is to be held, whoever else wants it.
    Reclaim,
    /// End the thread.
    Stop,
    /// The credentials of this user name, or of all, may be submitted again.
    Unlock(Option<String>),
    /// The display has something for us.
    Wake,
}

/// What the pilot tells.
#[derive(Debug)]
pub enum Report {
    /// The display is gone; the thread has ended.
    DisplayLost(String),
    /// An attempt to log in went on, or ended.
    Login(Outcome),
    /// What the governor allows now.
    Attempts(Option<Attempts>),
    /// From the agent.
    Event(Event),
    /// The errand was begun; false: there is no window for it.
    Begun(Errand, bool),
    /// Whether something was locked that is not any more, or why it still is.
    Unlocked(Result<bool, GovernorError>),
}

/// Why the pilot cannot start.
#[derive(Debug, Error)]
pub enum PilotError {
    /// The text recognition cannot be loaded.
    #[error(transparent)]
    Ocr(#[from] OcrError),
    /// The thread cannot be started.
    #[error("starting a thread: {0}")]
    Thread(std::io::Error),
    /// The display cannot be used.
    #[error(transparent)]
    X11(#[from] X11Error),
}

/// The running pilot.
#[derive(Debug)]
pub struct Pilot {
    commands: Sender<Command>,
    pulse: Pulse,
    thread: Option<JoinHandle<()>>,
}

impl Pilot {
    /// Attaches to the display and starts the thread.
    ///
    /// # Errors
    /// When the display cannot be used.
    pub fn start(
        address: &DisplayAddress,
        eyes: Eyes,
        agent: RecordedAgent,
        hands: Hands,
        events: EventLog,
        reports: UnboundedSender<Report>,
    ) -> Result<Self, PilotError> {
        let (commands, inbox) = mpsc::channel();
        let waker = commands.clone();
        let desktop = Desktop::connect(address, DesktopOptions::default(), move || {
            // A closed channel means that the pilot has ended, and with it the need to wake it.
            let _ = waker.send(Command::Wake);
        })?;
        let mut cockpit = Cockpit {
            desktop,
            eyes,
            agent,
            hands,
            events,
            reports,
            is_stopping: false,
            attempts: None,
            pulse: Pulse::new(Instant::now()),
        };
        let pulse = cockpit.pulse.clone();
        let span = Span::current();
        let thread = std::thread::Builder::new()
            .name("pilot".into())
            .spawn(move || span.in_scope(|| cockpit.run(&inbox)))
            .map_err(PilotError::Thread)?;
        Ok(Self {
            commands,
            pulse,
            thread: Some(thread),
        })
    }

    /// A sender of commands. What is sent after the end is dropped.
    pub fn commands(&self) -> Sender<Command> {
        self.commands.clone()
    }

    /// Whether its thread moves.
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Tells the pilot something; after its end there is nobody to tell.
    pub fn tell(&self, command: Command) {
        let _ = self.commands.send(command);
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        self.tell(Command::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the pilot's thread panicked");
        }
    }
}

struct Cockpit {
    desktop: Desktop,
    eyes: Eyes,
    agent: RecordedAgent,
    hands: Hands,
    events: EventLog,
    reports: UnboundedSender<Report>,
    is_stopping: bool,
    /// What was told last of what the governor allows.
    attempts: Option<Attempts>,
    pulse: Pulse,
}

impl Cockpit {
    fn run(&mut self, inbox: &Receiver<Command>) {
        self.work(inbox);
        self.hands.gate.open();
        // Whoever waits for this thread's end sees that.
        self.pulse.waits();
    }

    fn work(&mut self, inbox: &Receiver<Command>) {
        self.tell_attempts();
        loop {
            if let Err(error) = self.turn(inbox) {
                let _ = self.reports.send(Report::DisplayLost(error.to_string()));
                return;
            }
            if self.is_stopping {
                break;
            }
            let due = [self.agent.poll_timeout(), self.eyes.due()]
                .into_iter()
                .flatten()
                .min();
            self.pulse.waits();
            let command = match due.map(|due| due.saturating_duration_since(Instant::now())) {
                Some(pause) => inbox.recv_timeout(pause),
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            self.pulse.steps(Instant::now());
            match command {
                Err(RecvTimeoutError::Disconnected) => break,
                Ok(command) => self.obey(command),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        self.eyes.save();
    }

    fn obey(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::ApiAnswered(answered) => self.agent.api_answered(now, answered),
            Command::CarryOut(errand) => {
                let begun = self.agent.carry_out(now, errand);
                let _ = self.reports.send(Report::Begun(errand, begun));
            }
            Command::Code(code) => {
                self.hands.given_code = Some(code);
                self.agent.code_given(now);
            }
            Command::GatewayExited(departure) => self.agent.gateway_exited(now, &departure),
            Command::GatewayStarted(by_token) => self.agent.gateway_started(now, by_token),
            Command::HumanActed => self.agent.human_acted(now),
            Command::HumanLeft => self.agent.human_left(now),
            Command::Reclaim => self.agent.reclaim(now),
            Command::Picture(answer) => {
                if let Ok(size) = self.desktop.size() {
                    let windows = self.desktop.windows();
                    // Who asked may have gone.
                    let _ = answer.send(self.eyes.picture(size, windows, &self.hands.typed));
                }
            }
            Command::Rules(files) => self.take_rules(now, files),
            Command::Stop => self.is_stopping = true,
            Command::Wake => {}
            Command::Unlock(user_name) => {
                let unlocked = self.hands.unlock(user_name.as_deref());
                if matches!(unlocked, Ok(true)) {
                    self.agent.unlock(now);
                }
                self.tell_attempts();
                // Nobody listens to a gatehand that ends.
                let _ = self.reports.send(Report::Unlocked(unlocked));
            }
        }
    }

    /// Goes by the user's rules as they are now; by those from before when something is wrong with them.
    fn take_rules(&mut self, now: Instant, files: Result<Vec<RuleFile>, RuleError>) {
        match files.and_then(|files| Ok((Catalogue::with_files(&files)?, files))) {
            Ok((catalogue, files)) => {
                let rules = catalogue.rules().len();
                self.agent.set_rules(now, files, catalogue);
                self.publish(Event::RulesRead { rules });
            }
            Err(error) => self.publish(Event::RulesKept {
                why: error.to_string(),
            }),
        }
    }

    /// Takes in what happened, thinks, acts; until there is nothing more to do at once.
    fn turn(&mut self, inbox: &Receiver<Command>) -> Result<(), X11Error> {
        loop {
            self.pulse.steps(Instant::now());
            if let Some(screen) = self.eyes.observe(&mut self.desktop)? {
                self.agent.observe(Instant::now(), screen);
            }
            if self.agent.poll_timeout().is_some_and(|due| due <= Instant::now()) {
                self.agent.handle_timeout(Instant::now());
            }
            // What viewers did before it closed is heard of before the next action is chosen.
            self.hands.gate.close();
            let mut is_news = false;
            while let Ok(command) = inbox.try_recv() {
                self.obey(command);
                is_news = true;
            }
            self.tell();
            let action = if self.is_stopping {
                None
            } else {
                self.agent.poll_action(Instant::now())
            };
            let Some(action) = action else {
                if !self.agent.keeps_viewers_waiting(Instant::now()) {
                    self.hands.gate.open();
                }
                let is_due = self.agent.poll_timeout().is_some_and(|due| due <= Instant::now());
                if (is_news || is_due) && !self.is_stopping {
                    continue;
                }
                return Ok(());
            };
            let _dialog = self.span_of_window(&action).entered();
            tracing::debug!(act = %action, "acting");
            self.pulse.steps(Instant::now());
            if action.touches_display() {
                self.hands.gate.act();
            }
            let result = self.hands.perform(&action, &mut self.desktop, &self.eyes)?;
            tracing::debug!(?result, "acted");
            if let Some(folder) = self.hands.take_evidence() {
                self.publish(Event::Evidence { folder });
            }
            if let Action::Record(outcome) = action {
                let _ = self.reports.send(Report::Login(outcome));
            }
            if action.asks_governor() {
                self.tell_attempts();
            }
            self.agent.handle_result(Instant::now(), &result);
        }
    }

    fn tell_attempts(&mut self) {
        let attempts = self.hands.attempts();
        if attempts != self.attempts {
            self.attempts.clone_from(&attempts);
            let _ = self.reports.send(Report::Attempts(attempts));
        }
    }

    /// What the lines of the log are in that have to do with the window of an action.
    fn span_of_window(&self, action: &Action) -> Span {
        let of = |window: &&Window| Some(window.id) == action.window();
        match self.desktop.windows().iter().find(of) {
            // At the level of errors, so that no filter hides which it was.
            Some(window) => tracing::error_span!("dialog", window = %window.id, title = window.title),
            None => Span::none(),
        }
    }

    fn tell(&mut self) {
        while let Some(event) = self.agent.poll_event() {
            self.publish(event);
        }
    }

    fn publish(&mut self, event: Event) {
        log(&event);
        if let Err(error) = self.events.append(SystemTime::now(), &event) {
            tracing::warn!(%error, "an event could not be written to the events file");
        }
        let _ = self.reports.send(Report::Event(event));
    }
}

/// What the lines of the log are in that have to do with a dialog that is known, or not.
fn span_of(event: &Event) -> Span {
    match event {
        Event::Answered { rule, .. }
        | Event::Expires { rule, .. }
        | Event::Pressed { rule, .. }
        | Event::SecondFactorAsked { rule, .. } => tracing::error_span!("dialog", rule),
        Event::LeftToHuman { rule, title } => tracing::error_span!("dialog", rule, title),
        Event::UnknownDialog { title, .. } => tracing::error_span!("dialog", title),
        _ => Span::none(),
    }
}

fn log(event: &Event) {
    let _dialog = span_of(event).entered();
    match event {
        Event::Answered { after, .. } => {
            tracing::info!(ms = after.as_millis() as u64, "dialog answered");
        }
        Event::CarriedOut { command } => tracing::info!(command, "carried out"),
        Event::Configured { changed } => tracing::info!(?changed, "the gateway's settings are verified"),
        Event::Denied { why, .. } => tracing::warn!(why, "login not permitted"),
        Event::Evidence { folder } => tracing::info!(folder = %folder.display(), "evidence kept"),
        Event::Expires { day, days, text, .. } => {
            tracing::warn!(day, days, text, "the gateway names a day");
        }
        Event::GivenUp { what } => tracing::warn!(what, "given up"),
        Event::LeftToHuman { .. } => {
            tracing::info!("dialog left to a human by its setting");
        }
        Event::NotConfigured { setting, why } => {
            tracing::warn!(setting, why, "a setting of the gateway is not as it should be");
        }
        Event::Pressed { label, .. } => tracing::info!(label, "pressed"),
        Event::SecondFactorAsked { by_hand: true, .. } => {
            tracing::warn!("a second factor that cannot be automated: give it in the viewer");
        }
        Event::SecondFactorAsked { .. } => tracing::info!("a second factor is asked for"),
        Event::CodeWanted => tracing::info!("a one-time code is wanted"),
        Event::GaveWay => tracing::warn!("the session is left to another program"),
        Event::SessionFight => tracing::error!(
            "another program takes the session again and again: the next dialog is left to a human; `gatehand reclaim` holds the session"
        ),
        Event::RestartScheduled { time, why, before } => {
            tracing::info!(
                time,
                why,
                before,
                "the gateway's automatic restart is set to restart it now"
            );
        }
        Event::RulesRead { rules } => tracing::info!(rules, "the rule files were read again"),
        Event::RulesKept { why } => tracing::warn!(why, "the rules from before stay"),
        Event::SecondFactorMissed => tracing::warn!("the second factor was not confirmed"),
        Event::State {
            state: State::LockedOut,
            evidence,
        } => tracing::error!(evidence, "state LockedOut"),
        Event::State { state, evidence } => tracing::info!(%state, evidence, "state"),
        Event::UnknownDialog { why, .. } => tracing::warn!(why, "unknown dialog: left alone"),
        Event::TokenRefused { text } => {
            tracing::warn!(
                text,
                "the restart token was refused; the credentials were not judged"
            );
        }
        Event::Verified { what } => tracing::info!(what, "verified"),
    }
}
