//! How long it takes to read a window: taken apart only, at first sight, and seen before.

use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gatehand::screen::{Frame, Size};
use gatehand::vision::{Cache, Reader, Segments, Tesseract, fingerprint};

fn picture(name: &str) -> Frame {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/vision")
        .join(name);
    let image = image::open(path).expect("the committed picture").to_rgb8();
    let size = Size::new(image.width(), image.height());
    let pixels = image
        .pixels()
        .map(|p| u32::from_be_bytes([0, p.0[0], p.0[1], p.0[2]]))
        .collect();
    Frame::from_pixels(size, pixels).expect("as many pixels as the size says")
}

fn vision(c: &mut Criterion) {
    for (name, file) in [
        ("message", "exit_metal_Dialog-12_off.png"),
        ("login", "login_metal_Dialog-12_off.png"),
    ] {
        let frame = picture(file);
        let lines = Segments::of(&frame).line_count() as u64;
        let mut group = c.benchmark_group(name);
        group.bench_function("fingerprint", |b| b.iter(|| fingerprint(black_box(&frame), &[])));
        group.throughput(Throughput::Elements(lines));
        group.bench_function("segmentation", |b| b.iter(|| Segments::of(black_box(&frame))));
        group.sample_size(20);
        let mut reader = Some(Reader::new(
            Tesseract::open(None).expect("Tesseract"),
            Cache::new(),
        ));
        group.bench_function("first sight", |b| {
            b.iter(|| {
                let mut fresh = reader.take().expect("put back below").forget();
                let reading = fresh.read(black_box(&frame)).expect("a reading");
                reader = Some(fresh);
                reading
            });
        });
        let known = reader.as_mut().expect("put back above");
        group.bench_function("lines seen before", |b| {
            // Pixels that belong to nothing make the window new and leaves its lines as they were.
            let mut number = 0u32;
            b.iter_batched(
                || {
                    number += 1;
                    let mut frame = frame.clone();
                    for bit in 0..8 {
                        frame.pixels_mut()[2 * bit] ^= number >> (2 * bit) & 3;
                    }
                    frame
                },
                |frame| known.read(black_box(&frame)).expect("a reading"),
                BatchSize::SmallInput,
            );
        });
        group.bench_function("window seen before", |b| {
            b.iter(|| known.read(black_box(&frame)).expect("a reading"));
        });
        group.finish();
    }
}

criterion_group!(benches, vision);
criterion_main!(benches);
