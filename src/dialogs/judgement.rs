//! Why a rule matches a window, or what is missing: for the people who write rules.

use super::phrase::Phrase;
use super::rule::{Rule, contains_words, missing_words};
use super::said::Said;
use crate::screen::{Reading, Window};
use crate::vision::absence::is_absent;
use crate::vision::controls;
use crate::vision::text::Folded;

/// One condition of a rule, held against a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The rule's key: `title`, `text`, `also`, `words`, `buttons`, `no-title`, `no-buttons`, `no-text`,
    /// `questions`.
    pub key: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// 0 (nothing of it) to 1 (all of it).
    pub score: f32,
    /// The evidence, or what was found instead.
    pub found: String,
}

/// A rule held against a window.
#[derive(Clone, Debug)]
pub struct Judgement<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Whether it matches.
    pub matches: bool,
    /// Its conditions.
    pub conditions: Vec<Condition>,
}

impl Judgement<'_> {
    /// How near the rule is: the mean of its conditions, 1 when all hold.
    pub fn score(&self) -> f32 {
        let sum: f32 = self.conditions.iter().map(|condition| condition.score).sum();
        sum / self.conditions.len().max(1) as f32
    }
}

impl Rule {
    /// Holds every condition of this rule against a window, also after the first that fails.
    pub fn judge(&self, window: &Window, reading: &Reading) -> Judgement<'_> {
        let said = Said::by(window, reading);
        let mut conditions = Vec::new();
        let title = (!self.title.is_empty()).then(|| self.judge_title(&window.title));
        let phrases = (!self.text.is_empty()).then(|| judge_text("text", &self.text, &said));
        match (title, phrases) {
            // One of the two is enough: the better one counts.
            (Some(title), Some(phrases)) if self.title_or_text => {
                conditions.push(if phrases.score > title.score {
                    phrases
                } else {
                    title
                });
            }
            (title, phrases) => conditions.extend(title.into_iter().chain(phrases)),
        }
        for phrase in &self.also {
            conditions.push(judge_text("also", std::slice::from_ref(phrase), &said));
        }
        if !self.words.is_empty() {
            conditions.push(judge_words(&self.words, reading));
        }
        if !self.buttons.is_empty() {
            conditions.push(judge_buttons(&self.buttons, reading));
        }
        let forbidden = self
            .no_title
            .iter()
            .filter(|word| contains_words(&window.title, word));
        conditions.extend(forbidden.map(|word| violation("no-title", word)));
        let forbidden = self.no_buttons.iter().filter(|label| !is_absent(reading, label));
        conditions.extend(forbidden.map(|label| violation("no-buttons", label)));
        let forbidden = self.no_text.iter().filter(|phrase| said.may_say(phrase));
        conditions.extend(forbidden.map(|phrase| violation("no-text", &phrase.written)));
        if !self.meaning.is_judgement()
            && let Some(doubt) = self.doubt(reading, &said)
        {
            conditions.push(Condition {
                key: "questions",
                holds: false,
                score: 0.0,
                found: doubt.to_owned(),
            });
        }
        Judgement {
            rule: self,
            matches: self.matches(window, reading, &said),
            conditions,
        }
    }

    fn judge_title(&self, title: &str) -> Condition {
        let held = self.title.iter().find(|wanted| self.title_holds(title, wanted));
        let score = |wanted: &String| {
            let (wanted, title) = (Folded::of(wanted), Folded::of(title));
            1.0 - wanted.edits(&title) as f32 / wanted.len().max(title.len()).max(1) as f32
        };
        Condition {
            key: "title",
            holds: held.is_some(),
            score: match held {
                Some(_) => 1.0,
                None => self.title.iter().map(score).fold(0.0, f32::max),
            },
            found: match held {
                Some(wanted) => format!("\"{wanted}\""),
                None => format!("\"{title}\" is none of {}", quoted(&self.title)),
            },
        }
    }
}

fn judge_text(key: &'static str, phrases: &[Phrase], said: &Said) -> Condition {
    let best = phrases.iter().max_by(|a, b| {
        let rank = |phrase: &Phrase| (said.says(phrase), said.likeness(phrase));
        rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal)
    });
    let holds = best.is_some_and(|phrase| said.says(phrase));
    let score = best.map_or(0.0, |phrase| said.likeness(phrase));
    let percent = (score * 100.0) as u32;
    let written = best.map_or("", |phrase| phrase.written.as_str());
    Condition {
        key,
        holds,
        score,
        found: if holds {
            format!("\"{written}\", {percent} % alike")
        } else {
            format!("\"{written}\" is not there: at the best {percent} % alike, and not all of its words")
        },
    }
}

fn judge_words(words: &[String], reading: &Reading) -> Condition {
    let missing: Vec<String> = missing_words(reading, words).into_iter().cloned().collect();
    Condition {
        key: "words",
        holds: missing.is_empty(),
        score: (words.len() - missing.len()) as f32 / words.len() as f32,
        found: if missing.is_empty() {
            quoted(words)
        } else {
            format!("{} not there", quoted(&missing))
        },
    }
}

fn judge_buttons(labels: &[String], reading: &Reading) -> Condition {
    let found = labels.iter().find_map(|label| controls::button(reading, label));
    Condition {
        key: "buttons",
        holds: found.is_some(),
        score: if found.is_some() { 1.0 } else { 0.0 },
        found: match found {
            Some(button) => format!("\"{}\"", button.label),
            None => {
                let there: Vec<String> = controls::buttons(reading)
                    .into_iter()
                    .map(|button| button.label)
                    .collect();
                format!("none of {}; there are {}", quoted(labels), quoted(&there))
            }
        },
    }
}

fn violation(key: &'static str, what: &str) -> Condition {
    Condition {
        key,
        holds: false,
        score: 0.0,
        found: format!("\"{what}\" is there"),
    }
}

fn quoted(texts: &[String]) -> String {
    if texts.is_empty() {
        return "nothing".to_owned();
    }
    let texts: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::dialogs::Catalogue;
    use crate::screen::{Line, Rect, Region, RegionKind, Size, WindowId, WindowKind};

    fn window(title: &str) -> Window {
        Window {
            id: WindowId(1),
            title: title.into(),
            class: "java".into(),
            kind: WindowKind::Dialog,
            transient_for: None,
            geometry: Rect::new(0, 0, 300, 200),
            pid: None,
            client: 0,
            stacking: 0,
        }
    }

    fn reading(text: &str, button: &str) -> Reading {
        let line = |text: &str, y, region| Line {
            text: text.into(),
            bounds: Rect::new(10, y, 100, 12),
            confidence: 90,
            region,
        };
        Reading {
            size: Size::new(300, 200),
            regions: vec![Region {
                bounds: Rect::new(8, 98, 110, 16),
                background: 0,
                kind: RegionKind::Button,
            }],
            lines: vec![line(text, 10, None), line(button, 100, Some(0))],
            ..Reading::default()
        }
    }

    fn judged(window: &Window, reading: &Reading) -> (bool, f32, Vec<(&'static str, bool, String)>) {
        let mut catalogue = Catalogue::built_in().expect("the built-in catalogue is right");
        let text = "[[rule]]\nname = \"mine\"\ntitle = [\"Account Review\"]\ntext = [\"review your account details\"]\nbuttons = [\"Later\"]\npress = [\"Later\"]\nno-text = [\"forever\"]\n";
        catalogue.add(Path::new("mine.toml"), text).expect("right");
        let rule = catalogue.rules().last().expect("mine");
        let judgement = rule.judge(window, reading);
        let conditions = judgement.conditions.iter();
        let conditions =
            conditions.map(|condition| (condition.key, condition.holds, condition.found.clone()));
        (judgement.matches, judgement.score(), conditions.collect())
    }

    #[test]
    fn a_match_names_its_evidence_and_a_miss_its_reasons() {
        let (matches, score, conditions) = judged(
            &window("Account Review"),
            &reading("Please review your account detai1s.", "Later"),
        );
        assert!(matches && score > 0.99, "{score} {conditions:?}");
        assert_eq!(conditions[0], ("title", true, "\"Account Review\"".to_owned()));
        assert!(conditions[1].2.contains("100 % alike"), "{conditions:?}");

        let (matches, score, conditions) = judged(
            &window("Account Revue"),
            &reading("Review your order forever", "Transmit"),
        );
        assert!(!matches && score > 0.1 && score < 0.8, "{score} {conditions:?}");
        let failed: Vec<&str> = conditions
            .iter()
            .filter(|(_, holds, _)| !holds)
            .map(|(key, ..)| *key)
            .collect();
        assert_eq!(failed, ["title", "text", "buttons", "no-text", "questions"]);
        assert!(
            conditions[2].2.contains("there are \"Transmit\""),
            "{conditions:?}"
        );
    }

    #[test]
    fn a_judgement_and_the_match_never_disagree() {
        let catalogue = Catalogue::built_in().expect("the built-in catalogue is right");
        let titles = [
            "",
            "Login",
            "IBKR Gateway",
            "Tip of the Day",
            "Second Factor Authentication",
        ];
        let texts = [
            "Connecting to server",
            "This is not a brokerage account",
            "File Configure Help",
            "Fike Configure Help",
            "Newer Version",
            "x",
        ];
        let mut matched = 0;
        for (title, text) in titles
            .iter()
            .flat_map(|title| texts.iter().map(move |text| (title, text)))
        {
            for button in ["OK", "Paper Log In"] {
                let (window, reading) = (window(title), reading(text, button));
                for rule in catalogue.rules() {
                    let judgement = rule.judge(&window, &reading);
                    let all = judgement.conditions.iter().all(|condition| condition.holds);
                    assert_eq!(all, judgement.matches, "{} {title} {text} {button}", rule.name);
                    matched += usize::from(all);
                }
            }
        }
        assert!(matched > 10, "{matched}");
    }

    #[test]
    fn a_menu_bar_is_known_with_one_letter_misread() {
        let catalogue = Catalogue::built_in().expect("the built-in catalogue is right");
        let mut rules = catalogue.rules().iter();
        let main = rules.find(|rule| rule.name == "main").expect("there");
        let known = |text: &str| {
            let mut reading = reading(text, "x");
            reading.lines.truncate(1);
            main.judge(&window("IBKR Gateway"), &reading).matches
        };
        assert!(known("File Configure Help") && known("Fike Configure Help"));
        assert!(!known("Free Configure Help"), "two letters");
        assert!(!known("Fike Confgure Help"), "in two titles");
        assert!(!known("Configure Help"));
    }

    #[test]
    fn a_title_alone_claims_no_window_with_a_button_that_may_transmit() {
        let catalogue = Catalogue::built_in().expect("the built-in catalogue is right");
        let rule = catalogue
            .rules()
            .iter()
            .find(|rule| rule.name == "existing-session");
        let rule = rule.expect("there");
        let mut reading = reading("Another session is active.", "Cancel");
        reading.regions.push(Region {
            bounds: Rect::new(140, 98, 110, 16),
            ..reading.regions[0]
        });
        let mut matches = |label: &str| {
            reading.lines.truncate(2);
            reading.lines.push(Line {
                text: label.into(),
                bounds: Rect::new(142, 100, 100, 12),
                confidence: 60,
                region: Some(1),
            });
            rule.judge(&window("Existing session detected"), &reading).matches
        };
        assert!(matches("Continue Login"));
        assert!(!matches("Iransrriit") && !matches("Transmt"));
    }
}
