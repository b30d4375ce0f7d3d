//! A viewer that is in sends what it likes, while the screen goes on: it costs no more than it may, and ends nothing but
//! itself.
#![no_main]
#![allow(clippy::disallowed_types, reason = "what the macro makes reads files")]

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use protocol::encoding::{Cursor, ENCODINGS};
use protocol::framebuffer::Framebuffer;
use protocol::geometry::{Point, Rect, Size};
use protocol::scroll::Search;
use protocol::session::{Event, ResizeStatus};
use stage::viewer::{open_session, request, set_encodings, start, view_only_session};
use stage::{Change, Part, SIZE};

/// Bytes that may wait for a viewer that does not read: one picture of the largest screen here as it is, and answers.
const MAX_WAITING: usize = 2 * 256 * 256 * 4 + (1 << 17);

#[derive(Arbitrary, Debug)]
enum Step {
    Send(Vec<u8>),
    Encodings(Vec<u8>),
    /// How much JPEG may lose, and how hard to compress (rfbproto, "JPEG Quality Level", "Compression Level").
    Levels {
        chosen: Vec<u8>,
        quality: u8,
        compression: u8,
    },
    /// The extended clipboard: flags, and a text that is compressed.
    Clipboard {
        flags: u32,
        text: Vec<u8>,
    },
    Request {
        incremental: bool,
        part: Part,
    },
    Screen(Change),
    Rename(String),
    Text(String),
    Cursor {
        width: u8,
        height: u8,
        alpha: u8,
    },
    AnswerResize(bool),
    /// So many bytes leave, in as many milliseconds.
    Take(u16),
}

fuzz_target!(|input: (bool, Vec<Step>)| {
    let (view_only, steps) = input;
    let mut session = if view_only {
        view_only_session(SIZE)
    } else {
        open_session(SIZE)
    };
    let mut screen = Framebuffer::new(SIZE);
    let mut search = Search::default();
    let mut now = start();
    for step in steps {
        match step {
            Step::Send(bytes) => session.receive(&bytes),
            Step::Encodings(chosen) => {
                let numbers = chosen
                    .iter()
                    .map(|at| ENCODINGS[usize::from(*at) % ENCODINGS.len()].number);
                session.receive(&set_encodings(&numbers.collect::<Vec<_>>()));
            }
            Step::Levels {
                chosen,
                quality,
                compression,
            } => {
                let numbers = chosen
                    .iter()
                    .map(|at| ENCODINGS[usize::from(*at) % ENCODINGS.len()].number);
                let levels = [-32 + i32::from(quality % 10), -256 + i32::from(compression % 10)];
                session.receive(&set_encodings(&numbers.chain(levels).collect::<Vec<_>>()));
            }
            Step::Clipboard { flags, text } => {
                let mut deflated = ZlibEncoder::new(Vec::new(), Compression::fast());
                let length = (text.len() as u32).to_be_bytes();
                let written = deflated
                    .write_all(&length)
                    .and_then(|()| deflated.write_all(&text));
                written.expect("a vector takes it");
                let payload = [&flags.to_be_bytes()[..], &deflated.finish().expect("a vector")].concat();
                let length = (-(payload.len() as i32)).to_be_bytes();
                session.receive(&[&[6, 0, 0, 0], &length[..], &payload].concat());
            }
            Step::Request { incremental, part } => {
                session.receive(&request(incremental, part.on(screen.size())));
            }
            Step::Screen(change) => change.happen(&mut screen, &mut search, &mut session),
            Step::Rename(name) => session.renamed(&name),
            Step::Text(text) => session.text_changed(&text),
            Step::Cursor { width, height, alpha } => {
                let size = Size::new(u32::from(width % 64) + 1, u32::from(height % 64) + 1);
                let pixels = vec![u32::from_be_bytes([alpha, width, height, 7]); size.area()];
                let cursor = Cursor::new(size, Point::new(0, 0), pixels);
                session.cursor_changed(Arc::new(cursor.expect("as many pixels as it has")));
            }
            Step::AnswerResize(done) => session.answer_resize(match done {
                true => ResizeStatus::Done,
                false => ResizeStatus::OutOfResources,
            }),
            Step::Take(count) => {
                session.transmitted(session.transmit().len().min(count.into()));
                now += Duration::from_millis(count.into());
                session.at(now);
                session.handle_timeout(now);
            }
        }
        while let Some(event) = session.poll_event() {
            match event {
                Event::Key { .. } | Event::Pointer { .. } | Event::CutText(_) | Event::Resize(_) => {
                    assert!(!view_only, "{event:?} of a viewer that may only look");
                }
                Event::Authenticated(_) => panic!("it was in"),
                Event::Closed(_) => return,
            }
        }
        if let Ok(wanted) = session.wanted() {
            let inside = Rect::of_size(screen.size());
            assert!(inside.contains_rect(&wanted.bounds()), "{wanted:?}");
            session.update(&screen);
        }
        assert!(
            session.transmit().len() <= MAX_WAITING,
            "{}",
            session.transmit().len()
        );
    }
    session.disconnected();
    while session.poll_event().is_some() {}
});
