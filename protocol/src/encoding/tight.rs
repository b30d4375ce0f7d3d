//! Tight (rfbproto, "Tight Encoding"), lossless: one colour, a palette, or every pixel; a zlib stream for each kind.

use super::deflate::Deflate;
use super::palette::Palette;
use super::{Encoder, Encoding, Role, gather, tiles};
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::pixel_format::Translator;
use crate::server_message::put_rectangle;

pub(super) const ENCODING: Encoding = Encoding {
    number: 7,
    name: "Tight",
    role: Role::Pixels(|| Box::new(Tight::new())),
};

/// No wider rectangle is allowed.
const MAX_WIDTH: u32 = 2048;
/// Larger ones gain nothing: more colours come together than a palette holds.
const MAX_AREA: u32 = 65536;
/// Shorter data is sent as it is, without a length.
const MIN_COMPRESSED: usize = 12;
const FILL: u8 = 0x80;
const EXPLICIT_FILTER: u8 = 0x40;
const PALETTE_FILTER: u8 = 1;
const LEVEL: u32 = 2;

/// The kinds of data, each with a stream of its own: what follows is like what went before.
#[derive(Clone, Copy)]
enum Kind {
    Pixels = 0,
    TwoColours = 1,
    Indices = 2,
}

struct Tight {
    /// By [`Kind`], made when it is needed: each takes a quarter of a megabyte.
    streams: [Option<Deflate>; 3],
    palette: Palette,
    values: Vec<u32>,
    plain: Vec<u8>,
    compressed: Vec<u8>,
}

impl Tight {
    fn new() -> Self {
        Self {
            streams: [const { None }; 3],
            palette: Palette::new(),
            values: Vec::new(),
            plain: Vec::new(),
            compressed: Vec::new(),
        }
    }

    fn part(&mut self, picture: &Framebuffer, part: Rect, pixels: &Translator, out: &mut Vec<u8>) {
        gather(picture, part, pixels, &mut self.values);
        put_rectangle(part, ENCODING.number, out);
        self.plain.clear();
        match self.collect_colours(pixels) {
            Some(1) => {
                out.push(FILL);
                pixels.put_tight(&self.values[..1], out);
            }
            Some(2) => {
                self.put_palette(Kind::TwoColours, pixels, out);
                let first = self.palette.colours()[0];
                for row in self.values.chunks(part.width as usize) {
                    self.plain.extend(row.chunks(8).map(|eight| {
                        let bits = eight.iter().enumerate();
                        bits.fold(0, |byte, (bit, value)| {
                            byte | u8::from(*value != first) << (7 - bit)
                        })
                    }));
                }
                self.put_data(Kind::TwoColours, out);
            }
            Some(_) => {
                self.put_palette(Kind::Indices, pixels, out);
                for run in self.values.chunk_by(|a, b| a == b) {
                    let index = self.palette.index(run[0], Palette::MAX).unwrap_or_default();
                    self.plain.resize(self.plain.len() + run.len(), index);
                }
                self.put_data(Kind::Indices, out);
            }
            None => {
                out.push((Kind::Pixels as u8) << 4);
                pixels.put_tight(&self.values, &mut self.plain);
                self.put_data(Kind::Pixels, out);
            }
        }
    }

    /// How many colours there are; `None` when a palette does not pay.
    fn collect_colours(&mut self, pixels: &Translator) -> Option<usize> {
        let limit = if pixels.format().bytes_per_pixel() == 1 {
            2
        } else {
            Palette::MAX.min(self.values.len() / 4).max(2)
        };
        self.palette.clear();
        for run in self.values.chunk_by(|a, b| a == b) {
            self.palette.index(run[0], limit)?;
        }
        Some(self.palette.colours().len())
    }

    fn put_palette(&self, kind: Kind, pixels: &Translator, out: &mut Vec<u8>) {
        let colours = self.palette.colours();
        out.extend_from_slice(&[
            EXPLICIT_FILTER | (kind as u8) << 4,
            PALETTE_FILTER,
            (colours.len() - 1) as u8,
        ]);
        pixels.put_tight(colours, out);
    }

    fn put_data(&mut self, kind: Kind, out: &mut Vec<u8>) {
        if self.plain.len() < MIN_COMPRESSED {
            out.extend_from_slice(&self.plain);
            return;
        }
        self.compressed.clear();
        self.streams[kind as usize]
            .get_or_insert_with(|| Deflate::new(LEVEL))
            .append(&self.plain, &mut self.compressed);
        put_compact_length(self.compressed.len(), out);
        out.extend_from_slice(&self.compressed);
    }
}

impl Encoder for Tight {
    fn encode(&mut self, picture: &Framebuffer, rect: Rect, pixels: &Translator, out: &mut Vec<u8>) -> u16 {
        let width = rect.width.min(MAX_WIDTH);
        let mut count = 0;
        for part in tiles(rect, width, MAX_AREA / width) {
            self.part(picture, part, pixels, out);
            count += 1;
        }
        count
    }
}

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
