//! ZRLE (RFC 6143 §7.7.6): tiles of 64 by 64, each as whatever is shortest, all in one zlib stream.

use super::deflate::Deflate;
use super::palette::Palette;
use super::{Encoder, Encoding, Role, gather, tiles};
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::pixel_format::Translator;
use crate::server_message::put_rectangle;

pub(super) const ENCODING: Encoding = Encoding {
    number: 16,
    name: "ZRLE",
    role: Role::Pixels(|| Box::new(Zrle::new())),
};

const TILE: u32 = 64;
/// The most that the subencoding's byte has room for.
const MAX_COLOURS: usize = 127;
const PLAIN_RLE: u8 = 128;
const LEVEL: u32 = 2;

struct Zrle {
    stream: Deflate,
    palette: Palette,
    values: Vec<u32>,
    plain: Vec<u8>,
}

/// What counts for the choice of a tile's form.
#[derive(Default)]
struct Runs {
    /// Runs of equal pixels, of any length.
    all: usize,
    /// Those of one pixel.
    single: usize,
    /// Bytes that the lengths of all take.
    length_bytes: usize,
}

enum Form {
    Raw,
    Solid,
    Packed,
    Rle,
    PaletteRle,
}

impl Zrle {
    fn new() -> Self {
        Self {
            stream: Deflate::new(LEVEL),
            palette: Palette::new(),
            values: Vec::with_capacity((TILE * TILE) as usize),
            plain: Vec::new(),
        }
    }

    fn tile(&mut self, picture: &Framebuffer, tile: Rect, pixels: &Translator) {
        gather(picture, tile, pixels, &mut self.values);
        let form = self.form(tile, pixels.compressed_size());
        let colours = self.palette.colours().len() as u8;
        match form {
            Form::Raw => {
                self.plain.push(0);
                pixels.put_compressed(&self.values, &mut self.plain);
            }
            Form::Solid => {
                self.plain.push(1);
                pixels.put_compressed(&self.values[..1], &mut self.plain);
            }
            Form::Packed => {
                self.plain.push(colours);
                pixels.put_compressed(self.palette.colours(), &mut self.plain);
                self.put_packed(tile.width as usize, packed_bits(colours.into()));
            }
            Form::Rle => {
                self.plain.push(PLAIN_RLE);
                for run in self.values.chunk_by(|a, b| a == b) {
                    pixels.put_compressed(&run[..1], &mut self.plain);
                    put_length(run.len(), &mut self.plain);
                }
            }
            Form::PaletteRle => {
                self.plain.push(PLAIN_RLE + colours);
                pixels.put_compressed(self.palette.colours(), &mut self.plain);
                for run in self.values.chunk_by(|a, b| a == b) {
                    let index = self.palette.index(run[0], MAX_COLOURS).unwrap_or_default();
                    if run.len() == 1 {
                        self.plain.push(index);
                    } else {
                        self.plain.push(index | 0x80);
                        put_length(run.len(), &mut self.plain);
                    }
                }
            }
        }
    }

    /// Counts colours and runs, and chooses the form with the fewest bytes before compression.
    fn form(&mut self, tile: Rect, pixel: usize) -> Form {
        self.palette.clear();
        let mut runs = Runs::default();
        let mut few_colours = true;
        for run in self.values.chunk_by(|a, b| a == b) {
            runs.all += 1;
            runs.single += usize::from(run.len() == 1);
            runs.length_bytes += length_bytes(run.len());
            few_colours = few_colours && self.palette.index(run[0], MAX_COLOURS).is_some();
        }
        let colours = self.palette.colours().len();
        if colours == 1 && few_colours {
            return Form::Solid;
        }
        let mut best = (self.values.len() * pixel, Form::Raw);
        let mut offer = |bytes: usize, form: Form| {
            if bytes < best.0 {
                best = (bytes, form);
            }
        };
        offer(runs.all * pixel + runs.length_bytes, Form::Rle);
        if few_colours {
            offer(
                colours * pixel + runs.all + runs.length_bytes - runs.single,
                Form::PaletteRle,
            );
        }
        if few_colours && colours <= 16 {
            let row = (tile.width as usize * packed_bits(colours)).div_ceil(8);
            offer(colours * pixel + row * tile.height as usize, Form::Packed);
        }
        best.1
    }

    /// Indices of 1, 2 or 4 bits, the first in the highest bits, every row on a byte of its own.
    fn put_packed(&mut self, width: usize, bits: usize) {
        // Most pixels are like the one before: the palette is asked for the others only.
        let mut last = (self.palette.colours()[0], 0);
        for row in self.values.chunks(width) {
            for byte in row.chunks(8 / bits) {
                let mut packed = 0;
                for (place, value) in byte.iter().enumerate() {
                    if *value != last.0 {
                        last = (
                            *value,
                            self.palette.index(*value, MAX_COLOURS).unwrap_or_default(),
                        );
                    }
                    packed |= last.1 << (8 - bits * (place + 1));
                }
                self.plain.push(packed);
            }
        }
    }
}

impl Encoder for Zrle {
    fn encode(&mut self, picture: &Framebuffer, rect: Rect, pixels: &Translator, out: &mut Vec<u8>) -> u16 {
        self.plain.clear();
        for tile in tiles(rect, TILE, TILE) {
            self.tile(picture, tile, pixels);
        }
        put_rectangle(rect, ENCODING.number, out);
        let length_at = out.len();
        out.extend_from_slice(&[0; 4]);
        self.stream.append(&self.plain, out);
        let length = (out.len() - length_at - 4) as u32;
        out[length_at..length_at + 4].copy_from_slice(&length.to_be_bytes());
        1
    }
}

const fn packed_bits(colours: usize) -> usize {
    match colours {
        0..=2 => 1,
        3..=4 => 2,
        _ => 4,
    }
}

/// Bytes of [`put_length`].
const fn length_bytes(length: usize) -> usize {
    (length - 1) / 255 + 1
}

/// The length less one: as many 255 as fit, then the rest.
fn put_length(length: usize, out: &mut Vec<u8>) {
    let rest = length - 1;
    out.resize(out.len() + rest / 255, 255);
    out.push((rest % 255) as u8);
}
