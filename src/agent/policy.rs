//! What the user's settings permit, by the names that rules use.

use std::collections::BTreeMap;
use std::time::Duration;

/// Live or paper trading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TradingMode {
    /// Real money.
    Live,
    /// A simulated account.
    #[default]
    Paper,
}

impl TradingMode {
    /// The toggle's label in the login window, and the one beside it.
    pub(super) const fn toggles(self) -> (&'static str, &'static str) {
        match self {
            Self::Live => ("Live Trading", "Paper Trading"),
            Self::Paper => ("Paper Trading", "Live Trading"),
        }
    }
}

/// The settings that the agent decides by.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Which mode to log in to.
    pub mode: TradingMode,
    /// Whether there is a user name and password to type. Without them the login is a human's.
    pub has_credentials: bool,
    /// Whether one-time codes can be made.
    pub has_code: bool,
    /// The row to choose in the list of second factor devices.
    pub second_factor_device: Option<String>,
    /// Rule settings: name as in the catalogue -> value.
    pub answers: BTreeMap<String, String>,
    /// How long a human's input keeps the agent away.
    pub hands_off: Duration,
}

impl Policy {
    /// The value of a rule's setting. A login elsewhere is treated by the same dialog before and after our own login,
    /// and `primaryoverride` means the one thing before and the other after.
    pub(super) fn value<'a>(&'a self, setting: &str, logged_in: bool) -> Option<&'a str> {
        match (self.answers.get(setting).map(String::as_str), setting) {
            (Some("primaryoverride"), "existing-session") => {
                Some(if logged_in { "secondary" } else { "primary" })
            }
            (value, _) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primaryoverride_goes_on_at_first_and_gives_way_later() {
        let answers = BTreeMap::from([("existing-session".to_owned(), "primaryoverride".to_owned())]);
        let policy = Policy {
            mode: TradingMode::Paper,
            has_credentials: true,
            has_code: false,
            second_factor_device: None,
            answers,
            hands_off: Duration::ZERO,
        };
        assert_eq!(policy.value("existing-session", false), Some("primary"));
        assert_eq!(policy.value("existing-session", true), Some("secondary"));
        assert_eq!(policy.value("paper-notice", true), None);
    }
}
