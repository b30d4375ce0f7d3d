//! A line of text cut out and made dark on white, whatever its colours were.

use super::flat::{distance, lightness};
use super::ink::{INK, Ink};
use super::lines::InkLine;
use super::regions::Grounds;
use crate::screen::{Frame, Rect};

/// Levels of ink that are told apart: enough for anti-aliasing, few enough that equal letters are equal.
const LEVELS: u32 = 15;

/// What is no deeper is the smoothed edge of a letter, or its paper.
const DEEP: u32 = 24;
/// How much ink a shadow has of that of its letters, at least, and how much of it is beside them, in percent.
const SHADOW: usize = 20;
const CAST: usize = 90;

/// A grey picture for OCR: rows of bytes, 0 is ink, 255 is paper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GreyImage {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` bytes.
    pub pixels: Vec<u8>,
}

/// One line's ink at the size it has on the screen: 0 is paper, 15 full ink. Colours are gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LineBitmap {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height` levels.
    pub levels: Vec<u8>,
}

/// How a bitmap is made ready for OCR.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rendering {
    /// Height of the text after enlargement, in pixels.
    pub(super) height: f32,
    /// Whether every pixel becomes ink or paper before it is enlarged.
    pub(super) hard: bool,
}

impl LineBitmap {
    /// Measures `line` as distance from its own background, relative to its own strongest ink.
    pub(super) fn of(frame: &Frame, grounds: &Grounds, ink: &Ink, line: &InkLine) -> Self {
        let area = line.bounds.inflated(1).intersection(&frame.bounds());
        let ground = &grounds.all[line.ground];
        let width = frame.size().width as usize;
        let mut depths: Vec<i32> = Vec::with_capacity(area.area());
        for y in area.y..area.bottom() {
            let background = ground.row(y);
            for x in area.x..area.right() {
                let at = y as usize * width + x as usize;
                let own = match ink.labels[at] {
                    // The faint edge of a letter; what is strong and yet no ink was a focus ring.
                    0 => {
                        grounds.owner[at] as usize == line.ground
                            && distance(frame.pixels()[at], background) <= INK
                    }
                    label => line.blobs.contains(&(label as usize - 1)),
                };
                let sign = if lightness(frame.pixels()[at]) < lightness(background) {
                    -1
                } else {
                    1
                };
                depths.push(if own {
                    sign * depth(frame.pixels()[at], background) as i32
                } else {
                    0
                });
            }
        }
        let depths = without_shadow(area.width as usize, depths);
        let mut sorted: Vec<u32> = depths.iter().copied().filter(|&depth| depth > DEEP).collect();
        sorted.sort_unstable();
        let full = sorted.get(sorted.len() * 9 / 10).copied().unwrap_or(1).max(1);
        let levels = depths
            .into_iter()
            .map(|depth| ((depth * LEVELS + full / 2) / full).min(LEVELS) as u8)
            .collect();
        Self {
            width: area.width,
            height: area.height,
            levels,
        }
    }

    /// The bitmap enlarged, with a white margin.
    pub(super) fn render(&self, how: Rendering) -> GreyImage {
        let scale = (how.height / self.height.max(1) as f32).clamp(1.0, 4.0);
        if how.hard {
            self.hardened().rounded().rounded().enlarged(scale / 4.0)
        } else {
            self.enlarged(scale)
        }
    }

    fn enlarged(&self, scale: f32) -> GreyImage {
        let margin = 12;
        let width = (self.width as f32 * scale).ceil() as usize;
        let height = (self.height as f32 * scale).ceil() as usize;
        let mut picture = GreyImage {
            width: width + 2 * margin,
            height: height + 2 * margin,
            pixels: vec![255; (width + 2 * margin) * (height + 2 * margin)],
        };
        let columns: Vec<Sample> = (0..width).map(|x| Sample::at(x, scale, self.width)).collect();
        for y in 0..height {
            let Sample { low, high, part } = Sample::at(y, scale, self.height);
            let start = (y + margin) * picture.width + margin;
            for (x, column) in columns.iter().enumerate() {
                let level = |row: usize| {
                    let left = self.level(column.low, row);
                    left + (self.level(column.high, row) - left) * column.part
                };
                let above = level(low);
                let ink = above + (level(high) - above) * part;
                picture.pixels[start + x] = (255.0 - ink * (255.0 / LEVELS as f32)) as u8;
            }
        }
        picture
    }

    fn level(&self, x: usize, y: usize) -> f32 {
        f32::from(self.levels[y * self.width as usize + x])
    }

    /// Every pixel ink or paper.
    fn hardened(&self) -> Self {
        let harden = |&level: &u8| {
            if u32::from(level) * 2 > LEVELS {
                LEVELS as u8
            } else {
                0
            }
        };
        Self {
            levels: self.levels.iter().map(harden).collect(),
            ..*self
        }
    }

    /// Twice as large, with the steps of slanting edges cut off: the Scale2x way of A. Mazzoleni. Letters that were drawn
    /// without smoothing become such as the engine has seen.
    fn rounded(&self) -> Self {
        let (width, height) = (self.width as usize, self.height as usize);
        let at = |x: usize, y: usize| self.levels[y * width + x];
        let mut levels = vec![0; 4 * width * height];
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            let own = at(x, y);
            let left = at(x.saturating_sub(1), y);
            let right = at((x + 1).min(width - 1), y);
            let above = at(x, y.saturating_sub(1));
            let below = at(x, (y + 1).min(height - 1));
            let edge = above != below && left != right;
            let corner = |one: u8, other: u8| if edge && one == other { one } else { own };
            let place = 4 * y * width + 2 * x;
            levels[place] = corner(left, above);
            levels[place + 1] = corner(right, above);
            levels[place + 2 * width] = corner(left, below);
            levels[place + 2 * width + 1] = corner(right, below);
        }
        Self {
            width: 2 * self.width,
            height: 2 * self.height,
            levels,
        }
    }
}

/// How deep the ink is, lighter or darker than its paper, without a shadow of the other kind: that is beside letters
/// nearly everywhere, and less of it can be seen than of the letters on top of it.
fn without_shadow(width: usize, depths: Vec<i32>) -> Vec<u32> {
    let is_deep = |depth: i32| depth.unsigned_abs() > DEEP;
    let number = |sign: i32| {
        depths
            .iter()
            .filter(|&&depth| is_deep(depth) && depth.signum() == sign)
            .count()
    };
    let (light, dark) = (number(1), number(-1));
    let shadow = if light < dark { 1 } else { -1 };
    let has_letter = |at: usize| {
        let (x, y) = (at % width, at / width);
        let rows = y.saturating_sub(1)..(y + 2).min(depths.len() / width);
        rows.flat_map(|y| (x.saturating_sub(1)..(x + 2).min(width)).map(move |x| y * width + x))
            .any(|at| is_deep(depths[at]) && depths[at].signum() == -shadow)
    };
    let cast = depths
        .iter()
        .enumerate()
        .filter(|&(at, &depth)| is_deep(depth) && depth.signum() == shadow && has_letter(at))
        .count();
    let (fewer, more) = (light.min(dark), light.max(dark));
    let is_shadow = fewer * 100 >= more * SHADOW && cast * 100 >= fewer * CAST;
    depths
        .into_iter()
        .map(|depth| {
            if is_shadow && depth.signum() == shadow {
                0
            } else {
                depth.unsigned_abs()
            }
        })
        .collect()
}

/// Where an enlarged pixel lies between two original ones.
struct Sample {
    low: usize,
    high: usize,
    part: f32,
}

impl Sample {
    fn at(position: usize, scale: f32, length: u32) -> Self {
        let last = length.saturating_sub(1) as f32;
        let place = ((position as f32 + 0.5) / scale - 0.5).clamp(0.0, last);
        let low = place.floor();
        Self {
            low: low as usize,
            high: (low + 1.0).min(last) as usize,
            part: place - low,
        }
    }
}

/// The sum of the channels' differences: with sub-pixel anti-aliasing their mean is the coverage.
fn depth(pixel: u32, background: u32) -> u32 {
    let channel = |shift: u32| ((pixel >> shift) & 0xff).abs_diff((background >> shift) & 0xff);
    channel(16) + channel(8) + channel(0)
}

/// A whole window in grey, dark on light, enlarged by `scale`; `rect` limits it.
pub(super) fn grey(frame: &Frame, rect: Rect, scale: usize, dark: bool) -> GreyImage {
    let source = frame.crop(rect);
    let size = source.size();
    let (width, height) = (size.width as usize * scale, size.height as usize * scale);
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..size.height {
        let row: Vec<u8> = source
            .row(y)
            .iter()
            .flat_map(|&pixel| {
                let light =
                    ((pixel >> 16 & 0xff) * 77 + (pixel >> 8 & 0xff) * 151 + (pixel & 0xff) * 28) >> 8;
                let light = if dark { 255 - light as u8 } else { light as u8 };
                std::iter::repeat_n(light, scale)
            })
            .collect();
        for _ in 0..scale {
            pixels.extend_from_slice(&row);
        }
    }
    GreyImage {
        width,
        height,
        pixels,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    #[test]
    fn colours_do_not_matter() {
        let draw = |paper: u32, pen: u32| {
            let mut frame = Frame::new(Size::new(80, 40));
            frame.fill(frame.bounds(), paper);
            for x in [20, 28, 36] {
                frame.fill(Rect::new(x, 12, 5, 9), pen);
                frame.fill(Rect::new(x + 2, 14, 1, 5), paper);
            }
            let grounds = Grounds::of(&frame);
            let ink = Ink::of(&frame, &grounds);
            let lines = super::super::lines::Lines::of(&frame, &ink, &grounds).lines;
            LineBitmap::of(&frame, &grounds, &ink, &lines[0])
        };
        let bitmap = draw(0xffffff, 0);
        assert_eq!(bitmap, draw(0x2f65ca, 0xffffff));
        assert_eq!((bitmap.width, bitmap.height), (23, 11));
    }

    #[test]
    fn a_shadow_is_no_ink_and_letters_of_two_colours_are() {
        let draw = |shadow: Option<u32>, last: u32| {
            let mut frame = Frame::new(Size::new(80, 40));
            frame.fill(frame.bounds(), 0x7f58aa);
            for (x, pen) in [(20, 0xffffff), (28, 0xffffff), (36, last)] {
                for (far, pen) in [(1, shadow), (0, Some(pen))] {
                    if let Some(pen) = pen {
                        frame.fill(Rect::new(x + far, 12 + far, 2, 9), pen);
                        frame.fill(Rect::new(x + far, 12 + far, 5, 2), pen);
                    }
                }
            }
            let grounds = Grounds::of(&frame);
            let ink = Ink::of(&frame, &grounds);
            let lines = super::super::lines::Lines::of(&frame, &ink, &grounds).lines;
            let bitmap = LineBitmap::of(&frame, &grounds, &ink, &lines[0]);
            bitmap.levels.iter().filter(|&&level| level > 0).count()
        };
        let plain = draw(None, 0xffffff);
        assert_eq!(draw(Some(0x39284d), 0xffffff), plain);
        assert_eq!(draw(None, 0x39284d), plain);
    }

    #[test]
    fn the_steps_of_a_slanting_stroke_are_rounded_and_corners_stay() {
        let bitmap = |rows: [&str; 4]| LineBitmap {
            width: 4,
            height: 4,
            levels: rows
                .concat()
                .bytes()
                .map(|dot| if dot == b'*' { 15 } else { 0 })
                .collect(),
        };
        let ink = |bitmap: &LineBitmap| bitmap.levels.iter().filter(|&&level| level > 0).count();
        let slanting = bitmap(["*...", ".*..", "..*.", "...*"]);
        // Beside each of its three steps two pixels more, and at its ends two less.
        assert_eq!(ink(&slanting.rounded()), 20);
        let square = bitmap(["....", ".**.", ".**.", "...."]);
        // But for the outermost pixel of each.
        assert_eq!(ink(&square.rounded()), 12);
    }

    #[test]
    fn rendering_has_a_margin_and_the_wanted_height() {
        let bitmap = LineBitmap {
            width: 4,
            height: 10,
            levels: vec![15; 40],
        };
        let picture = bitmap.render(Rendering {
            height: 30.0,
            hard: false,
        });
        assert_eq!((picture.width, picture.height), (12 + 24, 30 + 24));
        assert_eq!(picture.pixels[0], 255);
        assert_eq!(picture.pixels[picture.width * 27 + 18], 0);
    }
}
