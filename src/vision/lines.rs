//! Blobs of ink put together to lines of text.

use super::flat::{Sets, distance};
use super::ink::{Blob, Ink, Shape};
use super::regions::{Grounds, is_box};
use crate::screen::{Frame, Rect};

/// A ground with more blobs than this is a picture, not text.
const CROWD: usize = 6000;
/// Steps from letter to letter that show a font of one width.
const EVEN_STEPS: usize = 12;
/// More lines than any window shows.
const MOST: usize = 400;

/// The ink of one line of text.
#[derive(Clone, Debug)]
pub(super) struct InkLine {
    /// Smallest rectangle around the ink.
    pub(super) bounds: Rect,
    /// The ground that it stands on.
    pub(super) ground: usize,
    /// Its blobs from left to right.
    pub(super) blobs: Vec<usize>,
}

/// All lines of a picture.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// From top to bottom, then from left to right.
    pub(super) lines: Vec<InkLine>,
    /// Grounds with too much ink to be text.
    pub(super) crowded: Vec<usize>,
}

impl Lines {
    /// Finds the lines in `ink`.
    pub(super) fn of(frame: &Frame, ink: &Ink, grounds: &Grounds) -> Self {
        let mut by_ground: Vec<Vec<usize>> = vec![Vec::new(); grounds.all.len()];
        for (index, blob) in ink.blobs.iter().enumerate() {
            if blob.shape == Shape::Glyph {
                by_ground[blob.ground].push(index);
            }
        }
        let mut lines = Vec::new();
        let mut crowded = Vec::new();
        for (ground, mut blobs) in by_ground.into_iter().enumerate() {
            if blobs.len() > CROWD {
                crowded.push(ground);
                continue;
            }
            blobs.sort_by_key(|&blob| ink.blobs[blob].bounds.x);
            drop_underlines(ink, &mut blobs);
            let mut found = group(frame, grounds, ink, ground, &blobs);
            if is_box(&grounds.all[ground].bounds) {
                // A check mark is as wide as it is high, `No` in a small button is not.
                found.retain(|line| line.bounds.width * 4 > line.bounds.height * 5);
            }
            lines.extend(found);
        }
        // Echo characters may be lower than any letter.
        lines.retain(|line| line.bounds.height >= 4 && line.bounds.width >= 2 || is_dots(ink, line));
        reading_order(&mut lines);
        lines.truncate(MOST);
        Self { lines, crowded }
    }
}

/// The line under a mnemonic: flat, and right below a letter.
fn drop_underlines(ink: &Ink, blobs: &mut Vec<usize>) {
    let all: Vec<Rect> = blobs.iter().map(|&blob| ink.blobs[blob].bounds).collect();
    let is_underline = |low: &Rect| {
        low.height <= 2
            && low.width >= 3
            && all.iter().any(|letter| {
                let gap = low.y - letter.bottom();
                let shared = low.right().min(letter.right()) - low.x.max(letter.x);
                letter.height >= 6 && (0..=3).contains(&gap) && shared * 10 >= low.width as i32 * 6
            })
    };
    let keep: Vec<bool> = all.iter().map(|bounds| !is_underline(bounds)).collect();
    let mut keep = keep.into_iter();
    blobs.retain(|_| keep.next().unwrap_or(true));
}

fn group(frame: &Frame, grounds: &Grounds, ink: &Ink, ground: usize, blobs: &[usize]) -> Vec<InkLine> {
    // Letters first: the height of whole words says how wide a space is, whether letters touch or not.
    let mut words = join(ink, blobs, |high| 2 + high / 6);
    let mut heights: std::collections::BTreeMap<u32, (Rect, u32)> = std::collections::BTreeMap::new();
    for (at, &blob) in blobs.iter().enumerate() {
        let bounds = ink.blobs[blob].bounds;
        let word = heights.entry(words.find(at as u32)).or_default();
        *word = (word.0.union(&bounds), word.1 + bounds.width);
    }
    let mut heights: Vec<(u32, u32)> = heights
        .into_values()
        .map(|(word, width)| (word.height, width))
        .collect();
    heights.retain(|(height, _)| *height >= 5);
    heights.sort_unstable();
    let total: u32 = heights.iter().map(|(_, width)| width).sum();
    let mut below = 0;
    let usual = heights.iter().find(|(_, width)| {
        below += width;
        below * 10 >= total * 9
    });
    let usual = usual.map_or(9, |(height, _)| *height as i32);
    let Rect { width, height, .. } = grounds.all[ground].bounds;
    // What stands in one button is one label, and half a label must never be taken for a whole one.
    let button = ground > 0 && height as i32 <= 4 * usual && width <= 24 * height;
    let space = (usual * if button { 130 } else { 66 } / 100).max(5);
    let pitch = pitch(ink, blobs, &mut words);
    let mut sets = join(ink, blobs, |high| {
        let usual_space = space.min(high * if button { 18 } else { 9 } / 10);
        // From the edge of a narrow letter to that of another, with a space in between.
        let wide_space = pitch
            .filter(|_| high * 2 >= usual)
            .map_or(0, |pitch| pitch * 3 / 2 + 1);
        usual_space.max(wide_space)
    });
    let mut lines: std::collections::BTreeMap<u32, InkLine> = std::collections::BTreeMap::new();
    for (at, &blob) in blobs.iter().enumerate() {
        let bounds = ink.blobs[blob].bounds;
        let line = lines.entry(sets.find(at as u32)).or_insert_with(|| InkLine {
            bounds,
            ground,
            blobs: Vec::new(),
        });
        line.bounds = line.bounds.union(&bounds);
        line.blobs.push(blob);
    }
    let mut lines: Vec<InkLine> = lines.into_values().collect();
    absorb_marks(&mut lines);
    for line in &mut lines {
        line.blobs.sort_by_key(|&blob| ink.blobs[blob].bounds.x);
        trim(frame, grounds, ink, line);
    }
    lines
}

/// The distance of the letters of a font in which all are equally far from each other, where that is clear.
fn pitch(ink: &Ink, blobs: &[usize], words: &mut Sets) -> Option<i32> {
    let mut last: std::collections::BTreeMap<u32, i32> = std::collections::BTreeMap::new();
    let mut steps: Vec<i32> = Vec::new();
    for (at, &blob) in blobs.iter().enumerate() {
        let bounds = ink.blobs[blob].bounds;
        if bounds.height < 5 {
            continue;
        }
        // Of twice the middle, so that halves count.
        let middle = 2 * bounds.x + bounds.width as i32;
        if let Some(before) = last.insert(words.find(at as u32), middle) {
            steps.push(middle - before);
        }
    }
    steps.sort_unstable();
    let usual = *steps.get(steps.len() / 2)?;
    // Letters that touch are one blob of several widths.
    let is_even = |&&step: &&i32| {
        let halves = (2 * step + usual / 2) / usual.max(1);
        (step - usual).abs() <= 3 || halves > 2 && (2 * step - halves * usual).abs() <= 3
    };
    let even = steps.iter().filter(is_even).count();
    (steps.len() >= EVEN_STEPS && even * 10 >= steps.len() * 8).then_some(usual / 2)
}

/// Sets of blobs that stand side by side, with gaps up to what `reach` makes of their height.
fn join(ink: &Ink, blobs: &[usize], reach: impl Fn(i32) -> i32) -> Sets {
    let mut sets = Sets::default();
    for _ in blobs {
        sets.make();
    }
    for (left, &first) in blobs.iter().enumerate() {
        let a = &ink.blobs[first].bounds;
        for (right, &second) in blobs.iter().enumerate().skip(left + 1) {
            let b = &ink.blobs[second].bounds;
            if b.x - a.right() > 40 {
                // A wide blob may still reach beyond the next ones, but those are then joined by their own neighbours.
                break;
            }
            if belong(a, b, &reach) {
                sets.unite(left as u32, right as u32);
            }
        }
    }
    sets
}

/// Whether two blobs stand side by side on one line.
fn belong(a: &Rect, b: &Rect, reach: impl Fn(i32) -> i32) -> bool {
    let overlap = a.bottom().min(b.bottom()) - a.y.max(b.y);
    let (low, high) = (a.height.min(b.height) as i32, a.height.max(b.height) as i32);
    if overlap * 2 < low {
        return false;
    }
    let gap = b.x.max(a.x) - a.right().min(b.right());
    // A full stop or a hyphen takes its neighbour's measure, a picture must not lend its own.
    let alike = high * 10 <= low * 26 || low <= 3.max(high / 5) && high <= 30;
    let dots = a.size() == b.size() && a.width.abs_diff(a.height) <= 2;
    let reach = if dots {
        reach(high).max(high * 3 / 2)
    } else {
        reach(high).max(2)
    };
    alike && gap <= reach
}

/// Gives dots, accents and quotation marks, which overlap with no letter's rows, to the line that they stand in.
fn absorb_marks(lines: &mut Vec<InkLine>) {
    let mut at = 0;
    while at < lines.len() {
        let small = lines[at].bounds;
        let takes = |host: &Rect| {
            let rise = (host.height as i32 * 2 / 5).max(3);
            host.height > small.height
                && host.height >= 6
                && small.y >= host.y - rise
                && small.bottom() <= host.bottom() + rise
                && small.x <= host.right() + host.height as i32 * 8 / 10
                && small.right() >= host.x - host.height as i32 * 8 / 10
                && (small.height * 2 <= host.height || small.x < host.right() && small.right() > host.x)
        };
        // Between two rows it is of the nearer one.
        let gap = |host: &Rect| (host.y - small.bottom()).max(small.y - host.bottom()).max(0);
        let hosts = lines.iter().enumerate().filter(|(other, _)| *other != at);
        let host = hosts
            .filter(|(_, line)| small.height <= 8 && takes(&line.bounds))
            .min_by_key(|(_, line)| gap(&line.bounds))
            .map(|(host, _)| host);
        if let Some(host) = host {
            let taken = lines.remove(at);
            let host = if host > at { host - 1 } else { host };
            lines[host].bounds = lines[host].bounds.union(&taken.bounds);
            lines[host].blobs.extend(taken.blobs);
        } else {
            at += 1;
        }
    }
}

/// Takes a caret off the end and an icon off the start.
fn trim(frame: &Frame, grounds: &Grounds, ink: &Ink, line: &mut InkLine) {
    let mut heights: Vec<u32> = line
        .blobs
        .iter()
        .map(|&blob| ink.blobs[blob].bounds.height)
        .collect();
    heights.sort_unstable();
    let usual = heights[heights.len() / 2];
    let mut bottoms: Vec<i32> = line
        .blobs
        .iter()
        .map(|&blob| ink.blobs[blob].bounds.bottom())
        .collect();
    bottoms.sort_unstable();
    let base = bottoms[bottoms.len() / 2];
    // An l is as high, and stands on the base line.
    let is_caret = |blob: &Blob| {
        blob.bounds.width <= 2
            && blob.bounds.height * 10 > usual * 14
            && blob.bounds.height >= 12
            && blob.bounds.bottom() > base + 1
    };
    if line.blobs.len() > 2 {
        for end in [0, line.blobs.len() - 1] {
            if is_caret(&ink.blobs[line.blobs[end]]) {
                line.blobs.remove(end);
                break;
            }
        }
    }
    let icon = (1..line.blobs.len().min(4))
        .rev()
        .find(|&end| is_icon(frame, grounds, ink, line, end, usual));
    line.blobs.drain(..icon.unwrap_or(0));
    line.bounds = line
        .blobs
        .iter()
        .fold(Rect::default(), |all, &blob| all.union(&ink.blobs[blob].bounds));
}

/// Whether the first `end` blobs are an icon before the text: apart from it, taller, about square, and
/// either without the text's colour, or filled with a colour of its own, or so much taller that it is no letter.
fn is_icon(frame: &Frame, grounds: &Grounds, ink: &Ink, line: &InkLine, end: usize, usual: u32) -> bool {
    // All of it: a word before a word is no icon.
    let icon = line.blobs[..end]
        .iter()
        .fold(Rect::default(), |all, &blob| all.union(&ink.blobs[blob].bounds));
    let rest = line.blobs[end..]
        .iter()
        .fold(Rect::default(), |all, &blob| all.union(&ink.blobs[blob].bounds));
    let gap = rest.x - icon.right();
    let tall = icon.height > rest.height && icon.height >= 10 || icon.height * 10 >= usual * 15;
    let square = icon.width * 2 >= icon.height && icon.width <= icon.height * 2;
    if !(gap >= 3 && tall && square) {
        return false;
    }
    let ground = &grounds.all[line.ground];
    let pixels = |bounds: Rect| {
        (bounds.y..bounds.bottom()).flat_map(move |y| (bounds.x..bounds.right()).map(move |x| (x, y)))
    };
    let strongest = pixels(rest)
        .filter_map(|(x, y)| {
            frame
                .pixel(x, y)
                .map(|pixel| (distance(pixel, ground.row(y)), pixel))
        })
        .max();
    let Some((_, pen)) = strongest else {
        return false;
    };
    let has_pen =
        pixels(icon).any(|(x, y)| frame.pixel(x, y).is_some_and(|pixel| distance(pixel, pen) <= 32));
    let filled = || pixels(icon).any(|(x, y)| is_filled(frame, &icon, (x, y), pen, ground.row(y)));
    // A field may hold any sign, however tall: only on a ground with room for other lines.
    let roomy = ground.bounds.height >= 4 * icon.height;
    let letters = line.blobs[..end].iter().map(|&blob| ink.blobs[blob].bounds);
    let is_word = letters.into_iter().all(|letter| is_beside(&letter, &rest));
    let towers = icon.height * 100 >= rest.height * 115 && gap as u32 * 10 >= usual * 4 && !is_word;
    !has_pen || roomy && (towers || filled())
}

/// Whether a blob stands on the same line as letters without strokes that go up or down, or begins as high as they do: it
/// may be a letter with such a stroke.
const fn is_beside(letter: &Rect, others: &Rect) -> bool {
    let stands = letter.bottom().abs_diff(others.bottom()) <= 1;
    let hangs = letter.y.abs_diff(others.y) <= 1;
    (stands || hangs) && letter.height * 10 <= others.height * 15
}

/// Whether a square of 3 by 3 pixels has one colour that is neither the pen's nor the paper's.
fn is_filled(frame: &Frame, icon: &Rect, (x, y): (i32, i32), pen: u32, paper: u32) -> bool {
    let Some(first) = frame.pixel(x, y) else {
        return false;
    };
    let own = distance(first, pen) > 48 && distance(first, paper) > 24;
    let same = |dx, dy| {
        frame
            .pixel(x + dx, y + dy)
            .is_some_and(|pixel| distance(pixel, first) <= 3)
    };
    own && x + 3 <= icon.right() && y + 3 <= icon.bottom() && (0..3).all(|dy| (0..3).all(|dx| same(dx, dy)))
}

/// Sorts lines into rows from the top, each row from the left.
fn reading_order(lines: &mut Vec<InkLine>) {
    lines.sort_by_key(|line| (line.bounds.y, line.bounds.x));
    let mut rows: Vec<(Rect, Vec<InkLine>)> = Vec::new();
    for line in lines.drain(..) {
        let bounds = line.bounds;
        let row = rows.iter_mut().rev().take(8).find(|(first, _)| {
            let overlap = first.bottom().min(bounds.bottom()) - first.y.max(bounds.y);
            overlap * 2 > first.height.min(bounds.height) as i32
        });
        match row {
            Some((_, row)) => row.push(line),
            None => rows.push((bounds, vec![line])),
        }
    }
    for (_, mut row) in rows {
        row.sort_by_key(|line| line.bounds.x);
        lines.extend(row);
    }
}

/// A password's echo characters: three or more equal, compact blobs at equal distances.
pub(super) fn is_dots(ink: &Ink, line: &InkLine) -> bool {
    let blobs: Vec<&Blob> = line.blobs.iter().map(|&blob| &ink.blobs[blob]).collect();
    let [first, second, _, ..] = blobs[..] else {
        return false;
    };
    let compact = |blob: &Blob| {
        let bounds = blob.bounds;
        let like = bounds.width.abs_diff(first.bounds.width) <= 1
            && bounds.height.abs_diff(first.bounds.height) <= 1;
        let round = bounds.width.abs_diff(bounds.height) <= 2 && bounds.height >= 3;
        like && round && blob.area as usize * 10 >= bounds.area() * 6
    };
    let pitch = second.bounds.x - first.bounds.x;
    let even = blobs.windows(2).all(|pair| {
        let step = pair[1].bounds.x - pair[0].bounds.x;
        (step - pitch).abs() <= 1 && pair[1].bounds.y.abs_diff(pair[0].bounds.y) <= 1
    });
    even && blobs.iter().all(|blob| compact(blob))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    /// Draws letters as bars of 6 by 9 pixels, 2 apart.
    fn word(frame: &mut Frame, x: i32, y: i32, letters: i32) {
        for letter in 0..letters {
            frame.fill(Rect::new(x + letter * 8, y, 6, 9), 0x111111);
        }
    }

    #[test]
    fn an_l_at_the_end_is_no_caret() {
        let draw = |bottom: i32| {
            let mut frame = Frame::new(Size::new(200, 60));
            frame.fill(frame.bounds(), 0xffffff);
            word(&mut frame, 10, 20, 5);
            frame.fill(Rect::from_edges(52, 15, 53, bottom), 0x111111);
            lines(&frame)
        };
        assert_eq!(draw(29), [Rect::new(10, 15, 43, 14)]);
        assert_eq!(draw(32), [Rect::new(10, 20, 38, 9)], "a caret");
    }

    #[test]
    fn a_word_with_higher_letters_is_no_icon() {
        let mut frame = Frame::new(Size::new(200, 60));
        frame.fill(frame.bounds(), 0xffffff);
        frame.fill(Rect::new(10, 18, 6, 11), 0x111111);
        frame.fill(Rect::new(18, 20, 8, 9), 0x111111);
        word(&mut frame, 32, 20, 6);
        assert_eq!(lines(&frame), [Rect::new(10, 18, 68, 11)]);
    }

    /// In a font of one width some letters touch, and are one blob.
    #[test]
    fn letters_that_touch_do_not_hide_a_font_of_one_width() {
        let mut frame = Frame::new(Size::new(300, 60));
        frame.fill(frame.bounds(), 0xffffff);
        for letter in (0..12).chain(13..25) {
            let x = 10 + 8 * letter;
            frame.fill(Rect::new(x, 20, 6, 9), 0x111111);
            frame.fill(Rect::new(x + 2, 22, 2, 7), 0xffffff);
            if [1, 4, 8].contains(&letter) {
                frame.fill(Rect::new(x + 6, 20, 2, 2), 0x111111);
            }
        }
        assert_eq!(lines(&frame), [Rect::new(10, 20, 198, 9)]);
    }

    #[test]
    fn a_dot_between_two_rows_is_of_the_nearer_one() {
        let mut frame = Frame::new(Size::new(200, 60));
        frame.fill(frame.bounds(), 0xffffff);
        word(&mut frame, 10, 10, 6);
        word(&mut frame, 10, 23, 6);
        frame.fill(Rect::new(10, 21, 2, 1), 0x111111);
        assert_eq!(
            lines(&frame),
            [Rect::new(10, 10, 46, 9), Rect::new(10, 21, 46, 11)]
        );
    }

    fn lines(frame: &Frame) -> Vec<Rect> {
        let grounds = Grounds::of(frame);
        let ink = Ink::of(frame, &grounds);
        Lines::of(frame, &ink, &grounds)
            .lines
            .iter()
            .map(|line| line.bounds)
            .collect()
    }

    fn panel() -> Frame {
        let mut frame = Frame::new(Size::new(300, 100));
        frame.fill(frame.bounds(), 0xeeeeee);
        frame
    }

    #[test]
    fn words_are_joined_and_labels_far_apart_are_not() {
        let mut frame = panel();
        word(&mut frame, 10, 10, 3);
        word(&mut frame, 37, 10, 3);
        word(&mut frame, 120, 10, 2);
        word(&mut frame, 10, 30, 2);
        let expected = [
            Rect::new(10, 10, 49, 9),
            Rect::new(120, 10, 14, 9),
            Rect::new(10, 30, 14, 9),
        ];
        assert_eq!(lines(&frame), expected);
    }

    #[test]
    fn low_echo_characters_are_a_line_and_a_row_of_specks_is_none() {
        let mut frame = panel();
        for dot in 0..8 {
            frame.fill(Rect::new(10 + 7 * dot, 20, 3, 3), 0x111111);
            frame.fill(Rect::new(10 + 7 * dot, 50, 2, 2), 0x111111);
        }
        assert_eq!(lines(&frame), [Rect::new(10, 20, 52, 3)]);
    }

    #[test]
    fn spaces_are_wide_where_all_letters_are_equally_far_from_each_other() {
        let mut frame = panel();
        for word in [0, 5, 10, 15] {
            for letter in word..word + 4 {
                // Of changing width around the same middle.
                let wide = 4 + letter % 2 * 4;
                frame.fill(
                    Rect::new(20 + letter * 8 - wide / 2, 30, wide as u32, 9),
                    0x111111,
                );
            }
        }
        assert_eq!(lines(&frame).len(), 1);
    }

    #[test]
    fn texts_of_two_regions_are_never_joined() {
        let mut frame = panel();
        frame.fill(Rect::new(40, 5, 60, 20), 0x3366cc);
        word(&mut frame, 22, 10, 2);
        word(&mut frame, 43, 10, 2);
        assert_eq!(lines(&frame).len(), 2);
    }

    #[test]
    fn dots_belong_to_the_line_below_them_and_underlines_to_none() {
        let mut frame = panel();
        frame.fill(Rect::new(10, 13, 2, 7), 0x111111);
        frame.fill(Rect::new(10, 10, 2, 2), 0x111111);
        word(&mut frame, 14, 11, 2);
        frame.fill(Rect::new(14, 21, 6, 1), 0x111111);
        assert_eq!(lines(&frame), [Rect::new(10, 10, 18, 10)]);
    }
}
