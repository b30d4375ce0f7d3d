//! Every encoding of pixels, in every kind of pixel format, of several screens: what the viewer decodes is the screen.
#![allow(missing_docs, clippy::unwrap_used)]

mod viewer;

use protocol::encoding::{ENCODINGS, Role};
use protocol::framebuffer::Framebuffer;
use protocol::geometry::{Rect, Size};
use protocol::pixel_format::{Channel, PixelFormat};
use protocol::region::Region;
use viewer::{
    HEXTILE, LAST_RECT, RAW, TIGHT, TIGHT_PNG, TRLE, Viewer, ZLIB, ZRLE, open_session, request,
    set_encodings, set_pixel_format,
};

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

/// Soft shapes with some grain.
fn photo(x: u32, y: u32) -> u32 {
    let wave = |scale: f64, phase: f64| {
        let shade = (f64::from(x) / scale + phase).sin() * (f64::from(y) / scale / 1.3).cos();
        (128.0 + 90.0 * shade) as u32
    };
    let grain = noise(x + 1000 * y) % 12;
    (wave(37.0, 0.0) + grain) << 16 | (wave(53.0, 1.0) + grain) << 8 | (wave(71.0, 2.0) + grain)
}

/// Strokes with smoothed edges on white.
fn text(x: u32, y: u32) -> u32 {
    if y % 14 < 9 && noise(x / 2 + 999 * (y / 14)) & 3 == 0 {
        (noise(x + 1000 * y) & 0x7f) * 0x0001_0101
    } else {
        0x00ff_ffff
    }
}

fn painted(size: Size, colour: impl Fn(u32, u32) -> u32) -> Framebuffer {
    let places = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
    let pixels = places.map(|(x, y)| colour(x, y) & 0x00ff_ffff);
    Framebuffer::from_pixels(size, pixels.collect()).unwrap()
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
        ("gradient", painted(odd, |x, y| x << 17 | y << 9 | ((x + y) / 2))),
        ("photo", painted(odd, photo)),
        ("text", painted(odd, text)),
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
                    // No viewer could make map entries of a PNG file's colours.
                    let replaced = number == TIGHT_PNG && !format.true_colour;
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
                            .all(|r| [number, LAST_RECT].contains(&r.encoding)
                                || replaced && r.encoding == RAW),
                        "{name}: {rectangles:?}"
                    );
                    assert!(viewer.photos.is_empty(), "nobody asked for a loss");
                    let wrong = viewer.first_difference(&screen);
                    assert_eq!(wrong, None, "{name}, {what}, {format:?}");
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 7 * 21 * 16 * 2);
}

/// What a viewer that asked for JPEG sees of `screen`: where pictures came, and how far off they are on average.
fn with_quality(number: i32, quality: i32, format: PixelFormat, screen: &Framebuffer) -> (Viewer, f64) {
    let mut session = open_session(screen.size());
    let mut viewer = Viewer::new(screen.size(), format);
    session.receive(&set_pixel_format(&format));
    session.receive(&set_encodings(&[number, quality, LAST_RECT]));
    session.receive(&request(false, screen.bounds()));
    viewer.update(&mut session, screen);
    let (mut off, mut colours) = (0, 0);
    for (rect, pixels) in &viewer.photos {
        for (sent, shown) in screen.crop(*rect).pixels().iter().zip(pixels) {
            let pairs = sent.to_be_bytes().into_iter().zip(shown.to_be_bytes());
            off += pairs
                .map(|(sent, shown)| u64::from(sent.abs_diff(shown)))
                .sum::<u64>();
            colours += 3;
        }
    }
    (viewer, off as f64 / f64::from(colours.max(1)))
}

/// The bytes of the first update in that encoding.
fn first_bytes(number: i32, screen: &Framebuffer) -> (usize, Viewer) {
    let mut session = open_session(screen.size());
    let mut viewer = Viewer::new(screen.size(), PixelFormat::NATIVE);
    session.receive(&set_encodings(&[number]));
    session.receive(&request(false, screen.bounds()));
    let rectangles = viewer.update(&mut session, screen);
    assert_eq!(viewer.first_difference(screen), None);
    (rectangles.iter().map(|r| r.bytes).sum(), viewer)
}

#[test]
fn pictures_without_loss_take_fewer_bytes_as_differences() {
    let screen = painted(Size::new(500, 300), photo);
    let (zlib, _) = first_bytes(ZLIB, &screen);
    let (tight, viewer) = first_bytes(TIGHT, &screen);
    assert!(viewer.gradients > 0);
    assert!(tight * 3 < zlib * 2, "{tight} {zlib}");
}

#[test]
fn pictures_may_lose_as_much_as_was_asked_for() {
    let screen = painted(Size::new(500, 300), photo);
    for number in [TIGHT, TIGHT_PNG] {
        let mut last = 0;
        // The coarse scale and the fine one, from the worst quality to the best; and the bound for each.
        for (quality, bound) in [(-32, 16.0), (-27, 8.0), (-437, 6.0), (-23, 4.0)] {
            let (viewer, off) = with_quality(number, quality, PixelFormat::NATIVE, &screen);
            let area: usize = viewer.photos.iter().map(|(rect, _)| rect.area()).sum();
            assert_eq!(area, screen.bounds().area(), "all of it is a picture");
            assert!(off > 0.0 && off < bound, "{quality}: {off}");
            let kept = (1000.0 / off) as u64;
            assert!(kept > last, "better quality, better picture: {quality}");
            last = kept;
        }
    }
}

#[test]
fn text_stays_as_it_is_beside_pictures_that_do_not() {
    let screen = painted(Size::new(640, 256), |x, y| {
        if x < 320 { photo(x, y) } else { text(x, y) }
    });
    let (viewer, _) = with_quality(TIGHT, -29, PixelFormat::NATIVE, &screen);
    assert!(!viewer.photos.is_empty());
    let mut shown = viewer.picture.clone();
    for (rect, _) in &viewer.photos {
        assert!(rect.right() <= 320, "{rect:?} is text");
        for y in rect.y as usize..rect.bottom() as usize {
            let columns = y * 640 + rect.x as usize..y * 640 + rect.right() as usize;
            shown[columns.clone()].copy_from_slice(&screen.pixels()[columns]);
        }
    }
    assert!(shown == screen.pixels(), "all else is exact");
}

#[test]
fn there_are_no_pictures_for_viewers_that_cannot_have_them() {
    let screen = painted(Size::new(200, 200), photo);
    for format in formats() {
        let (viewer, _) = with_quality(TIGHT, -29, format, &screen);
        let possible = format.true_colour && format.bits_per_pixel > 8;
        assert_eq!(!viewer.photos.is_empty(), possible, "{format:?}");
    }
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
        let mut order = [TIGHT, ZRLE, RAW, ZLIB, HEXTILE, TRLE];
        order.rotate_left(round as usize / 2 % 6);
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
        // The old ones tell every pixel or every small tile.
        let bound = if [TIGHT, TIGHT_PNG, ZRLE].contains(&number) {
            10_000
        } else {
            30_000
        };
        assert!(
            session.transmit().len() < bound,
            "{name}: {}",
            session.transmit().len()
        );
    }
}
