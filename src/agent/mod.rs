//! What to do about the screen: a pure machine. Observations, results and `now` go in; actions and events come out.
//!
//! [`Agent::observe`] and [`Agent::handle_timeout`] think; [`Agent::poll_action`] is asked until it has nothing more,
//! and every action's result goes back through [`Agent::handle_result`] before the next.

mod action;
mod answer;
mod attempt;
mod choice;
mod configuration;
mod entry;
mod errand;
mod fields;
mod filling;
mod judgement;
mod login;
mod menu;
mod perusal;
mod policy;
mod restart;
mod rivalry;
mod scan;
mod second_factor;
mod state;
mod upkeep;
mod wording;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

pub use action::{ActResult, Action, Chord, Outcome, Seen, Shown, Typed, View};
use answer::{Answer, AnswerStep};
pub use errand::Errand;
use login::Login;
pub use login::is_form_label;
pub use policy::{Circumstances, Policy};
use rivalry::Rivalry;
use second_factor::CodeEntry;
pub use state::{Departure, Event, State};
use upkeep::Upkeep;

use crate::dialogs::{Catalogue, Meaning, Permit, Recognition, Rule};
use crate::screen::{WindowId, WindowKind};

/// First pause after a login that ended in an error; doubled each time, up to [`MAX_BACK_OFF`].
const BACK_OFF: Duration = Duration::from_secs(10);
const MAX_BACK_OFF: Duration = Duration::from_secs(600);

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

/// What [`State::HandsOff`] rests on while a human has taken over.
pub const TAKEN_OVER: &str = "a human uses the viewer";

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
    /// Somebody was asked on a phone since the submission.
    pushed: bool,
    /// A human gave a code that was not sent yet.
    code_given: bool,
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
    /// Another dialog keeps the login form from being filled in.
    is_held_up: bool,
    empty_since: Option<Instant>,
    rivalry: Rivalry,
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
            pushed: false,
            code_given: false,
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
            is_held_up: false,
            empty_since: None,
            rivalry: Rivalry::default(),
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
                if let Some(code) = &mut self.code
                    && code.handle(now, result)
                {
                    self.code_given = false;
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
        // What was about to be done is not done.
        while let Some(at) = self.queue.iter().position(|(_, action)| action.touches_display())
            && let Some((asker, _)) = self.queue.remove(at)
        {
            self.waiting = Some(asker);
            self.handle_result(now, &ActResult::Changed);
        }
        // Any field may hold something else now. A written attempt stays written: the button may have been pressed too.
        if self.login.as_ref().is_some_and(|login| !login.waits_for_answer()) {
            self.login = None;
        }
        self.upkeep.human_acted();
        self.answers.values_mut().for_each(Answer::forget_fields);
        self.decide(now);
    }

    /// The human is done: it is the agent's turn again, before the time is over.
    pub fn human_left(&mut self, now: Instant) {
        self.hands_off_until = None;
        self.decide(now);
    }

    /// Whether a password stands in a field, on its way to being submitted: nobody else should type now. It ends by
    /// itself, at the latest when [`Agent::handle_timeout`] is due.
    pub fn keeps_viewers_waiting(&self, now: Instant) -> bool {
        let until = self.login.as_ref().and_then(Login::holds_password_until);
        !self.is_held_up && until.is_some_and(|until| now < until)
    }

    /// A human gave the code that a window asks for.
    pub fn code_given(&mut self, now: Instant) {
        self.code_given = true;
        if let Some(code) = &mut self.code {
            code.begin_anew();
        }
        self.decide(now);
    }

    /// A human wants the session to be held, whoever else wants it.
    pub fn reclaim(&mut self, now: Instant) {
        self.rivalry.forget();
        let rules = self.catalogue.rules();
        let about_a_session = |name: &str| {
            rules
                .iter()
                .any(|rule| rule.name == name && rule.meaning == Meaning::ExistingSession)
        };
        self.answers.retain(|window, answer| {
            let again = answer.is_left() && about_a_session(&answer.rule);
            !(again && self.left.remove(window))
        });
        self.decide(now);
    }

    /// A human has looked: the credentials may be submitted again.
    pub fn unlock(&mut self, now: Instant) {
        if self.locked.take().is_some() {
            self.enter(State::Starting, "unlocked".into());
            self.decide(now);
        }
    }

    /// A gateway was started: with the token of an automatic restart, it logs in without credentials.
    pub const fn gateway_started(&mut self, by_token: bool) {
        self.by_token = by_token;
        self.closing = false;
    }

    /// The gateway's process has ended.
    pub fn gateway_exited(&mut self, departure: &Departure) {
        self.logged_in = false;
        self.api_answers = false;
        self.abandon_login();
        self.submitted = false;
        self.attempted = false;
        self.by_token = false;
        self.second_factor = false;
        self.missed = false;
        self.events.extend(self.upkeep.gateway_exited());
        if self.locked.is_none() {
            let state = if departure.comes_back {
                State::Restarting
            } else {
                State::Stopped
            };
            self.enter(state, departure.why.clone());
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
        let recognition = self.catalogue.recognise(&seen.window, &view.reading);
        // An open menu covers words of the main window, and lights up others: when it is closed they show again.
        if matches!(recognition, Recognition::Unknown)
            && self.upkeep.opened_menu_in() == Some(seen.window.id)
            && let Some(main) = self.catalogue.main_by_title(&seen.window)
        {
            return Recognition::Known(main);
        }
        recognition
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
                return self.enter(State::HandsOff, TAKEN_OVER.into());
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
        self.is_held_up = blocked || waits;
        if self.is_held_up {
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
        if let Some(until) = self.login.as_ref().and_then(Login::holds_password_until)
            && now < until
        {
            self.wake_at(until);
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
            if rule.meaning == Meaning::ExistingSession && self.logged_in && self.rivalry.met(now) {
                self.events.push_back(Event::SessionFight);
            }
            if !self.queue.is_empty() {
                return;
            }
        }
        let circumstances = Circumstances {
            logged_in: self.logged_in,
            closing: self.closing,
            code_given: self.code_given,
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
        let fights = rule.meaning == Meaning::ExistingSession && self.rivalry.is_fight();
        let withheld = fights || self.withholds(rule);
        let gives_way = permit.is_some_and(|permit| permit.value() == "secondary");
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
                    if rule.meaning == Meaning::ExistingSession && gives_way {
                        self.events.push_back(Event::GaveWay);
                    }
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
            // Asked only where the password was right.
            Meaning::ExistingSession if self.submitted => {
                self.queue
                    .push_back((Asker::Nobody, Action::Record(Outcome::Accepted)));
            }
            Meaning::Throttled => {
                self.end_login();
                let wait = wording::waiting_time(&view.reading.text());
                self.next_login = Some(now + wait);
                self.queue
                    .push_back((Asker::Nobody, Action::Record(Outcome::Throttled(wait))));
            }
            Meaning::LoginError | Meaning::Unavailable => {
                let text = view.reading.text();
                if rule.meaning == Meaning::Unavailable {
                    self.withdraw();
                } else {
                    // One that speaks of the credentials may be a refusal: it stays without a known ending.
                    let outcome = (!wording::is_about_credentials(&text)).then_some(Outcome::Rebuffed);
                    self.give_up_login(outcome);
                }
                let pause = BACK_OFF
                    .saturating_mul(1 << self.failures.min(6))
                    .min(MAX_BACK_OFF);
                self.failures += 1;
                self.next_login = Some(now + pause);
                self.events.push_back(Event::GivenUp {
                    what: format!("login: {}; next try in {} s", one_line(&text), pause.as_secs()),
                });
            }
            _ => {}
        }
    }

    fn token_refused(&mut self, view: &View) {
        let text = one_line(&view.reading.text());
        self.events.push_back(Event::TokenRefused { text });
    }

    fn fill_in(&mut self, now: Instant, seen: &Seen, view: &View, rule: &Rule) {
        if rule.meaning.is_second_factor() {
            self.login = None;
            let is_new = !std::mem::replace(&mut self.second_factor, true);
            let is_push = rule.meaning == Meaning::SecondFactor && !self.policy.has_code;
            if is_push && !std::mem::replace(&mut self.pushed, true) {
                self.queue
                    .push_back((Asker::Nobody, Action::Record(Outcome::Pushed)));
            }
            if is_new && self.submitted {
                self.queue
                    .push_back((Asker::Nobody, Action::Record(Outcome::Accepted)));
            }
            self.returned = None;
            self.enter_code(now, seen, view, rule);
        } else {
            self.log_in(now, seen, view, rule);
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
pub(crate) mod tests;
