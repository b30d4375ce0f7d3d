//! One rule: how a window is told apart, and what answers it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::screen::{Reading, Window};
use crate::vision::controls;
use crate::vision::text::Folded;

/// How many edits per character a phrase, and each of its longer words, may differ by and still be the same.
const EDIT_RATIO: f32 = 0.2;
/// Words up to this many letters must be there exactly: one letter makes `edit` of `exit`.
const SHORT_WORD: usize = 4;

/// A phrase that is looked for in a window's text, also across line breaks.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
struct Phrase {
    whole: Folded,
    words: Vec<Folded>,
    /// It ends with a question mark: so must the text, right after it. `exit?` is not `exit and sell all positions?`.
    question: bool,
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        let words = text
            .split(|c: char| !c.is_alphanumeric())
            .map(Folded::of)
            .filter(|word| !word.is_empty());
        Self {
            whole: Folded::of(text.trim_end_matches('?')),
            words: words.collect(),
            question: text.ends_with('?'),
        }
    }
}

impl Phrase {
    /// Whether `text` says this, give or take what a blurred print makes of it.
    fn is_in(&self, text: &Folded) -> bool {
        if !self.question {
            return self.stands_in(text);
        }
        text.questions().any(|question| {
            let ends = self
                .words
                .last()
                .is_none_or(|word| question.tail(word.len()).equals(word, EDIT_RATIO).is_some());
            ends && self.stands_in(&question.tail(self.whole.len() + SHORT_WORD))
        })
    }

    fn stands_in(&self, text: &Folded) -> bool {
        let ratio = |word: &Folded| if word.len() <= SHORT_WORD { 0.0 } else { EDIT_RATIO };
        text.contains(&self.whole, EDIT_RATIO).is_some()
            && self
                .words
                .iter()
                .all(|word| text.contains(word, ratio(word)).is_some())
    }
}

/// What a window means to the agent. [`Meaning::Notice`] is answered by its rule alone; the others have a part in the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The modal that counts down while the gateway connects. Its button cancels the login.
    Connecting,
    /// Another session of the same user is logged in.
    ExistingSession,
    /// The login form, ready for credentials.
    Login,
    /// A login that ended in an error which is not about the credentials.
    LoginError,
    /// The login window while it works.
    LoginProgress,
    /// The main window: logged in.
    Main,
    /// A dialog without a part in the login.
    Notice,
    /// The credentials were refused.
    Refused,
    /// A second factor is asked for.
    SecondFactor,
    /// The gateway is closing.
    Shutdown,
    /// The gateway is starting.
    Splash,
    /// Too many attempts: wait.
    Throttled,
}

/// Whether a title must equal or contain the given text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TitleMatch {
    #[default]
    Contains,
    Equals,
}

/// A `[[rule]]` of a catalogue file. All given conditions must hold; within one list, any entry will do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Unique name, in kebab case.
    pub name: String,
    /// What the window means to the agent.
    #[serde(default = "notice")]
    pub meaning: Meaning,
    /// Titles, ignoring case.
    #[serde(default)]
    title: Vec<String>,
    #[serde(default)]
    title_match: TitleMatch,
    /// Phrases, matched fuzzily, also across line breaks.
    #[serde(default)]
    text: Vec<Phrase>,
    /// One of `title` or `text` is enough.
    #[serde(default)]
    title_or_text: bool,
    /// Words that must all stand in the window.
    #[serde(default)]
    words: Vec<String>,
    /// Labels of which one must be on a button.
    #[serde(default)]
    buttons: Vec<String>,
    /// Labels of which none may be on a button.
    #[serde(default)]
    no_buttons: Vec<String>,
    /// Phrases of which none may be there.
    #[serde(default)]
    no_text: Vec<Phrase>,
    /// What answers the window whatever the settings say: the first label found is pressed.
    #[serde(default)]
    press: Vec<String>,
    /// The setting that chooses among `answers`.
    pub setting: Option<String>,
    /// Value of the setting -> labels. A value that is not listed leaves the window alone.
    #[serde(default)]
    answers: BTreeMap<String, Vec<String>>,
    /// Label of a check box to be ticked before the button is pressed, when `setting` has the value named here.
    #[serde(default)]
    tick: BTreeMap<String, String>,
    /// The answer could place, transmit, sign or delete something: it needs its own setting.
    #[serde(default)]
    dangerous: bool,
}

const fn notice() -> Meaning {
    Meaning::Notice
}

impl Rule {
    /// Whether `window`, whose picture says `reading`, is the one that this rule is about.
    ///
    /// `text` is all of the reading's text, folded once for all rules.
    pub(super) fn matches(&self, window: &Window, reading: &Reading, text: &Folded) -> bool {
        let title_holds = self
            .title
            .iter()
            .any(|title| self.title_holds(&window.title, title));
        let text_holds = self.text.iter().any(|phrase| phrase.is_in(text));
        let told_apart = if self.title_or_text {
            title_holds || text_holds
        } else {
            (self.title.is_empty() || title_holds) && (self.text.is_empty() || text_holds)
        };
        told_apart
            && self.words.iter().all(|word| has_word(reading, word))
            && (self.buttons.is_empty() || self.buttons.iter().any(|label| has_button(reading, label)))
            && !self.no_buttons.iter().any(|label| has_button(reading, label))
            && !self.no_text.iter().any(|phrase| phrase.is_in(text))
    }

    fn title_holds(&self, title: &str, wanted: &str) -> bool {
        let (title, wanted) = (title.trim().to_lowercase(), wanted.to_lowercase());
        match self.title_match {
            TitleMatch::Contains => title.contains(&wanted),
            TitleMatch::Equals => title == wanted,
        }
    }

    /// The labels that answer the window under this value of its setting, the best first; empty: leave it alone.
    pub fn answers(&self, value: Option<&str>) -> &[String] {
        match (&self.setting, value) {
            (None, _) => &self.press,
            (Some(_), Some(value)) => self.answers.get(value).map_or(&[], Vec::as_slice),
            (Some(_), None) => &[],
        }
    }

    /// The check box to be ticked first under this value of its setting.
    pub fn tick(&self, value: Option<&str>) -> Option<&str> {
        value.and_then(|value| self.tick.get(value)).map(String::as_str)
    }

    /// The labels that make the window what it is, for a meaning that has its own plan (the login button's, for one).
    pub fn buttons(&self) -> &[String] {
        &self.buttons
    }

    /// What is wrong with the rule as written, whatever the screen shows.
    pub(super) fn fault(&self) -> Option<&'static str> {
        if self.name.is_empty() {
            return Some("a rule needs a name");
        }
        if self.title.is_empty() && self.text.is_empty() && self.words.is_empty() {
            return Some("a rule needs `title`, `text` or `words` to tell its window apart");
        }
        if self.setting.is_some() == self.answers.is_empty() {
            return Some("`setting` and `answers` belong together");
        }
        if self.setting.is_some() && !self.press.is_empty() {
            return Some("`press` answers whatever the settings say: with `setting`, use `answers`");
        }
        if self.dangerous && self.setting.is_none() {
            return Some("a dangerous answer needs a `setting` of its own");
        }
        None
    }
}

fn has_button(reading: &Reading, label: &str) -> bool {
    controls::button(reading, label).is_some()
}

fn has_word(reading: &Reading, word: &str) -> bool {
    let word = Folded::of(word);
    reading
        .lines
        .iter()
        .flat_map(|line| line.text.split_whitespace())
        .any(|other| Folded::of(other) == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_bears_bad_print_but_no_other_question() {
        let exit = Phrase::from("Are you sure you want to exit?".to_owned());
        for same in [
            "Are you sure you want to exit?",
            "are you sure\nyou want to ex1t?",
            "Orders stay.\nAre you sure you want to exit?\nYes\nNo",
            "Are you sure you want to exit ?",
        ] {
            assert!(exit.is_in(&Folded::of(same)), "{same}");
        }
        for other in [
            "Are you sure you want to reset API order ID sequence?",
            "Are you sure you want to edit?",
            "Are you sure you want to exit and sell all positions?",
            "Are you sure you want to exit this position?",
        ] {
            assert!(!exit.is_in(&Folded::of(other)), "{other}");
        }
        let paper = Phrase::from("This is not a brokerage account".to_owned());
        assert!(paper.is_in(&Folded::of("Thls is not a brokcrage accounl.")));
    }
}
