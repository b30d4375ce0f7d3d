//! The viewers' port against x11vnc, x0tigervncserver, Xtigervnc and a plain program on libvncserver, all in one run: each
//! on a display of its own, in turns, before one client that decodes what it asks for and compares the pixels.
//!
//! A whole run writes docs/performance.md. `GATEHAND_BENCH_SECONDS` (4) is how long things that go on are looked at,
//! `GATEHAND_BENCH_CASE` part of the names of cases (`measure.rs`); with one of them, or with names of servers as
//! arguments, the run is for looking only, of one round.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "what fails here fails the bench"
)]

mod client;
mod decode;
mod measure;
mod peers;
mod stage;
mod table;

use std::fs;
use std::time::Duration;

use peers::{Peer, build_mapped};
use table::Table;

const ROUNDS: usize = 3;
const SECONDS: u64 = 4;
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wanted =
        |peer: &Peer| asked.is_empty() || asked.iter().any(|word| peer.name().contains(word.as_str()));
    let peers: Vec<Peer> = Peer::ALL.into_iter().filter(wanted).collect();
    let seconds = std::env::var("GATEHAND_BENCH_SECONDS")
        .ok()
        .map(|text| text.parse().unwrap());
    let case = std::env::var("GATEHAND_BENCH_CASE").ok();
    let whole = asked.is_empty() && seconds.is_none() && case.is_none();
    let time = Duration::from_secs(seconds.unwrap_or(SECONDS));
    let rounds = if whole { ROUNDS } else { 1 };

    let load_before = load();
    let folder = tempfile::tempdir().unwrap();
    let mapped = build_mapped(folder.path());
    let mut table = Table::default();
    for round in 1..=rounds {
        for peer in &peers {
            eprintln!("round {round} of {rounds}: {}", peer.name());
            measure::round(
                *peer,
                &mapped,
                case.as_deref().unwrap_or_default(),
                time,
                &mut table,
            );
        }
    }
    let (values, aims) = (table.text(&peers), table.aims());
    println!("{values}\n{aims}");
    if whole {
        fs::write(DOCUMENT, document(&values, &aims, &load_before)).unwrap();
    }
}

/// How many processes wanted a CPU over the last minute.
fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap();
    load.split(' ').next().unwrap_or_default().to_owned()
}

fn document(values: &str, aims: &str, load_before: &str) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load_after = load();
    format!(
        "# How fast the viewers' port is

Made by `cargo bench --bench viewers`; `make bench` installs the other servers. One client decodes all that it asks for
and compares its pixels with the display's; the workloads are the same, pixel by pixel, for every server. Each server
runs on a display of its own of 1280 x 1024 pixels, in turns, {ROUNDS} rounds; the values are medians. Measured on a virtual
machine with {cores} cores that also ran the display and the client: the ratios are what counts. Load average of one minute:
{load_before} before, {load_after} at the end; the more other work there was, the less the times mean. gatehand is built by the
profile that releases are built by. Bytes are those of all messages but the pointer's picture (1.1 KB), which
x0tigervncserver does not send.

- `x11vnc`: as the images for gateways run it. `x0tigervncserver`: TigerVNC's, for a display that is there.
- `Xtigervnc`: an X server itself, which is told what is drawn; its CPU and memory include the X server's.
- `libvncserver`: some hundred lines on that library and the mapped framebuffer of Xvfb (`benches/viewers/mapped.c`).

{values}
## What is aimed at

{aims}
## What was chosen by measuring

- Tight's gradient filter: 419 KB where the colours themselves take 1470 KB (soft shapes of 1280 x 512 pixels), 994 where
  they take 1768 (the same with grain), in half the time or less; so pictures without loss use it, for viewers that do not
  ask for JPEG.
- zlib at level 7 for what was packed before, 2 for plain pixels: 7 to 16 % fewer bytes for half more time.
- Sorted palettes in ZRLE's tiles, and packed indices that count half against runs: 4 to 16 % fewer bytes, no more time.
- Pictures by libjpeg-turbo, straight from the screen's rows, after cheap questions whether they are any: 3.8 ms for a full
  screen, where an encoder in Rust and dearer questions took 15.9, in as many bytes.
- Whole rows are compared before their parts, and hashed only where something changed: a look at a whole screen takes 0.36 ms
  instead of 0.57 when nothing changed, 1.0 instead of 1.13 when it scrolled by a line. Tile rows of a length that the
  compiler knows, and neighbours that are written at once, take off another fifth of the latter.
- What scrolled last is asked first whether it scrolled on: 0.84 ms instead of 1.35 for a look at a whole screen (fresh
  memory, a busy machine), 2.4 to 2.8 % of a CPU instead of 6.4 for a log of 20 lines a second.
- A large look takes in a line of text around it, and what it showed is not looked at again when the display's notice of it
  comes later: 1.0 looks a line of the log instead of 1.5, each a wake of the X server and of ours.
- The screen is captured when a viewer has shown its password, while it learns the screen's size: one that asks before that
  is done had its first frame after 6.7 ms, others after 4.0, on one machine.
- What only the start needed of the program's code and constants is let go when the ports are open: 10.4 MB with one viewer
  instead of 15.0, and the first viewer is in after 10 ms as before. What viewers needed is let go when the last one leaves.
- Each viewer has its own encoding. Of the CPU that 16 viewers of a scrolling log need by ZRLE, zlib, whose streams are each
  viewer's own, takes half, the look at the screen, which they share, 18 %, and what comes before zlib, which viewers of one
  format could share, 12 %. A JPEG file is made once for all viewers of one quality, which is what their lines can bear.
- glibc gives blocks of 2 MB and more back at once: it would otherwise keep the 5 MB of a screen that nobody looks at.
- Where all of the screen changes all the time, rows travel by Raw as they are in memory, a film is compared only where it may
  have ended and searched for scrolling ever more rarely, and the room for its updates is kept: 1.7 to 1.9 ms of CPU a frame
  instead of 2.3. The screen lies in large pages where the system has them: 2.05 instead of 2.18 (a build without LTO).
"
    )
}
