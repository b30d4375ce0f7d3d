//! Buttons, fields and boxes of a reading, found by their labels.

use std::collections::HashMap;

use super::flat::distance;
use super::text::Folded;
use super::texture::evened;
use crate::screen::{Frame, Line, Reading, Rect, RegionKind};

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

/// A check box or radio button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckBox {
    /// The box or disc.
    pub bounds: Rect,
    /// Its label's ink; a click there toggles it too.
    pub label: Rect,
    /// Whether it is ticked, when that can be told.
    pub checked: Option<bool>,
}

/// The check box or radio button to the left of `label`; `None` also when two of them have that label.
pub fn check_box(frame: &Frame, reading: &Reading, label: &str) -> Option<CheckBox> {
    let wanted = Folded::of(label);
    let mut found: Option<(f32, CheckBox)> = None;
    let mut equals = 0;
    for line in &reading.lines {
        let kind = reading.region_of(line).map(|region| region.kind);
        if matches!(
            kind,
            Some(RegionKind::Button | RegionKind::Field | RegionKind::Row)
        ) {
            continue;
        }
        let Some(score) = Folded::of(&line.text).equals(&wanted, LIKENESS) else {
            continue;
        };
        let Some(bounds) = box_left_of(reading, &line.bounds) else {
            continue;
        };
        match &found {
            Some((best, _)) if *best > score => continue,
            Some((best, _)) if *best == score => equals += 1,
            _ => equals = 1,
        }
        let frame = &*evened(frame, bounds.union(&line.bounds).inflated(THICKEST as i32 + 2));
        // Of a short bold label there is more ink than paper.
        let ground = dominant(&frame.crop(line.bounds.inflated(4)));
        let bounds = whole_box(frame, bounds, ground);
        let (pen, contrast) = pen(frame, &line.bounds, ground);
        let checked = is_ticked(frame, &bounds, ground, pen, contrast);
        found = Some((
            score,
            CheckBox {
                bounds,
                label: line.bounds,
                checked,
            },
        ));
    }
    found.filter(|_| equals == 1).map(|(_, check)| check)
}

pub(super) fn box_left_of(reading: &Reading, label: &Rect) -> Option<Rect> {
    let reach = 3 * label.height.max(8) as i32;
    let boxes = reading.regions.iter().filter(|region| {
        let bounds = region.bounds;
        // A box may stand lower than its label, and a label without descenders ends early.
        let overlap = bounds.bottom().min(label.bottom()) - bounds.y.max(label.y);
        let level = i64::from(overlap) * 2 + 1 >= i64::from(bounds.height.min(label.height));
        region.kind == RegionKind::Check && level && (0..=reach).contains(&(label.x - bounds.right()))
    });
    let boxes: Vec<Rect> = boxes.map(|region| region.bounds).collect();
    let nearest = *boxes
        .iter()
        .max_by_key(|bounds| (bounds.right(), bounds.area()))?;
    // Nearer to the label than any box is, with another one beside it: it may be the label's first letter.
    let touches = label.x - nearest.right() <= TOUCHING;
    let other = boxes.iter().any(|bounds| !bounds.intersects(&nearest));
    (!touches || !other).then_some(nearest)
}

/// The colour of a label's ink, and how far it is from the paper that it stands on.
fn pen(frame: &Frame, label: &Rect, paper: u32) -> (u32, u32) {
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

/// No box is this near to its label, in pixels.
const TOUCHING: i32 = 2;
/// A border of a box is no thicker than this.
const THICKEST: u32 = 6;
/// What differs from the ground by less is not seen as a border of its own.
const FAINTEST: u32 = 6;
/// A difference of the colour channels that makes a colour of a grey.
const COLOURED: u32 = 48;
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

/// The whole box of which `inner` was found, when that is only its paper or even its mark: it ends where `ground`, what
/// the label stands on, begins on all four sides.
fn whole_box(frame: &Frame, inner: Rect, ground: u32) -> Rect {
    let mut whole = inner;
    for _ in 0..THICKEST {
        let next = whole.inflated(1);
        let (right, bottom) = (next.right() - 1, next.bottom() - 1);
        let is_edge = |x: i32, y: i32| {
            frame
                .pixel(x, y)
                .is_some_and(|pixel| distance(pixel, ground) > FAINTEST)
        };
        let rows = |x: i32| (whole.y..whole.bottom()).filter(|&y| is_edge(x, y)).count();
        let columns = |y: i32| (whole.x..whole.right()).filter(|&x| is_edge(x, y)).count();
        let sides = [
            (rows(next.x), whole.height),
            (rows(right), whole.height),
            (columns(next.y), whole.width),
            (columns(bottom), whole.width),
        ];
        if !sides
            .iter()
            .all(|&(count, length)| count * 10 >= length as usize * 5)
        {
            break;
        }
        whole = next;
    }
    whole
}

/// Looks for a tick or dot in the middle of a box: what differs, in its row, from the paper at both sides of it (papers
/// have vertical gradients), and as much as the label's contrast asks for (disabled boxes are pale). A box that is filled
/// with a colour and holds no mark says nothing, nor does a middle of one colour that is less like the label's than what
/// is around it: it may be the paper in a second ring, as the pointer over a box makes one.
fn is_ticked(frame: &Frame, bounds: &Rect, ground: u32, pen: u32, contrast: u32) -> Option<bool> {
    let side = bounds.width.min(bounds.height) as i32;
    if side < 6 || contrast < 8 {
        return None;
    }
    let inset = (side * 3 / 16).max(1);
    // Not higher: further up and down the border of a disc comes in from the sides.
    let (x, y) = (bounds.x + side / 4, bounds.y + side / 3);
    let middle = Rect::from_edges(x, y, bounds.right() - side / 4, bounds.bottom() - side / 3);
    let least = (contrast / 4).clamp(10, 60);
    let inside = frame.crop(middle);
    let usual = dominant(&inside);
    let (mut strong, mut like_pen) = (0, 0);
    for y in middle.y..middle.bottom() {
        let papers = [
            frame.pixel(bounds.x + inset, y)?,
            frame.pixel(bounds.right() - 1 - inset, y)?,
        ];
        like_pen += usize::from(
            papers
                .iter()
                .all(|&paper| distance(usual, pen) < distance(paper, pen)),
        );
        for x in middle.x..middle.right() {
            let pixel = frame.pixel(x, y)?;
            strong += usize::from(papers.iter().all(|&paper| distance(pixel, paper) >= least));
        }
    }
    let share = strong * 100 / middle.area().max(1);
    let filled = saturation(usual) > saturation(ground) + COLOURED;
    let alike = inside
        .pixels()
        .iter()
        .filter(|&&pixel| distance(pixel, usual) < least)
        .count();
    let even = alike * 10 >= middle.area() * 9;
    let is_ring = even && like_pen * 2 < middle.height as usize;
    match share {
        0..=4 if !filled => Some(false),
        14.. if is_ring => None,
        14.. => Some(true),
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

const fn saturation(pixel: u32) -> u32 {
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

fn dominant(part: &Frame) -> u32 {
    let mut counts: HashMap<u32, u32> = HashMap::new();
    for &pixel in part.pixels() {
        *counts.entry(pixel).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|&(pixel, count)| (count, pixel))
        .map_or(0, |(pixel, _)| pixel)
}

fn lines_in(reading: &Reading, kind: RegionKind) -> impl Iterator<Item = (&Line, Rect)> {
    reading.lines.iter().filter_map(move |line| {
        let region = reading.region_of(line).filter(|region| region.kind == kind)?;
        Some((line, region.bounds))
    })
}
