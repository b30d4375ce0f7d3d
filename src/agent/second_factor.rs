//! The second factor as far as it can be given without a phone: the device's row, the one-time code.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Typed, View};
use super::policy::Policy;
use crate::dialogs::Rule;
use crate::screen::WindowId;
use crate::vision::controls;
use crate::vision::text::{self, Folded};

const RETRY: Duration = Duration::from_millis(700);
/// How long the window may take to answer its button before a code is typed again; no code is valid longer.
const ANSWER: Duration = Duration::from_secs(35);
/// Codes typed into one window.
const MAX_CODES: u32 = 3;
/// Attempts to fill one field.
const MAX_TRIES: u32 = 20;

#[derive(Debug)]
pub(super) enum CodeStep {
    Act(Action),
    Wait(Instant),
    /// Nothing that the agent may or can do: a push, a card, a passkey.
    Human,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Device,
    ConfirmDevice,
    Code,
    ConfirmCode,
    Wait,
}

/// One window that asks for a second factor.
#[derive(Debug)]
pub(super) struct CodeEntry {
    pub(super) window: WindowId,
    step: Step,
    not_before: Option<Instant>,
    codes: u32,
    tries: u32,
}

impl CodeEntry {
    pub(super) const fn new(window: WindowId) -> Self {
        Self {
            window,
            step: Step::Device,
            not_before: None,
            codes: 0,
            tries: 0,
        }
    }

    pub(super) fn next(&mut self, now: Instant, view: &View, rule: &Rule, policy: &Policy) -> CodeStep {
        if let Some(time) = self.not_before.filter(|&time| now < time) {
            return CodeStep::Wait(time);
        }
        let lists_devices =
            text::contains_phrase(&view.reading.text(), "Select second factor device", 0.2).is_some();
        let click = |bounds, label: String| {
            CodeStep::Act(Action::Click {
                window: self.window,
                bounds,
                label,
                seen: Arc::clone(&view.frame),
                unchanged: Vec::new(),
            })
        };
        if lists_devices && matches!(self.step, Step::Device | Step::ConfirmDevice) {
            let Some(device) = &policy.second_factor_device else {
                return CodeStep::Human;
            };
            let device = Folded::of(device);
            let is_device = |text: &str| Folded::of(text).equals(&device, 0.1).is_some();
            let Some(row) = view.reading.lines.iter().find(|line| is_device(&line.text)) else {
                return CodeStep::Human;
            };
            if self.step == Step::Device {
                return click(row.bounds, row.text.clone());
            }
        }
        let confirm = rule
            .answers(None)
            .iter()
            .find_map(|label| controls::button(&view.reading, label));
        match (self.step, confirm) {
            (Step::ConfirmDevice | Step::ConfirmCode, Some(button)) => click(button.bounds, button.label),
            (Step::Wait, _) if lists_devices => CodeStep::Human,
            (Step::Device | Step::Code | Step::Wait, Some(_))
                if policy.has_code && self.codes < MAX_CODES =>
            {
                let Some(field) = controls::fields(&view.reading).first().map(|field| field.bounds) else {
                    return CodeStep::Human;
                };
                if self.tries == MAX_TRIES {
                    return CodeStep::Human;
                }
                self.step = Step::Code;
                CodeStep::Act(Action::Fill {
                    window: self.window,
                    field,
                    what: Typed::Code,
                    read_back: true,
                })
            }
            _ => CodeStep::Human,
        }
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) {
        self.not_before = Some(now + RETRY);
        match (self.step, result) {
            (Step::Device, ActResult::Done) => self.step = Step::ConfirmDevice,
            (Step::ConfirmDevice, ActResult::Done) => self.step = Step::Wait,
            (Step::Code, ActResult::Filled) => {
                self.step = Step::ConfirmCode;
                self.not_before = None;
            }
            (Step::ConfirmCode, ActResult::Done) => {
                self.codes += 1;
                self.step = Step::Wait;
                self.not_before = Some(now + ANSWER);
            }
            (_, ActResult::NotYet { retry_after }) => self.not_before = Some(now + *retry_after),
            _ => self.tries += 1,
        }
    }
}
