//! What the user's settings permit, by the names that rules use.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{AcceptIncoming, Config, ExistingSession, SizesNotice, TradingMode};

/// How long a human's input keeps the agent away.
const HANDS_OFF: Duration = Duration::from_secs(15);

/// The settings that the agent decides by.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Which mode to log in to.
    pub mode: TradingMode,
    /// Whether there is a user name and password to type. Without them the login is a human's.
    pub has_credentials: bool,
    /// Whether one-time codes can be made.
    pub has_code: bool,
    /// Whether to log in again, and so send a new push, when nobody confirmed the second factor.
    pub relogin: bool,
    /// The row to choose in the list of second factor devices.
    pub second_factor_device: Option<String>,
    /// Rule settings: name as in the catalogue -> value.
    pub answers: BTreeMap<String, String>,
    /// How long a human's input keeps the agent away.
    pub hands_off: Duration,
}

impl Policy {
    /// The policy that the settings ask for.
    pub fn new(config: &Config) -> Self {
        let dialogs = &config.dialogs;
        let existing_session = match dialogs.existing_session {
            ExistingSession::Manual => "manual",
            ExistingSession::Primary => "primary",
            ExistingSession::PrimaryOverride => "primaryoverride",
            ExistingSession::Secondary => "secondary",
        };
        let accept_incoming = match dialogs.accept_incoming {
            AcceptIncoming::Accept => "accept",
            AcceptIncoming::Manual => "manual",
            AcceptIncoming::Reject => "reject",
        };
        let sizes_notice = match dialogs.sizes_notice {
            SizesNotice::Accept => "accept",
            SizesNotice::Defer => "defer",
            SizesNotice::Ignore => "ignore",
        };
        let yes_no = |yes: bool| if yes { "yes" } else { "no" };
        let answers = [
            ("existing-session", existing_session),
            ("incoming-connection", accept_incoming),
            ("nse-compliance", yes_no(dialogs.dismiss_nse_notice)),
            ("paper-notice", yes_no(dialogs.accept_paper_notice)),
            ("password-notice", yes_no(dialogs.dismiss_password_expiry)),
            ("sizes-notice", sizes_notice),
        ];
        Self {
            mode: config.mode,
            has_credentials: config.credentials.is_some(),
            has_code: config.second_factor.totp_key.is_some(),
            relogin: config.second_factor.relogin,
            second_factor_device: config.second_factor.device.clone(),
            answers: answers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            hands_off: HANDS_OFF,
        }
    }

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
            relogin: false,
            second_factor_device: None,
            answers,
            hands_off: Duration::ZERO,
        };
        assert_eq!(policy.value("existing-session", false), Some("primary"));
        assert_eq!(policy.value("existing-session", true), Some("secondary"));
        assert_eq!(policy.value("paper-notice", true), None);
    }
}
