//! A password's echo characters in a field, counted. In a browser they stand so near to each other that they touch, so they are
//! counted by how dark each column is. Pure.

use crate::screen::{Frame, Rect};

/// What is this far from the paper is ink.
const INK: u32 = 48;
/// How far the border and its glow reach into a field.
const BORDER: i32 = 3;
/// How much of a field's height an echo character has, at most: the caret has more, and so have letters.
const HIGHEST: (u32, u32) = (2, 5);
/// How far a distance between two echo characters may be from the others, in pixels: they are drawn to fractions of one.
const UNEVEN: f32 = 1.3;
/// How dark the lightest may be in parts of the darkest, and how dark it may be between them.
const LIGHTEST: f32 = 0.55;
const BETWEEN: f32 = 0.8;

/// What is in a field that should hold echo characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Echo {
    /// Nothing.
    Empty,
    /// As many echo characters.
    Count(usize),
    /// Something else.
    Other,
}

/// Counts the echo characters in a field.
pub(super) fn count(frame: &Frame, field: Rect) -> Echo {
    let inside = field.inflated(-BORDER).intersection(&frame.bounds());
    if inside.is_empty() {
        return Echo::Other;
    }
    let picture = frame.crop(inside);
    let (width, height) = (picture.size().width as usize, picture.size().height as usize);
    let paper = most_frequent(picture.pixels());
    let ink = |x: usize, y: usize| {
        let ink = distance(picture.pixels()[y * width + x], paper);
        if ink < INK { 0 } else { ink }
    };
    let tall = height * HIGHEST.0 as usize / HIGHEST.1 as usize;
    let extent = |x: usize| {
        let mut rows = (0..height).filter(|&y| ink(x, y) > 0);
        let first = rows.next()?;
        Some((first, rows.next_back().unwrap_or(first)))
    };
    let extents: Vec<Option<(usize, usize)>> = (0..width).map(extent).collect();
    let is_tall = |x: usize| extents[x].is_some_and(|(top, bottom)| bottom - top >= tall);
    let tall_columns = (0..width).filter(|&x| is_tall(x)).count();
    // A caret is a thin line.
    if tall_columns > 2 {
        return Echo::Other;
    }
    let low: Vec<(usize, usize)> = (0..width)
        .filter(|&x| !is_tall(x))
        .filter_map(|x| extents[x])
        .collect();
    let (Some(top), Some(bottom)) = (
        low.iter().map(|(top, _)| *top).min(),
        low.iter().map(|(_, bottom)| *bottom).max(),
    ) else {
        return Echo::Empty;
    };
    if bottom - top >= tall {
        return Echo::Other;
    }
    let darkness: Vec<u32> = (0..width)
        .map(|x| {
            if is_tall(x) {
                0
            } else {
                (top..=bottom).map(|y| ink(x, y)).sum()
            }
        })
        .collect();
    even_peaks(&darkness).map_or(Echo::Other, Echo::Count)
}

/// How many equal peaks there are at equal distances; none when they are not equal.
fn even_peaks(darkness: &[u32]) -> Option<usize> {
    let first = darkness.iter().position(|dark| *dark > 0)?;
    let last = darkness.iter().rposition(|dark| *dark > 0)?;
    let row = &darkness[first..=last];
    let most = row.iter().copied().max()? as f32;
    let least = row.iter().copied().min()? as f32;
    if row.len() > 8 && least > most * BETWEEN {
        return None;
    }
    let half = if least < most * BETWEEN {
        (least + most) / 2.0
    } else {
        0.0
    };
    let mut peaks: Vec<(f32, f32)> = Vec::new();
    let mut peak: Option<(f32, f32, f32)> = None;
    for (x, dark) in row.iter().map(|dark| *dark as f32).chain([0.0]).enumerate() {
        match (&mut peak, dark > half) {
            (None, true) => peak = Some((dark, dark * x as f32, dark)),
            (Some((sum, moment, high)), true) => {
                *sum += dark;
                *moment += dark * x as f32;
                *high = high.max(dark);
            }
            (Some((sum, moment, high)), false) => {
                peaks.push((*moment / *sum, *high));
                peak = None;
            }
            (None, false) => {}
        }
    }
    let is_equal = peaks.iter().all(|(_, high)| *high >= most * LIGHTEST);
    let steps: Vec<f32> = peaks.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let mean = steps.iter().sum::<f32>() / steps.len().max(1) as f32;
    let is_even = steps.iter().all(|step| (step - mean).abs() <= UNEVEN);
    (is_equal && is_even).then_some(peaks.len())
}

fn most_frequent(pixels: &[u32]) -> u32 {
    let mut sorted: Vec<u32> = pixels.iter().map(|pixel| pixel & 0x00ff_ffff).collect();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|left, right| left == right);
    runs.max_by_key(|run| run.len())
        .and_then(|run| run.first().copied())
        .unwrap_or_default()
}

/// The largest difference of one colour.
fn distance(one: u32, other: u32) -> u32 {
    let channel = |pixel: u32, shift: u32| (pixel >> shift) & 0xff;
    [0, 8, 16]
        .map(|shift| channel(one, shift).abs_diff(channel(other, shift)))
        .into_iter()
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    const FIELD: Rect = Rect::new(10, 10, 300, 30);

    /// A field with discs of this width at these centres.
    fn field(centres: &[f32], radius: f32) -> Frame {
        let mut frame = Frame::new(Size::new(330, 50));
        frame.fill(FIELD, 0x00ff_ffff);
        for centre in centres {
            for y in -4..=4 {
                for x in 0..300 {
                    let (dx, dy) = (x as f32 - centre, y as f32);
                    let far = (dx * dx + dy * dy).sqrt();
                    let light = ((far - radius + 0.5).clamp(0.0, 1.0) * 255.0) as u32;
                    let at = Rect::new(10 + x, 25 + y, 1, 1);
                    if light < 255 {
                        let before = frame.crop(at).pixels()[0] & 0xff;
                        frame.fill(at, light.min(before) * 0x0001_0101);
                    }
                }
            }
        }
        frame
    }

    #[test]
    fn dots_are_counted_though_they_touch() {
        for (pitch, radius) in [(5.6, 2.4), (7.8, 2.5), (9.0, 3.0), (5.0, 2.2)] {
            for number in [1, 2, 9, 24] {
                let centres: Vec<f32> = (0..number).map(|index| 8.0 + pitch * index as f32).collect();
                let mut frame = field(&centres, radius);
                assert_eq!(count(&frame, FIELD), Echo::Count(number), "{pitch} {radius}");
                // With the caret behind the last.
                let caret = 10 + (centres[number - 1] + pitch) as i32;
                frame.fill(Rect::new(caret, 15, 1, 20), 0);
                assert_eq!(
                    count(&frame, FIELD),
                    Echo::Count(number),
                    "{pitch} {radius}, with a caret"
                );
            }
        }
        assert_eq!(count(&field(&[], 1.0), FIELD), Echo::Empty);
    }

    /// Wherever they begin between two pixels, however near they stand, and with the caret right behind them.
    #[test]
    fn dots_are_counted_wherever_they_begin() {
        for (pitch, start) in [4.8, 5.6, 6.4, 7.2, 8.8]
            .into_iter()
            .flat_map(|pitch| [8.0, 8.3, 8.6].map(|start| (pitch, start)))
        {
            for (nearness, number) in [(0.38, 1), (0.42, 6), (0.46, 10), (0.42, 24)] {
                let centres: Vec<f32> = (0..number).map(|index| start + pitch * index as f32).collect();
                let mut frame = field(&centres, pitch * nearness);
                let caret = 10 + (centres[number - 1] + pitch / 2.0).round() as i32;
                frame.fill(Rect::new(caret, 15, 1, 20), 0);
                assert_eq!(
                    count(&frame, FIELD),
                    Echo::Count(number),
                    "{pitch} {nearness} from {start}"
                );
            }
        }
    }

    #[test]
    fn what_is_not_even_is_something_else() {
        for centres in [&[8.0, 14.0, 26.0, 32.0][..], &[8.0, 20.0, 28.0]] {
            assert_eq!(count(&field(centres, 2.4), FIELD), Echo::Other, "{centres:?}");
        }
        let mut letters = field(&[], 1.0);
        for x in [20, 26, 33] {
            letters.fill(Rect::new(x, 16, 3, 16), 0);
        }
        assert_eq!(count(&letters, FIELD), Echo::Other);
    }
}
