//! The controls of one page: each found, looked at, set where it differs, and looked at again.

use std::time::{Duration, Instant};

use super::super::action::{ActResult, Action, View};
use super::super::scan::{Scan, ScanStep};
use super::click;
use super::walk::within;
use super::wish::{Control, Wish};
use crate::screen::{Rect, WindowId};
use crate::vision::controls::CheckBox;
use crate::vision::options;
use crate::vision::tree::Panes;

/// How long a click may take to show.
const REACTION: Duration = Duration::from_millis(1500);
/// How long it may take on a page that shows no sign of it: a second click on a busy program undoes the first.
const BUSY: Duration = Duration::from_secs(5);
/// What other controls show sooner than this after a click may be half painted: a focus that leaves, a shade that goes.
const PAINTED: Duration = Duration::from_millis(600);
/// How long a dialog that a button opens may take to come.
const OPENING: Duration = Duration::from_secs(1);
/// Pause before looking again at a target that changed or was covered.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Acts on one control.
const MAX_TRIES: u32 = 3;
/// Times that a field is asked: each in another way to select what it holds.
const MAX_SILENCES: u32 = 2;
/// Acts that did not come about: the target changed or was covered.
const MAX_MISSES: u32 = 50;

#[derive(Debug)]
pub(super) enum SheetStep {
    Act(Action),
    Wait(Instant),
    /// A control shows what it should, after it was changed.
    Verified(String),
    /// Every control was seen as it should be, is missing or failed.
    Finished,
}

/// What came of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Pending,
    /// It shows what it should.
    Right,
    Missing,
    Failed(String),
}

/// Changes are made in the first round; when there were any, all is looked at again in the second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    Set,
    Check,
}

#[derive(Debug)]
struct Entry {
    wish: Wish,
    fate: Fate,
    changed: bool,
    tries: u32,
    /// The last click on it, before it showed: when, and what the page showed.
    clicked: Option<(Instant, View)>,
    /// Times that the field did not tell what it holds.
    silences: u32,
    /// What the field told.
    holds: Option<String>,
    /// What it showed before it was changed: the label of the button that was chosen, the text of a field.
    was: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Click(usize),
    Read(usize),
    Write(usize),
    Scroll,
}

/// The wishes about one page.
#[derive(Debug)]
pub(super) struct Sheet {
    entries: Vec<Entry>,
    rivals: Vec<&'static str>,
    round: Round,
    scan: Scan,
    asked: Option<Asked>,
    /// What the page showed when the click was asked for.
    view: Option<View>,
    not_before: Option<Instant>,
    misses: u32,
}

impl Sheet {
    pub(super) fn new(wishes: Vec<Wish>) -> Self {
        let rivals = wishes
            .first()
            .map(|wish| wish.page.landmarks())
            .unwrap_or_default();
        let entry = |wish| Entry {
            wish,
            fate: Fate::Pending,
            changed: false,
            tries: 0,
            clicked: None,
            silences: 0,
            holds: None,
            was: None,
        };
        Self {
            entries: wishes.into_iter().map(entry).collect(),
            rivals,
            round: Round::Set,
            scan: Scan::new(true),
            asked: None,
            view: None,
            not_before: None,
            misses: 0,
        }
    }

    /// The wishes, what came of them, and whether the page was changed for them.
    pub(super) fn fates(&self) -> impl Iterator<Item = (&Wish, &Fate, bool)> {
        self.entries
            .iter()
            .map(|entry| (&entry.wish, &entry.fate, entry.changed))
    }

    /// What the controls of the wishes showed before they were changed, where that was seen.
    pub(super) fn before(&self) -> impl Iterator<Item = (&Control, &str)> {
        self.entries
            .iter()
            .filter_map(|entry| Some((&entry.wish.control, entry.was.as_deref()?)))
    }

    /// The setting whose button, pressed once, the click that was asked for last is on.
    pub(super) fn presses(&self) -> Option<&'static str> {
        let Some(Asked::Click(index)) = self.asked else {
            return None;
        };
        let wish = &self.entries[index].wish;
        matches!(wish.control, Control::Press { .. }).then_some(wish.setting)
    }

    pub(super) fn next(&mut self, now: Instant, window: WindowId, view: &View, panes: &Panes) -> SheetStep {
        if let Some(time) = self.not_before.filter(|&time| now < time) {
            return SheetStep::Wait(time);
        }
        if let Some(until) = self.scan.moves_until(now, view) {
            return SheetStep::Wait(until);
        }
        if self.misses == MAX_MISSES {
            self.end(&Fate::Failed("the page does not stand still".into()));
        }
        for index in 0..self.entries.len() {
            if self.entries[index].fate != Fate::Pending {
                continue;
            }
            if let Some(step) = self.pursue(now, index, window, view, panes) {
                return step;
            }
            // It was clicked and cannot be seen: it is being painted.
            let entry = &self.entries[index];
            if let Some((at, _)) = entry.clicked.as_ref().filter(|_| entry.fate == Fate::Pending)
                && now < *at + REACTION
            {
                return SheetStep::Wait(*at + REACTION);
            }
        }
        if self.entries.iter().any(|entry| entry.fate == Fate::Pending) {
            self.asked = Some(Asked::Scroll);
            match self.scan.next(now, window, view, within(panes.page)) {
                ScanStep::Act(action) => return SheetStep::Act(action),
                ScanStep::Wait(until) => return SheetStep::Wait(until),
                ScanStep::Exhausted => self.end_unseen(),
            }
        }
        if self.round == Round::Set && self.begin_check() {
            // Not on the picture that the last click was judged by.
            self.not_before = Some(now + PAINTED);
            return SheetStep::Wait(now + PAINTED);
        }
        SheetStep::Finished
    }

    fn end(&mut self, fate: &Fate) {
        for entry in &mut self.entries {
            if entry.fate == Fate::Pending {
                entry.fate = fate.clone();
            }
        }
    }

    /// What is not on the page is missing; what was there and was acted on may be anything now.
    fn end_unseen(&mut self) {
        for entry in &mut self.entries {
            if entry.fate == Fate::Pending {
                entry.fate = match entry.clicked.is_some() || entry.changed {
                    true => Fate::Failed("it was not seen again after it was changed".into()),
                    false => Fate::Missing,
                };
            }
        }
    }

    /// A change may have changed others: all that is right so far is looked at once more. False when there is no need.
    fn begin_check(&mut self) -> bool {
        self.round = Round::Check;
        self.scan = Scan::new(false);
        if !self.entries.iter().any(|entry| entry.changed) {
            return false;
        }
        let mut any = false;
        for entry in &mut self.entries {
            let once = matches!(entry.wish.control, Control::Press { .. });
            if entry.fate == Fate::Right && !once {
                entry.fate = Fate::Pending;
                (entry.clicked, entry.holds, entry.silences) = (None, None, 0);
                any = true;
            }
        }
        any
    }

    /// What to do about one wish; `None` when its control is not in the view, or nothing is left to do.
    fn pursue(
        &mut self,
        now: Instant,
        index: usize,
        window: WindowId,
        view: &View,
        panes: &Panes,
    ) -> Option<SheetStep> {
        match self.entries[index].wish.control.clone() {
            Control::Tick { label, on } => {
                let option = self.option(view, panes, label)?;
                let right = option.checked.map(|checked| checked == on);
                self.set(now, index, window, view, &option, label, right)
            }
            Control::Choose { label, other } => {
                let option = self.option(view, panes, label)?;
                let others = self.option(view, panes, other)?;
                let right = match (option.checked, others.checked) {
                    (Some(chosen), Some(other)) if chosen != other => Some(chosen),
                    _ => None,
                };
                if let Some(right) = right {
                    let chosen = if right { label } else { other };
                    self.entries[index].was.get_or_insert_with(|| chosen.to_owned());
                }
                self.set(now, index, window, view, &option, label, right)
            }
            Control::Fill { labels, text } => {
                let field = options::field(&view.reading, labels)?;
                if !is_whole(panes, &field.bounds) {
                    return None;
                }
                // A time is never empty: where none was read it is asked for.
                let empty = field.line.is_none() && !self.entries[index].wish.is_day_end();
                self.fill(index, window, field.bounds, empty, &text)
            }
            Control::Press { label } => {
                if self.entries[index].clicked.is_some() {
                    return self.pressed(now, index, view, label);
                }
                let place = options::press_place(&view.reading, label)?;
                if !is_whole(panes, &place) {
                    return None;
                }
                self.click(index, window, view, place, label)
            }
        }
    }

    fn option(&self, view: &View, panes: &Panes, label: &str) -> Option<CheckBox> {
        options::option(&view.frame, &view.reading, label, &self.rivals)
            .filter(|option| is_whole(panes, &option.bounds) && is_whole(panes, &option.label))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the control, as it was found in the view"
    )]
    fn set(
        &mut self,
        now: Instant,
        index: usize,
        window: WindowId,
        view: &View,
        option: &CheckBox,
        label: &str,
        right: Option<bool>,
    ) -> Option<SheetStep> {
        let round = self.round;
        let entry = &mut self.entries[index];
        let group = usize::from(matches!(entry.wish.control, Control::Choose { .. }));
        if let Some((at, before)) = &entry.clicked
            && has_side_effect(before, view, &option.bounds, group)
        {
            if now < *at + PAINTED {
                return Some(SheetStep::Wait(*at + PAINTED));
            }
            entry.fate = Fate::Failed("another control changed when it was clicked".into());
            return None;
        }
        if right == Some(true) {
            entry.fate = Fate::Right;
            return entry.clicked.take().map(|_| {
                entry.changed = true;
                SheetStep::Verified(format!("\"{label}\", seen after a click"))
            });
        }
        if let Some((at, before)) = &entry.clicked {
            let until = *at + if view.same_as(before) { BUSY } else { REACTION };
            if now < until {
                return Some(SheetStep::Wait(until));
            }
        }
        let unclear = "it cannot be told whether it is chosen";
        if round == Round::Check {
            let why = match right {
                Some(_) => "it did not stay as it was set",
                None => unclear,
            };
            entry.fate = Fate::Failed(why.into());
            return None;
        }
        if entry.tries == MAX_TRIES || right.is_none() && entry.tries == 2 {
            let why = if right.is_none() {
                unclear
            } else {
                "it does not answer to clicks"
            };
            entry.fate = Fate::Failed(why.into());
            return None;
        }
        self.click(index, window, view, option.bounds, label)
    }

    fn fill(
        &mut self,
        index: usize,
        window: WindowId,
        field: Rect,
        empty: bool,
        text: &str,
    ) -> Option<SheetStep> {
        let round = self.round;
        let entry = &mut self.entries[index];
        match &entry.holds {
            Some(holds) if is_same(holds, text) => {
                entry.fate = Fate::Right;
                return None;
            }
            None if (!empty || round == Round::Check) && entry.silences < MAX_SILENCES => {
                self.asked = Some(Asked::Read(index));
                return Some(SheetStep::Act(Action::ReadField { window, field }));
            }
            _ => {}
        }
        if round == Round::Check {
            entry.fate = Fate::Failed("what it holds could not be read back".into());
            return None;
        }
        if entry.tries == MAX_TRIES {
            entry.fate = Fate::Failed("what was typed could not be read back".into());
            return None;
        }
        self.asked = Some(Asked::Write(index));
        Some(SheetStep::Act(Action::Write {
            window,
            field,
            text: text.to_owned(),
        }))
    }

    /// What became of a button that was clicked. With the focus it may look like something else.
    fn pressed(&mut self, now: Instant, index: usize, view: &View, label: &str) -> Option<SheetStep> {
        let entry = &mut self.entries[index];
        let (at, before) = entry.clicked.as_ref()?;
        // It has the focus now, or what had it before has not.
        let unmoved = view.same_as(before);
        // The dialog that it opens is answered before this is asked again.
        let until = *at + if unmoved { BUSY } else { OPENING };
        if now < until {
            return Some(SheetStep::Wait(until));
        }
        if unmoved {
            entry.fate = Fate::Failed("nothing shows that it was pressed".into());
            return None;
        }
        entry.fate = Fate::Right;
        entry.changed = true;
        Some(SheetStep::Verified(format!("\"{label}\" was pressed")))
    }

    fn click(
        &mut self,
        index: usize,
        window: WindowId,
        view: &View,
        bounds: Rect,
        label: &str,
    ) -> Option<SheetStep> {
        let Some(click) = click(window, view, bounds, label) else {
            self.entries[index].fate = Fate::Failed("its label may not be pressed".into());
            return None;
        };
        self.asked = Some(Asked::Click(index));
        self.view = Some(view.clone());
        Some(SheetStep::Act(click))
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) -> Option<SheetStep> {
        let asked = self.asked.take()?;
        let missed = |sheet: &mut Self| {
            sheet.misses += 1;
            sheet.not_before = Some(now + LOOK_AGAIN);
        };
        match (asked, result) {
            (Asked::Click(index), ActResult::Done) => {
                let entry = &mut self.entries[index];
                entry.tries += 1;
                entry.clicked = self.view.take().map(|view| (now, view));
            }
            (Asked::Scroll, ActResult::Done) => {}
            (Asked::Scroll, _) => {
                self.scan.forget();
                missed(self);
            }
            (Asked::Read(index), ActResult::Holds(text)) => {
                let entry = &mut self.entries[index];
                entry.holds = Some(text.clone());
                if !entry.changed {
                    entry.was.get_or_insert_with(|| text.clone());
                }
            }
            (Asked::Read(index), ActResult::NoAnswer) => self.entries[index].silences += 1,
            (Asked::Write(index), ActResult::Filled) => {
                let entry = &mut self.entries[index];
                entry.fate = Fate::Right;
                entry.changed = true;
                let name = entry.wish.control.name();
                return Some(SheetStep::Verified(format!(
                    "\"{name}\", read back from its field"
                )));
            }
            (
                Asked::Write(index),
                ActResult::NotVerified { .. } | ActResult::NoAnswer | ActResult::Unread,
            ) => {
                // It may hold something else now: the page must not be confirmed like that.
                let entry = &mut self.entries[index];
                entry.tries += 1;
                entry.changed = true;
            }
            _ => missed(self),
        }
        None
    }
}

/// Whether more boxes than the `group` others of the one at `clicked` changed their state: a program that scrolls late
/// takes a click for another control than was meant.
fn has_side_effect(before: &View, now: &View, clicked: &Rect, group: usize) -> bool {
    let states = |view: &View| options::states(&view.frame, &view.reading);
    let now = states(now);
    let others = states(before).into_iter().filter(|(text, _, checked)| {
        now.iter()
            .any(|(other, place, state)| other == text && state != checked && !place.intersects(clicked))
    });
    others.count() > group
}

/// Whether all of it is on the page, and not cut off by its edge.
fn is_whole(panes: &Panes, bounds: &Rect) -> bool {
    panes.page.inflated(-1).contains_rect(bounds)
}

/// Whether two texts are the same number or time, however it is written.
fn is_same(holds: &str, wanted: &str) -> bool {
    let plain = |text: &str| -> String {
        let digits: String = text
            .chars()
            .filter(|c| c.is_alphanumeric() || *c == ':')
            .collect();
        let short = digits.trim_start_matches('0');
        match short.chars().next() {
            None | Some(':') => digits,
            Some(_) => short.to_owned(),
        }
    };
    plain(holds) == plain(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_compared_by_their_meaning() {
        assert!(is_same("4,001", "4001"));
        assert!(is_same("8:05", "08:05"));
        assert!(is_same(" 11:45 ", "11:45"));
        assert!(is_same("0", "0"));
        assert!(!is_same("", "0"));
        assert!(!is_same("4002", "4001"));
        assert!(!is_same("18:05", "8:05"));
    }
}
