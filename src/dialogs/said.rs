//! What a window says, as a reader takes it in: paragraphs, and the questions in them.
//!
//! A phrase that begins in one paragraph and ends in another is none, and a known sentence does not make a known dialog
//! when another question stands beside it.

use std::sync::LazyLock;

use super::phrase::{Phrase, folded};
use crate::screen::{Line, Reading, RegionKind, Window};
use crate::vision::text::Folded;

/// A question of fewer letters is an icon, or a mark that was read badly.
const SHORTEST_QUESTION: usize = 4;

/// Phrases of dialogs about an order: whatever else stands there, only a rule about orders may know them.
const ORDER_TALK: [&str; 11] = [
    "transmit",
    "submit this order",
    "submit the order",
    "place this order",
    "place the order",
    "send this order",
    "order preview",
    "order confirmation",
    "confirm order",
    "close the position",
    "all positions",
];

/// What is bought and sold is followed by how much.
const SIDES: [&str; 5] = ["buy", "sell", "bought", "sold", "short"];

/// Questions about the sentence before them, and no questions of their own.
const ONWARD: [&str; 14] = [
    "Are you sure",
    "Continue",
    "Continue anyway",
    "Do you want to continue",
    "Do you wish to continue",
    "Would you like to continue",
    "Do you want to proceed",
    "Do you wish to proceed",
    "Would you like to proceed",
    "Proceed",
    "Go on",
    "Is this OK",
    "Is that OK",
    "OK",
];

/// Words that a question begins with.
const ASKING: [&str; 18] = [
    "Are", "Can", "Could", "Did", "Do", "Does", "Has", "Have", "Is", "May", "Might", "Must", "Shall",
    "Should", "Was", "Were", "Will", "Would",
];

static ORDERS: LazyLock<Vec<Phrase>> = LazyLock::new(|| ORDER_TALK.map(Phrase::from).into());
static ONWARDS: LazyLock<Vec<Phrase>> = LazyLock::new(|| ONWARD.map(Phrase::from).into());

/// A window's text.
#[derive(Debug)]
pub(super) struct Said {
    /// All lines together.
    whole: Folded,
    paragraphs: Vec<Folded>,
    /// The sentences that end with a question mark, without it.
    questions: Vec<Folded>,
    about_an_order: bool,
}

impl Said {
    pub(super) fn by(window: &Window, reading: &Reading) -> Self {
        let paragraphs = paragraphs(reading);
        let questions = paragraphs.iter().flat_map(|text| questions(text));
        let whole = folded(&reading.text());
        let title = folded(&window.title);
        let speaks = |phrase: &Phrase| phrase.is_in(&whole) || phrase.is_in(&title);
        Self {
            about_an_order: ORDERS.iter().any(speaks) || paragraphs.iter().any(|text| trades(text)),
            questions: questions.collect(),
            paragraphs: paragraphs.iter().map(|text| folded(text)).collect(),
            whole,
        }
    }

    /// Whether one of its paragraphs says this.
    pub(super) fn says(&self, phrase: &Phrase) -> bool {
        self.paragraphs.iter().any(|paragraph| phrase.is_in(paragraph))
    }

    /// How much of it the best of its paragraphs says: 1 for all.
    pub(super) fn likeness(&self, phrase: &Phrase) -> f32 {
        let likeness = self.paragraphs.iter().map(|paragraph| phrase.likeness(paragraph));
        likeness.fold(0.0, f32::max)
    }

    /// Whether it may say this, were it across unrelated lines.
    pub(super) fn may_say(&self, phrase: &Phrase) -> bool {
        phrase.is_in(&self.whole)
    }

    /// Whether it asks something that is none of these, and more than whether to go on.
    pub(super) fn asks_else<'a>(&self, named: impl Iterator<Item = &'a Phrase> + Clone) -> bool {
        self.questions.iter().any(|question| {
            let is_named = named.clone().any(|phrase| phrase.names(question));
            !is_named && !ONWARDS.iter().any(|phrase| phrase.is(question))
        })
    }

    pub(super) const fn is_about_an_order(&self) -> bool {
        self.about_an_order
    }
}

/// Lines that belong together: one below or beside the other on the same ground, at the distance of lines of a text.
pub(super) fn paragraphs(reading: &Reading) -> Vec<String> {
    // Each with its last row: a line of text may have been read in pieces, and the next begins under the first of them.
    let mut paragraphs: Vec<(Vec<&Line>, String)> = Vec::new();
    for line in &reading.lines {
        let place = |(row, _): &(Vec<&Line>, String)| follows(row, line);
        let before = paragraphs.iter().enumerate().rev();
        match before.filter_map(|(at, it)| Some((at, place(it)?))).next() {
            Some((at, place)) => {
                let (row, text) = &mut paragraphs[at];
                if place == Place::Under {
                    row.clear();
                }
                row.push(line);
                text.push('\n');
                text.push_str(&line.text);
            }
            None => paragraphs.push((vec![line], line.text.clone())),
        }
    }
    // What a button or a field says is no part of what the window says; a label is compared as such.
    let is_prose = |line: &Line| {
        let kind = reading.region_of(line).map(|region| region.kind);
        !matches!(kind, Some(RegionKind::Button | RegionKind::Field))
    };
    let prose = paragraphs.into_iter().filter(|(row, _)| is_prose(row[0]));
    prose.map(|(_, text)| text).collect()
}

/// Where a line goes on with a text.
#[derive(PartialEq)]
enum Place {
    Beside,
    Under,
}

fn follows(row: &[&Line], line: &Line) -> Option<Place> {
    let b = line.bounds;
    let pieces = row.iter().filter(|piece| piece.region == line.region);
    pieces.rev().find_map(|piece| {
        let a = piece.bounds;
        let high = a.height.max(b.height) as i32;
        let level = a.y < b.center().y && b.center().y < a.bottom();
        if level && (-high..=high * 2).contains(&(b.x - a.right())) {
            return Some(Place::Beside);
        }
        let below = b.y - a.bottom();
        let shared = a.right().min(b.right()) - a.x.max(b.x);
        ((-high / 2..=high * 3 / 2).contains(&below) && shared > 0).then_some(Place::Under)
    })
}

/// Sentences that end with a question mark. One that was read badly, at the end of a line, ends a sentence all the same
/// where the next line begins like one.
fn questions(text: &str) -> Vec<Folded> {
    let mut questions = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let after = at + c.len_utf8();
        if c == '\n' && begins_sentence(&text[..at], &text[after..]) {
            start = after;
        }
        let ends = text[after..]
            .chars()
            .next()
            .is_none_or(|next| !next.is_alphanumeric());
        // A bad print makes an exclamation mark of the I in `API order`.
        let goes_on = c == '!' && text[after..].trim_start().starts_with(char::is_lowercase);
        if !matches!(c, '.' | '?' | '!') || !ends || goes_on {
            continue;
        }
        if c == '?' {
            questions.push(folded(&text[start..at]));
        }
        start = after;
    }
    questions.retain(|question| question.len() >= SHORTEST_QUESTION);
    questions
}

fn begins_sentence(before: &str, after: &str) -> bool {
    let word = after
        .split(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or_default();
    let ended = before.ends_with(|c: char| !c.is_alphabetic() && c != ',');
    word.starts_with(char::is_uppercase) && (ended || ASKING.contains(&word))
}

/// "BUY 100 XYZ": a side and a number after it.
fn trades(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).any(|pair| {
        let side = SIDES.iter().any(|side| Folded::of(side) == Folded::of(pair[0]));
        side && pair[1].starts_with(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Rect, Region, WindowId, WindowKind};

    fn said(lines: &[(&str, i32, i32)]) -> Said {
        let line = |&(text, x, y): &(&str, i32, i32)| Line {
            text: text.to_owned(),
            bounds: Rect::new(x, y, 7 * text.len() as u32, 10),
            confidence: 95,
            region: text.starts_with('[').then_some(0),
        };
        let reading = Reading {
            regions: vec![Region {
                bounds: Rect::new(0, 0, 50, 20),
                background: 0,
                kind: RegionKind::Button,
            }],
            lines: lines.iter().map(line).collect(),
            ..Reading::default()
        };
        let window = Window {
            id: WindowId(1),
            title: "Gateway".into(),
            class: String::new(),
            kind: WindowKind::Dialog,
            transient_for: None,
            geometry: Rect::new(0, 0, 400, 300),
            pid: None,
            client: 1,
            stacking: 0,
        };
        Said::by(&window, &reading)
    }

    #[test]
    fn a_phrase_goes_over_lines_of_one_paragraph_and_over_no_more() {
        let newer = Phrase::from("Newer Version");
        assert!(said(&[("There is a newer", 10, 10), ("version of this.", 10, 25)]).says(&newer));
        // Another column, another paragraph, a button.
        assert!(!said(&[("There is a newer", 10, 10), ("version", 300, 25)]).says(&newer));
        assert!(!said(&[("There is a newer", 10, 10), ("version of this.", 10, 60)]).says(&newer));
        assert!(!said(&[("There is a newer", 10, 10), ("[version]", 10, 25)]).says(&newer));
        assert!(said(&[("There is a newer", 10, 10), ("version", 300, 25)]).may_say(&newer));
        // One line of it in two pieces.
        assert!(said(&[("There is", 10, 10), ("a newer", 78, 10), ("version", 10, 25)]).says(&newer));
    }

    #[test]
    fn another_question_is_seen_and_one_that_only_asks_whether_to_go_on_is_none() {
        let incoming = [Phrase::from("Accept incoming connection")];
        let asks_else = |lines: &[(&str, i32, i32)]| said(lines).asks_else(incoming.iter());
        let known = ("Accept incoming connection from 10.1.2.3?", 10, 10);
        assert!(!asks_else(&[known]));
        assert!(!asks_else(&[known, ("Do you want to continue?", 10, 25)]));
        assert!(!asks_else(&[known, ("?", 10, 60)]));
        let print = ("Accept incoming connection to the AP! order port?", 10, 10);
        assert!(!asks_else(&[print]));
        assert!(asks_else(&[("Accept incoming connection! Sell it?", 10, 10)]));
        assert!(asks_else(&[known, ("Sell everything?", 10, 25)]));
        assert!(asks_else(&[
            known,
            ("And do you sign the", 10, 60),
            ("new terms?", 10, 75)
        ]));
    }

    #[test]
    fn an_order_is_told_from_talk_of_orders() {
        for order in [
            "BUY 100 AAPL at market",
            "Transmit this order?",
            "Are you sure you want to submit this order?",
            "Close the position of 5 AAPL now?",
        ] {
            assert!(said(&[(order, 10, 10)]).is_about_an_order(), "{order}");
        }
        for other in [
            "Orders in it are never sent to an exchange.",
            "Are you sure you want to reset API order ID sequence?",
            "API client needs write access action confirmation. Allow it to place orders?",
            "Sizes of US stocks are now shown in shares.",
            "You cannot buy or sell with it.",
        ] {
            assert!(!said(&[(other, 10, 10)]).is_about_an_order(), "{other}");
        }
    }
}
