//! The table of all settings: names, default, meaning and type, each in one place.
//!
//! To add a setting, add one entry. The entry gives the option, the key of the configuration file, the
//! environment variables, the IBC key, the parser and the row of `docs/settings.md`.

use std::net::IpAddr;
use std::path::PathBuf;

use super::error::{ConfigError, Origin};
use super::secret::Secret;
use super::values::{
    AcceptIncoming, ClientId, ClockTime, CryptoOrders, DisplayName, ExistingSession, HeapSize, Listen,
    LogFilter, LogFormat, LoginMessages, OnRefusal, OnTimeout, OrderIdReset, Port, Program, RecorderSize,
    RuleSettings, Seconds, SizesNotice, TimeZone, TotpKey, TradingMode, Value, Version, VncPassword,
    WriteAccess,
};
use super::written::Written;
use crate::screen::Size;

/// One setting as users know it.
#[derive(Debug)]
pub struct Setting {
    /// The key in gatehand's own configuration file; with dashes, the option.
    pub key: &'static str,
    /// Environment variables, the one that counts first.
    pub variables: &'static [&'static str],
    /// Keys of IBC's `config.ini`.
    pub ini: &'static [&'static str],
    /// Whether the value is a secret.
    pub secret: bool,
    /// The value when nobody wrote one.
    pub default: Option<&'static str>,
    /// What is allowed.
    pub allowed: &'static str,
    /// What it does.
    pub help: &'static str,
}

impl Setting {
    /// Whether the setting names a file of settings: only the command line and the environment can, and not by a file
    /// that holds the name.
    pub(super) fn names_a_file(&self) -> bool {
        matches!(self.key, "config" | "ibc_ini")
    }
}

/// Settings that are checked but that nothing obeys yet, each with the values that ask for nothing.
pub(super) const WITHOUT_EFFECT: [(&str, &[&str]); 2] =
    [("second_factor_grace", &["60"]), ("login_window_limit", &["60"])];

/// A field of [`Values`]: a type with a default, or an `Option` without.
pub(super) trait Field: Sized {
    const ALLOWED: &'static str;

    fn from_written(setting: &'static Setting, written: Option<&Written>) -> Result<Self, ConfigError>;
}

fn parse<T: Value>(setting: &'static Setting, written: &Written) -> Result<T, ConfigError> {
    T::parse(written.text.expose()).map_err(|allowed| ConfigError::NotAllowed {
        origin: written.origin.clone(),
        value: shown(setting, written),
        allowed,
    })
}

/// The value as an error may show it: no secret, and no content of a file, which may be the wrong one.
fn shown(setting: &Setting, written: &Written) -> String {
    const LIMIT: usize = 60;
    let text = written.text.expose();
    match (&written.origin, text.char_indices().nth(LIMIT)) {
        (Origin::ContentOf { .. }, _) => "its content".to_owned(),
        _ if setting.secret => "the value".to_owned(),
        (_, None) => format!("{text:?}"),
        (_, Some((end, _))) => format!("{:?}...", &text[..end]),
    }
}

impl<T: Value> Field for T {
    const ALLOWED: &'static str = <T as Value>::ALLOWED;

    fn from_written(setting: &'static Setting, written: Option<&Written>) -> Result<Self, ConfigError> {
        match written {
            Some(written) => parse(setting, written),
            None => parse(setting, &Written::default_of(setting)),
        }
    }
}

impl<T: Value> Field for Option<T> {
    const ALLOWED: &'static str = <T as Value>::ALLOWED;

    fn from_written(setting: &'static Setting, written: Option<&Written>) -> Result<Self, ConfigError> {
        written.map(|written| parse(setting, written)).transpose()
    }
}

macro_rules! or_none {
    () => {
        None
    };
    ($value:literal) => {
        Some($value)
    };
}

macro_rules! settings {
    ($($key:ident: $type:ty {
        variables: $variables:tt,
        ini: $ini:tt,
        secret: $secret:literal,
        $(default: $default:literal,)?
        help: $help:literal,
    })+) => {
        /// Every setting that does something, in the order of the reference page.
        pub static SETTINGS: &[&Setting] = &[$(&row::$key),+];

        #[expect(non_upper_case_globals, reason = "each row bears the name of its field")]
        mod row {
            use super::*;

            $(pub(super) static $key: Setting = Setting {
                key: stringify!($key),
                variables: &$variables,
                ini: &$ini,
                secret: $secret,
                default: or_none!($($default)?),
                allowed: <$type as Field>::ALLOWED,
                help: $help,
            };)+
        }

        /// Every setting's value, parsed but not yet checked against the others.
        pub(super) struct Values {
            $(pub(super) $key: $type,)+
        }

        impl Values {
            /// Parses what was written; `written` answers by key.
            pub(super) fn parse<'a>(written: impl Fn(&str) -> Option<&'a Written>) -> Result<Self, ConfigError> {
                Ok(Self { $($key: Field::from_written(&row::$key, written(stringify!($key)))?,)+ })
            }
        }
    };
}

settings! {
    config: Option<PathBuf> {
        variables: ["GATEHAND_CONFIG"],
        ini: [],
        secret: false,
        help: "gatehand's own configuration file (TOML; keys as in the first column). Named on the command line or in the environment only.",
    }
    ibc_ini: Option<PathBuf> {
        variables: ["GATEHAND_IBC_INI"],
        ini: [],
        secret: false,
        help: "An IBC `config.ini` to take settings from. Named on the command line or in the environment only.",
    }
    user: Option<String> {
        variables: ["GATEHAND_USER", "TWS_USERID", "TWSUSERID", "IB_USERNAME"],
        ini: ["IbLoginId"],
        secret: false,
        help: "User name. Without user name and password the login is left to a human at the viewer.",
    }
    password: Option<Secret> {
        variables: ["GATEHAND_PASSWORD", "TWS_PASSWORD", "TWSPASSWORD", "IB_PASSWORD"],
        ini: ["IbPassword"],
        secret: true,
        help: "Password.",
    }
    live_user: Option<String> {
        variables: ["GATEHAND_LIVE_USER", "IB_LIVE_USERNAME"],
        ini: [],
        secret: false,
        help: "User name for live trading, when `user` is not set.",
    }
    live_password: Option<Secret> {
        variables: ["GATEHAND_LIVE_PASSWORD", "IB_LIVE_PASSWORD"],
        ini: [],
        secret: true,
        help: "Password for live trading.",
    }
    paper_user: Option<String> {
        variables: ["GATEHAND_PAPER_USER", "IB_PAPER_USERNAME", "TWS_USERID_PAPER"],
        ini: [],
        secret: false,
        help: "User name for paper trading, when `user` is not set.",
    }
    paper_password: Option<Secret> {
        variables: ["GATEHAND_PAPER_PASSWORD", "IB_PAPER_PASSWORD", "TWS_PASSWORD_PAPER"],
        ini: [],
        secret: true,
        help: "Password for paper trading.",
    }
    fix: bool {
        variables: ["GATEHAND_FIX"],
        ini: ["FIX"],
        secret: false,
        default: "no",
        help: "Log in to FIX CTCI with `fix_user` and `fix_password`. `user` and `password`, if set, are for its market data.",
    }
    fix_user: Option<String> {
        variables: ["GATEHAND_FIX_USER"],
        ini: ["FIXLoginId"],
        secret: false,
        help: "User name for FIX CTCI.",
    }
    fix_password: Option<Secret> {
        variables: ["GATEHAND_FIX_PASSWORD"],
        ini: ["FIXPassword"],
        secret: true,
        help: "Password for FIX CTCI.",
    }
    trading_mode: TradingMode {
        variables: ["GATEHAND_TRADING_MODE", "TRADING_MODE", "IB_TRADING_MODE", "IB_LOGINTYPE"],
        ini: ["TradingMode"],
        secret: false,
        default: "paper",
        help: "Account type to log in to.",
    }
    program: Program {
        variables: ["GATEHAND_PROGRAM", "GATEWAY_OR_TWS"],
        ini: [],
        secret: false,
        default: "gateway",
        help: "Program to run.",
    }
    totp_key: Option<TotpKey> {
        variables: ["GATEHAND_TOTP_KEY", "TWOFACTOR_CODE", "TOTP_KEY"],
        ini: [],
        secret: true,
        help: "Key of the time-based codes for the second factor.",
    }
    second_factor_device: Option<String> {
        variables: ["GATEHAND_SECOND_FACTOR_DEVICE", "TWOFA_DEVICE"],
        ini: ["SecondFactorDevice"],
        secret: false,
        help: "Second-factor device: the text of its row in the list.",
    }
    prefer_ib_key: bool {
        variables: ["GATEHAND_PREFER_IB_KEY", "IB_PREFER_IBKEY"],
        ini: [],
        secret: false,
        default: "no",
        help: "Choose the device `IB Key`, when no other is named.",
    }
    second_factor_limit: Seconds {
        variables: ["GATEHAND_SECOND_FACTOR_LIMIT"],
        ini: ["SecondFactorAuthenticationTimeout"],
        secret: false,
        default: "180",
        help: "Time to confirm the second factor.",
    }
    second_factor_grace: Seconds {
        variables: ["GATEHAND_SECOND_FACTOR_GRACE", "TWOFA_EXIT_INTERVAL"],
        ini: ["SecondFactorAuthenticationExitInterval"],
        secret: false,
        default: "60",
        help: "Time after the confirmation for the login to complete. No effect yet.",
    }
    second_factor_on_timeout: OnTimeout {
        variables: ["GATEHAND_SECOND_FACTOR_ON_TIMEOUT", "TWOFA_TIMEOUT_ACTION"],
        ini: [],
        secret: false,
        default: "exit",
        help: "What to do when nobody confirmed the second factor in time. `restart` has no effect yet.",
    }
    second_factor_relogin: bool {
        variables: ["GATEHAND_SECOND_FACTOR_RELOGIN", "RELOGIN_AFTER_TWOFA_TIMEOUT"],
        ini: ["ReloginAfterSecondFactorAuthenticationTimeout"],
        secret: false,
        default: "no",
        help: "Log in again in the same gateway when nobody confirmed the second factor in time. No effect yet.",
    }
    read_only_login: bool {
        variables: ["GATEHAND_READ_ONLY_LOGIN"],
        ini: ["ReadOnlyLogin"],
        secret: false,
        default: "no",
        help: "Press `Enter Read Only` instead of giving a second factor, where TWS offers it.",
    }
    existing_session: ExistingSession {
        variables: ["GATEHAND_EXISTING_SESSION", "EXISTING_SESSION_DETECTED_ACTION"],
        ini: ["ExistingSessionDetectedAction"],
        secret: false,
        default: "primary",
        help: "What to do when the account is in use elsewhere.",
    }
    accept_incoming: AcceptIncoming {
        variables: ["GATEHAND_ACCEPT_INCOMING", "TWS_ACCEPT_INCOMING"],
        ini: ["AcceptIncomingConnectionAction"],
        secret: false,
        default: "manual",
        help: "Answer to an API client from an address that the gateway does not trust.",
    }
    accept_paper_notice: bool {
        variables: ["GATEHAND_ACCEPT_PAPER_NOTICE"],
        ini: ["AcceptNonBrokerageAccountWarning"],
        secret: false,
        default: "yes",
        help: "Accept the notice that a paper account is not a brokerage account.",
    }
    sizes_notice: SizesNotice {
        variables: ["GATEHAND_SIZES_NOTICE"],
        ini: ["AcceptBidAskLastSizeDisplayUpdateNotification"],
        secret: false,
        default: "ignore",
        help: "Answer to the notice about bid, ask and last sizes.",
    }
    allow_blind_trading: bool {
        variables: ["GATEHAND_ALLOW_BLIND_TRADING", "ALLOW_BLIND_TRADING"],
        ini: ["AllowBlindTrading"],
        secret: false,
        default: "no",
        help: "Confirm the warning about orders without market data, and so transmit the order.",
    }
    crypto_orders: CryptoOrders {
        variables: ["GATEHAND_CRYPTO_ORDERS"],
        ini: ["ConfirmCryptoCurrencyOrders"],
        secret: false,
        default: "manual",
        help: "Answer to the confirmation of an order for a cryptocurrency.",
    }
    confirm_order_id_reset: OrderIdReset {
        variables: ["GATEHAND_CONFIRM_ORDER_ID_RESET"],
        ini: ["ConfirmOrderIdReset"],
        secret: false,
        default: "ignore/ignore",
        help: "Answer to the question whether the API's order ids are to be reset: when it was asked for at the start, and when anybody else asked.",
    }
    write_access: WriteAccess {
        variables: ["GATEHAND_WRITE_ACCESS"],
        ini: [],
        secret: false,
        default: "manual",
        help: "Answer to an API client that wants to place orders.",
    }
    login_messages: LoginMessages {
        variables: ["GATEHAND_LOGIN_MESSAGES"],
        ini: [],
        secret: false,
        default: "manual",
        help: "What to do with messages that want to be read before the login goes on.",
    }
    rule_settings: Option<RuleSettings> {
        variables: ["GATEHAND_RULE_SETTINGS"],
        ini: [],
        secret: false,
        help: "Values of the settings that rules of your own go by, for instance `my-orders=yes`.",
    }
    dismiss_password_expiry: bool {
        variables: ["GATEHAND_DISMISS_PASSWORD_EXPIRY"],
        ini: ["DismissPasswordExpiryWarning"],
        secret: false,
        default: "no",
        help: "Dismiss the warning that the password is about to expire.",
    }
    dismiss_nse_notice: bool {
        variables: ["GATEHAND_DISMISS_NSE_NOTICE"],
        ini: ["DismissNSEComplianceNotice"],
        secret: false,
        default: "yes",
        help: "Dismiss the NSE compliance notice.",
    }
    login_window_limit: Seconds {
        variables: ["GATEHAND_LOGIN_WINDOW_LIMIT"],
        ini: ["LoginDialogDisplayTimeout"],
        secret: false,
        default: "60",
        help: "Time for the login window to show up. No effect yet.",
    }
    tws_path: Option<PathBuf> {
        variables: ["GATEHAND_TWS_PATH", "TWS_PATH"],
        ini: [],
        secret: false,
        help: "Folder that holds the installation, `ibgateway/VERSION` or `VERSION`. Default: `~/Jts`.",
    }
    version: Option<Version> {
        variables: ["GATEHAND_VERSION", "TWS_MAJOR_VRSN", "IB_GATEWAY_VERSION"],
        ini: [],
        secret: false,
        help: "Installed version to run. Default: the newest.",
    }
    settings_path: Option<PathBuf> {
        variables: ["GATEHAND_SETTINGS_PATH", "TWS_SETTINGS_PATH"],
        ini: ["IbDir"],
        secret: false,
        help: "Folder for the gateway's settings. Default: that of `tws_path`.",
    }
    java_heap_size: Option<HeapSize> {
        variables: ["GATEHAND_JAVA_HEAP_SIZE", "JAVA_HEAP_SIZE"],
        ini: [],
        secret: false,
        help: "Heap of the gateway's JVM in MiB. Default: as in the installation, normally 768.",
    }
    time_zone: Option<TimeZone> {
        variables: ["GATEHAND_TIME_ZONE", "TIME_ZONE", "TZ", "IB_TIMEZONE"],
        ini: [],
        secret: false,
        help: "Time zone of the gateway. Default: as in `jts.ini`, and `Etc/UTC` in a new one.",
    }
    api_port: Option<Port> {
        variables: ["GATEHAND_API_PORT"],
        ini: ["OverrideTwsApiPort"],
        secret: false,
        help: "Port on which the gateway serves its API: it is moved there when its configuration window shows another one. Default: 4001 live, 4002 paper (TWS: 7496, 7497), and no port is moved.",
    }
    read_only_api: Option<bool> {
        variables: ["GATEHAND_READ_ONLY_API", "READ_ONLY_API"],
        ini: ["ReadOnlyApi"],
        secret: false,
        help: "Whether API clients may only read. With `yes` no client is admitted before the gateway's window shows it. Default: as the gateway has it.",
    }
    master_client_id: Option<ClientId> {
        variables: ["GATEHAND_MASTER_CLIENT_ID", "TWS_MASTER_CLIENT_ID"],
        ini: ["OverrideTwsMasterClientID"],
        secret: false,
        help: "Client id that receives the data of all API clients. Default: as the gateway has it.",
    }
    market_data_in_lots: Option<bool> {
        variables: ["GATEHAND_MARKET_DATA_IN_LOTS"],
        ini: ["SendMarketDataInLotsForUSstocks"],
        secret: false,
        help: "Send market data for US stocks in lots to API clients that understand both. Default: as the gateway has it.",
    }
    bypass_warnings: Option<bool> {
        variables: ["GATEHAND_BYPASS_WARNINGS", "BYPASS_WARNING"],
        ini: [],
        secret: false,
        help: "All precautions below that have no setting of their own. Default: as the gateway has them.",
    }
    bypass_order_precautions: Option<bool> {
        variables: ["GATEHAND_BYPASS_ORDER_PRECAUTIONS"],
        ini: ["BypassOrderPrecautions"],
        secret: false,
        help: "Spare API orders order precautions. Default: as the gateway has it.",
    }
    bypass_bond_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_BOND_WARNING"],
        ini: ["BypassBondWarning"],
        secret: false,
        help: "Spare API orders the bond warning. Default: as the gateway has it.",
    }
    bypass_negative_yield_to_worst_confirmation: Option<bool> {
        variables: ["GATEHAND_BYPASS_NEGATIVE_YIELD_TO_WORST_CONFIRMATION"],
        ini: ["BypassNegativeYieldToWorstConfirmation"],
        secret: false,
        help: "Spare API orders the confirmation of a negative yield to worst. Default: as the gateway has it.",
    }
    bypass_called_bond_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_CALLED_BOND_WARNING"],
        ini: ["BypassCalledBondWarning"],
        secret: false,
        help: "Spare API orders the called bond warning. Default: as the gateway has it.",
    }
    bypass_same_action_pair_trade_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_SAME_ACTION_PAIR_TRADE_WARNING"],
        ini: ["BypassSameActionPairTradeWarning"],
        secret: false,
        help: "Spare API orders the warning about a pair trade with the same action. Default: as the gateway has it.",
    }
    bypass_price_based_volatility_risk_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_PRICE_BASED_VOLATILITY_RISK_WARNING"],
        ini: ["BypassPriceBasedVolatilityRiskWarning"],
        secret: false,
        help: "Spare API orders the warning about price-based volatility risk. Default: as the gateway has it.",
    }
    bypass_us_stocks_market_data_in_shares_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_US_STOCKS_MARKET_DATA_IN_SHARES_WARNING"],
        ini: ["BypassUSStocksMarketDataInSharesWarning"],
        secret: false,
        help: "Spare API orders the warning about market data for US stocks in shares. Default: as the gateway has it.",
    }
    bypass_redirect_order_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_REDIRECT_ORDER_WARNING"],
        ini: ["BypassRedirectOrderWarning"],
        secret: false,
        help: "Spare API orders the warning about a redirected stock order. Default: as the gateway has it.",
    }
    bypass_no_overfill_protection_precaution: Option<bool> {
        variables: ["GATEHAND_BYPASS_NO_OVERFILL_PROTECTION_PRECAUTION"],
        ini: ["BypassNoOverfillProtectionPrecaution"],
        secret: false,
        help: "Spare API orders the precaution where overfill protection is missing. Default: as the gateway has it.",
    }
    reset_order_ids_at_start: bool {
        variables: ["GATEHAND_RESET_ORDER_IDS_AT_START"],
        ini: ["ResetOrderIdsAtStart"],
        secret: false,
        default: "no",
        help: "Reset the API's order ids when the gateway was started. Whether that is confirmed is the setting `confirm_order_id_reset`.",
    }
    auto_restart_time: Option<ClockTime> {
        variables: ["GATEHAND_AUTO_RESTART_TIME", "AUTO_RESTART_TIME"],
        ini: ["AutoRestartTime"],
        secret: false,
        help: "Time at which the gateway restarts itself every day, by its own clock. Default: as the gateway has it.",
    }
    auto_logoff_time: Option<ClockTime> {
        variables: ["GATEHAND_AUTO_LOGOFF_TIME", "AUTO_LOGOFF_TIME", "IB_LOGOFF"],
        ini: ["AutoLogoffTime"],
        secret: false,
        help: "Time at which the gateway ends itself every day, by its own clock, unless a time to restart is set.",
    }
    relay_address: IpAddr {
        variables: ["GATEHAND_RELAY_ADDRESS"],
        ini: [],
        secret: false,
        default: "127.0.0.1",
        help: "Address on which the relay serves the API to others. Whoever reaches it can trade.",
    }
    relay_port: Option<Port> {
        variables: ["GATEHAND_RELAY_PORT", "TWS_PORT"],
        ini: [],
        secret: false,
        help: "Port on which the relay serves the API to others. Default: 4003 live, 4004 paper (TWS: 7498, 7499).",
    }
    vnc_password: Option<VncPassword> {
        variables: ["GATEHAND_VNC_PASSWORD", "VNC_SERVER_PASSWORD", "VNC_PASSWORD", "IBGA_VNC_PASSWORD"],
        ini: [],
        secret: true,
        help: "Password for viewers. Without any viewer password no viewer is served.",
    }
    vnc_view_password: Option<VncPassword> {
        variables: ["GATEHAND_VNC_VIEW_PASSWORD"],
        ini: [],
        secret: true,
        help: "Password for viewers that may only look.",
    }
    vnc_listen: Listen {
        variables: ["GATEHAND_VNC_LISTEN"],
        ini: [],
        secret: false,
        default: "127.0.0.1:5900",
        help: "Address and port for viewers.",
    }
    display: Option<DisplayName> {
        variables: ["GATEHAND_DISPLAY"],
        ini: [],
        secret: false,
        help: "X display to use. Default: one is started.",
    }
    display_size: Size {
        variables: ["GATEHAND_DISPLAY_SIZE"],
        ini: [],
        secret: false,
        default: "1024x768",
        help: "Size of the display that is started.",
    }
    state_dir: Option<PathBuf> {
        variables: ["GATEHAND_STATE_DIR"],
        ini: [],
        secret: false,
        help: "State folder. Default: `.gatehand` in the settings folder when that is a mounted volume, else `gatehand` under `XDG_STATE_HOME` or `~/.local/state`.",
    }
    rules: Option<PathBuf> {
        variables: ["GATEHAND_RULES"],
        ini: [],
        secret: false,
        help: "Folder of rule files (`*.toml`) for dialogs, beside the built-in ones.",
    }
    recorder_size: RecorderSize {
        variables: ["GATEHAND_RECORDER_SIZE"],
        ini: [],
        secret: false,
        default: "64",
        help: "Disk space for the flight recorder, `recorder` in the state folder. The oldest goes when it is full.",
    }
    on_refusal: OnRefusal {
        variables: ["GATEHAND_ON_REFUSAL"],
        ini: [],
        secret: false,
        default: "stay",
        help: "What to do after credentials were refused.",
    }
    log: LogFilter {
        variables: ["GATEHAND_LOG"],
        ini: [],
        secret: false,
        default: "info",
        help: "What is logged.",
    }
    log_format: LogFormat {
        variables: ["GATEHAND_LOG_FORMAT"],
        ini: [],
        secret: false,
        default: "text",
        help: "How log lines are written.",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::recognised::RECOGNISED;
    use super::*;

    #[test]
    fn own_names_follow_from_keys() {
        for setting in SETTINGS {
            assert_eq!(
                setting.variables[0],
                format!("GATEHAND_{}", setting.key.to_uppercase())
            );
        }
    }

    #[test]
    fn every_name_means_one_thing() {
        let variables = SETTINGS.iter().flat_map(|s| s.variables);
        let variables = variables.chain(RECOGNISED.iter().flat_map(|r| r.variables));
        let mut seen = BTreeSet::new();
        for name in variables {
            assert!(seen.insert((*name).to_owned()), "{name} twice");
            assert!(seen.insert(format!("{name}_FILE")), "{name}_FILE twice");
        }
        let mut seen = BTreeSet::new();
        for key in SETTINGS
            .iter()
            .flat_map(|s| s.ini)
            .chain(RECOGNISED.iter().flat_map(|r| r.ini))
        {
            assert!(seen.insert(key.to_lowercase()), "{key} twice");
        }
    }

    #[test]
    fn every_default_is_allowed() {
        assert!(Values::parse(|_| None).is_ok());
    }
}
