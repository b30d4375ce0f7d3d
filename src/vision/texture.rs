//! Textured grounds made even: noise, stripes and weaves that are fainter than any ink.

use std::borrow::Cow;

use super::flat::{distance, lightness};
use crate::screen::{Frame, Rect};

/// Neighbours in a texture differ by no more than this.
const FAINT: usize = 16;
/// A step back within so many pixels is a texture, later it is something else.
const NEAR: usize = 8;
/// Every so many rows and columns are looked at.
const EVERY: usize = 8;
/// Steps back and forth, in percent of the pixels looked at, that make a texture: text on an even ground has far fewer.
const STEPS: usize = 12;
/// How far the pixels are that a pixel is made even with.
const REACH: i32 = 3;

/// `frame` with the texture in `place` made even, where it has one.
pub(super) fn evened(frame: &Frame, place: Rect) -> Cow<'_, Frame> {
    match (frame.size().area() > 0).then(|| depth(frame)).flatten() {
        Some(depth) => Cow::Owned(smoothed(frame, place, depth)),
        None => Cow::Borrowed(frame),
    }
}

/// How far a texture's pixels are apart, where faint steps go back and forth all over the picture; those of a gradient
/// go on in one direction.
fn depth(frame: &Frame) -> Option<u32> {
    let (width, height) = (frame.size().width as usize, frame.size().height as usize);
    let pixels = frame.pixels();
    let rows = (0..height).step_by(EVERY);
    let columns = (0..width).step_by(EVERY);
    let (mut across, mut down) = ([0; FAINT + 1], [0; FAINT + 1]);
    for y in rows.clone() {
        count_turns(pixels[y * width..][..width].iter(), &mut across);
    }
    for x in columns.clone() {
        count_turns(pixels[x..].iter().step_by(width), &mut down);
    }
    let total = |turns: &[usize]| turns.iter().sum::<usize>();
    let share = |turns: &[usize], of: usize| total(turns) * 100 >= of.max(1) * STEPS;
    if !share(&across, rows.count() * width) && !share(&down, columns.count() * height) {
        return None;
    }
    let number = total(&across) + total(&down);
    let mut below = 0;
    let most = across.iter().zip(down).position(|(across, down)| {
        below += across + down;
        below * 10 >= number * 9
    });
    Some(most.unwrap_or(FAINT) as u32 + 1)
}

/// Counts, by their height, the faint steps that are soon followed by one in the other direction.
fn count_turns<'a>(pixels: impl Iterator<Item = &'a u32>, turns: &mut [usize; FAINT + 1]) {
    let mut last: Option<(usize, bool)> = None;
    let mut before = None;
    for (at, &pixel) in pixels.enumerate() {
        let before = before.replace(pixel).unwrap_or(pixel);
        match distance(pixel, before) as usize {
            0 => {}
            step @ 1..=FAINT => {
                let rises = lightness(pixel) > lightness(before);
                turns[step] +=
                    usize::from(last.is_some_and(|(place, rose)| rose != rises && at - place <= NEAR));
                last = Some((at, rises));
            }
            _ => last = None,
        }
    }
}

/// Every pixel becomes the mean of those around it that are hardly different from it.
fn smoothed(frame: &Frame, place: Rect, depth: u32) -> Frame {
    let place = place.intersection(&frame.bounds());
    let mut even = frame.clone();
    let width = frame.size().width as usize;
    for y in place.y..place.bottom() {
        let rows = (y - REACH).max(0)..=(y + REACH).min(frame.size().height as i32 - 1);
        for x in place.x..place.right() {
            let own = frame.pixels()[y as usize * width + x as usize];
            let (left, right) = ((x - REACH).max(0), (x + REACH).min(width as i32 - 1));
            let mut sums = [0; 3];
            let mut number = 0;
            for y in rows.clone() {
                for &pixel in &frame.pixels()[y as usize * width..][left as usize..=right as usize] {
                    if distance(pixel, own) <= depth {
                        sums[0] += pixel >> 16 & 0xff;
                        sums[1] += pixel >> 8 & 0xff;
                        sums[2] += pixel & 0xff;
                        number += 1;
                    }
                }
            }
            let [red, green, blue] = sums.map(|sum| (sum + number / 2) / number);
            even.pixels_mut()[y as usize * width + x as usize] = red << 16 | green << 8 | blue;
        }
    }
    even
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    const INK: u32 = 0x10_1010;

    /// Ground and a bar of ink, by a pattern of the ground.
    fn picture(ground: impl Fn(i32, i32) -> u32) -> Frame {
        let mut frame = Frame::new(Size::new(96, 64));
        for (x, y) in (0..64).flat_map(|y| (0..96).map(move |x| (x, y))) {
            let grey = ground(x, y);
            frame.fill(Rect::new(x, y, 1, 1), grey << 16 | grey << 8 | grey);
        }
        frame.fill(Rect::new(40, 20, 2, 20), INK);
        frame
    }

    /// The largest difference between two pixels of the ground.
    fn unevenness(frame: &Frame) -> u32 {
        let ground: Vec<u32> = frame
            .pixels()
            .iter()
            .copied()
            .filter(|&pixel| pixel != INK)
            .collect();
        let distances = ground.iter().map(|&pixel| distance(pixel, ground[0]));
        distances.max().unwrap_or(0)
    }

    #[test]
    fn noise_stripes_and_weaves_become_even_and_ink_stays() {
        let noise = |x: i32, y: i32| 220 + ((x * 7919 + y * 104_729) as u32 >> 3) % 12;
        let stripes = |_: i32, y: i32| 220 + 8 * (y as u32 / 2 % 2);
        let weave = |x: i32, y: i32| 220 + 8 * ((x / 3 + y / 3) as u32 % 2);
        for frame in [picture(noise), picture(stripes), picture(weave)] {
            assert!(unevenness(&frame) >= 8);
            let even = evened(&frame, frame.bounds());
            assert!(unevenness(&even) <= 4, "{}", unevenness(&even));
            assert_eq!(even.pixels().iter().filter(|&&pixel| pixel == INK).count(), 40);
        }
    }

    #[test]
    fn gradients_and_even_grounds_stay_as_they_are() {
        let slope = |_: i32, y: i32| 150 + y as u32;
        let plain = |_: i32, _: i32| 220;
        for frame in [picture(slope), picture(plain)] {
            assert!(matches!(evened(&frame, frame.bounds()), Cow::Borrowed(_)));
        }
    }
}
