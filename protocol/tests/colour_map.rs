//! A viewer whose pixels are places in a map of colours (RFC 6143 §7.4, §7.6.2), as the bytes that it sends and gets.
#![allow(missing_docs, clippy::unwrap_used)]

mod viewer;

use protocol::framebuffer::Framebuffer;
use protocol::geometry::{Rect, Size};
use protocol::pixel_format::PixelFormat;
use protocol::session::Session;
use viewer::{RAW, open_session, request, set_encodings, set_pixel_format, take};

/// Black, white, the three colours at their brightest, and one between the levels of the map.
const PIXELS: [u32; 6] = [0, 0x00ff_ffff, 0x00ff_0000, 0x0000_ff00, 0x0000_00ff, 0x0034_6698];
/// Six levels a colour, red before green before blue: 36 red + 6 green + blue.
const PLACES: [u8; 6] = [0, 215, 180, 30, 5, 36 + 2 * 6 + 3];
const SIZE: Size = Size::new(6, 1);

/// SetPixelFormat for a map of 8 bits; what stands in the place of the colours' bits means nothing.
const MAPPED: [u8; 20] = [0, 0, 0, 0, 8, 8, 0, 0, 0, 9, 0, 9, 0, 9, 99, 99, 99, 0, 0, 0];

/// What goes before the first pixels: a colour for each of 216 places, from the first on, of two bytes a channel.
fn colour_map() -> Vec<u8> {
    let mut bytes = vec![1, 0, 0, 0, 0, 216];
    let levels = [[0; 2], [0x33; 2], [0x66; 2], [0x99; 2], [0xcc; 2], [0xff; 2]];
    for red in levels {
        for green in levels {
            for blue in levels {
                bytes.extend([red, green, blue].as_flattened());
            }
        }
    }
    bytes
}

/// An update of all of the screen in Raw.
fn update(pixels: &[u8]) -> Vec<u8> {
    let head = [0, 0, 0, 1, 0, 0, 0, 0, 0, 6, 0, 1, 0, 0, 0, 0];
    [&head, pixels].concat()
}

fn asked(session: &mut Session, screen: &Framebuffer) -> Vec<u8> {
    session.receive(&request(false, Rect::of_size(SIZE)));
    assert!(session.update(screen));
    take(session)
}

#[test]
fn the_map_goes_once_before_the_first_pixels_that_need_it() {
    let screen = Framebuffer::from_pixels(SIZE, PIXELS.to_vec()).unwrap();
    let mut session = open_session(SIZE);
    session.receive(&MAPPED);
    session.receive(&set_encodings(&[RAW]));
    assert!(session.transmit().is_empty(), "nobody has asked for pixels");
    let with_map = [colour_map(), update(&PLACES)].concat();
    assert_eq!(asked(&mut session, &screen), with_map);
    assert_eq!(asked(&mut session, &screen), update(&PLACES));
    // The same format once more, before the next update.
    session.receive(&MAPPED);
    assert_eq!(asked(&mut session, &screen), update(&PLACES));
    // Whoever has had true colours meanwhile may have thrown the map away.
    session.receive(&set_pixel_format(&PixelFormat::NATIVE));
    let native = PIXELS.map(u32::to_le_bytes);
    assert_eq!(asked(&mut session, &screen), update(native.as_flattened()));
    session.receive(&MAPPED);
    assert_eq!(asked(&mut session, &screen), with_map);
}
