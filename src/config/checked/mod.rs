//! The settings checked against each other: what the rest of the program works with.

mod account;
mod codes;
mod folders;
mod instance;
mod notifications;
mod portal;
mod portal_login;
mod ports;
mod relay;
mod tls;
mod tunnel;
mod viewers;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::secret::Secret;
use super::values::{
    AcceptIncoming, ClockTime, CryptoOrders, DaySpan, ExistingSession, LegacyPassword, LogFormat,
    LoginMessages, OnRefusal, OnTimeout, OrderIdReset, PortalAddress, PortalBrowser, Program, SizesNotice,
    TotpKey, TradingMode, ViewerPassword, VncPassword, WeekTime, WriteAccess,
};
use crate::logging::LineFormat;
use crate::notify::Kind;
use crate::portal::Selectors;
use crate::relay::Hold;
use crate::screen::Size;
use crate::tls::{TlsFiles, Trust};

pub(super) use folders::Folders;
pub(super) use instance::{Instance, instance};

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
    pub credentials: Option<Arc<Credentials>>,
    /// The pair for market data, which a FIX login may have.
    pub data_credentials: Option<Arc<Credentials>>,
    /// The second factor.
    pub second_factor: SecondFactorSettings,
    /// What happens at which time.
    pub schedule: ScheduleSettings,
    /// Answers to the gateway's dialogs.
    pub dialogs: DialogSettings,
    /// The gateway's installation and process.
    pub gateway: GatewaySettings,
    /// The gateway's own settings, as its configuration window shows them.
    pub options: GatewayOptions,
    /// The relay, which serves the API to others.
    pub relay: RelaySettings,
    /// The SSH tunnel to the API, when there is to be one.
    pub tunnel: Option<Arc<TunnelSettings>>,
    /// The viewer endpoint; none without a password.
    pub vnc: Option<VncSettings>,
    /// What viewers call this host, beside its own names.
    pub viewer_names: Vec<String>,
    /// The certificate of the viewers' ports and of the HTTP port, when they are to speak TLS.
    pub viewer_tls: Option<ViewerTls>,
    /// IBC's command server, when there is to be one.
    pub command_server: Option<CommandSettings>,
    /// The HTTP port, which all gateways of a process have in common.
    pub http: HttpSettings,
    /// The X display.
    pub display: DisplaySettings,
    /// The state folder; it may not exist yet.
    pub state_dir: PathBuf,
    /// Folder of rule files beside the built-in ones.
    pub rules: RulesFolder,
    /// Folders of scripts that run at the start.
    pub scripts: ScriptSettings,
    /// Bytes on disk for the flight recorder; none: nothing is recorded.
    pub recorder_size: Option<u64>,
    /// What to do after credentials were refused.
    pub on_refusal: OnRefusal,
    /// Who is told of what.
    pub notify: NotifySettings,
    /// The Client Portal Gateway.
    pub portal: PortalSettings,
    /// The login at the Client Portal Gateway.
    pub portal_login: PortalLoginSettings,
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
    pub totp_key: Option<Arc<TotpKey>>,
    /// Where codes come from that no key makes.
    pub codes: CodeSources,
    /// What `jts.ini` is to hold about the chosen device.
    pub token: Option<Secret>,
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
    /// How often in an hour somebody may be asked on a phone.
    pub pushes_per_hour: Option<u32>,
    /// When nobody may be asked.
    pub quiet_hours: Option<DaySpan>,
    /// How often in a row a password that was accepted before is submitted again after an ending that nobody saw.
    pub unanswered_retries: u32,
}

/// Where one-time codes come from.
#[derive(Clone, Debug)]
pub struct CodeSources {
    /// What is asked for one, when there is something.
    pub source: Option<Arc<CodeSource>>,
    /// Time for it to answer.
    pub limit: Duration,
}

/// Something that gives one-time codes.
#[derive(Debug)]
pub enum CodeSource {
    /// A command that prints one.
    Command(String),
    /// A service that answers with one.
    Request(CodeRequest),
}

/// A request to a service.
#[derive(Debug)]
pub struct CodeRequest {
    /// Its address.
    pub url: Secret,
    /// What is added to the address.
    pub parameters: Vec<(String, Secret)>,
    /// Headers.
    pub headers: Vec<(String, Secret)>,
    /// The form of a POST; a GET has none.
    pub form: Option<Vec<(String, Secret)>>,
}

/// What happens at which time, in the gateway's time zone.
#[derive(Clone, Debug)]
pub struct ScheduleSettings {
    /// On Sundays: closed, and logged in to anew.
    pub cold_restart: Option<ClockTime>,
    /// Closed for good.
    pub closed_down: Option<WeekTime>,
    /// Every day: the gateway saves its settings.
    pub saves: Vec<ClockTime>,
    /// How long after giving way to another session the gateway is started again.
    pub reclaim_after: Option<Duration>,
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
    /// Client id with which to stay connected to the API.
    pub probe_client_id: Option<u32>,
    /// Whether `jts.ini` is the user's own and stays as it is.
    pub keeps_jts_ini: bool,
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

/// The API relay.
#[derive(Clone, Debug)]
pub struct RelaySettings {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Who may connect; empty: everybody.
    pub allow: Vec<IpNet>,
    /// How clients are held while the gateway is not ready; else they are refused.
    pub hold: Option<Hold>,
    /// The most clients at a time.
    pub max_clients: usize,
    /// The files of TLS, when clients are to speak it.
    pub tls: Option<TlsFiles>,
}

/// The SSH tunnel.
#[derive(Debug)]
pub struct TunnelSettings {
    /// Whether the relay is there as well.
    pub beside_relay: bool,
    /// The server, as words of ssh's command line.
    pub server: Vec<String>,
    /// More options for ssh.
    pub options: Vec<String>,
    /// How long the server may be silent before it is asked.
    pub alive_interval: Duration,
    /// How often it is asked in vain.
    pub alive_count: u32,
    /// Pass phrase of the keys.
    pub passphrase: Option<Secret>,
    /// The server's ports, and where each leads.
    pub forwards: Vec<Forward>,
    /// Pause before a tunnel that broke is opened again.
    pub restart: Duration,
}

/// A port of an SSH server that leads here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The port, at the server's 127.0.0.1.
    pub remote: u16,
    /// Where it leads.
    pub local: SocketAddr,
}

/// Folders of scripts, by the time at which they run.
#[derive(Clone, Debug, Default)]
pub struct ScriptSettings {
    /// Before the display is started.
    pub start: Option<PathBuf>,
    /// When the display is up.
    pub display: Option<PathBuf>,
    /// When the gateway was started.
    pub gateway: Option<PathBuf>,
}

/// The viewer endpoint. It has a port, a socket, or both.
#[derive(Debug)]
pub struct VncSettings {
    /// Where viewers connect.
    pub listen: Option<SocketAddr>,
    /// Where viewers in browsers connect.
    pub web: Option<SocketAddr>,
    /// Hosts whose pages may connect there, beside that one.
    pub web_hosts: Vec<String>,
    /// The socket in the file system where viewers connect.
    pub socket: Option<PathBuf>,
    /// What viewers need that may type and click; none may without one.
    pub password: Option<ViewerPassword>,
    /// Password for viewers that may only look.
    pub view_password: Option<VncPassword>,
    /// What viewers need that know VNC authentication only, in the place of that password.
    pub legacy_password: Option<LegacyPassword>,
    /// Whether no viewer may do more than look.
    pub view_only: bool,
    /// Whether VNC authentication serves for passwords that it cannot compare whole.
    pub truncates: bool,
    /// How long the agent keeps its hands off after a key or click.
    pub take_over: Duration,
    /// The most viewers at a time.
    pub max_viewers: usize,
    /// How long a viewer may stay without a key or the pointer.
    pub idle_limit: Option<Duration>,
    /// How long a viewer may stay.
    pub time_limit: Option<Duration>,
}

/// The certificate for viewers.
#[derive(Clone, Debug)]
pub enum ViewerTls {
    /// One that gatehand makes for [`Config::viewer_names`], and keeps in the state folder.
    Own,
    /// The user's.
    Files(TlsFiles),
}

/// Where the user's rule files are.
#[derive(Clone, Debug)]
pub struct RulesFolder {
    /// The folder.
    pub path: PathBuf,
    /// Whether the user named it. The other one is in the state folder, and made when it is needed.
    pub is_named: bool,
}

/// IBC's command server.
#[derive(Clone, Debug)]
pub struct CommandSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Addresses and host names of those who may command beside this machine.
    pub control_from: Vec<String>,
    /// What it says before each command.
    pub prompt: String,
    /// Whether it leaves out lines that begin with `INFO`.
    pub quiet: bool,
}

/// The HTTP port.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where it listens; `None`: nowhere.
    pub listen: Option<SocketAddr>,
    /// What callers show for all but the health checks; without one, nothing else is served.
    pub token: Option<Arc<Secret>>,
    /// What callers may call this host, beside names that no page can have.
    pub hosts: Vec<String>,
    /// Whether metrics are told without a token.
    pub metrics_are_open: bool,
    /// Where noVNC is installed.
    pub novnc: PathBuf,
}

/// The Client Portal Gateway.
#[derive(Clone, Debug)]
pub struct PortalSettings {
    /// Whether it runs beside the gateway with windows.
    pub beside: bool,
    /// Where it listens, if not where its own configuration says.
    pub address: Option<PortalAddress>,
    /// Which certificate it shows, if not IBKR's.
    pub trust: Option<Trust>,
    /// How long each request to it may take.
    pub request_limit: Duration,
    /// Who logs in; without it, a human does.
    pub credentials: Option<Arc<Credentials>>,
    /// Where its files are.
    pub folder: PathBuf,
    /// What runs it, if not the `java` that is found.
    pub java: Option<PathBuf>,
    /// What the virtual machine is told.
    pub jvm_options: Vec<String>,
    /// Files of the user for it.
    pub inputs: PathBuf,
    /// Whom it serves as well, in its own notation.
    pub allow: Vec<String>,
    /// How it is kept.
    pub policy: crate::portal::Policy,
    /// Where the routes of IBeam are served.
    pub listen: Option<SocketAddr>,
    /// Whether a `GET` without a token may end the session.
    pub activation_is_open: bool,
    /// Where it is asked what.
    pub routes: crate::portal::Routes,
}

/// The login at the Client Portal Gateway, in a browser.
#[derive(Clone, Debug)]
pub struct PortalLoginSettings {
    /// Which browser.
    pub browser: PortalBrowser,
    /// Whether a script tells the page's state.
    pub report: bool,
    /// Where on the page what is.
    pub selectors: Selectors,
    /// Path of the login page.
    pub path: String,
    /// Whether to log in to the paper account.
    pub paper: bool,
    /// Time for the page to show its form.
    pub load_limit: Duration,
    /// Time for IBKR to answer.
    pub answer_limit: Duration,
    /// How long a filled form waits before it is submitted.
    pub pause: Duration,
    /// Pixels of the screen in one of the page.
    pub scale: f64,
    /// Where pictures of logins go that failed.
    pub screenshots: Option<PathBuf>,
    /// Where files of the log go.
    pub log_files: Option<PathBuf>,
    /// How many one-time codes are tried.
    pub code_tries: u32,
    /// Whether a one-time code has exactly six digits.
    pub six_digits: bool,
    /// The second-factor device, or a part of its name.
    pub device: Option<String>,
    /// How often a phone is notified once more.
    pub resends: u32,
    /// How long after the last time.
    pub resend_interval: Duration,
}

/// Who is told of what.
#[derive(Debug)]
pub struct NotifySettings {
    /// All who are told.
    pub targets: Vec<Notify>,
    /// What this gatehand is called.
    pub name: String,
    /// Whether the picture of an unknown dialog is attached.
    pub picture: bool,
    /// How many notifications each target is sent in an hour.
    pub per_hour: Option<usize>,
    /// When nobody is told.
    pub quiet_hours: Option<DaySpan>,
    /// What is told then nonetheless.
    pub in_quiet_hours: Vec<Kind>,
}

/// One who is told.
#[derive(Debug)]
pub struct Notify {
    /// Who.
    pub target: Arc<NotifyTarget>,
    /// What.
    pub kinds: Vec<Kind>,
}

/// Where a notification is sent.
#[derive(Debug)]
pub enum NotifyTarget {
    /// A service that takes JSON.
    Webhook {
        /// Its address.
        url: Secret,
        /// Headers of the requests.
        headers: Vec<(String, Secret)>,
    },
    /// A topic of ntfy.
    Ntfy {
        /// Its address.
        topic: Secret,
        /// An access token for it.
        token: Option<Secret>,
    },
    /// A command for `/bin/sh`.
    Command(String),
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
    /// The form of lines of text, if it is another than ours.
    pub line: Option<LineFormat>,
}
