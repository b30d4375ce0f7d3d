//! Answering one dialog: tick, press, see it go; press again only when nothing happened for long.
//!
//! A press relies on the button and on every line that the window says: a dialog that changed since it was recognised
//! is looked at again, not clicked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Seen, View};
use crate::dialogs::{Permit, Press, Reply, Rule};
use crate::screen::Rect;
use crate::vision::controls;

/// A busy JVM may take seconds to answer: a second click in the meantime could meet what comes next.
const PATIENCE: Duration = Duration::from_secs(8);
const MAX_PRESSES: u32 = 3;
/// How long the labels of a known dialog may stay unreadable.
const READABLE: Duration = Duration::from_secs(3);
/// Pause before looking again at a target that changed or was covered.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long a dialog may change or be covered whenever it is to be pressed.
const RESTLESS: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) enum AnswerStep {
    Act(Action),
    Wait(Instant),
    /// The settings leave it to a human.
    Leave,
    /// The settings have a value that no answer to this dialog follows from.
    Contradict,
    GiveUp(String),
}

/// A dialog that shows, and what was done about it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) rule: String,
    pub(super) shown: Instant,
    /// Since when the settings want it answered.
    wanted: Option<Instant>,
    not_before: Option<Instant>,
    presses: u32,
    ticked: bool,
    /// The view that the last act was made on: one that differs is a sign of life.
    acted_on: Option<View>,
    pressing: bool,
    /// Nothing more will be done about it.
    over: bool,
    /// The settings leave it alone, as they are now.
    left: bool,
}

impl Answer {
    pub(super) fn new(now: Instant, rule: &Rule) -> Self {
        Self {
            rule: rule.name.clone(),
            shown: now,
            wanted: None,
            not_before: None,
            presses: 0,
            ticked: false,
            acted_on: None,
            pressing: false,
            over: false,
            left: false,
        }
    }

    /// Time from first sight to now, if it was pressed.
    pub(super) fn answered_after(&self, now: Instant) -> Option<Duration> {
        (self.presses > 0).then(|| now - self.shown)
    }

    /// Whether the dialog is a human's, for now or for good.
    pub(super) const fn is_left(&self) -> bool {
        self.over || self.left
    }

    pub(super) fn next(
        &mut self,
        now: Instant,
        seen: &Seen,
        view: &View,
        rule: &Rule,
        permit: Option<Permit<'_>>,
    ) -> AnswerStep {
        if self.over {
            return AnswerStep::Leave;
        }
        if let Some(time) = self.not_before.filter(|&time| now < time) {
            return AnswerStep::Wait(time);
        }
        let reply = rule.reply(&seen.window, &view.reading, permit);
        self.left = matches!(reply, Reply::Leave | Reply::Contradiction);
        if self.left {
            self.wanted = None;
        }
        let wanted = *self.wanted.get_or_insert(now);
        match reply {
            Reply::Leave => AnswerStep::Leave,
            Reply::Contradiction => AnswerStep::Contradict,
            Reply::Doubt(why) => self.give_up(rule, &why),
            Reply::Missing(_) if now < wanted + READABLE => AnswerStep::Wait(wanted + READABLE),
            Reply::Missing(_) if rule.may_close() => self.close(seen, rule),
            Reply::Missing(labels) => {
                self.give_up(rule, &format!("none of the buttons {labels:?} can be seen"))
            }
            Reply::Press { button, press } => {
                if let Some(permit) = permit
                    && let Some(label) = rule.tick(Some(permit.value()))
                    && !self.ticked
                {
                    return self.tick(now, seen, view, label, permit);
                }
                if self.presses == 0 && now > wanted + RESTLESS {
                    return self.give_up(rule, "it changes, or is covered, whenever it is to be pressed");
                }
                if self.presses == MAX_PRESSES {
                    let why = format!("\"{press}\" was pressed {MAX_PRESSES} times and the dialog stays");
                    return self.give_up(rule, &why);
                }
                self.pressing = true;
                self.click(seen, view, button.bounds, press)
            }
        }
    }

    fn tick(
        &mut self,
        now: Instant,
        seen: &Seen,
        view: &View,
        label: &str,
        permit: Permit<'_>,
    ) -> AnswerStep {
        let check_box = controls::check_box(&view.frame, &view.reading, label);
        match (check_box, permit.press(label)) {
            (Some(check_box), Some(press)) if check_box.checked == Some(false) && self.acted_on.is_none() => {
                self.pressing = false;
                self.click(seen, view, check_box.bounds, press)
            }
            // Ticked; or clicked, but its state cannot be told; or no box to be seen: the notice may come again, that
            // is all.
            _ => {
                self.ticked = true;
                AnswerStep::Wait(now)
            }
        }
    }

    fn click(&mut self, seen: &Seen, view: &View, bounds: Rect, label: Press) -> AnswerStep {
        self.acted_on = Some(view.clone());
        AnswerStep::Act(Action::Click {
            window: seen.window.id,
            bounds,
            label,
            seen: Arc::clone(&view.frame),
            unchanged: view.said(),
        })
    }

    fn close(&mut self, seen: &Seen, rule: &Rule) -> AnswerStep {
        if self.presses == MAX_PRESSES {
            return self.give_up(rule, "it has none of its buttons, and does not close");
        }
        self.pressing = true;
        AnswerStep::Act(Action::CloseWindow {
            window: seen.window.id,
        })
    }

    fn give_up(&mut self, rule: &Rule, why: &str) -> AnswerStep {
        self.over = true;
        AnswerStep::GiveUp(format!("{}: {why}; answer it in the viewer", rule.name))
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) {
        self.not_before = match result {
            ActResult::Done if self.pressing => {
                self.presses += 1;
                Some(now + PATIENCE)
            }
            _ => Some(now + LOOK_AGAIN),
        };
    }
}
