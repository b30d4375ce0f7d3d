//! A window with a tree on the left and a page on the right: where the two are, and the rows of the tree.

use super::text::Folded;
use crate::screen::{Line, Reading, Rect};

/// Edits per character that a label longer than four letters may differ by.
const LIKENESS: f32 = 0.2;
/// What may stand before a row's label: the remains of an icon that was read as letters.
const ICON: usize = 5;
/// No letter of a row is further than this from the next one.
const GAP: i32 = 10;

/// The two parts of the window, in window coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panes {
    /// The tree.
    pub tree: Rect,
    /// The page.
    pub page: Rect,
}

/// One row of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// All that was read in it.
    pub text: String,
    /// Its label's ink.
    pub bounds: Rect,
}

impl Row {
    /// Whether it says `label`, after what may be left of an icon.
    pub fn says(&self, label: &str) -> bool {
        let wanted = Folded::of(label);
        let mut words: Vec<&str> = self.text.split_whitespace().collect();
        let count = label.split_whitespace().count();
        if Folded::of(&self.text).equals(&wanted, LIKENESS).is_some() {
            return true;
        }
        let tail = words.split_off(words.len().saturating_sub(count));
        let before: usize = words.iter().map(|word| word.chars().count()).sum();
        before <= ICON && Folded::of(&tail.concat()).equals(&wanted, LIKENESS).is_some()
    }
}

/// Where tree and page are; `None` when the window is not divided like that.
pub fn panes(reading: &Reading) -> Option<Panes> {
    let window = Rect::of_size(reading.size);
    // The buttons that end the window lie below both.
    let ends = ["OK", "Apply", "Cancel"].map(Folded::of);
    let floor = reading
        .lines
        .iter()
        .filter(|line| line.bounds.y > window.height as i32 / 2 && ends.contains(&Folded::of(&line.text)))
        .map(|line| line.bounds.y - line.bounds.height as i32 / 2)
        .max()
        .unwrap_or(window.bottom());
    let right = match pane(reading, &window) {
        Some(pane) => pane.right(),
        None => gap(reading, floor)?,
    };
    Some(Panes {
        tree: Rect::from_edges(0, 0, right, floor),
        page: Rect::from_edges(right, 0, window.right(), floor),
    })
}

/// The high ground at the left edge that the tree is painted on, where it has one of its own.
fn pane(reading: &Reading, window: &Rect) -> Option<Rect> {
    let grounds = reading.regions.iter().map(|region| region.bounds);
    grounds
        .filter(|bounds| {
            let left = bounds.x * 10 <= window.width as i32 && bounds.right() * 10 <= window.width as i32 * 6;
            let high = bounds.height * 10 >= window.height * 4 && bounds.width * 10 >= window.width;
            let rows = reading
                .lines
                .iter()
                .filter(|line| bounds.contains_rect(&line.bounds));
            left && high && rows.count() >= 2
        })
        .max_by_key(|bounds| bounds.width)
}

/// The first column, from the left, that is free of text from top to bottom.
fn gap(reading: &Reading, floor: i32) -> Option<i32> {
    let mut spans: Vec<(i32, i32)> = reading
        .lines
        .iter()
        .filter(|line| line.bounds.bottom() < floor)
        .map(|line| (line.bounds.x, line.bounds.right()))
        .collect();
    spans.sort_unstable();
    let mut end = spans.first()?.1;
    for (start, right) in spans {
        if start > end + GAP {
            return Some((end + start) / 2);
        }
        end = end.max(right);
    }
    None
}

/// The rows of the tree, from the top.
pub fn rows(reading: &Reading, panes: &Panes) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut lines: Vec<&Line> = reading
        .lines
        .iter()
        .filter(|line| panes.tree.contains(line.bounds.center()))
        .collect();
    lines.sort_by_key(|line| (line.bounds.center().y, line.bounds.x));
    for line in lines {
        let level = |row: &&mut Row| {
            let middle = line.bounds.center().y;
            row.bounds.y <= middle && middle < row.bounds.bottom()
        };
        match rows.iter_mut().rev().take(2).find(level) {
            Some(row) if row.bounds.x < line.bounds.x => {
                row.text = format!("{} {}", row.text, line.text);
                row.bounds = line.bounds;
            }
            Some(row) => row.text = format!("{} {}", line.text, row.text),
            None => rows.push(Row {
                text: line.text.clone(),
                bounds: line.bounds,
            }),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Region, RegionKind, Size};

    fn reading(lines: &[(&str, i32, i32)]) -> Reading {
        let line = |&(text, x, y): &(&str, i32, i32)| Line {
            text: text.to_owned(),
            bounds: Rect::new(x, y, 7 * text.chars().count() as u32, 10),
            confidence: 95,
            region: None,
        };
        Reading {
            size: Size::new(600, 300),
            lines: lines.iter().map(line).collect(),
            ..Reading::default()
        }
    }

    #[test]
    fn rows_are_told_from_the_page_and_from_their_icons() {
        let reading = reading(&[
            ("D", 10, 8),
            ("General", 30, 10),
            ("(CJ API", 10, 30),
            ("Settings", 40, 50),
            ("General page", 200, 10),
            ("Read-Only API", 220, 50),
        ]);
        let panes = panes(&reading).expect("a gap");
        let rows = rows(&reading, &panes);
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        assert_eq!(texts, ["D General", "(CJ API", "Settings"]);
        assert!(rows[0].says("General") && rows[1].says("API") && rows[2].says("Settings"));
        assert!(!rows[1].says("Apply") && !rows[2].says("API"));
        assert_eq!(rows[0].bounds.x, 30);
    }

    #[test]
    fn a_ground_of_its_own_is_the_tree_whatever_the_texts_reach() {
        let mut reading = reading(&[
            ("API", 20, 20),
            ("A long name of a node", 20, 40),
            ("page", 160, 20),
        ]);
        assert_eq!(panes(&reading), None, "no column is free of text");
        reading.regions = vec![Region {
            bounds: Rect::new(5, 5, 150, 250),
            background: 0xff_ffff,
            kind: RegionKind::Panel,
        }];
        reading.lines[1].bounds.width = 160;
        assert_eq!(
            panes(&reading),
            None,
            "a text that crosses the border is on no ground"
        );
        reading.lines[1].bounds.width = 130;
        assert_eq!(panes(&reading).expect("the ground").tree.right(), 155);
    }
}
