//! Glossy controls: two areas above each other, with a sharp step between them that the label is written across.

use super::flat::{FlatMap, distance, lightness};
use crate::screen::{Frame, Rect};

/// More such areas than any window has.
const MOST: usize = 512;
/// A half is at least this high, and the whole at most as high as a button.
const HALF: u32 = 5;
const WHOLE: u32 = 64;
/// A border is at most this thick.
const BORDER: u32 = 3;
/// Columns of paper beside the label, at least.
const PAPER: usize = 6;
/// What differs this much from the paper beside it is written on it.
const WRITTEN: u32 = 24;
/// Strokes that cross the step, at least: rows of a list share none, and a frame has two.
const STROKES: usize = 3;

/// Makes one area of the two halves of each glossy control.
pub(super) fn join(frame: &Frame, map: &mut FlatMap) {
    let mut halves: Vec<u32> = Vec::new();
    for (label, flat) in (0..).zip(&map.areas) {
        let Rect { width, height, .. } = flat.bounds;
        if width >= 20 && (HALF..=WHOLE).contains(&height) && flat.area as usize * 4 >= flat.bounds.area() {
            halves.push(label);
        }
    }
    halves.truncate(MOST);
    halves.sort_by_key(|&label| map.areas[label as usize].bounds.center().y);
    let mut index = 0;
    while index < halves.len() {
        let upper = halves[index];
        let lower = (index + 1..halves.len()).find(|&lower| are_halves(frame, map, upper, halves[lower]));
        if let Some(lower) = lower {
            map.unite(upper, halves.remove(lower));
        }
        index += 1;
    }
}

/// The border may be of one area with one of the halves, when their colours are alike.
fn are_halves(frame: &Frame, map: &FlatMap, upper: u32, lower: u32) -> bool {
    let (above, below) = (map.areas[upper as usize].bounds, map.areas[lower as usize].bounds);
    let whole = above.union(&below);
    let aligned = above.x.abs_diff(below.x) <= BORDER && above.right().abs_diff(below.right()) <= BORDER;
    let one = above.y <= below.y + 1 && above.bottom() <= below.bottom() + BORDER as i32;
    if !aligned || !one || whole.height > WHOLE {
        return false;
    }
    [below.y, above.bottom()].into_iter().any(|step| {
        let (high, low) = (step - whole.y, whole.bottom() - step);
        high.max(low) <= 2 * high.min(low)
            && strokes_across(frame, map, [upper, lower], &whole, step) >= STROKES
    })
}

/// How many strokes, all lighter or all darker than their paper, go on across the step between the row before `step` and that row.
fn strokes_across(frame: &Frame, map: &FlatMap, halves: [u32; 2], whole: &Rect, step: i32) -> usize {
    let width = frame.size().width as usize;
    let rows = [step - 1, step].map(|y| y as usize * width);
    let columns = || whole.x as usize + BORDER as usize..whole.right() as usize - BORDER as usize;
    let pixels = frame.pixels();
    let papers = [0, 1].map(|half| {
        let mut own = columns().filter(|&x| map.labels[rows[half] + x] == halves[half]);
        let first = own.next();
        first
            .filter(|_| own.count() + 1 >= PAPER)
            .map(|x| pixels[rows[half] + x])
    });
    let [Some(light), Some(shade)] = papers else {
        return 0;
    };
    let paper = |half: usize| if half == 0 { light } else { shade };
    // Between letters that nearly touch their smoothed edges are no paper, but fainter than any stroke.
    let strokes = [0, 1].map(|half| {
        let strongest = columns()
            .map(|x| distance(pixels[rows[half] + x], paper(half)))
            .max();
        WRITTEN.max(strongest.unwrap_or(0) / 2)
    });
    // Lighter than its paper, or darker: a letter and its shadow are two strokes beside each other.
    let written = |x: usize, half: usize| {
        let (pixel, paper) = (pixels[rows[half] + x], paper(half));
        (distance(pixel, paper) > strokes[half]).then(|| lightness(pixel) > lightness(paper))
    };
    let crossing = |lighter: bool| {
        let mut strokes = 0;
        let mut inside = false;
        for x in columns() {
            // A slanting one goes on a column further.
            let stroke = written(x, 0) == Some(lighter)
                && (x - 1..=x + 1).any(|below| written(below, 1) == Some(lighter));
            strokes += usize::from(stroke && !inside);
            inside = stroke;
        }
        strokes
    };
    crossing(true).max(crossing(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    /// Light above a step and darker below, with strokes at `strokes` down to the row `end`.
    fn areas_in(strokes: &[i32], end: i32) -> usize {
        let mut frame = Frame::new(Size::new(120, 60));
        frame.fill(frame.bounds(), 0xeeeeee);
        frame.fill(Rect::new(20, 15, 80, 28), 0x333333);
        frame.fill(Rect::new(21, 16, 78, 13), 0x8a8a8a);
        frame.fill(Rect::new(21, 29, 78, 13), 0x5a5a5a);
        for &x in strokes {
            frame.fill(Rect::from_edges(x, 24, x + 2, end), 0xffffff);
        }
        wide_areas(&frame)
    }

    fn wide_areas(frame: &Frame) -> usize {
        let mut map = FlatMap::of(frame);
        join(frame, &mut map);
        let large = map.areas.iter().filter(|area| area.bounds.width == 78);
        large.count()
    }

    #[test]
    fn a_label_across_the_step_makes_one_area_of_two() {
        assert_eq!(areas_in(&[40, 46, 52, 58], 35), 1);
    }

    /// An N: two upright strokes and a slanting one.
    #[test]
    fn a_slanting_stroke_and_one_with_a_shadow_cross_the_step() {
        let mut frame = Frame::new(Size::new(120, 60));
        frame.fill(frame.bounds(), 0xeeeeee);
        frame.fill(Rect::new(20, 15, 80, 28), 0x333333);
        frame.fill(Rect::new(21, 16, 78, 13), 0x8a8a8a);
        frame.fill(Rect::new(21, 29, 78, 13), 0x5a5a5a);
        for x in [40, 48] {
            frame.fill(Rect::new(x + 1, 25, 1, 10), 0);
            frame.fill(Rect::new(x, 24, 1, 10), 0xffffff);
        }
        for far in 0..10 {
            frame.fill(Rect::new(40 + far, 24 + far, 1, 1), 0xffffff);
        }
        assert_eq!(wide_areas(&frame), 1);
    }

    #[test]
    fn letters_whose_smoothed_edges_touch_are_strokes_apart() {
        let mut frame = Frame::new(Size::new(120, 60));
        frame.fill(frame.bounds(), 0xeeeeee);
        frame.fill(Rect::new(20, 15, 80, 28), 0x333333);
        frame.fill(Rect::new(21, 16, 78, 13), 0x8a8a8a);
        frame.fill(Rect::new(21, 29, 78, 13), 0x5a5a5a);
        frame.fill(Rect::new(40, 24, 14, 10), 0xb0b0b0);
        for x in [41, 46, 51] {
            frame.fill(Rect::new(x, 24, 2, 10), 0xffffff);
        }
        assert_eq!(wide_areas(&frame), 1);
    }

    #[test]
    fn two_rows_of_a_list_stay_two() {
        assert_eq!(areas_in(&[40, 46, 52, 58], 29), 2, "a text in the upper row");
        assert_eq!(areas_in(&[40, 58], 35), 2, "the lines of a grid");
    }
}
