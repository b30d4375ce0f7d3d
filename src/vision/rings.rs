//! Focus rings inside of buttons, and what they leave of a button.

use std::collections::HashMap;

use super::flat::{Flat, FlatMap, distance, dominant};
use super::holes::widen;
use super::ink::LAYERS;
use crate::screen::{Frame, Point, Rect};

/// How far a focus ring is from a button's ends, at most, where nothing else tells it.
const NEAR: i32 = 40;
/// How thick a focus ring is, at most, with the step after it.
const RING: i32 = 4;
/// How far a focus ring with round corners is from a button's edge, at most.
const RIM: i32 = 8;
/// All of a button of which `inner` is what lies inside its focus ring: on all four sides the paper goes on behind the
/// ring, and ends soon after it.
pub(super) fn beyond_ring(frame: &Frame, inner: &Rect) -> Option<Rect> {
    if !(12..=64).contains(&inner.height) {
        return None;
    }
    let center = inner.center();
    let reach = |x: i32, y: i32, (dx, dy): (i32, i32)| {
        let paper = frame.pixel(x, y)?;
        // From row to row it may be a gradient.
        let most = if dy == 0 { 3 } else { 14 };
        let is_paper = |far: i32| {
            let pixel = frame.pixel(x + dx * far, y + dy * far);
            pixel.is_some_and(|pixel| distance(pixel, paper) <= most)
        };
        let resumes = (1..=RING).find(|&far| is_paper(far)).filter(|&far| far > 1)?;
        let ends = (resumes..=resumes + RIM).find(|&far| !is_paper(far))?;
        // The window's own paper ends with the window: the ring was a border, and this is what lies around the button.
        frame.pixel(x + dx * ends, y + dy * ends)?;
        Some(ends - 1)
    };
    let left = reach(inner.x, center.y, (-1, 0))?;
    let right = reach(inner.right() - 1, center.y, (1, 0))?;
    let above = reach(center.x, inner.y, (0, -1))?;
    let below = reach(center.x, inner.bottom() - 1, (0, 1))?;
    let even = left.abs_diff(right) <= 2 && above.abs_diff(below) <= 2;
    even.then(|| {
        Rect::from_edges(
            inner.x - left,
            inner.y - above,
            inner.right() + right,
            inner.bottom() + below,
        )
    })
}

/// From where to where the paper reaches in each row of a button, as rounded corners leave it; nothing when they do not.
pub(super) fn spans_of(frame: &Frame, button: &Rect) -> Vec<(i32, i32)> {
    let mut spans = Vec::with_capacity(button.height as usize);
    let most = button.width as i32 / 3;
    for y in button.y..button.bottom() {
        let row = Rect::new(button.x, y, button.width, 1);
        let paper = dominant(&frame.crop(row));
        let is_paper = |x: i32| frame.pixel(x, y).is_some_and(|pixel| distance(pixel, paper) <= 3);
        let left = (0..most).find(|far| is_paper(button.x + far));
        let right = (0..most).find(|far| is_paper(button.right() - 1 - far));
        let (Some(left), Some(right)) = (left, right) else {
            return Vec::new();
        };
        spans.push((button.x + left, button.right() - right));
    }
    // Where the ring runs beside its edge, paper is found only behind the ring: a button does not narrow again so soon.
    widen(&mut spans);
    spans
}

/// Whether the area is what a focus ring leaves of a button at its edges: the same colour goes on inside.
pub(super) fn is_cut_by_ring(frame: &Frame, map: &FlatMap, label: u32, flat: &Flat) -> bool {
    let Rect { width, height, .. } = flat.bounds;
    let perimeter = 2 * (width + height);
    if !(14..=64).contains(&height) || width < 20 || flat.area < perimeter {
        return false;
    }
    let columns = frame.size().width as usize;
    let at = |x: i32, y: i32| y as usize * columns + x as usize;
    let inside = flat.bounds.inflated(-4);
    let mut same = 0;
    for y in inside.y..inside.bottom() {
        let edge = (flat.bounds.x..flat.bounds.right()).find(|&x| map.labels[at(x, y)] == label);
        let Some(paper) = edge.map(|x| frame.pixels()[at(x, y)]) else {
            return false;
        };
        let row = (inside.x..inside.right()).filter(|&x| map.labels[at(x, y)] != label);
        same += row
            .filter(|&x| distance(frame.pixels()[at(x, y)], paper) <= 3)
            .count();
    }
    same * 100 >= inside.area() * 40
}

/// Whether `inner` is what a focus ring cuts out of `outer`. In a wide button the ring is around the text, far from
/// the button's ends; but there is hardly a `difference` of the paper on its two sides.
pub(super) fn is_ring_in(outer: &Rect, inner: &Rect, difference: u32) -> bool {
    let near = inner.x - outer.x <= NEAR;
    is_centred(outer, inner) && (near || difference <= 3)
}

/// Whether `inner` lies in `outer` as a focus ring lies in a button.
pub(super) fn is_inside_of_ring(outer: &Rect, inner: &Rect) -> bool {
    is_centred(outer, inner) && inner.x - outer.x <= NEAR
}

fn is_centred(outer: &Rect, inner: &Rect) -> bool {
    outer.height <= 64 && inner.height * 10 >= outer.height * 4 && {
        let left = inner.x - outer.x;
        let right = outer.right() - inner.right();
        left.abs_diff(right) <= 4
    }
}

/// Takes focus rings of one colour out of a button, also where they touch or cross its label.
pub(super) fn take_rings(frame: &Frame, ground: &Rect, mask: &mut [bool]) {
    if !(12..=64).contains(&ground.height) || ground.width < 16 {
        return;
    }
    let width = frame.size().width as usize;
    let at = |x: i32, y: i32| y as usize * width + x as usize;
    let rows = long_runs(frame, ground, mask);
    let same = |x: i32, y: i32, colour: u32| distance(frame.pixels()[at(x, y)], colour) <= 8;
    for (index, &(top, colour, left, right)) in rows.iter().enumerate() {
        for &(bottom, other, low, high) in &rows[index + 1..] {
            let (above, below) = (top - ground.y, ground.bottom() - 1 - bottom);
            let alike = other == colour && left.abs_diff(low) <= 1 && right.abs_diff(high) <= 1;
            if !alike || bottom - top < 7 || above.abs_diff(below) > 6 {
                continue;
            }
            // Where the corners are rounded the sides are further out than the ends of the rows.
            let reach = (bottom - top) / 2;
            let is_side = |x: i32, round: i32| {
                let between = top + round..=bottom - round;
                let number = between.clone().count();
                // The strokes of a word's first and last letter are no sides.
                number > 3
                    && number * 2 > (bottom - top) as usize
                    && (ground.x..ground.right()).contains(&x)
                    && between.filter(|&y| same(x, y, colour)).count() * 10 >= number * 7
            };
            let round = (0..reach).find(|&d| is_side(left - d, d) && is_side(right + d, d));
            let Some(round) = round else { continue };
            let ring = Rect::from_edges(left - round, top, right + round + 1, bottom + 1);
            let thick = (1..LAYERS)
                .find(|&d| !is_side(ring.x + d, 3) || !is_side(ring.right() - 1 - d, 3))
                .unwrap_or(LAYERS);
            let hole = Rect::from_edges(ring.x + thick, top + 1, ring.right() - thick, bottom);
            // A solid square is the tick of a box.
            let mut inside =
                (hole.y..hole.bottom()).flat_map(|y| (hole.x..hole.right()).map(move |x| (x, y)));
            if inside.all(|(x, y)| same(x, y, colour)) {
                continue;
            }
            for y in ring.y..ring.bottom() {
                for x in ring.x..ring.right() {
                    let corner = (x < left || x > right) && (y < top + round || y > bottom - round);
                    let edge = !hole.contains(Point::new(x, y)) && same(x, y, colour);
                    // A stroke of a letter that the ring was drawn over goes on on both sides.
                    let crosses = (y == top || y == bottom)
                        && y > 0
                        && [at(x, y) - width, at(x, y) + width].iter().all(|&next| {
                            mask.get(next) == Some(&true) && distance(frame.pixels()[next], colour) > 8
                        });
                    if corner || edge && !crosses {
                        mask[at(x, y)] = false;
                    }
                }
            }
        }
    }
}

/// The rows of `ground` with a long run of ink of one colour, which text may interrupt: row, colour, first and last
/// column.
fn long_runs(frame: &Frame, ground: &Rect, mask: &[bool]) -> Vec<(i32, u32, i32, i32)> {
    let width = frame.size().width as usize;
    let mut runs = Vec::new();
    for y in ground.y..ground.bottom() {
        let mut colours: HashMap<u32, (i32, i32, u32)> = HashMap::new();
        for x in ground.x..ground.right() {
            let at = y as usize * width + x as usize;
            if mask[at] {
                let run = colours.entry(frame.pixels()[at]).or_insert((x, x, 0));
                *run = (run.0, x, run.2 + 1);
            }
        }
        let longest = colours.into_iter().max_by_key(|&(colour, run)| (run.2, colour));
        if let Some((colour, (left, right, count))) = longest
            && count >= 10
            && count as i32 * 10 >= (right - left + 1) * 6
            && (left - ground.x).abs_diff(ground.right() - 1 - right) <= 5
            // A ring goes on between the letters that are drawn over it; in a row of text there is paper.
            && (left..=right).filter(|&x| !mask[y as usize * width + x as usize]).count() * 20 <= (right - left + 1) as usize
        {
            runs.push((y, colour, left, right));
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    const GROUND: u32 = 0xee_eeee;
    const PAPER: u32 = 0x22_8d3c;

    /// A button with round corners.
    fn button(place: Rect) -> Frame {
        let mut frame = Frame::new(Size::new(120, 60));
        frame.fill(frame.bounds(), GROUND);
        let insets = [5, 3, 2, 1, 1];
        for row in 0..place.height as i32 {
            let edge = row.min(place.height as i32 - 1 - row) as usize;
            let inset = insets.get(edge).copied().unwrap_or(0);
            let (left, right) = (place.x + inset, place.right() - inset);
            frame.fill(
                Rect::from_edges(left, place.y + row, right, place.y + row + 1),
                PAPER,
            );
        }
        frame
    }

    #[test]
    fn round_corners_narrow_the_rows_of_a_button_and_a_ring_at_its_edge_does_not() {
        let place = Rect::new(20, 10, 70, 24);
        let mut frame = button(place);
        let plain = spans_of(&frame, &place);
        assert_eq!(plain.len(), 24);
        assert_eq!([plain[0], plain[1], plain[2]], [(25, 85), (23, 87), (22, 88)]);
        assert_eq!([plain[12], plain[22], plain[23]], [(20, 90), (23, 87), (25, 85)]);
        // The sides of the ring are where the paper would begin.
        frame.fill(Rect::new(20, 16, 2, 12), 0xff_ffff);
        frame.fill(Rect::new(88, 16, 2, 12), 0xff_ffff);
        assert_eq!(spans_of(&frame, &place), plain);
        // Nothing of its own colour is near enough to its ends.
        frame.fill(Rect::new(20, 20, 30, 1), GROUND);
        assert_eq!(spans_of(&frame, &place), []);
    }
}
