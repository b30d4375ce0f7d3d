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
/// A block of one colour of this side is no cell of a texture.
const SOLID: u8 = 6;
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
    let solid = solid(frame);
    let width = frame.size().width as usize;
    for y in place.y..place.bottom() {
        let rows = (y - REACH).max(0)..=(y + REACH).min(frame.size().height as i32 - 1);
        for x in place.x..place.right() {
            let at = y as usize * width + x as usize;
            if solid[at] {
                continue;
            }
            let own = frame.pixels()[at];
            let (left, right) = ((x - REACH).max(0), (x + REACH).min(width as i32 - 1));
            let mut sums = [0; 3];
            let mut number = 0;
            for y in rows.clone() {
                let row = y as usize * width..(y as usize + 1) * width;
                let near = frame.pixels()[row.clone()].iter().zip(&solid[row]);
                for (&pixel, &solid) in near.skip(left as usize).take((right - left + 1) as usize) {
                    if !solid && distance(pixel, own) <= depth {
                        sums[0] += pixel >> 16 & 0xff;
                        sums[1] += pixel >> 8 & 0xff;
                        sums[2] += pixel & 0xff;
                        number += 1;
                    }
                }
            }
            let [red, green, blue] = sums.map(|sum| (sum + number / 2) / number);
            even.pixels_mut()[at] = red << 16 | green << 8 | blue;
        }
    }
    even
}

/// Which pixels are of a block of one colour that is larger than the cells of a texture: a control that lies on it.
fn solid(frame: &Frame) -> Vec<bool> {
    let (width, height) = (frame.size().width as usize, frame.size().height as usize);
    let pixels = frame.pixels();
    let mut solid = vec![false; pixels.len()];
    // The side of the block of one colour that ends at each pixel of the row above, and of this one.
    let (mut above, mut sides) = (vec![0u8; width], vec![0u8; width]);
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            let same = |other: usize| pixels[other] == pixels[at];
            let inside = x > 0 && y > 0 && same(at - 1) && same(at - width) && same(at - width - 1);
            sides[x] = if inside {
                1 + sides[x - 1].min(above[x]).min(above[x - 1]).min(SOLID - 1)
            } else {
                1
            };
            if sides[x] == SOLID {
                let side = usize::from(SOLID);
                for row in (0..side).map(|up| at - up * width) {
                    solid[row + 1 - side..=row].fill(true);
                }
            }
        }
        std::mem::swap(&mut above, &mut sides);
    }
    // What goes on from a block is of it, such as the strip between a label and a button's edge.
    let mut join = |at: usize, other: usize| solid[at] |= solid[other] && pixels[at] == pixels[other];
    for at in width..pixels.len() {
        join(at, at - width);
        join(at, at - 1);
    }
    for at in (0..pixels.len().saturating_sub(width)).rev() {
        join(at, at + width);
        join(at, at + 1);
    }
    solid
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

    /// A button that differs from its textured ground by less than the texture's cells from each other.
    #[test]
    fn a_block_of_one_colour_on_a_texture_keeps_its_edges() {
        let noise = |x: i32, y: i32| 220 + ((x * 7919 + y * 104_729) as u32 >> 3) % 12;
        let mut frame = picture(noise);
        let button = Rect::new(50, 10, 40, 22);
        frame.fill(button, 0xdf_dfdf);
        let even = evened(&frame, frame.bounds());
        let inside = (10..32).flat_map(|y| (50..90).map(move |x| (x, y)));
        assert!(
            inside
                .into_iter()
                .all(|(x, y)| even.pixel(x, y) == Some(0xdf_dfdf))
        );
        let beside = (10..32).filter(|&y| even.pixel(49, y) == Some(0xdf_dfdf)).count();
        assert!(beside <= 6, "{beside}");
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
