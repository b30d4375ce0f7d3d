//! A world in virtual time around the real agent, the real governor with its file, and the real life: a gateway with
//! windows, a broker that knows one password, a machine with two clocks. What the broker saw is the oracle.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::super::{BrokerWeek, Daily, Ending, Life, Moment, Order, Plan, Weekly};
use crate::agent::tests::stage::{
    Act, CONFIGURATION, DIALOG, FORM, MAIN, Sheet, Stage, filled, form, form_with, main_window, policy,
    refusal,
};
use crate::agent::{ActResult, Agent, Departure, Errand, Event, Outcome, Policy, State, Typed};
use crate::dialogs::Catalogue;
use crate::gateway::{Left, RestartToken};
use crate::journal::{Clocks, Governor, Limits, Verdict};

/// How the broker answers one submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Yes, after a push that is confirmed; or no, in a dialog that is known.
    Plain,
    /// The same, but nobody confirms the push.
    PushMissed,
    /// The same, but the no stands in the form.
    InPlace,
    /// The same, but the no is in words that no rule knows.
    Strange,
    /// The same, but the no is called an error.
    Worded,
    /// The gateway dies before it shows what the answer was.
    Crash,
    /// Not judged: too many attempts, wait 4 minutes & 47 seconds.
    TooMany,
    /// Not judged: an error without a reason.
    Error,
    /// Not judged: no logins now.
    Unavailable,
    /// Nothing at all comes.
    Silence,
}

/// What the gateway shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Face {
    Nothing,
    Form {
        filled: bool,
    },
    Connecting,
    Push,
    Refused,
    RefusedInPlace,
    RefusedStrangely,
    RefusedAsError,
    TooMany,
    Error,
    Unavailable,
    /// Another session took over.
    Taken,
    Main,
}

impl Face {
    fn sheets(self) -> Vec<Sheet> {
        let over_form = |title: &str, text: &str| {
            let dialog = Sheet::dialog(DIALOG, title).text(text).button("OK");
            vec![filled(), dialog]
        };
        match self {
            Self::Nothing => Vec::new(),
            Self::Form { filled: true } => vec![filled()],
            Self::Form { filled: false } => vec![form()],
            Self::Connecting => over_form("Gateway", "Connecting to server..."),
            Self::Push => {
                let push = Sheet::dialog(DIALOG, "Second Factor Authentication").text("Check your phone");
                vec![filled(), push]
            }
            Self::Refused => vec![filled(), refusal()],
            Self::RefusedInPlace => vec![form_with(1, 1, 0).text("Invalid username or password")],
            Self::RefusedStrangely => over_form("Notice", "That was not what we expected of you."),
            Self::RefusedAsError => over_form("Login Error", "Check your user name and your password."),
            Self::TooMany => over_form(
                "Login",
                "Too many failed login attempts. Please wait 4 minutes & 47 seconds",
            ),
            Self::Error => over_form("Login Error", "There was an error."),
            Self::Unavailable => over_form("Login", "The server is not currently available."),
            Self::Taken => {
                let taken = Sheet::dialog(DIALOG, "Existing session detected")
                    .text("Another session took over.")
                    .button("Reconnect This Session")
                    .button("Cancel");
                vec![main_window(), taken]
            }
            Self::Main => vec![main_window()],
        }
    }
}

/// What comes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Show(Face),
    ApiAnswers,
    Exit { leaves_token: bool },
}

/// What the broker saw of one submission.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    /// By the clock of the gateway's zone, as `Sun 03-08 10:15:13`.
    pub(super) clock: String,
    pub(super) secret: usize,
    pub(super) is_right: bool,
    /// Whether the broker said yes or no, be it unseen; an error is neither.
    pub(super) is_judged: bool,
    /// What the program had written down about the secret by then.
    pub(super) was_refused: bool,
    pub(super) was_accepted: bool,
    /// It was made although the program had written down that it must wait, or in a state of being locked out.
    pub(super) is_forbidden: bool,
}

/// A time that both clocks tell, as far as they agree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) at: Duration,
    boot: u32,
    set: SignedDuration,
}

impl Mark {
    /// Whether the machine could tell how much time lies between: it was not started anew with its clock set.
    pub(super) fn is_comparable(&self, other: &Self) -> bool {
        self.boot == other.boot || self.set == other.set
    }
}

/// What a container's start brings to life.
struct Program {
    stage: Stage,
    governor: Governor,
    life: Life,
}

pub(super) struct World {
    zero: Instant,
    begin: Timestamp,
    pub(super) passed: Duration,
    /// By how much the wall clock was set.
    pub(super) set: SignedDuration,
    /// The machine's start: which, and when.
    boot: (u32, Duration),
    folder: TempDir,
    catalogue: Catalogue,
    pub(super) policy: Policy,
    pub(super) plan: Plan,
    pub(super) limits: Limits,
    program: Option<Program>,
    /// Whether there is a gateway, and what it shows.
    face: Option<Face>,
    to_come: Vec<(Duration, Deed)>,
    token: Option<RestartToken>,
    tokens: u32,
    /// The password that is set, and the one that is right.
    pub(super) ours: usize,
    pub(super) right: usize,
    /// How the next submissions are answered; then plainly.
    pub(super) answers: VecDeque<Answer>,
    /// When the gateway restarts itself.
    pub(super) auto_restart: Option<Weekly>,
    /// The broker takes no tokens of automatic restarts.
    pub(super) refuses_tokens: bool,
    /// Starts of the gateway that fail before a window comes.
    pub(super) stillborn: u32,
    /// The action of the program that it does not survive, counted from now, and whether that is still done.
    pub(super) fatal: Option<(u32, bool)>,
    pub(super) submissions: Vec<Submission>,
    /// When somebody was asked to confirm on a phone.
    pub(super) pushes: Vec<Mark>,
    /// When the gateway was started, and whether by a token.
    pub(super) starts: Vec<(String, bool)>,
    /// Since when nothing may be submitted, and for how long, as the program has written down.
    wait: Option<(Mark, Duration)>,
    /// Secrets whose refusal the program has written down, or whose acceptance.
    pub(super) refused: Vec<usize>,
    pub(super) accepted: Vec<usize>,
    pub(super) states: BTreeMap<&'static str, usize>,
    pub(super) ended: Option<Ending>,
}

pub(super) fn plan() -> Plan {
    Plan {
        zone: TimeZone::get("Europe/Berlin").expect("a zone"),
        log_off: None,
        cold_restart: None,
        closed_down: None,
        login_window_limit: Duration::from_secs(60),
        second_factor_limit: Duration::from_secs(180),
        second_factor_grace: Duration::from_secs(60),
        second_factor_again: true,
        reclaim_after: None,
        saves: Daily::default(),
    }
}

const SECRETS: [&str; 4] = ["first", "second", "third", "fourth"];

impl World {
    /// A world before the program's first start.
    pub(super) fn new(begin: &str, catalogue: &Catalogue) -> Self {
        Self {
            zero: Instant::now(),
            begin: begin.parse().expect("a time"),
            passed: Duration::ZERO,
            set: SignedDuration::ZERO,
            boot: (0, Duration::ZERO),
            folder: memory(),
            catalogue: catalogue.clone(),
            policy: Policy {
                relogin: true,
                answers: [("existing-session".to_owned(), "primary".to_owned())].into(),
                ..policy()
            },
            plan: plan(),
            limits: Limits::default(),
            program: None,
            face: None,
            to_come: Vec::new(),
            token: None,
            tokens: 0,
            ours: 0,
            right: 0,
            answers: VecDeque::new(),
            auto_restart: None,
            refuses_tokens: false,
            stillborn: 0,
            fatal: None,
            submissions: Vec::new(),
            pushes: Vec::new(),
            starts: Vec::new(),
            wait: None,
            refused: Vec::new(),
            accepted: Vec::new(),
            states: BTreeMap::new(),
            ended: None,
        }
    }

    pub(super) fn now(&self) -> Moment {
        let passed = SignedDuration::try_from(self.passed).expect("not for ever");
        Moment {
            instant: self.zero + self.passed,
            wall: self.begin + passed + self.set,
        }
    }

    /// The wall clock in the gateway's zone.
    pub(super) fn clock(&self) -> String {
        let local = self.plan.zone.to_datetime(self.now().wall);
        local.strftime("%a %m-%d %H:%M:%S").to_string()
    }

    fn mark(&self) -> Mark {
        Mark {
            at: self.passed,
            boot: self.boot.0,
            set: self.set,
        }
    }

    fn clocks(&self) -> Clocks {
        Clocks {
            wall: self.now().wall.as_second().unsigned_abs(),
            up: (self.passed - self.boot.1).as_secs(),
            boot: format!("boot {}", self.boot.0),
        }
    }

    /// Starts the program, which ends a gateway that an earlier one left.
    pub(super) fn start(&mut self) {
        self.kill();
        let secret = SECRETS[self.ours];
        let governor = Governor::open(self.folder.path(), "trader", secret, self.limits.clone());
        let week = BrokerWeek::new().expect("known");
        let agent = Agent::new(self.catalogue.clone(), self.policy.clone());
        let mut life = Life::new(self.now(), self.plan.clone(), week);
        life.begin(self.now(), self.left());
        self.program = Some(Program {
            stage: Stage::before(agent, self.now().instant),
            governor: governor.expect("the book opens"),
            life,
        });
        self.ended = None;
        self.run();
    }

    /// The program and its gateway are gone, without a word.
    pub(super) fn kill(&mut self) {
        self.program = None;
        self.face = None;
        self.to_come.clear();
        self.fatal = None;
    }

    /// The machine starts again; nothing runs on it.
    pub(super) fn reboot(&mut self) {
        self.kill();
        self.boot = (self.boot.0 + 1, self.passed);
    }

    pub(super) const fn is_running(&self) -> bool {
        self.program.is_some()
    }

    pub(super) fn state(&self) -> Option<State> {
        self.program.as_ref().map(|program| program.stage.state())
    }

    /// Whether the dialog about another session shows.
    pub(super) fn is_taken(&self) -> bool {
        self.face == Some(Face::Taken)
    }

    /// A human takes the session back.
    pub(super) fn reclaim(&mut self) {
        let now = self.now();
        if let Some(program) = &mut self.program {
            program.stage.agent.reclaim(now.instant);
            program.life.reclaim(now);
        }
        self.run();
    }

    /// The gateway that is logged in meets another session.
    pub(super) fn take_session(&mut self) {
        assert_eq!(self.face, Some(Face::Main), "at {}", self.clock());
        self.show(Face::Taken);
        self.run();
    }

    pub(super) fn gateway_dies(&mut self) {
        self.exit(false);
        self.run();
    }

    /// Lets time pass, until `until` by the wall clock.
    pub(super) fn live_until(&mut self, until: &str) {
        let until: Timestamp = until.parse().expect("a time");
        let left = until.duration_since(self.now().wall);
        self.live(Duration::try_from(left).expect("a time to come"));
    }

    pub(super) fn live(&mut self, span: Duration) {
        let end = self.passed + span;
        loop {
            self.run();
            let now = self.now();
            let Some(program) = &self.program else {
                self.passed = end;
                return;
            };
            let dues = [program.stage.agent.poll_timeout(), program.life.poll_timeout(now)];
            let dues = dues.into_iter().flatten().map(|due| due - self.zero);
            let next = dues.chain(self.to_come.first().map(|(time, _)| *time)).min();
            match next.map(|next| next.max(self.passed)) {
                Some(next) if next <= end => self.passed = next,
                _ => {
                    self.passed = end;
                    return;
                }
            }
            while self.to_come.first().is_some_and(|(time, _)| *time <= self.passed) {
                let (_, deed) = self.to_come.remove(0);
                self.happen(deed);
            }
            let now = self.now();
            if let Some(program) = &mut self.program {
                program.stage.now = now.instant;
                program.life.handle_timeout(now);
                program.stage.agent.handle_timeout(now.instant);
            }
        }
    }

    /// Everything that is to be done at this moment.
    fn run(&mut self) {
        loop {
            self.hear();
            if self.obey() {
                continue;
            }
            let now = self.now().instant;
            let Some(program) = &mut self.program else { return };
            program.stage.now = now;
            let Some(act) = program.stage.act() else {
                self.hear();
                if !self.obey() {
                    return;
                }
                continue;
            };
            let dies = self.dies();
            if dies == Some(false) {
                return self.kill();
            }
            let before = self.face;
            let result = self.perform(&act);
            if dies == Some(true) {
                return self.kill();
            }
            if let Some(program) = &mut self.program {
                program.stage.give(&result);
            }
            if self.face != before
                && let Some(face) = self.face
            {
                self.show(face);
            }
        }
    }

    /// Whether the program does not survive this action, and whether it is still done.
    fn dies(&mut self) -> Option<bool> {
        let (left, done) = self.fatal.as_mut()?;
        let Some(fewer) = left.checked_sub(1) else {
            return Some(*done);
        };
        *left = fewer;
        None
    }

    /// What the agent tells, as the wiring passes it on.
    fn hear(&mut self) {
        let now = self.now();
        let relogin = self.policy.relogin;
        let Some(program) = &mut self.program else { return };
        for event in program.stage.events() {
            match event {
                Event::State { state, .. } => {
                    *self.states.entry(name(state)).or_default() += 1;
                    program.life.entered(now, state);
                }
                Event::SecondFactorMissed if !relogin => program.life.second_factor_missed(),
                Event::GaveWay => program.life.give_way(now),
                Event::SessionFight => *self.states.entry("fight").or_default() += 1,
                Event::TokenRefused { .. } => *self.states.entry("token refused").or_default() += 1,
                _ => {}
            }
        }
    }

    /// Carries out what the life orders; whether that was anything.
    fn obey(&mut self) -> bool {
        let Some(order) = self
            .program
            .as_mut()
            .and_then(|program| program.life.poll_order())
        else {
            return false;
        };
        match order {
            Order::Start { by_token } => self.start_gateway(by_token),
            Order::Stop { .. } => {
                assert!(self.face.is_some(), "nothing to stop at {}", self.clock());
                self.to_come.clear();
                self.later(3, Deed::Exit { leaves_token: false });
                let now = self.now().instant;
                if let Some(program) = &mut self.program {
                    program.stage.agent.carry_out(now, Errand::Close);
                }
            }
            Order::SaveSettings => panic!("not planned: at {}", self.clock()),
            Order::End(ending) => {
                self.kill();
                self.ended = Some(ending);
            }
        }
        true
    }

    fn start_gateway(&mut self, by_token: bool) {
        assert!(self.face.is_none(), "two gateways at {}", self.clock());
        self.starts.push((self.clock(), by_token));
        self.to_come.clear();
        self.face = Some(Face::Nothing);
        if let Some(program) = &mut self.program {
            program.stage.agent.gateway_started(by_token);
        }
        if let Some(fewer) = self.stillborn.checked_sub(1) {
            self.stillborn = fewer;
            return self.later(2, Deed::Exit { leaves_token: false });
        }
        let token = self.token.take().filter(|_| by_token);
        let week = BrokerWeek::new().expect("known");
        match token {
            Some(token) if !self.refuses_tokens && week.token_lives(token.written, self.now().wall) => {
                self.log_in(20);
            }
            // As the broker says it.
            Some(_) => self.later(20, Deed::Show(Face::Refused)),
            None => self.later(5, Deed::Show(Face::Form { filled: false })),
        }
    }

    fn perform(&mut self, act: &Act) -> ActResult {
        let clocks = self.clocks();
        let Some(program) = &mut self.program else {
            return ActResult::Done;
        };
        let governor = &mut program.governor;
        match act {
            Act::Ask => permission(governor.may_submit(&clocks)),
            Act::Begin => permission(governor.begin(&clocks).expect("written")),
            Act::Record(outcome) => {
                match outcome {
                    Outcome::Accepted => governor.accepted(),
                    Outcome::LoggedIn => governor.logged_in(),
                    Outcome::Pushed => governor.pushed(&clocks),
                    Outcome::Rebuffed => governor.rebuffed(),
                    Outcome::Refused => governor.refused(),
                    Outcome::Throttled(wait) => governor.throttled(&clocks, *wait),
                    Outcome::Withdrawn => governor.withdraw(),
                }
                .expect("written");
                self.take_note(*outcome);
                ActResult::Permitted
            }
            Act::Fill(_, what) => {
                if *what == Typed::Password {
                    self.face = Some(Face::Form { filled: true });
                }
                ActResult::Filled
            }
            Act::Click(FORM, label) if label == "Log In" => {
                self.submit();
                ActResult::Done
            }
            Act::Click(DIALOG, label) if label == "Reconnect This Session" => {
                self.face = Some(Face::Main);
                ActResult::Done
            }
            Act::Click(DIALOG, _) => {
                self.face = Some(Face::Form { filled: false });
                ActResult::Done
            }
            Act::Clock | Act::Compare(_) | Act::Read(_) | Act::Write(..) | Act::Click(CONFIGURATION, _) => {
                panic!("not of this world: {act:?}")
            }
            Act::Click(FORM | MAIN, _)
            | Act::Click(..)
            | Act::Close(_)
            | Act::Keep(_)
            | Act::Press(..)
            | Act::Wheel(..) => ActResult::Done,
        }
    }

    fn take_note(&mut self, outcome: Outcome) {
        let last = self.submissions.last().map(|submission| submission.secret);
        match (outcome, last) {
            (Outcome::Throttled(wait), _) => self.wait = Some((self.mark(), wait)),
            (Outcome::Refused, Some(secret)) => {
                self.accepted.retain(|other| *other != secret);
                self.refused.push(secret);
            }
            (Outcome::Accepted | Outcome::LoggedIn, Some(secret)) => self.accepted.push(secret),
            _ => {}
        }
    }

    /// The login button was pressed.
    fn submit(&mut self) {
        let answer = self.answers.pop_front().unwrap_or(Answer::Plain);
        let is_right = self.ours == self.right;
        let waits = self.wait.is_some_and(|(since, wait)| {
            since.is_comparable(&self.mark()) && self.passed + Duration::from_secs(1) < since.at + wait
        });
        self.submissions.push(Submission {
            clock: self.clock(),
            secret: self.ours,
            is_right,
            is_judged: !matches!(answer, Answer::TooMany | Answer::Error | Answer::Unavailable),
            was_refused: self.refused.contains(&self.ours),
            was_accepted: self.accepted.contains(&self.ours),
            is_forbidden: waits || self.state() == Some(State::LockedOut),
        });
        if answer == Answer::Silence {
            return;
        }
        self.face = Some(Face::Connecting);
        if is_right && matches!(answer, Answer::Plain | Answer::PushMissed | Answer::Crash) {
            self.pushes.push(self.mark());
        }
        let face = match answer {
            Answer::Crash => return self.later(4, Deed::Exit { leaves_token: false }),
            Answer::TooMany => Face::TooMany,
            Answer::Error => Face::Error,
            Answer::Unavailable => Face::Unavailable,
            Answer::Plain | Answer::PushMissed if is_right => Face::Push,
            Answer::InPlace => Face::RefusedInPlace,
            Answer::Strange => Face::RefusedStrangely,
            Answer::Worded => Face::RefusedAsError,
            _ => Face::Refused,
        };
        self.later(4, Deed::Show(face));
        if face == Face::Push && answer != Answer::PushMissed {
            self.log_in(30);
        }
    }

    /// The main window comes so many seconds later, and what follows from that.
    fn log_in(&mut self, seconds: u64) {
        self.later(seconds, Deed::Show(Face::Main));
        self.later(seconds + 5, Deed::ApiAnswers);
        if let Some(time) = self
            .auto_restart
            .and_then(|time| time.after(self.now().wall, &self.plan.zone))
        {
            let pause = time.duration_since(self.now().wall).as_secs().unsigned_abs();
            self.later(pause, Deed::Exit { leaves_token: true });
        }
    }

    fn later(&mut self, seconds: u64, deed: Deed) {
        self.to_come
            .push((self.passed + Duration::from_secs(seconds), deed));
        self.to_come.sort_by_key(|(time, _)| *time);
    }

    fn happen(&mut self, deed: Deed) {
        let now = self.now().instant;
        match deed {
            Deed::Show(face) => {
                self.face = Some(face);
                self.show(face);
            }
            Deed::ApiAnswers => {
                if let Some(program) = &mut self.program {
                    program.stage.agent.api_answered(now, true);
                }
            }
            Deed::Exit { leaves_token } => self.exit(leaves_token),
        }
    }

    fn show(&mut self, face: Face) {
        let now = self.now().instant;
        self.face = Some(face);
        if let Some(program) = &mut self.program {
            program.stage.now = now;
            program.stage.show(&face.sheets());
        }
    }

    fn exit(&mut self, leaves_token: bool) {
        self.face = None;
        self.to_come.clear();
        if leaves_token {
            self.tokens += 1;
            self.token = Some(RestartToken {
                id: format!("token-{}", self.tokens),
                path: "autorestart".into(),
                written: self.now().wall,
            });
        }
        let (now, left) = (self.now(), self.left());
        let Some(program) = &mut self.program else { return };
        program.stage.now = now.instant;
        program.stage.show(&[]);
        program.life.exited(now, left);
        program.stage.agent.gateway_exited(&Departure {
            why: "it ended".into(),
            comes_back: program.life.next_start(now).is_some(),
        });
    }

    fn left(&self) -> Left {
        self.token.clone().map_or(Left::Nothing, Left::Token)
    }

    /// A token of an automatic restart lies there, written at this time.
    pub(super) fn leave_token(&mut self, written: &str) {
        self.token = Some(RestartToken {
            id: "old".into(),
            path: "autorestart".into(),
            written: written.parse().expect("a time"),
        });
    }
}

fn permission(verdict: Verdict) -> ActResult {
    match verdict {
        Verdict::Permitted => ActResult::Permitted,
        Verdict::Wait { why, remaining } => ActResult::Denied {
            why,
            retry_after: Some(remaining),
        },
        Verdict::Locked { why } => ActResult::Denied {
            why,
            retry_after: None,
        },
    }
}

const fn name(state: State) -> &'static str {
    match state {
        State::Ready => "ready",
        State::LockedOut => "locked out",
        State::UnknownDialog => "unknown dialog",
        _ => "other",
    }
}

/// A folder whose files are synced at once, where there is a file system in memory.
fn memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a folder")
}
