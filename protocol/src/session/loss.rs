//! Where the viewer has only an impression of the screen (JPEG), and how it gets the real pixels when all is quiet.

use std::time::{Duration, Instant};

use crate::geometry::Rect;
use crate::region::Region;
use crate::scroll::Copy;

/// Pictures that arrived so long ago, and no others since, are sharpened.
const QUIET: Duration = Duration::from_millis(500);
/// Fewer pixels at a time are not worth an update.
const MIN_PIXELS: usize = 1 << 12;

#[derive(Default)]
pub(super) struct Loss {
    /// What the viewer has is not exact.
    lossy: Region,
    /// To be sent as it is.
    exact: Region,
    /// More was lost since an answer came last.
    fresh: bool,
    due_at: Option<Instant>,
}

impl Loss {
    /// These pixels are others now: exactness can wait.
    pub(super) fn damaged(&mut self, rect: &Rect) {
        self.exact.subtract_rect(rect);
    }

    /// What was lost moves too.
    pub(super) fn copied(&mut self, copy: &Copy) {
        let moved = self.lossy.intersection_rect(&copy.source());
        self.lossy.subtract_rect(&copy.to);
        self.lossy.union(&moved.offset(copy.dx, copy.dy));
    }

    pub(super) fn resized(&mut self) {
        *self = Self::default();
    }

    /// What of `due` is to be sent as it is; it is regarded as sent.
    pub(super) fn take_exact(&mut self, due: &Region) -> Region {
        let exact = due.intersection(&self.exact);
        self.exact.subtract(due);
        exact
    }

    /// `rect` was sent, `lost` of it with loss.
    pub(super) fn sent(&mut self, rect: &Rect, lost: Vec<Rect>) {
        self.lossy.subtract_rect(rect);
        self.fresh |= !lost.is_empty();
        lost.into_iter().for_each(|lost| self.lossy.add(lost));
    }

    /// The viewer has what was sent.
    pub(super) fn arrived(&mut self, now: Instant) {
        let first = self.due_at.is_none() && !self.lossy.is_empty();
        if std::mem::take(&mut self.fresh) || first {
            self.due_at = Some(now + QUIET);
        }
    }

    /// When [`Self::sharpen`] is to be called.
    pub(super) const fn due_at(&self) -> Option<Instant> {
        self.due_at
    }

    /// The pixels, some more than `affordable` at most, that are to be sent again as they are.
    pub(super) fn sharpen(&mut self, affordable: usize) -> Region {
        self.due_at = None;
        let mut left = affordable.max(MIN_PIXELS);
        let mut chosen = Region::new();
        for rect in self.lossy.rects() {
            let rows = (left / rect.width as usize + 1).min(rect.height as usize);
            let part = Rect::new(rect.x, rect.y, rect.width, rows as u32);
            chosen.add(part);
            left = left.saturating_sub(part.area());
            if left == 0 {
                break;
            }
        }
        self.lossy.subtract(&chosen);
        self.exact.union(&chosen);
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Instant {
        #[expect(
            clippy::disallowed_methods,
            reason = "there is no other way to a first moment"
        )]
        Instant::now()
    }

    #[test]
    fn what_was_lost_is_due_when_all_is_quiet() {
        let (now, rect) = (start(), Rect::new(10, 10, 100, 100));
        let mut loss = Loss::default();
        loss.arrived(now);
        assert_eq!(loss.due_at(), None, "nothing was lost");
        loss.sent(&rect, vec![rect]);
        assert_eq!(loss.due_at(), None, "a viewer that takes nothing costs no timer");
        loss.arrived(now);
        loss.sent(&rect, vec![rect]);
        let later = now + Duration::from_millis(400);
        loss.arrived(later);
        assert_eq!(loss.due_at(), Some(later + QUIET), "it went on");
        // What was sent as it is does not put it off.
        loss.sent(&Rect::new(0, 0, 5, 5), Vec::new());
        loss.arrived(later + Duration::from_millis(300));
        assert_eq!(loss.due_at(), Some(later + QUIET));
        assert_eq!(loss.sharpen(usize::MAX), Region::from(rect));
        assert_eq!(loss.take_exact(&Region::from(rect)), Region::from(rect));
        loss.sent(&rect, Vec::new());
        loss.arrived(later + QUIET);
        assert_eq!(loss.due_at(), None, "nothing is left");
    }

    #[test]
    fn a_slow_line_gets_it_piece_by_piece() {
        let (now, rect) = (start(), Rect::new(0, 0, 640, 400));
        let mut loss = Loss::default();
        loss.sent(&rect, vec![rect]);
        let mut all = Region::new();
        for _ in 0..40 {
            loss.arrived(now);
            if loss.due_at().is_none() {
                break;
            }
            let piece = loss.sharpen(10_000);
            assert!(piece.area() <= 10_640 && !piece.is_empty(), "{piece:?}");
            loss.take_exact(&piece)
                .rects()
                .iter()
                .for_each(|part| loss.sent(part, Vec::new()));
            all.union(&piece);
        }
        assert_eq!((all, loss.due_at()), (Region::from(rect), None));
    }

    #[test]
    fn what_moves_and_what_changes() {
        let rect = Rect::new(0, 100, 50, 50);
        let mut loss = Loss::default();
        loss.sent(&rect, vec![rect]);
        let to = Rect::new(0, 60, 50, 70);
        loss.copied(&Copy { to, dx: 0, dy: -40 });
        // Moved up, and what was not covered stays.
        let left = Region::from(Rect::new(0, 60, 50, 50));
        let lossy = [Rect::new(0, 60, 50, 50), Rect::new(0, 130, 50, 20)];
        assert_eq!(
            loss.sharpen(usize::MAX).area(),
            lossy.iter().map(Rect::area).sum::<usize>()
        );
        loss.damaged(&lossy[1]);
        assert_eq!(loss.take_exact(&Region::from(Rect::new(0, 0, 500, 500))), left);
    }
}
