//! The tiles of TRLE and ZRLE (RFC 6143 §7.7.5, §7.7.6): one colour, a palette, runs, or every pixel.

use super::content::plain_colour;
use super::gather;
use super::palette::Palette;
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::pixel_format::Translator;

/// The most that the subencoding's byte has room for.
const MAX_COLOURS: usize = 127;
const PLAIN_RLE: u8 = 128;

/// Writes tiles; it keeps nothing from one to the next but memory.
pub(super) struct TileCoder {
    /// What the bytes of packed indices are divided by before they are compared with runs.
    packing: usize,
    palette: Palette,
    values: Vec<u32>,
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

impl TileCoder {
    /// For tiles that travel as they are.
    pub(super) fn new() -> Self {
        Self {
            packing: 1,
            palette: Palette::new(),
            values: Vec::new(),
        }
    }

    /// For tiles that are compressed: most of what is packed has gone by before, as a row of a letter is the same bytes
    /// wherever it stands. Measured over a screen of text: 1.5 % fewer bytes than when packed and other bytes count alike.
    pub(super) fn before_compression() -> Self {
        Self {
            packing: 2,
            ..Self::new()
        }
    }

    /// Appends `tile` of `picture` in the form that takes the fewest bytes.
    pub(super) fn put(&mut self, picture: &Framebuffer, tile: Rect, pixels: &Translator, out: &mut Vec<u8>) {
        self.values.clear();
        let form = match plain_colour(picture, tile) {
            Some(colour) => {
                pixels.values(&[colour], &mut self.values);
                Form::Solid
            }
            None => {
                gather(picture, tile, pixels, &mut self.values);
                self.form(tile, pixels.compressed_size())
            }
        };
        let colours = self.palette.colours().len() as u8;
        match form {
            Form::Raw => {
                out.push(0);
                pixels.put_compressed(&self.values, out);
            }
            Form::Solid => {
                out.push(1);
                pixels.put_compressed(&self.values[..1], out);
            }
            Form::Packed => {
                out.push(colours);
                pixels.put_compressed(self.palette.colours(), out);
                self.put_packed(tile.width as usize, packed_bits(colours.into()), out);
            }
            Form::Rle => {
                out.push(PLAIN_RLE);
                for run in self.values.chunk_by(|a, b| a == b) {
                    pixels.put_compressed(&run[..1], out);
                    put_length(run.len(), out);
                }
            }
            Form::PaletteRle => {
                out.push(PLAIN_RLE + colours);
                pixels.put_compressed(self.palette.colours(), out);
                for run in self.values.chunk_by(|a, b| a == b) {
                    let index = self.palette.index(run[0], MAX_COLOURS).unwrap_or_default();
                    if run.len() == 1 {
                        out.push(index);
                    } else {
                        out.push(index | 0x80);
                        put_length(run.len(), out);
                    }
                }
            }
        }
    }

    /// Counts colours and runs, and chooses the form with the fewest bytes. The palette is sorted if there is one.
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
        // Other colours, but not to this viewer.
        if colours == 1 && few_colours {
            return Form::Solid;
        }
        if few_colours {
            self.palette.sort();
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
            offer(
                (colours * pixel + row * tile.height as usize) / self.packing,
                Form::Packed,
            );
        }
        best.1
    }

    /// Indices of 1, 2 or 4 bits, the first in the highest bits, every row on a byte of its own.
    fn put_packed(&mut self, width: usize, bits: usize, out: &mut Vec<u8>) {
        if let [_, second] = *self.palette.colours() {
            // Most text: a question without a branch for each pixel.
            for byte in self.values.chunks(width).flat_map(|row| row.chunks(8)) {
                let set = |packed: u8, value: &u32| packed << 1 | u8::from(*value == second);
                out.push(byte.iter().fold(0, set) << (8 - byte.len()));
            }
            return;
        }
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
                out.push(packed);
            }
        }
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
