//! The way to one page: unfold its branch of the tree, click its row, see by its labels that it is there.

use std::time::{Duration, Instant};

use super::super::action::{ActResult, Action, Chord, View};
use super::super::scan::{Scan, ScanStep};
use super::click;
use super::wish::Page;
use crate::screen::{Rect, WindowId};
use crate::vision::text::Folded;
use crate::vision::tree::{self, Panes, Row};

/// How long a click in the tree, or a key, may take to show.
const REACTION: Duration = Duration::from_millis(1500);
/// How long it may take in a window that shows no sign of it: a busy program.
const BUSY: Duration = Duration::from_secs(5);
/// Pause before looking again at a target that changed or was covered.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Acts that did not come about: the target changed or was covered.
const MAX_MISSES: u32 = 50;
/// Times that the branch is unfolded: one that has nothing below it does not answer.
const MAX_KEYS: u32 = 2;
/// Edits per character that a label may differ by.
const LIKENESS: f32 = 0.2;

#[derive(Debug)]
pub(super) enum WalkStep {
    Act(Action),
    Wait(Instant),
    /// The page shows.
    Arrived,
    /// The tree has no row that leads to it.
    Absent,
}

#[derive(Debug)]
enum Step {
    Look,
    /// A row that may lead to the page is clicked, or was then; what the window showed before.
    Row(Option<Instant>, View),
    /// The branch at this place is selected, or was then.
    Select(Option<Instant>, Rect),
    /// The key that unfolds it is pressed, or was then; what the tree showed before.
    Unfold(Option<Instant>, View),
    Scroll,
}

/// The way to one page.
#[derive(Debug)]
pub(super) struct Walk {
    page: Page,
    step: Step,
    /// Rows that led to other pages, each with the row above it.
    tried: Vec<(String, String)>,
    unfolded: bool,
    /// Times that the key which unfolds was pressed.
    keys: u32,
    scan: Scan,
    not_before: Option<Instant>,
    misses: u32,
}

impl Walk {
    pub(super) const fn new(page: Page) -> Self {
        Self {
            page,
            step: Step::Look,
            tried: Vec::new(),
            unfolded: false,
            keys: 0,
            scan: Scan::new(true),
            not_before: None,
            misses: 0,
        }
    }

    pub(super) fn next(&mut self, now: Instant, window: WindowId, view: &View, panes: &Panes) -> WalkStep {
        if let Some(time) = self.not_before.filter(|&time| now < time) {
            return WalkStep::Wait(time);
        }
        if self.misses == MAX_MISSES {
            return WalkStep::Absent;
        }
        match &self.step {
            Step::Row(Some(at), before) => {
                if shows_page(view, panes, self.page) {
                    return WalkStep::Arrived;
                }
                let until = *at + patience(view, before);
                if now < until {
                    return WalkStep::Wait(until);
                }
            }
            Step::Select(Some(at), place) => {
                // The row shows that it is selected, or was so before.
                if now < *at + LOOK_AGAIN {
                    return WalkStep::Wait(*at + LOOK_AGAIN);
                }
                let rows = tree::rows(&view.reading, panes);
                let branch = rows
                    .iter()
                    .find(|row| self.page.branch().is_some_and(|branch| row.says(branch)));
                // One that moved may not be what was clicked; one that is selected may be hard to read.
                if branch.is_none_or(|row| row.bounds.y.abs_diff(place.y) <= 2) {
                    self.step = Step::Unfold(None, view.clone());
                    return WalkStep::Act(Action::Press {
                        window,
                        keys: Chord::Right,
                    });
                }
            }
            Step::Unfold(Some(at), before) => {
                let texts = |view: &View| -> Vec<String> {
                    let rows = tree::rows(&view.reading, panes);
                    rows.into_iter().map(|row| row.text).collect()
                };
                let unfolded = texts(view) != texts(before);
                let until = *at + patience(view, before);
                if !unfolded && now < until {
                    return WalkStep::Wait(until);
                }
                self.keys += 1;
                self.unfolded = unfolded || self.keys == MAX_KEYS;
                self.scan = Scan::new(true);
            }
            _ => {}
        }
        self.look(now, window, view, panes)
    }

    fn look(&mut self, now: Instant, window: WindowId, view: &View, panes: &Panes) -> WalkStep {
        if let Some(until) = self.scan.moves_until(now, view) {
            return WalkStep::Wait(until);
        }
        let rows = tree::rows(&view.reading, panes);
        let click = |row: &Row, name: &str| match click(window, view, row.bounds, name) {
            Some(click) => WalkStep::Act(click),
            None => WalkStep::Absent,
        };
        if let Some((row, name, place)) = self.candidate(&rows) {
            let step = click(row, name);
            self.tried.push(place);
            self.step = Step::Row(None, view.clone());
            return step;
        }
        let branch = self.page.branch().filter(|_| !self.unfolded);
        let branch = branch.and_then(|branch| Some((rows.iter().find(|row| row.says(branch))?, branch)));
        if let Some((row, name)) = branch {
            self.step = Step::Select(None, row.bounds);
            return click(row, name);
        }
        self.step = Step::Scroll;
        match self.scan.next(now, window, view, within(panes.tree)) {
            ScanStep::Act(action) => WalkStep::Act(action),
            ScanStep::Wait(until) => WalkStep::Wait(until),
            ScanStep::Exhausted if !self.unfolded => {
                // The branch cannot be read: any row of the page's name is worth a try, its labels will tell.
                self.unfolded = true;
                self.scan = Scan::new(true);
                WalkStep::Wait(now)
            }
            ScanStep::Exhausted => WalkStep::Absent,
        }
    }

    /// A row that may lead to the page and was not tried: below its branch rather than elsewhere, and no more than
    /// needed of the branch itself.
    fn candidate<'a>(&self, rows: &'a [Row]) -> Option<(&'a Row, &'static str, (String, String))> {
        let branch = self.page.branch();
        let after = branch.and_then(|branch| rows.iter().position(|row| row.says(branch)));
        let place = |at: usize| {
            let above = at.checked_sub(1).map_or("", |above| rows[above].text.as_str());
            (above.to_owned(), rows[at].text.clone())
        };
        let names = self.page.rows().iter();
        names
            .filter(|name| self.unfolded || Some(**name) != branch)
            .find_map(|name| {
                let mut matching: Vec<usize> = (0..rows.len()).filter(|&at| rows[at].says(name)).collect();
                matching.sort_by_key(|&at| (after.is_some_and(|after| at < after), at));
                // Another branch's row of that name is worth a try only once this branch is unfolded.
                let near =
                    |at: &usize| self.unfolded || branch.is_none() || after.is_some_and(|after| *at > after);
                let at = matching
                    .into_iter()
                    .filter(near)
                    .find(|&at| !self.tried.contains(&place(at)))?;
                Some((&rows[at], *name, place(at)))
            })
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) {
        let done = *result == ActResult::Done;
        self.not_before = (!done).then_some(now + LOOK_AGAIN);
        self.misses += u32::from(!done);
        match &mut self.step {
            Step::Row(at, _) | Step::Select(at, _) | Step::Unfold(at, _) if done => *at = Some(now),
            Step::Row(..) => {
                self.tried.pop();
                self.step = Step::Look;
            }
            Step::Scroll if !done => self.scan.forget(),
            Step::Select(..) | Step::Unfold(..) => self.step = Step::Look,
            Step::Look | Step::Scroll => {}
        }
    }
}

/// How long a window may take to show what was done in it.
fn patience(view: &View, before: &View) -> Duration {
    if view.same_as(before) { BUSY } else { REACTION }
}

/// Whether one of the labels that only this page has is on the page that shows.
pub(super) fn shows_page(view: &View, panes: &Panes, page: Page) -> bool {
    let landmarks: Vec<Folded> = page.landmarks().into_iter().map(Folded::of).collect();
    let lines = view.reading.lines.iter();
    let mut lines = lines.filter(|line| panes.page.contains(line.bounds.center()));
    lines.any(|line| {
        let text = Folded::of(line.text.trim_end_matches([':', ' ']));
        landmarks
            .iter()
            .any(|landmark| text.equals(landmark, LIKENESS).is_some())
    })
}

/// The part of a pane over which the wheel is turned: away from its edges, where scroll bars and dividers are.
pub(super) fn within(pane: Rect) -> Rect {
    pane.inflated(-((pane.width / 8) as i32).min((pane.height / 8) as i32))
}
