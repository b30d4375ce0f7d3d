//! Every encoding of pixels, in every kind of pixel format, of several screens: what the viewer decodes is the screen.
#![allow(missing_docs, clippy::unwrap_used)]

mod viewer;

use protocol::encoding::{ENCODINGS, Role};
use protocol::framebuffer::Framebuffer;
use protocol::geometry::{Rect, Size};
use protocol::pixel_format::{Channel, PixelFormat};
use protocol::region::Region;
use viewer::{LAST_RECT, Viewer, open_session, request, set_encodings, set_pixel_format};

fn format(bits_per_pixel: u8, depth: u8, big_endian: bool, max: [u16; 3], shift: [u8; 3]) -> PixelFormat {
    PixelFormat {
        bits_per_pixel,
        depth,
        big_endian,
        true_colour: true,
        red: Channel::new(max[0], shift[0]),
        green: Channel::new(max[1], shift[1]),
        blue: Channel::new(max[2], shift[2]),
    }
}

fn formats() -> Vec<PixelFormat> {
    let mapped = |bits_per_pixel, big_endian| PixelFormat {
        true_colour: false,
        ..format(bits_per_pixel, 8, big_endian, [0; 3], [0; 3])
    };
    let mut formats = vec![
        mapped(8, false),
        mapped(16, true),
        mapped(32, false),
        format(8, 8, false, [7, 7, 3], [0, 3, 6]),
        format(8, 6, false, [3, 3, 3], [4, 2, 0]),
    ];
    for big_endian in [false, true] {
        formats.extend([
            format(16, 16, big_endian, [31, 63, 31], [11, 5, 0]),
            format(16, 15, big_endian, [31, 31, 31], [0, 5, 10]),
            format(32, 24, big_endian, [255; 3], [16, 8, 0]),
            format(32, 24, big_endian, [255; 3], [0, 8, 16]),
            format(32, 24, big_endian, [255; 3], [24, 16, 8]),
            format(32, 24, big_endian, [255; 3], [0, 8, 24]),
            format(32, 32, big_endian, [255; 3], [16, 8, 0]),
            format(32, 30, big_endian, [1023; 3], [20, 10, 0]),
        ]);
    }
    formats
}

fn noise(index: u32) -> u32 {
    let mixed = (index ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b1);
    (mixed ^ mixed >> 15).wrapping_mul(0x85eb_ca6b) >> 8
}

fn painted(size: Size, colour: impl Fn(u32, u32) -> u32) -> Framebuffer {
    let places = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
    Framebuffer::from_pixels(size, places.map(|(x, y)| colour(x, y)).collect()).unwrap()
}

/// Screens that lead to every form that a tile or rectangle can take.
fn screens() -> Vec<(&'static str, Framebuffer)> {
    let odd = Size::new(131, 97);
    vec![
        ("one colour", painted(odd, |_, _| 0x00c0_ffee)),
        ("one pixel", painted(Size::new(1, 1), |_, _| 0x0012_3456)),
        ("small", painted(Size::new(3, 2), |x, y| noise(3 * y + x))),
        (
            "two colours",
            painted(odd, |x, y| {
                if noise(x * 977 + y) & 3 == 0 {
                    0
                } else {
                    0x00ff_ffff
                }
            }),
        ),
        (
            "four colours",
            painted(odd, |x, y| (noise(x + 500 * y) & 3) * 0x0040_2010),
        ),
        (
            "16 colours",
            painted(odd, |x, y| (noise(x + 500 * y) & 15) * 0x0010_0804),
        ),
        (
            "100 colours",
            painted(odd, |x, y| (noise(x + 500 * y) % 100) * 0x0002_0101),
        ),
        (
            "200 colours",
            painted(odd, |x, y| (noise(x + 500 * y) % 200) * 0x0001_0101),
        ),
        ("long runs", painted(odd, |x, y| noise((y * 131 + x) / 700))),
        (
            "long runs of many colours",
            painted(odd, |x, y| noise((y * 131 + x) / 9)),
        ),
        ("noise", painted(odd, |x, y| noise(x + 1000 * y))),
        ("wide", painted(Size::new(4100, 3), |x, y| noise(x / 5 + y))),
        (
            "desktop",
            painted(Size::new(400, 700), |x, y| match (x / 100, y / 50) {
                (0, _) => 0x00d4_d0c8,
                (1, row) => 0x0030_4050 + row,
                (2, _) => x * 0x0001_0203 + y,
                _ if noise(x / 2 + 300 * (y / 3)) & 1 == 0 => 0x00ff_ffff,
                _ => 0x0000_0080,
            }),
        ),
    ]
}

fn pixel_encodings() -> impl Iterator<Item = (i32, &'static str)> {
    ENCODINGS
        .iter()
        .filter(|encoding| matches!(encoding.role, Role::Pixels(_)))
        .map(|encoding| (encoding.number, encoding.name))
}

#[test]
fn every_encoding_in_every_format_shows_every_screen() {
    let mut cases = 0;
    for (number, name) in pixel_encodings() {
        for format in formats() {
            for (what, screen) in screens() {
                for open in [false, true] {
                    let size = screen.size();
                    let mut session = open_session(size);
                    let mut viewer = Viewer::new(size, format);
                    session.receive(&set_pixel_format(&format));
                    let encodings: &[i32] = if open { &[number, LAST_RECT] } else { &[number] };
                    session.receive(&set_encodings(encodings));
                    session.receive(&request(false, screen.bounds()));
                    let rectangles = viewer.update(&mut session, &screen);
                    assert!(
                        rectangles
                            .iter()
                            .all(|r| r.encoding == number || r.encoding == LAST_RECT),
                        "{name}: {rectangles:?}"
                    );
                    let wrong = viewer.first_difference(&screen);
                    assert_eq!(wrong, None, "{name}, {what}, {format:?}");
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 3 * 21 * 13 * 2);
}

/// The compressed streams go on from update to update, whatever is sent between.
#[test]
fn streams_survive_changes_of_encoding_and_format() {
    let size = Size::new(200, 150);
    let mut session = open_session(size);
    let mut screen = Framebuffer::new(size);
    let mut viewer = Viewer::new(size, PixelFormat::NATIVE);
    for (round, format) in formats().into_iter().cycle().take(60).enumerate() {
        let round = round as u32;
        let changed = Rect::new((round * 7 % 100) as i32, (round * 13 % 90) as i32, 90, 50);
        for y in changed.y..changed.bottom() {
            for x in changed.x..changed.right() {
                let colours = [1, 2, 4, 16, 100, 5000][round as usize % 6];
                screen.row_mut(y as u32)[x as usize] =
                    noise(round) ^ (noise(x as u32 + 300 * y as u32) % colours);
            }
        }
        session.damage(&Region::from(changed));
        let order = [[7, 16, 0], [16, 0, 7], [0, 7, 16]][round as usize / 2 % 3];
        session.receive(&set_pixel_format(&format));
        session.receive(&set_encodings(&order));
        session.receive(&request(!round.is_multiple_of(5), screen.bounds()));
        if viewer.format != format {
            viewer.format = format;
            session.damage(&Region::from(screen.bounds()));
        }
        let rectangles = viewer.update(&mut session, &screen);
        assert!(rectangles.iter().all(|r| r.encoding == order[0]));
        assert_eq!(viewer.first_difference(&screen), None, "round {round}");
    }
}

#[test]
fn flat_screens_cost_next_to_nothing() {
    let size = Size::new(1280, 1024);
    let screen = painted(size, |_, _| 0x00d4_d0c8);
    for (number, name) in pixel_encodings().filter(|(number, _)| *number != 0) {
        let mut session = open_session(size);
        session.receive(&set_encodings(&[number]));
        session.receive(&request(false, screen.bounds()));
        assert!(session.update(&screen));
        assert!(
            session.transmit().len() < 2000,
            "{name}: {}",
            session.transmit().len()
        );
    }
}
