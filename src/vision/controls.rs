//! Buttons, fields and boxes of a reading, found by their labels.

use super::text::Folded;
use crate::screen::{Line, Reading, Rect, RegionKind};

/// Edits per character that a label longer than four letters may differ by.
const LIKENESS: f32 = 0.2;

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
/// Labels of up to four letters must be exact (but for I l 1 |, O 0 and case), longer ones may differ in a fifth of
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

/// All text fields, from the top.
pub fn fields(reading: &Reading) -> Vec<Field> {
    let regions = reading.regions.iter().enumerate().filter(|(_, region)| region.kind == RegionKind::Field);
    let mut fields: Vec<Field> = regions
        .map(|(index, region)| Field {
            bounds: region.bounds,
            line: reading.lines.iter().position(|line| line.region == Some(index)),
        })
        .collect();
    fields.sort_by_key(|field| (field.bounds.y, field.bounds.x));
    fields
}

fn lines_in(reading: &Reading, kind: RegionKind) -> impl Iterator<Item = (&Line, Rect)> {
    reading.lines.iter().filter_map(move |line| {
        let region = reading.region_of(line).filter(|region| region.kind == kind)?;
        Some((line, region.bounds))
    })
}
