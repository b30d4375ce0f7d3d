//! What the user's settings permit, by the names that rules use.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::{
    AcceptIncoming, Config, CryptoOrders, ExistingSession, GatewayOptions, LoginMessages, ResetAnswer,
    SizesNotice, TradingMode, WriteAccess,
};
use crate::dialogs::Permit;

/// How long a human's input keeps the agent away, where no viewers are served.
const HANDS_OFF: Duration = Duration::from_secs(30);

/// What the agent is about, for settings that mean one thing now and another then.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// The main window shows.
    pub logged_in: bool,
    /// The gateway was asked to close.
    pub closing: bool,
    /// A human gave a one-time code.
    pub code_given: bool,
}

/// The settings that the agent decides by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// Which mode to log in to.
    pub mode: TradingMode,
    /// Whether there is a user name and password to type. Without them the login is a human's.
    pub has_credentials: bool,
    /// Whether to log in to FIX CTCI instead of IB API.
    pub fix: bool,
    /// Whether there is a second pair to type, the one for market data of a FIX login.
    pub has_data_credentials: bool,
    /// Whether one-time codes can be made.
    pub has_code: bool,
    /// Whether to log in again, and so send a new push, when nobody confirmed the second factor.
    pub relogin: bool,
    /// The row to choose in the list of second factor devices.
    pub second_factor_device: Option<String>,
    /// Rule settings: name as in the catalogue -> value.
    pub answers: BTreeMap<String, String>,
    /// What the gateway's own settings should be.
    #[serde(default)]
    pub configuration: GatewayOptions,
    /// How long a human's input keeps the agent away.
    pub hands_off: Duration,
}

impl Default for Policy {
    /// Without settings: answers what its rules answer in any case, and logs in nowhere.
    fn default() -> Self {
        Self {
            mode: TradingMode::Paper,
            has_credentials: false,
            fix: false,
            has_data_credentials: false,
            has_code: false,
            relogin: false,
            second_factor_device: None,
            answers: BTreeMap::new(),
            configuration: GatewayOptions::default(),
            hands_off: HANDS_OFF,
        }
    }
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
        let crypto_orders = match dialogs.crypto_orders {
            CryptoOrders::Cancel => "cancel",
            CryptoOrders::Manual => "manual",
            CryptoOrders::Transmit => "transmit",
        };
        let reset = |answer| match answer {
            ResetAnswer::Confirm => "confirm",
            ResetAnswer::Ignore => "ignore",
            ResetAnswer::Reject => "reject",
        };
        let write_access = match dialogs.write_access {
            WriteAccess::Accept => "accept",
            WriteAccess::Manual => "manual",
            WriteAccess::Reject => "reject",
        };
        let login_messages = match dialogs.login_messages {
            LoginMessages::Accept => "accept",
            LoginMessages::Manual => "manual",
        };
        let yes_no = |yes: bool| if yes { "yes" } else { "no" };
        let built_in = [
            ("blind-trading", yes_no(dialogs.allow_blind_trading)),
            ("crypto-order", crypto_orders),
            ("existing-session", existing_session),
            ("incoming-connection", accept_incoming),
            ("login-messages", login_messages),
            ("nse-compliance", yes_no(dialogs.dismiss_nse_notice)),
            ("order-id-reset", reset(dialogs.confirm_order_id_reset.by_user)),
            (
                "order-id-reset-at-start",
                reset(dialogs.confirm_order_id_reset.at_start),
            ),
            ("paper-notice", yes_no(dialogs.accept_paper_notice)),
            ("password-notice", yes_no(dialogs.dismiss_password_expiry)),
            ("read-only-login", yes_no(config.second_factor.read_only_login)),
            ("sizes-notice", sizes_notice),
            ("write-access", write_access),
        ];
        let mut answers: BTreeMap<String, String> = dialogs.rule_settings.iter().cloned().collect();
        answers.extend(built_in.map(|(name, value)| (name.to_owned(), value.to_owned())));
        Self {
            mode: config.mode,
            has_credentials: config.credentials.is_some(),
            fix: config.fix,
            has_data_credentials: config.data_credentials.is_some(),
            has_code: config.second_factor.totp_key.is_some(),
            relogin: config.second_factor.relogin,
            second_factor_device: config.second_factor.device.clone(),
            answers,
            configuration: config.options.clone(),
            hands_off: config.vnc.as_ref().map_or(HANDS_OFF, |vnc| vnc.take_over),
        }
    }

    /// The value of a rule's setting. A login elsewhere is treated by the same dialog before and after our own login,
    /// and `primaryoverride` means the one thing before and the other after.
    pub fn value<'a>(&'a self, setting: &str, now: Circumstances) -> Option<&'a str> {
        let written = |name: &str| self.answers.get(name).map(String::as_str);
        match setting {
            "closing" => now.closing.then_some("yes"),
            "one-time-code" => (self.has_code || now.code_given).then_some("yes"),
            "handoff" => written("existing-session"),
            "existing-session" => match written("existing-session") {
                Some("primaryoverride") => Some(if now.logged_in { "secondary" } else { "primary" }),
                value => value,
            },
            other => written(other),
        }
    }

    /// The right to press what an act needs that was asked for: a setting of the gateway's own, an errand.
    pub(super) const fn permit_act(setting: &'static str) -> Permit<'static> {
        Permit::of_setting(setting, "yes")
    }

    /// The right to answer a question that an act of the agent's own made the gateway ask.
    pub(super) fn permit_own_act<'a>(&'a self, setting: &'a str) -> Option<Permit<'a>> {
        let value = match setting {
            "order-id-reset" => self.answers.get("order-id-reset-at-start")?,
            _ => "yes",
        };
        Some(Permit::of_setting(setting, value))
    }

    /// The right that a rule's setting gives.
    pub(super) fn permit<'a>(&'a self, setting: &'a str, now: Circumstances) -> Option<Permit<'a>> {
        let value = self.value(setting, now)?;
        Some(Permit::of_setting(setting, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primaryoverride_goes_on_at_first_and_gives_way_later() {
        let answers = BTreeMap::from([("existing-session".to_owned(), "primaryoverride".to_owned())]);
        let policy = Policy {
            answers,
            ..Policy::default()
        };
        let value = |setting, logged_in| {
            let now = Circumstances {
                logged_in,
                ..Circumstances::default()
            };
            policy.value(setting, now)
        };
        assert_eq!(value("existing-session", false), Some("primary"));
        assert_eq!(value("existing-session", true), Some("secondary"));
        assert_eq!(value("handoff", true), Some("primaryoverride"));
        assert_eq!(value("paper-notice", true), None);
        assert_eq!(value("closing", true), None);
        assert_eq!(value("one-time-code", true), None);
    }
}
