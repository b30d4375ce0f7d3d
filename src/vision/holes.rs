//! Buttons with round ends whose label is so near to their edge that it cuts their paper into pieces, which are shaped
//! like nothing: what the window's paper leaves out is shaped like a button.

use super::flat::{Flat, FlatMap, distance, dominant};
use super::outline::{holds_text, is_bulging, is_full};
use crate::screen::{Frame, Rect};

/// The size of such a button.
const HEIGHT: std::ops::RangeInclusive<u32> = 14..=64;
const WIDTH: std::ops::RangeInclusive<u32> = 20..=480;
/// Border, glow and shadow together are no thicker.
const RIM: i32 = 8;
/// What is of one paper differs by no more.
const SAME: u32 = 3;

/// What is wider than no other row.
const NOWHERE: (i32, i32) = (i32::MAX, i32::MIN);

/// What the paper around leaves out.
pub(super) struct Hole {
    /// From where to where the paper inside of the border reaches, from the first row on.
    pub(super) spans: Vec<(i32, i32)>,
    /// The rectangle around it.
    pub(super) bounds: Rect,
    /// The areas that it consists of.
    pub(super) pieces: Vec<u32>,
}

impl Hole {
    /// The hole in which the area `label` is a piece of the paper.
    pub(super) fn around(frame: &Frame, map: &FlatMap, label: u32, flat: &Flat) -> Option<Self> {
        let outer = outer(frame, map, label, flat)?;
        let left: Vec<i32> = outer.iter().map(|&(_, left, _)| left).collect();
        let right: Vec<i32> = outer.iter().map(|&(_, _, right)| -right).collect();
        let first = outer.first()?.0;
        let from_side = |edges: &[i32]| -> Vec<i32> {
            let side = edges.iter().min().copied().unwrap_or(0);
            edges.iter().map(|edge| edge - side).collect()
        };
        if !is_bulging(&from_side(&left)) || !is_bulging(&from_side(&right)) {
            return None;
        }
        let own = frame.crop(flat.bounds);
        let colour = dominant(&own);
        let columns = frame.size().width as usize;
        let mut pieces = Vec::new();
        let mut spans = Vec::new();
        let mut area = 0;
        for &(y, left, right) in &outer {
            let row = y as usize * columns;
            let mut paper = (left..right).filter(|&x| {
                let at = row + x as usize;
                distance(frame.pixels()[at], colour) <= SAME
            });
            let Some(from) = paper.next() else {
                spans.push(None);
                continue;
            };
            let mut to = from;
            area += 1;
            pieces.push(map.labels[row + from as usize]);
            for x in paper {
                area += 1;
                to = x;
                pieces.push(map.labels[row + x as usize]);
            }
            let even = is_in_rim(&outer, y, |(left, _)| from - left)
                && is_in_rim(&outer, y, |(_, right)| right - 1 - to);
            spans.push(even.then_some((from, to + 1)));
        }
        pieces.sort_unstable();
        pieces.dedup();
        let above = spans.iter().take_while(|span| span.is_none()).count();
        let below = spans.iter().rev().take_while(|span| span.is_none()).count();
        if above as i32 > RIM || below as i32 > RIM || above + below >= spans.len() {
            return None;
        }
        let rows = &spans[above..spans.len() - below];
        // A label beside the border leaves no paper in front of it, and its fringes are none.
        if rows.iter().flatten().count() * 4 < rows.len() * 3 {
            return None;
        }
        let mut spans: Vec<(i32, i32)> = rows.iter().map(|row| row.unwrap_or(NOWHERE)).collect();
        widen(&mut spans);
        let x = spans.iter().map(|span| span.0).min()?;
        let end = spans.iter().map(|span| span.1).max()?;
        let top = first + above as i32;
        let bounds = Rect::from_edges(x, top, end, top + spans.len() as i32);
        let is_paper = area * 100 >= bounds.area() * 35;
        (is_paper && holds_text(frame, &bounds, &spans, &[0, 1, 2])).then_some(Self {
            spans,
            bounds,
            pieces,
        })
    }
}

/// Whether what begins so far `inside` of the edges in row `y` is as far from what lies around as a rim is thick, or nearer:
/// at a round end it runs aslant.
fn is_in_rim(outer: &[(i32, i32, i32)], y: i32, inside: impl Fn((i32, i32)) -> i32) -> bool {
    (y - RIM..=y + RIM).any(|near| {
        let row = outer.iter().find(|row| row.0 == near);
        let far = row.map_or(0, |&(_, left, right)| inside((left, right)).max(0));
        far * far + (near - y) * (near - y) <= RIM * RIM
    })
}

/// Towards the middle no row narrows again: a label that begins beside the border covers the paper there.
pub(super) fn widen(spans: &mut [(i32, i32)]) {
    let wider = |one: (i32, i32), other: (i32, i32)| (one.0.min(other.0), one.1.max(other.1));
    let last = spans.len() - 1;
    for row in 1..=last / 2 {
        spans[row] = wider(spans[row], spans[row - 1]);
        spans[last - row] = wider(spans[last - row], spans[last - row + 1]);
    }
}

/// All that is connected with the area and is not of the paper around it: row, and from where to where. `None` when its
/// first or last rows have gaps, as those of letters that touch have.
fn outer(frame: &Frame, map: &FlatMap, label: u32, flat: &Flat) -> Option<Vec<(i32, i32, i32)>> {
    let size = frame.size();
    let columns = size.width as usize;
    let start = (0..flat.bounds.width as i32)
        .map(|far| (flat.bounds.x + far, flat.bounds.center().y))
        .find(|&(x, y)| map.labels[y as usize * columns + x as usize] == label)?;
    let room = flat.bounds.inflated(RIM);
    let around = (0..=start.0)
        .rev()
        .map(|x| map.labels[start.1 as usize * columns + x as usize])
        .find(|&other| other != label && map.areas[other as usize].bounds.contains_rect(&room))?;
    let mut rows: std::collections::BTreeMap<i32, (i32, i32, i32)> = std::collections::BTreeMap::new();
    let mut seen = std::collections::HashSet::new();
    let mut open = vec![start];
    let mut bounds = Rect::default();
    while let Some((x, y)) = open.pop() {
        let inside = x > 0 && y > 0 && x + 1 < size.width as i32 && y + 1 < size.height as i32;
        if map.labels[y as usize * columns + x as usize] == around || !seen.insert((x, y)) {
            continue;
        }
        bounds = bounds.union(&Rect::new(x, y, 1, 1));
        if !inside || bounds.height > *HEIGHT.end() || bounds.width > *WIDTH.end() {
            return None;
        }
        let row = rows.entry(y).or_insert((x, x + 1, 0));
        *row = (row.0.min(x), row.1.max(x + 1), row.2 + 1);
        open.extend([(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]);
    }
    let fits = HEIGHT.contains(&bounds.height)
        && WIDTH.contains(&bounds.width)
        && bounds.width * 10 >= bounds.height * 8;
    let number = rows.len();
    let is_closed = rows.values().enumerate().all(|(at, &(left, right, count))| {
        (2..number.saturating_sub(2)).contains(&at) || is_full(count as usize, (right - left) as usize)
    });
    (fits && is_closed).then(|| {
        rows.into_iter()
            .map(|(y, (left, right, _))| (y, left, right))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;
    use crate::vision::regions::Grounds;

    const GROUND: u32 = 0xe3_e4e4;

    /// With half discs at its ends.
    fn pill(frame: &mut Frame, bounds: Rect, colour: u32) {
        let radius = bounds.height as f32 / 2.0;
        for (y, row) in (bounds.y..bounds.bottom()).enumerate() {
            let far = y as f32 + 0.5 - radius;
            let inset = (radius - (radius * radius - far * far).sqrt()).round() as i32;
            frame.fill(
                Rect::from_edges(bounds.x + inset, row, bounds.right() - inset, row + 1),
                colour,
            );
        }
    }

    /// A button with round ends and `strokes` from its upper edge down, as high as letters are.
    fn button(strokes: &[i32]) -> Frame {
        let mut frame = Frame::new(Size::new(160, 80));
        frame.fill(frame.bounds(), GROUND);
        pill(&mut frame, Rect::new(40, 30, 70, 26), 0x7f_ae43);
        pill(&mut frame, Rect::new(42, 32, 66, 22), GROUND);
        for &x in strokes {
            frame.fill(Rect::new(x, 31, 5, 14), 0x24_2424);
        }
        frame.fill(Rect::new(54, 40, 40, 2), 0x60_3a30);
        frame
    }

    fn is_found(frame: &Frame) -> bool {
        let grounds = Grounds::of(frame);
        grounds
            .all
            .iter()
            .any(|ground| ground.bounds == Rect::new(42, 32, 66, 22))
    }

    #[test]
    fn a_label_that_cuts_the_paper_of_a_button_leaves_one_ground() {
        assert!(is_found(&button(&[54, 61, 68, 75, 82, 89])));
    }

    #[test]
    fn where_a_thick_border_runs_aslant_and_a_letter_begins_beside_it_the_ground_goes_on() {
        let mut frame = Frame::new(Size::new(160, 80));
        frame.fill(frame.bounds(), GROUND);
        pill(&mut frame, Rect::new(35, 25, 80, 36), 0xd0_b4ee);
        pill(&mut frame, Rect::new(38, 28, 74, 30), 0xb0_60f0);
        pill(&mut frame, Rect::new(42, 32, 66, 22), GROUND);
        for x in [54, 61, 68, 75, 82, 89] {
            frame.fill(Rect::new(x, 31, 5, 14), 0x24_2424);
        }
        frame.fill(Rect::new(46, 36, 5, 9), 0x24_2424);
        // The fringe of the first letter.
        frame.fill(Rect::new(42, 38, 4, 2), 0xd0_e4e4);
        assert!(is_found(&frame));
    }

    #[test]
    fn what_its_border_does_not_close_is_none() {
        let mut frame = button(&[54, 61, 68, 75, 82, 89]);
        frame.fill(Rect::new(60, 54, 30, 2), GROUND);
        assert!(!is_found(&frame));
    }
}
