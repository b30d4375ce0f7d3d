//! Whether a button is certainly not there. That its label was not found says little: it may have been read badly, or
//! not at all, or its border was not seen.

use super::check_box::box_left_of;
use super::controls::{Button, button, buttons};
use super::text::{Folded, SHORT};
use crate::screen::{Line, Reading, Rect, RegionKind};

/// Below this a text may be any other.
const READABLE: u8 = 55;

/// The button of the first of `labels` that has one. A later label counts only where none of those before it can be
/// there unseen: else `None`.
pub fn first_button(reading: &Reading, labels: &[String]) -> Option<Button> {
    let (at, found) = labels
        .iter()
        .enumerate()
        .find_map(|(at, label)| Some((at, button(reading, label)?)))?;
    let doubts = Doubts::of(reading, labels);
    let certain = labels[..at].iter().all(|label| !doubts.may_be(label));
    certain.then_some(found)
}

/// Whether `label` is on no button, and on nothing that may be a button.
pub fn is_absent(reading: &Reading, label: &str) -> bool {
    button(reading, label).is_none() && !Doubts::of(reading, &[]).may_be(label)
}

/// What may be a button with another label than the one that was read.
struct Doubts {
    /// Texts of buttons, and of what stands in a row with one.
    texts: Vec<String>,
    /// There is one that says nothing, or nothing that can be relied on.
    unread: bool,
}

impl Doubts {
    /// Of all but the buttons that have one of the `known` labels.
    fn of(reading: &Reading, known: &[String]) -> Self {
        let rows: Vec<Rect> = buttons(reading).iter().map(|button| button.bounds).collect();
        let known: Vec<Folded> = known.iter().map(|label| Folded::of(label)).collect();
        let is_level = |place: &Rect| {
            let center = place.center().y;
            rows.iter().any(|row| row.y < center && center < row.bottom())
        };
        // Without any button that was seen, what stands below the fields of a form may be one. At the window's edge no form
        // has a field: that is a menu bar, beside the title of the menu that is open.
        let lowest = reading
            .regions
            .iter()
            .filter(|region| region.kind == RegionKind::Field && region.bounds.y > 0);
        let form = lowest
            .map(|region| region.bounds.bottom())
            .max()
            .filter(|_| rows.is_empty());
        let is_below_form = |place: &Rect| form.is_some_and(|bottom| place.y >= bottom);
        let is_known = |line: &Line| {
            let text = Folded::of(&line.text);
            known.contains(&text)
        };
        let may_be_button = |line: &&Line| match reading.region_of(line).map(|region| region.kind) {
            Some(RegionKind::Button) => !is_known(line),
            Some(RegionKind::Field | RegionKind::Row | RegionKind::Check) => false,
            Some(RegionKind::Panel) | None => {
                (is_level(&line.bounds) || is_below_form(&line.bounds))
                    && box_left_of(reading, &line.bounds).is_none()
            }
        };
        let lines: Vec<&Line> = reading.lines.iter().filter(may_be_button).collect();
        // A button may look like a field, but a field may hold anything.
        let fields = reading.lines.iter().filter(|line| {
            let kind = reading.region_of(line).map(|region| region.kind);
            kind == Some(RegionKind::Field)
        });
        let in_button = |place: &Rect| {
            let holds = |region: &&crate::screen::Region| region.bounds.contains(place.center());
            let innermost = reading.regions.iter().rfind(holds);
            innermost.is_some_and(|region| region.kind == RegionKind::Button)
        };
        let unread = reading.unread.iter();
        Self {
            unread: lines.iter().any(|line| !is_text(line))
                || unread
                    .into_iter()
                    .any(|place| in_button(place) || is_level(place) || is_below_form(place)),
            texts: lines
                .into_iter()
                .chain(fields)
                .map(|line| line.text.clone())
                .collect(),
        }
    }

    fn may_be(&self, label: &str) -> bool {
        self.unread || self.texts.iter().any(|text| may_be(text, label))
    }
}

/// Whether a line was read well enough to say what it is not.
fn is_text(line: &Line) -> bool {
    line.confidence >= READABLE && line.text.chars().any(char::is_alphanumeric)
}

/// Whether `text` may be what a bad print makes of `label`, or of a part of it, or of it and its neighbour.
fn may_be(text: &str, label: &str) -> bool {
    let (read, wanted) = (Folded::of(text), Folded::of(label));
    let (edits, length) = (read.edits(&wanted), read.len().max(wanted.len()));
    let alike = edits <= 1 || length > SHORT && edits * 5 <= length * 2;
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = label.split_whitespace().count().max(1);
    let holds = words
        .windows(number)
        .any(|part| Folded::of(&part.concat()) == wanted);
    alike || holds || wanted.contains(&read, 0.0).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Region, Size};

    /// Labels in a row, each with its kind and how well it was read.
    fn row(items: &[(&str, RegionKind, u8)]) -> Reading {
        let mut reading = Reading {
            size: Size::new(400, 100),
            ..Reading::default()
        };
        for (index, &(text, kind, confidence)) in items.iter().enumerate() {
            let bounds = Rect::new(10 + 100 * index as i32, 60, 80, 24);
            reading.regions.push(Region {
                bounds,
                background: 0,
                kind,
            });
            let place = bounds.inflated(-6);
            match confidence {
                0 => reading.unread.push(place),
                _ => reading.lines.push(Line {
                    text: text.to_owned(),
                    bounds: place,
                    confidence,
                    region: Some(index),
                }),
            }
        }
        reading
    }

    fn pressed(items: &[(&str, RegionKind, u8)]) -> Option<String> {
        let labels = ["No", "Later", "OK"].map(str::to_owned);
        first_button(&row(items), &labels).map(|button| button.label)
    }

    #[test]
    fn a_later_label_is_pressed_only_where_no_earlier_one_can_be_there() {
        use RegionKind::{Button, Field, Panel};
        let ok = ("OK", Button, 95);
        assert_eq!(pressed(&[ok, ("No", Button, 95)]).as_deref(), Some("No"));
        assert_eq!(pressed(&[ok, ("Later", Button, 95)]).as_deref(), Some("Later"));
        assert_eq!(pressed(&[ok]).as_deref(), Some("OK"));
        assert_eq!(pressed(&[ok, ("Details", Button, 95)]).as_deref(), Some("OK"));
        for doubtful in [
            ("Ne", Button, 95),
            ("Latr", Button, 95),
            ("Lat", Button, 95),
            ("No Details", Button, 95),
            ("Details", Button, 30),
            ("(=)", Button, 95),
            ("", Button, 0),
            ("", Field, 0),
            ("No", Field, 95),
            ("No", Panel, 95),
            ("Na", Panel, 95),
        ] {
            assert_eq!(pressed(&[ok, doubtful]), None, "{doubtful:?}");
            assert_eq!(pressed(&[doubtful, ok]), None, "{doubtful:?}");
        }
    }

    #[test]
    fn what_stands_elsewhere_is_no_button() {
        let mut reading = row(&[("OK", RegionKind::Button, 95), ("Na", RegionKind::Panel, 95)]);
        let labels = ["No", "OK"].map(str::to_owned);
        assert_eq!(first_button(&reading, &labels), None);
        reading.lines[1].bounds.y = 10;
        assert!(first_button(&reading, &labels).is_some());
        reading.unread.push(Rect::new(10, 10, 40, 12));
        assert!(first_button(&reading, &labels).is_some());
    }

    #[test]
    fn a_button_that_could_not_be_read_is_not_absent() {
        let read = row(&[("Cancel", RegionKind::Button, 95)]);
        assert!(is_absent(&read, "OK") && !is_absent(&read, "Cancel"));
        assert!(!is_absent(&row(&[("", RegionKind::Button, 0)]), "OK"));
        assert!(is_absent(&row(&[]), "OK"));
    }

    #[test]
    fn what_stands_below_a_form_without_buttons_may_be_one() {
        let form_at = |fields: [i32; 2], text: &str, confidence: u8, top: i32| {
            let field = |y: i32| Region {
                bounds: Rect::new(100, y, 200, 24),
                background: 0,
                kind: RegionKind::Field,
            };
            Reading {
                size: Size::new(400, 200),
                regions: fields.map(field).to_vec(),
                lines: vec![Line {
                    text: text.to_owned(),
                    bounds: Rect::new(180, top, 40, 10),
                    confidence,
                    region: None,
                }],
                ..Reading::default()
            }
        };
        let form = |text: &str, confidence: u8, top: i32| form_at([40, 80], text, confidence, top);
        assert!(!is_absent(&form("In", 90, 130), "Log In"), "half a label");
        assert!(!is_absent(&form("=~", 30, 130), "Log In"), "read badly");
        assert!(is_absent(&form("In", 90, 10), "Log In"), "above the fields");
        assert!(is_absent(&form("Authenticating...", 90, 130), "Log In"));
        let bar = form_at([0, 0], "=~", 30, 130);
        assert!(is_absent(&bar, "Log In"), "a menu bar is no form");
    }
}
