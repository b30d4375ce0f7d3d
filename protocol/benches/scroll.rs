//! What a look at a whole screen costs: nothing changed, a letter, a log that scrolls, everything else.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use protocol::framebuffer::Framebuffer;
use protocol::geometry::{Rect, Size};
use protocol::scroll::{Look, Search};

const SIZE: Size = Size::new(1280, 1024);

fn mixed(number: u32) -> u32 {
    let number = (number ^ number >> 16).wrapping_mul(0x7feb_352d);
    (number ^ number >> 15).wrapping_mul(0x846c_a68b) >> 8
}

/// A log that fills the screen, from line `first` on.
fn log(first: u32) -> Framebuffer {
    let mut screen = Framebuffer::new(SIZE);
    screen.fill(screen.bounds(), 0x00ff_ffff);
    for line in 0..SIZE.height / 16 {
        for letter in 0..40 + mixed(first + line) % 110 {
            let shape = mixed((first + line) * 200 + letter) % 60;
            for dot in (0..24).filter(|dot| mixed(shape * 50 + dot) & 1 == 0) {
                let (x, y) = (letter * 8 + dot % 6, line * 16 + 2 + dot / 6 * 3);
                screen.fill(Rect::new(x as i32, y as i32, 1, 3), 0);
            }
        }
    }
    screen
}

fn noise(seed: u32) -> Framebuffer {
    let pixels = (0..SIZE.area() as u32).map(|index| mixed(index ^ seed));
    Framebuffer::from_pixels(SIZE, pixels.collect()).expect("as many pixels as the size has")
}

fn scroll(criterion: &mut Criterion) {
    let mut letter = log(0);
    letter.fill(Rect::new(600, 500, 8, 16), 0x00ff_0000);
    let cases = [
        ("nothing changed", log(0), log(0)),
        ("a letter", log(0), letter),
        ("a log scrolls", log(0), log(1)),
        ("everything else", log(0), noise(1)),
        ("noise", noise(1), noise(2)),
    ];
    for (what, old, new) in &cases {
        let bytes: Vec<u8> = new
            .pixels()
            .iter()
            .flat_map(|pixel| pixel.to_le_bytes())
            .collect();
        let look = Look::new(new.bounds(), &bytes).expect("as many bytes as pixels");
        let changes = Search::default().advance(&mut old.clone(), look);
        println!(
            "{what}: {} copies, {} pixels to send",
            changes.copies.len(),
            changes.damage.area()
        );
        criterion.bench_function(what, |bencher| {
            bencher.iter_batched_ref(
                || old.clone(),
                |frame| black_box(Search::default().advance(frame, black_box(look))),
                BatchSize::LargeInput,
            );
        });
    }
    // What went before was the same: the first of two looks is not measured.
    let (first, second) = (log(1), log(2));
    let bytes: Vec<u8> = second
        .pixels()
        .iter()
        .flat_map(|pixel| pixel.to_le_bytes())
        .collect();
    let before: Vec<u8> = first
        .pixels()
        .iter()
        .flat_map(|pixel| pixel.to_le_bytes())
        .collect();
    let looks = [&before, &bytes]
        .map(|bytes| Look::new(Rect::of_size(SIZE), bytes).expect("as many bytes as pixels"));
    criterion.bench_function("a log scrolls on", |bencher| {
        bencher.iter_batched_ref(
            || {
                let (mut search, mut frame) = (Search::default(), log(0));
                search.advance(&mut frame, looks[0]);
                (search, frame)
            },
            |(search, frame)| black_box(search.advance(frame, black_box(looks[1]))),
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, scroll);
criterion_main!(benches);
