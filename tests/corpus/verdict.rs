//! What the reader and the catalogue make of one case, against its truth.

use std::time::Duration;

use gatehand::dialogs::{Catalogue, Meaning, Recognition, Rule};
use gatehand::screen::{Reading, Rect};
use gatehand::vision::absence::first_button;
use gatehand::vision::text::Folded;
use gatehand::vision::{GreyImage, Ocr, OcrError, ReadText, Reader, Segments, Tesseract, controls};

use super::case::{Case, Part};

/// Every value that a setting of a rule may have.
const VALUES: [&str; 12] = [
    "yes",
    "no",
    "accept",
    "reject",
    "defer",
    "ignore",
    "manual",
    "primary",
    "primaryoverride",
    "secondary",
    "transmit",
    "cancel",
];

/// What this thread has used of its core: other programs do not count.
fn used() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Tesseract, with a count of what it was asked.
pub struct Counted {
    engine: Tesseract,
    pub lines: usize,
    pub windows: usize,
    pub time: Duration,
}

impl Counted {
    pub fn new() -> Self {
        Self {
            engine: Tesseract::open(None).unwrap(),
            lines: 0,
            windows: 0,
            time: Duration::ZERO,
        }
    }
}

impl Ocr for Counted {
    fn read_line(&mut self, picture: &GreyImage) -> Result<ReadText, OcrError> {
        let begin = used();
        let read = self.engine.read_line(picture);
        self.lines += 1;
        self.time += used().saturating_sub(begin);
        read
    }

    fn read_sparse(&mut self, picture: &GreyImage) -> Result<Vec<(ReadText, Rect)>, OcrError> {
        let begin = used();
        let read = self.engine.read_sparse(picture);
        self.windows += 1;
        self.time += used().saturating_sub(begin);
        read
    }
}

/// How one case was judged.
#[derive(Default)]
pub struct Verdict {
    /// Rules that claim the window.
    pub claimed: Vec<String>,
    /// Claimed by a rule that it does not belong to.
    pub is_false: bool,
    /// Claimed as it must be, and every answer that a setting may want would press its own button.
    pub right: bool,
    /// Answers that would press something else than what they are for.
    pub wrong_acts: usize,
    pub buttons: usize,
    pub buttons_found: usize,
    /// Labels found where there is no such button.
    pub buttons_wrong: usize,
    pub boxes: usize,
    pub boxes_right: usize,
    /// A state that is not the true one; one that cannot be told is none.
    pub boxes_wrong: usize,
    /// What the engine was asked: lines, and whole windows.
    pub reads: usize,
    pub sparse: usize,
    pub segmentation: Duration,
    pub engine: Duration,
    pub total: Duration,
    pub complaints: Vec<String>,
}

/// Reads and judges `case`; the engine is asked about all that `reader` does not remember.
pub fn judge(case: &Case, reader: &mut Reader<Counted>, catalogue: &Catalogue) -> Verdict {
    let begin = used();
    std::hint::black_box(Segments::of(&case.frame));
    let segmentation = used().saturating_sub(begin);
    let before = (
        reader.engine().lines,
        reader.engine().windows,
        reader.engine().time,
    );
    let begin = used();
    let reading = reader.read(&case.frame).unwrap();
    let total = used().saturating_sub(begin);
    let engine = reader.engine();
    let mut verdict = Verdict {
        segmentation,
        total,
        reads: engine.lines - before.0,
        sparse: engine.windows - before.1,
        engine: engine.time - before.2,
        right: true,
        ..Verdict::default()
    };
    let window = case.window();
    let claims: Vec<&Rule> = match catalogue.recognise(&window, &reading) {
        Recognition::Known(rule) => vec![rule],
        Recognition::Ambiguous(rules) => rules,
        Recognition::Unknown => Vec::new(),
    };
    verdict.claimed = claims.iter().map(|rule| rule.name.clone()).collect();
    let wanted: Vec<&String> = case.truth.rule.iter().collect();
    verdict.is_false = verdict.claimed.iter().any(|rule| !wanted.contains(&rule));
    if verdict.claimed.iter().collect::<Vec<_>>() != wanted {
        verdict.right = false;
        verdict.complaints.push(format!(
            "claimed by {:?}, \"{}\": {:?}",
            verdict.claimed,
            case.truth.title,
            reading.text()
        ));
    }
    if let [rule] = claims[..] {
        acts(case, rule, &reading, &mut verdict);
    }
    buttons(case, &reading, &mut verdict);
    boxes(case, &reading, &mut verdict);
    verdict
}

/// What the rule would press under each value of its setting.
fn acts(case: &Case, rule: &Rule, reading: &Reading, verdict: &mut Verdict) {
    let mut answers: Vec<&[String]> = VALUES.iter().map(|value| rule.answers(Some(value))).collect();
    answers.push(match rule.meaning {
        Meaning::Login => rule.buttons(),
        _ => rule.answers(None),
    });
    answers.dedup();
    for labels in answers {
        let wanted = labels
            .iter()
            .find_map(|label| case.truth.parts.iter().find(|part| is_called(part, label)));
        let found = match rule.meaning {
            Meaning::Login => labels.iter().find_map(|label| controls::button(reading, label)),
            _ => first_button(reading, labels),
        };
        let right = match (wanted, &found) {
            (Some(wanted), Some(found)) => wanted.bounds().contains(found.bounds.center()),
            (None, None) => true,
            _ => false,
        };
        let foreign = case.truth.rule.as_ref() != Some(&rule.name);
        if found.is_some() && (!right || foreign) {
            verdict.wrong_acts += 1;
            verdict.complaints.push(format!(
                "WRONG ACT: {labels:?} would press {found:?}, not {wanted:?}"
            ));
        } else if !right {
            verdict
                .complaints
                .push(format!("{labels:?} would press nothing, not {wanted:?}"));
        }
        if !right {
            verdict.right = false;
        }
    }
}

fn is_called(part: &Part, label: &str) -> bool {
    part.is_button() && Folded::of(&part.text) == Folded::of(label)
}

fn buttons(case: &Case, reading: &Reading, verdict: &mut Verdict) {
    let within = |part: &Part, bounds: &Rect| part.bounds().contains(bounds.center());
    for part in case.truth.parts.iter().filter(|part| part.is_button()) {
        verdict.buttons += 1;
        let found = controls::button(reading, &part.text);
        if found.as_ref().is_some_and(|button| within(part, &button.bounds)) {
            verdict.buttons_found += 1;
        } else {
            verdict
                .complaints
                .push(format!("button {:?} at {:?}: {found:?}", part.text, part.place));
        }
    }
    for button in controls::buttons(reading) {
        // The head of a table is pressed like a button, by whoever wants it sorted.
        let real = |part: &&Part| (part.is_button() || part.kind == "head") && within(part, &button.bounds);
        if !case.truth.parts.iter().any(|part| real(&part)) && !case.truth.parts.is_empty() {
            verdict.buttons_wrong += 1;
            verdict.complaints.push(format!("no button: {button:?}"));
        }
    }
}

fn boxes(case: &Case, reading: &Reading, verdict: &mut Verdict) {
    for part in &case.truth.parts {
        if !matches!(part.kind.as_str(), "check" | "radio") {
            continue;
        }
        verdict.boxes += 1;
        let found = controls::check_box(&case.frame, reading, &part.text);
        let placed = found
            .as_ref()
            .is_some_and(|check| part.bounds().contains(check.bounds.center()));
        let state = found.as_ref().and_then(|check| check.checked);
        verdict.boxes_right += usize::from(placed && state == part.on);
        verdict.boxes_wrong += usize::from(found.is_some() && !placed || state.is_some() && state != part.on);
        if !placed || state != part.on {
            verdict.complaints.push(format!(
                "{} {:?} is {:?}: {found:?}",
                part.kind, part.text, part.on
            ));
        }
    }
}
