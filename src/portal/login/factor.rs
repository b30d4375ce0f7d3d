//! The second factor: the list of devices, one-time codes, and the notice that a phone was notified.

use std::time::{Duration, Instant};

use super::act::{Act, Code, Goal, Policy, What};
use super::outcome::Ending;
use super::page::Page;
use super::{Login, Stage};
use crate::portal::selectors::Part;
use crate::screen::Rect;

/// Where the second factor is. At first none is asked for.
#[derive(Debug, Default)]
pub(super) struct Factor {
    state: State,
    /// Codes that were submitted.
    codes: u32,
    /// Whether the phone's first notice was told.
    pushed: bool,
    /// How often it was notified once more.
    resends: u32,
    /// When it may be notified next.
    next: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    #[default]
    None,
    /// A device is chosen.
    Choosing,
    /// A code is asked for.
    Asking,
    /// There is a code of this length.
    Ready(usize),
    /// It stands in its field.
    Typed(usize),
    /// It was submitted.
    Sent,
    /// Somebody is to confirm.
    Confirming,
    /// Whether a phone may be notified once more is asked.
    AskingPush,
}

impl Factor {
    pub(super) const fn typed_code(&self) -> bool {
        matches!(self.state, State::Sent)
    }

    /// Whether something was submitted that the page has not answered.
    pub(super) const fn awaits_answer(&self) -> bool {
        matches!(self.state, State::None | State::Sent)
    }

    /// Whether somebody is to give a code, or to confirm.
    pub(super) const fn waits_for_a_human(&self) -> bool {
        matches!(self.state, State::Asking | State::Confirming | State::AskingPush)
    }

    pub(super) fn limit(&self, policy: &Policy) -> Duration {
        match self.state {
            State::None | State::Choosing | State::Ready(_) | State::Typed(_) | State::Sent => {
                policy.oauth_limit
            }
            State::Asking => policy.code_limit,
            State::Confirming | State::AskingPush => policy.push_limit,
        }
    }

    pub(super) fn too_late(&self) -> Ending {
        match self.state {
            State::None => Ending::TimedOut("the page did not answer the login".into()),
            State::Choosing => Ending::TimedOut("no second-factor device was chosen".into()),
            State::Asking => Ending::NeedsCode("none came in time; see GATEHAND_CODE_LIMIT".into()),
            State::Ready(_) | State::Typed(_) => Ending::TimedOut("the code was not filled in".into()),
            State::Sent => Ending::TimedOut("the page did not answer the code".into()),
            State::Confirming | State::AskingPush => Ending::NotConfirmed,
        }
    }

    /// When the phone may be notified once more.
    pub(super) fn due(&self, policy: &Policy) -> Option<Instant> {
        let waits = self.state == State::Confirming && self.resends < policy.resends;
        self.next.filter(|_| waits)
    }
}

impl Login {
    /// Goes on with the second factor; false when the page asks for none.
    pub(super) fn second_factor(&mut self, now: Instant, page: &Page) -> bool {
        // The list stays when the field of its device shows.
        if let Some(list) = page.element(Part::Device)
            && page.devices.len() > 1
            && self.choose(now, page, list.bounds)
        {
            return true;
        }
        if page.has(Part::Code) {
            self.give_code(now, page);
            return true;
        }
        if page.has(Part::Push) {
            self.await_push(now, page);
            return true;
        }
        if self.is_looked_at && page.has(Part::Device) {
            self.end(Ending::NoDevice(Vec::new()));
            return true;
        }
        false
    }

    /// Moves to the wanted device; false when it is chosen.
    fn choose(&mut self, now: Instant, page: &Page, list: Rect) -> bool {
        let wanted = match &self.policy.device {
            Some(device) => {
                let device = device.to_lowercase();
                page.devices
                    .iter()
                    .position(|known| known.to_lowercase().contains(&device))
            }
            None => None,
        };
        let Some(wanted) = wanted else {
            self.end(Ending::NoDevice(page.devices.clone()));
            return true;
        };
        if page.chosen == Some(wanted) {
            return false;
        }
        if self.factor.state != State::Choosing {
            self.factor.state = State::Choosing;
            self.since = now;
        }
        // From the open list, as each device that is passed on a closed one counts as chosen.
        if self.list_is_open {
            self.act(now, Act::Pick(wanted), Goal::Chosen(wanted));
        } else {
            self.act(now, Act::Click(list), Goal::ListOpen);
        }
        true
    }

    fn give_code(&mut self, now: Instant, page: &Page) {
        let Some(field) = page.element(Part::Code).copied() else {
            return;
        };
        match self.factor.state {
            State::None | State::Choosing | State::Confirming | State::AskingPush => {
                self.factor.state = State::Asking;
                self.since = now;
                self.acts.push(Act::AskCode);
            }
            State::Ready(length) | State::Typed(length) => {
                let holds = field.length.unwrap_or_default();
                let typed = matches!(self.factor.state, State::Typed(_));
                if typed && holds == length {
                    self.factor.state = State::Sent;
                    self.factor.codes += 1;
                    self.since = now;
                    self.old_error.clone_from(&page.error);
                    self.act(now, Act::Return, Goal::None);
                } else if !field.focused {
                    self.act(now, Act::Click(field.bounds), Goal::Focused(Part::Code));
                } else if holds > 0 {
                    self.factor.state = State::Ready(length);
                    self.act(now, Act::Clear, Goal::Holds(Part::Code, 0));
                } else {
                    self.factor.state = State::Typed(length);
                    self.act(now, Act::Type(What::Code), Goal::Holds(Part::Code, length));
                }
            }
            State::Asking | State::Sent => {}
        }
    }

    pub(super) fn code_answered(&mut self, now: Instant, code: Code) {
        if self.factor.state != State::Asking || self.stage != Stage::Submitted {
            return;
        }
        match code {
            Code::Ready { length } => {
                self.factor.state = State::Ready(length);
                self.since = now;
            }
            Code::None(why) => self.end(Ending::NeedsCode(why)),
        }
    }

    /// Another code may do where a stale one was refused.
    pub(super) fn code_refused(&mut self, now: Instant, error: String) {
        if self.factor.codes >= self.policy.code_tries {
            return self.end(Ending::CodeRefused(error));
        }
        self.factor.state = State::Asking;
        self.old_error = Some(error);
        self.since = now;
        self.acts.push(Act::AskCode);
    }

    fn await_push(&mut self, now: Instant, page: &Page) {
        if !self.factor.pushed {
            self.factor.pushed = true;
            self.pushes += 1;
            self.factor.state = State::Confirming;
            self.since = now;
            self.factor.next = Some(now + self.policy.resend_interval);
            self.acts.push(Act::TellPush);
            return;
        }
        let is_due = self.factor.due(&self.policy).is_some_and(|due| due <= now);
        if is_due && page.has(Part::Resend) {
            self.factor.state = State::AskingPush;
            self.acts.push(Act::AskPush);
        }
    }

    pub(super) fn push_answered(&mut self, now: Instant, permitted: bool) {
        if self.factor.state != State::AskingPush {
            return;
        }
        self.factor.state = State::Confirming;
        self.factor.next = Some(now + self.policy.resend_interval);
        let link = self
            .page
            .as_ref()
            .and_then(|page| page.element(Part::Resend))
            .copied();
        if !permitted {
            // Whoever has the phone may still confirm what came before.
            self.factor.next = None;
        } else if let Some(link) = link {
            self.factor.resends += 1;
            self.pushes += 1;
            self.act(now, Act::Click(link.bounds), Goal::None);
        }
    }
}
