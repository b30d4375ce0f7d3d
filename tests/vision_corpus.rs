//! The reader against pictures of Swing dialogs with known contents (tests/java/DialogGallery.java paints them).
//!
//! `VISION_CORPUS=DIR cargo test --test vision_corpus -- --ignored --nocapture` measures a larger corpus.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gatehand::screen::{Frame, Reading, Rect, Size};
use gatehand::vision::text::Folded;
use gatehand::vision::{Cache, GreyImage, Ocr, OcrError, ReadText, Reader, Segments, Tesseract, controls};
use serde::Deserialize;

#[derive(Deserialize)]
struct Item {
    kind: String,
    text: String,
    x: i32,
    y: i32,
    w: u32,
    h: u32,
    enabled: bool,
    hint: Option<String>,
    on: Option<bool>,
}

impl Item {
    fn bounds(&self) -> Rect {
        Rect::new(self.x, self.y, self.w, self.h)
    }

    fn is_button(&self) -> bool {
        matches!(self.kind.as_str(), "button" | "toggle")
    }

    fn is_field(&self) -> bool {
        matches!(self.kind.as_str(), "field" | "secret")
    }
}

const SHORT: [&str; 12] = [
    "OK", "No", "Yes", "Exit", "Edit", "AM", "PM", "Help", "File", "Stop", "Quit", "Live",
];

#[derive(Default)]
struct Score {
    dialogs: usize,
    lines: usize,
    exact: usize,
    folded: usize,
    buttons: usize,
    buttons_found: usize,
    buttons_wrong: usize,
    short_wrong: usize,
    fields: usize,
    fields_found: usize,
    fields_wrong: usize,
    boxes: usize,
    boxes_right: usize,
    boxes_wrong: usize,
    toggles: usize,
    toggles_right: usize,
    toggles_wrong: usize,
    enabled: usize,
    enabled_right: usize,
    enabled_wrong: usize,
    labelled: usize,
    labelled_right: usize,
    labelled_wrong: usize,
    segment: Duration,
    total: Duration,
}

impl Score {
    fn add(&mut self, other: &Self) {
        self.dialogs += other.dialogs;
        self.lines += other.lines;
        self.exact += other.exact;
        self.folded += other.folded;
        self.buttons += other.buttons;
        self.buttons_found += other.buttons_found;
        self.buttons_wrong += other.buttons_wrong;
        self.short_wrong += other.short_wrong;
        self.fields += other.fields;
        self.fields_found += other.fields_found;
        self.fields_wrong += other.fields_wrong;
        self.boxes += other.boxes;
        self.boxes_right += other.boxes_right;
        self.boxes_wrong += other.boxes_wrong;
        self.toggles += other.toggles;
        self.toggles_right += other.toggles_right;
        self.toggles_wrong += other.toggles_wrong;
        self.enabled += other.enabled;
        self.enabled_right += other.enabled_right;
        self.enabled_wrong += other.enabled_wrong;
        self.labelled += other.labelled;
        self.labelled_right += other.labelled_right;
        self.labelled_wrong += other.labelled_wrong;
        self.segment += other.segment;
        self.total += other.total;
    }

    /// Judges what is said of a control that was found: whether it takes input.
    fn able(
        &mut self,
        frame: &Frame,
        reading: &Reading,
        place: Rect,
        item: &Item,
        complaints: &mut Vec<String>,
    ) {
        let said = controls::is_enabled(frame, reading, place);
        self.enabled += 1;
        self.enabled_right += usize::from(said == Some(item.enabled));
        if said.is_some_and(|said| said != item.enabled) {
            self.enabled_wrong += 1;
            complaints.push(format!(
                "{} {:?} is enabled: {}, said {said:?}",
                item.kind, item.text, item.enabled
            ));
        }
    }

    fn row(&self, name: &str) -> String {
        let share = |part: usize, of: usize| if of == 0 { 1.0 } else { part as f64 / of as f64 };
        let each = |time: Duration| time.as_secs_f64() * 1000.0 / self.dialogs.max(1) as f64;
        format!(
            "{name:<22} {:>4} {:>5} {:.3} {:.3} | {:>4} {:.3} {:>3} {:>3} | {:>4} {:.3} {:>3} | {:>4} {:.3} {:>3} | {:>3} {:.3} {:>2} | {:>4} {:.3} {:>2} | {:>3} {:.3} {:>2} | {:>5.2} {:>6.1}",
            self.dialogs,
            self.lines,
            share(self.exact, self.lines),
            share(self.folded, self.lines),
            self.buttons,
            share(self.buttons_found, self.buttons),
            self.buttons_wrong,
            self.short_wrong,
            self.fields,
            share(self.fields_found, self.fields),
            self.fields_wrong,
            self.boxes,
            share(self.boxes_right, self.boxes),
            self.boxes_wrong,
            self.toggles,
            share(self.toggles_right, self.toggles),
            self.toggles_wrong,
            self.enabled,
            share(self.enabled_right, self.enabled),
            self.enabled_wrong,
            self.labelled,
            share(self.labelled_right, self.labelled),
            self.labelled_wrong,
            each(self.segment),
            each(self.total),
        )
    }
}

const HEADING: &str = "what                   dlgs lines exact fold  | btns found bad sht | flds found bad | boxs right bad | tog right bd | able right bd | lab right bd | seg   all ms";

fn picture(path: &Path) -> Frame {
    let image = image::open(path).unwrap().to_rgb8();
    let size = Size::new(image.width(), image.height());
    let pixels = image
        .pixels()
        .map(|p| u32::from_be_bytes([0, p.0[0], p.0[1], p.0[2]]))
        .collect();
    Frame::from_pixels(size, pixels).unwrap()
}

fn corpus(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "png"))
        .collect();
    found.sort();
    found
}

/// The lines inside `bounds`, as one text.
fn text_in(reading: &Reading, bounds: &Rect) -> String {
    let inside = reading
        .lines
        .iter()
        .filter(|line| bounds.contains(line.bounds.center()));
    inside
        .map(|line| line.text.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn score(
    frame: &Frame,
    items: &[Item],
    reader: &mut Reader<Tesseract>,
    complaints: &mut Vec<String>,
) -> Score {
    let begin = Instant::now();
    std::hint::black_box(Segments::of(frame));
    let segment = begin.elapsed();
    let begin = Instant::now();
    let reading = reader.read(frame).unwrap();
    let mut score = Score {
        dialogs: 1,
        segment,
        total: begin.elapsed(),
        ..Score::default()
    };
    for item in items {
        let wanted = match &item.hint {
            Some(hint) => hint,
            None => &item.text,
        };
        if !wanted.is_empty() {
            let mut bounds = item.bounds();
            if item.is_field() {
                bounds = bounds.inflated(1);
            }
            let read = text_in(&reading, &bounds);
            score.lines += 1;
            score.exact += usize::from(read == *wanted);
            let folded = Folded::of(&read).equals(&Folded::of(wanted), 0.2).is_some();
            score.folded += usize::from(folded);
            if !folded {
                complaints.push(format!("text {} {wanted:?} read {read:?}", item.kind));
            }
        }
        if item.is_button() {
            score.buttons += 1;
            let found = controls::button(&reading, &item.text);
            let right = found
                .as_ref()
                .is_some_and(|button| item.bounds().contains(button.bounds.center()));
            score.buttons_found += usize::from(right);
            if !right {
                complaints.push(format!("button {:?} {} found {found:?}", item.text, item.enabled));
            } else if let Some(found) = found {
                score.able(frame, &reading, found.bounds, item, complaints);
            }
        }
        if item.is_field() {
            score.fields += 1;
            let right = controls::fields(&reading).iter().any(|field| {
                item.bounds().contains(field.bounds.center()) && field.bounds.width * 5 >= item.w * 4
            });
            score.fields_found += usize::from(right);
            if !right {
                complaints.push(format!("field {:?} not found", item.bounds()));
            }
        }
        if matches!(item.kind.as_str(), "check" | "radio") {
            score.boxes += 1;
            let found = controls::check_box(frame, &reading, &item.text);
            let place = found
                .as_ref()
                .is_some_and(|check| item.bounds().contains(check.bounds.center()));
            let right = place && found.as_ref().and_then(|check| check.checked) == item.on;
            score.boxes_right += usize::from(right);
            if let Some(found) = &found {
                score.able(frame, &reading, found.label, item, complaints);
            }
            let state = found.as_ref().and_then(|check| check.checked);
            score.boxes_wrong +=
                usize::from(found.is_some() && (!place || state.is_some() && state != item.on));
            if !right {
                complaints.push(format!(
                    "{} {:?} is {:?}, found {found:?}",
                    item.kind, item.text, item.on
                ));
            }
        }
    }
    for button in controls::buttons(&reading) {
        if !items
            .iter()
            .any(|item| item.is_button() && item.bounds().contains(button.bounds.center()))
        {
            score.buttons_wrong += 1;
            complaints.push(format!("false button {button:?}"));
        }
    }
    for label in SHORT {
        if let Some(button) = controls::button(&reading, label)
            && !items.iter().any(|item| {
                item.is_button() && item.text == label && item.bounds().contains(button.bounds.center())
            })
        {
            score.short_wrong += 1;
            complaints.push(format!("WRONG {label} {button:?}"));
        }
    }
    let toggles: Vec<(Rect, bool)> = items
        .iter()
        .filter(|item| item.kind == "toggle")
        .filter_map(|item| Some((controls::button(&reading, &item.text)?.bounds, item.on?)))
        .collect();
    for pair in toggles.chunks_exact(2) {
        score.toggles += 1;
        let selected = controls::selected_of(frame, &[pair[0].0, pair[1].0]);
        let right = selected == Some(usize::from(pair[1].1));
        score.toggles_right += usize::from(right);
        score.toggles_wrong += usize::from(!right && selected.is_some());
        if !right {
            complaints.push(format!("toggles {pair:?} {selected:?}"));
        }
    }
    for (label, password) in [
        ("Username", false),
        ("User name", false),
        ("Password", true),
        ("Socket port", false),
    ] {
        let truth = items
            .iter()
            .any(|item| item.text.trim_end_matches(':') == label || item.hint.as_deref() == Some(label));
        if !truth {
            continue;
        }
        score.labelled += 1;
        let found = controls::field_labelled(&reading, &[label]);
        let mut all: Vec<&Item> = items.iter().filter(|item| item.is_field()).collect();
        all.sort_by_key(|item| item.y);
        let wanted = all.get(usize::from(password));
        let right = match (&found, wanted) {
            (Some(field), Some(wanted)) => wanted.bounds().contains(field.bounds.center()),
            _ => false,
        };
        score.labelled_right += usize::from(right);
        score.labelled_wrong += usize::from(!right && found.is_some());
        if !right {
            complaints.push(format!("labelled {label:?} found {found:?}"));
        }
    }
    for field in controls::fields(&reading) {
        if !items
            .iter()
            .any(|item| item.is_field() && item.bounds().contains(field.bounds.center()))
        {
            score.fields_wrong += 1;
            complaints.push(format!("false field {:?}", field.bounds));
        }
    }
    score
}

fn run(folder: &Path) -> (BTreeMap<String, Score>, Score) {
    let mut groups: BTreeMap<String, Score> = BTreeMap::new();
    let mut all = Score::default();
    let talk = std::env::var_os("VISION_TALK").is_some();
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    for path in corpus(folder) {
        let items: Vec<Item> =
            serde_json::from_str(&std::fs::read_to_string(path.with_extension("json")).unwrap()).unwrap();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let parts: Vec<&str> = stem.split('_').collect();
        let mut complaints = Vec::new();
        if std::env::var_os("VISION_WARM").is_none() {
            reader = reader.forget();
        }
        let one = score(&picture(&path), &items, &mut reader, &mut complaints);
        if talk {
            for complaint in complaints {
                println!("{stem}: {complaint}");
            }
        }
        for group in [
            format!("dialog {}", parts[0]),
            format!("look {}", parts[1]),
            format!("font {} {}", parts[2], parts[3]),
        ] {
            groups.entry(group).or_default().add(&one);
        }
        all.add(&one);
    }
    (groups, all)
}

fn print(groups: &BTreeMap<String, Score>, all: &Score) {
    println!("{HEADING}");
    for (name, score) in groups {
        println!("{}", score.row(name));
    }
    println!("{}", all.row("all"));
}

#[test]
#[ignore = "measures a corpus that is not committed: set VISION_CORPUS"]
fn measure() {
    let folder = std::env::var_os("VISION_CORPUS").expect("VISION_CORPUS names the folder");
    let (groups, all) = run(Path::new(&folder));
    print(&groups, &all);
}

#[test]
fn committed_dialogs_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vision");
    let (groups, all) = run(&folder);
    print(&groups, &all);
    assert!(all.dialogs >= 40, "the pictures are missing");
    assert_eq!(all.short_wrong, 0, "a short label was found where there is none");
    assert_eq!(all.buttons_wrong, 0, "a button was found where there is none");
    assert_eq!(all.labelled_wrong, 0, "a label led to the wrong field");
    assert_eq!(all.boxes_wrong, 0, "a box was told to be in the wrong state");
    assert_eq!(all.toggles_wrong, 0, "the wrong toggle was told to be selected");
    assert_eq!(all.enabled_wrong, 0, "what is enabled was told wrongly");
    let floor = |what: &str, found: usize, of: usize, percent: usize| {
        assert!(
            found * 100 >= of * percent,
            "{what}: {found} of {of}, less than {percent} %"
        );
    };
    floor("lines, exact", all.exact, all.lines, 88);
    floor("lines, alike", all.folded, all.lines, 95);
    floor("buttons", all.buttons_found, all.buttons, 94);
    floor("fields", all.fields_found, all.fields, 97);
    floor("labelled fields", all.labelled_right, all.labelled, 96);
    floor("boxes", all.boxes_right, all.boxes, 90);
    floor("enabled", all.enabled_right, all.enabled, 80);
    floor("toggles", all.toggles_right, all.toggles, 90);
}

#[test]
fn a_default_button_is_read_through_its_focus_ring() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vision");
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    for look in ["metal", "nimbus", "gtk", "dark", "motif", "light"] {
        let frame = picture(&folder.join(format!("exit_{look}_Dialog-12_off.png")));
        let reading = reader.read(&frame).unwrap();
        assert!(
            controls::button(&reading, "Yes").is_some(),
            "{look}: {reading:#?}"
        );
        assert!(controls::button(&reading, "No").is_some(), "{look}: {reading:#?}");
    }
}

#[test]
fn the_titles_of_a_menu_bar_have_places() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vision");
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    let frame = picture(&folder.join("main_metal_Dialog-12_off.png"));
    let reading = reader.read(&frame).unwrap();
    let [file, configure, help] = ["File", "Configure", "Help"].map(|title| {
        controls::phrase_bounds(&reading, title).unwrap_or_else(|| panic!("{title}: {reading:#?}"))
    });
    assert!(file.right() <= configure.x && configure.right() <= help.x);
}

/// An engine that must not be needed, or reads nothing.
struct Blind {
    calls: usize,
}

impl Ocr for Blind {
    fn read_line(&mut self, _: &GreyImage) -> Result<ReadText, OcrError> {
        self.calls += 1;
        Ok(ReadText::default())
    }

    fn read_sparse(&mut self, picture: &GreyImage) -> Result<Vec<(ReadText, Rect)>, OcrError> {
        self.calls += 1;
        assert!(picture.pixels.len() <= 6_000_000);
        Ok(vec![(
            ReadText {
                text: "far".to_owned(),
                confidence: 90,
            },
            Rect::new(i32::MAX / 2, i32::MAX / 2, 5, 5),
        )])
    }
}

fn noise(size: Size, mask: u32) -> Frame {
    let mut frame = Frame::new(size);
    let mut seed = 7u32;
    for pixel in frame.pixels_mut() {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *pixel = (seed >> 8) & mask;
    }
    frame
}

#[test]
fn strange_pictures_are_read_without_a_panic() {
    let sizes = [
        (0, 0),
        (0, 9),
        (9, 0),
        (1, 1),
        (1, 3000),
        (3000, 1),
        (2, 2),
        (5, 7),
        (300, 200),
        (4000, 4000),
    ];
    for (width, height) in sizes {
        let size = Size::new(width, height);
        let mut checkers = Frame::new(size);
        for (at, pixel) in checkers.pixels_mut().iter_mut().enumerate() {
            *pixel = if at / 3 % 2 == 0 { 0xffffff } else { 0 };
        }
        for frame in [
            Frame::new(size),
            noise(size, 0xffffff),
            noise(size, 0x800000),
            checkers,
        ] {
            let mut reader = Reader::new(Blind { calls: 0 }, Cache::new());
            let reading = reader.read(&frame).unwrap();
            assert_eq!(reading.size, size);
            assert!(reading.regions.len() <= 4096 && reading.lines.len() <= 401);
            for field in controls::fields(&reading) {
                assert!(frame.bounds().contains_rect(&field.bounds));
            }
            controls::look(&frame, Rect::new(-5, -5, 20, 20));
            controls::check_box(&frame, &reading, "far");
        }
    }
}

#[test]
fn what_was_read_needs_no_engine_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vision");
    let frame = picture(&folder.join("login_metal_Dialog-12_off.png"));
    let state = tempfile::tempdir().unwrap();
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    let first = reader.read(&frame).unwrap();
    reader.cache().save(state.path()).unwrap();
    let (cache, error) = Cache::load(state.path());
    assert!(error.is_none());
    let mut again = Reader::new(Blind { calls: 0 }, cache);
    assert_eq!(*again.read(&frame).unwrap(), *first);
    assert_eq!(again.engine().calls, 0);
}
