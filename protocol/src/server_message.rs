//! What the server sends after the handshake (RFC 6143 §7.3.2, §7.6).

use crate::geometry::{Rect, Size};
use crate::pixel_format::{COLOUR_MAP, PixelFormat};
use crate::wire::Put;

/// ServerInit (§7.3.2): the size, the natural pixel format, the name.
pub(crate) fn put_server_init(size: Size, name: &str, out: &mut Vec<u8>) {
    out.put_u16(size.width as u16);
    out.put_u16(size.height as u16);
    PixelFormat::NATIVE.put(out);
    out.put_text(name);
}

/// SetColourMapEntries (§7.6.2): the whole of [`COLOUR_MAP`].
pub(crate) fn put_colour_map(out: &mut Vec<u8>) {
    out.extend_from_slice(&[1, 0]);
    out.put_u16(0);
    out.put_u16(COLOUR_MAP.len() as u16);
    for intensity in COLOUR_MAP.as_flattened() {
        out.put_u16(*intensity);
    }
}

/// The head of a FramebufferUpdate (§7.6.1).
pub(crate) fn put_update(rectangles: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0]);
    out.put_u16(rectangles);
}

/// The head of one rectangle (§7.6.1).
pub(crate) fn put_rectangle(rect: Rect, encoding: i32, out: &mut Vec<u8>) {
    for number in [rect.x as u32, rect.y as u32, rect.width, rect.height] {
        out.put_u16(number as u16);
    }
    out.put_i32(encoding);
}
