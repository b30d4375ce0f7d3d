//! What is asked of a field, and what came of it.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::screen::WindowId;

/// How [`Desktop::fill`] goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillOptions {
    /// How long the program may take to answer; a JVM may stand still for seconds.
    pub answer: Duration,
    /// Characters typed between two looks at the windows.
    pub run: usize,
    /// How long to wait after a run for the window to be painted, which tells that the keys arrive.
    pub pause: Duration,
    /// Whether the field is asked what it holds. One that does not answer is emptied by Backspace and typed into, and
    /// the outcome is [`FillOutcome::Unread`]: what it holds is for its picture to tell.
    pub read_back: bool,
    /// Whether the field should show echo characters. Nothing of the text is typed before a `0` was told as one, or told
    /// in plain by each of several tries.
    pub secret: bool,
}

impl FillOptions {
    /// For a field that shows what is typed.
    pub const DEFAULT: Self = Self {
        answer: Duration::from_secs(10),
        run: 8,
        pause: Duration::from_millis(250),
        read_back: true,
        secret: false,
    };
}

impl Default for FillOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a field holds after [`Desktop::fill`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillOutcome {
    /// The text, exactly.
    Exact,
    /// As many echo characters as the text has.
    Masked {
        /// Their number.
        count: usize,
    },
    /// Something else.
    Mismatch {
        /// Its length in characters.
        length: usize,
    },
    /// One character, and another field may hold one instead of its text: keys went there before the focus did. Nothing
    /// but that character was typed.
    Elsewhere,
    /// Not known: another window was opened, and typing stopped at once.
    Interrupted {
        /// That window.
        by: WindowId,
    },
    /// Not known: the program did not take the focus, or did not answer.
    NoAnswer,
    /// Not known: all was typed, and the field was not asked.
    Unread,
}

/// What [`Desktop::read_field`] was told.
#[derive(Clone, PartialEq, Eq)]
pub enum FieldText {
    /// What the field holds.
    Text(Zeroizing<String>),
    /// Not known: another window was opened.
    Interrupted {
        /// That window.
        by: WindowId,
    },
    /// Not known: the program did not take the focus, or did not answer, as it does for an empty field.
    NoAnswer,
}

/// The text may be a secret: only its length is shown.
impl fmt::Debug for FieldText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} characters)", text.chars().count()),
            Self::Interrupted { by } => write!(f, "Interrupted({by})"),
            Self::NoAnswer => f.write_str("NoAnswer"),
        }
    }
}

impl FillOutcome {
    /// Whether the field holds the text as far as anybody can tell.
    pub const fn is_confirmed(self) -> bool {
        matches!(self, Self::Exact | Self::Masked { .. })
    }
}

/// Why waiting ended without what was waited for.
pub(super) enum Stop {
    TimedOut,
    Interrupted(WindowId),
}

impl From<Stop> for FillOutcome {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::TimedOut => Self::NoAnswer,
            Stop::Interrupted(by) => Self::Interrupted { by },
        }
    }
}

/// What a field holds, by what it told when all of it was selected.
pub(super) fn judge(answer: &str, expected: &str) -> FillOutcome {
    if answer == expected {
        return FillOutcome::Exact;
    }
    let length = answer.chars().count();
    let mut characters = answer.chars();
    let echo = characters
        .next()
        .is_some_and(|first| !first.is_alphanumeric() && characters.all(|character| character == first));
    if echo && length == expected.chars().count() {
        FillOutcome::Masked { count: length }
    } else {
        FillOutcome::Mismatch { length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged() {
        assert_eq!(judge("aé€", "aé€"), FillOutcome::Exact);
        assert_eq!(judge("•••", "aé€"), FillOutcome::Masked { count: 3 });
        assert_eq!(judge("***", "***"), FillOutcome::Exact);
        assert_eq!(judge("••", "aé€"), FillOutcome::Mismatch { length: 2 });
        assert_eq!(judge("qqq", "aaa"), FillOutcome::Mismatch { length: 3 });
        assert_eq!(judge("••x", "aaa"), FillOutcome::Mismatch { length: 3 });
        assert_eq!(judge("", "a"), FillOutcome::Mismatch { length: 0 });
    }
}
