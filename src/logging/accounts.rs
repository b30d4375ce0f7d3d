//! Account numbers, which a log or a notification that goes to others does not show whole. Pure.

use std::borrow::Cow;

/// What stands in the place of all digits but the last.
const MASK: &str = "****";
/// Digits that stay, to tell one account from another.
const SHOWN: usize = 3;
/// Fewer digits are something else.
const FEWEST: usize = 5;
const MOST: usize = 9;

/// The text with `U1234567` as `U****567`: a letter of IBKR's kinds of account (`U`, `F`, `I`), `D` before it for one
/// that trades on paper, and five to nine digits.
#[must_use]
pub fn mask_accounts(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut masked = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let length = bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        if let Some(letters) = account_letters(&bytes[at..at + length]) {
            masked.push_str(&text[copied..at + letters]);
            masked.push_str(MASK);
            copied = at + length - SHOWN;
        }
        at += length;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}

/// How many letters the account number `word` begins with; none when it is no such number.
fn account_letters(word: &[u8]) -> Option<usize> {
    let letters = match word {
        [b'D', b'U' | b'F' | b'I', ..] => 2,
        [b'U' | b'F' | b'I', ..] => 1,
        _ => return None,
    };
    let digits = &word[letters..];
    let is_number = (FEWEST..=MOST).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    is_number.then_some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_account_numbers_are_masked() {
        for (text, masked) in [
            ("U1234567", "U****567"),
            ("DU1234567", "DU****567"),
            ("accounts=DF12345,I7654321;", "accounts=DF****345,I****321;"),
            ("\u{00e9} U1234567\u{00e9}", "\u{00e9} U****567\u{00e9}"),
            (
                "{\"title\":\"U1234567 Gateway\"}",
                "{\"title\":\"U****567 Gateway\"}",
            ),
            ("U1234", "U1234"),
            ("U1234567890", "U1234567890"),
            ("SU1234567", "SU1234567"),
            ("U1234567x", "U1234567x"),
            ("1234567", "1234567"),
            ("", ""),
        ] {
            assert_eq!(mask_accounts(text), masked);
        }
        assert!(matches!(mask_accounts("nothing here"), Cow::Borrowed(_)));
    }
}
