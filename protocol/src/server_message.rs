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

/// A Fence (rfbproto, "ServerFence"): `payload` is at most 64 bytes long.
pub(crate) fn put_fence(flags: u32, payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[248, 0, 0, 0]);
    out.put_u32(flags);
    out.put_u8(payload.len() as u8);
    out.extend_from_slice(payload);
}

/// EndOfContinuousUpdates (rfbproto): also what tells that there may be such updates.
pub(crate) fn put_end_of_continuous_updates(out: &mut Vec<u8>) {
    out.put_u8(150);
}

/// ServerCutText (§7.6.4); what Latin-1 does not have becomes a question mark.
pub(crate) fn put_cut_text(text: &str, out: &mut Vec<u8>) {
    let latin_1: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
    out.extend_from_slice(&[3, 0, 0, 0]);
    out.put_u32(latin_1.len() as u32);
    out.extend_from_slice(&latin_1);
}

/// ServerCutText as the extended clipboard has it (rfbproto): a negative length, then `payload`.
pub(crate) fn put_extended_cut_text(payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[3, 0, 0, 0]);
    out.put_i32(-(payload.len() as i32));
    out.extend_from_slice(payload);
}
