//! Tight (rfbproto, "Tight Encoding") and TightPNG: one colour, a picture as JPEG when the viewer allows it, or every
//! pixel as it is.

mod basic;
mod png;

use self::basic::Basic;
use self::png::Png;
use super::content::{Content, areas, is_plain};
use super::{Encoder, Encoding, RAW, Role, Wishes, gather, tiles};
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::pixel_format::Translator;
use crate::server_message::put_rectangle;

pub(super) const ENCODING: Encoding = Encoding {
    number: 7,
    name: "Tight",
    role: Role::Pixels(|| Box::new(Tight::new(ENCODING.number, Box::new(Basic::new())))),
};

/// The same with PNG files in the place of zlib streams, for viewers that have a decoder of pictures anyway.
pub(super) const PNG: Encoding = Encoding {
    number: -260,
    name: "TightPNG",
    role: Role::Pixels(|| Box::new(Tight::new(PNG.number, Box::new(Png::new())))),
};

/// No wider rectangle is allowed.
const MAX_WIDTH: u32 = 2048;
/// Larger ones gain nothing: more colours come together than a palette holds.
const MAX_AREA: u32 = 1 << 17;
const FILL: u8 = 0x80;
const JPEG: u8 = 0x90;

/// How pixels travel that must arrive as they are.
trait Lossless: Send {
    /// Whether it can carry pixels of that format.
    fn carries(&self, pixels: &Translator) -> bool;

    /// Appends what follows the head of `part`: the control byte and the data. `values` are the pixels in the viewer's
    /// format, of more than one colour; when they are `smooth`, each is much like those beside and above it.
    fn put(
        &mut self,
        picture: &Framebuffer,
        part: Rect,
        values: &[u32],
        pixels: &Translator,
        smooth: bool,
        out: &mut Vec<u8>,
    );
}

struct Tight {
    number: i32,
    lossless: Box<dyn Lossless>,
    values: Vec<u32>,
    lossy: Vec<Rect>,
}

impl Tight {
    fn new(number: i32, lossless: Box<dyn Lossless>) -> Self {
        Self {
            number,
            lossless,
            values: Vec::new(),
            lossy: Vec::new(),
        }
    }

    /// Appends `rect` without loss and returns the number of rectangles.
    fn put_exact(
        &mut self,
        picture: &Framebuffer,
        rect: Rect,
        pixels: &Translator,
        smooth: bool,
        out: &mut Vec<u8>,
    ) -> u16 {
        let width = rect.width.min(MAX_WIDTH);
        let mut count = 0;
        for part in tiles(rect, width, MAX_AREA / width) {
            gather(picture, part, pixels, &mut self.values);
            put_rectangle(part, self.number, out);
            if is_plain(&self.values, self.values[0]) {
                self.put_fill(pixels, out);
            } else {
                self.lossless
                    .put(picture, part, &self.values, pixels, smooth, out);
            }
            count += 1;
        }
        count
    }

    /// Appends the first value as the colour of the whole rectangle.
    fn put_fill(&self, pixels: &Translator, out: &mut Vec<u8>) {
        out.push(FILL);
        pixels.put_tight(&self.values[..1], out);
    }

    /// Appends `rect` as JPEG and returns the number of rectangles.
    fn put_picture(
        &mut self,
        picture: &Framebuffer,
        rect: Rect,
        quality: u8,
        wishes: &Wishes,
        out: &mut Vec<u8>,
    ) -> u16 {
        let mut count = 0;
        for part in tiles(rect, MAX_WIDTH, rect.height) {
            let file = wishes.pictures.file(picture, part, quality);
            let Some(file) = file.filter(|file| file.len() <= MAX_LENGTH) else {
                count += self.put_exact(picture, part, &wishes.pixels, false, out);
                continue;
            };
            put_rectangle(part, self.number, out);
            out.push(JPEG);
            put_compact_length(file.len(), out);
            out.extend_from_slice(&file);
            self.lossy.push(part);
            count += 1;
        }
        count
    }
}

impl Encoder for Tight {
    fn encode(&mut self, picture: &Framebuffer, rect: Rect, wishes: &Wishes, out: &mut Vec<u8>) -> u16 {
        let pixels = &wishes.pixels;
        if !self.lossless.carries(pixels) {
            return (RAW.1)().encode(picture, rect, wishes, out);
        }
        let format = pixels.format();
        let allowed = format.true_colour && format.bits_per_pixel > 8;
        let quality = wishes.quality.filter(|_| allowed);
        let mut count = 0;
        for area in areas(picture, rect, quality.is_some() || wishes.gradient) {
            count += match (area.content, quality) {
                (Content::Plain(colour), _) => {
                    self.values.clear();
                    pixels.values(&[colour], &mut self.values);
                    let parts = tiles(area.rect, MAX_WIDTH, area.rect.height);
                    parts.fold(0, |count, part| {
                        put_rectangle(part, self.number, out);
                        self.put_fill(pixels, out);
                        count + 1
                    })
                }
                (Content::Picture, Some(quality)) => {
                    self.put_picture(picture, area.rect, quality, wishes, out)
                }
                (content, _) => {
                    let smooth = content == Content::Picture && wishes.gradient;
                    self.put_exact(picture, area.rect, pixels, smooth, out)
                }
            };
        }
        count
    }
    fn take_lossy(&mut self) -> Vec<Rect> {
        std::mem::take(&mut self.lossy)
    }
}

/// The longest data that [`put_compact_length`] can tell.
const MAX_LENGTH: usize = 0x3f_ffff;

/// Seven bits, seven bits, eight bits, the lowest first; the eighth bit says that more follow.
fn put_compact_length(length: usize, out: &mut Vec<u8>) {
    let low = (length & 0x7f) as u8;
    let middle = (length >> 7 & 0x7f) as u8;
    match length {
        0..=0x7f => out.push(low),
        0x80..=0x3fff => out.extend_from_slice(&[low | 0x80, middle]),
        _ => out.extend_from_slice(&[low | 0x80, middle | 0x80, (length >> 14) as u8]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_lengths_as_in_the_document() {
        let table: [(usize, &[u8]); 5] = [
            (0x7f, &[0x7f]),
            (0x80, &[0x80, 1]),
            (10000, &[0x90, 0x4e]),
            (0x4000, &[0x80, 0x80, 1]),
            (0x3f_ffff, &[0xff, 0xff, 0xff]),
        ];
        for (length, expected) in table {
            let mut out = Vec::new();
            put_compact_length(length, &mut out);
            assert_eq!(out, expected, "{length}");
        }
    }
}
