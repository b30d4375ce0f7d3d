//! Buttons, fields and boxes of a reading, found by their labels.

use super::flat::{distance, dominant};
use super::text::Folded;

pub use super::check_box::{CheckBox, check_box};
use crate::screen::{Frame, Line, Reading, Rect, RegionKind};

/// Edits per character that a label longer than four letters may differ by.
pub(super) const LIKENESS: f32 = 0.2;

/// A button or toggle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// Its label as it was read.
    pub label: String,
    /// Its inside.
    pub bounds: Rect,
}

/// A text field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its inside.
    pub bounds: Rect,
    /// The line in it (text or placeholder), as an index into [`Reading::lines`].
    pub line: Option<usize>,
}

/// All buttons and toggles, from the top.
pub fn buttons(reading: &Reading) -> Vec<Button> {
    let mut buttons: Vec<Button> = lines_in(reading, RegionKind::Button)
        .map(|(line, bounds)| Button {
            label: line.text.clone(),
            bounds,
        })
        .collect();
    buttons.sort_by_key(|button| (button.bounds.y, button.bounds.x));
    buttons
}

/// The button whose whole label is `label`; the best one, of equals the first.
///
/// Labels of up to four letters must be exact (but for I l 1 | [ ], O 0 and case), longer ones may differ in a fifth of
/// their characters.
pub fn button(reading: &Reading, label: &str) -> Option<Button> {
    let wanted = Folded::of(label);
    let mut best: Option<(f32, Button)> = None;
    for button in buttons(reading) {
        if let Some(score) = Folded::of(&button.label).equals(&wanted, LIKENESS)
            && best.as_ref().is_none_or(|(old, _)| score > *old)
        {
            best = Some((score, button));
        }
    }
    best.map(|(_, button)| button)
}

/// Where `phrase` stands: a whole line, or whole words in a line that holds more (a menu bar's titles, a link in a
/// sentence), whose place is then estimated from the number of characters. `None` also when it stands twice.
pub fn phrase_bounds(reading: &Reading, phrase: &str) -> Option<Rect> {
    let wanted = Folded::of(phrase);
    let whole: Vec<Rect> = reading
        .lines
        .iter()
        .filter(|line| Folded::of(&line.text).equals(&wanted, LIKENESS).is_some())
        .map(|line| line.bounds)
        .collect();
    let found = match whole.is_empty() {
        true => reading
            .lines
            .iter()
            .filter_map(|line| words_in(line, phrase, &wanted))
            .collect(),
        false => whole,
    };
    match found[..] {
        [bounds] => Some(bounds),
        _ => None,
    }
}

fn words_in(line: &Line, phrase: &str, wanted: &Folded) -> Option<Rect> {
    let words: Vec<&str> = line.text.split_whitespace().collect();
    let number = phrase.split_whitespace().count();
    let total = words
        .iter()
        .map(|word| word.chars().count() + 1)
        .sum::<usize>()
        .checked_sub(1)?;
    let at = words
        .windows(number.max(1))
        .position(|part| Folded::of(&part.concat()) == *wanted)?;
    let length = |words: &[&str]| words.iter().map(|word| word.chars().count() + 1).sum::<usize>();
    let place =
        |characters: usize| line.bounds.x + (line.bounds.width as usize * characters / total.max(1)) as i32;
    let start = length(&words[..at]);
    let end = start + length(&words[at..at + number]).saturating_sub(1);
    Some(Rect::from_edges(
        place(start),
        line.bounds.y,
        place(end),
        line.bounds.bottom(),
    ))
}

/// All text fields, from the top.
pub fn fields(reading: &Reading) -> Vec<Field> {
    let regions = reading
        .regions
        .iter()
        .enumerate()
        .filter(|(_, region)| region.kind == RegionKind::Field);
    let mut fields: Vec<Field> = regions
        .map(|(index, region)| Field {
            bounds: region.bounds,
            line: reading.lines.iter().position(|line| line.region == Some(index)),
        })
        .collect();
    fields.sort_by_key(|field| (field.bounds.y, field.bounds.x));
    fields
}

/// The field that one of `labels` names: to the right of that line, below it, or with it as placeholder.
///
/// The labels are tried in their order; `None` rather than a doubtful one.
pub fn field_labelled(reading: &Reading, labels: &[&str]) -> Option<Field> {
    let fields = fields(reading);
    labels.iter().find_map(|label| {
        let wanted = Folded::of(label.trim_end_matches(':'));
        let named = |line: &&Line| {
            Folded::of(line.text.trim_end_matches([':', '*', ' ']))
                .equals(&wanted, LIKENESS)
                .is_some()
        };
        let within = |line: &Line| {
            let region = line.region?;
            fields.iter().find(|field| {
                field
                    .line
                    .is_some_and(|at| reading.lines[at].region == Some(region))
            })
        };
        reading.lines.iter().filter(named).find_map(|line| {
            let kind = reading.region_of(line).map(|region| region.kind);
            match kind {
                Some(RegionKind::Field) => within(line).cloned(),
                Some(RegionKind::Button | RegionKind::Check | RegionKind::Row) => None,
                _ => {
                    right_of(reading, &line.bounds, &fields).or_else(|| below(reading, &line.bounds, &fields))
                }
            }
        })
    })
}

/// The nearest field in the label's row, with no other text in between.
fn right_of(reading: &Reading, label: &Rect, fields: &[Field]) -> Option<Field> {
    let level = |bounds: &Rect| {
        (bounds.center().y - label.center().y).unsigned_abs() * 2 <= bounds.height.max(label.height)
    };
    let field = fields
        .iter()
        .filter(|field| level(&field.bounds) && field.bounds.x >= label.right() - 2)
        .min_by_key(|field| field.bounds.x)?;
    let between = Rect::from_edges(label.right() + 1, label.y, field.bounds.x, label.bottom());
    let free = !reading
        .lines
        .iter()
        .any(|line| line.bounds != *label && line.bounds.intersects(&between));
    free.then(|| field.clone())
}

/// The field right under the label, at nearly the same left edge, with nothing in between.
fn below(reading: &Reading, label: &Rect, fields: &[Field]) -> Option<Field> {
    let reach = 3 * label.height.max(8) as i32;
    let field = fields
        .iter()
        .filter(|field| {
            let gap = field.bounds.y - label.bottom();
            let start = (field.bounds.x - label.x).abs();
            (-2..=reach).contains(&gap) && start <= 2 * reach && field.bounds.right() > label.x
        })
        .min_by_key(|field| (field.bounds.y, (field.bounds.x - label.x).abs()))?;
    let between = Rect::from_edges(label.x, label.bottom(), label.right(), field.bounds.y);
    let free = !reading
        .lines
        .iter()
        .any(|line| line.bounds != *label && line.bounds.intersects(&between));
    free.then(|| field.clone())
}

/// The colour of a label's ink, and how far it is from the paper that it stands on.
pub(super) fn pen(frame: &Frame, label: &Rect, paper: u32) -> (u32, u32) {
    let part = frame.crop(*label);
    let pixels = part.pixels().iter();
    pixels
        .map(|&pixel| (pixel, distance(pixel, paper)))
        .max_by_key(|&(_, contrast)| contrast)
        .unwrap_or((paper, 0))
}

fn contrast(frame: &Frame, label: &Rect) -> u32 {
    pen(frame, label, dominant(&frame.crop(*label))).1
}

/// A difference of the colour channels that makes a colour of a grey.
pub(super) const COLOURED: u32 = 48;
/// A window whose texts are all fainter than this may be disabled as a whole, or not.
const FAINT: u32 = 110;

/// Whether the button, box or field at `place` takes input, by how its text stands out from its paper next to the
/// window's other texts. `None` when that is not clear, as for white on a light colour.
pub fn is_enabled(frame: &Frame, reading: &Reading, place: Rect) -> Option<bool> {
    let within = |line: &&Line| place.contains(line.bounds.center());
    let own = reading
        .lines
        .iter()
        .filter(within)
        .map(|line| contrast(frame, &line.bounds))
        .max()?;
    let mut others: Vec<u32> = reading
        .lines
        .iter()
        .filter(|line| !within(line))
        .map(|line| contrast(frame, &line.bounds))
        .collect();
    others.sort_unstable();
    let usual = *others.get(others.len() * 3 / 4)?;
    if usual < FAINT {
        return None;
    }
    let coloured = look(frame, place).saturation() > COLOURED;
    match own * 100 / usual {
        82.. => Some(true),
        0..=62 if !coloured => Some(false),
        _ => None,
    }
}

/// How a control looks, so that a change can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The most frequent colour inside, `0x00RRGGBB`.
    pub background: u32,
    /// The mean colour inside, `0x00RRGGBB`.
    pub mean: u32,
}

impl Look {
    /// Whether two looks differ by more than a blinking caret or a focus ring makes.
    pub fn differs(&self, other: &Self) -> bool {
        distance(self.background, other.background) > 12 || distance(self.mean, other.mean) > 12
    }

    const fn saturation(&self) -> u32 {
        saturation(self.background)
    }
}

pub(super) const fn saturation(pixel: u32) -> u32 {
    let (red, green, blue) = (pixel >> 16 & 0xff, pixel >> 8 & 0xff, pixel & 0xff);
    let high = if red > green { red } else { green };
    let low = if red < green { red } else { green };
    (if high > blue { high } else { blue }) - (if low < blue { low } else { blue })
}

const fn light(pixel: u32) -> u32 {
    (pixel >> 16 & 0xff) * 77 + (pixel >> 8 & 0xff) * 151 + (pixel & 0xff) * 28
}

/// How the inside of `bounds` looks.
pub fn look(frame: &Frame, bounds: Rect) -> Look {
    let part = frame.crop(bounds.inflated(-2));
    let mut sums = [0u64; 3];
    for &pixel in part.pixels() {
        for (sum, shift) in sums.iter_mut().zip([16, 8, 0]) {
            *sum += u64::from(pixel >> shift & 0xff);
        }
    }
    let number = part.pixels().len().max(1) as u64;
    let [red, green, blue] = sums.map(|sum| (sum / number) as u32);
    Look {
        background: dominant(&part),
        mean: red << 16 | green << 8 | blue,
    }
}

/// Which of the toggles at `bounds` looks selected: the one that differs from all others by being more colourful, or
/// darker on a light background. `None` when that is not clear.
pub fn selected_of(frame: &Frame, bounds: &[Rect]) -> Option<usize> {
    if bounds.len() < 2 {
        return None;
    }
    let looks: Vec<Look> = bounds.iter().map(|&bounds| look(frame, bounds)).collect();
    let stands_out = |measure: &dyn Fn(&Look) -> i64, least: i64| {
        let values: Vec<i64> = looks.iter().map(measure).collect();
        let (best, top) = values
            .iter()
            .copied()
            .enumerate()
            .max_by_key(|(_, value)| *value)?;
        let clear = values
            .iter()
            .enumerate()
            .all(|(at, value)| at == best || top - value >= least);
        clear.then_some(best)
    };
    if let Some(colourful) = stands_out(&|look| i64::from(look.saturation()), 32) {
        return Some(colourful);
    }
    let around = bounds
        .iter()
        .fold(Rect::default(), |all, bounds| all.union(bounds))
        .inflated(8);
    let is_light = light(look(frame, around).mean) > 128 << 8;
    stands_out(&|look| -i64::from(light(look.mean)), 8 << 8).filter(|_| is_light)
}

fn lines_in(reading: &Reading, kind: RegionKind) -> impl Iterator<Item = (&Line, Rect)> {
    reading.lines.iter().filter_map(move |line| {
        let region = reading.region_of(line).filter(|region| region.kind == kind)?;
        Some((line, region.bounds))
    })
}
