//! A viewer for the tests: written from RFC 6143 and the rfbproto document, sharing no code with the crate.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "shared by test programs that each use a part"
)]

pub mod ra2;

use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::{Decompress, FlushDecompress};
use protocol::framebuffer::Framebuffer;
use protocol::geometry::{Rect, Size};
use protocol::pixel_format::{Channel, PixelFormat};
use protocol::security::Security;
use protocol::security::vnc_auth::{Password, Passwords};
use protocol::session::{Session, Settings};

pub const RAW: i32 = 0;
pub const COPY_RECT: i32 = 1;
pub const HEXTILE: i32 = 5;
pub const ZLIB: i32 = 6;
pub const TIGHT: i32 = 7;
pub const TRLE: i32 = 15;
pub const ZRLE: i32 = 16;
pub const CURSOR: i32 = -239;
pub const DESKTOP_SIZE: i32 = -223;
pub const LAST_RECT: i32 = -224;
pub const SCAN_CODES: i32 = -258;
pub const TIGHT_PNG: i32 = -260;
pub const DESKTOP_NAME: i32 = -307;
pub const EXTENDED_DESKTOP_SIZE: i32 = -308;
pub const FENCE: i32 = -312;
pub const CONTINUOUS_UPDATES: i32 = -313;
pub const CURSOR_WITH_ALPHA: i32 = -314;
pub const EXTENDED_BUTTONS: i32 = -316;
pub const EXTENDED_CLIPBOARD: i32 = 0xc0a1_e5ce_u32 as i32;

/// The rectangles that carry no pixels.
const PSEUDO: [i32; 8] = [
    CURSOR,
    CURSOR_WITH_ALPHA,
    DESKTOP_SIZE,
    EXTENDED_DESKTOP_SIZE,
    DESKTOP_NAME,
    SCAN_CODES,
    EXTENDED_BUTTONS,
    LAST_RECT,
];

pub fn settings(security: Security) -> Settings {
    Settings {
        name: "test".into(),
        security: Arc::new(security),
        handshake_limit: Duration::from_secs(10),
        cut_text_limit: 1000,
        resizable: true,
    }
}

/// Some moment: the tests move on from it by adding.
pub fn start() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "there is no other way to a first moment"
    )]
    Instant::now()
}

/// Everything that the session wants to send now.
pub fn take(session: &mut Session) -> Vec<u8> {
    let bytes = session.transmit().to_vec();
    session.transmitted(bytes.len());
    bytes
}

/// An open session of a viewer that may only look.
pub fn view_only_session(size: Size) -> Session {
    let challenge = [7; 16];
    let password = |text: &str| Password::new(text.as_bytes()).unwrap();
    let passwords = Passwords::new(password("full"), Some(password("look"))).unwrap();
    let mut session = Session::new(settings(Security::vnc_auth(passwords)), challenge, size, start());
    session.receive(b"RFB 003.008\n\x02");
    session.receive(&password("look").answer(&challenge));
    session.receive(&[1]);
    take(&mut session);
    while session.poll_event().is_some() {}
    session
}

/// A session without a password, its handshake done.
pub fn open_session(size: Size) -> Session {
    let mut session = Session::new(settings(Security::none()), [0; 16], size, start());
    session.receive(b"RFB 003.008\n\x01\x01");
    take(&mut session);
    while session.poll_event().is_some() {}
    session
}

pub fn set_pixel_format(format: &PixelFormat) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0];
    bytes.extend([
        format.bits_per_pixel,
        format.depth,
        u8::from(format.big_endian),
        u8::from(format.true_colour),
    ]);
    for channel in [format.red, format.green, format.blue] {
        bytes.extend(channel.max.to_be_bytes());
    }
    bytes.extend([format.red.shift, format.green.shift, format.blue.shift, 0, 0, 0]);
    bytes
}

pub fn set_encodings(numbers: &[i32]) -> Vec<u8> {
    let mut bytes = vec![2, 0];
    bytes.extend((numbers.len() as u16).to_be_bytes());
    bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    bytes
}

pub fn request(incremental: bool, area: Rect) -> Vec<u8> {
    let mut bytes = vec![3, u8::from(incremental)];
    for number in [area.x as u32, area.y as u32, area.width, area.height] {
        bytes.extend((number as u16).to_be_bytes());
    }
    bytes
}

/// `0x00RRGGBB` in a format, to the nearest brightness.
pub fn expected_value(pixel: u32, format: &PixelFormat) -> u32 {
    let place = |colour: u32, channel: Channel| {
        let exact = f64::from(colour) * f64::from(channel.max) / 255.0;
        (exact.round() as u32) << channel.shift
    };
    place(pixel >> 16 & 255, format.red)
        | place(pixel >> 8 & 255, format.green)
        | place(pixel & 255, format.blue)
}

/// `0x00RRGGBB` as the nearest of six brightnesses per colour, of 16 bits.
pub fn expected_colour(pixel: u32) -> [u16; 3] {
    [16, 8, 0].map(|shift| (f64::from(pixel >> shift & 255) / 51.0).round() as u16 * 13107)
}

/// Reads what the server sent; running out of bytes is a failed test.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        assert!(
            self.0.len() >= count,
            "{count} bytes wanted, {} there",
            self.0.len()
        );
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    pub fn u8(&mut self) -> u8 {
        self.take(1)[0]
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.take(2).try_into().unwrap())
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().unwrap())
    }
}

/// One rectangle as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rectangle {
    pub rect: Rect,
    pub encoding: i32,
    pub bytes: usize,
}

/// One message as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Update(Vec<Rectangle>),
    ColourMap,
    CutText(Vec<u8>),
    ExtendedCutText(Vec<u8>),
    EndOfContinuousUpdates,
    Fence { flags: u32, payload: Vec<u8> },
}

/// The viewer's side of a session: its picture and its decompressors.
pub struct Viewer {
    pub format: PixelFormat,
    pub size: Size,
    /// Pixel values in the viewer's format.
    pub picture: Vec<u32>,
    /// What pixels mean without true colour.
    pub colour_map: Vec<[u16; 3]>,
    pub cursor: Option<(Rect, Vec<u32>, Vec<u8>)>,
    /// Rectangles that came through Tight's gradient filter.
    pub gradients: usize,
    /// What came as JPEG, as `0x00RRGGBB`.
    pub photos: Vec<(Rect, Vec<u32>)>,
    /// What came of the screen's layout: reason, status and size as a rectangle, the monitor's number and flags.
    pub layouts: Vec<(Rect, u32, u32)>,
    pub name: String,
    zlib: Decompress,
    zrle: Decompress,
    tight: [Decompress; 4],
}

impl Viewer {
    pub fn new(size: Size, format: PixelFormat) -> Self {
        Self {
            format,
            size,
            picture: vec![0xdead_beef; size.area()],
            colour_map: Vec::new(),
            cursor: None,
            gradients: 0,
            photos: Vec::new(),
            layouts: Vec::new(),
            name: String::new(),
            zlib: Decompress::new(true),
            zrle: Decompress::new(true),
            tight: std::array::from_fn(|_| Decompress::new(true)),
        }
    }

    /// Lets the session send one whole update and reads it.
    pub fn update(&mut self, session: &mut Session, screen: &Framebuffer) -> Vec<Rectangle> {
        let mut bytes = Vec::new();
        while session.update(screen) {
            bytes.extend(take(session));
        }
        self.read_update(&bytes)
    }

    /// Reads one FramebufferUpdate that takes all of `bytes`; SetColourMapEntries may stand before it.
    pub fn read_update(&mut self, bytes: &[u8]) -> Vec<Rectangle> {
        let mut messages = self.read(bytes);
        messages.retain(|message| *message != Message::ColourMap);
        match messages.pop() {
            Some(Message::Update(rectangles)) if messages.is_empty() => rectangles,
            other => panic!("one update was expected, not {messages:?} {other:?}"),
        }
    }

    /// Lets the session send all that it has and reads it.
    pub fn take(&mut self, session: &mut Session, screen: &Framebuffer) -> Vec<Message> {
        let mut bytes = take(session);
        while session.update(screen) {
            bytes.extend(take(session));
        }
        self.read(&bytes)
    }

    /// Reads whole messages.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<Message> {
        let mut input = Bytes(bytes);
        let mut messages = Vec::new();
        while !input.0.is_empty() {
            messages.push(match input.u8() {
                0 => Message::Update(self.read_rectangles(&mut input)),
                1 => {
                    input.take(1);
                    assert_eq!(input.u16(), 0, "the first colour");
                    let count = input.u16();
                    let entries = (0..count).map(|_| [input.u16(), input.u16(), input.u16()]);
                    self.colour_map = entries.collect();
                    Message::ColourMap
                }
                3 => {
                    input.take(3);
                    let length = input.u32() as i32;
                    let bytes = input.take(length.unsigned_abs() as usize).to_vec();
                    if length < 0 {
                        Message::ExtendedCutText(bytes)
                    } else {
                        Message::CutText(bytes)
                    }
                }
                150 => Message::EndOfContinuousUpdates,
                248 => {
                    input.take(3);
                    let flags = input.u32();
                    let length = input.u8();
                    assert!(length <= 64);
                    let payload = input.take(length.into()).to_vec();
                    Message::Fence { flags, payload }
                }
                other => panic!("message {other} was not asked for"),
            });
        }
        messages
    }

    /// The rest of a FramebufferUpdate.
    fn read_rectangles(&mut self, input: &mut Bytes<'_>) -> Vec<Rectangle> {
        input.u8();
        let count = input.u16();
        let mut rectangles = Vec::new();
        while rectangles.len() < usize::from(count) {
            let [x, y] = [i32::from(input.u16()), i32::from(input.u16())];
            let [width, height] = [u32::from(input.u16()), u32::from(input.u16())];
            let encoding = input.u32() as i32;
            let rect = Rect::new(x, y, width, height);
            let before = input.0.len();
            self.rectangle(rect, encoding, input);
            rectangles.push(Rectangle {
                rect,
                encoding,
                bytes: before - input.0.len(),
            });
            if encoding == LAST_RECT {
                assert_eq!(count, u16::MAX);
                break;
            }
        }
        rectangles
    }

    /// The first place where the viewer's picture is not that of the screen.
    pub fn first_difference(&self, screen: &Framebuffer) -> Option<(i32, i32)> {
        let width = self.size.width as usize;
        (0..self.picture.len())
            .map(|index| ((index % width) as i32, (index / width) as i32))
            .find(|(x, y)| {
                let pixel = screen.pixel(*x, *y).expect("the screen has the viewer's size");
                let value = self.picture[*y as usize * width + *x as usize];
                if self.format.true_colour {
                    value != expected_value(pixel, &self.format)
                } else {
                    self.colour_map.get(value as usize) != Some(&expected_colour(pixel))
                }
            })
    }

    fn rectangle(&mut self, rect: Rect, encoding: i32, input: &mut Bytes<'_>) {
        if !PSEUDO.contains(&encoding) {
            assert!(!rect.is_empty(), "an empty rectangle");
            assert!(
                Rect::of_size(self.size).contains_rect(&rect),
                "{rect:?} is outside"
            );
        }
        match encoding {
            RAW => {
                let values: Vec<u32> = (0..rect.area()).map(|_| self.pixel(input)).collect();
                self.paint(rect, &values);
            }
            COPY_RECT => {
                let [x, y] = [i32::from(input.u16()), i32::from(input.u16())];
                let source = Rect::new(x, y, rect.width, rect.height);
                assert!(
                    Rect::of_size(self.size).contains_rect(&source),
                    "{source:?} is outside"
                );
                let values: Vec<u32> = places(source)
                    .map(|(x, y)| self.picture[self.index(x, y)])
                    .collect();
                self.paint(rect, &values);
            }
            HEXTILE => self.hextile_rectangle(rect, input),
            ZLIB => {
                let length = input.u32() as usize;
                let plain = inflate(&mut self.zlib, input.take(length));
                let mut plain = Bytes(&plain);
                let values: Vec<u32> = (0..rect.area()).map(|_| self.pixel(&mut plain)).collect();
                assert!(plain.0.is_empty(), "{} plain bytes too many", plain.0.len());
                self.paint(rect, &values);
            }
            TRLE => {
                for tile in tiles(rect, 16) {
                    let values = self.run_length_tile(tile, input);
                    self.paint(tile, &values);
                }
            }
            ZRLE => {
                let length = input.u32() as usize;
                let plain = inflate(&mut self.zrle, input.take(length));
                let mut plain = Bytes(&plain);
                for tile in tiles(rect, 64) {
                    let values = self.run_length_tile(tile, &mut plain);
                    self.paint(tile, &values);
                }
                assert!(plain.0.is_empty(), "{} plain bytes too many", plain.0.len());
            }
            TIGHT | TIGHT_PNG => {
                let values = self.tight_rectangle(rect, encoding, input);
                self.paint(rect, &values);
            }
            CURSOR => {
                let values = (0..rect.area()).map(|_| self.pixel(input)).collect();
                let mask = input.take((rect.width as usize).div_ceil(8) * rect.height as usize);
                self.cursor = Some((rect, values, mask.to_vec()));
            }
            DESKTOP_SIZE => {
                self.size = rect.size();
                self.picture = vec![0xdead_beef; self.size.area()];
            }
            CURSOR_WITH_ALPHA => {
                assert_eq!(input.u32() as i32, RAW);
                let values = (0..rect.area()).map(|_| input.u32()).collect();
                self.cursor = Some((rect, values, Vec::new()));
            }
            EXTENDED_DESKTOP_SIZE => {
                let [count, ..] = *input.take(4) else {
                    unreachable!()
                };
                assert_eq!(count, 1, "one monitor");
                let id = input.u32();
                let monitor = [input.u16(), input.u16(), input.u16(), input.u16()];
                assert_eq!(monitor, [0, 0, rect.width as u16, rect.height as u16]);
                let flags = input.u32();
                self.layouts.push((rect, id, flags));
                // A refusal tells nothing of the size.
                let refused = rect.x == 1 && rect.y != 0;
                if !refused && rect.size() != self.size {
                    self.size = rect.size();
                    self.picture = vec![0xdead_beef; self.size.area()];
                }
            }
            DESKTOP_NAME => {
                assert_eq!(rect, Rect::default());
                let length = input.u32() as usize;
                self.name = String::from_utf8(input.take(length).to_vec()).expect("UTF-8");
            }
            SCAN_CODES | EXTENDED_BUTTONS => assert_eq!(rect, Rect::default()),
            LAST_RECT => {}
            other => panic!("encoding {other} was not asked for"),
        }
    }

    fn index(&self, x: i32, y: i32) -> usize {
        y as usize * self.size.width as usize + x as usize
    }

    fn paint(&mut self, rect: Rect, values: &[u32]) {
        assert_eq!(values.len(), rect.area());
        for ((x, y), value) in places(rect).zip(values) {
            let index = self.index(x, y);
            self.picture[index] = *value;
        }
    }

    /// PIXEL
    fn pixel(&self, input: &mut Bytes<'_>) -> u32 {
        self.number(input.take(usize::from(self.format.bits_per_pixel) / 8))
    }

    fn number(&self, bytes: &[u8]) -> u32 {
        let join = |value: u32, byte: &u8| value << 8 | u32::from(*byte);
        if self.format.big_endian {
            bytes.iter().fold(0, join)
        } else {
            bytes.iter().rev().fold(0, join)
        }
    }

    /// CPIXEL: RFC 6143 §7.7.5.
    fn compressed_pixel(&self, input: &mut Bytes<'_>) -> u32 {
        let format = &self.format;
        if !format.true_colour {
            return self.pixel(input);
        }
        let bits = expected_value(0x00ff_ffff, format);
        if format.bits_per_pixel != 32 || format.depth > 24 || (bits >> 24 != 0 && bits & 0xff != 0) {
            return self.pixel(input);
        }
        let value = self.number(input.take(3));
        if bits >> 24 == 0 { value } else { value << 8 }
    }

    /// TPIXEL: rfbproto, Tight Encoding.
    fn tight_pixel(&self, input: &mut Bytes<'_>) -> u32 {
        let format = &self.format;
        let channels = [format.red, format.green, format.blue];
        let bytes = channels.iter().all(|channel| channel.max == 255);
        if !format.true_colour || format.bits_per_pixel != 32 || format.depth != 24 || !bytes {
            return self.pixel(input);
        }
        let colours = input.take(3);
        let placed = channels.iter().zip(colours);
        placed.fold(0, |value, (channel, colour)| {
            value | u32::from(*colour) << channel.shift
        })
    }

    fn run_length_tile(&self, tile: Rect, input: &mut Bytes<'_>) -> Vec<u32> {
        let area = tile.area();
        let kind = input.u8();
        let colours = match kind {
            1..=16 => kind,
            130..=255 => kind - 128,
            0 | 128 => 0,
            other => panic!("subencoding {other} is not used"),
        };
        let palette: Vec<u32> = (0..colours).map(|_| self.compressed_pixel(input)).collect();
        let mut values = Vec::new();
        match kind {
            0 => values.extend((0..area).map(|_| self.compressed_pixel(input))),
            1 => values.resize(area, palette[0]),
            2..=16 => {
                let bits = match kind {
                    2 => 1,
                    3 | 4 => 2,
                    _ => 4,
                };
                let width = tile.width as usize;
                for _ in 0..tile.height {
                    let row = input.take((width * bits).div_ceil(8));
                    for x in 0..width {
                        let shift = 8 - bits - x * bits % 8;
                        let index = row[x * bits / 8] >> shift & ((1 << bits) - 1);
                        values.push(palette[usize::from(index)]);
                    }
                }
            }
            128 => {
                while values.len() < area {
                    let value = self.compressed_pixel(input);
                    values.resize(values.len() + run_length(input), value);
                }
            }
            _ => {
                while values.len() < area {
                    let index = input.u8();
                    let length = if index & 0x80 == 0 { 1 } else { run_length(input) };
                    values.resize(values.len() + length, palette[usize::from(index & 0x7f)]);
                }
            }
        }
        assert_eq!(values.len(), area, "a run goes beyond its tile");
        values
    }

    /// RFC 6143 §7.7.4.
    fn hextile_rectangle(&mut self, rect: Rect, input: &mut Bytes<'_>) {
        let (mut background, mut foreground) = (None, None);
        for tile in tiles(rect, 16) {
            let mask = input.u8();
            assert_eq!(mask & 0xe0, 0, "bits of zlibhex");
            if mask & 1 != 0 {
                let values: Vec<u32> = (0..tile.area()).map(|_| self.pixel(input)).collect();
                self.paint(tile, &values);
                (background, foreground) = (None, None);
                continue;
            }
            if mask & 2 != 0 {
                background = Some(self.pixel(input));
            }
            if mask & 4 != 0 {
                assert_eq!(mask & 16, 0, "a foreground and coloured rectangles");
                foreground = Some(self.pixel(input));
            }
            let paper = background.expect("a background may not be carried over here");
            let mut values = vec![paper; tile.area()];
            let count = if mask & 8 != 0 { input.u8() } else { 0 };
            for _ in 0..count {
                let ink = if mask & 16 != 0 {
                    self.pixel(input)
                } else {
                    foreground.expect("a foreground may not be carried over here")
                };
                let [at, size] = [input.u8(), input.u8()].map(|byte| [byte >> 4, byte & 15].map(usize::from));
                for y in at[1]..=at[1] + size[1] {
                    let row = y * tile.width as usize;
                    assert!(at[0] + size[0] < tile.width as usize, "beyond its tile");
                    values[row + at[0]..=row + at[0] + size[0]].fill(ink);
                }
            }
            if mask & 16 != 0 {
                foreground = None;
            }
            self.paint(tile, &values);
        }
    }

    fn tight_rectangle(&mut self, rect: Rect, encoding: i32, input: &mut Bytes<'_>) -> Vec<u32> {
        assert!(rect.width <= 2048, "wider than the document allows");
        let control = input.u8();
        for (number, stream) in self.tight.iter_mut().enumerate() {
            if control >> number & 1 == 1 {
                stream.reset(true);
            }
        }
        if control >> 4 == 8 {
            let value = self.tight_pixel(input);
            return vec![value; rect.area()];
        }
        if control >> 4 == 9 {
            assert!(self.format.true_colour && self.format.bits_per_pixel > 8);
            let length = compact_length(input);
            let pixels = decode_jpeg(input.take(length), rect);
            let values = pixels.iter().map(|pixel| expected_value(*pixel, &self.format));
            let values = values.collect();
            self.photos.push((rect, pixels));
            return values;
        }
        if control >> 4 == 10 {
            assert_eq!(encoding, TIGHT_PNG);
            let length = compact_length(input);
            let pixels = decode_png(input.take(length), rect);
            let values = pixels.iter().map(|pixel| expected_value(*pixel, &self.format));
            return values.collect();
        }
        assert_eq!(control >> 7, 0, "an unknown kind");
        assert_eq!(encoding, TIGHT, "TightPNG has no basic compression");
        let stream = usize::from(control >> 4 & 3);
        let filter = if control >> 6 & 1 == 1 { input.u8() } else { 0 };
        let width = rect.width as usize;
        match filter {
            0 => {
                let mut probe = Bytes(&[0; 4]);
                self.tight_pixel(&mut probe);
                let plain = self.tight_data(stream, rect.area() * (4 - probe.0.len()), input);
                let mut plain = Bytes(&plain);
                (0..rect.area()).map(|_| self.tight_pixel(&mut plain)).collect()
            }
            1 => {
                let colours = usize::from(input.u8()) + 1;
                let palette: Vec<u32> = (0..colours).map(|_| self.tight_pixel(input)).collect();
                if colours == 2 {
                    let row = width.div_ceil(8);
                    let plain = self.tight_data(stream, row * rect.height as usize, input);
                    let bit = |x: usize, y: usize| usize::from(plain[y * row + x / 8] >> (7 - x % 8) & 1);
                    let rows = 0..rect.height as usize;
                    rows.flat_map(|y| (0..width).map(move |x| (x, y)))
                        .map(|(x, y)| palette[bit(x, y)])
                        .collect()
                } else {
                    let plain = self.tight_data(stream, rect.area(), input);
                    plain.iter().map(|index| palette[usize::from(*index)]).collect()
                }
            }
            2 => {
                self.gradients += 1;
                let plain = self.tight_data(stream, rect.area() * 3, input);
                // Each colour is the difference to a guess from its neighbours, black around the rectangle.
                let mut colours = vec![[0_u8; 3]; rect.area()];
                for (at, difference) in plain.as_chunks::<3>().0.iter().enumerate() {
                    let (x, y) = (at % width, at / width);
                    for (colour, difference) in difference.iter().enumerate() {
                        let known = |dx: usize, dy: usize| {
                            let inside = x >= dx && y >= dy;
                            if inside {
                                i32::from(colours[at - dx - dy * width][colour])
                            } else {
                                0
                            }
                        };
                        let guess = (known(1, 0) + known(0, 1) - known(1, 1)).clamp(0, 255);
                        colours[at][colour] = (guess + i32::from(*difference)) as u8;
                    }
                }
                let bytes = colours.as_flattened();
                let mut bytes = Bytes(bytes);
                (0..rect.area()).map(|_| self.tight_pixel(&mut bytes)).collect()
            }
            other => panic!("filter {other} is not used"),
        }
    }

    fn tight_data(&mut self, stream: usize, length: usize, input: &mut Bytes<'_>) -> Vec<u8> {
        if length < 12 {
            return input.take(length).to_vec();
        }
        let compressed = compact_length(input);
        let plain = inflate(&mut self.tight[stream], input.take(compressed));
        assert_eq!(plain.len(), length);
        plain
    }
}

fn compact_length(input: &mut Bytes<'_>) -> usize {
    let mut compressed = 0;
    for shift in [0, 7, 14] {
        let byte = usize::from(input.u8());
        if shift == 14 {
            compressed |= byte << shift;
        } else {
            compressed |= (byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    compressed
}

fn decode_jpeg(file: &[u8], rect: Rect) -> Vec<u32> {
    let mut decoder = zune_jpeg::JpegDecoder::new(std::io::Cursor::new(file));
    let bytes = decoder.decode().expect("a JFIF file");
    let size = decoder.dimensions().expect("its size");
    assert_eq!(size, (rect.width as usize, rect.height as usize));
    rgb(&bytes)
}

fn decode_png(file: &[u8], rect: Rect) -> Vec<u32> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("a PNG file");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size in memory")];
    let info = reader.next_frame(&mut bytes).expect("its pixels");
    assert_eq!((info.width, info.height), (rect.width, rect.height));
    assert_eq!(info.color_type, png::ColorType::Rgb);
    rgb(&bytes)
}

fn rgb(bytes: &[u8]) -> Vec<u32> {
    let (pixels, rest) = bytes.as_chunks::<3>();
    assert!(rest.is_empty());
    let join = |[red, green, blue]: &[u8; 3]| u32::from_be_bytes([0, *red, *green, *blue]);
    pixels.iter().map(join).collect()
}

fn tiles(rect: Rect, side: u32) -> impl Iterator<Item = Rect> {
    (rect.y..rect.bottom()).step_by(side as usize).flat_map(move |y| {
        let columns = (rect.x..rect.right()).step_by(side as usize);
        columns.map(move |x| Rect::new(x, y, side, side).intersection(&rect))
    })
}

fn run_length(input: &mut Bytes<'_>) -> usize {
    let mut length = 1;
    loop {
        let byte = input.u8();
        length += usize::from(byte);
        if byte != 255 {
            return length;
        }
    }
}

fn inflate(stream: &mut Decompress, compressed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let start = stream.total_in();
    loop {
        plain.reserve(1 << 16);
        let used = (stream.total_in() - start) as usize;
        stream
            .decompress_vec(&compressed[used..], &mut plain, FlushDecompress::Sync)
            .expect("a valid zlib stream");
        if stream.total_in() - start == compressed.len() as u64 && plain.len() < plain.capacity() {
            return plain;
        }
    }
}

fn places(rect: Rect) -> impl Iterator<Item = (i32, i32)> {
    (rect.y..rect.bottom()).flat_map(move |y| (rect.x..rect.right()).map(move |x| (x, y)))
}
