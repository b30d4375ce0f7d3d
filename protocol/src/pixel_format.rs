//! The pixel format that a viewer asks for, and the way from `0x00RRGGBB` to it (RFC 6143 §7.4).

use crate::error::Error;
use crate::wire::{Put, Reader};

/// Brightnesses per colour in the map that a viewer without true colour gets: the greys among them are grey.
const MAP_LEVELS: u8 = 6;

/// How one pixel travels (RFC 6143 §7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelFormat {
    /// 8, 16 or 32.
    pub bits_per_pixel: u8,
    /// Useful bits.
    pub depth: u8,
    /// Most significant byte first.
    pub big_endian: bool,
    /// A pixel is its colours' bits; when not, it is a place in [`COLOUR_MAP`], and the channels mean nothing.
    pub true_colour: bool,
    /// Where red is.
    pub red: Channel,
    /// Where green is.
    pub green: Channel,
    /// Where blue is.
    pub blue: Channel,
}

/// What the pixels of a viewer without true colour mean, as red, green, blue of 16 bits each (RFC 6143 §7.6.2).
pub const COLOUR_MAP: [[u16; 3]; (MAP_LEVELS as usize).pow(3)] = {
    let mut map = [[0; 3]; (MAP_LEVELS as usize).pow(3)];
    let step = u16::MAX / (MAP_LEVELS as u16 - 1);
    let levels = MAP_LEVELS as usize;
    let mut index = 0;
    while index < map.len() {
        let [red, green, blue] = [index / levels / levels, index / levels % levels, index % levels];
        map[index] = [red as u16 * step, green as u16 * step, blue as u16 * step];
        index += 1;
    }
    map
};

/// One colour's bits inside a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// The brightest value: a power of two less one.
    pub max: u16,
    /// How far left of bit 0 the value stands.
    pub shift: u8,
}

impl Channel {
    /// `max` and `shift` in one.
    pub const fn new(max: u16, shift: u8) -> Self {
        Self { max, shift }
    }

    /// The bits that the colour takes.
    const fn mask(self) -> u64 {
        (self.max as u64) << self.shift
    }

    /// A brightness of 0 to 255 at its place.
    const fn place(self, value: u8) -> u32 {
        scaled(value, self.max) << self.shift
    }
}

/// A brightness of 0 to 255 as one of 0 to `max`, rounded to the nearest.
const fn scaled(value: u8, max: u16) -> u32 {
    (value as u32 * max as u32 + 127) / 255
}

impl PixelFormat {
    /// Number of bytes on the wire.
    pub const WIRE_SIZE: usize = 16;

    /// What the server says first: 32 bits, little-endian, `0x00RRGGBB`, as the picture is in memory.
    pub const NATIVE: Self = Self {
        bits_per_pixel: 32,
        depth: 24,
        big_endian: false,
        true_colour: true,
        red: Channel::new(255, 16),
        green: Channel::new(255, 8),
        blue: Channel::new(255, 0),
    };

    /// Bytes of one pixel.
    pub const fn bytes_per_pixel(&self) -> usize {
        self.bits_per_pixel as usize / 8
    }

    /// The sixteen bytes of the format.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        let flags = [self.big_endian, self.true_colour].map(u8::from);
        out.extend_from_slice(&[self.bits_per_pixel, self.depth, flags[0], flags[1]]);
        for channel in [self.red, self.green, self.blue] {
            out.put_u16(channel.max);
        }
        out.extend_from_slice(&[self.red.shift, self.green.shift, self.blue.shift, 0, 0, 0]);
    }

    /// Reads the sixteen bytes of a format; `None` when some are missing.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Result<Self, Error>> {
        let [bits_per_pixel, depth, big_endian, true_colour] = reader.array()?;
        let max = [reader.u16()?, reader.u16()?, reader.u16()?];
        let [red, green, blue, ..] = reader.array::<6>()?;
        let format = Self {
            bits_per_pixel,
            depth,
            big_endian: big_endian != 0,
            true_colour: true_colour != 0,
            red: Channel::new(max[0], red),
            green: Channel::new(max[1], green),
            blue: Channel::new(max[2], blue),
        };
        Some(format.validated())
    }

    /// The format itself when its parts fit together.
    ///
    /// # Errors
    /// [`Error::PixelFormat`] with what does not fit.
    pub fn validated(self) -> Result<Self, Error> {
        let channels = [self.red, self.green, self.blue];
        let problem = if !matches!(self.bits_per_pixel, 8 | 16 | 32) {
            Some("bits per pixel must be 8, 16 or 32")
        } else if self.depth == 0 || self.depth > self.bits_per_pixel {
            Some("the depth must be 1 to bits per pixel")
        } else if !self.true_colour && self.depth < 8 {
            Some("a colour map needs a depth of 8")
        } else if !self.true_colour {
            None
        } else if channels
            .iter()
            .any(|channel| !(u32::from(channel.max) + 1).is_power_of_two())
        {
            Some("every maximum must be a power of two less one")
        } else if channels
            .iter()
            .any(|channel| channel.shift >= 32 || channel.mask() >> self.bits_per_pixel != 0)
        {
            Some("a colour stands outside the pixel")
        } else if self.red.mask() & self.green.mask() != 0
            || self.green.mask() & self.blue.mask() != 0
            || self.red.mask() & self.blue.mask() != 0
        {
            Some("colours overlap")
        } else {
            None
        };
        problem.map_or(Ok(self), |problem| Err(Error::PixelFormat(problem)))
    }
}

impl Default for PixelFormat {
    fn default() -> Self {
        Self::NATIVE
    }
}

/// Turns `0x00RRGGBB` into one viewer's pixels.
#[derive(Clone, Debug)]
pub struct Translator {
    format: PixelFormat,
    /// One table per colour; none when the value is the same.
    tables: Option<Box<[[u32; 256]; 3]>>,
    plain: Layout,
    compressed: Layout,
    tight: Layout,
}

/// The bytes of a pixel value on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    One,
    Two {
        big_endian: bool,
    },
    Four {
        big_endian: bool,
    },
    /// The low three bytes of four (ZRLE's compressed pixel).
    Low {
        big_endian: bool,
    },
    /// The high three bytes of four.
    High {
        big_endian: bool,
    },
    /// Red, green, blue, one byte each (Tight's compressed pixel).
    Rgb {
        shifts: [u8; 3],
    },
}

impl Layout {
    const fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two { .. } => 2,
            Self::Low { .. } | Self::High { .. } | Self::Rgb { .. } => 3,
            Self::Four { .. } => 4,
        }
    }

    fn put(self, values: &[u32], out: &mut Vec<u8>) {
        /// A loop over fixed chunks, which the compiler turns into wide moves.
        fn put<const N: usize>(values: &[u32], out: &mut Vec<u8>, bytes: impl Fn(u32) -> [u8; N]) {
            let start = out.len();
            out.resize(start + values.len() * N, 0);
            let (chunks, _) = out[start..].as_chunks_mut::<N>();
            for (chunk, value) in chunks.iter_mut().zip(values) {
                *chunk = bytes(*value);
            }
        }
        match self {
            Self::One => put(values, out, |v| [v as u8]),
            Self::Two { big_endian: false } => put(values, out, |v| (v as u16).to_le_bytes()),
            Self::Two { big_endian: true } => put(values, out, |v| (v as u16).to_be_bytes()),
            Self::Four { big_endian: false } => put(values, out, u32::to_le_bytes),
            Self::Four { big_endian: true } => put(values, out, u32::to_be_bytes),
            Self::Low { big_endian: false } => {
                put(values, out, |v| [v as u8, (v >> 8) as u8, (v >> 16) as u8]);
            }
            Self::Low { big_endian: true } => {
                put(values, out, |v| [(v >> 16) as u8, (v >> 8) as u8, v as u8]);
            }
            Self::High { big_endian: false } => {
                put(values, out, |v| {
                    [(v >> 8) as u8, (v >> 16) as u8, (v >> 24) as u8]
                });
            }
            Self::High { big_endian: true } => {
                put(values, out, |v| {
                    [(v >> 24) as u8, (v >> 16) as u8, (v >> 8) as u8]
                });
            }
            Self::Rgb { shifts: [r, g, b] } => {
                put(values, out, |v| [(v >> r) as u8, (v >> g) as u8, (v >> b) as u8]);
            }
        }
    }
}

impl Translator {
    /// For a [validated](PixelFormat::validated) format.
    pub fn new(format: PixelFormat) -> Self {
        let big_endian = format.big_endian;
        let plain = match format.bits_per_pixel {
            8 => Layout::One,
            16 => Layout::Two { big_endian },
            _ => Layout::Four { big_endian },
        };
        let wide = format.bits_per_pixel == 32 && format.true_colour;
        let channels = [format.red, format.green, format.blue];
        let unused = |bits: u64| channels.iter().all(|channel| channel.mask() & bits == 0);
        let compressed = if wide && format.depth <= 24 && unused(0xff00_0000) {
            Layout::Low { big_endian }
        } else if wide && format.depth <= 24 && unused(0xff) {
            Layout::High { big_endian }
        } else {
            plain
        };
        let bytes = channels.iter().all(|channel| channel.max == 255);
        let tight = if wide && format.depth == 24 && bytes {
            Layout::Rgb {
                shifts: channels.map(|channel| channel.shift),
            }
        } else {
            plain
        };
        let native = PixelFormat::NATIVE;
        let same = format.true_colour && channels == [native.red, native.green, native.blue];
        let levels = u32::from(MAP_LEVELS);
        let weights = [levels * levels, levels, 1];
        let tables = (!same).then(|| {
            let mut tables = Box::new([[0; 256]; 3]);
            for ((table, channel), weight) in tables.iter_mut().zip(channels).zip(weights) {
                for (entry, value) in table.iter_mut().zip(0..=255) {
                    *entry = if format.true_colour {
                        channel.place(value)
                    } else {
                        scaled(value, u16::from(MAP_LEVELS) - 1) * weight
                    };
                }
            }
            tables
        });
        Self {
            format,
            tables,
            plain,
            compressed,
            tight,
        }
    }

    /// The viewer's format.
    pub const fn format(&self) -> &PixelFormat {
        &self.format
    }

    /// Whether whole pixels travel as they are in memory.
    pub(crate) fn is_native(&self) -> bool {
        let plain = self.plain == Layout::Four { big_endian: false };
        plain && self.tables.is_none() && cfg!(target_endian = "little")
    }

    /// Appends the viewer's value of each pixel of `row`.
    pub(crate) fn values(&self, row: &[u32], out: &mut Vec<u32>) {
        match &self.tables {
            None => out.extend(row.iter().map(|pixel| pixel & 0x00ff_ffff)),
            Some(tables) => out.extend(row.iter().map(|pixel| {
                let [_, red, green, blue] = pixel.to_be_bytes();
                tables[0][red as usize] + tables[1][green as usize] + tables[2][blue as usize]
            })),
        }
    }

    /// Appends values as whole pixels (RFC 6143 §7.7, PIXEL).
    pub(crate) fn put(&self, values: &[u32], out: &mut Vec<u8>) {
        self.plain.put(values, out);
    }

    /// Appends values as ZRLE's compressed pixels (RFC 6143 §7.7.5, CPIXEL).
    pub(crate) fn put_compressed(&self, values: &[u32], out: &mut Vec<u8>) {
        self.compressed.put(values, out);
    }

    /// Bytes of ZRLE's compressed pixel.
    pub(crate) const fn compressed_size(&self) -> usize {
        self.compressed.bytes()
    }

    /// Bytes of Tight's compressed pixel.
    pub(crate) const fn tight_size(&self) -> usize {
        self.tight.bytes()
    }

    /// Appends values as Tight's compressed pixels (rfbproto, Tight encoding, TPIXEL).
    pub(crate) fn put_tight(&self, values: &[u32], out: &mut Vec<u8>) {
        self.tight.put(values, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rgb(bits_per_pixel: u8, depth: u8, max: [u16; 3], shift: [u8; 3]) -> PixelFormat {
        PixelFormat {
            bits_per_pixel,
            depth,
            big_endian: false,
            true_colour: true,
            red: Channel::new(max[0], shift[0]),
            green: Channel::new(max[1], shift[1]),
            blue: Channel::new(max[2], shift[2]),
        }
    }

    /// A colour map; what a viewer writes into the channels then is its own business.
    fn mapped(bits_per_pixel: u8) -> PixelFormat {
        PixelFormat {
            true_colour: false,
            ..rgb(bits_per_pixel, 8, [9; 3], [99; 3])
        }
    }

    #[test]
    fn formats_are_refused_with_what_is_wrong() {
        let good = [
            PixelFormat::NATIVE,
            rgb(16, 16, [31, 63, 31], [11, 5, 0]),
            rgb(8, 8, [7, 7, 3], [0, 3, 6]),
            rgb(32, 30, [1023, 1023, 1023], [20, 10, 0]),
            mapped(8),
            mapped(16),
        ];
        for format in good {
            assert_eq!(format.validated(), Ok(format));
        }
        let bad = [
            (rgb(24, 24, [255; 3], [16, 8, 0]), "bits per pixel"),
            (rgb(16, 24, [31, 63, 31], [11, 5, 0]), "depth"),
            (rgb(16, 0, [31, 63, 31], [11, 5, 0]), "depth"),
            (rgb(32, 24, [254; 3], [16, 8, 0]), "power of two"),
            (rgb(16, 16, [31, 63, 31], [12, 5, 0]), "outside"),
            (rgb(32, 24, [255; 3], [255, 8, 0]), "outside"),
            (rgb(32, 24, [255; 3], [8, 8, 0]), "overlap"),
            (
                PixelFormat {
                    depth: 4,
                    ..mapped(8)
                },
                "colour map",
            ),
        ];
        for (format, word) in bad {
            let Err(Error::PixelFormat(problem)) = format.validated() else {
                panic!("{format:?} must be refused");
            };
            assert!(problem.contains(word), "{problem}");
        }
    }

    #[test]
    fn the_wire_form_is_read_back() {
        let mut bytes = Vec::new();
        let format = rgb(16, 16, [31, 63, 31], [11, 5, 0]);
        format.put(&mut bytes);
        assert_eq!(bytes.len(), PixelFormat::WIRE_SIZE);
        assert_eq!(PixelFormat::read(&mut Reader::new(&bytes)), Some(Ok(format)));
        assert_eq!(PixelFormat::read(&mut Reader::new(&bytes[..15])), None);
        bytes[3] = 0;
        let mapped = PixelFormat {
            true_colour: false,
            ..format
        };
        assert_eq!(PixelFormat::read(&mut Reader::new(&bytes)), Some(Ok(mapped)));
    }

    #[test]
    fn a_mapped_pixel_is_the_nearest_colour_of_the_map() {
        let translator = Translator::new(mapped(8));
        for pixel in [0, 0x00ff_ffff, 0x0033_6699, 0x0080_8080, 0x00ff_0080, 0x0019_1a00] {
            let mut values = Vec::new();
            translator.values(&[pixel], &mut values);
            let [_, sent @ ..] = pixel.to_be_bytes();
            for (colour, shown) in sent.into_iter().zip(COLOUR_MAP[values[0] as usize]) {
                // Half of the distance between two levels.
                let off = i32::from(shown / 257) - i32::from(colour);
                assert!(
                    off.abs() <= 25,
                    "{pixel:06x}: {colour} is shown as {}",
                    shown / 257
                );
            }
        }
        assert_eq!(COLOUR_MAP[215], [u16::MAX; 3]);
    }

    #[test]
    fn the_brightest_and_the_darkest_stay_so() {
        let translator = Translator::new(rgb(16, 16, [31, 63, 31], [11, 5, 0]));
        let mut values = Vec::new();
        translator.values(&[0x00ff_ffff, 0, 0x00ff_0000], &mut values);
        assert_eq!(values, [0xffff, 0, 0xf800]);
    }

    #[test]
    fn compressed_pixels_drop_the_unused_byte() {
        let low = Translator::new(PixelFormat::NATIVE);
        let high = Translator::new(PixelFormat {
            big_endian: true,
            ..rgb(32, 24, [255; 3], [24, 16, 8])
        });
        let deep = Translator::new(rgb(32, 32, [255; 3], [16, 8, 0]));
        let mut out = Vec::new();
        low.put_compressed(&[0x0011_2233], &mut out);
        high.put_compressed(&[0x1122_3300], &mut out);
        assert_eq!(out, [0x33, 0x22, 0x11, 0x11, 0x22, 0x33]);
        assert_eq!(deep.compressed_size(), 4);
        out.clear();
        low.put_tight(&[0x0011_2233], &mut out);
        assert_eq!(out, [0x11, 0x22, 0x33]);
    }
}
