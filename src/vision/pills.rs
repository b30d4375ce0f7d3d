//! Buttons with round ends, of one colour to the pixel: at their smoothed upper edge what tolerates a gradient takes
//! them and their ground for one area.

use super::flat::distance;
use super::outline::{holds_text, is_bulging, is_full};
use crate::screen::{Frame, Rect};

/// The size of such a button.
const HEIGHT: std::ops::RangeInclusive<i32> = 12..=64;
const WIDTH: std::ops::RangeInclusive<i32> = 20..=480;
/// What begins narrower is the top of a letter.
const FIRST: i32 = 6;
/// What differs more from its ground is an area of its own.
const FAINT: u32 = 48;
/// From row to row an end moves by no more.
const STEP: i32 = 12;

/// The place of a pill whose first row is `run` in row `top`, and how many of its rows are all paper before its label.
pub(super) fn below(frame: &Frame, top: i32, run: (i32, i32)) -> Option<(Rect, usize)> {
    let colour = frame.pixel(run.0, top)?;
    let has = |x: i32, y: i32| frame.pixel(x, y) == Some(colour);
    if run.1 - run.0 < FIRST || run.1 - run.0 > *WIDTH.end() {
        return None;
    }
    let mut spans = vec![run];
    for y in top + 1..=top + *HEIGHT.end() {
        let &(left, right) = spans.last()?;
        let Some(span) = end(left, -1, |x| has(x, y)).zip(end(right - 1, 1, |x| has(x, y))) else {
            break;
        };
        if span.0 >= span.1 || span.1 - span.0 >= *WIDTH.end() {
            break;
        }
        spans.push((span.0, span.1 + 1));
    }
    // Below it a shadow or the like may have its colour, in bits.
    let full: Vec<bool> = (top..)
        .zip(&spans)
        .map(|(y, &(left, right))| {
            let paper = (left..right).filter(|&x| has(x, y)).count();
            is_full(paper, (right - left) as usize)
        })
        .collect();
    let last = full.iter().rposition(|&full| full)?;
    spans.truncate(last + 1);
    let left = spans.iter().map(|span| span.0).min()?;
    let right = spans.iter().map(|span| span.1).max()?;
    let bounds = Rect::from_edges(left, top, right, top + spans.len() as i32);
    let fits = HEIGHT.contains(&(bounds.height as i32))
        && WIDTH.contains(&(bounds.width as i32))
        && bounds.width * 10 >= bounds.height * 8;
    if !fits || !stands_out(frame, &bounds, colour) {
        return None;
    }
    let lefts: Vec<i32> = spans.iter().map(|span| span.0 - left).collect();
    let rights: Vec<i32> = spans.iter().map(|span| right - span.1).collect();
    let padding = full.iter().take_while(|&&full| full).count();
    let is_pill = is_bulging(&lefts)
        && is_bulging(&rights)
        && padding >= 2
        && full[last - 1]
        && holds_text(frame, &bounds, &spans, &[1]);
    is_pill.then_some((bounds, padding))
}

/// Whether one other colour, and a similar one, is at all four corners: paper between letters goes on beside them.
fn stands_out(frame: &Frame, pill: &Rect, colour: u32) -> bool {
    let around = pill.inflated(1);
    let ground = frame.pixel(around.x, around.y);
    let corners = [
        (around.right() - 1, around.y),
        (around.x, around.bottom() - 1),
        (around.right() - 1, around.bottom() - 1),
    ];
    ground.is_some_and(|ground| (1..=FAINT).contains(&distance(ground, colour)))
        && corners.into_iter().all(|(x, y)| frame.pixel(x, y) == ground)
}

/// The last place of the paper at an end, in the direction `step`, when the row before ended at `from`.
fn end(from: i32, step: i32, has: impl Fn(i32) -> bool) -> Option<i32> {
    if has(from) {
        return (0..=STEP).map(|far| from + step * far).find(|&x| !has(x + step));
    }
    (1..=STEP).map(|far| from - step * far).find(|&x| has(x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    const PAPER: u32 = 0xff_ffff;

    /// Where a pill begins in a row, if one does.
    fn found(frame: &Frame, y: i32) -> Option<Rect> {
        let starts = (1..frame.size().width as i32).filter(|&x| frame.pixel(x, y) != frame.pixel(x - 1, y));
        starts
            .filter_map(|x| {
                let colour = frame.pixel(x, y);
                let end = (x..).find(|&x| frame.pixel(x, y) != colour)?;
                below(frame, y, (x, end))
            })
            .map(|(pill, _)| pill)
            .next()
    }

    #[test]
    fn paper_that_goes_on_beside_a_letter_is_none() {
        let mut frame = Frame::new(Size::new(342, 140));
        frame.fill(frame.bounds(), 0xe1_e3e1);
        frame.fill(Rect::new(10, 0, 320, 90), PAPER);
        for stroke in 0..15 {
            frame.fill(Rect::new(30 + 10 * stroke, 24, 2, 6), 0x20_2020);
        }
        frame.fill(Rect::new(172, 24, 6, 7), 0x20_2020);
        frame.fill(Rect::new(110, 50, 200, 30), 0x0b_57d0);
        frame.fill(Rect::new(112, 52, 196, 26), PAPER);
        assert_eq!(found(&frame, 30), None);
    }
}
