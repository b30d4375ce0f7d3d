//! Arbitrary rules and arbitrary pictures: never a panic, and never more work than a window can be worth.
//!
//! Each test makes the same input every time: seeds, not clocks. Work is counted, in questions to the engine and in
//! pixels shown to it.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::path::Path;

use gatehand::dialogs::Catalogue;
use gatehand::screen::{Frame, Reading, Rect, RegionKind, Size, Window, WindowId, WindowKind};
use gatehand::vision::{Cache, GreyImage, Ocr, OcrError, ReadText, Reader, Tesseract, controls, fingerprint};

/// A linear congruential generator of 64 bits; its high half is handed out.
struct Lot(u64);

impl Lot {
    fn next(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end.max(1)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

const LOGIN: &str = include_str!("../src/dialogs/catalogue/login.toml");
const TOKENS: [&str; 22] = [
    "[[rule]]\n",
    "[rule]\n",
    "name = ",
    "title = [",
    "text = \"",
    "\"",
    "'''",
    "\"\"\"",
    "answers.yes = [\"OK\"]\n",
    "setting = \"x\"\n",
    "press = [\"\"]\n",
    "words = [\" \"]\n",
    "dangerous = true\n",
    "]",
    "[",
    "{",
    "=",
    "\0",
    "\u{feff}",
    "\u{1F600}",
    "9e999\n",
    "?",
];

fn window(title: &str) -> Window {
    Window {
        id: WindowId(1),
        title: title.to_owned(),
        class: String::new(),
        kind: WindowKind::Dialog,
        transient_for: None,
        geometry: Rect::new(0, 0, 10, 10),
        pid: None,
        client: 1,
        stacking: 0,
    }
}

/// Adds `text` to the built-in rules; what is wrong is told in one line and changes nothing.
fn try_rules(text: &str) {
    let mut catalogue = Catalogue::built_in().unwrap();
    let before = catalogue.rules().len();
    match catalogue.add(Path::new("fuzz.toml"), text) {
        Ok(()) => {
            let reading = Reading::default();
            for title in ["", "Login", text] {
                std::hint::black_box(catalogue.recognise(&window(title), &reading));
            }
        }
        Err(error) => {
            assert_eq!(catalogue.rules().len(), before, "{text:?}");
            let message = error.to_string();
            assert!(!message.contains('\n'), "{message:?}");
            assert!(message.contains("fuzz.toml"), "{message:?}");
        }
    }
}

#[test]
fn arbitrary_bytes_are_no_rules_and_no_panic() {
    let mut lot = Lot(1);
    for length in (0..200).chain([4096, 100_000]) {
        let bytes: Vec<u8> = (0..length).map(|_| lot.next() as u8).collect();
        try_rules(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn rules_that_were_damaged_are_rules_or_an_error() {
    let mut lot = Lot(2);
    for _ in 0..600 {
        let mut text: Vec<char> = LOGIN.chars().collect();
        for _ in 0..=lot.below(6) {
            let at = lot.below(text.len() + 1);
            match lot.below(4) {
                0 => text.truncate(at),
                1 => {
                    let end = (at + lot.below(40)).min(text.len());
                    text.drain(at..end);
                }
                2 => {
                    let end = (at + lot.below(200)).min(text.len());
                    let again: Vec<char> = text[at..end].to_vec();
                    text.splice(at..at, again);
                }
                _ => {
                    let token: Vec<char> = lot.pick(&TOKENS).chars().collect();
                    text.splice(at..at, token);
                }
            }
        }
        try_rules(&text.into_iter().collect::<String>());
    }
    for _ in 0..400 {
        let number = lot.below(30);
        let text: String = (0..number).map(|_| *lot.pick(&TOKENS)).collect();
        try_rules(&text);
    }
}

#[test]
fn deep_and_long_rules_end() {
    for text in [
        "[".repeat(100_000),
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a=".repeat(50_000)),
        format!("{}a = 1", "a.".repeat(50_000)),
        format!("[[rule]]\nname = \"x\"\ntext = [\"{}\"]\n", "a".repeat(1 << 20)),
        format!("[[rule]]\nname = \"x\"\ntitle = [{}]\n", "\"a\",".repeat(100_000)),
    ] {
        try_rules(&text);
    }
}

/// Reads nonsense, and counts what it is asked.
#[derive(Default)]
struct Nonsense {
    lot: u64,
    lines: usize,
    windows: usize,
    largest: usize,
}

impl Nonsense {
    fn say(&mut self, picture: &GreyImage) -> ReadText {
        assert_eq!(picture.pixels.len(), picture.width * picture.height);
        self.largest = self.largest.max(picture.pixels.len());
        let mut lot = Lot(self.lot);
        self.lot += 1;
        let text: String = (0..lot.below(30))
            .map(|_| *lot.pick(&["O", "K", " ", "e", "I", ".", "\u{fffd}"]))
            .collect();
        ReadText {
            text,
            confidence: lot.below(101) as u8,
        }
    }
}

impl Ocr for Nonsense {
    fn read_line(&mut self, picture: &GreyImage) -> Result<ReadText, OcrError> {
        self.lines += 1;
        Ok(self.say(picture))
    }

    fn read_sparse(&mut self, picture: &GreyImage) -> Result<Vec<(ReadText, Rect)>, OcrError> {
        self.windows += 1;
        let far = Rect::new(i32::MAX - 5, i32::MIN, u32::MAX, 3);
        Ok(vec![
            (self.say(picture), far),
            (self.say(picture), Rect::new(1, 1, 9, 9)),
        ])
    }
}

/// What a picture is made of.
const PATTERNS: usize = 8;

fn paint(lot: &mut Lot, size: Size, pattern: usize) -> Frame {
    let mut frame = Frame::new(size);
    let (width, height) = (size.width.max(1) as usize, size.height.max(1) as usize);
    let colour = |lot: &mut Lot| *lot.pick(&[0, 0xff_ffff, 0xee_eeee, 0x2b_2b2b, 0x33_66cc, 0xd0_d0d0]);
    match pattern {
        0 => frame.pixels_mut().fill_with(|| lot.next() & 0xff_ffff),
        1 => frame
            .pixels_mut()
            .fill_with(|| if lot.next() & 7 == 0 { 0xff_ffff } else { 0 }),
        // Boxes beside boxes, as check boxes are.
        2 => {
            let pitch = 12 + lot.below(6);
            for (at, pixel) in frame.pixels_mut().iter_mut().enumerate() {
                let (x, y) = (at % width % pitch, at / width % pitch);
                *pixel = if x < 11 && y < 11 { 0x22_2222 } else { 0xff_ffff };
            }
        }
        3 => {
            for (at, pixel) in frame.pixels_mut().iter_mut().enumerate() {
                let grey = ((at / width + at % width / 3) & 0xff) as u32;
                *pixel = grey << 16 | grey << 8 | grey;
            }
        }
        // Frames in frames.
        4 => {
            let mut bounds = frame.bounds();
            while !bounds.is_empty() {
                let inside = colour(lot);
                frame.fill(bounds, inside);
                bounds = bounds.inflated(-1 - lot.below(6) as i32);
            }
        }
        // Something like a window: panels, buttons, letters, everywhere.
        _ => {
            let back = colour(lot);
            frame.fill(frame.bounds(), back);
            for _ in 0..lot.below(400) {
                let (x, y) = (lot.below(width) as i32 - 3, lot.below(height) as i32 - 3);
                let (w, h) = *lot.pick(&[
                    (2, 9),
                    (6, 9),
                    (80, 24),
                    (60, 25),
                    (13, 13),
                    (200, 1),
                    (1, 40),
                    (150, 90),
                ]);
                let pen = colour(lot);
                frame.fill(Rect::new(x, y, w, h), pen);
            }
        }
    }
    frame
}

/// Reads a picture and asks all that may be asked about it.
fn read<O: Ocr>(reader: &mut Reader<O>, frame: &Frame) {
    let reading = reader.read(frame).unwrap();
    assert_eq!(reading.size, frame.size());
    assert_eq!(reading.fingerprint, fingerprint(frame, &[]));
    assert!(reading.regions.len() <= 1024, "{} regions", reading.regions.len());
    assert!(reading.lines.len() <= 402, "{} lines", reading.lines.len());
    for region in &reading.regions {
        assert!(frame.bounds().contains_rect(&region.bounds), "{region:?}");
    }
    for button in controls::buttons(&reading) {
        assert!(frame.bounds().contains_rect(&button.bounds), "{button:?}");
        controls::button(&reading, &button.label);
        controls::look(frame, button.bounds);
    }
    for line in &reading.lines {
        assert!(reading.region_of(line).is_some() || line.region.is_none());
        controls::check_box(frame, &reading, &line.text);
        controls::phrase_bounds(&reading, &line.text);
        controls::field_labelled(&reading, &[&line.text]);
    }
    let places: Vec<Rect> = reading
        .regions
        .iter()
        .filter(|region| region.kind == RegionKind::Button)
        .map(|region| region.bounds)
        .collect();
    controls::selected_of(frame, &places);
}

/// A reader that has read the picture, with no more work than any picture may cost.
fn read_with_bounded_work(frame: &Frame) -> Reader<Nonsense> {
    let mut reader = Reader::new(Nonsense::default(), Cache::new());
    read(&mut reader, frame);
    let engine = reader.engine();
    assert!(
        engine.lines <= 2 * 400 && engine.windows <= 1,
        "{} lines",
        engine.lines
    );
    assert!(engine.largest <= 6_000_000, "{} pixels at once", engine.largest);
    reader
}

#[test]
fn arbitrary_pictures_are_read_with_bounded_work() {
    let mut lot = Lot(3);
    let edges = [0, 1, 2, 3, 7, 13, 31, 64, 127, 200, 333];
    for round in 0..160 {
        let size = Size::new(*lot.pick(&edges), *lot.pick(&edges));
        let frame = paint(&mut lot, size, round % PATTERNS);
        let mut reader = read_with_bounded_work(&frame);
        let asked = reader.engine().lines;
        read(&mut reader, &frame);
        assert_eq!(reader.engine().lines, asked, "what was read is known");
    }
}

#[test]
fn huge_pictures_are_read_with_bounded_work() {
    let mut lot = Lot(4);
    for (pattern, size) in [
        (0, Size::new(3000, 2000)),
        (1, Size::new(5000, 900)),
        (2, Size::new(4096, 1400)),
        (3, Size::new(2500, 4000)),
        (4, Size::new(3000, 3000)),
        (5, Size::new(1, 60_000)),
        (6, Size::new(60_000, 1)),
        (7, Size::new(20_000, 40)),
    ] {
        let frame = paint(&mut lot, size, pattern);
        read_with_bounded_work(&frame);
    }
}

#[test]
fn the_engine_bears_arbitrary_pictures() {
    let mut lot = Lot(5);
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    for round in 0..24 {
        let size = Size::new(1 + lot.below(160) as u32, 1 + lot.below(100) as u32);
        let frame = paint(&mut lot, size, round % PATTERNS);
        read(&mut reader, &frame);
    }
}
