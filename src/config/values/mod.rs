//! The types that settings parse to, each with what it allows.

mod answers;
mod clock;
mod code_source;
mod credentials;
mod display;
mod fernet;
mod installation;
mod log;
mod network;
mod notification;
mod numbers;
mod portal;
mod portal_login;
mod save_times;
mod trading;
mod tunnel;

use std::path::PathBuf;

use super::secret::Secret;

pub(super) use answers::RuleSettings;
pub use answers::{
    AcceptIncoming, CryptoOrders, ExistingSession, LoginMessages, OnRefusal, OnTimeout, OrderIdReset,
    ResetAnswer, SizesNotice, WriteAccess,
};
pub use clock::{ClockTime, DaySpan, WeekTime};
pub(super) use clock::{Seconds, TimeZone};
pub(super) use code_source::{CodeMethod, Pairs, Url};
pub(super) use credentials::{BearerToken, DeviceToken, SecretsSource};
pub use credentials::{LegacyPassword, TotpKey, ViewerPassword, VncPassword};
pub(super) use display::DisplayName;
pub(super) use fernet::FernetKey;
pub(super) use installation::{HeapSize, Version};
pub use log::LogFormat;
pub(super) use log::{LogFilter, LogLine};
pub use network::parse_listen;
pub(super) use network::{
    HostList, Hosts, HttpListen, ListenOrNot, MetadataHost, Networks, PemFile, Port, PortOrOff, ServiceUrl,
    WhenNotReady,
};
pub(super) use notification::{Kinds, Topic};
pub(super) use numbers::{ClientCount, ClientId, PerHour, Pushes, RecorderSize, Retries, ViewerCount};
pub(super) use portal::{AllowedAddresses, LoginCount, PortalListen, Reauthentications, Route};
pub use portal::{OnCompeting, PortalAddress};
pub use portal_login::PortalBrowser;
pub(super) use portal_login::{
    CodeTries, FactorHandler, PathOnServer, Pause, Resends, SaidText, Scale, Selector, SelectorsText,
};
pub(super) use save_times::SaveTimes;
pub(super) use trading::TradingModes;
pub use trading::{Program, TradingMode};
pub(super) use tunnel::{AliveCount, TunnelUse, Words};

/// What a setting may hold.
pub(in crate::config) trait Value: Sized {
    /// What is allowed, as the end of the sentence "use ...".
    const ALLOWED: &'static str;

    /// Parses a text that is not empty. `Err` says what is allowed instead.
    fn parse(text: &str) -> Result<Self, &'static str>;
}

/// Values that are one of a few words, in any case.
macro_rules! words {
    ($($(#[$doc:meta])* $vis:vis $name:ident: $allowed:literal { $($(#[$variant_doc:meta])* $variant:ident = $($word:literal)|+,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        $vis enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl Value for $name {
            const ALLOWED: &'static str = $allowed;

            fn parse(text: &str) -> Result<Self, &'static str> {
                $(if [$($word),+].iter().any(|word| word.eq_ignore_ascii_case(text)) {
                    return Ok(Self::$variant);
                })+
                Err(Self::ALLOWED)
            }
        }
    )+};
}

use words;

impl Value for bool {
    const ALLOWED: &'static str = "yes or no";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.to_ascii_lowercase().as_str() {
            "yes" | "true" => Ok(true),
            "no" | "false" => Ok(false),
            _ => Err(Self::ALLOWED),
        }
    }
}

impl Value for String {
    const ALLOWED: &'static str = "a text of one line";

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.chars().any(char::is_control) {
            return Err(Self::ALLOWED);
        }
        Ok(text.to_owned())
    }
}

impl Value for Secret {
    const ALLOWED: &'static str = "a text of one line";

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.chars().any(char::is_control) {
            return Err(Self::ALLOWED);
        }
        Ok(Self::new(text.to_owned()))
    }
}

impl Value for PathBuf {
    const ALLOWED: &'static str = "a path";

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains('\0') {
            return Err(Self::ALLOWED);
        }
        Ok(Self::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_any_case() {
        assert_eq!(
            ExistingSession::parse("PrimaryOverride"),
            Ok(ExistingSession::PrimaryOverride)
        );
        assert_eq!(bool::parse("YES"), Ok(true));
        assert_eq!(bool::parse("False"), Ok(false));
        assert!(bool::parse("1").is_err());
    }

    #[test]
    fn a_text_is_one_line() {
        assert!(String::parse("two\nlines").is_err());
    }
}
