//! A rule from one look at a dialog: what tells it apart is read, not asked. Pure.

use serde::Serialize;

use super::catalogue::{Catalogue, Recognition};
use super::danger::Danger;
use super::rule::Rule;
use super::said::{Said, paragraphs};
use crate::screen::{Line, Reading, Rect, Region, RegionKind, Size, Window, WindowId, WindowKind};
use crate::vision::controls;
use crate::vision::text::Folded;

/// A text of fewer letters says too little to be a dialog's own.
const TOO_SHORT: usize = 8;
/// A line that was read worse than this is not learnt, in percent.
const DOUBTFUL: u8 = 60;

/// A dialog, and what shall be pressed on it.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// The rule's name.
    pub name: &'a str,
    /// The dialog.
    pub window: &'a Window,
    /// What was read of it.
    pub reading: &'a Reading,
    /// The button, as it was read.
    pub button: &'a str,
    /// The setting that must be `yes` for the button to be pressed; none: it always is.
    pub setting: Option<&'a str>,
    /// A user name, which is not learnt: another day it may be another one.
    pub user: Option<&'a str>,
}

#[derive(Serialize)]
struct File<'a> {
    rule: [Written<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Written<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    title: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title_match: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    text: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<String>,
    buttons: [&'a str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    press: Option<[&'a str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    setting: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<Answers<'a>>,
}

#[derive(Serialize)]
struct Answers<'a> {
    yes: [&'a str; 1],
}

impl Lesson<'_> {
    /// The rule as a file.
    ///
    /// # Errors
    /// Why this dialog cannot be told apart from others.
    pub fn rule(&self) -> Result<String, String> {
        if self.setting.is_none()
            && let Some(danger) = Danger::of(self.button).first()
        {
            return Err(format!(
                "\"{}\" {}: name a setting of your own that must be `yes` for it (--only-if NAME; see GATEHAND_RULE_SETTINGS)",
                self.button, danger.does
            ));
        }
        let mut phrases = self.phrases();
        let longest = (0..phrases.len()).max_by_key(|&at| Folded::of(&phrases[at]).len());
        let Some(longest) = longest else {
            return Err("too little of its text can be read to tell it apart; write its rule by hand".into());
        };
        let text = phrases.remove(longest);
        let title = self.window.title.trim();
        let stays = !title.is_empty() && !title.split_whitespace().any(|word| self.is_volatile(word));
        let written = Written {
            name: self.name,
            title: if stays { vec![title.to_owned()] } else { Vec::new() },
            title_match: stays.then_some("equals"),
            text: vec![text],
            also: phrases,
            buttons: [self.button],
            press: self.setting.is_none().then_some([self.button]),
            setting: self.setting,
            answers: self.setting.map(|_| Answers { yes: [self.button] }),
        };
        toml::to_string(&File { rule: [written] }).map_err(|error| error.to_string())
    }

    /// Texts of the dialog that will be the same the next time: no numbers, no names, nothing from its controls.
    fn phrases(&self) -> Vec<String> {
        let mut reading = self.reading.clone();
        reading.lines.retain(|line| {
            let kind = self.reading.region_of(line).map(|region| region.kind);
            matches!(kind, None | Some(RegionKind::Panel)) && line.confidence >= DOUBTFUL
        });
        let paragraphs = paragraphs(&reading);
        let mut runs: Vec<Vec<&str>> = Vec::new();
        for paragraph in &paragraphs {
            runs.push(Vec::new());
            for word in paragraph.split_whitespace() {
                if self.is_volatile(word) {
                    runs.push(Vec::new());
                } else if let Some(run) = runs.last_mut() {
                    run.push(word);
                }
            }
        }
        let phrases = runs.iter().map(|run| run.join(" "));
        phrases
            .filter(|phrase| Folded::of(phrase).len() >= TOO_SHORT)
            .collect()
    }

    fn is_volatile(&self, word: &str) -> bool {
        let names_user = self
            .user
            .is_some_and(|user| Folded::of(word).contains(&Folded::of(user), 0.0).is_some());
        names_user || word.chars().any(|c| c.is_ascii_digit())
    }
}

impl Catalogue {
    /// The rule of another dialog that `rule` would match as well: by the texts and titles that tell that one apart.
    pub fn rival(&self, rule: &Rule) -> Option<&Rule> {
        // What else a rule asks for may stand in the other dialog too, without its rule saying so.
        let mut least = rule.clone();
        least.also.clear();
        self.rules()
            .iter()
            .filter(|other| other.name != rule.name)
            .find(|other| {
                samples(other, rule)
                    .iter()
                    .any(|(window, reading)| least.matches(window, reading, &Said::by(window, reading)))
            })
    }

    /// Whether exactly the rule of this name knows the window.
    pub fn knows_as(&self, window: &Window, reading: &Reading, name: &str) -> bool {
        matches!(self.recognise(window, reading), Recognition::Known(rule) if rule.name == name)
    }
}

/// Windows that say no more than what `other` asks of its own, with the buttons of both.
fn samples(other: &Rule, rule: &Rule) -> Vec<(Window, Reading)> {
    let none = String::new();
    let titles = other.title.iter().chain(other.title.is_empty().then_some(&none));
    let phrases: Vec<&str> = match other.text.is_empty() {
        true => vec![""],
        false => other.text.iter().map(|phrase| phrase.written.as_str()).collect(),
    };
    titles
        .flat_map(|title| {
            phrases
                .iter()
                .map(move |phrase| sample(title, phrase, other, rule))
        })
        .collect()
}

fn sample(title: &str, phrase: &str, other: &Rule, rule: &Rule) -> (Window, Reading) {
    let size = Size::new(400, 400);
    let mut reading = Reading {
        size,
        ..Reading::default()
    };
    let mut row = 0;
    let mut line = |text: &str, region| {
        row += 20;
        Line {
            text: text.to_owned(),
            bounds: Rect::new(10, row, 300, 12),
            confidence: 100,
            region,
        }
    };
    reading.lines.push(line(phrase, None));
    let also = other.also.iter().map(|phrase| line(&phrase.written, None));
    reading.lines.extend(also);
    reading
        .lines
        .extend(other.words.iter().map(|word| line(word, None)));
    for label in other.labels().chain(rule.labels()) {
        reading.lines.push(line(label, Some(reading.regions.len())));
        reading.regions.push(Region {
            bounds: Rect::new(5, 20 * reading.lines.len() as i32, 310, 16),
            background: 0,
            kind: RegionKind::Button,
        });
    }
    let window = Window {
        id: WindowId(1),
        title: title.to_owned(),
        class: String::new(),
        kind: WindowKind::Dialog,
        transient_for: None,
        geometry: Rect::of_size(size),
        pid: None,
        client: 0,
        stacking: 0,
    };
    (window, reading)
}

/// The labels of a dialog's buttons, as they were read.
pub fn labels(reading: &Reading) -> Vec<String> {
    controls::buttons(reading)
        .into_iter()
        .map(|button| button.label)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn dialog(title: &str, lines: &[&str], buttons: &[&str]) -> (Window, Reading) {
        let mut reading = Reading {
            size: Size::new(400, 300),
            ..Reading::default()
        };
        for (at, text) in lines.iter().enumerate() {
            reading.lines.push(Line {
                text: (*text).to_owned(),
                bounds: Rect::new(10, 10 + 16 * at as i32, 300, 12),
                confidence: 90,
                region: None,
            });
        }
        for (at, label) in buttons.iter().enumerate() {
            let bounds = Rect::new(10 + 100 * at as i32, 250, 90, 20);
            reading.lines.push(Line {
                text: (*label).to_owned(),
                bounds: bounds.inflated(-4),
                confidence: 90,
                region: Some(at),
            });
            reading.regions.push(Region {
                bounds,
                background: 0,
                kind: RegionKind::Button,
            });
        }
        let window = Window {
            id: WindowId(9),
            title: title.to_owned(),
            class: "java".into(),
            kind: WindowKind::Dialog,
            transient_for: None,
            geometry: Rect::new(0, 0, 400, 300),
            pid: None,
            client: 0,
            stacking: 0,
        };
        (window, reading)
    }

    fn taught(name: &str, dialog: &(Window, Reading), button: &str) -> Result<Catalogue, String> {
        let lesson = Lesson {
            name,
            window: &dialog.0,
            reading: &dialog.1,
            button,
            setting: None,
            user: Some("edemo77"),
        };
        let text = lesson.rule()?;
        let mut catalogue = Catalogue::built_in().expect("right");
        catalogue.add(Path::new("taught.toml"), &text).expect(&text);
        Ok(catalogue)
    }

    #[test]
    fn the_taught_dialog_is_known_the_next_time_with_other_numbers_and_names() {
        let first = dialog(
            "Account Review",
            &[
                "Dear edemo77, on 3 March 2026",
                "we will review your account details.",
                "Ticket 4711",
            ],
            &["Remind me later", "Review"],
        );
        let next = dialog(
            "Account Review",
            &[
                "Dear other, on 14 April 2027",
                "we will review your account detai1s.",
                "Ticket 12",
            ],
            &["Remind me later", "Review"],
        );
        let catalogue = taught("account-review", &first, "Remind me later").expect("taught");
        for seen in [&first, &next] {
            assert!(catalogue.knows_as(&seen.0, &seen.1, "account-review"));
        }
        let rule = catalogue.rules().last().expect("a rule");
        assert_eq!(rule.answers(None), ["Remind me later"]);
        assert!(catalogue.rival(rule).is_none());
        for other in [
            dialog(
                "Account Review",
                &["Delete your account now and for ever?"],
                &["Remind me later"],
            ),
            dialog(
                "Survey",
                &["we will review your account details."],
                &["Remind me later"],
            ),
            dialog(
                "Account Review",
                &["we will review your account details."],
                &["OK"],
            ),
        ] {
            assert!(
                !catalogue.knows_as(&other.0, &other.1, "account-review"),
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_dialog_that_says_too_little_is_not_taught() {
        let bare = dialog("Message", &["Ticket 4711", "OK?"], &["OK"]);
        let why = taught("bare", &bare, "OK").expect_err("too little");
        assert!(why.contains("by hand"), "{why}");
    }

    #[test]
    fn a_rule_that_would_know_another_rules_dialog_is_found_out() {
        let like = dialog("Gateway", &["Connection to server failed"], &["OK"]);
        let catalogue = taught("like", &like, "OK").expect("taught");
        let rule = catalogue.rules().last().expect("a rule");
        assert_eq!(
            catalogue.rival(rule).map(|rule| rule.name.as_str()),
            Some("connection-failed")
        );
    }

    #[test]
    fn a_button_that_could_do_harm_takes_a_setting() {
        let order = dialog("Account Review", &["we will review your account"], &["Transmit"]);
        let why = taught("order", &order, "Transmit").expect_err("dangerous");
        assert!(
            why.contains("transmits an order") && why.contains("--only-if"),
            "{why}"
        );
    }

    #[test]
    fn with_a_setting_the_button_is_pressed_only_when_that_says_yes() {
        let (window, reading) = dialog("Account Review", &["we will review your account"], &["Confirm"]);
        let lesson = Lesson {
            name: "review",
            window: &window,
            reading: &reading,
            button: "Confirm",
            setting: Some("account-review"),
            user: None,
        };
        let mut catalogue = Catalogue::built_in().expect("right");
        catalogue
            .add(Path::new("x.toml"), &lesson.rule().expect("taught"))
            .expect("right");
        let rule = catalogue.rules().last().expect("a rule");
        assert_eq!(rule.setting.as_deref(), Some("account-review"));
        assert_eq!(rule.answers(Some("yes")), ["Confirm"]);
        assert!(rule.answers(None).is_empty() && rule.answers(Some("no")).is_empty());
    }
}
