//! Choosing one of two toggles, and knowing that it is chosen, in a look that nobody described.
//!
//! A toggle of a pair may be clicked when it is already chosen: nothing happens. What must be known is that the click
//! arrived. The evidence, best first: the login button's own label names the mode; the pair's looks tell which one is
//! selected; the pair's looks changed after the click; after two clicks, there and back, both changed.

use std::time::{Duration, Instant};

use super::action::View;
use crate::screen::{Reading, Rect};
use crate::vision::controls::{self, Look};
use crate::vision::text::Folded;

/// How long a click may take to show.
const REACTION: Duration = Duration::from_millis(1500);
/// Clicks before giving up.
const MAX_CLICKS: u32 = 6;

/// What to do next about the pair.
#[derive(Debug)]
pub(super) enum ChoiceStep {
    /// Click here.
    Click {
        /// The toggle.
        bounds: Rect,
        /// Its label.
        label: String,
    },
    /// Look again when something changed, at this time at the latest.
    Wait(Instant),
    /// The wanted toggle is chosen; by this evidence.
    Chosen(String),
    /// This form has no such pair.
    Absent,
    /// It could not be verified.
    Failed(String),
}

/// One pair of toggles, of which `wanted` is to be chosen.
#[derive(Debug)]
pub(super) struct Choice {
    wanted: Vec<&'static str>,
    other: Vec<&'static str>,
    clicked: Option<Clicked>,
    clicks: u32,
    /// The pair answers nothing to a click on what is chosen: seen once, it is told by going there and back.
    there_and_back: bool,
}

#[derive(Debug)]
struct Clicked {
    at: Instant,
    looks: (Look, Look),
    wanted: bool,
}

impl Choice {
    pub(super) const fn new(wanted: Vec<&'static str>, other: Vec<&'static str>) -> Self {
        Self {
            wanted,
            other,
            clicked: None,
            clicks: 0,
            there_and_back: false,
        }
    }

    /// Judges the form as it stands. `submit_label` is what the login button says.
    pub(super) fn next(&mut self, now: Instant, view: &View, named_by: Option<Named>) -> ChoiceStep {
        if named_by == Some(Named::Wanted) {
            return ChoiceStep::Chosen("the login button names it".into());
        }
        let (wanted, other) = match (
            find(&view.reading, &self.wanted),
            find(&view.reading, &self.other),
        ) {
            (Some(wanted), Some(other)) => (wanted, other),
            (None, None) => return ChoiceStep::Absent,
            _ => return ChoiceStep::Failed("only one toggle of the pair can be seen".into()),
        };
        let Some(clicked) = &self.clicked else {
            return self.click(now, view, &wanted, &other, true);
        };
        let looks = (
            controls::look(&view.frame, wanted.1),
            controls::look(&view.frame, other.1),
        );
        let changed = looks.0.differs(&clicked.looks.0) || looks.1.differs(&clicked.looks.1);
        if !changed && now < clicked.at + REACTION {
            return ChoiceStep::Wait(clicked.at + REACTION);
        }
        if named_by == Some(Named::Other) {
            return self.click(now, view, &wanted, &other, true);
        }
        let selected = controls::selected_of(&view.frame, &[wanted.1, other.1]);
        match (clicked.wanted, changed, selected) {
            (true, _, Some(0)) => ChoiceStep::Chosen("it looks selected".into()),
            (true, true, Some(_)) => self.click(now, view, &wanted, &other, true),
            (true, true, None) => ChoiceStep::Chosen("the toggles changed after the click".into()),
            (true, false, _) if self.there_and_back => {
                ChoiceStep::Failed("the toggles do not answer to clicks".into())
            }
            (true, false, _) => {
                self.there_and_back = true;
                self.click(now, view, &wanted, &other, false)
            }
            (false, ..) => self.click(now, view, &wanted, &other, true),
        }
    }

    fn click(
        &mut self,
        now: Instant,
        view: &View,
        wanted: &(String, Rect),
        other: &(String, Rect),
        choose_wanted: bool,
    ) -> ChoiceStep {
        if self.clicks == MAX_CLICKS {
            return ChoiceStep::Failed(format!("still not chosen after {MAX_CLICKS} clicks"));
        }
        self.clicks += 1;
        let looks = (
            controls::look(&view.frame, wanted.1),
            controls::look(&view.frame, other.1),
        );
        self.clicked = Some(Clicked {
            at: now,
            looks,
            wanted: choose_wanted,
        });
        let (label, bounds) = if choose_wanted {
            wanted.clone()
        } else {
            other.clone()
        };
        ChoiceStep::Click { bounds, label }
    }
}

/// Which of the pair the login button's label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// The wanted one.
    Wanted,
    /// The other one.
    Other,
}

/// The toggle or radio button that bears one of the labels.
fn find(reading: &Reading, labels: &[&'static str]) -> Option<(String, Rect)> {
    labels.iter().find_map(|label| {
        let wanted = Folded::of(label);
        if let Some(button) = controls::button(reading, label) {
            return Some((button.label, button.bounds));
        }
        let line = reading
            .lines
            .iter()
            .find(|line| Folded::of(&line.text).equals(&wanted, 0.2).is_some())?;
        Some((line.text.clone(), line.bounds))
    })
}
