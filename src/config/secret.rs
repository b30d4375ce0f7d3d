//! A text that hides itself when printed and leaves no copy behind when dropped.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// What every secret prints as.
pub const HIDDEN: &str = "***";

/// A secret text. It prints as `***`, cannot be serialised or cloned, and its memory is zeroed on drop.
///
/// Build it from the `String` that holds the secret already: growing or copying a `String` leaves the old
/// bytes behind.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over without copying it.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself. Every call is a place where the secret could leak; keep what comes back short-lived.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Drops one line end (`\n` or `\r\n`) from the end, as editors and `echo` leave one in a file.
    pub fn drop_line_end(&mut self) {
        if self.0.ends_with('\n') {
            self.0.pop();
            if self.0.ends_with('\r') {
                self.0.pop();
            }
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_itself() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(
            format!("{secret} {secret:?} {:?}", Some(&secret)),
            "*** *** Some(***)"
        );
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn one_line_end_goes() {
        for (with, without) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("a ", "a "),
            ("", ""),
            ("\r", "\r"),
        ] {
            let mut secret = Secret::new(with.to_owned());
            secret.drop_line_end();
            assert_eq!(secret.expose(), without);
        }
    }
}
