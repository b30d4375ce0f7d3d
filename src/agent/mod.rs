//! What to do about the screen: a pure machine. Observations, results and `now` go in; actions and events come out.
//!
//! [`Agent::observe`] and [`Agent::handle_timeout`] think; [`Agent::poll_action`] is asked until it has nothing more,
//! and every action's result goes back through [`Agent::handle_result`] before the next.

mod action;
mod answer;
mod choice;
mod configuration;
mod entry;
mod errand;
mod fields;
mod filling;
mod login;
mod menu;
mod policy;
mod second_factor;
mod state;
mod upkeep;
mod wording;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

pub use action::{ActResult, Action, Chord, Outcome, Seen, Shown, Typed, View};
use answer::{Answer, AnswerStep};
pub use errand::Errand;
pub use login::is_form_label;
use login::{Login, Next};
pub use policy::{Circumstances, Policy};
use second_factor::{CodeEntry, CodeStep};
pub use state::{Event, State};
use upkeep::Upkeep;

use crate::dialogs::{Catalogue, Meaning, Permit, Recognition, Rule};
use crate::screen::{WindowId, WindowKind};

/// How long a window may stay without a rule before it is called unknown: it may still be painting itself.
const UNKNOWN_AFTER: Duration = Duration::from_millis(2500);
/// How long a window may stay without a picture before it is called unknown.
const UNSEEN_AFTER: Duration = Duration::from_secs(10);
/// How long a dialog that nobody answers may hold up a login that never began. Then the form is tried beside it.
const BESIDE_AFTER: Duration = Duration::from_secs(10);
/// First pause after a login that ended in an error; doubled each time, up to [`MAX_BACK_OFF`].
const BACK_OFF: Duration = Duration::from_secs(10);
/// Pause before a login after a second factor that nobody confirmed.
const RELOGIN: Duration = Duration::from_secs(5);
/// How long the login form must show after the second factor's window before that counts as missed: on the way to the
/// main window it may show for a moment.
const RETURNED: Duration = Duration::from_secs(5);
const MAX_BACK_OFF: Duration = Duration::from_secs(600);
/// How long the display may stay empty between two windows of a gateway that lives.
const EMPTY: Duration = Duration::from_secs(10);

/// Who waits for the result of the action that was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    Answer(WindowId),
    Code,
    Login,
    Nobody,
    Refusal,
    Upkeep,
}

/// The machine that logs in and answers dialogs.
#[derive(Debug)]
pub struct Agent {
    catalogue: Catalogue,
    policy: Policy,
    state: State,
    evidence: String,
    screen: Vec<Seen>,
    queue: VecDeque<(Asker, Action)>,
    waiting: Option<Asker>,
    events: VecDeque<Event>,
    wake: Option<Instant>,
    login: Option<Login>,
    code: Option<CodeEntry>,
    answers: BTreeMap<WindowId, Answer>,
    /// Rules through which the password was handed in, and when their prompts showed last.
    handed_in: BTreeMap<String, Instant>,
    /// Windows without a rule: since when, and whether that was told.
    unknown: BTreeMap<WindowId, (Instant, bool)>,
    /// Dialogs that the settings leave alone, as told.
    left: BTreeSet<WindowId>,
    /// Dialogs beside which the form did not answer, or that came after an attempt: they may be about it.
    in_the_way: BTreeSet<WindowId>,
    /// A login was submitted since the gateway started.
    attempted: bool,
    /// The gateway was started with the token of an automatic restart.
    by_token: bool,
    /// What contradicts the settings, and the window that shows it.
    contradiction: Option<(WindowId, String)>,
    submitted: bool,
    /// The second factor's window shows, or did since the submission.
    second_factor: bool,
    /// Since when the login form shows again after it.
    returned: Option<Instant>,
    /// Nobody confirmed the second factor, and the settings leave it at that.
    missed: bool,
    logged_in: bool,
    /// The API answered since the main window came.
    was_ready: bool,
    api_answers: bool,
    locked: Option<String>,
    closing: bool,
    next_login: Option<Instant>,
    failures: u32,
    hands_off_until: Option<Instant>,
    empty_since: Option<Instant>,
    upkeep: Upkeep,
}

impl Agent {
    /// An agent that has seen nothing yet.
    pub fn new(catalogue: Catalogue, policy: Policy) -> Self {
        let upkeep = Upkeep::new(configuration::wishes(&policy.configuration));
        Self {
            catalogue,
            policy,
            state: State::Starting,
            evidence: String::new(),
            screen: Vec::new(),
            queue: VecDeque::new(),
            waiting: None,
            events: VecDeque::new(),
            wake: None,
            login: None,
            code: None,
            answers: BTreeMap::new(),
            handed_in: BTreeMap::new(),
            unknown: BTreeMap::new(),
            left: BTreeSet::new(),
            in_the_way: BTreeSet::new(),
            attempted: false,
            by_token: false,
            contradiction: None,
            submitted: false,
            second_factor: false,
            returned: None,
            missed: false,
            logged_in: false,
            was_ready: false,
            api_answers: false,
            locked: None,
            closing: false,
            next_login: None,
            failures: 0,
            hands_off_until: None,
            empty_since: None,
            upkeep,
        }
    }

    /// What the agent believes.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The rules that it goes by.
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Goes by other rules from now on, also for what is on the display. A dialog whose rule is the same as before
    /// keeps its history: what was pressed is not pressed again.
    pub fn set_catalogue(&mut self, now: Instant, catalogue: Catalogue) {
        let same = |name: &str| {
            let of = |catalogue: &Catalogue| catalogue.rules().iter().find(|rule| rule.name == name).cloned();
            of(&self.catalogue) == of(&catalogue)
        };
        let changed: Vec<WindowId> = self
            .answers
            .iter()
            .filter(|(_, answer)| !same(&answer.rule))
            .map(|(&window, _)| window)
            .collect();
        for window in changed {
            self.answers.remove(&window);
            self.left.remove(&window);
            self.contradiction.take_if(|(id, _)| *id == window);
        }
        self.catalogue = catalogue;
        self.decide(now);
    }

    /// Takes what is on the display now, lowest window first.
    pub fn observe(&mut self, now: Instant, screen: Vec<Seen>) {
        self.screen = screen;
        self.forget_closed_windows(now);
        self.decide(now);
    }

    /// Thinks again because time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.decide(now);
    }

    /// When [`Agent::handle_timeout`] is due, if nothing else happens before.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.wake
    }

    /// The next action, to be carried out at once. Its result must come back before the next is given.
    pub fn poll_action(&mut self) -> Option<Action> {
        if self.waiting.is_some() {
            return None;
        }
        let (asker, action) = self.queue.pop_front()?;
        self.waiting = Some(asker);
        Some(action)
    }

    /// Something to tell.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What became of the last action.
    pub fn handle_result(&mut self, now: Instant, result: &ActResult) {
        let Some(asker) = self.waiting.take() else { return };
        match asker {
            Asker::Nobody => {}
            Asker::Refusal => self.lock("the gateway refused the credentials".into()),
            Asker::Answer(window) => self.answer_result(now, window, result),
            Asker::Code => {
                if let Some(code) = &mut self.code {
                    code.handle(now, result);
                }
            }
            Asker::Login => self.login_result(now, result),
            Asker::Upkeep => self.upkeep.handle(now, result),
        }
        self.wake = Some(now);
    }

    /// The API handshake was answered, or was not.
    pub fn api_answered(&mut self, now: Instant, answered: bool) {
        self.api_answers = answered;
        self.decide(now);
    }

    /// A human typed or clicked: the agent keeps its hands off for a while.
    pub fn human_acted(&mut self, now: Instant) {
        self.hands_off_until = Some(now + self.policy.hands_off);
        // Any field may hold something else now. A written attempt stays written: the button may have been pressed too.
        if self.login.as_ref().is_some_and(|login| !login.waits_for_answer()) {
            self.login = None;
        }
        self.upkeep.human_acted();
        self.answers.values_mut().for_each(Answer::forget_fields);
        self.decide(now);
    }

    /// A gateway was started: with the token of an automatic restart, it logs in without credentials.
    pub const fn gateway_started(&mut self, by_token: bool) {
        self.by_token = by_token;
    }

    /// The gateway's process has ended.
    pub fn gateway_exited(&mut self, why: &str) {
        self.logged_in = false;
        self.api_answers = false;
        self.abandon_login();
        self.submitted = false;
        self.attempted = false;
        self.by_token = false;
        self.second_factor = false;
        self.missed = false;
        self.upkeep.gateway_exited();
        if self.locked.is_none() {
            self.enter(State::Stopped, why.to_owned());
        }
    }

    /// Windows that exactly one rule knows, lowest first.
    fn known(&self) -> Vec<(Seen, View, Rule)> {
        let windows = self.screen.iter();
        let windows = windows.filter(|seen| seen.window.kind != WindowKind::Popup);
        let known = windows.filter_map(|seen| {
            let view = seen.view.as_ref()?;
            match self.recognise(seen, view) {
                Recognition::Known(rule) => Some((seen.clone(), view.clone(), rule.clone())),
                _ => None,
            }
        });
        known.collect()
    }

    fn recognise(&self, seen: &Seen, view: &View) -> Recognition<'_> {
        self.catalogue.recognise(&seen.window, &view.reading)
    }

    fn decide(&mut self, now: Instant) {
        self.wake = None;
        if self.waiting.is_some() || !self.queue.is_empty() {
            return;
        }
        if let Some(at) = self.upkeep.close_otherwise_at() {
            if now >= at {
                self.close_window();
                return;
            }
            self.wake_at(at);
        }
        if let Some(until) = self.hands_off_until {
            if now < until {
                self.wake_at(until);
                return self.enter(State::HandsOff, "a human uses the viewer".into());
            }
            self.hands_off_until = None;
        }
        let known = self.known();
        self.forget_gone_prompts(&known);
        let blocked = self.judge_unknown(now);
        let dialogs: Vec<_> = known
            .iter()
            .rev()
            .filter(|(_, _, rule)| is_dialog(rule.meaning))
            .collect();
        for (seen, view, rule) in &dialogs {
            self.answer(now, seen, view, rule);
            if !self.queue.is_empty() {
                break;
            }
        }
        let waits = dialogs
            .iter()
            .any(|(seen, _, rule)| self.holds_up(now, seen, rule));
        if blocked || waits {
            if let Some(login) = &mut self.login {
                login.touch(now);
            }
        } else if self.queue.is_empty()
            && let Some((seen, view, rule)) = known.iter().rev().find(|(_, _, rule)| is_form(rule))
        {
            self.fill_in(now, seen, view, rule);
        } else if self.logged_in {
            self.keep_up(now, &known);
        }
        let showing: Vec<&str> = known.iter().map(|(_, _, rule)| rule.name.as_str()).collect();
        self.judge_handed_in(now, &showing);
        self.judge_absence(now);
        let was_logged_in = self.logged_in;
        self.judge_state(&known, blocked);
        if self.logged_in && !was_logged_in {
            // Now there is more to do.
            self.wake_at(now);
        }
    }

    /// Counts windows without a rule. True when one of them, or one that was not read yet, is a dialog that may lie
    /// over the others.
    fn judge_unknown(&mut self, now: Instant) -> bool {
        let mut blocked = false;
        for seen in self.screen.clone() {
            if matches!(seen.window.kind, WindowKind::Popup | WindowKind::Splash) {
                continue;
            }
            let (why, patience) = match seen.view.as_ref().map(|view| self.recognise(&seen, view)) {
                Some(Recognition::Known(_)) => {
                    self.unknown.remove(&seen.window.id);
                    continue;
                }
                Some(Recognition::Ambiguous(rules)) => {
                    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
                    let why = format!("claimed by several rules: {}", names.join(", "));
                    (why, UNKNOWN_AFTER)
                }
                Some(Recognition::Unknown) => ("no rule knows it".to_owned(), UNKNOWN_AFTER),
                None => ("no picture of it could be taken".to_owned(), UNSEEN_AFTER),
            };
            let is_dialog = seen.window.kind == WindowKind::Dialog;
            let (since, told) = self.unknown.entry(seen.window.id).or_insert((now, false));
            if *told {
                let since = *since;
                blocked |=
                    is_dialog && (seen.view.is_none() || self.stands_before(now, seen.window.id, since));
                continue;
            }
            blocked |= is_dialog;
            if now < *since + patience {
                let due = *since + patience;
                self.wake_at(due);
                continue;
            }
            *told = true;
            let title = seen.window.title.clone();
            self.events.push_back(Event::UnknownDialog { title, why });
            let reason = "unknown-dialog".to_owned();
            self.queue.push_back((
                Asker::Nobody,
                Action::KeepEvidence {
                    window: seen.window.id,
                    reason,
                },
            ));
        }
        blocked
    }

    /// Whether a dialog that nobody answers holds up the login. One that is not modal must not do so for ever, and
    /// whether it is tells only the form: the login goes on beside it, once, with every step verified as always. Never
    /// after an attempt, which the dialog may be the answer to.
    fn stands_before(&mut self, now: Instant, window: WindowId, since: Instant) -> bool {
        if self.attempted {
            self.in_the_way.insert(window);
        }
        if self.in_the_way.contains(&window) {
            return true;
        }
        if now < since + BESIDE_AFTER {
            self.wake_at(since + BESIDE_AFTER);
            return true;
        }
        false
    }

    /// Whether a known dialog holds up the login.
    fn holds_up(&mut self, now: Instant, seen: &Seen, rule: &Rule) -> bool {
        if is_form(rule) {
            return false;
        }
        let over = self
            .answers
            .get(&seen.window.id)
            .filter(|answer| answer.is_left());
        match (over, rule.meaning) {
            (Some(answer), Meaning::Notice | Meaning::Expiry) => {
                let shown = answer.shown;
                self.stands_before(now, seen.window.id, shown)
            }
            _ => true,
        }
    }

    /// The login plan came to nothing: if a dialog stood beside the form, it was in the way.
    fn blame_dialogs(&mut self) {
        let beside = self.unknown.keys().chain(&self.left);
        self.in_the_way.extend(beside.copied());
    }

    fn answer(&mut self, now: Instant, seen: &Seen, view: &View, rule: &Rule) {
        let window = seen.window.id;
        if matches!(
            rule.meaning,
            Meaning::Connecting | Meaning::LoginProgress | Meaning::Shutdown
        ) {
            return;
        }
        let new = self
            .answers
            .get(&window)
            .is_none_or(|answer| answer.rule != rule.name);
        if new {
            let before = self.answers.insert(window, Answer::new(now, rule));
            self.withdraw_unless_made(before.as_ref());
            self.take_meaning(now, view, rule);
            if !self.queue.is_empty() {
                return;
            }
        }
        let circumstances = Circumstances {
            logged_in: self.logged_in,
            closing: self.closing,
        };
        let setting = rule.setting.as_deref();
        let ours = setting.filter(|setting| self.upkeep.explains(now, setting));
        let permit: Option<Permit<'_>> = match ours {
            Some(ours) => self.policy.permit_own_act(ours),
            None => setting.and_then(|setting| self.policy.permit(setting, circumstances)),
        };
        if self.waits_for_another(window, rule) {
            return;
        }
        let withheld = self.withholds(rule);
        let Some(answer) = self.answers.get_mut(&window) else {
            return;
        };
        let was_permitted = answer.is_permitted();
        let step = if withheld {
            answer.leave()
        } else {
            answer.next(now, seen, view, rule, permit)
        };
        if was_permitted && !answer.is_permitted() {
            self.queue
                .push_back((Asker::Nobody, Action::Record(Outcome::Withdrawn)));
        }
        match step {
            AnswerStep::Verified(what) => {
                self.events.push_back(Event::Verified { what });
                self.wake_at(now);
            }
            AnswerStep::Refused => self.refused_again(),
            AnswerStep::Act(action) => {
                if let Action::Click { label, .. } = &action {
                    self.events.push_back(Event::Pressed {
                        rule: rule.name.clone(),
                        label: label.to_string(),
                    });
                }
                self.queue.push_back((Asker::Answer(window), action));
            }
            AnswerStep::Wait(until) => self.wake_at(until),
            AnswerStep::Leave => {
                if self.left.insert(window) {
                    let title = seen.window.title.clone();
                    self.events.push_back(Event::LeftToHuman {
                        rule: rule.name.clone(),
                        title,
                    });
                }
            }
            AnswerStep::Contradict if self.contradiction.is_some() => {}
            AnswerStep::Contradict => {
                let value = permit.map_or("", |permit| permit.value());
                let what = format!(
                    "{}: \"{value}\" is no answer to \"{}\"; answer it in the viewer, or change the setting",
                    rule.name, seen.window.title
                );
                self.contradiction = Some((window, what.clone()));
                self.events.push_back(Event::GivenUp { what });
            }
            AnswerStep::GiveUp(what) => {
                self.left.insert(window);
                let reason = format!("gave-up-{}", rule.name);
                self.events.push_back(Event::GivenUp { what });
                self.queue
                    .push_back((Asker::Nobody, Action::KeepEvidence { window, reason }));
            }
        }
    }

    /// What a dialog's appearance says of the login, before its button is pressed.
    fn take_meaning(&mut self, now: Instant, view: &View, rule: &Rule) {
        if self.handed_in.contains_key(&rule.name) {
            return self.refused_again();
        }
        match rule.meaning {
            Meaning::Refused if self.by_token && !self.submitted => self.token_refused(view),
            Meaning::TokenExpired => {
                self.withdraw();
                self.token_refused(view);
            }
            Meaning::Misconfigured => {
                self.withdraw();
                self.lock(one_line(&view.reading.text()));
            }
            Meaning::Expiry => {
                let text = view.reading.text();
                self.events.push_back(Event::Expires {
                    rule: rule.name.clone(),
                    day: wording::day(&text),
                    days: wording::days_left(&text),
                    text: one_line(&text),
                });
            }
            Meaning::Refused => {
                // What a human typed is not the fault of our credentials.
                let asker = if self.submitted {
                    Asker::Refusal
                } else {
                    Asker::Nobody
                };
                self.end_login();
                self.queue.push_back((asker, Action::Record(Outcome::Refused)));
            }
            Meaning::Throttled => {
                self.end_login();
                let wait = wording::waiting_time(&view.reading.text());
                self.next_login = Some(now + wait);
                self.queue
                    .push_back((Asker::Nobody, Action::Record(Outcome::Throttled(wait))));
            }
            Meaning::LoginError => {
                self.withdraw();
                let pause = BACK_OFF
                    .saturating_mul(1 << self.failures.min(6))
                    .min(MAX_BACK_OFF);
                self.failures += 1;
                self.next_login = Some(now + pause);
                self.events.push_back(Event::GivenUp {
                    what: format!(
                        "login: {}; next try in {} s",
                        one_line(&view.reading.text()),
                        pause.as_secs()
                    ),
                });
            }
            _ => {}
        }
    }

    fn token_refused(&mut self, view: &View) {
        let text = one_line(&view.reading.text());
        self.events.push_back(Event::TokenRefused { text });
    }

    /// The login ended, and the credentials were not judged.
    fn withdraw(&mut self) {
        self.abandon_login();
        if self.submitted {
            self.queue
                .push_back((Asker::Nobody, Action::Record(Outcome::Withdrawn)));
        }
        self.handed_in.clear();
        self.end_login();
    }

    /// Gives the login up. An attempt that was written down but not made is none.
    fn abandon_login(&mut self) {
        if self.login.take().is_some_and(|login| login.is_permitted()) {
            self.queue
                .push_back((Asker::Nobody, Action::Record(Outcome::Withdrawn)));
        }
    }

    fn end_login(&mut self) {
        self.login = None;
        self.submitted = false;
    }

    fn fill_in(&mut self, now: Instant, seen: &Seen, view: &View, rule: &Rule) {
        if rule.meaning.is_second_factor() {
            self.login = None;
            self.second_factor = true;
            self.returned = None;
            self.enter_code(now, seen, view, rule);
        } else {
            self.log_in(now, seen, view, rule);
        }
    }

    fn log_in(&mut self, now: Instant, seen: &Seen, view: &View, rule: &Rule) {
        if self.locked.is_some() || self.closing || !self.policy.has_credentials {
            return;
        }
        if self.second_factor {
            let since = *self.returned.get_or_insert(now);
            if now < since + RETURNED {
                return self.wake_at(since + RETURNED);
            }
            self.second_factor = false;
            self.submitted = false;
            self.missed = !self.policy.relogin;
            self.next_login = Some(now + RELOGIN);
            self.events.push_back(Event::SecondFactorMissed);
        }
        if self.missed {
            return;
        }
        if let Some(time) = self.next_login.filter(|&time| now < time) {
            return self.wake_at(time);
        }
        let window = seen.window.id;
        if self.login.as_ref().is_none_or(|login| login.window != window) {
            self.login = Some(Login::new(now, window, &self.policy));
        }
        // A verified step leads to the next at once; each advances, so that this ends.
        for _ in 0..8 {
            let Some(login) = &mut self.login else { return };
            let was_permitted = login.is_permitted();
            let next = login.next(now, view, rule);
            if was_permitted && !login.is_permitted() {
                self.queue
                    .push_back((Asker::Nobody, Action::Record(Outcome::Withdrawn)));
            }
            let again =
                matches!(next, Next::Verified(_)) || matches!(next, Next::Wait(until) if until <= now);
            self.follow(now, next);
            if !again {
                break;
            }
        }
    }

    fn login_result(&mut self, now: Instant, result: &ActResult) {
        if let ActResult::Denied { why, retry_after } = result {
            self.events.push_back(Event::Denied { why: why.clone() });
            self.login = None;
            match retry_after {
                Some(pause) => self.next_login = Some(now + *pause),
                None => self.lock(why.clone()),
            }
            return;
        }
        let Some(login) = &mut self.login else { return };
        let was_permitted = login.is_permitted();
        let next = login.handle(now, result);
        if login.is_submitted() {
            self.submitted = true;
            self.attempted = true;
        } else if was_permitted && !login.is_permitted() {
            self.queue
                .push_back((Asker::Nobody, Action::Record(Outcome::Withdrawn)));
        }
        self.follow(now, next);
    }

    fn follow(&mut self, now: Instant, next: Next) {
        match next {
            Next::Act(action) => self.queue.push_back((Asker::Login, action)),
            Next::Verified(what) => self.events.push_back(Event::Verified { what }),
            Next::Wait(until) => self.wake_at(until),
            Next::Fail(what) => {
                let window = self.login.as_ref().map(|login| login.window);
                self.abandon_login();
                self.blame_dialogs();
                self.next_login = Some(now + BACK_OFF);
                self.wake_at(now + BACK_OFF);
                self.events.push_back(Event::GivenUp { what });
                if let Some(window) = window {
                    let reason = "login-form".to_owned();
                    self.queue
                        .push_back((Asker::Nobody, Action::KeepEvidence { window, reason }));
                }
            }
            Next::Stale => {
                self.end_login();
                self.wake_at(now + BACK_OFF);
                self.next_login = Some(now + BACK_OFF);
                self.events.push_back(Event::GivenUp {
                    what: "the login button did nothing visible".into(),
                });
            }
        }
    }

    fn enter_code(&mut self, now: Instant, seen: &Seen, view: &View, rule: &Rule) {
        let window = seen.window.id;
        if self.code.as_ref().is_none_or(|code| code.window != window) {
            self.code = Some(CodeEntry::new(window));
        }
        let Some(code) = &mut self.code else { return };
        if code.told.as_ref() != Some(&rule.name) {
            code.told = Some(rule.name.clone());
            self.events.push_back(Event::SecondFactorAsked {
                rule: rule.name.clone(),
                by_hand: rule.meaning == Meaning::SecondFactorByHand,
            });
        }
        match code.next(now, view, rule, &self.policy) {
            CodeStep::Act(action) => self.queue.push_back((Asker::Code, action)),
            CodeStep::Wait(until) => self.wake_at(until),
            CodeStep::Human => {}
        }
    }

    /// A gateway without a window is gone: for one that somebody else started, this is all that tells.
    fn judge_absence(&mut self, now: Instant) {
        if !self.screen.is_empty()
            || matches!(self.state, State::Starting | State::Stopped | State::LockedOut)
        {
            self.empty_since = None;
            return;
        }
        let since = *self.empty_since.get_or_insert(now);
        if now < since + EMPTY {
            return self.wake_at(since + EMPTY);
        }
        self.gateway_exited("no window of the gateway is left");
    }

    fn judge_state(&mut self, known: &[(Seen, View, Rule)], blocked: bool) {
        let shows = |meaning: Meaning| known.iter().find(|(_, _, rule)| rule.meaning == meaning);
        let second_factor = known.iter().any(|(_, _, rule)| rule.meaning.is_second_factor());
        let main = shows(Meaning::Main).is_some()
            && shows(Meaning::Login).is_none()
            && !second_factor
            && shows(Meaning::Connecting).is_none();
        if main && !self.logged_in {
            self.logged_in = true;
            self.was_ready = false;
            self.failures = 0;
            self.second_factor = false;
            self.login = None;
            self.code = None;
            self.upkeep.forget();
            // Whatever dialog stands over it: from here on the API may answer.
            self.enter(State::LoggedIn, "the main window shows".into());
            self.accepted();
            if std::mem::take(&mut self.submitted) {
                self.queue
                    .push_back((Asker::Nobody, Action::Record(Outcome::LoggedIn)));
            }
        } else if !main && shows(Meaning::Login).is_some() {
            self.logged_in = false;
        }
        if shows(Meaning::Login).is_none() {
            self.returned = None;
        }
        let obstacle = self.upkeep.obstacle();
        self.was_ready |= self.logged_in && self.api_answers && obstacle.is_none();
        let told_unknown = self.unknown.values().any(|&(_, told)| told);
        let (state, evidence) = if let Some(why) = &self.locked {
            (State::LockedOut, why.clone())
        } else if self.logged_in && self.api_answers && obstacle.is_none() {
            (
                State::Ready,
                "the main window shows and the API answered a handshake".to_owned(),
            )
        } else if told_unknown && blocked {
            (
                State::UnknownDialog,
                "a dialog without a rule is in the way".to_owned(),
            )
        } else if let Some((_, why)) = &self.contradiction {
            (State::Failed, why.clone())
        } else if let Some(obstacle) = obstacle.filter(|_| self.logged_in) {
            (State::Configuring, obstacle)
        } else if self.logged_in {
            let state = if self.was_ready {
                State::Disconnected
            } else {
                State::LoggedIn
            };
            (state, "the main window shows; the API does not answer".to_owned())
        } else if second_factor {
            (
                State::SecondFactor,
                "the window asks for a second factor".to_owned(),
            )
        } else if self.submitted {
            (
                State::SubmittedCredentials,
                "the login button was pressed".to_owned(),
            )
        } else if shows(Meaning::Login).is_some() {
            (State::LoginShown, "the login form shows".to_owned())
        } else {
            return;
        };
        self.enter(state, evidence);
    }

    fn enter(&mut self, state: State, evidence: String) {
        if self.state == state {
            return;
        }
        self.state = state;
        self.evidence.clone_from(&evidence);
        self.events.push_back(Event::State { state, evidence });
    }

    fn lock(&mut self, why: String) {
        self.login = None;
        self.enter(State::LockedOut, why.clone());
        self.locked = Some(why);
    }

    fn forget_closed_windows(&mut self, now: Instant) {
        let open: BTreeSet<WindowId> = self.screen.iter().map(|seen| seen.window.id).collect();
        let closed: Vec<WindowId> = self
            .answers
            .keys()
            .copied()
            .filter(|id| !open.contains(id))
            .collect();
        for id in closed {
            let answer = self.answers.remove(&id);
            self.withdraw_unless_made(answer.as_ref());
            if let Some(answer) = answer
                && let Some(after) = answer.answered_after(now)
            {
                self.events.push_back(Event::Answered {
                    rule: answer.rule,
                    after,
                });
            }
        }
        self.unknown.retain(|id, _| open.contains(id));
        self.in_the_way.retain(|id| open.contains(id));
        self.contradiction.take_if(|(id, _)| !open.contains(id));
        self.left.retain(|id| open.contains(id));
        if self
            .code
            .as_ref()
            .is_some_and(|code| !open.contains(&code.window))
        {
            self.code = None;
        }
        if self
            .login
            .as_ref()
            .is_some_and(|login| !open.contains(&login.window))
        {
            self.abandon_login();
        }
    }

    fn wake_at(&mut self, time: Instant) {
        self.wake = Some(self.wake.map_or(time, |wake| wake.min(time)));
    }
}

/// Windows that wait for an answer, or lie over the form while it works.
const fn is_dialog(meaning: Meaning) -> bool {
    !matches!(meaning, Meaning::Login | Meaning::Main | Meaning::Splash)
        && !meaning.is_second_factor()
        && !is_inner(meaning)
}

/// Windows of the gateway's own, over its main window.
const fn is_inner(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Configuration)
}

/// Windows that are filled in. A form that says itself that it was refused is one, for the next attempt.
fn is_form(rule: &Rule) -> bool {
    let refused = rule.meaning == Meaning::Refused && !rule.buttons().is_empty();
    refused || rule.meaning == Meaning::Login || rule.meaning.is_second_factor()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
