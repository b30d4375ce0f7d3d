//! Answering one dialog: tick, press, see it go; press again only when nothing happened for long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Seen, View};
use crate::dialogs::Rule;
use crate::vision::controls;

/// A busy JVM may take seconds to answer: a second click in the meantime could meet what comes next.
const PATIENCE: Duration = Duration::from_secs(8);
const MAX_PRESSES: u32 = 3;
/// How long the labels of a known dialog may stay unreadable.
const READABLE: Duration = Duration::from_secs(3);
/// Pause before looking again at a target that changed or was covered.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The margin over the waiting time that the gateway names.
const THROTTLE_MARGIN: Duration = Duration::from_secs(3);
/// The waiting time when none can be read.
const THROTTLE_UNREAD: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(super) enum AnswerStep {
    Act(Action),
    Wait(Instant),
    /// The settings leave it to a human.
    Leave,
    GiveUp(String),
}

/// A dialog that shows, and what was done about it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) rule: String,
    shown: Instant,
    not_before: Option<Instant>,
    presses: u32,
    ticked: bool,
    /// The view that the last act was made on: one that differs is a sign of life.
    acted_on: Option<View>,
    pressing: bool,
    given_up: bool,
}

impl Answer {
    pub(super) fn new(now: Instant, rule: &Rule) -> Self {
        Self {
            rule: rule.name.clone(),
            shown: now,
            not_before: None,
            presses: 0,
            ticked: false,
            acted_on: None,
            pressing: false,
            given_up: false,
        }
    }

    /// Time from first sight to now, if it was pressed.
    pub(super) fn answered_after(&self, now: Instant) -> Option<Duration> {
        (self.presses > 0).then(|| now - self.shown)
    }

    pub(super) fn next(
        &mut self,
        now: Instant,
        seen: &Seen,
        view: &View,
        rule: &Rule,
        value: Option<&str>,
    ) -> AnswerStep {
        let labels = rule.answers(value);
        if labels.is_empty() || self.given_up {
            return AnswerStep::Leave;
        }
        if let Some(time) = self.not_before.filter(|&time| now < time) {
            return AnswerStep::Wait(time);
        }
        if let Some(label) = rule.tick(value)
            && !self.ticked
        {
            return self.tick(now, seen, view, label);
        }
        let Some(button) = labels
            .iter()
            .find_map(|label| controls::button(&view.reading, label))
        else {
            return self.give_up_later(now, rule, &format!("none of the buttons {labels:?} can be seen"));
        };
        if self.presses == MAX_PRESSES {
            self.given_up = true;
            return AnswerStep::GiveUp(format!(
                "{}: \"{}\" was pressed {MAX_PRESSES} times and the dialog stays; answer it in the viewer",
                rule.name, button.label
            ));
        }
        self.pressing = true;
        self.click(seen, view, button.bounds, button.label)
    }

    fn tick(&mut self, now: Instant, seen: &Seen, view: &View, label: &str) -> AnswerStep {
        match controls::check_box(&view.frame, &view.reading, label) {
            Some(check_box) if check_box.checked == Some(true) => {
                self.ticked = true;
                AnswerStep::Wait(now)
            }
            Some(check_box) if check_box.checked == Some(false) && self.acted_on.is_none() => {
                self.pressing = false;
                self.click(seen, view, check_box.bounds, label.to_owned())
            }
            // Clicked, but its state cannot be told, or no box to be seen: the notice may come again, that is all.
            _ => {
                self.ticked = true;
                AnswerStep::Wait(now)
            }
        }
    }

    fn click(&mut self, seen: &Seen, view: &View, bounds: crate::screen::Rect, label: String) -> AnswerStep {
        self.acted_on = Some(view.clone());
        AnswerStep::Act(Action::Click {
            window: seen.window.id,
            bounds,
            label,
            seen: Arc::clone(&view.frame),
            unchanged: Vec::new(),
        })
    }

    fn give_up_later(&mut self, now: Instant, rule: &Rule, why: &str) -> AnswerStep {
        let until = self.shown + READABLE;
        if now < until {
            return AnswerStep::Wait(until);
        }
        self.given_up = true;
        AnswerStep::GiveUp(format!("{}: {why}; answer it in the viewer", rule.name))
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) {
        self.not_before = match result {
            ActResult::Done if self.pressing => {
                self.presses += 1;
                Some(now + PATIENCE)
            }
            ActResult::Done => Some(now + LOOK_AGAIN),
            _ => Some(now + LOOK_AGAIN),
        };
    }
}

/// "Please wait 53 seconds", "4 minutes & 47 seconds": the time, and a margin.
pub(super) fn waiting_time(text: &str) -> Duration {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut seconds = 0_u64;
    let mut found = false;
    for pair in words.windows(2) {
        let unit = match pair[1].as_str() {
            unit if unit.starts_with("second") => 1,
            unit if unit.starts_with("minute") => 60,
            unit if unit.starts_with("hour") => 3600,
            _ => continue,
        };
        if let Ok(number) = pair[0].parse::<u32>() {
            seconds += u64::from(number) * unit;
            found = true;
        }
    }
    if found {
        Duration::from_secs(seconds) + THROTTLE_MARGIN
    } else {
        THROTTLE_UNREAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_are_read_with_their_units() {
        let table = [
            ("Too many failed login attempts. Please wait 53 seconds", 56),
            (
                "Please wait 4 minutes & 47 seconds\nbefore trying again.",
                4 * 60 + 47 + 3,
            ),
            ("wait 1 minute", 63),
            ("wait some time", 600),
        ];
        for (text, seconds) in table {
            assert_eq!(waiting_time(text), Duration::from_secs(seconds), "{text}");
        }
    }
}
