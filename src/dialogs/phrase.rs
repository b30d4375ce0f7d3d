//! A phrase of a rule, and whether a text says it.

use serde::Deserialize;

use crate::vision::text::Folded;

/// How many edits per character a phrase, and each of its longer words, may differ by and still be the same.
const EDIT_RATIO: f32 = 0.2;
/// Words up to this many letters must be there exactly, or blurred: one letter makes `edit` of `exit`.
const SHORT_WORD: usize = 4;
/// So many letters of a word must be left when it is blurred.
const LEFT: usize = 3;

/// A phrase that is looked for in a paragraph, also across its line breaks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) struct Phrase {
    /// As the rule says it.
    pub(super) written: String,
    whole: Folded,
    words: Vec<Folded>,
    /// It ends with a question mark: so must the text, right after it. `exit?` is not `exit and sell all positions?`.
    question: bool,
}

/// A text as phrases are compared with it: small print makes `rn` of an `m`.
pub(super) fn folded(text: &str) -> Folded {
    Folded::of(&text.replace("rn", "m"))
}

impl From<&str> for Phrase {
    fn from(text: &str) -> Self {
        let words = text
            .split(|c: char| !c.is_alphanumeric())
            .map(folded)
            .filter(|word| !word.is_empty());
        Self {
            whole: folded(text.trim_end_matches('?')),
            words: words.collect(),
            question: text.ends_with('?'),
            written: text.to_owned(),
        }
    }
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl Phrase {
    /// Whether `text` says this, give or take what a blurred print makes of it.
    pub(super) fn is_in(&self, text: &Folded) -> bool {
        if !self.question {
            return self.stands_in(text);
        }
        text.questions().any(|question| {
            let ends = self.words.last().is_none_or(|word| {
                let blurred = word.blurred();
                question.tail(word.len()).equals(word, EDIT_RATIO).is_some()
                    || is_told_apart(&blurred) && question.blurred().tail(blurred.len()) == blurred
            });
            ends && self.stands_in(&question.tail(self.whole.len() + SHORT_WORD))
        })
    }

    /// Whether `question`, without its mark, says this or is this.
    pub(super) fn names(&self, question: &Folded) -> bool {
        self.stands_in(question)
    }

    /// Whether `text` says this and nothing else.
    pub(super) fn is(&self, text: &Folded) -> bool {
        text.equals(&self.whole, EDIT_RATIO).is_some() && self.stands_in(text)
    }

    /// How much of it the best place of `text` says: 1 for all.
    pub(super) fn likeness(&self, text: &Folded) -> f32 {
        text.contains(&self.whole, 1.0).unwrap_or(0.0)
    }

    fn stands_in(&self, text: &Folded) -> bool {
        let blurred = text.blurred();
        let is_there = |word: &Folded| {
            if word.len() > SHORT_WORD {
                return text.contains(word, EDIT_RATIO).is_some();
            }
            let likely = word.blurred();
            text.contains(word, 0.0).is_some()
                || is_told_apart(&likely) && blurred.contains(&likely, 0.0).is_some()
        };
        text.contains(&self.whole, EDIT_RATIO).is_some() && self.words.iter().all(is_there)
    }
}

/// Whether a short word that is blurred is still one of few.
const fn is_told_apart(blurred: &Folded) -> bool {
    blurred.len() >= LEFT && blurred.len() <= SHORT_WORD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_bears_bad_print_but_no_other_question() {
        let exit = Phrase::from("Are you sure you want to exit?");
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
        assert!(exit.is_in(&Folded::of("Are you sure you want to ext?")));
        let code = Phrase::from("Enter the code that was sent to you");
        assert!(code.is_in(&Folded::of("Enter the cade that was sent to you by SMS.")));
        assert!(!code.is_in(&Folded::of("Enter the mode that was sent to you by SMS.")));
        let paper = Phrase::from("This is not a brokerage account");
        assert!(paper.is_in(&folded("Thls is not a brokcrage accounl.")));
        let many = Phrase::from("Too many failed login attempts");
        assert!(many.is_in(&folded("Too many failed login atternpts.")));
    }
}
