//! What a picture costs: a window and the whole screen, through shared memory and over the wire (GetImage, the way of
//! programs without MIT-SHM).

#![allow(clippy::unwrap_used, reason = "what fails here fails the bench")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::gateway::StandIn;
use common::{TestDisplay, take_events, wait_for_window};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gatehand::screen::Rect;
use gatehand::x11::{Desktop, DesktopOptions, Screen};
use serde_json::json;

fn capture(c: &mut Criterion) {
    let display = TestDisplay::start(1280, 1024);
    let _gateway = StandIn::start(&display, json!({"start": "main"}));
    let mut group = c.benchmark_group("capture");
    for (way, shared_memory) in [("shared memory", true), ("over the wire", false)] {
        let options = DesktopOptions {
            shared_memory,
            manage_windows: shared_memory,
        };
        let mut desktop = Desktop::connect(&display.address, options, || {}).unwrap();
        let window = wait_for_window(&mut desktop, "IBKR Gateway").id;
        let size = desktop.capture(window).unwrap().size();
        group.throughput(Throughput::Elements(size.area() as u64));
        group.bench_function(
            format!("window of {} x {}, {way}", size.width, size.height),
            |b| {
                b.iter(|| desktop.capture(window).unwrap());
            },
        );
        take_events(&mut desktop);
    }
    let mut screen = Screen::connect(&display.address).unwrap();
    screen.watch(true).unwrap();
    let whole = Rect::of_size(screen.size());
    group.throughput(Throughput::Elements(whole.area() as u64));
    group.bench_function(
        format!("screen of {} x {}, shared memory", whole.width, whole.height),
        |b| b.iter(|| screen.look(whole).unwrap().1.len()),
    );
    group.finish();
}

criterion_group!(benches, capture);
criterion_main!(benches);
