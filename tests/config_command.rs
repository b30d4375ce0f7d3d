//! `gatehand config` as a user sees it.

mod common;

use common::outcome::{Home, Outcome, gatehand};
use serde_json::{Value, json};

fn show(home: &Home, arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
    gatehand(
        home.folder(),
        &[&["config", "show"], arguments].concat(),
        environment,
    )
}

fn check(home: &Home, environment: &[(&str, &str)]) -> Outcome {
    gatehand(home.folder(), &["config", "check"], environment)
}

#[test]
fn show_tells_every_value_and_where_it_stands() {
    let home = Home::new();
    let own = home.file(
        "own.toml",
        "\n\nlog_format = \"json\"\npassword_file = \"secret\"\nuser = \"a \\\"b\\\"\"\n",
    );
    let secret = home.file("secret", "hunter2-needle\n");
    let ini = home.file("config.ini", "# IBC\nAllowBlindTrading=true\n");
    let environment = [
        ("GATEHAND_CONFIG", own.as_str()),
        ("GATEHAND_IBC_INI", &ini),
        ("TWOFACTOR_CODE", "JBSWY3DPEHPK3PXP"),
        ("IB_LOGINTYPE", "Live Trading"),
        ("TWS_PORT", "4001"),
        ("IB_PREFER_IBKEY", "yes"),
    ];
    let shown = show(&home, &["--json", "--java-heap-size", "1024"], &environment);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
    let settings: Value = serde_json::from_str(&shown.stdout).unwrap();
    let settings = &settings["live"];
    assert_eq!(
        settings.as_object().unwrap().len(),
        gatehand::config::SETTINGS.len()
    );
    for (key, expected) in [
        (
            "user",
            json!({"value": "a \"b\"", "origin": format!("user ({own}:5)")}),
        ),
        (
            "password",
            json!({"set": true, "origin": format!("password_file ({own}:4) ({secret})")}),
        ),
        ("totp_key", json!({"set": true, "origin": "TWOFACTOR_CODE"})),
        ("vnc_password", json!({"set": false})),
        ("trading_mode", json!({"value": "live", "origin": "IB_LOGINTYPE"})),
        (
            "log_format",
            json!({"value": "json", "origin": format!("log_format ({own}:3)")}),
        ),
        (
            "allow_blind_trading",
            json!({"value": "true", "origin": format!("AllowBlindTrading ({ini}:2)")}),
        ),
        (
            "existing_session",
            json!({"value": "manual", "origin": format!("IBC's default ({ini})")}),
        ),
        (
            "java_heap_size",
            json!({"value": "1024", "origin": "--java-heap-size"}),
        ),
        ("on_refusal", json!({"value": "stay", "origin": "default"})),
        ("relay_port", json!({"value": "4001", "origin": "TWS_PORT"})),
        ("api_port", json!({"value": "4002", "origin": "TWS_PORT"})),
        (
            "second_factor_device",
            json!({"value": "IB Key", "origin": "IB_PREFER_IBKEY"}),
        ),
        (
            "settings_path",
            json!({"value": home.path("Jts"), "origin": "default"}),
        ),
        ("rules", json!({"set": false})),
    ] {
        assert_eq!(settings[key], expected, "{key}");
    }

    let plain = show(&home, &[], &environment);
    assert_eq!(plain.code, Some(0));
    assert_eq!(plain.stdout.lines().count(), gatehand::config::SETTINGS.len());
    for line in [
        "user = 'a \"b\"'".to_owned() + &format!("  # user ({own}:5)"),
        "# totp_key is set: TWOFACTOR_CODE".to_owned(),
        "# vnc_password is not set".to_owned(),
        format!("# config = \"{own}\"  # GATEHAND_CONFIG"),
        "on_refusal = \"stay\"  # default".to_owned(),
    ] {
        assert!(
            plain.stdout.lines().any(|shown| shown == line),
            "{line}\n{}",
            plain.stdout
        );
    }
    for secret in ["needle", "hunter2", "JBSWY3DP"] {
        assert!(
            !shown.stdout.contains(secret) && !plain.stdout.contains(secret),
            "{secret}"
        );
    }

    // What is shown is a configuration file that says the same.
    let copy = home.file("copy.toml", &plain.stdout);
    let again = show(&home, &["--json", "--config", &copy], &[("TWS_PASSWORD", "x")]);
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""));
    let again: Value = serde_json::from_str(&again.stdout).unwrap();
    for key in [
        "user",
        "trading_mode",
        "existing_session",
        "relay_port",
        "log_format",
        "allow_blind_trading",
    ] {
        assert_eq!(again["live"][key]["value"], settings[key]["value"], "{key}");
    }
}

#[test]
fn show_tells_both_modes_apart() {
    let home = Home::new();
    let environment = [("TRADING_MODE", "both"), ("VNC_PASSWORD", "x")];
    let shown = show(&home, &["--json"], &environment);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    for (mode, api, viewers) in [
        ("live", "4001", "127.0.0.1:5900"),
        ("paper", "4002", "127.0.0.1:5901"),
    ] {
        assert_eq!(shown[mode]["api_port"]["value"], api);
        assert_eq!(shown[mode]["vnc_listen"]["value"], viewers);
        assert_eq!(
            shown[mode]["settings_path"]["value"],
            home.path(&format!("Jts_{mode}"))
        );
    }
    let plain = show(&home, &[], &environment).stdout;
    assert!(
        plain.starts_with("[live]\n") && plain.contains("\n\n[paper]\n"),
        "{plain}"
    );
}

#[test]
fn show_shows_what_it_can_of_what_is_wrong() {
    let home = Home::new();
    let shown = show(
        &home,
        &[],
        &[("TRADING_MODE", "pape"), ("LOG", "x"), ("GATEHAND_LOG", "a=b=c")],
    );
    shown.refuses(
        78,
        &[
            "TRADING_MODE",
            "\"pape\"",
            "1 more fault",
            "gatehand config check",
        ],
    );
    assert!(
        shown.stdout.contains("log = \"a=b=c\"  # GATEHAND_LOG\n"),
        "{}",
        shown.stdout
    );
}

#[test]
fn check_finds_everything_in_one_go() {
    let home = Home::new();
    let own = home.file("own.toml", "trading_mod = \"live\"\n");
    let wrong = check(
        &home,
        &[
            ("GATEHAND_CONFIG", &own),
            ("JAVA_HEAP_SIZE", "1"),
            ("TWS_USERID", "me"),
            ("VNC_PASSWORD", "two\tparts-needle"),
            ("GATEHAND_TRADNG_MODE", "live"),
            ("IBEAM_CHROME_DRIVER_PATH", "/driver"),
        ],
    );
    assert_eq!((wrong.code, wrong.stderr.as_str()), (Some(78), ""));
    let lines: Vec<&str> = wrong.stdout.lines().collect();
    let expected = [
        format!("FAULT    {own}:1: there is no setting `trading_mod`; did you mean trading_mode?"),
        "FAULT    JAVA_HEAP_SIZE: \"1\" is not allowed; use whole megabytes, 128 to 1048576".to_owned(),
        "FAULT    VNC_PASSWORD: the value is not allowed; use one line of at most 255 bytes (at most 8 for viewers that \
         know VNC authentication only), or generate"
            .to_owned(),
        "FAULT    TWS_USERID is set but TWS_PASSWORD is not; set both, or neither to log in by hand".to_owned(),
        "warning  IBEAM_CHROME_DRIVER_PATH is recognised but has no effect yet".to_owned(),
        "warning  GATEHAND_TRADNG_MODE is not a setting; did you mean GATEHAND_TRADING_MODE?".to_owned(),
    ];
    assert_eq!(lines, expected, "{}", wrong.stdout);

    let both = check(&home, &[("TRADING_MODE", "both")]);
    assert_eq!(both.code, Some(0), "{}", both.stdout);
}

#[test]
fn check_is_content() {
    let home = Home::new();
    let ini = home.file("config.ini", "TradingMode=live\nMinimiseMainWindow=yes\n");
    let well = check(
        &home,
        &[
            ("GATEHAND_IBC_INI", &ini),
            ("TWS_USERID", "me"),
            ("TWS_PASSWORD", "x"),
        ],
    );
    assert_eq!((well.code, well.stderr.as_str()), (Some(0), ""));
    let lines: Vec<&str> = well.stdout.lines().collect();
    let warning =
        format!("warning  MinimiseMainWindow ({ini}:2) is not a setting; did you mean MinimizeMainWindow?");
    assert_eq!(lines[0], warning);
    assert!(lines[1].starts_with("ok       ") && lines.len() == 2, "{lines:?}");
    let usage = gatehand(home.folder(), &["config"], &[]);
    assert_eq!(usage.code, Some(64));
    assert!(
        usage.stderr.contains("show") && usage.stderr.contains("check"),
        "{}",
        usage.stderr
    );
}
