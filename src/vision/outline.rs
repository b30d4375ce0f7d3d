//! Outlines of areas that are no rectangles, and yet may be controls.

use super::flat::{Flat, FlatMap, distance};
use crate::screen::{Frame, Rect};

/// What differs this much from the paper before it in its row is written on it.
const WRITTEN: u32 = 24;
/// How much of the rows at a button's edge is paper, in percent, and how much where a label touches the edge.
const PAPER: usize = 90;
const TOUCHED: usize = 33;

/// The outline of an area that may be a control with rounded corners.
pub(super) struct Outline {
    /// From where to where it reaches in each row; corners are left out, and no more than half an ellipse would.
    pub(super) spans: Vec<(i32, i32)>,
    /// It is as wide as a button with round ends is in nearly every row, and as high in between.
    pub(super) has_round_ends: bool,
}

impl Outline {
    pub(super) fn of(frame: &Frame, map: &FlatMap, label: u32, flat: &Flat) -> Option<Self> {
        let bounds = flat.bounds;
        let (width, height) = (bounds.width as i32, bounds.height as i32);
        // The insides of large letters are round too, but not wide.
        if !(12..=64).contains(&height) || width * 10 < height * 13 {
            return None;
        }
        let columns = frame.size().width as usize;
        let has = |x: i32, y: i32| map.labels[y as usize * columns + x as usize] == label;
        let radius = height as f32 / 2.0;
        let end = (height * 4 / 5).min(width * 2 / 5);
        let mut spans = Vec::with_capacity(bounds.height as usize);
        let mut fitting = 0;
        for y in bounds.y..bounds.bottom() {
            let level = ((y - bounds.y) as f32 + 0.5) / radius - 1.0;
            let inset = (end as f32 * (1.0 - (1.0 - level * level).max(0.0).sqrt())) as i32 + 3;
            let left = (0..inset).find(|&d| has(bounds.x + d, y));
            let right = (0..inset).find(|&d| has(bounds.right() - 1 - d, y));
            fitting += i32::from(left.is_some() && right.is_some());
            spans.push((
                bounds.x + left.unwrap_or(inset),
                bounds.right() - right.unwrap_or(inset),
            ));
        }
        let between = bounds.x + end..bounds.right() - end;
        let reaches = |edge: i32, step: i32| {
            let touching = between
                .clone()
                .filter(|&x| (0..3).any(|d| has(x, edge + d * step)));
            touching.count() * 100 >= between.len() * 72
        };
        let straight = reaches(bounds.y, 1) && reaches(bounds.bottom() - 1, -1);
        Some(Self {
            spans,
            has_round_ends: fitting * 10 >= height * 9 && straight,
        })
    }
}

/// The outline of an area that narrows towards its ends only, as a button of any roundness does, with more on it than a
/// tick or a dot.
pub(super) struct Bulge {
    /// From where to where it reaches in each row.
    pub(super) spans: Vec<(i32, i32)>,
}

impl Bulge {
    pub(super) fn of(frame: &Frame, map: &FlatMap, label: u32, flat: &Flat) -> Option<Self> {
        let bounds = flat.bounds;
        // Lower than that are only buttons that are much wider than high.
        let lowest = if is_wide(&bounds) { 11 } else { 14 };
        if !(lowest..=64).contains(&bounds.height) || bounds.width * 10 < bounds.height * 8 {
            return None;
        }
        let columns = frame.size().width as usize;
        let has = |x: i32, y: i32| map.labels[y as usize * columns + x as usize] == label;
        let mut spans = Vec::with_capacity(bounds.height as usize);
        for y in bounds.y..bounds.bottom() {
            let left = (bounds.x..bounds.right()).find(|&x| has(x, y))?;
            let right = (left..bounds.right()).rfind(|&x| has(x, y))?;
            spans.push((left, right + 1));
        }
        let left: Vec<i32> = spans.iter().map(|span| span.0 - bounds.x).collect();
        let right: Vec<i32> = spans.iter().map(|span| bounds.right() - span.1).collect();
        if !is_bulging(&left) || !is_bulging(&right) || !is_closed(&bounds, &spans, has) {
            return None;
        }
        // With a focus ring at the edge, or without.
        holds_text(frame, &bounds, &spans, &[2, 5]).then_some(Self { spans })
    }
}

/// Whether what is written inside is shaped like a label, one of `margins` away from the outline.
pub(super) fn holds_text(frame: &Frame, bounds: &Rect, spans: &[(i32, i32)], margins: &[i32]) -> bool {
    margins.iter().any(|&margin| {
        let (written, number) = written(frame, bounds, spans, margin);
        let Rect { width, height, .. } = written;
        // An icon fills its disc, a label does not.
        let low = bounds.width * 2 >= bounds.height * 3 || height * 10 <= bounds.height * 6;
        // A bar fills its rectangle, as on a sign that says no entry; letters do not.
        let open = number * 10 < written.area() * 9;
        height >= 5 && width * 4 > height * 5 && low && open
    })
}

/// Whether a row at a button's edge is all of one thing, but for what touches it.
pub(super) const fn is_full(count: usize, of: usize) -> bool {
    count * 100 >= of * PAPER
}

/// Whether the first and the last rows are paper: what is written on a button is not connected with what is outside, as
/// letters around a bit of paper are. In a low and wide one a label may touch one of the edges.
fn is_closed(bounds: &Rect, spans: &[(i32, i32)], has: impl Fn(i32, i32) -> bool) -> bool {
    let last = spans.len() - 1;
    let paper = |rows: [usize; 2]| {
        let shares = rows.map(|row| {
            let (left, right) = spans[row];
            let paper = (left..right).filter(|&x| has(x, bounds.y + row as i32)).count();
            paper * 100 / (right - left).max(1) as usize
        });
        shares[0].min(shares[1])
    };
    let (first, last) = (paper([0, 1]), paper([last - 1, last]));
    let least = if is_wide(bounds) { TOUCHED } else { PAPER };
    first.max(last) >= PAPER && first.min(last) >= least
}

const fn is_wide(bounds: &Rect) -> bool {
    bounds.width >= 2 * bounds.height
}

/// Whether insets from a side fall to nothing, stay there, and rise again, give or take a pixel.
pub(super) fn is_bulging(insets: &[i32]) -> bool {
    let near = |inset: &i32| *inset <= 1;
    let (Some(first), Some(last)) = (insets.iter().position(near), insets.iter().rposition(near)) else {
        return false;
    };
    let falls = insets[..=first].windows(2).all(|pair| pair[1] <= pair[0] + 1);
    let rises = insets[last..].windows(2).all(|pair| pair[0] <= pair[1] + 1);
    falls && rises && insets[first..=last].iter().all(|&inset| inset <= 2)
}

/// The smallest rectangle around what is written inside, `margin` away from the outline, and how many pixels that is.
fn written(frame: &Frame, bounds: &Rect, spans: &[(i32, i32)], margin: i32) -> (Rect, usize) {
    let mut all = Rect::default();
    let mut number = 0;
    for (y, &(left, right)) in (bounds.y..).zip(spans) {
        if y < bounds.y + margin || y >= bounds.bottom() - margin {
            continue;
        }
        let Some(paper) = frame.pixel(left, y) else {
            continue;
        };
        for x in left + margin..right - margin {
            if frame
                .pixel(x, y)
                .is_some_and(|pixel| distance(pixel, paper) > WRITTEN)
            {
                all = all.union(&Rect::new(x, y, 1, 1));
                number += 1;
            }
        }
    }
    (all, number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    /// An ellipse with bars on it, as letters.
    fn is_button(width: u32, height: u32, bars: &[Rect]) -> bool {
        let mut frame = Frame::new(Size::new(100, 60));
        frame.fill(frame.bounds(), 0xeeeeee);
        let (a, b) = (width as f32 / 2.0, height as f32 / 2.0);
        for y in 0..height {
            let level = (y as f32 + 0.5 - b) / b;
            let half = a * (1.0 - level * level).sqrt();
            frame.fill(
                Rect::from_edges(
                    (10.0 + a - half) as i32,
                    10 + y as i32,
                    (10.0 + a + half) as i32,
                    11 + y as i32,
                ),
                0x3355aa,
            );
        }
        for bar in bars {
            frame.fill(*bar, 0xffffff);
        }
        let map = FlatMap::of(&frame);
        let label = map.labels[(10 + height as usize / 2) * 100 + 12];
        Bulge::of(&frame, &map, label, &map.areas[label as usize]).is_some()
    }

    #[test]
    fn a_disc_with_a_word_on_it_is_told_from_one_with_a_dot() {
        let word = [Rect::new(16, 22, 6, 9), Rect::new(26, 22, 6, 9)];
        assert!(is_button(30, 32, &word));
        assert!(is_button(60, 32, &word));
        assert!(!is_button(30, 32, &[Rect::new(20, 20, 10, 10)]));
        assert!(!is_button(34, 34, &[Rect::new(16, 24, 20, 7)]), "no entry");
        assert!(!is_button(30, 32, &[]));
    }

    #[test]
    fn a_label_may_touch_the_edge_of_a_low_button() {
        let word = |top: i32| [20, 28, 36, 44].map(|x| Rect::new(x, top, 6, 9));
        assert!(
            is_button(60, 20, &word(10)),
            "of a button that is wider than twice its height"
        );
        assert!(
            !is_button(30, 20, &word(10)[..2]),
            "letters around a bit of paper"
        );
    }

    #[test]
    fn what_narrows_in_its_middle_is_no_control() {
        assert!(is_bulging(&[4, 2, 1, 0, 0, 1, 2, 5]));
        assert!(is_bulging(&[0, 0, 0]));
        assert!(!is_bulging(&[0, 1, 4, 6, 3, 0]));
        assert!(!is_bulging(&[]));
    }
}
