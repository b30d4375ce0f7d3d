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
    let mut is_whole = vec![false; lines.len()];
    for (index, top) in lines.iter().enumerate() {
        let below = &lines[index + 1..];
        if let Some(at) = below.iter().position(|bottom| is_ring(frame, top, bottom)) {
            erase(frame, clean.to_mut(), top, &below[at]);
            is_whole[index] = true;
            is_whole[index + 1 + at] = true;
        }
    }
    for (line, _) in lines.iter().zip(is_whole).filter(|(_, whole)| !whole) {
        if let Some((top, bottom)) = half_hidden(frame, line) {
            erase(frame, clean.to_mut(), &top, &bottom);
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

/// The two sides of a ring of which `line` is one, where a label is written across the other: it hides gaps there, and no dot.
fn half_hidden(frame: &Frame, line: &Dots) -> Option<(Dots, Dots)> {
    let height = frame.size().height as usize;
    let above = HEIGHTS.filter_map(|far| line.y.checked_sub(far));
    let below = HEIGHTS.map(|far| line.y + far).filter(|&y| y < height);
    above.chain(below).find_map(|y| {
        let other = crossed(frame, line, y)?;
        let (top, bottom) = if y < line.y {
            (other, *line)
        } else {
            (*line, other)
        };
        is_ring(frame, &top, &bottom).then_some((top, bottom))
    })
}

/// The dots of row `y` as far as `line` reaches: nearly all are there, and of the gaps those that no letter hides.
fn crossed(frame: &Frame, line: &Dots, y: usize) -> Option<Dots> {
    let has = |x: usize| {
        let pixel = frame.pixel(x as i32, y as i32);
        pixel.is_some_and(|pixel| distance(pixel, line.colour) <= SAME)
    };
    (0..line.pitch).find_map(|shift| {
        let dots = (line.left + shift..line.right).step_by(line.pitch);
        let number = dots.clone().count();
        let there = dots.clone().filter(|&x| has(x)).count();
        let is_followed_by_gap = |x: &usize| (1..line.pitch).any(|far| !has(x + far));
        let gaps = dots.filter(is_followed_by_gap).count();
        (there * 10 >= number * 9 && gaps * 4 >= number).then_some(Dots {
            y,
            left: line.left + shift,
            ..*line
        })
    })
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
    // At a corner two dots may touch, which is where the line seems to end.
    let columns = x.saturating_sub(top.pitch + 1)..=(x + top.pitch + 1).min(width - 1);
    let is_dot = |x: usize, y: usize| distance(frame.pixels()[y * width + x], top.colour) <= SAME;
    let rows = top.y + 1..bottom;
    let dots = |x: usize| rows.clone().filter(|&y| is_dot(x, y)).count() * 100 / rows.len();
    // The stem of a letter may have as many dots, but they are all one.
    let runs = |x: usize| rows.clone().filter(|&y| is_dot(x, y) != is_dot(x, y - 1)).count();
    columns
        .filter(|&x| (30..=70).contains(&dots(x)) && runs(x) * top.pitch >= rows.len())
        .max_by_key(|&x| (runs(x), dots(x)))
}

/// Gives every dot the colour of the gap beside it. What is longer than a dot is a stroke of a letter.
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
    let inner = left + 2 * top.pitch..right.saturating_sub(2 * top.pitch);
    for y in [top.y, bottom.y] {
        for x in left.saturating_sub(top.pitch + 1)..(right + top.pitch + 1).min(width) {
            let row = y * width;
            let is_stroke = || {
                let before = (1..top.pitch).take_while(|far| is_dot(row + x - far)).count();
                let after = (1..top.pitch).take_while(|far| is_dot(row + x + far)).count();
                before + 1 + after >= top.pitch
            };
            if !(inner.contains(&x) && is_stroke()) {
                put(row + x, 1, row..row + width);
            }
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

    fn differences(one: &Frame, other: &Frame) -> usize {
        let pixels = one.pixels().iter().zip(other.pixels());
        pixels.filter(|(a, b)| a != b).count()
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
            // Where it crosses the border, it is not known what was there.
            assert!(differences(&clean, &plain) <= 8 * dash as usize, "{dash}");
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
    fn the_stem_of_a_letter_beside_a_ring_is_none_of_its_sides() {
        let mut frame = Frame::new(Size::new(120, 60));
        frame.fill(frame.bounds(), 0xeeeeee);
        frame.fill(Rect::new(22, 22, 1, 11), 0x151515);
        let plain = frame.clone();
        draw(&mut frame, Rect::new(20, 16, 61, 21), 1, 0x151515);
        assert_eq!(differences(&erased(&frame), &plain), 0);
    }

    /// The upper side goes through an O, which hides most of its gaps there.
    #[test]
    fn a_ring_that_a_label_is_written_across_is_taken_away_and_the_label_stays() {
        let mut frame = Frame::new(Size::new(120, 60));
        frame.fill(frame.bounds(), 0x773333);
        for x in [30, 42] {
            frame.fill(Rect::new(x, 16, 7, 12), 0xffffff);
            frame.fill(Rect::new(x + 2, 18, 3, 8), 0x773333);
        }
        let plain = frame.clone();
        draw(&mut frame, Rect::new(20, 16, 42, 21), 1, 0xffffff);
        // In the corner a dot of the lower side and one of the right side touch.
        frame.fill(Rect::new(61, 36, 1, 1), 0xffffff);
        assert_eq!(differences(&erased(&frame), &plain), 0);
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
        // Finer ones, which stand out as the sides of a ring do.
        for x in (10..100).step_by(2) {
            frame.fill(Rect::new(x, 20, 1, 1), 0);
            frame.fill(Rect::new(x, 48, 1, 1), 0);
        }
        assert!(matches!(erased(&frame), Cow::Borrowed(_)));
    }
}
