//! The pointer's picture: Cursor (RFC 6143 §7.8.1) and Cursor With Alpha (rfbproto).

use super::{Ability, Encoding, Role};
use crate::geometry::{Point, Rect, Size};
use crate::pixel_format::Translator;
use crate::server_message::put_rectangle;
use crate::wire::Put;

pub(super) const CURSOR: Encoding = Encoding {
    number: -239,
    name: "Cursor",
    role: Role::Ability(Ability::Cursor),
};

pub(super) const WITH_ALPHA: Encoding = Encoding {
    number: -314,
    name: "Cursor With Alpha",
    role: Role::Ability(Ability::AlphaCursor),
};

/// The pointer's picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    size: Size,
    hotspot: Point,
    pixels: Vec<u32>,
}

impl Cursor {
    /// From rows of `0xAARRGGBB`, the colours multiplied by alpha as XFixes gives them; `None` when the number of pixels
    /// is not that of `size`.
    pub fn new(size: Size, hotspot: Point, pixels: Vec<u32>) -> Option<Self> {
        (pixels.len() == size.area()).then_some(Self {
            size,
            hotspot,
            pixels,
        })
    }

    /// Width and height.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// The pixel that points, from the top-left corner.
    pub const fn hotspot(&self) -> Point {
        self.hotspot
    }
}

/// The colour before it was multiplied by alpha.
fn unmultiplied(pixel: u32) -> u32 {
    let [alpha, colours @ ..] = pixel.to_be_bytes();
    let divisor = u32::from(alpha.max(1));
    let [red, green, blue] = colours.map(|colour| (u32::from(colour) * 255 / divisor).min(255));
    red << 16 | green << 8 | blue
}

/// Appends the pointer: its pixels, then one bit for each that is not to be seen through.
pub(crate) fn put_cursor(cursor: &Cursor, pixels: &Translator, out: &mut Vec<u8>) {
    let Size { width, height } = cursor.size;
    put_rectangle(
        Rect::new(cursor.hotspot.x, cursor.hotspot.y, width, height),
        CURSOR.number,
        out,
    );
    if cursor.pixels.is_empty() {
        return;
    }
    let colours: Vec<u32> = cursor.pixels.iter().map(|pixel| unmultiplied(*pixel)).collect();
    let mut values = Vec::with_capacity(colours.len());
    pixels.values(&colours, &mut values);
    pixels.put(&values, out);
    for row in cursor.pixels.chunks(width as usize) {
        for eight in row.chunks(8) {
            let bits = eight.iter().enumerate();
            out.push(bits.fold(0, |byte, (bit, pixel)| {
                byte | u8::from(pixel >> 31 == 1) << (7 - bit)
            }));
        }
    }
}

/// Appends the pointer as rows of red, green, blue, alpha, the colours multiplied by alpha.
pub(crate) fn put_cursor_with_alpha(cursor: &Cursor, out: &mut Vec<u8>) {
    let Size { width, height } = cursor.size;
    put_rectangle(
        Rect::new(cursor.hotspot.x, cursor.hotspot.y, width, height),
        WITH_ALPHA.number,
        out,
    );
    // The encoding of what follows: Raw.
    out.put_i32(0);
    for pixel in &cursor.pixels {
        let [alpha, red, green, blue] = pixel.to_be_bytes();
        out.extend_from_slice(&[red, green, blue, alpha]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel_format::PixelFormat;

    #[test]
    fn a_cursor_is_pixels_and_a_mask_of_whole_bytes_per_row() {
        let mut pixels = vec![0; 9 * 2];
        pixels[0] = 0xff11_2233;
        pixels[8] = 0x8040_4040;
        pixels[17] = 0x7f7f_7f7f;
        let cursor = Cursor::new(Size::new(9, 2), Point::new(4, 1), pixels).unwrap();
        let mut out = Vec::new();
        put_cursor(&cursor, &Translator::new(PixelFormat::NATIVE), &mut out);
        assert_eq!(out[..12], [0, 4, 0, 1, 0, 9, 0, 2, 0xff, 0xff, 0xff, 0x11]);
        assert_eq!(out[12..16], [0x33, 0x22, 0x11, 0]);
        assert_eq!(
            out[12 + 32..12 + 36],
            [0x7f, 0x7f, 0x7f, 0],
            "half transparent: its own colour"
        );
        assert_eq!(out[12 + 72..], [0x80, 0x80, 0, 0], "less than half is not drawn");
    }

    #[test]
    fn a_wrong_number_of_cursor_pixels_is_refused() {
        assert!(Cursor::new(Size::new(2, 2), Point::default(), vec![0; 5]).is_none());
    }

    #[test]
    fn alpha_travels_last() {
        let cursor = Cursor::new(Size::new(2, 1), Point::new(1, 0), vec![0xff11_2233, 0x8040_3020]);
        let mut out = Vec::new();
        put_cursor_with_alpha(&cursor.unwrap(), &mut out);
        assert_eq!(out[..12], [0, 1, 0, 0, 0, 2, 0, 1, 0xff, 0xff, 0xfe, 0xc6]);
        assert_eq!(out[12..16], [0, 0, 0, 0]);
        assert_eq!(out[16..], [0x11, 0x22, 0x33, 0xff, 0x40, 0x30, 0x20, 0x80]);
    }
}
