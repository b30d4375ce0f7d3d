//! Wishes of a viewer for another screen, each answered in its turn (rfbproto, "SetDesktopSize").

use std::collections::VecDeque;

use super::ResizeStatus;
use crate::client_message::WantedMonitor;
use crate::encoding::Monitor;
use crate::geometry::{Rect, Size};

/// The largest screen that a viewer may wish for: a wish costs memory here and in the X server, and there are X servers that
/// end when they are asked for more than they can.
const LARGEST: Size = Size::new(7680, 4320);

/// The oldest first.
#[derive(Default)]
pub(super) struct Resizes(VecDeque<Wish>);

struct Wish {
    monitor: Monitor,
    answer: Option<ResizeStatus>,
}

impl Resizes {
    /// How many are not answered.
    pub(super) fn waiting(&self) -> usize {
        self.0.len()
    }

    /// Takes a wish, which is refused at once unless wishes are `allowed` and this one can be. The size that somebody has to
    /// see to.
    pub(super) fn wish(&mut self, size: Size, monitors: &[WantedMonitor], allowed: bool) -> Option<Size> {
        let refused = |status| (Monitor::default(), Some(status));
        let (monitor, answer) = match monitors {
            _ if !allowed => refused(ResizeStatus::Prohibited),
            _ if size.width > LARGEST.width || size.height > LARGEST.height => {
                refused(ResizeStatus::InvalidLayout)
            }
            [only] if only.rect == Rect::of_size(size) && !only.rect.is_empty() => {
                let (id, flags) = (only.id, only.flags);
                (Monitor { id, flags }, None)
            }
            _ => refused(ResizeStatus::InvalidLayout),
        };
        self.0.push_back(Wish { monitor, answer });
        answer.is_none().then_some(size)
    }

    /// What became of the oldest wish.
    pub(super) fn answer(&mut self, status: ResizeStatus) {
        if let Some(oldest) = self.0.front_mut() {
            oldest.answer = Some(status);
        }
    }

    /// The oldest wish, if it is answered: it waits no more.
    pub(super) fn pop_answered(&mut self) -> Option<(ResizeStatus, Monitor)> {
        let oldest = self.0.front()?;
        let answered = (oldest.answer?, oldest.monitor);
        self.0.pop_front();
        Some(answered)
    }
}
