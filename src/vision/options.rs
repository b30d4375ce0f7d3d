//! Check boxes and radio buttons by labels that were read in pieces, or that the edge of a page cuts off.

use super::check_box::box_left_of;
use super::controls::{self, CheckBox, Field};
use super::text::Folded;
use crate::screen::{Frame, Line, Reading, Rect, RegionKind};

/// How much of a label must be there where the rest is cut off, in percent.
const CUT: usize = 60;
/// How much larger than its label a focus ring is at most.
const RING: u32 = 12;
/// How far a whole button's label is at least from the edge of what it stands on.
const EDGE: i32 = 1;
/// What is shorter is not taken for the beginning of a label that is wrapped.
const BEGINNING: usize = 6;
/// Lines of a label.
const MOST_LINES: usize = 4;
/// How far from each other the lines of a label begin at most.
const ALIGNED: u32 = 3;
/// What is shorter is not taken for a label that is cut off.
const SHORTEST: usize = 12;
/// Edits per character of a label, and of what is there of one that is cut off.
const LIKENESS: f32 = 0.2;
const LIKENESS_CUT: f32 = 0.1;

/// The check box or radio button that says `label`, and none of `rivals` better; `None` also when several do. The label
/// may be wrapped.
pub fn option(frame: &Frame, reading: &Reading, label: &str, rivals: &[&str]) -> Option<CheckBox> {
    let whole = joined(reading);
    if let Some(found) = option_in(frame, &whole, label, rivals) {
        return Some(found);
    }
    let (first, unwrapped) = unwrapped(&whole, label)?;
    let found = option_in(frame, &unwrapped, label, rivals);
    // The box stands in the middle of its label, or beside the first line.
    found.or_else(|| {
        let mut level = unwrapped;
        let line = level
            .lines
            .iter_mut()
            .find(|line| line.bounds.contains_rect(&first))?;
        line.bounds = first;
        option_in(frame, &level, label, rivals)
    })
}

/// The text field that one of `labels` names, each of which may be wrapped.
pub fn field(reading: &Reading, labels: &[&str]) -> Option<Field> {
    controls::field_labelled(reading, labels).or_else(|| {
        labels.iter().find_map(|label| {
            let (_, unwrapped) = unwrapped(reading, label)?;
            controls::field_labelled(&unwrapped, &[label])
        })
    })
}

/// The reading with the lines of a wrapped `label` as one, and where the first of them stands; `None` when there is no
/// such label, or more than one.
fn unwrapped(reading: &Reading, label: &str) -> Option<(Rect, Reading)> {
    let wanted = Folded::of(label);
    let mut found = reading.lines.iter().enumerate().filter_map(|(at, first)| {
        let text = Folded::of(&first.text);
        let begins = text.len() >= BEGINNING && wanted.head(text.len()).equals(&text, LIKENESS).is_some();
        let mut parts = vec![at];
        let mut text = first.text.clone();
        let mut end = begins.then_some(first.bounds)?;
        while parts.len() < MOST_LINES {
            let (next, line) = reading.lines.iter().enumerate().find(|(_, line)| {
                let gap = line.bounds.y - end.bottom();
                line.bounds.x.abs_diff(first.bounds.x) <= ALIGNED && (-2..=end.height as i32).contains(&gap)
            })?;
            parts.push(next);
            text = format!("{text} {}", line.text);
            end = line.bounds;
            if Folded::of(&text).equals(&wanted, LIKENESS).is_some() {
                return Some((parts, text));
            }
        }
        None
    });
    let (parts, text) = found.next()?;
    if found.next().is_some() {
        return None;
    }
    let first = reading.lines[parts[0]].bounds;
    let mut whole = reading.clone();
    whole.lines[parts[0]].text = text;
    whole.lines[parts[0]].bounds = parts
        .iter()
        .fold(first, |all, &part| all.union(&reading.lines[part].bounds));
    let mut at = 0..;
    whole
        .lines
        .retain(|_| at.next().is_none_or(|at| !parts[1..].contains(&at)));
    Some((first, whole))
}

fn option_in(frame: &Frame, whole: &Reading, label: &str, rivals: &[&str]) -> Option<CheckBox> {
    let label = Folded::of(label);
    let rivals: Vec<Folded> = rivals.iter().map(|rival| Folded::of(rival)).collect();
    let mut found: Option<(f32, CheckBox)> = None;
    let mut equals = 0;
    for line in &whole.lines {
        let text = Folded::of(&line.text);
        let Some(score) = likeness(&text, &label) else {
            continue;
        };
        let rival = rivals.iter().filter(|rival| **rival != label);
        let surpassed = rival
            .filter_map(|rival| likeness(&text, rival))
            .any(|other| other > score);
        // Another line may say nearly the same: the box must be this one's.
        let option = controls::check_box(frame, whole, &line.text);
        let Some(option) = option.filter(|option| !surpassed && option.label == line.bounds) else {
            continue;
        };
        match &found {
            Some((best, _)) if *best > score => continue,
            Some((best, _)) if *best == score => equals += 1,
            _ => equals = 1,
        }
        found = Some((score, option));
    }
    found.filter(|_| equals == 1).map(|(_, option)| option)
}

/// Where to press `label`: its button, or the line itself where the button's border was not seen and no other line says
/// so. A button may look like a field, and outside of a button a click on a text does nothing. A line that reaches the
/// edge of what it stands on is no place: that edge cuts the button off, and what is left of its border may be taken for
/// a part of the line.
pub fn press_place(reading: &Reading, label: &str) -> Option<Rect> {
    if let Some(button) = controls::button(reading, label) {
        return Some(button.bounds);
    }
    let wanted = Folded::of(label);
    let mut lines = reading.lines.iter().filter(|line| {
        let kind = reading.region_of(line).map(|region| region.kind);
        !matches!(kind, Some(RegionKind::Row | RegionKind::Check))
            && Folded::of(&line.text).equals(&wanted, LIKENESS).is_some()
    });
    let line = lines.next()?;
    let ground = reading
        .region_of(line)
        .map_or(Rect::of_size(reading.size), |region| region.bounds);
    let whole = ground.inflated(-EDGE).contains_rect(&line.bounds);
    (lines.next().is_none() && whole).then_some(line.bounds)
}

/// The labels and boxes of all check boxes and radio buttons whose state can be told, and whether each is ticked.
pub fn states(frame: &Frame, reading: &Reading) -> Vec<(String, Rect, bool)> {
    let whole = joined(reading);
    let states = whole.lines.iter().filter_map(|line| {
        let option = controls::check_box(frame, &whole, &line.text)?;
        let checked = option.checked.filter(|_| option.label == line.bounds)?;
        Some((line.text.clone(), option.bounds, checked))
    });
    states.collect()
}

/// How well `text` fits `label`, or its beginning where the rest is cut off.
fn likeness(text: &Folded, label: &Folded) -> Option<f32> {
    text.equals(label, LIKENESS).or_else(|| {
        let length = text.len();
        let most = (SHORTEST..label.len()).contains(&length) && length * 100 >= label.len() * CUT;
        // Behind any whole label that fits.
        most.then(|| text.equals(&label.head(length), LIKENESS_CUT))
            .flatten()
            .map(|score| score / 2.0)
    })
}

/// The same reading with the pieces of one line put together: quotation marks and wide spaces divide a text.
fn joined(reading: &Reading) -> Reading {
    let mut whole = reading.clone();
    whole.lines.clear();
    let mut lines: Vec<&Line> = reading.lines.iter().collect();
    lines.sort_by_key(|line| line.bounds.x);
    for line in lines {
        let before = whole
            .lines
            .iter_mut()
            .find(|before| follows(reading, before, line));
        match before {
            Some(before) => {
                before.text = format!("{} {}", before.text, line.text);
                before.bounds = before.bounds.union(&line.bounds);
            }
            None => whole.lines.push(line.clone()),
        }
    }
    // A focus ring around a label, or around it and its box, makes a ground of its own of it, like a button's.
    for line in &mut whole.lines {
        let ring = reading.region_of(line).map(|region| region.bounds);
        line.region = line
            .region
            .filter(|_| !ring.is_some_and(|ring| is_tight(&ring, line) || holds_box(reading, &ring, line)));
    }
    whole.lines.sort_by_key(|line| (line.bounds.y, line.bounds.x));
    whole
}

/// Whether the box of a label lies within the same ring.
fn holds_box(reading: &Reading, ring: &Rect, line: &Line) -> bool {
    let low = ring.height <= line.bounds.height * 3;
    low && box_left_of(reading, &line.bounds).is_some_and(|bounds| ring.contains_rect(&bounds))
}

fn is_tight(ring: &Rect, line: &Line) -> bool {
    ring.width <= line.bounds.width + RING && ring.height <= line.bounds.height + RING
}

fn follows(reading: &Reading, before: &Line, line: &Line) -> bool {
    let (left, right) = (&before.bounds, &line.bounds);
    let overlap = left.bottom().min(right.bottom()) - left.y.max(right.y);
    let high = left.height.max(right.height) as i32;
    let gap = right.x - left.right();
    let boxed = reading.regions.iter().any(|region| {
        let bounds = region.bounds;
        region.kind == RegionKind::Check
            && bounds.x >= left.right()
            && bounds.right() <= right.x
            && bounds.y < right.center().y
            && bounds.bottom() > right.center().y
    });
    before.region == line.region
        && overlap * 2 > left.height.min(right.height) as i32
        && (-2..=high).contains(&gap)
        && !boxed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Region, Size};

    const LABEL: &str = "Bypass \"same action pair trade\" warning for API orders.";

    fn sheet(pieces: &[(&str, i32)]) -> (Frame, Reading) {
        let mut frame = Frame::new(Size::new(400, 60));
        frame.fill(frame.bounds(), 0xee_eeee);
        let bounds = Rect::new(10, 20, 13, 13);
        frame.fill(bounds, 0x44_4444);
        frame.fill(bounds.inflated(-1), 0xff_ffff);
        frame.fill(Rect::new(14, 24, 5, 5), 0x11_1111);
        let lines = pieces.iter().map(|&(text, x)| Line {
            text: text.to_owned(),
            bounds: Rect::new(x, 21, 5 * text.len() as u32, 11),
            confidence: 90,
            region: None,
        });
        let lines: Vec<Line> = lines.collect();
        for line in &lines {
            frame.fill(Rect::new(line.bounds.x, 25, line.bounds.width, 2), 0x11_1111);
        }
        let reading = Reading {
            size: frame.size(),
            regions: vec![Region {
                bounds,
                background: 0xff_ffff,
                kind: RegionKind::Check,
            }],
            lines,
            ..Reading::default()
        };
        (frame, reading)
    }

    #[test]
    fn a_button_without_a_border_is_pressed_where_its_label_stands_once() {
        let line = |text: &str, x: i32, region| Line {
            text: text.to_owned(),
            bounds: Rect::new(x, 20, 40, 10),
            confidence: 90,
            region,
        };
        let mut reading = Reading {
            size: Size::new(400, 60),
            regions: vec![Region {
                bounds: Rect::new(290, 15, 60, 20),
                background: 0xff_ffff,
                kind: RegionKind::Button,
            }],
            lines: vec![line("Apply", 10, None), line("Cancel", 100, None)],
            ..Reading::default()
        };
        let place = |reading: &Reading| press_place(reading, "Cancel");
        assert_eq!(place(&reading), Some(Rect::new(100, 20, 40, 10)));
        let whole = std::mem::replace(&mut reading.lines[1].bounds, Rect::new(60, 49, 340, 10));
        assert_eq!(place(&reading), None, "cut off");
        reading.lines[1].bounds = whole;
        reading.lines.push(line("Cancel", 200, None));
        assert_eq!(place(&reading), None, "nobody knows which");
        reading.lines.push(line("Cancel", 300, Some(0)));
        assert_eq!(place(&reading), Some(reading.regions[0].bounds));
    }

    #[test]
    fn a_label_that_is_wrapped_is_one_label() {
        let parts = ["Bypass \"same action pair", "trade\" warning for API orders."];
        for box_y in [20, 27] {
            let (frame, mut reading) = sheet(&[(parts[0], 30), (parts[1], 30)]);
            reading.lines[1].bounds.y = 35;
            reading.regions[0].bounds.y = box_y;
            let found = option(&frame, &reading, LABEL, &[]).expect("its box");
            assert_eq!(found.bounds.y, box_y);
            reading.lines[1].bounds.x = 60;
            assert_eq!(option(&frame, &reading, LABEL, &[]), None, "not below it");
        }
    }

    #[test]
    fn a_box_may_hang_lower_than_its_label() {
        let (frame, mut reading) = sheet(&[("Read-Only API", 30)]);
        let found = |reading: &Reading| option(&frame, reading, "Read-Only API", &[]).is_some();
        reading.regions[0].bounds.y = 27;
        assert!(found(&reading));
        reading.regions[0].bounds.y = 29;
        assert!(!found(&reading), "the next row's");
    }

    #[test]
    fn what_touches_a_label_beside_a_box_may_be_its_first_letter() {
        let (frame, mut reading) = sheet(&[("Read-Only API", 30)]);
        let found = |reading: &Reading| option(&frame, reading, "Read-Only API", &[]).is_some();
        reading.regions[0].bounds = Rect::new(0, 20, 13, 13);
        let letter = Region {
            bounds: Rect::new(17, 20, 12, 12),
            ..reading.regions[0].clone()
        };
        reading.regions.push(letter);
        assert!(!found(&reading), "nobody knows");
        reading.regions.remove(0);
        assert!(found(&reading), "there is no other");
    }

    #[test]
    fn the_field_of_a_label_that_is_wrapped() {
        let (_, mut reading) = sheet(&[("Master API", 30), ("client ID", 30)]);
        reading.lines[1].bounds.y = 35;
        reading.regions.push(Region {
            bounds: Rect::new(100, 24, 60, 18),
            background: 0xff_ffff,
            kind: RegionKind::Field,
        });
        let found = field(&reading, &["Master API client ID"]).expect("its field");
        assert_eq!(found.bounds.x, 100);
        assert_eq!(field(&reading, &["Master API client number"]), None);
    }

    #[test]
    fn a_ring_around_box_and_label_makes_no_button_of_them() {
        let (frame, mut reading) = sheet(&[("Read-Only API", 30)]);
        reading.regions.insert(
            0,
            Region {
                bounds: Rect::new(6, 16, 120, 21),
                background: 0xee_eeee,
                kind: RegionKind::Button,
            },
        );
        reading.lines[0].region = Some(0);
        let found = option(&frame, &reading, "Read-Only API", &[]).expect("its box");
        assert_eq!(found.checked, Some(true));
        reading.regions.truncate(1);
        assert_eq!(option(&frame, &reading, "Read-Only API", &[]), None, "a button");
    }

    #[test]
    fn a_label_in_pieces_is_one_label() {
        let (frame, reading) = sheet(&[
            ("Bypass \"", 30),
            ("same action pair trade\"", 73),
            ("warning for API orders.", 193),
        ]);
        assert_eq!(
            option(&frame, &reading, LABEL, &[]).expect("its box").checked,
            Some(true)
        );
    }

    #[test]
    fn a_ring_in_a_box_that_the_pointer_is_over_is_no_tick() {
        let (mut frame, reading) = sheet(&[(LABEL, 30)]);
        let inside = Rect::new(11, 21, 11, 11);
        let checked = |frame: &Frame| option(frame, &reading, LABEL, &[]).expect("its box").checked;
        frame.fill(inside, 0xff_ffff);
        assert_eq!(checked(&frame), Some(false));
        frame.fill(inside, 0xb8_cfe5);
        frame.fill(inside.inflated(-2), 0xff_ffff);
        assert_eq!(checked(&frame), None);
        frame.fill(inside.inflated(-3), 0x11_1111);
        assert_eq!(checked(&frame), Some(true));
    }

    /// Where the paper of a box is the window's, only its tick stands out.
    #[test]
    fn a_solid_tick_is_not_taken_for_an_empty_box() {
        let (mut frame, mut reading) = sheet(&[(LABEL, 30)]);
        let place = reading.regions[0].bounds;
        frame.fill(place.inflated(2), 0xee_eeee);
        let tick = place.inflated(-3);
        frame.fill(tick, 0x11_1111);
        reading.regions[0].bounds = tick;
        let found = |frame: &Frame| option(frame, &reading, LABEL, &[]).expect("its box");
        assert_eq!(found(&frame).checked, None, "there is no box around it");
        frame.fill(place, 0x77_7777);
        frame.fill(place.inflated(-1), 0xee_eeee);
        frame.fill(tick, 0x11_1111);
        assert_eq!((found(&frame).checked, found(&frame).bounds), (Some(true), place));
    }

    #[test]
    fn a_label_that_fits_another_better_is_not_taken() {
        let (frame, reading) = sheet(&[("Bypass Called Bond warning for API Orders", 30)]);
        let label = "Bypass Bond warning for API Orders";
        let called = "Bypass Called Bond warning for API Orders";
        assert!(option(&frame, &reading, called, &[label, called]).is_some());
        assert_eq!(option(&frame, &reading, label, &[label, called]), None);
    }

    #[test]
    fn a_label_that_is_cut_off_is_known_by_most_of_it() {
        let (frame, reading) = sheet(&[("Bypass \"same action pair trade\" warn", 30)]);
        assert!(option(&frame, &reading, LABEL, &[]).is_some());
        let (frame, reading) = sheet(&[("Bypass \"same", 30)]);
        assert_eq!(option(&frame, &reading, LABEL, &[]), None, "too little to tell");
        let (frame, reading) = sheet(&[("Bypass \"same action pair side\" note", 30)]);
        assert_eq!(option(&frame, &reading, LABEL, &[]), None, "another one");
    }
}
