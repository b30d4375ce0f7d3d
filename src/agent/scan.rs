//! Scrolling through a part of a window until something is found, or its ends were seen.

use std::time::{Duration, Instant};

use super::action::{Action, View};
use crate::screen::{Fingerprint, Frame, Rect, WindowId};

/// How long the wheel may take to show.
const REACTION: Duration = Duration::from_secs(1);
/// An area that shows the same for this long after the wheel was turned stands still.
const CALM: Duration = Duration::from_millis(120);
/// Looks at an area that goes on and on.
const MAX_TURNS: u32 = 200;
/// Notches of the wheel at a time, where nothing on the way has to be seen.
const NOTCHES: u32 = 5;
/// A caret is narrower than this, in pixels.
const CARET: usize = 4;

#[derive(Debug)]
pub(super) enum ScanStep {
    Act(Action),
    Wait(Instant),
    /// Both ends were seen.
    Exhausted,
}

/// Which way is scrolled: to the one end, then to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leg {
    First,
    Second,
    Over,
}

/// One look through all of an area.
#[derive(Debug)]
pub(super) struct Scan {
    /// The first leg goes down.
    down: bool,
    notches: u32,
    leg: Leg,
    turns: u32,
    moved: bool,
    /// What showed last, and since when.
    last: Option<(Fingerprint, Instant)>,
    /// When the wheel was turned, and what the area showed before.
    turned: Option<(Instant, Frame)>,
}

impl Scan {
    pub(super) const fn new(down: bool) -> Self {
        Self {
            down,
            // A change that shows is all that comes of it.
            notches: 1,
            leg: Leg::First,
            turns: 0,
            moved: false,
            last: None,
            turned: None,
        }
    }

    /// Down only, and fast.
    pub(super) fn to_the_end() -> Self {
        Self {
            notches: NOTCHES,
            leg: Leg::Second,
            ..Self::new(false)
        }
    }

    /// Whether the wheel moved anything.
    pub(super) const fn has_moved(&self) -> bool {
        self.moved
    }

    /// Until when what shows is not to be acted on: the wheel was turned, and the area may still move.
    pub(super) fn moves_until(&mut self, now: Instant, view: &View) -> Option<Instant> {
        self.turned.as_ref()?;
        let print = view.reading.fingerprint;
        match self.last {
            Some((last, since)) if last == print => Some(since + CALM).filter(|&until| now < until),
            _ => {
                self.last = Some((print, now));
                Some(now + CALM)
            }
        }
    }

    /// What is looked for is not in `view`: where to look next.
    pub(super) fn next(&mut self, now: Instant, window: WindowId, view: &View, area: Rect) -> ScanStep {
        let shows = view.frame.crop(area);
        self.turns += 1;
        let stands = self
            .turned
            .as_ref()
            .map(|(at, before)| (*at, !moved(before, &shows)));
        self.moved |= stands.is_some_and(|(_, stands)| !stands);
        if let Some((at, true)) = stands {
            if now < at + REACTION {
                return ScanStep::Wait(at + REACTION);
            }
            self.leg = match self.leg {
                Leg::First => Leg::Second,
                Leg::Second | Leg::Over => Leg::Over,
            };
        }
        if self.leg == Leg::Over {
            return ScanStep::Exhausted;
        }
        if self.turns > MAX_TURNS {
            return ScanStep::Exhausted;
        }
        self.turned = Some((now, shows));
        ScanStep::Act(Action::TurnWheel {
            window,
            area,
            down: self.down == (self.leg == Leg::First),
            notches: self.notches,
        })
    }

    /// The wheel was not turned after all.
    pub(super) fn forget(&mut self) {
        self.turned = None;
    }
}

/// Whether two pictures differ by more than a caret.
fn moved(before: &Frame, now: &Frame) -> bool {
    let width = now.size().width as usize;
    if before.size() != now.size() || width == 0 {
        return before.size() != now.size();
    }
    let pixels = before.pixels().iter().zip(now.pixels()).enumerate();
    let mut columns = pixels
        .filter(|(_, (old, new))| old != new)
        .map(|(at, _)| at % width);
    let Some(first) = columns.next() else { return false };
    let (left, right) = columns.fold((first, first), |(left, right), column| {
        (left.min(column), right.max(column))
    });
    right - left >= CARET
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    #[test]
    fn a_caret_is_no_scrolling() {
        let still = Frame::new(Size::new(40, 30));
        let mut caret = still.clone();
        caret.fill(Rect::new(10, 5, 2, 15), 0xff_ffff);
        assert!(!moved(&still, &still) && !moved(&still, &caret));
        caret.fill(Rect::new(10, 5, 8, 2), 0xff_ffff);
        assert!(moved(&still, &caret));
        assert!(moved(&still, &Frame::new(Size::new(41, 30))));
    }
}
