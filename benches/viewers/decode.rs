//! What the client understands: Raw, CopyRect, Tight with all that servers make of it, ZRLE (RFC 6143, rfbproto).

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};
use protocol::geometry::{Rect, Size};

use crate::client::read;

pub const RAW: i32 = 0;
pub const COPY_RECT: i32 = 1;
pub const TIGHT: i32 = 7;
pub const ZRLE: i32 = 16;
pub const CURSOR: i32 = -239;
pub const LAST_RECT: i32 = -224;
/// JPEG Quality Level 8.
pub const JPEG: i32 = -24;

/// What the client shows, as `0x00RRGGBB`.
pub struct Picture {
    size: Size,
    pixels: Vec<u32>,
}

/// No pixel is like this one.
const UNKNOWN: u32 = u32::MAX;

impl Picture {
    pub fn new(size: Size) -> Self {
        Self {
            size,
            pixels: vec![UNKNOWN; size.area()],
        }
    }

    pub const fn size(&self) -> Size {
        self.size
    }

    pub fn forget(&mut self) {
        self.pixels.fill(UNKNOWN);
    }

    pub fn is_complete(&self) -> bool {
        !self.pixels.contains(&UNKNOWN)
    }

    pub fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    pub fn pixel(&self, x: i32, y: i32) -> u32 {
        self.pixels[y as usize * self.size.width as usize + x as usize]
    }

    fn row(&mut self, y: i32, x: i32, width: u32) -> &mut [u32] {
        let start = y as usize * self.size.width as usize + x as usize;
        &mut self.pixels[start..start + width as usize]
    }

    pub fn crop(&self, rect: Rect) -> Vec<u32> {
        let width = self.size.width as usize;
        let rows = (rect.y..rect.bottom()).map(|y| y as usize * width);
        rows.flat_map(|row| &self.pixels[row + rect.x as usize..row + rect.right() as usize])
            .copied()
            .collect()
    }

    fn fill(&mut self, rect: Rect, pixel: u32) {
        for y in rect.y..rect.bottom() {
            self.row(y, rect.x, rect.width).fill(pixel);
        }
    }

    fn paint(&mut self, rect: Rect, mut pixels: impl Iterator<Item = u32>) {
        for y in rect.y..rect.bottom() {
            for place in self.row(y, rect.x, rect.width) {
                *place = pixels.next().expect("a pixel for every place");
            }
        }
    }

    fn copy(&mut self, to: Rect, x: i32, y: i32) {
        let source = self.crop(Rect::new(x, y, to.width, to.height));
        self.paint(to, source.into_iter());
    }
}

pub struct Decoder {
    /// Bytes of the pointer's pictures so far.
    pub pointer: usize,
    zrle: Decompress,
    tight: [Decompress; 4],
    plain: Vec<u8>,
    data: Vec<u8>,
}

impl Decoder {
    pub fn new() -> Self {
        Self {
            pointer: 0,
            zrle: Decompress::new(true),
            tight: std::array::from_fn(|_| Decompress::new(true)),
            plain: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Reads the rest of a FramebufferUpdate.
    pub fn update(&mut self, input: &mut impl Read, picture: &mut Picture) -> io::Result<()> {
        let [_, count @ ..] = read::<3>(input)?;
        for _ in 0..u16::from_be_bytes(count) {
            let head: [u8; 12] = read(input)?;
            let number = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
            let rect = Rect::new(
                number(0).into(),
                number(2).into(),
                number(4).into(),
                number(6).into(),
            );
            match i32::from_be_bytes([head[8], head[9], head[10], head[11]]) {
                RAW => {
                    self.fetch(input, rect.area() * 4)?;
                    let pixels = self.data.as_chunks::<4>().0.iter();
                    picture.paint(rect, pixels.map(|bytes| u32::from_le_bytes(*bytes) & 0x00ff_ffff));
                }
                COPY_RECT => {
                    let [x1, x2, y1, y2] = read(input)?;
                    let [x, y] = [[x1, x2], [y1, y2]].map(u16::from_be_bytes);
                    picture.copy(rect, x.into(), y.into());
                }
                TIGHT => self.tight(rect, input, picture)?,
                ZRLE => {
                    let length = u32::from_be_bytes(read(input)?);
                    self.fetch(input, length as usize)?;
                    inflate(&mut self.zrle, &self.data, &mut self.plain);
                    self.tiles(rect, picture);
                }
                CURSOR => {
                    let mask = rect.width.div_ceil(8) as usize * rect.height as usize;
                    self.fetch(input, rect.area() * 4 + mask)?;
                    self.pointer += head.len() + self.data.len();
                }
                LAST_RECT => break,
                other => panic!("encoding {other} was not asked for"),
            }
        }
        Ok(())
    }

    /// Replaces `data` with the next `length` bytes.
    fn fetch(&mut self, input: &mut impl Read, length: usize) -> io::Result<()> {
        self.data.resize(length, 0);
        input.read_exact(&mut self.data)
    }

    /// The tiles of one ZRLE rectangle.
    fn tiles(&self, rect: Rect, picture: &mut Picture) {
        let mut input = &self.plain[..];
        for y in (rect.y..rect.bottom()).step_by(64) {
            for x in (rect.x..rect.right()).step_by(64) {
                let tile = Rect::new(x, y, 64, 64).intersection(&rect);
                run_length_tile(tile, &mut input, picture);
            }
        }
        assert!(input.is_empty(), "ZRLE: {} bytes too many", input.len());
    }

    fn tight(&mut self, rect: Rect, input: &mut impl Read, picture: &mut Picture) -> io::Result<()> {
        let [control] = read(input)?;
        for (number, stream) in self.tight.iter_mut().enumerate() {
            if control >> number & 1 == 1 {
                stream.reset(true);
            }
        }
        match control >> 4 {
            8 => {
                let colour = rgb(&read(input)?);
                picture.fill(rect, colour);
            }
            9 => {
                let length = compact_length(input)?;
                self.fetch(input, length)?;
                let file = io::Cursor::new(&self.data);
                let bytes = zune_jpeg::JpegDecoder::new(file).decode().expect("a JFIF file");
                picture.paint(rect, bytes.as_chunks().0.iter().map(rgb));
            }
            kind @ 0..8 => {
                let stream = usize::from(kind & 3);
                let [filter] = if kind & 4 == 0 { [0] } else { read(input)? };
                match filter {
                    0 => {
                        self.tight_data(stream, rect.area() * 3, input)?;
                        picture.paint(rect, self.plain.as_chunks().0.iter().map(rgb));
                    }
                    1 => self.tight_palette(stream, rect, input, picture)?,
                    2 => {
                        self.tight_data(stream, rect.area() * 3, input)?;
                        undo_gradient(&mut self.plain, rect.width as usize * 3);
                        picture.paint(rect, self.plain.as_chunks().0.iter().map(rgb));
                    }
                    other => panic!("Tight: filter {other}"),
                }
            }
            other => panic!("Tight: kind {other}"),
        }
        Ok(())
    }

    fn tight_palette(
        &mut self,
        stream: usize,
        rect: Rect,
        input: &mut impl Read,
        picture: &mut Picture,
    ) -> io::Result<()> {
        let [count] = read(input)?;
        let mut palette = Vec::with_capacity(256);
        for _ in 0..=count {
            palette.push(rgb(&read(input)?));
        }
        if palette.len() > 2 {
            self.tight_data(stream, rect.area(), input)?;
            picture.paint(rect, self.plain.iter().map(|index| palette[usize::from(*index)]));
            return Ok(());
        }
        let row = rect.width.div_ceil(8) as usize;
        self.tight_data(stream, row * rect.height as usize, input)?;
        let rows = self.plain.chunks(row);
        let bits = rows.flat_map(|row| (0..rect.width as usize).map(|x| row[x / 8] >> (7 - x % 8) & 1));
        picture.paint(rect, bits.map(|bit| palette[usize::from(bit)]));
        Ok(())
    }

    fn tight_data(&mut self, stream: usize, length: usize, input: &mut impl Read) -> io::Result<()> {
        if length < 12 {
            self.plain.resize(length, 0);
            return input.read_exact(&mut self.plain);
        }
        let compressed = compact_length(input)?;
        self.fetch(input, compressed)?;
        inflate(&mut self.tight[stream], &self.data, &mut self.plain);
        assert_eq!(self.plain.len(), length);
        Ok(())
    }
}

const fn rgb([red, green, blue]: &[u8; 3]) -> u32 {
    u32::from_be_bytes([0, *red, *green, *blue])
}

fn compact_length(input: &mut impl Read) -> io::Result<usize> {
    let mut length = 0;
    for shift in [0, 7, 14] {
        let [byte] = read(input)?;
        if shift == 14 {
            return Ok(length | usize::from(byte) << shift);
        }
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok(length)
}

/// Every colour was sent as its difference from left + above - above left, kept inside 0 to 255.
fn undo_gradient(bytes: &mut [u8], row: usize) {
    for at in 0..bytes.len() {
        let at_or_black = |inside: bool, back: usize| if inside { i32::from(bytes[at - back]) } else { 0 };
        let (left, above) = (at % row >= 3, at >= row);
        let guess = at_or_black(left, 3) + at_or_black(above, row) - at_or_black(left && above, row + 3);
        bytes[at] = bytes[at].wrapping_add(guess.clamp(0, 255) as u8);
    }
}

fn inflate(stream: &mut Decompress, mut input: &[u8], plain: &mut Vec<u8>) {
    plain.clear();
    loop {
        plain.reserve((input.len() * 8).max(1 << 16));
        let before = stream.total_in();
        let status = stream
            .decompress_vec(input, plain, FlushDecompress::Sync)
            .expect("a zlib stream");
        input = &input[(stream.total_in() - before) as usize..];
        if input.is_empty() && plain.len() < plain.capacity() || status == Status::StreamEnd {
            return;
        }
    }
}

fn take<'a>(input: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(count);
    *input = rest;
    taken
}

/// The low three bytes of a pixel.
fn pixel(input: &mut &[u8]) -> u32 {
    let bytes = take(input, 3);
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0])
}

fn run_length(input: &mut &[u8]) -> usize {
    let mut length = 1;
    loop {
        let byte = take(input, 1)[0];
        length += usize::from(byte);
        if byte < 255 {
            return length;
        }
    }
}

fn run_length_tile(tile: Rect, input: &mut &[u8], picture: &mut Picture) {
    let kind = take(input, 1)[0];
    let colours = match kind {
        1..=16 => usize::from(kind),
        130.. => usize::from(kind - 128),
        _ => 0,
    };
    let palette: Vec<u32> = (0..colours).map(|_| pixel(input)).collect();
    match kind {
        0 => {
            let bytes = take(input, tile.area() * 3);
            let pixels = bytes.as_chunks::<3>().0.iter();
            picture.paint(
                tile,
                pixels.map(|[low, middle, high]| rgb(&[*high, *middle, *low])),
            );
        }
        1 => picture.fill(tile, palette[0]),
        2..=16 => {
            let bits = match colours {
                2 => 1,
                3..=4 => 2,
                _ => 4,
            };
            let row = (tile.width as usize * bits).div_ceil(8);
            let packed = take(input, row * tile.height as usize);
            let index = |row: &[u8], x: usize| {
                let bit = x * bits;
                usize::from(row[bit / 8] >> (8 - bits - bit % 8)) & ((1 << bits) - 1)
            };
            let width = tile.width as usize;
            let rows = packed.chunks(row);
            picture.paint(
                tile,
                rows.flat_map(|row| (0..width).map(|x| palette[index(row, x)])),
            );
        }
        128 | 130.. => {
            let mut left = (0, 0);
            let runs = std::iter::from_fn(|| {
                if left.0 == 0 {
                    left = if kind == 128 {
                        let colour = pixel(input);
                        (run_length(input), colour)
                    } else {
                        let index = take(input, 1)[0];
                        let length = if index >= 128 { run_length(input) } else { 1 };
                        (length, palette[usize::from(index & 127)])
                    };
                }
                left.0 -= 1;
                Some(left.1)
            });
            picture.paint(tile, runs);
            assert_eq!(left.0, 0, "ZRLE: a run leaves its tile");
        }
        other => panic!("ZRLE: tile of kind {other}"),
    }
}
