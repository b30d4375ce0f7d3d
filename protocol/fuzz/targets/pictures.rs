//! Whatever happens to the screen, and whichever lossless encodings and pixel format a viewer changes to meanwhile: when
//! all is quiet, it sees the screen.
#![no_main]
#![allow(clippy::disallowed_types, reason = "what the macro makes reads files")]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use protocol::framebuffer::Framebuffer;
use protocol::geometry::Rect;
use protocol::pixel_format::{Channel, PixelFormat};
use protocol::region::Region;
use protocol::scroll::Search;
use protocol::session::Session;
use stage::viewer::{
    COPY_RECT, DESKTOP_SIZE, HEXTILE, LAST_RECT, RAW, TIGHT, TIGHT_PNG, TRLE, Viewer, ZLIB, ZRLE,
    open_session, request, set_encodings, set_pixel_format, take,
};
use stage::{Change, Part, SIZE};

const CHOICES: [i32; 9] = [
    RAW, COPY_RECT, HEXTILE, ZLIB, TIGHT, TRLE, ZRLE, TIGHT_PNG, LAST_RECT,
];

#[derive(Arbitrary, Debug)]
enum Step {
    Screen(Change),
    /// In the order of preference.
    Encodings(Vec<u8>),
    Format {
        wide: u8,
        big_endian: bool,
        mapped: bool,
        bits: [u8; 3],
        gap: u8,
    },
    Request {
        incremental: bool,
        part: Part,
    },
    /// The server sends a part of its update.
    Part,
    /// The server sends all, and the viewer reads it.
    Read,
}

/// A format that a viewer may have: its colours lie side by side.
fn format(wide: u8, big_endian: bool, mapped: bool, bits: [u8; 3], gap: u8) -> PixelFormat {
    let bits_per_pixel = [8, 16, 32][usize::from(wide) % 3];
    if mapped {
        let none = Channel::new(0, 0);
        return PixelFormat {
            bits_per_pixel,
            depth: 8,
            big_endian,
            true_colour: false,
            red: none,
            green: none,
            blue: none,
        };
    }
    let most = [2, 5, 8][usize::from(wide) % 3];
    let bits = bits.map(|bits| 1 + bits % most);
    let used: u8 = bits.iter().sum();
    let mut shift = gap % (bits_per_pixel - used + 1);
    let [red, green, blue] = bits.map(|bits| {
        let channel = Channel::new((1 << bits) - 1, shift);
        shift += bits;
        channel
    });
    PixelFormat {
        bits_per_pixel,
        depth: used,
        big_endian,
        true_colour: true,
        red,
        green,
        blue,
    }
}

struct Pair {
    session: Session,
    screen: Framebuffer,
    viewer: Viewer,
    wire: Vec<u8>,
}

impl Pair {
    fn part(&mut self) -> bool {
        let more = self.session.update(&self.screen);
        self.wire.extend(take(&mut self.session));
        more
    }

    fn read(&mut self) {
        while self.part() {}
        self.viewer.read(&std::mem::take(&mut self.wire));
    }
}

fuzz_target!(|steps: Vec<Step>| {
    let mut pair = Pair {
        session: open_session(SIZE),
        screen: Framebuffer::new(SIZE),
        viewer: Viewer::new(SIZE, PixelFormat::NATIVE),
        wire: Vec::new(),
    };
    pair.session.receive(&set_encodings(&[RAW, DESKTOP_SIZE]));
    pair.session.receive(&request(false, Rect::of_size(SIZE)));
    let mut search = Search::default();
    for step in steps {
        match step {
            Step::Screen(change) => change.happen(&mut pair.screen, &mut search, &mut pair.session),
            Step::Encodings(chosen) => {
                let chosen = chosen.iter().map(|at| CHOICES[usize::from(*at) % CHOICES.len()]);
                let numbers: Vec<i32> = chosen.chain([DESKTOP_SIZE]).collect();
                pair.session.receive(&set_encodings(&numbers));
            }
            Step::Format {
                wide,
                big_endian,
                mapped,
                bits,
                gap,
            } => {
                // What is under way comes in the old one.
                pair.read();
                pair.viewer.format = format(wide, big_endian, mapped, bits, gap);
                pair.session.receive(&set_pixel_format(&pair.viewer.format));
                pair.session.damage(&Region::from(pair.screen.bounds()));
            }
            Step::Request { incremental, part } => {
                let area = part.on(pair.screen.size());
                pair.session.receive(&request(incremental, area));
            }
            Step::Part => drop(pair.part()),
            Step::Read => pair.read(),
        }
    }
    for _ in 0..3 {
        pair.session.receive(&request(true, pair.screen.bounds()));
        pair.read();
    }
    assert_eq!(pair.viewer.size, pair.screen.size());
    assert_eq!(pair.viewer.first_difference(&pair.screen), None);
});
