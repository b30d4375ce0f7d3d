//! The second factor as far as it can be given without a phone: the device's row, the one-time code.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Typed, View};
use super::policy::{Circumstances, Policy};
use crate::dialogs::{Meaning, Press, Rule};
use crate::screen::{Rect, WindowId};
use crate::vision::absence::first_button;
use crate::vision::controls;
use crate::vision::text::Folded;

const RETRY: Duration = Duration::from_millis(700);
/// How long the window may take to answer its button before a code is typed again; no code is valid longer.
const ANSWER: Duration = Duration::from_secs(35);
/// Codes typed into one window.
const MAX_CODES: u32 = 3;
/// Attempts to fill one field.
const MAX_TRIES: u32 = 20;
/// What a push to the wrong device offers.
const CHANGE_DEVICE: &str = "Change security device";
/// What TWS offers instead of a second factor.
const READ_ONLY: &str = "Enter Read Only";

#[derive(Debug)]
pub(super) enum CodeStep {
    Act(Action),
    Wait(Instant),
    /// Nothing that the agent may or can do: a push, a card, a passkey.
    Human,
}

/// What the last action was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Nothing,
    EnterReadOnly,
    ChangeDevice,
    ChooseDevice,
    ConfirmDevice,
    TypeCode,
    ConfirmCode,
}

/// One window that asks for a second factor.
#[derive(Debug)]
pub(super) struct CodeEntry {
    pub(super) window: WindowId,
    /// The rule that was told of.
    pub(super) told: Option<String>,
    doing: Doing,
    not_before: Option<Instant>,
    device_chosen: bool,
    device_confirmed: bool,
    /// Another device was asked for, once.
    device_changed: bool,
    code_typed: bool,
    codes: u32,
    tries: u32,
    /// A code was asked for that did not come yet.
    code_wanted: bool,
    /// How often one was asked for.
    wants: u32,
}

impl CodeEntry {
    pub(super) const fn new(window: WindowId) -> Self {
        Self {
            window,
            told: None,
            doing: Doing::Nothing,
            not_before: None,
            device_chosen: false,
            device_confirmed: false,
            device_changed: false,
            code_typed: false,
            codes: 0,
            tries: 0,
            code_wanted: false,
            wants: 0,
        }
    }

    /// A human gave a code: what was tried before does not count.
    pub(super) const fn begin_anew(&mut self) {
        self.not_before = None;
        self.code_typed = false;
        self.codes = 0;
        self.tries = 0;
    }

    /// `given`: a human gave a code, of whatever kind.
    pub(super) fn next(
        &mut self,
        now: Instant,
        view: &View,
        rule: &Rule,
        policy: &Policy,
        given: bool,
    ) -> CodeStep {
        if let Some(time) = self.not_before.filter(|&time| now < time) {
            return CodeStep::Wait(time);
        }
        if self.tries == MAX_TRIES {
            return CodeStep::Human;
        }
        if rule.meaning == Meaning::SecondFactorDevices {
            return self.choose_device(view, rule, policy);
        }
        let permit = policy.permit("read-only-login", Circumstances::default());
        if let Some(permit) = permit.filter(|permit| permit.value() == "yes")
            && let Some(button) = controls::button(&view.reading, READ_ONLY)
            && let Some(press) = permit.press(&button.label)
        {
            return self.click(view, Doing::EnterReadOnly, button.bounds, press);
        }
        if !self.device_changed
            && let Some(device) = &policy.second_factor_device
            && Folded::of(&view.reading.text())
                .contains(&Folded::of(device), 0.1)
                .is_none()
            && let Some(place) = controls::phrase_bounds(&view.reading, CHANGE_DEVICE)
            && let Some(press) = Press::harmless(CHANGE_DEVICE)
        {
            return self.click(view, Doing::ChangeDevice, place, press);
        }
        if rule.meaning == Meaning::SecondFactor || given {
            self.enter_code(view, rule, policy, given)
        } else {
            CodeStep::Human
        }
    }

    /// Whether a code is to be asked for elsewhere: the window has a field for one, and no key makes it. Once, and again
    /// when one was sent and the window still asks.
    pub(super) fn wants_code(&mut self, view: &View, rule: &Rule, policy: &Policy, given: bool) -> bool {
        let makes = policy.has_code && rule.meaning == Meaning::SecondFactor;
        let asks = rule.setting.as_deref() == Some("one-time-code")
            && controls::fields(&view.reading).len() == 1
            && first_button(&view.reading, rule.answers(Some("yes"))).is_some();
        let wants = asks && !(makes || given || self.code_wanted) && self.wants < MAX_CODES;
        if wants {
            self.code_wanted = true;
            self.wants += 1;
        }
        wants
    }

    fn choose_device(&mut self, view: &View, rule: &Rule, policy: &Policy) -> CodeStep {
        let Some(device) = policy.second_factor_device.as_deref().map(Folded::of) else {
            return CodeStep::Human;
        };
        if self.device_confirmed {
            return CodeStep::Human;
        }
        let mut rows = view
            .reading
            .lines
            .iter()
            .filter(|line| Folded::of(&line.text).equals(&device, 0.1).is_some());
        let (Some(row), None) = (rows.next(), rows.next()) else {
            return CodeStep::Human;
        };
        if !self.device_chosen {
            return match Press::harmless(&row.text) {
                Some(press) => self.click(view, Doing::ChooseDevice, row.bounds, press),
                None => CodeStep::Human,
            };
        }
        let button = first_button(&view.reading, rule.answers(None));
        match button.map(|button| (button.bounds, Press::harmless(&button.label))) {
            Some((bounds, Some(press))) => self.click(view, Doing::ConfirmDevice, bounds, press),
            _ => CodeStep::Human,
        }
    }

    fn enter_code(&mut self, view: &View, rule: &Rule, policy: &Policy, given: bool) -> CodeStep {
        let circumstances = Circumstances {
            code_given: given,
            ..Circumstances::default()
        };
        let Some(permit) = policy.permit("one-time-code", circumstances) else {
            return CodeStep::Human;
        };
        let Some(button) = first_button(&view.reading, rule.answers(Some(permit.value()))) else {
            return CodeStep::Human;
        };
        if self.code_typed {
            return match permit.press(&button.label) {
                Some(press) => self.click(view, Doing::ConfirmCode, button.bounds, press),
                None => CodeStep::Human,
            };
        }
        let fields = controls::fields(&view.reading);
        let ([field], true) = (&fields[..], self.codes < MAX_CODES) else {
            return CodeStep::Human;
        };
        self.doing = Doing::TypeCode;
        CodeStep::Act(Action::Fill {
            window: self.window,
            field: field.bounds,
            what: if given { Typed::GivenCode } else { Typed::Code },
            read_back: true,
        })
    }

    fn click(&mut self, view: &View, doing: Doing, bounds: Rect, label: Press) -> CodeStep {
        self.doing = doing;
        CodeStep::Act(Action::Click {
            window: self.window,
            bounds,
            label,
            seen: Arc::clone(&view.frame),
            unchanged: view.said(),
        })
    }

    /// True when a code was sent.
    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) -> bool {
        self.not_before = Some(now + RETRY);
        match (self.doing, result) {
            (Doing::ChooseDevice, ActResult::Done) => self.device_chosen = true,
            (Doing::ConfirmDevice, ActResult::Done) => self.device_confirmed = true,
            (Doing::ChangeDevice, ActResult::Done) => {
                self.device_changed = true;
                (self.device_chosen, self.device_confirmed) = (false, false);
            }
            (Doing::TypeCode, ActResult::Filled) => {
                self.code_typed = true;
                self.not_before = None;
            }
            (Doing::ConfirmCode, ActResult::Done) => {
                self.codes += 1;
                self.code_wanted = false;
                self.code_typed = false;
                self.not_before = Some(now + ANSWER);
            }
            (Doing::EnterReadOnly, ActResult::Done) => {
                self.tries += 1;
                self.not_before = Some(now + ANSWER);
            }
            (_, ActResult::NotYet { retry_after }) => self.not_before = Some(now + *retry_after),
            _ => self.tries += 1,
        }
        self.doing == Doing::ConfirmCode && *result == ActResult::Done
    }
}
