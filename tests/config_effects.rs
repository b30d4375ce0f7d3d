//! Every name that a setting has, from wherever it comes, changes the configuration; what is only recognised warns.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gatehand::config::{Config, Form, RECOGNISED, SETTINGS, Secret, Setting, Sources, Warning, load};

/// Names and their values.
type Pairs = &'static [(&'static str, &'static str)];

/// A service for codes to be told more of.
const CODES: Pairs = &[("GATEHAND_CODE_URL", "https://codes.example.org")];

/// An SSH tunnel to be told more of.
const TUNNEL: Pairs = &[
    ("GATEHAND_SSH_TUNNEL", "yes"),
    ("GATEHAND_SSH_USER_TUNNEL", "me@bastion"),
];

/// A port for viewers to be told more of.
const VIEWERS: Pairs = &[("GATEHAND_VNC_PASSWORD", "12345678")];

/// Somebody to tell, to be told of more.
const WEBHOOK: Pairs = &[("GATEHAND_NOTIFY_WEBHOOK", "https://hooks.example.org")];
const NTFY: Pairs = &[("GATEHAND_NOTIFY_NTFY", "https://ntfy.example.org/topic")];

/// A value that is not the default, for every setting, and what must be set beside it to show an effect.
const VALUES: &[(&str, &str, Pairs)] = &[
    ("user", "me", &[("GATEHAND_PASSWORD", "p")]),
    ("password", "p", &[("GATEHAND_USER", "me")]),
    (
        "live_user",
        "me",
        &[("GATEHAND_LIVE_PASSWORD", "p"), ("GATEHAND_TRADING_MODE", "live")],
    ),
    (
        "live_password",
        "p",
        &[("GATEHAND_LIVE_USER", "me"), ("GATEHAND_TRADING_MODE", "live")],
    ),
    ("paper_user", "me", &[("GATEHAND_PAPER_PASSWORD", "p")]),
    ("paper_password", "p", &[("GATEHAND_PAPER_USER", "me")]),
    ("fix", "yes", &[]),
    (
        "fix_user",
        "me",
        &[("GATEHAND_FIX_PASSWORD", "p"), ("GATEHAND_FIX", "yes")],
    ),
    (
        "fix_password",
        "p",
        &[("GATEHAND_FIX_USER", "me"), ("GATEHAND_FIX", "yes")],
    ),
    ("trading_mode", "live", &[]),
    ("program", "tws", &[]),
    ("totp_key", "JBSWY3DPEHPK3PXP", &[]),
    ("code_command", "get-code", &[]),
    ("code_url", "https://codes.example.org", &[]),
    ("code_method", "POST", CODES),
    ("code_params", "{\"a\": 1}", CODES),
    ("code_headers", "{\"Authorization\": \"needle\"}", CODES),
    ("code_data", "{\"a\": 1}", CODES),
    ("code_limit", "60", &[]),
    ("second_factor_device", "IB Key (iPhone)", &[]),
    ("second_factor_token", "a1b2", &[]),
    ("prefer_ib_key", "yes", &[]),
    ("second_factor_limit", "90", &[]),
    ("second_factor_grace", "90", &[]),
    ("second_factor_on_timeout", "restart", &[]),
    ("second_factor_relogin", "yes", &[]),
    ("read_only_login", "yes", &[]),
    ("existing_session", "secondary", &[]),
    ("accept_incoming", "reject", &[]),
    ("accept_paper_notice", "no", &[]),
    ("sizes_notice", "accept", &[]),
    ("allow_blind_trading", "yes", &[]),
    ("crypto_orders", "cancel", &[]),
    ("confirm_order_id_reset", "confirm/reject", &[]),
    ("write_access", "accept", &[]),
    ("login_messages", "accept", &[]),
    ("rule_settings", "my-orders=yes", &[]),
    ("dismiss_password_expiry", "yes", &[]),
    ("dismiss_nse_notice", "no", &[]),
    ("login_window_limit", "90", &[]),
    ("tws_path", "/opt/ibkr", &[]),
    ("version", "1030", &[]),
    ("settings_path", "/settings", &[]),
    ("java_heap_size", "1024", &[]),
    ("time_zone", "Europe/Zurich", &[]),
    ("api_port", "4100", &[]),
    ("probe_client_id", "99", &[]),
    ("read_only_api", "yes", &[]),
    ("master_client_id", "7", &[]),
    ("market_data_in_lots", "yes", &[]),
    ("bypass_warnings", "yes", &[]),
    ("bypass_order_precautions", "yes", &[]),
    ("bypass_bond_warning", "yes", &[]),
    ("bypass_negative_yield_to_worst_confirmation", "yes", &[]),
    ("bypass_called_bond_warning", "yes", &[]),
    ("bypass_same_action_pair_trade_warning", "yes", &[]),
    ("bypass_price_based_volatility_risk_warning", "yes", &[]),
    ("bypass_us_stocks_market_data_in_shares_warning", "yes", &[]),
    ("bypass_redirect_order_warning", "yes", &[]),
    ("bypass_no_overfill_protection_precaution", "yes", &[]),
    ("reset_order_ids_at_start", "yes", &[]),
    ("auto_restart_time", "11:45 PM", &[]),
    ("auto_logoff_time", "11:45 PM", &[]),
    ("cold_restart_time", "10:15", &[]),
    ("closed_down_at", "Friday 22:00", &[]),
    ("save_settings_at", "Every 30 mins", &[]),
    ("reclaim_after", "1800", &[]),
    ("pushes_per_hour", "3", &[]),
    ("quiet_hours", "22:00-07:00", &[]),
    ("unanswered_retries", "2", &[]),
    ("start_scripts", "init", &[]),
    ("x_scripts", "init", &[]),
    ("gateway_scripts", "init", &[]),
    ("relay_address", "0.0.0.0", &[]),
    ("relay_port", "4100", &[]),
    ("relay_allow", "10.0.0.0/8,::1", &[]),
    ("relay_when_not_ready", "hold", &[]),
    (
        "relay_hold_limit",
        "60",
        &[("GATEHAND_RELAY_WHEN_NOT_READY", "hold")],
    ),
    ("relay_max_clients", "32", &[]),
    (
        "relay_tls_certificate",
        "/tls/relay.pem",
        &[("GATEHAND_RELAY_TLS_KEY", "/tls/relay.key")],
    ),
    (
        "relay_tls_key",
        "/tls/relay.key",
        &[("GATEHAND_RELAY_TLS_CERTIFICATE", "/tls/relay.pem")],
    ),
    (
        "relay_tls_client_ca",
        "~/ca.pem",
        &[
            ("GATEHAND_RELAY_TLS_CERTIFICATE", "/tls/relay.pem"),
            ("GATEHAND_RELAY_TLS_KEY", "/tls/relay.key"),
        ],
    ),
    ("http_listen", "0.0.0.0:6081", &[]),
    ("http_token", "0123456789abcdef", &[]),
    ("http_hosts", "gateway.example.org", &[]),
    ("http_open_metrics", "yes", &[]),
    ("novnc", "/opt/novnc", &[]),
    ("portal", "yes", &[]),
    ("portal_url", "https://127.0.0.1:5010", &[]),
    ("portal_certificate", "/tls/portal.pem", &[]),
    ("portal_request_limit", "5", &[]),
    ("portal_user", "me", &[("GATEHAND_PORTAL_PASSWORD", "p")]),
    ("portal_password", "p", &[("GATEHAND_PORTAL_USER", "me")]),
    (
        "portal_key",
        "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
        &[
            ("GATEHAND_PORTAL_USER", "me"),
            (
                "GATEHAND_PORTAL_PASSWORD",
                "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==",
            ),
        ],
    ),
    ("portal_folder", "/opt/portal", &[]),
    ("portal_java", "/opt/jre/bin/java", &[]),
    ("portal_jvm_options", "-Xmx64m", &[]),
    ("portal_inputs", "/opt/inputs", &[]),
    ("portal_allow", "10.*.*.*", &[]),
    ("portal_startup_limit", "30", &[]),
    ("portal_interval", "30", &[]),
    ("portal_session_limit", "60", &[]),
    ("portal_silence_limit", "300", &[]),
    ("portal_reauthentications", "0", &[]),
    ("portal_competing", "take-over", &[]),
    ("portal_failed_logins", "2", &[]),
    ("portal_start_active", "no", &[]),
    ("portal_listen", "5001", &[]),
    ("portal_open_activation", "yes", &[]),
    ("portal_route_tickle", "/v1/portal/tickle", &[]),
    ("portal_route_validate", "/v1/api/sso/validate", &[]),
    (
        "portal_route_initialise",
        "/v1/portal/iserver/auth/ssodh/init",
        &[],
    ),
    (
        "portal_route_reauthenticate",
        "/v1/api/iserver/reauthenticate",
        &[],
    ),
    ("portal_route_logout", "/v1/portal/logout", &[]),
    ("portal_browser", "chromium", &[]),
    ("portal_report", "no", &[]),
    ("portal_selectors", "user = [\"ID@@who\"]", &[]),
    ("portal_login_path", "/sso/Login?RL=2", &[]),
    ("portal_paper", "yes", &[]),
    ("portal_load_limit", "60", &[]),
    ("portal_answer_limit", "60", &[]),
    ("portal_submit_pause", "5", &[]),
    ("portal_scale", "1.5", &[]),
    ("portal_screenshots", "yes", &[]),
    (
        "portal_outputs",
        "/srv/outputs",
        &[("GATEHAND_PORTAL_SCREENSHOTS", "yes")],
    ),
    ("portal_log_to_file", "yes", &[]),
    ("portal_factor", "NOTIFICATION_RESEND", &[]),
    ("portal_strict_code", "no", &[]),
    ("portal_code_tries", "1", &[]),
    ("portal_device", "IB Key", &[]),
    ("portal_push_resends", "2", &[]),
    ("portal_push_resend_interval", "30", &[]),
    ("portal_user_element", "NAME@@who", &[]),
    ("portal_password_element", "NAME@@what", &[]),
    ("portal_submit_element", "ID@@go", &[]),
    ("portal_error_element", "ID@@wrong", &[]),
    ("portal_success_element", "TAG_NAME@@Welcome", &[]),
    ("portal_paper_element", "FOR@@label[for=paper]", &[]),
    ("portal_promo_element", "CLASS_NAME@@skip", &[]),
    ("portal_code_element", "ID@@code", &[]),
    ("portal_device_element", "ID@@devices", &[]),
    ("portal_push_element", "CLASS_NAME@@notice", &[]),
    ("portal_resend_element", "ID@@again", &[]),
    ("vnc_password", "a longer password", &[]),
    ("vnc_view_password", "12345678", &[]),
    ("vnc_legacy_password", "87654321", VIEWERS),
    ("vnc_no_password", "yes", &[]),
    ("vnc_view_only", "yes", VIEWERS),
    ("vnc_legacy_truncate", "yes", VIEWERS),
    ("vnc_listen", "0.0.0.0:5901", VIEWERS),
    ("vnc_web_listen", "127.0.0.1:5800", VIEWERS),
    ("vnc_web_hosts", "pages.example.org", VIEWERS),
    ("vnc_socket", "~/viewers.sock", VIEWERS),
    ("vnc_tls", "yes", VIEWERS),
    ("vnc_tls_names", "vnc.example.org,192.0.2.7", &[]),
    (
        "vnc_tls_certificate",
        "/tls/viewers.pem",
        &[
            ("GATEHAND_VNC_PASSWORD", "12345678"),
            ("GATEHAND_VNC_TLS_KEY", "/tls/viewers.key"),
        ],
    ),
    (
        "vnc_tls_key",
        "/tls/viewers.key",
        &[
            ("GATEHAND_VNC_PASSWORD", "12345678"),
            ("GATEHAND_VNC_TLS_CERTIFICATE", "/tls/viewers.pem"),
        ],
    ),
    ("vnc_take_over", "300", VIEWERS),
    ("vnc_max_viewers", "4", VIEWERS),
    ("vnc_idle_limit", "600", VIEWERS),
    ("vnc_time_limit", "3600", VIEWERS),
    ("display", ":7", &[]),
    ("display_size", "1280x1024", &[]),
    ("state_dir", "/state", &[]),
    ("rules", "/rules", &[]),
    ("recorder_size", "0", &[]),
    ("on_refusal", "exit", &[]),
    ("log", "debug", &[]),
    ("log_format", "json", &[]),
    ("log_line", "%(levelname)s %(message)s", &[]),
    (
        "ssh_tunnel",
        "both",
        &[("GATEHAND_SSH_USER_TUNNEL", "me@bastion")],
    ),
    (
        "ssh_user_tunnel",
        "you@bastion",
        &[("GATEHAND_SSH_TUNNEL", "yes")],
    ),
    ("notify_webhook", "https://hooks.example.org", &[]),
    (
        "notify_webhook_headers",
        "{\"Authorization\": \"needle\"}",
        WEBHOOK,
    ),
    ("notify_webhook_events", "ready", WEBHOOK),
    ("notify_ntfy", "https://ntfy.example.org/topic", &[]),
    ("notify_ntfy_token", "tk_needle", NTFY),
    ("notify_ntfy_events", "ready", NTFY),
    ("notify_command", "tell-me", &[]),
    (
        "notify_command_events",
        "ready",
        &[("GATEHAND_NOTIFY_COMMAND", "tell-me")],
    ),
    ("notify_events", "all", WEBHOOK),
    ("notify_name", "desk", &[]),
    ("notify_picture", "no", &[]),
    ("notify_per_hour", "0", &[]),
    ("notify_quiet_hours", "22:00-07:00", &[]),
    ("notify_in_quiet_hours", "locked-out", &[]),
    ("ssh_remote_port", "4100", TUNNEL),
    (
        "ssh_vnc_port",
        "5910",
        &[
            ("GATEHAND_SSH_TUNNEL", "yes"),
            ("GATEHAND_SSH_USER_TUNNEL", "me@bastion"),
            ("GATEHAND_VNC_PASSWORD", "12345678"),
        ],
    ),
    ("ssh_options", "-p 2222", TUNNEL),
    ("ssh_passphrase", "p", TUNNEL),
    ("ssh_alive_interval", "30", TUNNEL),
    ("ssh_alive_count", "5", TUNNEL),
    ("ssh_restart", "10", TUNNEL),
    ("command_port", "7462", &[]),
    (
        "command_address",
        "127.0.0.1",
        &[("GATEHAND_COMMAND_PORT", "7462")],
    ),
    (
        "control_from",
        "10.0.0.7,bastion",
        &[("GATEHAND_COMMAND_PORT", "7462")],
    ),
    ("command_prompt", ">", &[("GATEHAND_COMMAND_PORT", "7462")]),
    (
        "suppress_info_messages",
        "no",
        &[("GATEHAND_COMMAND_PORT", "7462")],
    ),
];

/// Settings that say where others stand; their effects are in `config_images.rs`, `config_sources.rs` and
/// `config_secrets.rs`.
const SOURCES: [&str; 7] = [
    "config",
    "ibc_ini",
    "custom_config",
    "secrets_source",
    "secret_limit",
    "gcp_secrets_url",
    "gcp_metadata_host",
];

fn read(pairs: &[(&str, &str)]) -> (Config, Vec<Warning>) {
    let home = [("HOME".into(), "/home/user".into())];
    let pairs = pairs.iter().map(|(name, value)| (name.into(), value.into()));
    let environment = home.into_iter().chain(pairs).collect();
    load(Sources {
        environment,
        ..Sources::default()
    })
    .unwrap()
}

/// The configuration as text; a secret shows whether it is there.
fn seen(mut config: Config) -> String {
    // That the file was named is no effect of what stands in it.
    config.ibc_ini = None;
    format!("{config:?}")
}

fn warnings(found: &[Warning]) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

/// Reads an IBC file of one line.
fn read_ini(folder: &Path, key: &str, value: &str, beside: &[(&str, &str)]) -> (Config, Vec<Warning>) {
    let path = folder.join("config.ini");
    // IBC's own default of this one is another than ours.
    let session = match key {
        "ExistingSessionDetectedAction" => "",
        _ => "ExistingSessionDetectedAction=primary\n",
    };
    fs::write(&path, format!("{session}{key}={value}\n")).unwrap();
    let ini = ("GATEHAND_IBC_INI", path.to_str().unwrap());
    read(&[beside, &[ini]].concat())
}

#[test]
fn every_setting_is_here() {
    let here: BTreeSet<&str> = VALUES.iter().map(|(key, ..)| *key).chain(SOURCES).collect();
    let all: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
    assert_eq!(here, all);
    assert_eq!(here.len(), VALUES.len() + SOURCES.len(), "one is here twice");
}

#[test]
fn every_name_of_a_setting_has_its_effect() {
    let folder = tempfile::tempdir().unwrap();
    for (key, value, beside) in VALUES {
        let setting: &Setting = SETTINGS.iter().find(|setting| setting.key == *key).unwrap();
        // A half of a pair is no configuration, so the other half is left out as well.
        let halves = [
            "user",
            "password",
            "portal_key",
            "ssh_user_tunnel",
            "tls_certificate",
            "tls_key",
        ]
        .iter()
        .any(|half| key.ends_with(half))
            && !key.ends_with("vnc_password")
            && !key.ends_with("vnc_view_password")
            && !key.ends_with("vnc_legacy_password")
            && !key.ends_with("vnc_no_password");
        let without = if halves { read(&[]).0 } else { read(beside).0 };
        let without = seen(without);
        let own = setting.variables[0];
        let effect = seen(read(&[*beside, &[(own, *value)]].concat()).0);
        assert_ne!(effect, without, "{own}");
        for name in setting.variables {
            let (config, found) = read(&[*beside, &[(*name, *value)]].concat());
            // The image that the name comes from has a port of its own.
            if !["TWSUSERID", "IB_LIVE_USERNAME", "IB_PAPER_USERNAME"].contains(name) {
                assert_eq!(seen(config), effect, "{name}");
            }
            assert!(found.is_empty(), "{name}: {found:?}");
            let empty = [(*name, "")];
            let beside = if halves { &[] } else { *beside };
            let (config, found) = read(&[beside, &empty].concat());
            assert_eq!(seen(config), without, "an empty {name} means unset");
            assert!(found.is_empty(), "{name}: {found:?}");
        }
        for name in setting.ini {
            let (config, found) = read_ini(folder.path(), name, value, beside);
            assert_eq!(seen(config), effect, "{name}");
            assert!(found.is_empty(), "{name}: {found:?}");
        }
    }
}

#[test]
fn yes_and_no_in_any_case() {
    for (text, yes) in [
        ("yes", true),
        ("YES", true),
        ("True", true),
        ("no", false),
        ("False", false),
        ("NO", false),
    ] {
        let yes_or_no =
            |setting: &&&Setting| setting.allowed == "yes or no" && setting.key != "custom_config";
        for setting in SETTINGS.iter().filter(yes_or_no) {
            let word = if yes { "yes" } else { "no" };
            let own = setting.variables[0];
            assert_eq!(
                seen(read(&[(own, text)]).0),
                seen(read(&[(own, word)]).0),
                "{own}={text}"
            );
        }
    }
}

#[test]
fn names_without_effect_warn_when_they_ask_for_something() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = seen(read(&[]).0);
    // What is refused is in `ibeam_names.rs`.
    for recognised in RECOGNISED.iter().filter(|recognised| recognised.cure.is_none()) {
        for name in recognised.variables {
            let (config, found) = read(&[(name, "something")]);
            assert_eq!(seen(config), nothing, "{name}");
            assert_eq!(
                warnings(&found),
                [format!("{name} is recognised but has no effect yet")]
            );
            for idle in recognised.idle.iter().chain(&[""]) {
                let (_, found) = read(&[(name, &idle.to_uppercase())]);
                assert!(found.is_empty(), "{name}={idle}: {found:?}");
            }
            let (_, found) = read(&[(&Form::File.variable(name), "/a/file")]);
            assert_eq!(found.len(), 1, "{name}_FILE: {found:?}");
        }
        for name in recognised.ini {
            let (config, found) = read_ini(folder.path(), name, "something", &[]);
            assert_eq!(seen(config), nothing, "{name}");
            assert_eq!(found.len(), 1, "{name}: {found:?}");
            for idle in recognised.idle.iter().chain(&[""]) {
                let (_, found) = read_ini(folder.path(), name, idle, &[]);
                assert!(found.is_empty(), "{name}={idle}: {found:?}");
            }
        }
    }
}

#[test]
fn no_secret_shows_in_a_configuration() {
    let needles = SETTINGS.iter().filter(|setting| setting.secret).map(|setting| {
        let value = match setting.key {
            "totp_key" => "JBSWY3DPEHPK3PXP".to_owned(),
            "vnc_password" => "needle-1".to_owned(),
            "vnc_view_password" => "needle-2".to_owned(),
            "vnc_legacy_password" => "needle-3".to_owned(),
            // A needle that is encrypted.
            "portal_key" => "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=".to_owned(),
            "portal_password" => {
                "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0OD5CbotDpEYz7Cu2NmWfXwK4oJcKSYsTGog0EaaxcAWII08dt7WjN_mCUxYYPmmhwcg==".to_owned()
            }
            "code_url" | "notify_webhook" => "https://needle/".to_owned(),
            "notify_ntfy" => "https://ntfy.example.org/needle".to_owned(),
            "code_params" | "code_headers" | "code_data" | "notify_webhook_headers" => {
                "{\"name\": \"needle\"}".to_owned()
            }
            key => format!("needle-{key}"),
        };
        (setting.variables[0].to_owned(), Secret::new(value))
    });
    let users = ["USER", "FIX_USER", "LIVE_USER", "PAPER_USER", "PORTAL_USER"]
        .map(|name| (format!("GATEHAND_{name}").into(), "u".into()));
    let environment = users
        .into_iter()
        .chain([("HOME".into(), "/h".into()), ("FIX".into(), "no".into())])
        .collect();
    let (config, warnings) = load(Sources {
        environment,
        secrets: needles.collect(),
        ..Sources::default()
    })
    .unwrap();
    assert!(config.credentials.is_some() && config.vnc.is_some() && config.second_factor.totp_key.is_some());
    let shown = format!("{config:?} {config:#?} {warnings:?}");
    assert!(
        !shown.contains("needle") && !shown.contains("JBSWY3DP"),
        "{shown}"
    );
}
