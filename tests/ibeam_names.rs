//! Every variable of IBeam 0.5.12 sets something, or is told to have no effect and why, or is refused with a cure. None is passed
//! over in silence.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::settings::{look, one};
use gatehand::config::{RECOGNISED, SETTINGS};

/// Without what they begin with, `IBEAM_`.
const NAMES: [&str; 80] = [
    "ACCOUNT",
    "PASSWORD",
    "KEY",
    "SECRETS_SOURCE",
    "GCP_SECRETS_URL",
    "ENCODING",
    "INPUTS_DIR",
    "OUTPUTS_DIR",
    "GATEWAY_DIR",
    "CHROME_DRIVER_PATH",
    "GATEWAY_STARTUP",
    "GATEWAY_PROCESS_MATCH",
    "MAINTENANCE_INTERVAL",
    "SPAWN_NEW_PROCESSES",
    "LOG_LEVEL",
    "LOG_TO_FILE",
    "LOG_FORMAT",
    "REQUEST_RETRIES",
    "REQUEST_TIMEOUT",
    "RESTART_FAILED_SESSIONS",
    "RESTART_WAIT",
    "REAUTHENTICATE_WAIT",
    "HEALTH_SERVER_PORT",
    "START_ACTIVE",
    "GATEWAY_BASE_URL",
    "ROUTE_AUTH",
    "ROUTE_VALIDATE",
    "ROUTE_REAUTHENTICATE",
    "ROUTE_INITIALISE",
    "ROUTE_AUTH_STATUS",
    "ROUTE_TICKLE",
    "ROUTE_LOGOUT",
    "USER_NAME_EL",
    "ERROR_EL",
    "PASSWORD_EL",
    "SUBMIT_EL",
    "SUCCESS_EL_TEXT",
    "LIVE_PAPER_TOGGLE_EL",
    "USE_PAPER_ACCOUNT",
    "OAUTH_TIMEOUT",
    "PAGE_LOAD_TIMEOUT",
    "ERROR_SCREENSHOTS",
    "MAX_FAILED_AUTH",
    "COUNT_TIMEOUT_AS_FAILED",
    "MIN_PRESUBMIT_BUFFER",
    "MAX_PRESUBMIT_BUFFER",
    "MAX_IMMEDIATE_ATTEMPTS",
    "IBKEY_PROMO_EL_CLASS",
    "AUTHENTICATION_STRATEGY",
    "MAX_STATUS_CHECK_RETRIES",
    "MAX_REAUTHENTICATE_RETRIES",
    "UI_SCALING",
    "TWO_FA_EL_ID",
    "TWO_FA_NOTIFICATION_EL",
    "TWO_FA_INPUT_EL_ID",
    "TWO_FA_SELECT_EL_ID",
    "TWO_FA_SELECT_TARGET",
    "TWO_FA_HANDLER",
    "STRICT_TWO_FA_CODE",
    "CUSTOM_TWO_FA_HANDLER",
    "PYOTP_SECRET",
    "PYOTP_EXPIRY_BUFFER_SECONDS",
    "PYOTP_MAX_RETRIES",
    "PYOTP_RETRY_DELAY_SECONDS",
    "EXTERNAL_REQUEST_METHOD",
    "EXTERNAL_REQUEST_URL",
    "EXTERNAL_REQUEST_TIMEOUT",
    "EXTERNAL_REQUEST_PARAMS",
    "EXTERNAL_REQUEST_DATA",
    "EXTERNAL_REQUEST_HEADERS",
    "NOTIFICATION_RESEND_RETRIES",
    "NOTIFICATION_RESEND_INTERVAL",
    "NOTIFICATION_RESEND_EL",
    "GOOG_QR_CODE_CLASS",
    "GOOG_QR_CODE_DATA",
    "GOOG_AUTH_REMEMBER_CLASS",
    "GOOG_MESSAGES_LIST_CLASS",
    "GOOG_2FA_HEADING",
    "GOOG_MESSAGE_CLICK_RETRIES",
    "MANUAL_INPUT_VARIABLES",
];

#[test]
fn each_is_a_setting_or_known_with_a_reason() {
    let settings = || SETTINGS.iter().flat_map(|setting| setting.variables);
    let recognised = || RECOGNISED.iter().flat_map(|recognised| recognised.variables);
    for name in NAMES {
        let name = format!("IBEAM_{name}");
        let times = settings().chain(recognised()).filter(|known| **known == name);
        assert_eq!(times.count(), 1, "{name}");
    }
    let all: BTreeSet<String> = NAMES.iter().map(|name| format!("IBEAM_{name}")).collect();
    let known = settings()
        .chain(recognised())
        .filter(|name| name.starts_with("IBEAM_"));
    let others: Vec<_> = known.filter(|name| !all.contains(**name)).collect();
    assert_eq!(others, [] as [&&str; 0], "no name of IBeam's");
}

/// What would do harm if it were passed over; the rest is told in a warning (`config_effects.rs`).
#[test]
fn another_encoding_is_refused_with_its_cure() {
    let mut seen = 0;
    for recognised in RECOGNISED {
        let Some(cure) = recognised.cure else { continue };
        for name in recognised.variables {
            let fault = look(&[(name, "latin-1")], |_| {}).faults.to_string();
            assert!(fault.starts_with(name) && fault.contains(cure), "{name}: {fault}");
            for idle in recognised.idle {
                let (_, warnings) = one(look(&[(name, idle)], |_| {}));
                assert_eq!(warnings, [] as [&str; 0], "{name}={idle}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 1);
}

/// `IBEAM_KEY`: the password is a Fernet token.
#[test]
fn an_encrypted_password_is_decrypted() {
    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const TOKEN: &str = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
    let with = |key: &str, password: &str| {
        let given = [
            ("IBEAM_ACCOUNT", "me"),
            ("IBEAM_PASSWORD", password),
            ("IBEAM_KEY", key),
        ];
        look(&given, |_| {})
    };
    let (config, _) = one(with(KEY, TOKEN));
    let credentials = config.portal.credentials.unwrap();
    assert_eq!(credentials.password.expose(), "hello");
    let other = KEY.replace("cw_", "aw_");
    for (key, password, told) in [
        (
            KEY,
            "in-the-clear",
            &["IBEAM_PASSWORD: it is not a Fernet token", "IBEAM_KEY"][..],
        ),
        (
            &other,
            TOKEN,
            &["IBEAM_PASSWORD: it was encrypted with another key", "IBEAM_KEY"],
        ),
        (
            "short",
            TOKEN,
            &["IBEAM_KEY: the value is not allowed", "44 characters"],
        ),
        (KEY, "", &["IBEAM_KEY: there is no password for it"]),
    ] {
        let faults = with(key, password).faults.to_string();
        for part in told {
            assert!(faults.contains(part), "{faults}");
        }
        assert!(
            !faults.contains("in-the-clear") && !faults.contains(TOKEN),
            "{faults}"
        );
    }
}

/// The page for those who come from IBeam says of each what becomes of it.
#[test]
fn the_page_on_migration_names_each() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/migration.md");
    let page = fs::read_to_string(path).unwrap();
    let (_, section) = page.split_once("\n## IBeam").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    for name in NAMES {
        let row = section.lines().find(|line| {
            line.starts_with("| ")
                && line
                    .split('|')
                    .nth(1)
                    .unwrap()
                    .contains(&format!("`IBEAM_{name}`"))
        });
        assert!(row.is_some(), "IBEAM_{name} has no row");
    }
}
