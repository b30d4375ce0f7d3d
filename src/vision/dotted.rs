//! Dotted and dashed focus rings, taken out of the picture: they cross borders, round corners and gradients.

use std::borrow::Cow;

use super::flat::distance;
use crate::screen::Frame;

/// A dot or dash, and the gap after it, is no longer than this.
const LONGEST: usize = 4;
/// Dots in a row that make a line, and dashes, of which there is no room for more above a short label.
const FEWEST: usize = 6;
const FEWEST_DASHES: usize = 5;
/// How far the colours of two dots of one line are apart, at most: a line may be drawn over a gradient.
const SAME: u32 = 8;
/// How high a ring is.
const HEIGHTS: std::ops::RangeInclusive<usize> = 8..=64;
/// How far the ends of the upper and the lower side may be apart.
const CORNER: usize = 8;
/// More lines than any window has; the shades of an icon are made of dots, too.
const MOST: usize = 512;

/// A row of equal dots at equal distances.
#[derive(Clone, Copy, Debug)]
struct Dots {
    y: usize,
    left: usize,
    /// Behind the last dot.
    right: usize,
    colour: u32,
    /// From dot to dot.
    pitch: usize,
}

/// `frame` without its dotted rings.
pub(super) fn erased(frame: &Frame) -> Cow<'_, Frame> {
    let (width, height) = (frame.size().width as usize, frame.size().height as usize);
    let mut lines: Vec<Dots> = Vec::new();
    for y in 0..height {
        find(&frame.pixels()[y * width..][..width], y, &mut lines);
        if lines.len() > MOST {
            // A pattern, or a picture.
            return Cow::Borrowed(frame);
        }
    }
    let mut clean = Cow::Borrowed(frame);
    for (index, top) in lines.iter().enumerate() {
        let bottom = lines[index + 1..]
            .iter()
            .find(|bottom| is_ring(frame, top, bottom));
        if let Some(bottom) = bottom {
            erase(frame, clean.to_mut(), top, bottom);
        }
    }
    clean
}

/// The dotted lines in a row of pixels.
fn find(row: &[u32], y: usize, lines: &mut Vec<Dots>) {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    for x in 1..=row.len() {
        if x == row.len() || distance(row[x], row[x - 1]) > SAME / 2 {
            runs.push((start, x - start));
            start = x;
        }
    }
    let mut first = 0;
    while first + 2 * FEWEST_DASHES <= runs.len() {
        let (left, length) = runs[first];
        let gap = runs[first + 1].1;
        let colour = row[left];
        let mut next = first;
        while let Some(&(x, dot)) = runs.get(next) {
            if dot != length || distance(row[x], colour) > SAME {
                break;
            }
            let between = runs.get(next + 1);
            let goes_on = between.is_some_and(|&(x, room)| room == gap && distance(row[x], colour) > SAME);
            next += 2;
            if !goes_on {
                break;
            }
        }
        let dots = (next - first) / 2;
        let fewest = if length.min(gap) > 1 {
            FEWEST_DASHES
        } else {
            FEWEST
        };
        if length.max(gap) <= LONGEST && dots >= fewest {
            // Gaps may be taken for dots, and dots for gaps: what is around them tells.
            let pitch = length + gap;
            for shift in [0, 1] {
                let (last, length) = runs[next - 2 - shift];
                lines.push(Dots {
                    y,
                    left: runs[first + shift].0,
                    right: last + length,
                    colour: row[runs[first + shift].0],
                    pitch,
                });
            }
            first = next - 1;
        } else {
            first += 1;
        }
    }
}

/// Whether the two are the upper and the lower side of a ring: between their ends there are dots, too.
fn is_ring(frame: &Frame, top: &Dots, bottom: &Dots) -> bool {
    // Round corners hide some of the dots.
    let alike = |a: usize, b: usize| a.abs_diff(b) <= CORNER;
    HEIGHTS.contains(&(bottom.y - top.y))
        && distance(top.colour, bottom.colour) <= SAME
        && top.pitch == bottom.pitch
        && alike(top.left, bottom.left)
        && alike(top.right, bottom.right)
        && (stands_out(frame, top) || stands_out(frame, bottom))
        && side(frame, top, bottom.y, top.left.min(bottom.left)).is_some()
        && side(frame, top, bottom.y, top.right.max(bottom.right) - 1).is_some()
}

/// Whether most dots are of another colour than what is above and below them.
fn stands_out(frame: &Frame, line: &Dots) -> bool {
    let is_dot = |x: usize, y: i32| {
        let pixel = frame.pixel(x as i32, y);
        pixel.is_some_and(|pixel| distance(pixel, line.colour) <= SAME)
    };
    let y = line.y as i32;
    let differs = |x: usize| is_dot(x, y) && !is_dot(x, y - 1) && !is_dot(x, y + 1);
    let dots = (line.left..line.right).step_by(line.pitch);
    // At the corners the ring goes on below or above.
    dots.clone().filter(|&x| differs(x)).count() * 4 >= dots.count() * 3
}

/// The column of the dots near `x` between the ring's upper and its lower side.
fn side(frame: &Frame, top: &Dots, bottom: usize, x: usize) -> Option<usize> {
    let width = frame.size().width as usize;
    let columns = x.saturating_sub(top.pitch)..=(x + top.pitch).min(width - 1);
    let dots = |x: usize| {
        let column =
            (top.y + 1..bottom).filter(|y| distance(frame.pixels()[y * width + x], top.colour) <= SAME);
        column.count() * 100 / (bottom - top.y - 1)
    };
    columns
        .filter(|&x| (30..=70).contains(&dots(x)))
        .max_by_key(|&x| dots(x))
}

/// Gives every dot the colour of the gap beside it.
fn erase(frame: &Frame, clean: &mut Frame, top: &Dots, bottom: &Dots) {
    let width = frame.size().width as usize;
    let is_dot = |at: usize| distance(frame.pixels()[at], top.colour) <= SAME;
    let mut put = |at: usize, step: usize, range: std::ops::Range<usize>| {
        if !is_dot(at) {
            return;
        }
        let beside = (1..=LONGEST).find_map(|far| {
            let around = [at.checked_sub(far * step), Some(at + far * step)];
            around
                .into_iter()
                .flatten()
                .find(|&other| range.contains(&other) && !is_dot(other))
        });
        if let Some(beside) = beside {
            clean.pixels_mut()[at] = frame.pixels()[beside];
        }
    };
    let (left, right) = (top.left.min(bottom.left), top.right.max(bottom.right));
    for y in [top.y, bottom.y] {
        for x in left.saturating_sub(top.pitch)..(right + top.pitch).min(width) {
            put(y * width + x, 1, y * width..(y + 1) * width);
        }
    }
    for x in [left, right - 1] {
        let Some(x) = side(frame, top, bottom.y, x) else {
            continue;
        };
        for y in top.y + 1..bottom.y {
            put(y * width + x, width, 0..frame.pixels().len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Rect, Size};

    /// A ring of dashes with gaps as long as they are.
    fn draw(frame: &mut Frame, ring: Rect, dash: i32, colour: u32) {
        let mut dot = |x: i32, y: i32, along: i32| {
            if along / dash % 2 == 0 {
                frame.fill(Rect::new(x, y, 1, 1), colour);
            }
        };
        for along in 0..ring.width as i32 {
            dot(ring.x + along, ring.y, along);
            dot(ring.x + along, ring.bottom() - 1, along);
        }
        for along in 0..ring.height as i32 {
            dot(ring.x, ring.y + along, along);
            dot(ring.right() - 1, ring.y + along, along);
        }
    }

    #[test]
    fn a_ring_across_the_borders_of_a_button_is_taken_away() {
        let mut frame = Frame::new(Size::new(120, 60));
        frame.fill(frame.bounds(), 0xeeeeee);
        frame.fill(Rect::new(20, 12, 60, 30), 0x3355aa);
        let plain = frame.clone();
        for dash in [1, 2, 3] {
            let mut ringed = plain.clone();
            draw(&mut ringed, Rect::new(14, 16, 73, 23), dash, 0x151515);
            assert_ne!(ringed, plain);
            let clean = erased(&ringed);
            let different = clean.pixels().iter().zip(plain.pixels()).filter(|(a, b)| a != b);
            // Where it crosses the border, it is not known what was there.
            assert!(different.count() <= 8 * dash as usize, "{dash}");
            assert!(clean.pixels().iter().all(|&pixel| pixel != 0x151515), "{dash}");
        }
    }

    #[test]
    fn a_ring_of_few_dashes_around_a_short_label_is_taken_away() {
        let mut frame = Frame::new(Size::new(120, 60));
        frame.fill(frame.bounds(), 0xeeeeee);
        draw(&mut frame, Rect::new(20, 16, 32, 20), 3, 0x151515);
        assert!(erased(&frame).pixels().iter().all(|&pixel| pixel != 0x151515));
    }

    #[test]
    fn dots_that_are_no_ring_stay() {
        let mut frame = Frame::new(Size::new(120, 60));
        frame.fill(frame.bounds(), 0xeeeeee);
        // Two leaders of dots, as in a table of contents, and echo characters.
        for x in (10..100).step_by(4) {
            frame.fill(Rect::new(x, 10, 2, 2), 0);
            frame.fill(Rect::new(x, 40, 2, 2), 0);
        }
        assert!(matches!(erased(&frame), Cow::Borrowed(_)));
    }
}
