//! The list of labels that could do harm when they are pressed on the wrong dialog, and what allows each.
//!
//! It is data, like the catalogue: to mark a label, add its word here. Nothing that is marked can be pressed but by one
//! of the settings beside it; see [`Press`](super::Press).

use super::phrase::folded;
use crate::vision::text::Folded;

/// Edits per character that a word of more than four letters may differ by. A label read wrong must not slip through.
const LIKENESS: f32 = 0.2;
/// From this length on a word counts wherever it stands: the print may have lost its spaces.
const LONG: usize = 6;

/// One kind of harm.
#[derive(Debug, PartialEq, Eq)]
pub struct Danger {
    /// What pressing it does, as the end of the sentence "it ...".
    pub does: &'static str,
    /// A label with one of these words is of this kind.
    words: &'static [&'static str],
    /// The built-in settings that may allow it.
    pub settings: &'static [&'static str],
}

/// All kinds.
pub static DANGERS: [Danger; 8] = [
    Danger {
        does: "places or transmits an order",
        words: &[
            "transmit",
            "override",
            "place",
            "buy",
            "sell",
            "liquidate",
            "execute",
        ],
        settings: &["blind-trading", "crypto-order"],
    },
    Danger {
        does: "hands in what stands there",
        words: &["submit", "send"],
        settings: &["blind-trading", "configuration", "crypto-order", "one-time-code"],
    },
    Danger {
        does: "switches a precaution off",
        words: &["bypass"],
        settings: &["configuration"],
    },
    Danger {
        does: "signs or agrees to something",
        words: &["accept", "agree", "sign", "understand", "consent", "acknowledge"],
        settings: &[
            "paper-notice",
            "sizes-notice",
            "incoming-connection",
            "login-messages",
        ],
    },
    Danger {
        does: "installs another version",
        words: &["update", "upgrade", "install", "download"],
        settings: &[],
    },
    Danger {
        does: "deletes or resets something",
        words: &["delete", "remove", "reset", "erase"],
        settings: &["order-id-reset", "configuration"],
    },
    Danger {
        does: "ends the session or takes somebody else's",
        words: &[
            "exit",
            "quit",
            "restart",
            "shutdown",
            "logout",
            "logoff",
            "disconnect",
            "reconnect",
            "continue",
            "resume",
            "enter read only",
        ],
        settings: &[
            "closing",
            "existing-session",
            "handoff",
            "login-messages",
            "one-time-code",
            "read-only-login",
            "restarting",
        ],
    },
    Danger {
        does: "confirms whatever is asked",
        words: &["yes", "confirm", "proceed"],
        settings: &[
            "blind-trading",
            "closing",
            "configuration",
            "incoming-connection",
            "one-time-code",
            "order-id-reset",
            "restarting",
            "socket-port",
            "write-access",
        ],
    },
];

/// Labels with a marked word that do no harm: the button of a login, which signs nothing, and places in the
/// configuration, which change nothing before `OK`.
const HARMLESS: [&str; 7] = [
    "Sign in",
    "Lock and Exit",
    "Auto restart",
    "Auto logoff",
    "Auto log off",
    "Set Auto Restart Time (HH:MM)",
    "Set Auto Log Off Time (HH:MM)",
];

/// The settings that rules of the built-in catalogue go by. Any other is a user's own.
const BUILT_IN: [&str; 20] = [
    "blind-trading",
    "closing",
    "configuration",
    "crypto-order",
    "existing-session",
    "handoff",
    "incoming-connection",
    "login-messages",
    "nse-compliance",
    "one-time-code",
    "order-id-reset",
    "order-id-reset-at-start",
    "paper-notice",
    "password-notice",
    "read-only-login",
    "reconnecting",
    "restarting",
    "sizes-notice",
    "socket-port",
    "write-access",
];

/// Whether a rule's setting is one of gatehand's own, whose meaning users cannot change.
pub fn is_built_in(setting: &str) -> bool {
    BUILT_IN.contains(&setting)
}

impl Danger {
    /// What a label is marked as; nothing when it is harmless.
    pub fn of(label: &str) -> Vec<&'static Self> {
        let whole = folded(label);
        if HARMLESS.iter().any(|harmless| folded(harmless) == whole) {
            return Vec::new();
        }
        let words: Vec<Folded> = label.split(|c: char| !c.is_alphanumeric()).map(folded).collect();
        let marks = |danger: &&Self| danger.words.iter().any(|word| stands_in(word, &whole, &words));
        DANGERS.iter().filter(marks).collect()
    }

    /// Whether a setting of this name may allow it. One of a user's own may allow anything: its rule and its value
    /// were both written by that user.
    pub fn is_allowed_by(&self, setting: &str) -> bool {
        self.settings.contains(&setting) || !is_built_in(setting)
    }
}

fn stands_in(word: &str, whole: &Folded, words: &[Folded]) -> bool {
    let word = folded(word);
    let long = word.len() >= LONG && whole.contains(&word, LIKENESS).is_some();
    long || words.iter().any(|other| other.equals(&word, LIKENESS).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_do_harm_is_marked_also_when_it_was_read_badly() {
        for label in [
            "Transmit",
            "Tran5mit",
            "Transrnit",
            "OverrideandTransmit",
            "Override and Transmit",
            "Place Order",
            "Submit",
            "Yes",
            "I agree",
            "I understand and accept",
            "Install now",
            "Update",
            "Delete",
            "Reset API order ID sequence",
            "Exit Application",
            "Restart...",
            "Sign",
            "Bypass Order Precautions for API Orders",
            "Continue Login",
        ] {
            assert!(!Danger::of(label).is_empty(), "{label}");
        }
    }

    #[test]
    fn what_only_leads_on_or_back_is_harmless() {
        for label in [
            "OK",
            "No",
            "Cancel",
            "Close",
            "Apply",
            "Later",
            "Re-login",
            "Log In",
            "Paper Log In",
            "IB API",
            "FIX CTCI",
            "Live Trading",
            "Paper Trading",
            "IB Key",
            "Mobile Authenticator App",
            "Lock and Exit",
            "Read-Only API",
            "Don't display this message again.",
            "Settings",
            "Precautions",
        ] {
            let marked = Danger::of(label);
            assert!(marked.is_empty(), "{label}: {marked:?}");
        }
    }

    #[test]
    fn every_setting_that_allows_something_is_a_built_in_one() {
        for setting in DANGERS.iter().flat_map(|danger| danger.settings) {
            assert!(is_built_in(setting), "{setting}");
        }
    }
}
