//! Time and bytes of every encoding of pixels: a desktop-like first frame, and the small change that a key press makes.
#![allow(missing_docs)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use protocol::encoding::{ENCODINGS, Role, Wishes};
use protocol::framebuffer::Framebuffer;
use protocol::geometry::{Rect, Size};
use protocol::pixel_format::{PixelFormat, Translator};

const SIZE: Size = Size::new(1280, 1024);
/// One text line of a form.
const LINE: Rect = Rect::new(420, 360, 200, 18);

fn mixed(number: u32) -> u32 {
    let number = (number ^ number >> 16).wrapping_mul(0x7feb_352d);
    (number ^ number >> 15).wrapping_mul(0x846c_a68b) >> 8
}

/// Made-up letters of 7 by 12 pixels with smoothed edges: each is strokes that are the same wherever it stands.
fn text(screen: &mut Framebuffer, area: Rect, ink: u32, paper: u32) {
    let between = |share: u32| {
        let mix = |shift: u32| ((ink >> shift & 255) * share + (paper >> shift & 255) * (4 - share)) / 4;
        mix(16) << 16 | mix(8) << 8 | mix(0)
    };
    for (row, y) in (area.y..area.bottom() - 12).step_by(16).enumerate() {
        for (column, x) in (area.x..area.right() - 7).step_by(8).enumerate() {
            let letter = mixed((row * 5000 + column) as u32) % 60;
            if letter > 48 {
                continue;
            }
            for dy in 0..12 {
                for dx in 0..7 {
                    let stroke = (mixed(letter * 31 + dx % 3) % 12 == dy % 6)
                        || (mixed(letter * 77 + dy / 3) % 7 == dx);
                    if stroke {
                        let share = 2 + mixed(letter * 100 + dx * 12 + dy) % 3;
                        screen.fill(Rect::new(x + dx as i32, y + dy as i32, 1, 1), between(share));
                    }
                }
            }
        }
    }
}

/// A gateway as it stands most of the day: a frame with a log, a form, a title bar, an empty root window.
fn desktop() -> Framebuffer {
    let mut screen = Framebuffer::new(SIZE);
    screen.fill(screen.bounds(), 0x0030_5080);
    screen.fill(Rect::new(60, 40, 900, 700), 0x00ee_eeee);
    for row in 0..24 {
        screen.fill(
            Rect::new(60, 40 + row, 900, 1),
            0x0040_60a0 + row as u32 * 0x0003_0302,
        );
    }
    text(&mut screen, Rect::new(70, 80, 300, 640), 0x0010_1010, 0x00ee_eeee);
    screen.fill(Rect::new(400, 100, 540, 400), 0x00ff_ffff);
    text(
        &mut screen,
        Rect::new(410, 110, 520, 380),
        0x0000_0000,
        0x00ff_ffff,
    );
    for button in 0..4 {
        let frame = Rect::new(420 + button * 120, 540, 100, 28);
        screen.fill(frame, 0x0080_8080);
        screen.fill(frame.inflated(-1), 0x00dd_e4f0);
        text(&mut screen, frame.inflated(-6), 0x0000_0000, 0x00dd_e4f0);
    }
    screen
}

/// Soft shapes with some grain.
fn photo() -> Framebuffer {
    let mut screen = Framebuffer::new(SIZE);
    for y in 0..SIZE.height {
        for (x, pixel) in (0..).zip(screen.row_mut(y)) {
            let wave = |scale: f32, phase: f32| {
                let shade = (x as f32 / scale + phase).sin() * (y as f32 / scale / 1.3).cos();
                (128.0 + 90.0 * shade) as u32
            };
            let grain = mixed(x + 5000 * y) % 12;
            *pixel =
                (wave(37.0, 0.0) + grain) << 16 | (wave(53.0, 1.0) + grain) << 8 | (wave(71.0, 2.0) + grain);
        }
    }
    screen
}

fn encode(criterion: &mut Criterion) {
    let screen = desktop();
    let photo = photo();
    for (what, screen, rect, quality) in [
        ("desktop", &screen, screen.bounds(), None),
        ("line", &screen, LINE, None),
        ("desktop, JPEG allowed", &screen, screen.bounds(), Some(77)),
        ("photo", &photo, photo.bounds(), None),
        ("photo, JPEG allowed", &photo, photo.bounds(), Some(77)),
    ] {
        let wishes = Wishes {
            pixels: Translator::new(PixelFormat::NATIVE),
            quality,
            gradient: quality.is_none(),
            pictures: Arc::default(),
        };
        let mut group = criterion.benchmark_group(what);
        group.throughput(Throughput::Elements(rect.area() as u64));
        for encoding in ENCODINGS {
            let Role::Pixels(new) = encoding.role else {
                continue;
            };
            let mut out = Vec::new();
            new().encode(screen, rect, &wishes, &mut out);
            println!(
                "{what} {}: {} bytes when it comes first",
                encoding.name,
                out.len()
            );
            let mut encoder = new();
            group.bench_function(encoding.name, |bencher| {
                bencher.iter(|| {
                    out.clear();
                    encoder.encode(black_box(screen), rect, &wishes, &mut out);
                    black_box(out.len())
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, encode);
criterion_main!(benches);
