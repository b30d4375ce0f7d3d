//! Scrolling a dialog's text to its end, as one does who reads it: some buttons answer only then.

use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Chord, View};
use super::scan::{Scan, ScanStep};
use crate::screen::WindowId;
use crate::vision::prose;

/// How long the key for the end may take to show.
const REACTION: Duration = Duration::from_millis(500);
/// Pause before looking again at a text that was covered.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Acts that did not come about: the text was covered.
const MAX_MISSES: u32 = 50;

#[derive(Debug)]
pub(super) enum PerusalStep {
    Act(Action),
    Wait(Instant),
    /// The end shows, or nothing moves it.
    Read,
}

#[derive(Debug)]
enum Way {
    Wheel(Scan),
    /// The wheel moved nothing: the key is pressed, or was then.
    Key(Option<Instant>),
}

/// One text on its way to its end.
#[derive(Debug)]
pub(super) struct Perusal {
    way: Way,
    not_before: Option<Instant>,
    misses: u32,
}

impl Perusal {
    pub(super) fn new() -> Self {
        Self {
            way: Way::Wheel(Scan::to_the_end()),
            not_before: None,
            misses: 0,
        }
    }

    pub(super) fn next(&mut self, now: Instant, window: WindowId, view: &View) -> PerusalStep {
        if let Some(time) = self.not_before.filter(|&time| now < time) {
            return PerusalStep::Wait(time);
        }
        let Some(area) = prose::area(&view.reading).filter(|_| self.misses < MAX_MISSES) else {
            return PerusalStep::Read;
        };
        match &mut self.way {
            Way::Wheel(scan) => {
                if let Some(until) = scan.moves_until(now, view) {
                    return PerusalStep::Wait(until);
                }
                match scan.next(now, window, view, area) {
                    ScanStep::Act(action) => PerusalStep::Act(action),
                    ScanStep::Wait(until) => PerusalStep::Wait(until),
                    ScanStep::Exhausted if scan.has_moved() => PerusalStep::Read,
                    ScanStep::Exhausted => {
                        self.way = Way::Key(None);
                        PerusalStep::Wait(now)
                    }
                }
            }
            Way::Key(None) => PerusalStep::Act(Action::Press {
                window,
                keys: Chord::End,
            }),
            Way::Key(Some(at)) if now < *at + REACTION => PerusalStep::Wait(*at + REACTION),
            Way::Key(Some(_)) => PerusalStep::Read,
        }
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) {
        let done = *result == ActResult::Done;
        if !done {
            self.misses += 1;
            self.not_before = Some(now + LOOK_AGAIN);
        }
        match &mut self.way {
            Way::Wheel(scan) if !done => scan.forget(),
            Way::Key(at) if done => *at = Some(now),
            _ => {}
        }
    }
}
