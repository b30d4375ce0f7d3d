//! One attempt to log in, from the form to the second factor, and how it is given up.

use std::time::{Duration, Instant};

use super::login::{Login, Next};
use super::second_factor::{CodeEntry, CodeStep};
use super::{ActResult, Action, Agent, Asker, BACK_OFF, Event, Outcome, Rule, Seen, View};
use crate::dialogs::Meaning;

/// Pause before a login after a second factor that nobody confirmed.
const RELOGIN: Duration = Duration::from_secs(5);
/// How long the login form must show after the second factor's window before that counts as missed: on the way to the
/// main window it may show for a moment.
const RETURNED: Duration = Duration::from_secs(5);
/// Pause after a login button that did nothing visible: a slow gateway may still answer it.
const UNANSWERED: Duration = Duration::from_secs(60);

impl Agent {
    /// The login ended, and the credentials were certainly not judged.
    pub(super) fn withdraw(&mut self) {
        self.give_up_login(Some(Outcome::Withdrawn));
    }

    /// The login ended: so, or in a way that nothing is known of.
    pub(super) fn give_up_login(&mut self, outcome: Option<Outcome>) {
        self.abandon_login();
        if let Some(outcome) = outcome.filter(|_| self.submitted) {
            self.queue.push_back((Asker::Nobody, Action::Record(outcome)));
        }
        self.handed_in.clear();
        self.end_login();
    }

    /// Gives the login up. An attempt that was written down but not made is none.
    pub(super) fn abandon_login(&mut self) {
        if self.login.take().is_some_and(|login| login.is_permitted()) {
            self.queue
                .push_back((Asker::Nobody, Action::Record(Outcome::Withdrawn)));
        }
    }

    pub(super) fn end_login(&mut self) {
        self.login = None;
        self.submitted = false;
    }

    pub(super) fn log_in(&mut self, now: Instant, seen: &Seen, view: &View, rule: &Rule) {
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

    pub(super) fn login_result(&mut self, now: Instant, result: &ActResult) {
        if let ActResult::Denied { why, retry_after } = result {
            self.events.push_back(Event::Denied {
                why: why.clone(),
                retry_after: *retry_after,
            });
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
            self.pushed = false;
            self.attempted = true;
        } else if was_permitted && !login.is_permitted() {
            self.queue
                .push_back((Asker::Nobody, Action::Record(Outcome::Withdrawn)));
        }
        self.follow(now, next);
    }

    pub(super) fn follow(&mut self, now: Instant, next: Next) {
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
            // What comes later is still about this attempt.
            Next::Stale => {
                self.login = None;
                self.wake_at(now + UNANSWERED);
                self.next_login = Some(now + UNANSWERED);
                self.events.push_back(Event::GivenUp {
                    what: "the login button did nothing visible".into(),
                });
            }
        }
    }

    pub(super) fn enter_code(&mut self, now: Instant, seen: &Seen, view: &View, rule: &Rule) {
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
        match code.next(now, view, rule, &self.policy, self.code_given) {
            CodeStep::Act(action) => self.queue.push_back((Asker::Code, action)),
            CodeStep::Wait(until) => self.wake_at(until),
            CodeStep::Human => {
                if code.wants_code(view, rule, &self.policy, self.code_given) {
                    self.events.push_back(Event::CodeWanted);
                }
            }
        }
    }
}
