//! What scrolled once mostly goes on, by the same distance: to see that needs no hashes and no votes.

use super::grid::Grid;
use super::{Changes, Copy, Look, MIN_DAMAGE, part, same_bytes};
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::region::Region;

/// One pixel of so many must be in a row that changed, or what is blank would seem to scroll.
const MIN_CHANGED: usize = 4;
/// Where more than one pixel of so many changed besides, something else may have scrolled.
const MAX_OTHERS: usize = 8;

/// Brings `frame` up to date as `advance` does when `last` is what happened once more; `None` when it is not, or when that
/// cannot be said so fast.
pub(super) fn again(frame: &mut Framebuffer, look: Look<'_>, last: Copy) -> Option<Changes> {
    let (dx, dy) = (last.dx, last.dy);
    let seen = look.area.intersection(&look.area.offset(dx, dy));
    let whole = last.to.intersection(&seen);
    if whole.area() < MIN_DAMAGE {
        return None;
    }
    let (left, right) = (whole.x, whole.right());
    let came = |y: i32, dx: i32, dy: i32| {
        let before = part(frame, y - dy, left - dx, right - dx);
        same_bytes(before, look.row(y, left, right))
    };
    let moved = |y: &i32| came(*y, dx, dy);
    // At its ends there may be rows that looked alike by chance before.
    let first = (whole.y..whole.bottom()).find(moved)?;
    let last = (first..whole.bottom()).rfind(moved)?;
    // Both questions while the row is at hand: a screen is larger than what a processor keeps near.
    let mut changed = Vec::with_capacity(whole.height as usize);
    for y in first..=last {
        if !moved(&y) {
            return None;
        }
        if !came(y, 0, 0) {
            changed.push(y);
        }
    }
    // Beyond its ends there may be more by now.
    let came_anew = |y: &i32| !came(*y, 0, 0);
    let above = (seen.y..first).rev().take_while(moved);
    let below = (last + 1..seen.bottom()).take_while(moved);
    changed.extend(above.chain(below).filter(came_anew));
    let top = changed.iter().copied().fold(first, i32::min);
    let end = changed.iter().copied().fold(last, i32::max) + 1;
    let to = Rect::from_edges(left, top, right, end);
    if to.area() < MIN_DAMAGE {
        return None;
    }
    if changed.len() * MIN_CHANGED < to.height as usize {
        return None;
    }
    let beside = beside(look.area, to).map(|part| Grid::new(frame, look, part, false));
    if beside.iter().map(Grid::changed).sum::<usize>() * MAX_OTHERS > to.area() {
        return None;
    }
    for y in changed {
        look.paint_row(frame, y, left, right);
    }
    let mut damage = Region::new();
    for grid in beside {
        grid.write(look, frame);
        damage.union(&grid.region());
    }
    let copies = vec![Copy { to, dx, dy }];
    Some(Changes { copies, damage })
}

/// `area` without `hole`, which is inside: above, below, left, right.
fn beside(area: Rect, hole: Rect) -> [Rect; 4] {
    [
        Rect::from_edges(area.x, area.y, area.right(), hole.y),
        Rect::from_edges(area.x, hole.bottom(), area.right(), area.bottom()),
        Rect::from_edges(area.x, hole.y, hole.x, hole.bottom()),
        Rect::from_edges(hole.right(), hole.y, area.right(), hole.bottom()),
    ]
}
