//! The settings checked against each other: what the rest of the program works with.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Sources;
use super::error::{ConfigError, Origin, Warning};
use super::secret::Secret;
use super::settings::{Values, WITHOUT_EFFECT};
use super::values::{
    AcceptIncoming, ClockTime, CryptoOrders, ExistingSession, LogFormat, LoginMessages, OnRefusal, OnTimeout,
    OrderIdReset, Program, SizesNotice, TotpKey, TradingMode, VncPassword, WriteAccess,
};
use super::written::RawSettings;
use crate::screen::Size;

/// All settings, checked. Only [`load`](super::load) makes one.
#[derive(Debug)]
pub struct Config {
    /// Our own configuration file, when there is one.
    pub file: Option<PathBuf>,
    /// The imported IBC `config.ini`, when there is one.
    pub ibc_ini: Option<PathBuf>,
    /// Account type to log in to.
    pub mode: TradingMode,
    /// Whether to log in to FIX CTCI instead of IB API.
    pub fix: bool,
    /// User name and password, of FIX CTCI for a FIX login; without them a human logs in at the viewer.
    pub credentials: Option<Credentials>,
    /// The pair for market data, which a FIX login may have.
    pub data_credentials: Option<Credentials>,
    /// The second factor.
    pub second_factor: SecondFactorSettings,
    /// Answers to the gateway's dialogs.
    pub dialogs: DialogSettings,
    /// The gateway's installation and process.
    pub gateway: GatewaySettings,
    /// The gateway's own settings, as its configuration window shows them.
    pub options: GatewayOptions,
    /// Where the relay serves the API to others.
    pub relay: SocketAddr,
    /// The viewer endpoint; none without a password.
    pub vnc: Option<VncSettings>,
    /// The X display.
    pub display: DisplaySettings,
    /// The state folder; it may not exist yet.
    pub state_dir: PathBuf,
    /// Folder of rule files beside the built-in ones.
    pub rules: Option<PathBuf>,
    /// Bytes on disk for the flight recorder; none: nothing is recorded.
    pub recorder_size: Option<u64>,
    /// What to do after credentials were refused.
    pub on_refusal: OnRefusal,
    /// The log.
    pub log: LogSettings,
}

/// User name and password.
#[derive(Debug)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// The second factor.
#[derive(Debug)]
pub struct SecondFactorSettings {
    /// Key of the time-based codes.
    pub totp_key: Option<TotpKey>,
    /// Text of the device's row in the list.
    pub device: Option<String>,
    /// Time to confirm.
    pub limit: Duration,
    /// Time after the confirmation for the login to complete.
    pub grace: Duration,
    /// What to do when nobody confirmed in time.
    pub on_timeout: OnTimeout,
    /// Whether to log in again in the same gateway when nobody confirmed in time.
    pub relogin: bool,
    /// Whether to log in without a second factor, only to look, where that is offered.
    pub read_only_login: bool,
}

/// Answers to the gateway's dialogs.
#[derive(Clone, Debug)]
pub struct DialogSettings {
    /// When the account is in use elsewhere.
    pub existing_session: ExistingSession,
    /// To an API client from an address that is not trusted.
    pub accept_incoming: AcceptIncoming,
    /// Whether to accept the notice that a paper account is not a brokerage account.
    pub accept_paper_notice: bool,
    /// To the notice about bid, ask and last sizes.
    pub sizes_notice: SizesNotice,
    /// Whether to confirm the warning about orders without market data.
    pub allow_blind_trading: bool,
    /// To the confirmation of an order for a cryptocurrency.
    pub crypto_orders: CryptoOrders,
    /// To the question whether to reset the API's order ids.
    pub confirm_order_id_reset: OrderIdReset,
    /// To an API client that wants to place orders.
    pub write_access: WriteAccess,
    /// To messages that want to be read before the login goes on.
    pub login_messages: LoginMessages,
    /// Settings that rules of the user's own go by.
    pub rule_settings: Vec<(String, String)>,
    /// Whether to dismiss the warning that the password is about to expire.
    pub dismiss_password_expiry: bool,
    /// Whether to dismiss the NSE compliance notice.
    pub dismiss_nse_notice: bool,
    /// Time for the login window to show up.
    pub login_window_limit: Duration,
}

/// The gateway's installation and process.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// Which program.
    pub program: Program,
    /// Folder that holds the installation.
    pub tws_path: PathBuf,
    /// Installed version to run; else the newest.
    pub version: Option<String>,
    /// Folder for the gateway's settings.
    pub settings_path: PathBuf,
    /// Heap in MiB, when it replaces the installation's.
    pub heap_megabytes: Option<u32>,
    /// Time zone, when one was asked for.
    pub time_zone: Option<String>,
    /// Port on which the gateway serves its API, on 127.0.0.1.
    pub api_port: u16,
}

/// The gateway's own settings. What is `None` stays as the gateway has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayOptions {
    /// The API's port, when one was asked for.
    pub socket_port: Option<u16>,
    /// Whether API clients may only read.
    pub read_only_api: Option<bool>,
    /// The client id that receives the data of all API clients.
    pub master_client_id: Option<u32>,
    /// Whether market data for US stocks is sent in lots.
    pub market_data_in_lots: Option<bool>,
    /// The nine precautions that API orders may be spared, in the order of their page.
    pub precautions: [Option<bool>; 9],
    /// Whether the API's order ids are reset at the start.
    pub reset_order_ids: bool,
    /// When the gateway ends its day.
    pub day_end: Option<DayEnd>,
}

/// What the gateway does every day, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DayEnd {
    /// It ends.
    LogOff(ClockTime),
    /// It restarts.
    Restart(ClockTime),
}

impl fmt::Display for DayEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogOff(time) => write!(f, "auto log-off at {time}"),
            Self::Restart(time) => write!(f, "auto restart at {time}"),
        }
    }
}

/// The viewer endpoint.
#[derive(Debug)]
pub struct VncSettings {
    /// Where viewers connect.
    pub listen: SocketAddr,
    /// Password for viewers that may type and click.
    pub password: Option<VncPassword>,
    /// Password for viewers that may only look.
    pub view_password: Option<VncPassword>,
}

/// The X display.
#[derive(Clone, Debug)]
pub struct DisplaySettings {
    /// A display that is there already; else one is started.
    pub existing: Option<String>,
    /// Size of the display that is started.
    pub size: Size,
}

/// The log.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// What is logged, in the words of `tracing_subscriber::EnvFilter`.
    pub filter: String,
    /// How lines are written.
    pub format: LogFormat,
}

/// Variables that name folders of the user, taken before the environment is used up.
struct Folders {
    home: Option<PathBuf>,
    state_home: Option<PathBuf>,
    mount_points: Vec<PathBuf>,
}

impl Folders {
    fn new(sources: &mut Sources) -> Self {
        let find = |wanted: &str| {
            let value = sources
                .environment
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value);
            value.map(PathBuf::from).filter(|path| path.is_absolute())
        };
        Self {
            home: find("HOME"),
            state_home: find("XDG_STATE_HOME"),
            mount_points: std::mem::take(&mut sources.mount_points),
        }
    }

    /// `path` with a leading `~` replaced, as no shell has seen what stands in a file or an environment block.
    fn expand(&self, path: PathBuf, setting: &'static str) -> Result<PathBuf, ConfigError> {
        match path.strip_prefix("~") {
            Ok(rest) => self.home(setting).map(|home| {
                if rest == Path::new("") {
                    home.clone()
                } else {
                    home.join(rest)
                }
            }),
            Err(_) => Ok(path),
        }
    }

    fn home(&self, setting: &'static str) -> Result<&PathBuf, ConfigError> {
        self.home.as_ref().ok_or(ConfigError::NoHome { setting })
    }

    /// The state folder when none is named (see the table of settings).
    fn state(&self, settings_path: &Path) -> Result<PathBuf, ConfigError> {
        if self.mount_points.iter().any(|mount| mount == settings_path) {
            return Ok(settings_path.join(".gatehand"));
        }
        match &self.state_home {
            Some(folder) => Ok(folder.join("gatehand")),
            None => Ok(self.home("GATEHAND_STATE_DIR")?.join(".local/state/gatehand")),
        }
    }
}

pub(super) fn check(mut sources: Sources) -> Result<(Config, Vec<Warning>), ConfigError> {
    let folders = Folders::new(&mut sources);
    let mut raw = RawSettings::collect(sources)?;
    let mut warnings = std::mem::take(&mut raw.warnings);
    for (key, idle) in WITHOUT_EFFECT {
        let asks = |text: &str| !idle.iter().any(|idle| idle.eq_ignore_ascii_case(text));
        if let Some(written) = raw.get(key).filter(|written| asks(written.text.expose())) {
            warnings.push(Warning::NoEffect(written.origin.clone()));
        }
    }
    let values = Values::parse(|key| raw.get(key))?;

    let expand = |path: Option<PathBuf>, setting| path.map(|path| folders.expand(path, setting)).transpose();
    let tws_path = match expand(values.tws_path, "TWS_PATH")? {
        Some(path) => path,
        None => folders.home("TWS_PATH")?.join("Jts"),
    };
    let settings_path =
        expand(values.settings_path, "TWS_SETTINGS_PATH")?.unwrap_or_else(|| tws_path.clone());
    let state_dir = match expand(values.state_dir, "GATEHAND_STATE_DIR")? {
        Some(path) => path,
        None => folders.state(&settings_path)?,
    };
    let rules = expand(values.rules, "GATEHAND_RULES")?;

    let mode = values.trading_mode;
    let by_mode = match mode {
        TradingMode::Live => Pair {
            user: values.live_user,
            password: values.live_password,
            keys: ["live_user", "live_password"],
            usual: ["IB_LIVE_USERNAME", "IB_LIVE_PASSWORD"],
        },
        TradingMode::Paper => Pair {
            user: values.paper_user,
            password: values.paper_password,
            keys: ["paper_user", "paper_password"],
            usual: ["IB_PAPER_USERNAME", "IB_PAPER_PASSWORD"],
        },
    };
    let general = Pair {
        user: values.user,
        password: values.password,
        keys: ["user", "password"],
        usual: ["TWS_USERID", "TWS_PASSWORD"],
    };
    let usual = match general.complete(&raw)? {
        Some(credentials) => Some(credentials),
        None => by_mode.complete(&raw)?,
    };
    let fix = Pair {
        user: values.fix_user,
        password: values.fix_password,
        keys: ["fix_user", "fix_password"],
        usual: ["FIXLoginId", "FIXPassword"],
    };
    let (credentials, data_credentials) = match (values.fix, fix.complete(&raw)?) {
        (false, _) => (usual, None),
        (true, None) if usual.is_some() => return Err(ConfigError::NoFixCredentials(raw.origin("fix"))),
        (true, fix) => (fix, usual),
    };

    let bypass = |own: Option<bool>| own.or(values.bypass_warnings);
    let options = GatewayOptions {
        socket_port: values.api_port.map(|port| port.0),
        read_only_api: values.read_only_api,
        master_client_id: values.master_client_id.map(|id| id.0),
        market_data_in_lots: values.market_data_in_lots,
        precautions: [
            values.bypass_order_precautions,
            values.bypass_bond_warning,
            values.bypass_negative_yield_to_worst_confirmation,
            values.bypass_called_bond_warning,
            values.bypass_same_action_pair_trade_warning,
            values.bypass_price_based_volatility_risk_warning,
            values.bypass_us_stocks_market_data_in_shares_warning,
            values.bypass_redirect_order_warning,
            values.bypass_no_overfill_protection_precaution,
        ]
        .map(bypass),
        reset_order_ids: values.reset_order_ids_at_start,
        day_end: match (values.auto_restart_time, values.auto_logoff_time) {
            (Some(time), _) => Some(DayEnd::Restart(time)),
            (None, time) => time.map(DayEnd::LogOff),
        },
    };
    let api_port = values
        .api_port
        .map_or(values.program.api_port(mode), |port| port.0);
    let relay = relay(
        &raw,
        values.relay_address,
        values
            .relay_port
            .map_or(values.program.relay_port(mode), |port| port.0),
        api_port,
    )?;
    let vnc = vnc(
        &raw,
        values.vnc_listen.0,
        values.vnc_password,
        values.vnc_view_password,
    )?;
    let device = values
        .second_factor_device
        .or_else(|| values.prefer_ib_key.then(|| "IB Key".to_owned()));

    let config = Config {
        file: values.config,
        ibc_ini: values.ibc_ini,
        mode,
        fix: values.fix,
        credentials,
        data_credentials,
        second_factor: SecondFactorSettings {
            totp_key: values.totp_key,
            device,
            limit: values.second_factor_limit.0,
            grace: values.second_factor_grace.0,
            on_timeout: values.second_factor_on_timeout,
            relogin: values.second_factor_relogin,
            read_only_login: values.read_only_login,
        },
        dialogs: DialogSettings {
            existing_session: values.existing_session,
            accept_incoming: values.accept_incoming,
            accept_paper_notice: values.accept_paper_notice,
            sizes_notice: values.sizes_notice,
            allow_blind_trading: values.allow_blind_trading,
            crypto_orders: values.crypto_orders,
            confirm_order_id_reset: values.confirm_order_id_reset,
            write_access: values.write_access,
            login_messages: values.login_messages,
            rule_settings: values.rule_settings.map_or_else(Vec::new, |settings| settings.0),
            dismiss_password_expiry: values.dismiss_password_expiry,
            dismiss_nse_notice: values.dismiss_nse_notice,
            login_window_limit: values.login_window_limit.0,
        },
        gateway: GatewaySettings {
            program: values.program,
            tws_path,
            version: values.version.map(|version| version.0),
            settings_path,
            heap_megabytes: values.java_heap_size.map(|heap| heap.0),
            time_zone: values.time_zone.map(|zone| zone.0),
            api_port,
        },
        options,
        relay,
        vnc,
        display: DisplaySettings {
            existing: values.display.map(|name| name.0),
            size: values.display_size,
        },
        state_dir,
        rules,
        recorder_size: Some(u64::from(values.recorder_size.0) << 20).filter(|&size| size > 0),
        on_refusal: values.on_refusal,
        log: LogSettings {
            filter: values.log.0,
            format: values.log_format,
        },
    };
    Ok((config, warnings))
}

/// A user name and a password that belong together; never one from here and one from there.
struct Pair {
    user: Option<String>,
    password: Option<Secret>,
    keys: [&'static str; 2],
    usual: [&'static str; 2],
}

impl Pair {
    fn complete(self, raw: &RawSettings) -> Result<Option<Credentials>, ConfigError> {
        let half = |present: usize, missing: usize| ConfigError::HalfCredentials {
            present: raw.origin(self.keys[present]),
            missing: self.usual[missing],
        };
        match (self.user, self.password) {
            (Some(user), Some(password)) => Ok(Some(Credentials { user, password })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(half(0, 1)),
            (None, Some(_)) => Err(half(1, 0)),
        }
    }
}

fn relay(raw: &RawSettings, address: IpAddr, port: u16, api_port: u16) -> Result<SocketAddr, ConfigError> {
    if port == api_port {
        let origin = match raw.origin("relay_port") {
            Origin::Default => raw.origin("api_port"),
            written => written,
        };
        let other = if api_port == 4004 { 4003 } else { 4004 };
        return Err(ConfigError::RelayOnApiPort { origin, port, other });
    }
    Ok(SocketAddr::new(address, port))
}

fn vnc(
    raw: &RawSettings,
    listen: SocketAddr,
    password: Option<VncPassword>,
    view_password: Option<VncPassword>,
) -> Result<Option<VncSettings>, ConfigError> {
    if let (Some(full), Some(view)) = (&password, &view_password)
        && full.expose() == view.expose()
    {
        return Err(ConfigError::SamePasswords {
            view: raw.origin("vnc_view_password"),
            full: raw.origin("vnc_password"),
        });
    }
    let wanted = password.is_some() || view_password.is_some();
    Ok(wanted.then_some(VncSettings {
        listen,
        password,
        view_password,
    }))
}
