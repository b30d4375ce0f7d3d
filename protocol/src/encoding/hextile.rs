//! Hextile (RFC 6143 §7.7.4): tiles of 16 by 16, each as a background with rectangles of one colour on it, or as pixels.

use super::palette::Palette;
use super::{Encoder, Encoding, Role, Wishes, gather, tiles};
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::server_message::put_rectangle;

pub(super) const ENCODING: Encoding = Encoding {
    number: 5,
    name: "Hextile",
    role: Role::Pixels(|| Box::new(Hextile::new())),
};

const TILE: u32 = 16;
const RAW: u8 = 1;
const BACKGROUND_SPECIFIED: u8 = 2;
const FOREGROUND_SPECIFIED: u8 = 4;
const ANY_SUBRECTS: u8 = 8;
const SUBRECTS_COLOURED: u8 = 16;

/// A rectangle of one colour inside a tile.
struct Subrect {
    value: u32,
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

struct Hextile {
    palette: Palette,
    values: Vec<u32>,
    subrects: Vec<Subrect>,
    /// What the viewer takes for the next tile unless it is told otherwise.
    background: Option<u32>,
    foreground: Option<u32>,
}

impl Hextile {
    fn new() -> Self {
        Self {
            palette: Palette::new(),
            values: Vec::new(),
            subrects: Vec::new(),
            background: None,
            foreground: None,
        }
    }

    fn tile(&mut self, picture: &Framebuffer, tile: Rect, wishes: &Wishes, out: &mut Vec<u8>) {
        let pixels = &wishes.pixels;
        gather(picture, tile, pixels, &mut self.values);
        let background = self.most_frequent();
        let colours = self.palette.colours().len();
        let pixel = pixels.format().bytes_per_pixel();
        self.find_subrects(tile.width as usize, background);
        let coloured = colours > 2;
        let each = if coloured { 2 + pixel } else { 2 };
        if self.subrects.len() > 255 || self.subrects.len() * each >= self.values.len() * pixel {
            out.push(RAW);
            pixels.put(&self.values, out);
            (self.background, self.foreground) = (None, None);
            return;
        }
        let mask_at = out.len();
        let mut mask = 0;
        out.push(0);
        if self.background != Some(background) {
            mask |= BACKGROUND_SPECIFIED;
            pixels.put(&[background], out);
            self.background = Some(background);
        }
        if coloured {
            mask |= SUBRECTS_COLOURED;
            self.foreground = None;
        } else if let Some(Subrect { value, .. }) = self.subrects.first()
            && self.foreground != Some(*value)
        {
            mask |= FOREGROUND_SPECIFIED;
            pixels.put(&[*value], out);
            self.foreground = Some(*value);
        }
        if !self.subrects.is_empty() {
            mask |= ANY_SUBRECTS;
            out.push(self.subrects.len() as u8);
        }
        for subrect in &self.subrects {
            if coloured {
                pixels.put(&[subrect.value], out);
            }
            out.push((subrect.x << 4 | subrect.y) as u8);
            out.push(((subrect.width - 1) << 4 | (subrect.height - 1)) as u8);
        }
        out[mask_at] = mask;
    }

    /// The colour of most pixels; the palette holds all colours afterwards.
    fn most_frequent(&mut self) -> u32 {
        let mut counts = [0_usize; Palette::MAX];
        self.palette.clear();
        for run in self.values.chunk_by(|a, b| a == b) {
            // A tile has no more pixels than a palette has places.
            let index = self.palette.index(run[0], Palette::MAX).unwrap_or_default();
            counts[usize::from(index)] += run.len();
        }
        let colours = self.palette.colours().iter().zip(counts);
        let most = colours.max_by_key(|(_, count)| *count);
        most.map_or(0, |(colour, _)| *colour)
    }

    /// Covers what is not background with rectangles, each grown to the right, then down.
    fn find_subrects(&mut self, width: usize, background: u32) {
        self.subrects.clear();
        let mut covered = [false; (TILE * TILE) as usize];
        for start in 0..self.values.len() {
            let value = self.values[start];
            if value == background || covered[start] {
                continue;
            }
            let (x, y) = (start % width, start / width);
            let free = |index: usize| self.values[index] == value && !covered[index];
            let right = (x..width).find(|x| !free(y * width + x)).unwrap_or(width);
            let whole = |row: &usize| (x..right).all(|x| free(row * width + x));
            let rows = self.values.len() / width;
            let bottom = (y + 1..rows).find(|row| !whole(row)).unwrap_or(rows);
            for row in y..bottom {
                covered[row * width + x..row * width + right].fill(true);
            }
            self.subrects.push(Subrect {
                value,
                x,
                y,
                width: right - x,
                height: bottom - y,
            });
        }
    }
}

impl Encoder for Hextile {
    fn encode(&mut self, picture: &Framebuffer, rect: Rect, wishes: &Wishes, out: &mut Vec<u8>) -> u16 {
        put_rectangle(rect, ENCODING.number, out);
        (self.background, self.foreground) = (None, None);
        for tile in tiles(rect, TILE, TILE) {
            self.tile(picture, tile, wishes, out);
        }
        1
    }
}
