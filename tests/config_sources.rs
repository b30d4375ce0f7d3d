//! Where settings come from, which value counts, and what users of other images bring along.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatehand::config::{
    Argument, Config, DayEnd, ExistingSession, OnRefusal, ResetAnswer, Secret, Sources, TradingMode, Warning,
    load,
};

fn environment(pairs: &[(&str, &str)]) -> Sources {
    let mut environment = vec![("HOME".into(), "/home/user".into())];
    environment.extend(pairs.iter().map(|(name, value)| (name.into(), value.into())));
    Sources {
        environment,
        ..Sources::default()
    }
}

fn read(pairs: &[(&str, &str)]) -> (Config, Vec<Warning>) {
    load(environment(pairs)).unwrap()
}

fn user(config: &Config) -> Option<(&str, &str)> {
    config
        .credentials
        .as_ref()
        .map(|c| (c.user.as_str(), c.password.expose()))
}

#[test]
fn nothing_set() {
    let (config, warnings) = read(&[]);
    assert!(warnings.is_empty());
    assert_eq!(config.mode, TradingMode::Paper);
    assert!(config.credentials.is_none() && config.vnc.is_none());
    assert_eq!(config.gateway.tws_path, Path::new("/home/user/Jts"));
    assert_eq!(config.gateway.settings_path, Path::new("/home/user/Jts"));
    assert_eq!(config.gateway.api_port, 4002);
    assert_eq!(config.relay.listen, "127.0.0.1:4004".parse().unwrap());
    assert_eq!(config.state_dir, Path::new("/home/user/.local/state/gatehand"));
    assert_eq!(config.dialogs.existing_session, ExistingSession::Primary);
    assert_eq!(config.second_factor.limit, Duration::from_secs(180));
    assert_eq!(config.on_refusal, OnRefusal::Stay);
}

#[test]
fn every_source_outranks_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let ini = folder.path().join("config.ini");
    let own = folder.path().join("gatehand.toml");
    let mut layers: Vec<(&str, Sources)> = Vec::new();
    let sources = || environment(&[]);
    fs::write(&ini, "# a comment\nLoginDialogDisplayTimeout=20\n").unwrap();
    fs::write(&own, "login_window_limit = 30\n").unwrap();
    let ini = Argument::new("ibc_ini", ini.to_str().unwrap()).unwrap();
    let own = Argument::new("config", own.to_str().unwrap()).unwrap();
    let name = "GATEHAND_LOGIN_WINDOW_LIMIT";

    layers.push(("60", sources()));
    let mut with_ini = sources();
    with_ini.arguments = vec![ini];
    layers.push(("20", with_ini));
    let add = |sources: &mut Sources, arguments: &[&Argument]| {
        let copies = arguments.iter().map(|a| Argument {
            setting: a.setting,
            form: a.form,
            value: a.value.clone(),
        });
        sources.arguments.extend(copies);
    };
    let ini = Argument::new("ibc_ini", folder.path().join("config.ini").to_str().unwrap()).unwrap();
    let mut with_own = sources();
    add(&mut with_own, &[&ini, &own]);
    layers.push(("30", with_own));
    let mut with_environment = environment(&[(name, "40")]);
    add(&mut with_environment, &[&ini, &own]);
    layers.push(("40", with_environment));
    let mut with_argument = environment(&[(name, "40")]);
    add(
        &mut with_argument,
        &[&ini, &own, &Argument::new("login_window_limit", "50").unwrap()],
    );
    layers.push(("50", with_argument));
    let mut empty_is_unset = environment(&[(name, "")]);
    add(&mut empty_is_unset, &[&ini, &own]);
    layers.push(("30", empty_is_unset));

    for (seconds, sources) in layers {
        let (config, _) = load(sources).unwrap();
        assert_eq!(config.dialogs.login_window_limit.as_secs().to_string(), seconds);
    }
}

#[test]
fn credentials_in_every_layout() {
    for (mode, pairs, expected) in [
        (
            "paper",
            &[("TWS_USERID", "g"), ("TWS_PASSWORD", "p")][..],
            Some(("g", "p")),
        ),
        (
            "live",
            &[("TWSUSERID", "s1"), ("TWSPASSWORD", "p")],
            Some(("s1", "p")),
        ),
        (
            "live",
            &[("IB_USERNAME", "a"), ("IB_PASSWORD", "p")],
            Some(("a", "p")),
        ),
        (
            "live",
            &[
                ("IB_LIVE_USERNAME", "l"),
                ("IB_LIVE_PASSWORD", "p"),
                ("IB_PAPER_USERNAME", "x"),
            ],
            Some(("l", "p")),
        ),
        (
            "paper",
            &[
                ("IB_LIVE_USERNAME", "x"),
                ("IB_PAPER_USERNAME", "q"),
                ("IB_PAPER_PASSWORD", "p"),
            ],
            Some(("q", "p")),
        ),
        (
            "paper",
            &[("TWS_USERID_PAPER", "t"), ("TWS_PASSWORD_PAPER", "p")],
            Some(("t", "p")),
        ),
        (
            "live",
            &[("TWS_USERID_PAPER", "t"), ("TWS_PASSWORD_PAPER", "p")],
            None,
        ),
        (
            "paper",
            &[
                ("TWS_USERID", "g"),
                ("TWS_PASSWORD", "p"),
                ("TWS_USERID_PAPER", "t"),
                ("TWS_PASSWORD_PAPER", "q"),
            ],
            Some(("g", "p")),
        ),
    ] {
        let mut pairs = pairs.to_vec();
        pairs.push(("TRADING_MODE", mode));
        let (config, _) = read(&pairs);
        assert_eq!(user(&config), expected, "{pairs:?}");
    }
}

#[test]
fn secrets_from_the_isolated_environment_count() {
    let mut sources = environment(&[("TWS_USERID", "me")]);
    sources.secrets = vec![("TWS_PASSWORD".to_owned(), Secret::new("pä ss".to_owned()))];
    assert_eq!(user(&load(sources).unwrap().0), Some(("me", "pä ss")));
}

#[test]
fn a_file_beside_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let password = write("password", " two words \n\n");
    let empty = write("empty", "\n");
    let result = load(environment(&[
        ("TWS_USERID", "me"),
        ("TWS_PASSWORD_FILE", &password),
    ]));
    assert!(
        matches!(&result, Err(faults) if faults.to_string().contains("its content is not allowed")),
        "only one line end is dropped, and a password has none: {result:?}"
    );
    let password = write("password", " two words \n");
    let (config, _) = read(&[
        ("TWS_USERID", "me"),
        ("TWS_PASSWORD_FILE", &password),
        ("TWS_PASSWORD", ""),
    ]);
    assert_eq!(user(&config), Some(("me", " two words ")));
    let (config, _) = read(&[("TWS_USERID_FILE", &empty)]);
    assert!(config.credentials.is_none(), "an empty file is an empty value");

    let own = write(
        "own.toml",
        "user = \"me\"\npassword_file = \"password\"\ntrading_mode = \"live\"\n",
    );
    let (config, _) = read(&[("GATEHAND_CONFIG", &own)]);
    assert_eq!(
        user(&config),
        Some(("me", " two words ")),
        "relative to the file that names it"
    );
    assert_eq!(config.mode, TradingMode::Live);
}

#[test]
fn an_ibc_ini_with_its_escapes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.ini");
    fs::write(
        &path,
        b"# IBC\r\nIbLoginId = me\r\nIbPassword=p\\\\w\\u00e9\r\nTradingMode=live\r\nFIX=no\r\nStoreSettingsOnServer=yes\r\n\
          ExistingSessionDetectedAction=manual\r\nOverrideTwsApiPort=4123\r\nLoginDialogDisplayTimout=5\r\n\
          SecondFactorAuthenticationExitInterval=40\r\nIbDir=/ibc/\xe9\r\nTotallyUnknown=1\r\nBindAddress=\r\n",
    )
    .unwrap();
    let (config, warnings) = read(&[("GATEHAND_IBC_INI", path.to_str().unwrap())]);
    assert_eq!(user(&config), Some(("me", "p\\wé")));
    assert_eq!((config.mode, config.gateway.api_port), (TradingMode::Live, 4123));
    assert_eq!(config.options.socket_port, Some(4123), "to be moved there");
    assert_eq!(config.dialogs.existing_session, ExistingSession::Manual);
    assert_eq!(config.second_factor.grace, Duration::from_secs(40));
    assert_eq!(
        config.gateway.settings_path,
        Path::new("/ibc/é"),
        "Latin-1, as Java reads it"
    );
    let warnings: Vec<String> = warnings
        .iter()
        .map(|w| w.to_string().replace(path.to_str().unwrap(), "INI"))
        .collect();
    assert_eq!(
        warnings,
        [
            "StoreSettingsOnServer (INI:6) is recognised but has no effect yet",
            "LoginDialogDisplayTimout (INI:9) is not a setting; did you mean LoginDialogDisplayTimeout?",
            "TotallyUnknown (INI:12) is not a setting",
        ]
    );
}

#[test]
fn the_gateways_own_settings() {
    let (config, _) = read(&[]);
    assert_eq!(
        config.options.socket_port, None,
        "a port that nobody asked for is not moved"
    );
    assert_eq!(config.options.day_end, None);

    let (config, warnings) = read(&[
        ("READ_ONLY_API", "no"),
        ("TWS_MASTER_CLIENT_ID", "5"),
        ("BYPASS_WARNING", "yes"),
        ("GATEHAND_BYPASS_BOND_WARNING", "no"),
        ("AUTO_RESTART_TIME", "08:05 AM"),
        ("AUTO_LOGOFF_TIME", "11:00 PM"),
        ("GATEHAND_CONFIRM_ORDER_ID_RESET", "confirm/reject"),
    ]);
    let options = config.options;
    assert_eq!(
        (options.read_only_api, options.master_client_id),
        (Some(false), Some(5))
    );
    let mut precautions = [Some(true); 9];
    precautions[1] = Some(false);
    assert_eq!(
        options.precautions, precautions,
        "its own setting counts before the one for all"
    );
    assert!(matches!(options.day_end, Some(DayEnd::Restart(time)) if time.twelve_hours() == "08:05"));
    assert_eq!(config.dialogs.confirm_order_id_reset.by_user, ResetAnswer::Reject);
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn unknown_own_names_and_contradictions_warn() {
    let (_, warnings) = read(&[
        ("GATEHAND_STATEDIR", "/x"),
        ("GATEHAND_FROBNICATE", "1"),
        ("GATEHAND_PASWORD_FILE", "/p"),
        ("TIME_ZONE", "Etc/UTC"),
        ("TZ", "Etc/GMT"),
    ]);
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "TZ is ignored: TIME_ZONE sets the same thing to another value",
            "GATEHAND_FROBNICATE is not a setting",
            "GATEHAND_PASWORD_FILE is not a setting; did you mean GATEHAND_PASSWORD_FILE?",
            "GATEHAND_STATEDIR is not a setting; did you mean GATEHAND_STATE_DIR?",
        ]
    );
}

#[test]
fn the_state_folder_follows_the_volume() {
    let mut sources = environment(&[("TWS_SETTINGS_PATH", "/data/jts")]);
    sources.mount_points = vec![PathBuf::from("/"), PathBuf::from("/data/jts")];
    assert_eq!(
        load(sources).unwrap().0.state_dir,
        Path::new("/data/jts/.gatehand")
    );
    let (config, _) = read(&[("XDG_STATE_HOME", "/state"), ("TWS_SETTINGS_PATH", "/data/jts")]);
    assert_eq!(config.state_dir, Path::new("/state/gatehand"));
    let (config, _) = read(&[("GATEHAND_STATE_DIR", "~/here")]);
    assert_eq!(config.state_dir, Path::new("/home/user/here"));
}
