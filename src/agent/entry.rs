//! Typing into fields, and how each shows that it holds what was typed: it says so when it is asked, or its picture
//! shows it when it does not answer.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::action::{Action, Shown, Typed, View};
use crate::screen::{Frame, Rect, WindowId};

/// How long a filled field may take to be painted.
pub(super) const PAINTED: Duration = Duration::from_millis(1500);
/// Pause before a field is tried again.
pub(super) const RETRY: Duration = Duration::from_millis(700);
/// How often fields are asked what they hold, once for each way to select their text, before they are looked at.
const ASKED: u32 = 2;
/// The echo character of a password, as it is read.
const ECHO: char = '\u{2022}';

/// What a field shows that was typed into and not asked.
#[derive(Debug)]
pub(super) enum Look {
    /// Something new, to be compared.
    Compare(Action),
    /// Nothing new yet.
    Wait(Instant),
    /// Nothing that could be compared, and it had the time.
    Nothing,
}

/// The fields of one window.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// How often a field did not say what it holds.
    unanswered: u32,
    /// The field that is not asked what it holds, as it looked before it was typed into, or when it was compared last.
    before: Option<Frame>,
}

impl Entry {
    /// Types into a field.
    pub(super) fn fill(&mut self, window: WindowId, view: &View, field: Rect, what: Typed) -> Action {
        let read_back = self.unanswered < ASKED;
        self.before = (!read_back).then(|| view.frame.crop(field));
        Action::Fill {
            window,
            field,
            what,
            read_back,
        }
    }

    /// A field was asked and did not answer.
    pub(super) const fn count_unanswered(&mut self) {
        self.unanswered += 1;
    }

    /// Looks at a field that was typed into at `typed`.
    pub(super) fn look(
        &mut self,
        now: Instant,
        view: &View,
        field: Rect,
        what: Typed,
        typed: Instant,
    ) -> Look {
        let looks = view.frame.crop(field);
        let news = self.before.as_ref().is_none_or(|before| looks != *before);
        match shown_in(view, field) {
            Some(shown) if news => {
                self.before = Some(looks);
                Look::Compare(Action::Compare { what, shown })
            }
            _ if now < typed + PAINTED => Look::Wait(typed + PAINTED),
            _ => Look::Nothing,
        }
    }
}

/// The only line that shows in a field.
pub(super) fn shown_in(view: &View, field: Rect) -> Option<Shown> {
    let mut lines = view
        .reading
        .lines
        .iter()
        .filter(|line| field.contains(line.bounds.center()));
    let (line, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    Some(if line.text.chars().all(|c| c == ECHO) {
        Shown::Dots(line.text.chars().count())
    } else {
        Shown::Text(Zeroizing::new(line.text.clone()))
    })
}
