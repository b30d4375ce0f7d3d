//! Every pixel as a PNG file: indices into a palette, or red, green, blue.

use png::{BitDepth, ColorType, Compression, Encoder};

use super::{Lossless, put_compact_length};
use crate::encoding::palette::Palette;
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::pixel_format::Translator;

const CONTROL: u8 = 0xa0;

pub(super) struct Png {
    palette: Palette,
    data: Vec<u8>,
    file: Vec<u8>,
}

impl Png {
    pub(super) fn new() -> Self {
        Self {
            palette: Palette::new(),
            data: Vec::new(),
            file: Vec::new(),
        }
    }

    /// Makes `data` of indices into the palette; `false` when there are too many colours.
    fn index(&mut self, picture: &Framebuffer, part: Rect) -> bool {
        self.palette.clear();
        for y in part.y..part.bottom() {
            let row = &picture.row(y as u32)[part.x as usize..part.right() as usize];
            for run in row.chunk_by(|a, b| a == b) {
                let Some(index) = self.palette.index(run[0], Palette::MAX) else {
                    return false;
                };
                self.data.resize(self.data.len() + run.len(), index);
            }
        }
        true
    }

    /// Replaces the file with one of `part`.
    fn compress(&mut self, picture: &Framebuffer, part: Rect) -> Result<(), png::EncodingError> {
        self.data.clear();
        let indexed = self.index(picture, part);
        self.file.clear();
        let mut encoder = Encoder::new(&mut self.file, part.width, part.height);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Fast);
        if indexed {
            encoder.set_color(ColorType::Indexed);
            let colours = self.palette.colours().iter();
            let palette: Vec<u8> = colours
                .flat_map(|colour| colour.to_be_bytes()[1..].to_vec())
                .collect();
            encoder.set_palette(palette);
        } else {
            encoder.set_color(ColorType::Rgb);
            self.data.clear();
            picture.put_rgb(part, &mut self.data);
        }
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.data)?;
        writer.finish()
    }
}

impl Lossless for Png {
    /// The viewer makes its own pixels of the file's colours, which it can do when a pixel is its colours.
    fn carries(&self, pixels: &Translator) -> bool {
        pixels.format().true_colour
    }

    fn put(
        &mut self,
        picture: &Framebuffer,
        part: Rect,
        _: &[u32],
        _: &Translator,
        _: bool,
        out: &mut Vec<u8>,
    ) {
        let made = self.compress(picture, part);
        debug_assert!(made.is_ok(), "memory takes every byte");
        out.push(CONTROL);
        put_compact_length(self.file.len(), out);
        out.extend_from_slice(&self.file);
    }
}
