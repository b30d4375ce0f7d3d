//! What the screen says of the gateway: windows that nobody knows, windows that are gone, the state.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{Action, Agent, Asker, Departure, Event, Outcome, Rule, Seen, State, View, is_form};
use crate::dialogs::{Meaning, Recognition};
use crate::screen::{WindowId, WindowKind};

/// How long a window may stay without a rule before it is called unknown: it may still be painting itself.
const UNKNOWN_AFTER: Duration = Duration::from_millis(2500);
/// How long a window may stay without a picture before it is called unknown.
const UNSEEN_AFTER: Duration = Duration::from_secs(10);
/// How long a dialog that nobody answers may hold up a login that never began. Then the form is tried beside it.
const BESIDE_AFTER: Duration = Duration::from_secs(10);
/// How long the display may stay empty between two windows of a gateway that lives.
const EMPTY: Duration = Duration::from_secs(10);

impl Agent {
    /// Counts windows without a rule. True when one of them, or one that was not read yet, is a dialog that may lie
    /// over the others.
    pub(super) fn judge_unknown(&mut self, now: Instant) -> bool {
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
    pub(super) fn stands_before(&mut self, now: Instant, window: WindowId, since: Instant) -> bool {
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
    pub(super) fn holds_up(&mut self, now: Instant, seen: &Seen, rule: &Rule) -> bool {
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
    pub(super) fn blame_dialogs(&mut self) {
        let beside = self.unknown.keys().chain(&self.left);
        self.in_the_way.extend(beside.copied());
    }

    /// A gateway without a window is gone: for one that somebody else started, this is all that tells.
    pub(super) fn judge_absence(&mut self, now: Instant) {
        if !self.screen.is_empty()
            || matches!(
                self.state,
                State::Starting | State::Restarting | State::Stopped | State::LockedOut
            )
        {
            self.empty_since = None;
            return;
        }
        let since = *self.empty_since.get_or_insert(now);
        if now < since + EMPTY {
            return self.wake_at(since + EMPTY);
        }
        self.gateway_exited(&Departure {
            why: "no window of the gateway is left".into(),
            comes_back: false,
        });
    }

    pub(super) fn judge_state(&mut self, known: &[(Seen, View, Rule)], blocked: bool) {
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
            if self.policy.has_credentials {
                (State::LoginShown, "the login form shows".to_owned())
            } else {
                (
                    State::HandsOff,
                    "no user name and password are set: log in at the viewer".to_owned(),
                )
            }
        } else {
            return;
        };
        self.enter(state, evidence);
    }

    pub(super) fn enter(&mut self, state: State, evidence: String) {
        if self.state == state {
            return;
        }
        self.state = state;
        self.evidence.clone_from(&evidence);
        self.events.push_back(Event::State { state, evidence });
    }

    pub(super) fn lock(&mut self, why: String) {
        self.login = None;
        self.enter(State::LockedOut, why.clone());
        self.locked = Some(why);
    }

    pub(super) fn forget_closed_windows(&mut self, now: Instant) {
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
}
