//! From values to the configuration of one gateway.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::account::{self, Chosen};
use super::{
    CommandSettings, Config, DayEnd, DialogSettings, DisplaySettings, Folders, GatewayOptions,
    GatewaySettings, HttpSettings, LogSettings, RulesFolder, ScheduleSettings, ScriptSettings,
    SecondFactorSettings,
};
use super::{codes, notifications, portal, portal_login, ports, relay, tunnel, viewers};
use crate::config::error::ConfigError;
use crate::config::settings::{Gateway, Service, Values};
use crate::config::values::TradingMode;
use crate::config::written::RawSettings;

/// Which gateway: the only one, or one of two that run at once.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Instance {
    pub(in crate::config) mode: TradingMode,
    pub(in crate::config) is_one_of_two: bool,
}

impl Instance {
    /// The settings folder: of two gateways, each has one beside the folder that was named.
    fn settings_path(self, path: PathBuf) -> PathBuf {
        match (self.is_one_of_two, path.file_name()) {
            (true, Some(name)) => {
                let mut name = name.to_owned();
                name.push("_");
                name.push(self.mode.name());
                path.with_file_name(name)
            }
            _ => path,
        }
    }

    /// The state folder: of two gateways, each has one in the folder that was named.
    fn state_dir(self, path: PathBuf) -> PathBuf {
        if self.is_one_of_two {
            path.join(self.mode.name())
        } else {
            path
        }
    }

    /// Where to listen: of two gateways, the paper one has the next port.
    pub(super) fn listen(
        self,
        mut address: SocketAddr,
        key: &str,
        raw: &RawSettings,
        faults: &mut Vec<ConfigError>,
    ) -> SocketAddr {
        if self.is_one_of_two && self.mode == TradingMode::Paper {
            match address.port().checked_add(1) {
                Some(port) => address.set_port(port),
                None => faults.push(ConfigError::OneForBoth {
                    origin: raw.origin(key),
                    what: "last port",
                }),
            }
        }
        address
    }
}

/// The configuration of one gateway; `None` when a folder is not known.
pub(in crate::config) fn instance(
    of: Instance,
    values: Values,
    raw: &RawSettings,
    folders: &Folders,
    faults: &mut Vec<ConfigError>,
) -> Option<Config> {
    let Values {
        sources,
        mut account,
        mut second_factor,
        dialogs,
        gateway,
        options,
        schedule,
        scripts,
        relay: of_relay,
        viewers: mut of_viewers,
        mut service,
        tunnel,
        control,
        http,
        notifications: of_notifications,
        portal: of_portal,
        portal_login: of_portal_login,
    } = values;

    let paths = Paths::find(of, &gateway, &service, folders, faults);
    let rules = service
        .rules
        .take()
        .map(|path| folders.expand(path, "GATEHAND_RULES"));
    let rules = rules.and_then(|path| note(path, faults));
    let mut below_home = |path: Option<PathBuf>, setting| {
        let path = path.map(|path| folders.below_home(path, setting));
        path.and_then(|path| note(path, faults))
    };
    let scripts = ScriptSettings {
        start: below_home(scripts.start_scripts, "START_SCRIPTS"),
        display: below_home(scripts.x_scripts, "X_SCRIPTS"),
        gateway: below_home(scripts.gateway_scripts, "IBC_SCRIPTS"),
    };
    let Chosen {
        credentials,
        data_credentials,
    } = account::choose(&mut account, of, raw, faults);
    let asked = (gateway.api_port, of_relay.relay_port);
    let api = ports::api_ports(account.program, of, asked, raw, faults);
    let relay = relay::relay(of_relay, &api, raw, folders, faults);
    let viewer_names = of_viewers.vnc_tls_names.take();
    let viewer_tls = viewers::certificate(&mut of_viewers, raw, folders, faults);
    let vnc = viewers::vnc(of_viewers, of, raw, folders, faults);
    let command_address = control.command_port.0.map(|port| {
        let address = SocketAddr::new(control.command_address, port);
        of.listen(address, "command_port", raw, faults)
    });
    let tunnel = tunnel::tunnel(tunnel, of, api.inside, vnc.as_ref(), raw, faults);
    let notify = notifications::notify(of_notifications, raw, faults);
    let credentials = credentials.map(Arc::new);
    let portal = portal::portal(of_portal, credentials.as_ref(), raw, folders, faults);
    let codes = codes::sources(&mut second_factor, raw, faults);
    let device = second_factor
        .second_factor_device
        .or_else(|| second_factor.prefer_ib_key.then(|| "IB Key".to_owned()));
    let bypass = |own: Option<bool>| own.or(options.bypass_warnings);
    let Paths {
        tws: tws_path,
        settings: settings_path,
        state: state_dir,
    } = paths?;
    let rules = RulesFolder {
        is_named: rules.is_some(),
        path: rules.unwrap_or_else(|| state_dir.join("rules")),
    };

    let second_factor = SecondFactorSettings {
        totp_key: second_factor.totp_key.map(Arc::new),
        codes,
        token: second_factor.second_factor_token.map(|token| token.0),
        device,
        limit: second_factor.second_factor_limit.0,
        grace: second_factor.second_factor_grace.0,
        on_timeout: second_factor.second_factor_on_timeout,
        relogin: second_factor.second_factor_relogin,
        read_only_login: second_factor.read_only_login,
        pushes_per_hour: schedule.pushes_per_hour.0,
        quiet_hours: schedule.quiet_hours,
        unanswered_retries: schedule.unanswered_retries.0,
    };
    let portal_login =
        portal_login::portal_login(of_portal_login, &second_factor, &state_dir, raw, folders, faults);

    Some(Config {
        file: sources.config,
        ibc_ini: sources.ibc_ini,
        mode: of.mode,
        fix: account.fix,
        credentials,
        data_credentials: data_credentials.map(Arc::new),
        second_factor,
        schedule: ScheduleSettings {
            cold_restart: schedule.cold_restart_time,
            closed_down: schedule.closed_down_at,
            saves: schedule.save_settings_at.map_or_else(Vec::new, |times| times.0),
            reclaim_after: schedule.reclaim_after.map(|after| after.0),
        },
        dialogs: DialogSettings {
            existing_session: dialogs.existing_session,
            accept_incoming: dialogs.accept_incoming,
            accept_paper_notice: dialogs.accept_paper_notice,
            sizes_notice: dialogs.sizes_notice,
            allow_blind_trading: dialogs.allow_blind_trading,
            crypto_orders: dialogs.crypto_orders,
            confirm_order_id_reset: dialogs.confirm_order_id_reset,
            write_access: dialogs.write_access,
            login_messages: dialogs.login_messages,
            rule_settings: dialogs.rule_settings.map_or_else(Vec::new, |settings| settings.0),
            dismiss_password_expiry: dialogs.dismiss_password_expiry,
            dismiss_nse_notice: dialogs.dismiss_nse_notice,
            login_window_limit: dialogs.login_window_limit.0,
        },
        gateway: GatewaySettings {
            program: account.program,
            tws_path,
            version: gateway.version.map(|version| version.0),
            settings_path,
            heap_megabytes: gateway.java_heap_size.map(|heap| heap.0),
            time_zone: gateway.time_zone.map(|zone| zone.0),
            api_port: api.inside,
            probe_client_id: gateway.probe_client_id.map(|id| id.0),
            keeps_jts_ini: sources.custom_config,
        },
        options: GatewayOptions {
            socket_port: api.moved,
            read_only_api: options.read_only_api,
            master_client_id: options.master_client_id.map(|id| id.0),
            market_data_in_lots: options.market_data_in_lots,
            precautions: [
                options.bypass_order_precautions,
                options.bypass_bond_warning,
                options.bypass_negative_yield_to_worst_confirmation,
                options.bypass_called_bond_warning,
                options.bypass_same_action_pair_trade_warning,
                options.bypass_price_based_volatility_risk_warning,
                options.bypass_us_stocks_market_data_in_shares_warning,
                options.bypass_redirect_order_warning,
                options.bypass_no_overfill_protection_precaution,
            ]
            .map(bypass),
            reset_order_ids: options.reset_order_ids_at_start,
            day_end: match (options.auto_restart_time, options.auto_logoff_time) {
                (Some(time), _) => Some(DayEnd::Restart(time)),
                (None, time) => time.map(DayEnd::LogOff),
            },
        },
        relay,
        tunnel,
        vnc,
        viewer_names: viewer_names.map_or_else(Vec::new, |hosts| hosts.0),
        viewer_tls,
        command_server: command_address.map(|listen| CommandSettings {
            listen,
            control_from: control.control_from.map_or_else(Vec::new, |hosts| hosts.0),
            prompt: control.command_prompt.unwrap_or_default(),
            quiet: control.suppress_info_messages,
        }),
        http: HttpSettings {
            listen: http.http_listen.0,
            token: http.http_token.map(|token| Arc::new(token.0)),
            hosts: http.http_hosts.map_or_else(Vec::new, |hosts| hosts.0),
            metrics_are_open: http.http_open_metrics,
            novnc: http.novnc,
        },
        display: DisplaySettings {
            existing: service.display.map(|name| name.0),
            size: service.display_size,
        },
        state_dir,
        rules,
        scripts,
        recorder_size: Some(u64::from(service.recorder_size.0) << 20).filter(|&size| size > 0),
        on_refusal: service.on_refusal,
        notify,
        portal,
        portal_login,
        log: LogSettings {
            filter: service.log.0,
            format: service.log_format,
            line: service.log_line.map(|line| line.0),
        },
    })
}

/// Folders of one gateway.
struct Paths {
    tws: PathBuf,
    settings: PathBuf,
    state: PathBuf,
}

impl Paths {
    fn find(
        of: Instance,
        gateway: &Gateway,
        service: &Service,
        folders: &Folders,
        faults: &mut Vec<ConfigError>,
    ) -> Option<Self> {
        let expanded = |path: &Option<PathBuf>, setting| {
            let path = path.clone()?;
            Some(folders.expand(path, setting))
        };
        let home = || folders.home("TWS_PATH").map(|home| home.join("Jts"));
        let tws = note(
            expanded(&gateway.tws_path, "TWS_PATH").unwrap_or_else(home),
            faults,
        );
        let settings = match expanded(&gateway.settings_path, "TWS_SETTINGS_PATH") {
            Some(path) => note(path, faults),
            None => tws.clone(),
        };
        let named = settings.clone();
        let settings = settings.map(|path| of.settings_path(path));
        let volume = |path: &Option<PathBuf>| path.clone().filter(|path| folders.is_volume(path));
        let state = match expanded(&service.state_dir, "GATEHAND_STATE_DIR") {
            Some(path) => note(path.map(|path| of.state_dir(path)), faults),
            None => match (volume(&settings), volume(&named)) {
                (Some(volume), _) => Some(volume.join(".gatehand")),
                (None, Some(volume)) => Some(of.state_dir(volume.join(".gatehand"))),
                (None, None) => note(folders.state().map(|path| of.state_dir(path)), faults),
            },
        };
        Some(Self {
            tws: tws?,
            settings: settings?,
            state: state?,
        })
    }
}

pub(super) fn note(found: Result<PathBuf, ConfigError>, faults: &mut Vec<ConfigError>) -> Option<PathBuf> {
    found.map_err(|fault| faults.push(fault)).ok()
}
