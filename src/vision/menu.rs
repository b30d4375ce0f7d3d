//! Menus of a reading: the titles of a menu bar, and the items of what opened.

use super::text::{Folded, SHORT};
use crate::screen::{Line, Reading, Rect};

/// Edits per character that a label longer than four letters may differ by.
const LIKENESS: f32 = 0.2;
/// Below this an item may say anything.
const READABLE: u8 = 55;

/// Where the title `label` stands in the menu bar: the topmost place, a line of its own or a word among others, whose
/// place is then estimated from the number of characters. Where it stands nowhere, the one title of the first row that
/// differs by a single letter.
pub fn title(reading: &Reading, label: &str) -> Option<Rect> {
    let wanted = Folded::of(label);
    let places = reading.lines.iter().filter_map(|line| word(line, &wanted));
    places.min_by_key(|bounds| (bounds.y, bounds.x)).or_else(|| {
        let mut near = first_row(reading).filter(|line| is_nearly(&Folded::of(&line.text), &wanted));
        let only = near.next()?;
        near.next().is_none().then_some(only.bounds)
    })
}

/// The words of the first row, which in a main window is its menu bar.
pub fn titles(reading: &Reading) -> Vec<Folded> {
    let words = first_row(reading).flat_map(|line| line.text.split_whitespace());
    words.map(Folded::of).collect()
}

/// Whether a title is `wanted` but for one letter that was misread, and long enough to tell.
pub fn is_nearly(title: &Folded, wanted: &Folded) -> bool {
    wanted.len() >= SHORT && title.len().abs_diff(wanted.len()) <= 1 && title.edits(wanted) <= 1
}

fn first_row(reading: &Reading) -> impl Iterator<Item = &Line> {
    let first = reading
        .lines
        .iter()
        .map(|line| line.bounds)
        .min_by_key(|bounds| bounds.y);
    let level = move |line: &&Line| {
        first.is_some_and(|first| line.bounds.y < first.bottom() && line.bounds.center().y >= first.y)
    };
    reading.lines.iter().filter(level)
}

fn word(line: &Line, wanted: &Folded) -> Option<Rect> {
    if Folded::of(&line.text).equals(wanted, LIKENESS).is_some() {
        return Some(line.bounds);
    }
    let total = line.text.chars().count().max(1);
    let mut at = 0;
    for word in line.text.split(' ') {
        let length = word.chars().count();
        if Folded::of(word) == *wanted {
            let place =
                |characters: usize| line.bounds.x + (line.bounds.width as usize * characters / total) as i32;
            return Some(Rect::from_edges(
                place(at),
                line.bounds.y,
                place(at + length),
                line.bounds.bottom(),
            ));
        }
        at += length + 1;
    }
    None
}

/// The menu items that say `label`, with or without the dots that announce a dialog.
pub fn items<'a>(reading: &'a Reading, label: &str) -> impl Iterator<Item = &'a Line> {
    let wanted = bare(label);
    reading
        .lines
        .iter()
        .filter(move |line| bare(&line.text).equals(&wanted, LIKENESS).is_some())
}

/// Whether these items are a menu that does not have `label`: several that were read well, of which none may be it.
pub fn lacks(items: &[&Line], label: &str) -> bool {
    let wanted = bare(label);
    let is_other = |line: &&Line| {
        let text = bare(&line.text);
        let edits = text.edits(&wanted);
        line.confidence >= READABLE
            && !text.is_empty()
            && edits * 2 > wanted.len().max(text.len())
            && text.contains(&wanted, LIKENESS).is_none()
    };
    items.len() >= 2 && items.iter().all(is_other)
}

fn bare(label: &str) -> Folded {
    Folded::of(label.trim_end_matches(['.', '\u{2026}', ' ', ',', ':', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, x: i32, y: i32) -> Line {
        Line {
            text: text.to_owned(),
            bounds: Rect::new(x, y, 8 * text.chars().count() as u32, 10),
            confidence: 95,
            region: None,
        }
    }

    fn reading(lines: &[(&str, i32, i32)]) -> Reading {
        Reading {
            lines: lines.iter().map(|&(text, x, y)| line(text, x, y)).collect(),
            ..Reading::default()
        }
    }

    #[test]
    fn a_title_is_a_line_or_a_word_of_the_topmost_one() {
        let apart = reading(&[("File", 4, 4), ("Configure", 60, 4), ("Configure", 4, 90)]);
        assert_eq!(title(&apart, "Configure"), Some(Rect::new(60, 4, 72, 10)));
        let joined = reading(&[("File Configure Help", 4, 4)]);
        assert_eq!(title(&joined, "Configure"), Some(Rect::new(44, 4, 72, 10)));
        assert_eq!(title(&joined, "Fila"), None);
    }

    #[test]
    fn a_title_with_one_letter_misread_is_known_in_the_first_row_only() {
        let bar = reading(&[
            ("Fike", 4, 4),
            ("Configure", 60, 5),
            ("Help", 150, 4),
            ("Fine", 4, 90),
        ]);
        assert_eq!(title(&bar, "File").map(|bounds| bounds.y), Some(4));
        let two = reading(&[("Fike", 4, 4), ("Fine", 60, 4)]);
        assert_eq!(title(&two, "File"), None, "nobody knows which");
        let below = reading(&[("Account", 4, 4), ("Fike", 4, 30)]);
        assert_eq!(title(&below, "File"), None);
    }

    #[test]
    fn dots_do_not_count_and_other_items_are_not_taken() {
        let menu = reading(&[
            ("Save Settings", 4, 30),
            ("Restart\u{2026}", 4, 50),
            ("Close", 4, 70),
        ]);
        let found = |label| items(&menu, label).map(|line| line.bounds.y).collect::<Vec<_>>();
        assert_eq!(found("Restart..."), [50]);
        assert_eq!(found("Settings"), [0; 0]);
        assert_eq!(found("Close"), [70]);
    }

    #[test]
    fn a_menu_lacks_only_what_none_of_its_items_may_be() {
        let lacking = |texts: &[&str], confidence: u8| {
            let lines = texts.iter().map(|text| Line {
                confidence,
                ..line(text, 4, 30)
            });
            let lines: Vec<Line> = lines.collect();
            lacks(&lines.iter().collect::<Vec<_>>(), "Restart")
        };
        assert!(lacking(&["Save Settings", "Close"], 90));
        assert!(!lacking(&["Save Settings", "Close"], 40), "they may be others");
        assert!(!lacking(&["Close"], 90), "no menu has one item");
        assert!(!lacking(&["Save Settings", "Restart...", "Close"], 90));
        assert!(!lacking(&["Save Settings", "Bestert", "Close"], 90), "read badly");
        assert!(!lacking(&["Save Settings", "Auto Restart now", "Close"], 90));
    }
}
