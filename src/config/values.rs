//! The types that settings parse to, each with what it allows.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::secret::Secret;
use crate::screen::Size;

/// What a setting may hold.
pub(super) trait Value: Sized {
    /// What is allowed, as the end of the sentence "use ...".
    const ALLOWED: &'static str;

    /// Parses a text that is not empty. `Err` says what is allowed instead.
    fn parse(text: &str) -> Result<Self, &'static str>;
}

/// Values that are one of a few words, in any case.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $allowed:literal { $($(#[$variant_doc:meta])* $variant:ident = $($word:literal)|+,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $name {
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

words! {
    /// What to do when the account is in use elsewhere.
    ExistingSession: "primary, primaryoverride, secondary or manual" {
        /// Take the session, and give it up to nobody but another primary.
        Primary = "primary",
        /// Take the session whoever holds it.
        PrimaryOverride = "primaryoverride",
        /// Leave the session to the other side.
        Secondary = "secondary",
        /// Leave the choice to a human.
        Manual = "manual",
    }
    /// The answer to an API client from an address that is not trusted.
    AcceptIncoming: "accept, reject or manual" {
        /// Let it in.
        Accept = "accept",
        /// Turn it away.
        Reject = "reject",
        /// Leave the choice to a human.
        Manual = "manual",
    }
    /// The answer to the notice about bid, ask and last sizes.
    SizesNotice: "accept, defer or ignore" {
        /// Confirm it for good.
        Accept = "accept",
        /// Confirm it until next time.
        Defer = "defer",
        /// Leave it to a human.
        Ignore = "ignore",
    }
    /// The answer to an API client that wants to place orders.
    WriteAccess: "accept, reject or manual" {
        /// Let it.
        Accept = "accept",
        /// Refuse it.
        Reject = "reject",
        /// Leave the choice to a human.
        Manual = "manual",
    }
    /// The answer to the confirmation of an order for a cryptocurrency.
    CryptoOrders: "transmit, cancel or manual" {
        /// Transmit the order.
        Transmit = "transmit",
        /// Cancel it.
        Cancel = "cancel",
        /// Leave the choice to a human.
        Manual = "manual",
    }
    /// The answer to the question whether the API's order ids are to be reset.
    ResetAnswer: "confirm, reject or ignore" {
        /// Reset them.
        Confirm = "confirm",
        /// Do not.
        Reject = "reject",
        /// Leave it to a human.
        Ignore = "ignore",
    }
    /// What to do with messages that the gateway wants to be read before the login goes on.
    LoginMessages: "accept or manual" {
        /// Go on as if they were read.
        Accept = "accept",
        /// Leave them to a human.
        Manual = "manual",
    }
    /// What to do when nobody confirmed the second factor in time.
    OnTimeout: "exit or restart" {
        /// End.
        Exit = "exit",
        /// Start the gateway again.
        Restart = "restart",
    }
    /// What to do after credentials were refused.
    OnRefusal: "stay or exit" {
        /// Stay up, locked out, with the gateway closed and the viewer served.
        Stay = "stay",
        /// End with exit code 77.
        Exit = "exit",
    }
    /// How log lines are written.
    LogFormat: "text or json" {
        /// For humans.
        Text = "text",
        /// One JSON object per line.
        Json = "json",
    }
}

/// The account type to log in to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TradingMode {
    /// Real money.
    Live,
    /// Simulated trading.
    Paper,
}

impl Value for TradingMode {
    const ALLOWED: &'static str = "live or paper";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.to_ascii_lowercase().as_str() {
            "live" | "live trading" => Ok(Self::Live),
            "paper" | "paper trading" => Ok(Self::Paper),
            "both" => Err(
                "live or paper; for both start gatehand twice, each with its own TRADING_MODE, \
                 TWS_SETTINGS_PATH, GATEHAND_STATE_DIR and GATEHAND_VNC_LISTEN",
            ),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// The program to run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Program {
    /// IB Gateway.
    Gateway,
    /// Trader Workstation.
    Tws,
}

impl Program {
    /// The port on which it serves its API unless told otherwise.
    #[must_use]
    pub const fn api_port(self, mode: TradingMode) -> u16 {
        match (self, mode) {
            (Self::Gateway, TradingMode::Live) => 4001,
            (Self::Gateway, TradingMode::Paper) => 4002,
            (Self::Tws, TradingMode::Live) => 7496,
            (Self::Tws, TradingMode::Paper) => 7497,
        }
    }

    /// The port on which the relay serves the API to others unless told otherwise.
    #[must_use]
    pub const fn relay_port(self, mode: TradingMode) -> u16 {
        self.api_port(mode) + 2
    }
}

impl Value for Program {
    const ALLOWED: &'static str = "gateway or tws";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.to_ascii_lowercase().as_str() {
            "gateway" => Ok(Self::Gateway),
            "tws" => Ok(Self::Tws),
            _ => Err(Self::ALLOWED),
        }
    }
}

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

/// The answers to the question whether the API's order ids are to be reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderIdReset {
    /// When gatehand asked for it at the start.
    pub at_start: ResetAnswer,
    /// When anybody else did.
    pub by_user: ResetAnswer,
}

impl Value for OrderIdReset {
    const ALLOWED: &'static str =
        "AT_START/BY_USER, each confirm, reject or ignore, for instance confirm/ignore";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (at_start, by_user) = text.split_once('/').unwrap_or((text, text));
        let answer = |text: &str| ResetAnswer::parse(text.trim()).map_err(|_| Self::ALLOWED);
        Ok(Self {
            at_start: answer(at_start)?,
            by_user: answer(by_user)?,
        })
    }
}

/// Names of settings that a user's rules go by, with their values.
#[derive(Clone, Debug)]
pub(super) struct RuleSettings(pub(super) Vec<(String, String)>);

impl Value for RuleSettings {
    const ALLOWED: &'static str = "NAME=VALUE, several with commas between them";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let plain = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        };
        let pairs = text.split(',').map(|pair| {
            let (name, value) = pair.split_once('=').ok_or(Self::ALLOWED)?;
            let (name, value) = (name.trim(), value.trim());
            if !plain(name) || !plain(value) {
                return Err(Self::ALLOWED);
            }
            if crate::dialogs::is_built_in(name) {
                return Err("a name of your own: this one belongs to a setting of gatehand");
            }
            Ok((name.to_owned(), value.to_owned()))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }
}

/// Whole seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seconds(pub(super) Duration);

impl Value for Seconds {
    const ALLOWED: &'static str = "whole seconds, 1 to 86400";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(seconds @ 1..=86_400) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// The Java heap in MiB.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeapSize(pub(super) u32);

impl Value for HeapSize {
    const ALLOWED: &'static str = "whole megabytes, 128 to 1048576";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(megabytes @ 128..=1_048_576) => Ok(Self(megabytes)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// What the flight recorder may take on disk, in MiB; 0: nothing is recorded.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecorderSize(pub(super) u32);

impl Value for RecorderSize {
    const ALLOWED: &'static str = "whole MiB, 1 to 65536; 0 records nothing";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(size @ 0..=65_536) => Ok(Self(size)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// A TCP port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Port(pub(super) u16);

impl Value for Port {
    const ALLOWED: &'static str = "a port, 1 to 65535";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(port @ 1..) => Ok(Self(port)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// The API's master client id.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientId(pub(super) u32);

impl Value for ClientId {
    const ALLOWED: &'static str = "a whole number, 0 to 2147483647";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(id @ 0..=2_147_483_647) => Ok(Self(id)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// A time of day, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockTime {
    /// 0 to 23.
    hour: u8,
    /// 0 to 59.
    minute: u8,
}

impl ClockTime {
    /// The time that many minutes after midnight; a day has 1440.
    #[must_use]
    pub const fn after_midnight(minutes: u32) -> Self {
        Self {
            hour: (minutes / 60 % 24) as u8,
            minute: (minutes % 60) as u8,
        }
    }

    /// The time that a clock of twelve hours shows as `text`, before or after noon.
    #[must_use]
    pub fn on_twelve_hours(text: &str, afternoon: bool) -> Option<Self> {
        let half = if afternoon { "PM" } else { "AM" };
        Self::parse(&format!("{} {half}", text.trim())).ok()
    }

    /// 0 to 23.
    #[must_use]
    pub const fn hour(self) -> i8 {
        self.hour.cast_signed()
    }

    /// 0 to 59.
    #[must_use]
    pub const fn minute(self) -> i8 {
        self.minute.cast_signed()
    }

    /// Whether it is noon or later.
    #[must_use]
    pub const fn is_afternoon(self) -> bool {
        self.hour >= 12
    }

    /// `hh:mm` on a clock of twelve hours.
    #[must_use]
    pub fn twelve_hours(self) -> String {
        let hour = match self.hour % 12 {
            0 => 12,
            hour => hour,
        };
        format!("{hour:02}:{:02}", self.minute)
    }
}

/// On a clock of twelve hours: `11:45 PM`.
impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.is_afternoon() { "PM" } else { "AM" };
        write!(f, "{} {half}", self.twelve_hours())
    }
}

impl Value for ClockTime {
    const ALLOWED: &'static str = "a time of day, for instance 11:45 PM or 23:45";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.to_ascii_uppercase();
        let (time, half) = match (text.strip_suffix("AM"), text.strip_suffix("PM")) {
            (Some(time), _) => (time, Some(0)),
            (_, Some(time)) => (time, Some(12)),
            _ => (text.as_str(), None),
        };
        let (hour, minute) = time.trim().split_once(':').ok_or(Self::ALLOWED)?;
        let number = |digits: &str| match digits.len() {
            1 | 2 if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<u8>().ok(),
            _ => None,
        };
        let minute = number(minute).filter(|minute| *minute < 60);
        let hour = match (number(hour), half) {
            (Some(hour @ 1..=12), Some(half)) => Some(hour % 12 + half),
            (Some(hour @ 0..=23), None) => Some(hour),
            _ => None,
        };
        match (hour, minute) {
            (Some(hour), Some(minute)) => Ok(Self { hour, minute }),
            _ => Err(Self::ALLOWED),
        }
    }
}

impl Value for IpAddr {
    const ALLOWED: &'static str = "an IP address, for instance 127.0.0.1, 0.0.0.0 or ::";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let bare = text
            .strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'))
            .unwrap_or(text);
        if text.eq_ignore_ascii_case("localhost") {
            return Ok(Self::V4(Ipv4Addr::LOCALHOST));
        }
        bare.parse().map_err(|_| Self::ALLOWED)
    }
}

/// An address and port to listen on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listen(pub(super) SocketAddr);

/// Parses `ADDRESS:PORT`, `ADDRESS`, or `PORT` (then on 127.0.0.1); an IPv6 address stands in brackets.
///
/// # Errors
///
/// A text that says what is allowed.
pub fn parse_listen(text: &str, default_port: u16) -> Result<SocketAddr, &'static str> {
    const ALLOWED: &str = "ADDRESS:PORT, for instance 127.0.0.1:5900 or [::]:5900";
    if let Ok(port) = text.parse() {
        return Ok(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    }
    if let Ok(address) = IpAddr::parse(text) {
        return Ok(SocketAddr::new(address, default_port));
    }
    let (address, port) = text.rsplit_once(':').ok_or(ALLOWED)?;
    if address.contains(':') && !address.starts_with('[') {
        return Err(ALLOWED);
    }
    let address = IpAddr::parse(address).map_err(|_| ALLOWED)?;
    Ok(SocketAddr::new(address, port.parse().map_err(|_| ALLOWED)?))
}

impl Value for Listen {
    const ALLOWED: &'static str = "ADDRESS:PORT, for instance 127.0.0.1:5900 or [::]:5900";

    fn parse(text: &str) -> Result<Self, &'static str> {
        parse_listen(text, 5900).map(Self)
    }
}

/// The folder name of an installed version, such as `1030` or `10.30.1t`.
#[derive(Clone, Debug)]
pub(super) struct Version(pub(super) String);

impl Value for Version {
    const ALLOWED: &'static str = "the name of a version folder, for instance 1030 or 10.30.1t";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let plain = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if !plain || text.starts_with('.') {
            return Err(Self::ALLOWED);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A time zone's name, such as `America/New_York`.
#[derive(Clone, Debug)]
pub(super) struct TimeZone(pub(super) String);

impl Value for TimeZone {
    const ALLOWED: &'static str = "a time zone's name, for instance Etc/UTC or America/New_York";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let name = text.strip_prefix(':').unwrap_or(text);
        let plain = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/_+-".contains(c));
        if !plain || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Self::ALLOWED);
        }
        Ok(Self(name.to_owned()))
    }
}

impl Value for Size {
    const ALLOWED: &'static str = "WIDTHxHEIGHT, for instance 1024x768; 640x480 to 7680x4320";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (width, height) = text.split_once(['x', 'X']).ok_or(<Self as Value>::ALLOWED)?;
        match (width.parse(), height.parse()) {
            (Ok(width @ 640..=7680), Ok(height @ 480..=4320)) => Ok(Self { width, height }),
            _ => Err(<Self as Value>::ALLOWED),
        }
    }
}

/// An X display's name, `:N`.
#[derive(Clone, Debug)]
pub(super) struct DisplayName(pub(super) String);

impl Value for DisplayName {
    const ALLOWED: &'static str = "a display's name, for instance :1";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (_, number) = text.rsplit_once(':').ok_or(Self::ALLOWED)?;
        let (display, screen) = number.split_once('.').unwrap_or((number, "0"));
        if display.parse::<u32>().is_err() || screen.parse::<u32>().is_err() {
            return Err(Self::ALLOWED);
        }
        Ok(Self(text.to_owned()))
    }
}

/// What is logged, in the words of `tracing_subscriber::EnvFilter`.
#[derive(Clone, Debug)]
pub(super) struct LogFilter(pub(super) String);

impl Value for LogFilter {
    const ALLOWED: &'static str = "a level (error, warn, info, debug, trace) or target=level,...";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match tracing_subscriber::EnvFilter::try_new(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(Self::ALLOWED),
        }
    }
}

/// A viewer's password: 1 to 8 bytes, as VncAuth compares no more (RFC 6143 §7.2.2).
#[derive(Debug)]
pub struct VncPassword(Secret);

impl VncPassword {
    /// Checks the length.
    ///
    /// # Errors
    ///
    /// A text that says what is allowed.
    pub fn new(password: Secret) -> Result<Self, &'static str> {
        match password.expose().len() {
            1..=8 if !password.expose().contains('\0') => Ok(Self(password)),
            _ => Err(<Self as Value>::ALLOWED),
        }
    }

    /// The password itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Value for VncPassword {
    const ALLOWED: &'static str =
        "at most 8 bytes: VncAuth compares no more, so a longer password would only seem stronger";

    fn parse(text: &str) -> Result<Self, &'static str> {
        Self::new(Secret::new(text.to_owned()))
    }
}

/// The shared key of time-based codes (RFC 6238), decoded.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct TotpKey(Vec<u8>);

impl TotpKey {
    /// The key's bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TotpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(super::secret::HIDDEN)
    }
}

impl Value for TotpKey {
    const ALLOWED: &'static str =
        "the key in base32 (letters A to Z and digits 2 to 7, at least 16 of them), not a code of six digits";

    /// Base32 of RFC 4648 §6 in any case; spaces, dashes and padding are skipped, as web pages group the key.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut bytes = Vec::with_capacity(text.len());
        let (mut bits, mut pending) = (0_u32, 0_u32);
        for c in text
            .trim_end_matches('=')
            .bytes()
            .filter(|c| !matches!(c, b' ' | b'-'))
        {
            let five = match c.to_ascii_uppercase() {
                letter @ b'A'..=b'Z' => letter - b'A',
                digit @ b'2'..=b'7' => digit - b'2' + 26,
                _ => return Err(Self::ALLOWED),
            };
            pending = (pending << 5) | u32::from(five);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from((pending >> bits) & 0xff).unwrap_or_default());
            }
        }
        let key = Self(bytes);
        if key.0.len() < 10 {
            Err(Self::ALLOWED)
        } else {
            Ok(key)
        }
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
        assert_eq!(TradingMode::parse("Paper Trading"), Ok(TradingMode::Paper));
        assert_eq!(TradingMode::parse("LIVE"), Ok(TradingMode::Live));
        assert!(TradingMode::parse("both").is_err_and(|cure| cure.contains("start gatehand twice")));
        assert_eq!(bool::parse("YES"), Ok(true));
        assert_eq!(bool::parse("False"), Ok(false));
        assert!(bool::parse("1").is_err());
    }

    #[test]
    fn times_of_day_on_both_clocks() {
        let shown = |text| ClockTime::parse(text).map(|time| (time.twelve_hours(), time.is_afternoon()));
        for (text, clock, afternoon) in [
            ("11:45 PM", "11:45", true),
            ("8:05 am", "08:05", false),
            ("12:00 AM", "12:00", false),
            ("12:30PM", "12:30", true),
            ("23:45", "11:45", true),
            ("00:10", "12:10", false),
        ] {
            assert_eq!(shown(text), Ok((clock.to_owned(), afternoon)), "{text}");
        }
        for wrong in [
            "", "8", "13:00 PM", "0:10 AM", "24:00", "11:60", "1:2:3", "-1:00", "+1:00", "011:00",
        ] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn one_answer_to_a_reset_counts_for_both() {
        let both = OrderIdReset::parse("Confirm").expect("a word");
        assert_eq!(
            (both.at_start, both.by_user),
            (ResetAnswer::Confirm, ResetAnswer::Confirm)
        );
        let each = OrderIdReset::parse("reject/ignore").expect("two words");
        assert_eq!(
            (each.at_start, each.by_user),
            (ResetAnswer::Reject, ResetAnswer::Ignore)
        );
        assert!(OrderIdReset::parse("confirm/").is_err() && OrderIdReset::parse("a/b/c").is_err());
    }

    #[test]
    fn bounds_hold() {
        assert!(
            Seconds::parse("0").is_err() && Seconds::parse("86401").is_err() && Seconds::parse("1").is_ok()
        );
        assert!(Port::parse("0").is_err() && Port::parse("65536").is_err() && Port::parse("65535").is_ok());
        assert!(
            HeapSize::parse("127").is_err()
                && HeapSize::parse("768m").is_err()
                && HeapSize::parse("768").is_ok()
        );
        assert!(
            Size::parse("639x480").is_err() && Size::parse("640X480").is_ok() && Size::parse("1024").is_err()
        );
        assert!(
            Version::parse("../x").is_err()
                && Version::parse("10.30.1t").is_ok()
                && Version::parse("..").is_err()
        );
        assert!(TimeZone::parse("Etc/UTC\nx").is_err() && TimeZone::parse(":America/New_York").is_ok());
        assert!(DisplayName::parse("1").is_err() && DisplayName::parse(":1.0").is_ok());
        assert!(LogFilter::parse("gatehand=debug,info").is_ok() && LogFilter::parse("a=b=c").is_err());
        assert!(String::parse("two\nlines").is_err());
    }

    #[test]
    fn listen_addresses() {
        for (text, parsed) in [
            ("5901", Ok("127.0.0.1:5901")),
            ("0.0.0.0", Ok("0.0.0.0:5900")),
            ("localhost:1", Ok("127.0.0.1:1")),
            ("[::]:5902", Ok("[::]:5902")),
            ("::1", Ok("[::1]:5900")),
            ("nonsense", Err(())),
            ("127.0.0.1:port", Err(())),
            ("127.0.0.1:70000", Err(())),
        ] {
            let expected = parsed.map(|address| address.parse::<SocketAddr>().unwrap());
            assert_eq!(parse_listen(text, 5900).map_err(|_| ()), expected, "{text}");
        }
    }

    #[test]
    fn vnc_passwords_are_short() {
        assert!(VncPassword::parse("12345678").is_ok());
        assert!(VncPassword::parse("123456789").is_err_and(|cure| cure.contains("8 bytes")));
        assert!(
            VncPassword::parse("ééééé").is_err(),
            "bytes count, not characters"
        );
    }

    #[test]
    fn base32() {
        // RFC 6238's test key "12345678901234567890".
        let key = TotpKey::parse("gezd gnbv-GY3TQOJQ GEZDGNBVGY3TQOJQ").unwrap();
        assert_eq!(key.expose(), b"12345678901234567890");
        assert_eq!(format!("{key:?}"), "***");
        for bad in ["GEZDGNB1GY3TQOJQ", "123456", "", "====", "é"] {
            assert!(TotpKey::parse(bad).is_err(), "{bad}");
        }
    }
}
