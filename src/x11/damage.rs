//! What was painted, as the server tells it, without what was looked at meanwhile.

use protocol::region::{MAX_RECTS, Region};
use x11rb::connection::{Connection as _, SequenceNumber};
use x11rb::protocol::damage::{ConnectionExt as _, Damage, NotifyEvent, ReportLevel};
use x11rb::rust_connection::RustConnection;

use super::X11Error;
use crate::screen::Rect;

/// The damage of one screen, which the server tells in notices: a part is not told again before its damage is emptied.
pub(super) struct ScreenDamage {
    id: Damage,
    seen: Seen,
}

/// What was looked at since the damage was emptied last.
struct Seen {
    /// The request that emptied it.
    emptied: SequenceNumber,
    parts: Vec<Rect>,
}

impl Seen {
    /// What is new of a part that was painted when the server had last handled the request `number`. What was painted
    /// before the damage was emptied is in all that was looked at since, however late its notice is read; what was painted
    /// after that is new even if it was seen, as it would not be told again.
    fn news(&self, painted: Rect, number: SequenceNumber) -> Region {
        let mut news = Region::from(painted);
        if number < self.emptied {
            self.parts.iter().for_each(|part| news.subtract_rect(part));
        }
        news
    }
}

impl ScreenDamage {
    /// Begins to watch `root`. What was painted before is not told.
    pub(super) fn watch(wire: &RustConnection, root: u32) -> Result<Self, X11Error> {
        let id = wire.generate_id()?;
        wire.damage_create(id, root, ReportLevel::DELTA_RECTANGLES)?;
        // Servers begin with a notice of the whole screen, which would be looked at twice.
        let all = Rect::new(0, 0, u16::MAX.into(), u16::MAX.into());
        let seen = Seen {
            emptied: empty(wire, id)?,
            parts: vec![all],
        };
        Ok(Self { id, seen })
    }

    /// Ends it.
    pub(super) fn close(self, wire: &RustConnection) -> Result<(), X11Error> {
        wire.damage_destroy(self.id)?;
        Ok(())
    }

    /// Whether `notice` is about this one.
    pub(super) const fn is_of(&self, notice: &NotifyEvent) -> bool {
        notice.damage == self.id
    }

    /// What is new of what `notice` tells, which came when the server had last handled the request `number`.
    pub(super) fn news(&self, notice: &NotifyEvent, number: SequenceNumber) -> Region {
        let area = notice.area;
        let (width, height) = (area.width.into(), area.height.into());
        self.seen
            .news(Rect::new(area.x.into(), area.y.into(), width, height), number)
    }

    /// What is painted from here on is told anew, and whatever is looked at is newer. Needs no answer.
    pub(super) fn empty(&mut self, wire: &RustConnection) -> Result<(), X11Error> {
        self.seen.emptied = empty(wire, self.id)?;
        self.seen.parts.clear();
        Ok(())
    }

    /// `part` was looked at.
    pub(super) fn saw(&mut self, part: Rect) {
        if self.seen.parts.len() < MAX_RECTS {
            self.seen.parts.push(part);
        }
    }
}

fn empty(wire: &RustConnection, damage: Damage) -> Result<SequenceNumber, X11Error> {
    let request = wire.damage_subtract(damage, x11rb::NONE, x11rb::NONE)?;
    Ok(request.sequence_number())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Rect = Rect::new(0, 0, 50, 80);

    fn seen() -> Seen {
        Seen {
            emptied: 20,
            parts: vec![LEFT],
        }
    }

    #[test]
    fn what_was_painted_before_a_look_is_in_it() {
        assert!(seen().news(LEFT, 19).is_empty());
        assert!(seen().news(Rect::new(10, 10, 5, 5), 3).is_empty());
    }

    #[test]
    fn what_was_not_looked_at_is_new() {
        let news = seen().news(Rect::new(0, 70, 100, 20), 19);
        assert_eq!(news.area(), 100 * 20 - 50 * 10);
        assert!(!news.intersects_rect(&LEFT));
    }

    #[test]
    fn what_was_painted_after_the_damage_was_emptied_is_new() {
        assert_eq!(seen().news(LEFT, 20), Region::from(LEFT));
        assert_eq!(seen().news(LEFT, 21), Region::from(LEFT));
    }
}
