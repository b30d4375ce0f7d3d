//! Controls of one colour to the pixel, on a ground that is nearly the same or has a texture: what tolerates the steps
//! of a gradient takes the two for one area.

use super::flat::{Flat, FlatMap, distance, lightness};
use super::pills;
use crate::screen::{Frame, Point, Rect};

/// More than any window has.
const MOST: usize = 256;
const HEIGHT: std::ops::RangeInclusive<i32> = 12..=64;
const WIDTH: i32 = 20;
/// How far a rounded corner reaches, at most.
const CORNER: i32 = 8;
/// What separates it from its own colour beyond lets no more through than this.
const GAP: i32 = 8;
/// A border is thinner.
const BORDER: i32 = 4;
/// Steps of a shade are no higher.
const FAINT: u32 = 6;
/// What is left of a texture that was made even is no step.
const EVEN: u32 = 1;
/// A label is written no nearer to the ends than this.
const MARGIN: i32 = 3;

/// Gives each such control an area of its own.
pub(super) fn cut(frame: &Frame, map: &mut FlatMap) {
    let mut found = 0;
    let bounds = frame.bounds();
    for y in 1..bounds.height as i32 - *HEIGHT.start() {
        let mut x = 0;
        while let Some(run) = run_from(frame, y, x) {
            x = run.1;
            // In what is left of a texture a pixel may have its colour by chance.
            let goes_on_above = [run.0, run.1 - 1]
                .into_iter()
                .all(|x| frame.pixel(x, y) == frame.pixel(x, y - 1));
            if run.1 - run.0 < WIDTH - 2 * CORNER || goes_on_above {
                continue;
            }
            let plate = below(frame, y, run).map(|plate| (plate, None));
            let pill = || pills::below(frame, y, run).map(|(pill, padding)| (pill, Some(padding)));
            let Some((plate, padding)) = plate.or_else(pill) else {
                continue;
            };
            found += usize::from(set_apart(frame, map, plate, padding));
            if found == MOST {
                return;
            }
        }
    }
}

/// The pixels of one colour from `x` on, from where to where.
fn run_from(frame: &Frame, y: i32, x: i32) -> Option<(i32, i32)> {
    let colour = frame.pixel(x, y)?;
    let end = (x..).find(|&x| frame.pixel(x, y) != Some(colour))?;
    Some((x, end))
}

/// The plate whose first row is `run` in row `top`.
fn below(frame: &Frame, top: i32, run: (i32, i32)) -> Option<Rect> {
    let colour = frame.pixel(run.0, top)?;
    let has = |x: i32, y: i32| frame.pixel(x, y) == Some(colour);
    // A texture around it may hold its colour too, a dotted ring lets it through.
    if longest(run.0..run.1, |x| has(x, top - 1)) >= GAP {
        return None;
    }
    let (left, right) = sides(top, run, has)?;
    let ends = |y: i32, inset: i32| {
        (0..MARGIN).all(|far| has(left + inset + far, y) && has(right - 1 - inset - far, y))
    };
    let first = (top..=top + CORNER).find(|&y| ends(y, 0))?;
    let straight = (first..).take_while(|&y| ends(y, 0)).last()?;
    let bottom = 1
        + (straight + 1..=straight + CORNER)
            .take_while(|&y| longest(left..right, |x| has(x, y)) > right - left - 2 * CORNER)
            .last()
            .unwrap_or(straight);
    let plate = Rect::from_edges(left, top, right, bottom);
    if !HEIGHT.contains(&(bottom - top)) || right - left < WIDTH {
        return None;
    }
    let inner = left + CORNER..right - CORNER;
    let rows = first..straight + 1;
    let is_closed = longest(inner.clone(), |x| has(x, bottom - 1)) == inner.len() as i32
        && longest(inner, |x| has(x, bottom)) < GAP
        && [left - 1, right].into_iter().all(|x| {
            // A disc goes on beside most rows of any part of it.
            let beside = rows.clone().filter(|&y| has(x, y)).count();
            longest(rows.clone(), |y| has(x, y)) < GAP && beside * 3 <= rows.len()
        });
    // What lies around it must be there to be seen.
    let outside = frame.pixel(left - 1, top).and(frame.pixel(right, bottom));
    let is_part = goes_on(frame, plate) || fades(frame, plate) || is_in_ring(frame, plate);
    (is_closed && outside.is_some() && !is_part).then_some(plate)
}

/// Where most of its first rows begin and end: rounded corners are narrower, and beside one or another lies a pixel of its
/// colour by chance.
fn sides(top: i32, run: (i32, i32), has: impl Fn(i32, i32) -> bool) -> Option<(i32, i32)> {
    let (from, to) = (run.0 + MARGIN, run.1 - 1 - MARGIN);
    let reach = |x: i32, y: i32, step: i32| (0..2 * CORNER).find(|far| !has(x + step * (far + 1), y));
    let rows = || (top..top + *HEIGHT.start()).filter(|&y| has(from, y) && has(to, y));
    let mut lefts: Vec<i32> = rows().filter_map(|y| Some(from - reach(from, y, -1)?)).collect();
    let mut rights: Vec<i32> = rows().filter_map(|y| Some(to + reach(to, y, 1)?)).collect();
    let median = |places: &mut Vec<i32>| {
        places.sort_unstable();
        places.get(places.len() / 2).copied()
    };
    Some((median(&mut lefts)?, median(&mut rights)? + 1))
}

/// Whether what lies above or below has another colour and the same sides, and is no border: two steps of one gradient.
fn goes_on(frame: &Frame, plate: Rect) -> bool {
    // Beside a label, which may be written across the step.
    let (first, last) = (plate.x + CORNER, plate.right() - 1 - CORNER);
    [(plate.y - 1, -1), (plate.bottom(), 1)]
        .into_iter()
        .any(|(y, on)| {
            let colour = frame.pixel(first, y);
            let has = |x: i32| frame.pixel(x, y) == colour;
            let ends = |x: i32| {
                let beside = frame.pixel(x, y).zip(colour);
                beside.is_some_and(|(beside, colour)| distance(beside, colour) > EVEN)
            };
            has(last)
                && ends(plate.x - 1)
                && ends(plate.right())
                && (1..BORDER).all(|far| frame.pixel(first, y + on * far) == colour)
        })
}

/// Whether a shade begins at one end: all of it is one area.
fn fades(frame: &Frame, plate: Rect) -> bool {
    let quarter = plate.height as i32 / 4;
    [(plate.x, -1), (plate.right() - 1, 1)]
        .into_iter()
        .any(|(x, on)| {
            (1..=3).all(|part| {
                let y = plate.y + part * quarter;
                let pixels: Vec<u32> = (0..4).map_while(|far| frame.pixel(x + on * far, y)).collect();
                let steps = || {
                    pixels
                        .windows(2)
                        .map(|pair| (lightness(pair[0]), lightness(pair[1])))
                };
                pixels.len() == 4
                    && pixels.windows(2).all(|pair| distance(pair[0], pair[1]) <= FAINT)
                    && (steps().all(|(one, next)| one < next) || steps().all(|(one, next)| one > next))
            })
        })
}

/// Whether its own colour goes on above and below, soon after its edge: a ring around a label is no control's border.
fn is_in_ring(frame: &Frame, plate: Rect) -> bool {
    let Point { x, y } = Point::new(plate.x + MARGIN, plate.y + 1);
    let colour = frame.pixel(x, y);
    let resumes = |edge: i32, on: i32| (1..=BORDER).any(|far| frame.pixel(x, edge + on * far) == colour);
    resumes(plate.y - 1, -1) && resumes(plate.bottom(), 1)
}

/// The longest row of places where it is so.
fn longest(places: std::ops::Range<i32>, is_so: impl Fn(i32) -> bool) -> i32 {
    let mut longest = 0;
    let mut now = 0;
    for place in places {
        now = if is_so(place) { now + 1 } else { 0 };
        longest = longest.max(now);
    }
    longest
}

/// Makes the plate's pixels an area; false when they are one already, or hardly any. `padding` says how many rows of paper
/// are above its label, when that is known.
fn set_apart(frame: &Frame, map: &mut FlatMap, plate: Rect, padding: Option<usize>) -> bool {
    let width = frame.size().width as usize;
    let colour = frame.pixel(plate.x + MARGIN, plate.center().y);
    let own = map.labels[plate.center().y as usize * width + plate.x as usize + 1];
    let now = map.areas[own as usize].bounds;
    // Round ends are smoothed over more than a few pixels, and may belong to the area.
    let more = if padding.is_some() { 2 * CORNER as u32 } else { 2 };
    if now.width <= plate.width + more && now.height <= plate.height + more {
        return false;
    }
    let places: Vec<usize> = (plate.y..plate.bottom())
        .flat_map(|y| (plate.x..plate.right()).map(move |x| (x, y)))
        .filter(|&(x, y)| frame.pixel(x, y) == colour)
        .map(|(x, y)| y as usize * width + x as usize)
        .collect();
    if places.len() * 5 < plate.area() * 2 {
        return false;
    }
    let label = map.areas.len() as u32;
    for &place in &places {
        map.labels[place] = label;
    }
    let rows = (plate.y..plate.bottom()).take_while(|&y| {
        let inner = plate.x + CORNER..plate.right() - CORNER;
        longest(inner.clone(), |x| frame.pixel(x, y) == colour) == inner.len() as i32
    });
    let padding = padding.unwrap_or_else(|| rows.count());
    map.areas.push(Flat {
        bounds: plate,
        area: places.len() as u32,
        square: padding.min(255) as u8,
    });
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    const GROUND: u32 = 0xea_edf4;
    const PLATE: u32 = 0xec_eff5;

    /// Where the areas of the picture's only plate colour are.
    fn cut_out(frame: &Frame) -> Option<Rect> {
        let mut map = FlatMap::of(frame);
        let before = map.areas.len();
        cut(frame, &mut map);
        map.areas.get(before).map(|flat| flat.bounds)
    }

    fn button(place: Rect) -> Frame {
        let mut frame = Frame::new(Size::new(200, 80));
        frame.fill(Rect::new(0, 0, 200, 80), GROUND);
        frame.fill(place, PLATE);
        frame.fill(Rect::new(place.x + 20, place.y + 6, 30, 9), 0x20_2020);
        frame
    }

    #[test]
    fn a_button_that_is_nearly_as_its_ground_is_an_area() {
        let place = Rect::new(60, 30, 70, 21);
        assert_eq!(cut_out(&button(place)), Some(place));
        let mut rounded = button(place);
        for (x, y) in [(60, 30), (129, 30), (60, 50), (129, 50), (61, 30), (60, 31)] {
            rounded.fill(Rect::new(x, y, 1, 1), GROUND);
        }
        assert_eq!(cut_out(&rounded), Some(place));
    }

    /// Wider than its label by so little that the letters seem to be where it ends.
    #[test]
    fn a_disc_is_an_area_and_its_upper_half_is_none() {
        let mut frame = Frame::new(Size::new(200, 80));
        frame.fill(frame.bounds(), GROUND);
        let lefts = [9, 7, 6, 5, 4, 3, 2, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0];
        for (y, left) in (20..).zip(lefts.into_iter().chain(lefts.into_iter().rev())) {
            frame.fill(Rect::from_edges(60 + left, y, 90 - left, y + 1), PLATE);
        }
        for stroke in 0..6 {
            frame.fill(Rect::new(64 + 4 * stroke, 32, 2, 9), 0x20_2020);
        }
        assert_eq!(cut_out(&frame), Some(Rect::new(60, 20, 30, 34)));
    }

    #[test]
    fn what_is_left_of_a_texture_around_it_hides_none() {
        let place = Rect::new(60, 30, 70, 21);
        let mut frame = button(place);
        frame.fill(Rect::new(60, 29, 1, 1), PLATE);
        frame.fill(Rect::new(59, 28, 1, 4), GROUND + 0x01_0101);
        frame.fill(Rect::new(130, 28, 1, 4), GROUND + 0x01_0101);
        assert_eq!(cut_out(&frame), Some(place));
    }

    #[test]
    fn steps_of_a_gradient_and_shades_are_none() {
        let mut frame = button(Rect::new(60, 16, 70, 14));
        frame.fill(Rect::new(60, 30, 70, 14), 0xe8_ebf1);
        assert_eq!(cut_out(&frame), None);
        let mut frame = button(Rect::new(60, 30, 70, 21));
        for far in 0..8 {
            frame.fill(
                Rect::new(130 + far, 30, 1, 21),
                PLATE - 0x02_0202 * (far as u32 + 1),
            );
        }
        assert_eq!(cut_out(&frame), None);
    }

    #[test]
    fn what_a_ring_is_around_and_what_has_no_edge_are_none() {
        let mut ring = button(Rect::new(60, 30, 70, 21));
        ring.fill(Rect::new(60, 30, 70, 21), GROUND);
        for x in (60..130).step_by(2) {
            ring.fill(Rect::new(x, 30, 1, 1), 0x20_2020);
            ring.fill(Rect::new(x, 50, 1, 1), 0x20_2020);
        }
        assert_eq!(cut_out(&ring), None);
        let mut open = button(Rect::new(60, 30, 70, 21));
        open.fill(Rect::new(90, 51, 30, 4), PLATE);
        assert_eq!(cut_out(&open), None);
    }

    /// Smoothed above, as round ends are: from row to row it is a gradient.
    fn pill(frame: &mut Frame, place: Rect) {
        let insets = [18, 10, 7, 5, 4, 3, 2, 1, 1, 0, 0, 1, 1, 2, 3, 4, 5, 7, 10, 18];
        for (y, inset) in (place.y..).zip(insets) {
            let row = Rect::from_edges(place.x + inset, y, place.right() - inset, y + 1);
            frame.fill(row, PILL);
        }
        for (above, colour) in [(1, 0xdf_d6e3), (2, 0xe5_dbe9)] {
            let y = place.y - above;
            let row = Rect::from_edges(place.x + 20, y, place.right() - 20, y + 1);
            frame.fill(row, colour);
        }
        frame.fill(Rect::new(place.x + 22, place.y + 5, 3, 9), 0x15_1515);
        frame.fill(Rect::new(place.x + 28, place.y + 5, 12, 9), 0x15_1515);
        frame.fill(Rect::new(place.x + 31, place.y + 7, 6, 5), PILL);
    }

    const PILL: u32 = 0xd9_d0dd;

    #[test]
    fn a_pale_button_with_round_ends_is_an_area() {
        let place = Rect::new(60, 30, 62, 20);
        let mut frame = Frame::new(Size::new(200, 80));
        frame.fill(frame.bounds(), 0xea_e0ee);
        pill(&mut frame, place);
        assert_eq!(cut_out(&frame), Some(place));
        // Of the paper between letters there is more beside it.
        frame.fill(Rect::new(122, 44, 9, 9), PILL);
        assert_eq!(cut_out(&frame), None);
    }
}
