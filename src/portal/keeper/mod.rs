//! The keeper: decides what is done about the gateway and its session, from what is known of them. Pure: events and `now`
//! go in, actions come out.
//!
//! Nothing counts as a session but an answer to `/tickle` that says so. A login follows only when IBKR says that nobody is
//! logged in, never because nothing answers; what brings back a brokerage session without a login comes first.

mod belief;
mod session;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use belief::{Belief, State};

use super::standing::Standing;
use crate::config::OnCompeting;
use crate::life::BackOff;

/// Between two knocks at a gateway that starts.
const KNOCK: Duration = Duration::from_millis(250);
/// Between two questions while something is to change soon.
const SOON: Duration = Duration::from_secs(2);
/// How long what looks like the end of a session is watched before a login follows, and a login before its session counts as
/// not come.
const SETTLE: Duration = Duration::from_secs(20);
/// How often in a row a gateway that runs may take no connection before it is started anew.
const DEAF: u32 = 3;

/// What the settings want.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Between two questions while all is well.
    pub interval: Duration,
    /// How long a gateway may take to listen.
    pub startup_limit: Duration,
    /// How long a brokerage session may take to come after it was asked for.
    pub session_limit: Duration,
    /// How long IBKR may give no answer before the gateway is started anew; doubled each time, as it may not be the gateway.
    pub silence_limit: Duration,
    /// How often it is asked for anew before the gateway is started anew.
    pub reauthentications: u32,
    /// What to do about a session elsewhere.
    pub competing: OnCompeting,
    /// Logins in a row of which nobody knows how they ended, before a human is waited for.
    pub failures: u32,
    /// Whether to log in; else a human does.
    pub logs_in: bool,
    /// Whether to start the gateway before somebody asks for it.
    pub starts_active: bool,
}

/// How a login in the browser ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ending {
    /// The page tells of success, which proves nothing yet.
    Told,
    /// IBKR refused the credentials: why.
    Refused(String),
    /// Nothing may be submitted before a human did something: what.
    Locked(String),
    /// Nothing may be submitted yet.
    Denied {
        /// Why.
        why: String,
        /// How long.
        wait: Duration,
    },
    /// It came to no end that tells anything: what happened.
    Failed(String),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// Start the gateway; [`Keeper::started`] follows, or [`Keeper::ended`].
    Start,
    /// Stop it; [`Keeper::ended`] follows. Nothing that was asked counts any more.
    Stop,
    /// See whether it listens; [`Keeper::knocked`] follows.
    Knock,
    /// Ask for the session; [`Keeper::told`] follows.
    Tickle,
    /// Ask for a brokerage session; [`Keeper::asked`] follows.
    Open {
        /// Whether to take it from somebody else.
        compete: bool,
    },
    /// Ask for it anew; [`Keeper::asked`] follows.
    Reauthenticate,
    /// Ask whether IBKR takes the login for valid, for the log; nothing follows.
    Validate,
    /// Give the session back; [`Keeper::asked`] follows.
    LogOut,
    /// Log in; [`Keeper::login_ended`] follows.
    LogIn,
    /// Give the login up; nothing follows.
    EndLogin,
}

/// Where the gateway's process is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Process {
    /// There is none, and none is to be.
    None,
    /// It is started at this time.
    Due(Instant),
    /// It was started, and is to listen before this time.
    Starting(Instant),
    /// It listens.
    Serving,
    /// It is to end, and to be started again.
    Ending { again: bool },
}

/// What is under way with the session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Course {
    /// Nothing.
    Watching,
    /// The end of a session is watched until this time.
    Doubting(Instant),
    /// A login.
    LoggingIn,
    /// The session of a login is to come before this time.
    Settling(Instant),
    /// The brokerage session is to come before this time; so often it was asked for.
    Opening(Instant, u32),
}

/// The keeper.
#[derive(Debug)]
pub struct Keeper {
    policy: Policy,
    belief: Belief,
    process: Process,
    course: Course,
    back_off: BackOff,
    since_start: Option<Instant>,
    due: VecDeque<Action>,
    next: Option<Instant>,
    /// Whether an answer is awaited.
    asking: bool,
    had_session: bool,
    was_ready: bool,
    deaf: u32,
    silent_since: Option<Instant>,
    silences: u32,
    failures: u32,
    locked: Option<String>,
    /// No login before this time: why.
    login_from: Option<(Instant, String)>,
    logins: VecDeque<Instant>,
    taken: VecDeque<Instant>,
}

impl Keeper {
    /// One that has nothing yet.
    #[must_use]
    pub fn new(now: Instant, policy: Policy) -> Self {
        let mut keeper = Self {
            belief: Belief::new(State::Inactive, "not started"),
            process: Process::None,
            course: Course::Watching,
            back_off: BackOff::default(),
            since_start: None,
            due: VecDeque::new(),
            next: None,
            asking: false,
            had_session: false,
            was_ready: false,
            deaf: 0,
            silent_since: None,
            silences: 0,
            failures: 0,
            locked: None,
            login_from: None,
            logins: VecDeque::new(),
            taken: VecDeque::new(),
            policy,
        };
        if keeper.policy.starts_active {
            keeper.activate(now);
        }
        keeper
    }

    /// What is believed.
    #[must_use]
    pub const fn belief(&self) -> &Belief {
        &self.belief
    }

    /// What is to be done next, once.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.due.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        match self.process {
            Process::Due(at) => Some(at),
            _ => self.next,
        }
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        match (self.process, self.next) {
            (Process::Due(at), _) if at <= now => {
                self.process = Process::Starting(now + self.policy.startup_limit);
                self.believe(State::Starting, "the gateway is started");
                self.due.push_back(Action::Start);
            }
            (Process::Starting(_), Some(at)) if at <= now => self.ask(Action::Knock),
            (Process::Serving, Some(at)) if at <= now => self.ask(Action::Tickle),
            _ => {}
        }
    }

    /// Have the gateway run.
    pub fn activate(&mut self, now: Instant) {
        match self.process {
            Process::None => self.process = Process::Due(now),
            Process::Ending { again: false } => self.process = Process::Ending { again: true },
            _ => return,
        }
        self.believe(State::Starting, "the gateway is to be started");
    }

    /// Have it not run, until it is activated.
    pub fn deactivate(&mut self) {
        self.rest("it was asked to rest");
    }

    /// A human allows what was locked.
    pub fn unlock(&mut self, now: Instant) {
        self.locked = None;
        self.failures = 0;
        self.login_from = None;
        if self.process == Process::Serving && !self.asking && self.course == Course::Watching {
            self.next = Some(now);
        }
    }

    /// The process was started.
    pub fn started(&mut self, now: Instant) {
        if matches!(self.process, Process::Starting(_)) {
            self.since_start = Some(now);
            self.next = Some(now + KNOCK);
        }
    }

    /// The process has ended, or could not be started: how.
    pub fn ended(&mut self, now: Instant, how: &str) {
        self.quit();
        match self.process {
            Process::None => {}
            Process::Ending { again: false } => self.process = Process::None,
            Process::Ending { again: true } | Process::Due(_) => self.start_again(now),
            Process::Starting(_) | Process::Serving => {
                self.believe(State::Down, how);
                self.start_again(now);
            }
        }
    }

    fn start_again(&mut self, now: Instant) {
        // The session lived in the process.
        self.was_ready = false;
        if let Some(since) = self.since_start.take() {
            self.back_off.was_up(now.saturating_duration_since(since));
        }
        self.process = Process::Due(now + self.back_off.fail());
    }

    /// Whether the gateway listens, or why not.
    pub fn knocked(&mut self, now: Instant, listens: Result<(), String>) {
        self.asking = false;
        let Process::Starting(limit) = self.process else {
            return;
        };
        match listens {
            Ok(()) => {
                self.process = Process::Serving;
                self.course = Course::Watching;
                self.deaf = 0;
                self.ask(Action::Tickle);
            }
            Err(_) if now < limit => self.next = Some(now + KNOCK),
            Err(why) => {
                let seconds = self.policy.startup_limit.as_secs();
                self.start_anew(&format!(
                    "it runs and does not listen after {seconds} s ({why}): is its port taken, is the password of its key store right?"
                ));
            }
        }
    }

    /// What was asked of the gateway was answered, or not: what came of it is told by the next `/tickle`.
    pub fn asked(&mut self, now: Instant) {
        self.asking = false;
        if self.process == Process::Serving {
            self.next = Some(now + SOON);
        }
    }

    /// What the answer to `/tickle` proves.
    pub fn told(&mut self, now: Instant, standing: &Standing) {
        self.asking = false;
        if self.process != Process::Serving || self.course == Course::LoggingIn {
            return;
        }
        match standing {
            Standing::Down(_) => self.deaf += 1,
            _ => self.deaf = 0,
        }
        if !matches!(standing, Standing::Down(_) | Standing::UpstreamDown(_)) {
            (self.silent_since, self.silences) = (None, 0);
        }
        match standing {
            Standing::Down(why) if self.deaf >= DEAF => self.start_anew(why),
            Standing::Down(why) => {
                self.believe(State::Down, why);
                self.next = Some(now + SOON);
            }
            Standing::UpstreamDown(_) => self.silent(now, &standing.to_string()),
            Standing::NotAllowed => self.watch(now, State::Down, &standing.to_string()),
            Standing::Unclear(_) => self.watch(now, State::UpstreamDown, &standing.to_string()),
            Standing::NoSession => self.no_session(now),
            Standing::NotAuthenticated(_) => self.not_authenticated(now, &standing.to_string()),
            Standing::Competing(_) => self.competing(now, &standing.to_string()),
            Standing::Ready(session) => self.ready(now, session),
        }
    }

    /// The login has ended.
    pub fn login_ended(&mut self, now: Instant, ending: Ending) {
        if self.course != Course::LoggingIn {
            return;
        }
        self.course = Course::Watching;
        match ending {
            Ending::Told => {
                self.course = Course::Settling(now + SETTLE);
                self.ask(Action::Tickle);
            }
            Ending::Refused(why) | Ending::Locked(why) => self.lock(now, why),
            Ending::Denied { why, wait } => {
                self.login_from = Some((now + wait, why.clone()));
                self.pause(now, now + wait, &why);
            }
            Ending::Failed(why) => self.failed(now, &why),
        }
    }

    /// Nothing is under way; the session is asked for at the usual time.
    fn watch(&mut self, now: Instant, state: State, evidence: &str) {
        self.course = Course::Watching;
        self.believe(state, evidence);
        self.next = Some(now + self.policy.interval);
    }

    /// Stops the process, and starts one again.
    fn start_anew(&mut self, why: &str) {
        self.quit();
        self.believe(State::Down, why);
        self.process = Process::Ending { again: true };
        self.due.push_back(Action::Stop);
    }

    /// Stops everything until it is activated.
    fn rest(&mut self, why: &str) {
        let runs = matches!(self.process, Process::Starting(_) | Process::Serving);
        let has_session = std::mem::take(&mut self.had_session);
        self.quit();
        self.believe(State::Inactive, why);
        if !runs {
            if let Process::Ending { again } = &mut self.process {
                *again = false;
            } else {
                self.process = Process::None;
            }
            return;
        }
        if has_session {
            self.due.push_back(Action::LogOut);
        }
        self.process = Process::Ending { again: false };
        self.due.push_back(Action::Stop);
    }

    /// Nothing that was asked counts any more.
    fn quit(&mut self) {
        self.due.clear();
        if self.course == Course::LoggingIn {
            self.due.push_back(Action::EndLogin);
        }
        self.course = Course::Watching;
        self.asking = false;
        self.next = None;
        self.had_session = false;
    }

    fn ask(&mut self, action: Action) {
        self.next = None;
        if !std::mem::replace(&mut self.asking, true) {
            self.due.push_back(action);
        }
    }

    fn believe(&mut self, state: State, evidence: &str) {
        self.belief = Belief::new(state, evidence);
    }
}
