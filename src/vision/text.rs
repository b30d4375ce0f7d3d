//! Texts compared as a reader of blurred print would: look-alikes are equal, white space does not count.

/// A text folded for comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Folded {
    characters: Vec<char>,
}

impl Folded {
    /// Folds case, I l 1 | ! [ and ], O and 0, quotation marks and hyphens; drops white space and control characters.
    pub fn of(text: &str) -> Self {
        let characters = text.chars().filter(|c| !c.is_whitespace() && !c.is_control());
        Self {
            characters: characters.flat_map(char::to_lowercase).map(fold).collect(),
        }
    }

    /// Number of characters that count.
    pub const fn len(&self) -> usize {
        self.characters.len()
    }

    /// Whether no character counts.
    pub const fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// Edits (insert, delete, replace) that make one text of the other.
    pub fn edits(&self, other: &Self) -> usize {
        edits(&self.characters, &other.characters, false)
    }

    /// How well the best place in this text fits `phrase`: 1 when it is there as it is; `None` when it would take
    /// more than `max_edit_ratio` edits per character of `phrase`, or `phrase` is empty.
    pub fn contains(&self, phrase: &Self, max_edit_ratio: f32) -> Option<f32> {
        if phrase.is_empty() {
            return None;
        }
        let most = (phrase.len() as f32 * max_edit_ratio.clamp(0.0, 1.0)) as usize;
        if phrase.len() > self.len() + most {
            return None;
        }
        let edits = match phrase.len() {
            1..=64 => best_place(&phrase.characters, &self.characters),
            _ => edits(&phrase.characters, &self.characters, true),
        };
        (edits <= most).then(|| 1.0 - edits as f32 / phrase.len() as f32)
    }

    /// What small print without smoothing leaves: round letters are alike, and a thin stroke may get lost.
    #[must_use]
    pub fn blurred(&self) -> Self {
        let strokes = self.characters.iter().filter(|&&c| c != fold('l'));
        Self {
            characters: strokes
                .map(|&c| if matches!(c, 'a' | 'c' | 'e') { 'o' } else { c })
                .collect(),
        }
    }

    /// The texts that end with a question mark, each from the mark before it.
    pub fn questions(&self) -> impl Iterator<Item = Self> {
        let mut parts: Vec<&[char]> = self.characters.split(|&c| c == '?').collect();
        parts.pop();
        parts.into_iter().map(|part| Self {
            characters: part.to_vec(),
        })
    }

    /// The last `length` characters, or all.
    pub fn tail(&self, length: usize) -> Self {
        let start = self.characters.len().saturating_sub(length);
        Self {
            characters: self.characters[start..].to_vec(),
        }
    }

    /// The first `length` characters, or all.
    pub fn head(&self, length: usize) -> Self {
        Self {
            characters: self.characters[..length.min(self.characters.len())].to_vec(),
        }
    }

    /// How well the whole text equals `label`, as [`contains`](Self::contains) says it. Up to four characters must
    /// all be there and no other: there are too many texts near `OK` and `No`.
    pub fn equals(&self, label: &Self, max_edit_ratio: f32) -> Option<f32> {
        if label.len() <= SHORT || self.len() <= SHORT {
            return (self == label && !label.is_empty()).then_some(1.0);
        }
        let most = (label.len() as f32 * max_edit_ratio.clamp(0.0, 1.0)) as usize;
        if self.len().abs_diff(label.len()) > most {
            return None;
        }
        let edits = self.edits(label);
        (edits <= most).then(|| 1.0 - edits as f32 / label.len() as f32)
    }
}

/// Labels up to this length are never matched by likeness.
pub const SHORT: usize = 4;

/// Whether `haystack` contains `phrase` but for `max_edit_ratio` edits per character; the score is 1 when exact.
///
/// For many phrases fold both once and use [`Folded::contains`].
pub fn contains_phrase(haystack: &str, phrase: &str, max_edit_ratio: f32) -> Option<f32> {
    Folded::of(haystack).contains(&Folded::of(phrase), max_edit_ratio)
}

const fn fold(c: char) -> char {
    match c {
        'i' | 'l' | '1' | '|' | '!' | '[' | ']' | 'ı' => 'l',
        '0' => 'o',
        '\u{2018}'
        | '\u{2019}'
        | '\u{201a}'
        | '`'
        | '\u{b4}'
        | '"'
        | '\u{201c}'..='\u{201e}'
        | '\u{ab}'
        | '\u{bb}' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '_' | '~' => '-',
        '\u{2026}' => '.',
        other => other,
    }
}

/// Edit distance row by row; with `anywhere` the phrase may stand anywhere in the text.
fn edits(phrase: &[char], text: &[char], anywhere: bool) -> usize {
    let mut column: Vec<usize> = (0..=phrase.len()).collect();
    let mut best = phrase.len();
    for (at, &c) in text.iter().enumerate() {
        let mut diagonal = column[0];
        column[0] = if anywhere { 0 } else { at + 1 };
        for (row, &p) in phrase.iter().enumerate() {
            let change = diagonal + usize::from(p != c);
            diagonal = column[row + 1];
            column[row + 1] = change.min(diagonal + 1).min(column[row] + 1);
        }
        best = best.min(column[phrase.len()]);
    }
    if anywhere { best } else { column[phrase.len()] }
}

/// The edits at the best place, for a phrase of 1 to 64 characters: the bit-parallel way of G. Myers, "A fast
/// bit-vector algorithm for approximate string matching based on dynamic programming", J. ACM 46(3), 1999.
fn best_place(phrase: &[char], text: &[char]) -> usize {
    let mut masks: Vec<(char, u64)> = Vec::with_capacity(phrase.len());
    for (bit, &p) in phrase.iter().enumerate() {
        match masks.iter_mut().find(|(c, _)| *c == p) {
            Some((_, mask)) => *mask |= 1 << bit,
            None => masks.push((p, 1 << bit)),
        }
    }
    let last = 1u64 << (phrase.len() - 1);
    let (mut plus, mut minus) = (u64::MAX, 0u64);
    let mut score = phrase.len();
    let mut best = score;
    for &c in text {
        let equal = masks.iter().find(|(p, _)| *p == c).map_or(0, |(_, mask)| *mask);
        let vertical = equal | minus;
        let horizontal = ((equal & plus).wrapping_add(plus) ^ plus) | equal;
        let mut up = minus | !(horizontal | plus);
        let mut down = plus & horizontal;
        score = score + usize::from(up & last != 0) - usize::from(down & last != 0);
        up <<= 1;
        down <<= 1;
        plus = down | !(vertical | up);
        minus = up & vertical;
        best = best.min(score);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_and_white_space_do_not_count() {
        assert_eq!(Folded::of("Log In"), Folded::of("|og\n1n"));
        assert_eq!(Folded::of("OK"), Folded::of("0k"));
        assert_eq!(Folded::of("API order ID"), Folded::of("AP] order [D"));
        assert_eq!(
            Folded::of("Re\u{2013}login \u{201c}x\u{201d}"),
            Folded::of("re-login \"x\"")
        );
    }

    #[test]
    fn a_phrase_is_found_with_few_edits_only() {
        let text = "Warning\nThis 1s not a brokerge account. lt is a paper account.";
        assert_eq!(contains_phrase(text, "is a paper", 0.2), Some(1.0));
        let score = contains_phrase(text, "This is not a brokerage account", 0.2).unwrap();
        assert!(score > 0.9 && score < 1.0);
        assert_eq!(contains_phrase(text, "Connection to server failed", 0.2), None);
        assert_eq!(contains_phrase(text, "", 0.2), None);
        assert_eq!(contains_phrase("", "x", 0.2), None);
    }

    #[test]
    fn both_ways_of_counting_agree() {
        let text: Vec<char> = "the quick brown fox jumps over the lazy dog, and over the fence"
            .chars()
            .collect();
        for phrase in ["quick brwn", "jumps ovr te", "zzz", "dog, and over", "fence!"] {
            let phrase: Vec<char> = phrase.chars().collect();
            assert_eq!(best_place(&phrase, &text), edits(&phrase, &text, true));
        }
        let long: Vec<char> = text.iter().chain(&text).copied().take(64).collect();
        assert_eq!(best_place(&long, &text), edits(&long, &text, true));
        let longer = "a".repeat(70);
        assert_eq!(contains_phrase(&format!("xx{longer}"), &longer, 0.1), Some(1.0));
    }

    #[test]
    fn short_labels_are_never_matched_by_likeness() {
        let equals = |a: &str, b: &str| Folded::of(a).equals(&Folded::of(b), 0.2);
        assert_eq!(equals("OK", "ok"), Some(1.0));
        assert_eq!(equals("No.", "No"), None);
        assert_eq!(equals("Yes!", "Yes"), None);
        assert_eq!(equals("Later", "Late"), None);
        assert!(equals("Paper Lag In", "Paper Log In").is_some());
        assert_eq!(equals("Paper Log In", "Log In"), None);
        assert_eq!(equals("", ""), None);
    }
}
