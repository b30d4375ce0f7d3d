//! The `environment:` blocks that users of other images bring along, unchanged.

mod common;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::settings::{look, one, user};
use gatehand::config::{
    AcceptIncoming, Config, DayEnd, ExistingSession, Forward, OnTimeout, Program, TradingMode, ViewerPassword,
};

fn viewer_password(config: &Config) -> &str {
    let password = config.vnc.as_ref().and_then(|vnc| vnc.password.as_ref());
    password
        .and_then(ViewerPassword::given)
        .map_or("", |password| password.expose())
}

/// What most users of the image with `TWS_USERID` leave empty.
const EMPTY: [(&str, &str); 21] = [
    ("TWS_SETTINGS_PATH", ""),
    ("TWS_ACCEPT_INCOMING", ""),
    ("READ_ONLY_API", ""),
    ("TWOFA_DEVICE", ""),
    ("TWOFACTOR_CODE", ""),
    ("BYPASS_WARNING", ""),
    ("AUTO_LOGOFF_TIME", ""),
    ("TWS_COLD_RESTART", ""),
    ("SAVE_TWS_SETTINGS", ""),
    ("TWS_MASTER_CLIENT_ID", ""),
    ("TWS_USERID_PAPER", ""),
    ("TWS_PASSWORD_PAPER", ""),
    ("START_SCRIPTS", ""),
    ("X_SCRIPTS", ""),
    ("IBC_SCRIPTS", ""),
    ("SSH_TUNNEL", ""),
    ("SSH_OPTIONS", ""),
    ("SSH_REMOTE_PORT", ""),
    ("SSH_USER_TUNNEL", ""),
    ("SSH_PASSPHRASE", ""),
    ("SSH_VNC_PORT", ""),
];

#[test]
fn the_image_with_tws_userid_as_most_users_fill_it_in() {
    let filled = [
        ("TWS_USERID", "user"),
        ("TWS_PASSWORD", "secret"),
        ("TRADING_MODE", "live"),
        ("GATEWAY_OR_TWS", "gateway"),
        ("VNC_SERVER_PASSWORD", "12345678"),
        ("TWOFA_TIMEOUT_ACTION", "restart"),
        ("RELOGIN_AFTER_TWOFA_TIMEOUT", "yes"),
        ("TWOFA_EXIT_INTERVAL", "60"),
        ("AUTO_RESTART_TIME", "11:59 PM"),
        ("EXISTING_SESSION_DETECTED_ACTION", "primary"),
        ("ALLOW_BLIND_TRADING", "no"),
        ("TIME_ZONE", "Europe/Zurich"),
        ("TZ", "Europe/Zurich"),
        ("CUSTOM_CONFIG", "NO"),
        ("JAVA_HEAP_SIZE", "1024"),
        ("SSH_ALIVE_INTERVAL", "20"),
        ("SSH_ALIVE_COUNT", "3"),
        ("SSH_RESTART", "5"),
    ];
    let (config, told) = one(look(&[&EMPTY[..], &filled].concat(), |_| {}));
    assert_eq!(user(&config), Some(("user", "secret")));
    assert_eq!(
        (config.mode, config.gateway.program),
        (TradingMode::Live, Program::Gateway)
    );
    assert_eq!(
        (config.gateway.api_port, config.relay.listen.port()),
        (4001, 4003)
    );
    assert_eq!(config.options.socket_port, None);
    assert_eq!(viewer_password(&config), "12345678");
    let factor = &config.second_factor;
    assert_eq!((factor.on_timeout, factor.relogin), (OnTimeout::Restart, true));
    assert!(factor.device.is_none() && factor.totp_key.is_none());
    assert!(
        matches!(config.options.day_end, Some(DayEnd::Restart(time)) if time.twelve_hours() == "11:59" && time.is_afternoon())
    );
    assert_eq!(config.dialogs.existing_session, ExistingSession::Primary);
    assert_eq!(config.dialogs.accept_incoming, AcceptIncoming::Manual);
    assert_eq!(config.options.read_only_api, None);
    assert_eq!(config.options.precautions, [None; 9]);
    assert_eq!(config.gateway.time_zone.as_deref(), Some("Europe/Zurich"));
    assert_eq!(config.gateway.heap_megabytes, Some(1024));
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn the_image_with_tws_userid_and_everything_set() {
    let (config, told) = one(look(
        &[
            ("TWS_USERID", "user"),
            ("TWS_PASSWORD", "secret"),
            ("TRADING_MODE", "paper"),
            ("GATEWAY_OR_TWS", "tws"),
            ("TWS_SETTINGS_PATH", "/home/user/settings"),
            ("TWS_PATH", "/home/user/Jts"),
            ("TWS_MAJOR_VRSN", "1030"),
            ("TWS_ACCEPT_INCOMING", "accept"),
            ("READ_ONLY_API", "yes"),
            ("TWS_MASTER_CLIENT_ID", "0"),
            ("TWOFA_DEVICE", "IB Key"),
            ("TWOFACTOR_CODE", "JBSW Y3DP EHPK 3PXP"),
            ("TWOFA_TIMEOUT_ACTION", "exit"),
            ("TWOFA_EXIT_INTERVAL", "120"),
            ("BYPASS_WARNING", "yes"),
            ("AUTO_RESTART_TIME", "08:05 AM"),
            ("AUTO_LOGOFF_TIME", "11:45 PM"),
            ("TWS_COLD_RESTART", "05:00"),
            ("SAVE_TWS_SETTINGS", "Every 30 mins"),
            ("EXISTING_SESSION_DETECTED_ACTION", "primaryoverride"),
            ("ALLOW_BLIND_TRADING", "yes"),
            ("START_SCRIPTS", "init"),
            ("X_SCRIPTS", "x"),
            ("IBC_SCRIPTS", "ibc"),
            ("SSH_TUNNEL", "both"),
            ("SSH_OPTIONS", "-p 2222"),
            ("SSH_ALIVE_INTERVAL", "10"),
            ("SSH_ALIVE_COUNT", "5"),
            ("SSH_PASSPHRASE", "needle"),
            ("SSH_REMOTE_PORT", "4003"),
            ("SSH_USER_TUNNEL", "me@bastion"),
            ("SSH_RESTART", "10"),
            ("SSH_VNC_PORT", "5900"),
        ],
        |_| {},
    ));
    assert_eq!(config.gateway.program, Program::Tws);
    assert_eq!(
        (config.gateway.api_port, config.relay.listen.port()),
        (7497, 7499)
    );
    assert_eq!(config.gateway.settings_path, Path::new("/home/user/settings"));
    assert_eq!(config.gateway.version.as_deref(), Some("1030"));
    assert_eq!(config.dialogs.accept_incoming, AcceptIncoming::Accept);
    assert_eq!(config.dialogs.existing_session, ExistingSession::PrimaryOverride);
    assert!(config.dialogs.allow_blind_trading);
    assert_eq!(
        (config.options.read_only_api, config.options.master_client_id),
        (Some(true), Some(0))
    );
    assert_eq!(config.options.precautions, [Some(true); 9]);
    assert_eq!(config.second_factor.device.as_deref(), Some("IB Key"));
    assert_eq!(
        config.second_factor.totp_key.unwrap().expose(),
        b"Hello!\xde\xad\xbe\xef"
    );
    assert_eq!(config.second_factor.grace, Duration::from_secs(120));
    let cold = config
        .schedule
        .cold_restart
        .map(|time| (time.hour(), time.minute()));
    assert_eq!(cold, Some((5, 0)));
    assert!(
        matches!(config.options.day_end, Some(DayEnd::Restart(time)) if time.twelve_hours() == "08:05"),
        "a restart outranks a log-off"
    );
    let scripts = &config.scripts;
    let folders = [&scripts.start, &scripts.display, &scripts.gateway].map(|folder| folder.as_deref());
    let expected = ["init", "x", "ibc"].map(|name| Path::new("/home/user").join(name));
    assert_eq!(folders, [0, 1, 2].map(|at: usize| Some(&*expected[at])));
    let tunnel = config.tunnel.as_deref().unwrap();
    assert!(tunnel.beside_relay);
    assert_eq!(tunnel.server, ["me@bastion"]);
    assert_eq!(tunnel.options, ["-p", "2222"]);
    assert_eq!((tunnel.alive_interval.as_secs(), tunnel.alive_count), (10, 5));
    assert_eq!(tunnel.restart.as_secs(), 10);
    assert_eq!(tunnel.passphrase.as_ref().unwrap().expose(), "needle");
    let here = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let api = Forward {
        remote: 4003,
        local: here(7497),
    };
    assert_eq!(tunnel.forwards, [api], "without a password there are no viewers");
    assert_eq!(config.schedule.saves.len(), 48);
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn each_of_two_gateways_has_its_tunnel() {
    let filled = [
        ("TRADING_MODE", "both"),
        ("VNC_SERVER_PASSWORD", "12345678"),
        ("GATEHAND_VNC_LISTEN", "0.0.0.0:5900"),
        ("SSH_TUNNEL", "yes"),
        ("SSH_USER_TUNNEL", "me@bastion"),
        ("SSH_REMOTE_PORT", "4100"),
        ("SSH_VNC_PORT", "5910"),
    ];
    let (instances, _) = look(&filled, |_| {}).finish().unwrap();
    let ports = |config: &Config| -> Vec<(u16, String)> {
        let tunnel = config.tunnel.as_ref().unwrap();
        assert!(!tunnel.beside_relay);
        let forwards = tunnel.forwards.iter();
        forwards
            .map(|forward| (forward.remote, forward.local.to_string()))
            .collect()
    };
    let pair = |remote, local: &str| (remote, local.to_owned());
    let live = [pair(4100, "127.0.0.1:4001"), pair(5910, "127.0.0.1:5900")];
    let paper = [pair(4002, "127.0.0.1:4002"), pair(5911, "127.0.0.1:5901")];
    assert_eq!(instances.iter().map(ports).collect::<Vec<_>>(), [live, paper]);

    let error = look(&[("SSH_TUNNEL", "yes")], |_| {}).finish().unwrap_err();
    let expected = "SSH_TUNNEL asks for an SSH tunnel, but there is no server for it; set SSH_USER_TUNNEL, for instance to user@server";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn the_image_with_tws_userid_in_both_modes() {
    let filled = [
        ("TWS_USERID", "live-user"),
        ("TWS_PASSWORD", "live-password"),
        ("TWS_USERID_PAPER", "paper-user"),
        ("TWS_PASSWORD_PAPER", "paper-password"),
        ("TRADING_MODE", "both"),
        ("TWS_SETTINGS_PATH", "/home/user/tws_settings"),
        ("VNC_SERVER_PASSWORD", "12345678"),
        ("TWOFACTOR_CODE", "JBSWY3DPEHPK3PXP"),
    ];
    let filled: Vec<_> = EMPTY
        .iter()
        .filter(|(name, _)| filled.iter().all(|(other, _)| other != name))
        .copied()
        .chain(filled)
        .collect();
    let mount = PathBuf::from("/home/user/tws_settings_live");
    let both = look(&filled, |sources| sources.mount_points = vec![mount.clone()]);
    assert_eq!(both.modes(), [TradingMode::Live, TradingMode::Paper]);
    let (instances, warnings) = both.finish().unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let [live, paper] = &instances[..] else {
        panic!("{}", instances.len())
    };
    assert_eq!((live.mode, paper.mode), (TradingMode::Live, TradingMode::Paper));
    assert_eq!(user(live), Some(("live-user", "live-password")));
    assert_eq!(user(paper), Some(("paper-user", "paper-password")));
    assert_eq!((live.gateway.api_port, live.relay.listen.port()), (4001, 4003));
    assert_eq!((paper.gateway.api_port, paper.relay.listen.port()), (4002, 4004));
    assert_eq!(live.gateway.settings_path, mount);
    assert_eq!(
        paper.gateway.settings_path,
        Path::new("/home/user/tws_settings_paper")
    );
    assert_eq!(live.gateway.tws_path, paper.gateway.tws_path);
    assert_eq!(live.state_dir, mount.join(".gatehand"));
    assert_eq!(
        paper.state_dir,
        Path::new("/home/user/.local/state/gatehand/paper")
    );
    let viewers = |config: &Config| config.vnc.as_ref().unwrap().listen.unwrap().port();
    assert_eq!((viewers(live), viewers(paper)), (5900, 5901));
    assert!(live.second_factor.totp_key.is_some() && paper.second_factor.totp_key.is_some());

    // A compose file mounts the folder that it names, not those beside it.
    let mount = PathBuf::from("/home/user/tws_settings");
    let (instances, _) = look(&filled, |sources| sources.mount_points = vec![mount.clone()])
        .finish()
        .unwrap();
    let states: Vec<_> = instances.iter().map(|config| config.state_dir.clone()).collect();
    let own = ["live", "paper"].map(|mode| mount.join(".gatehand").join(mode));
    assert_eq!(states, own);

    let (one, _) = look(&filled, |_| {}).only(TradingMode::Paper).finish().unwrap();
    assert_eq!(one.len(), 1);
    assert_eq!(one[0].state_dir, paper.state_dir);
    let error = look(&[("TRADING_MODE", "paper")], |_| {})
        .only(TradingMode::Live)
        .finish()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "--of live: there is no such gateway; TRADING_MODE names another"
    );

    let commands: Vec<_> = filled
        .iter()
        .copied()
        .chain([("GATEHAND_COMMAND_PORT", "7462")])
        .collect();
    let (instances, _) = look(&commands, |_| {}).finish().unwrap();
    let ports = instances
        .iter()
        .map(|config| config.command_server.as_ref().unwrap().listen.port());
    assert_eq!(ports.collect::<Vec<_>>(), [7462, 7463]);

    let error = look(&filled, |_| {}).for_one_gateway().finish().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("TRADING_MODE: there are two gateways; "),
        "{error}"
    );
}

#[test]
fn both_modes_of_other_layouts_and_what_two_gateways_cannot_share() {
    let both = ("TRADING_MODE", "both");
    let s1 = [
        ("IB_LIVE_USERNAME", "l"),
        ("IB_LIVE_PASSWORD", "p"),
        ("IB_PAPER_USERNAME", "q"),
        ("IB_PAPER_PASSWORD", "r"),
        ("GATEHAND_STATE_DIR", "/state"),
        ("GATEWAY_OR_TWS", "tws"),
    ];
    let (instances, _) = look(&[&s1[..], &[both]].concat(), |_| {}).finish().unwrap();
    let [live, paper] = &instances[..] else {
        panic!("{}", instances.len())
    };
    assert_eq!((user(live), user(paper)), (Some(("l", "p")), Some(("q", "r"))));
    assert_eq!(
        (live.relay.listen.port(), paper.relay.listen.port()),
        (7498, 7499)
    );
    assert_eq!(
        (&*live.state_dir, &*paper.state_dir),
        (Path::new("/state/live"), Path::new("/state/paper"))
    );
    assert_eq!(paper.gateway.settings_path, Path::new("/home/user/Jts_paper"));

    let (instances, _) = look(&[both], |_| {}).finish().unwrap();
    assert!(
        instances.iter().all(|config| config.credentials.is_none()),
        "two logins by hand"
    );

    for (more, message) in [
        (
            &[("TWS_USERID", "u"), ("TWS_PASSWORD", "p")][..],
            "TRADING_MODE is both, but there is no paper user; set TWS_USERID_PAPER and TWS_PASSWORD_PAPER",
        ),
        (
            &[("TWS_USERID_PAPER", "u"), ("TWS_PASSWORD_PAPER", "p")],
            "TRADING_MODE is both, but there is no live user; set TWS_USERID and TWS_PASSWORD",
        ),
        (
            &[("TWS_USERID_PAPER", "u")],
            "TWS_USERID_PAPER is set but TWS_PASSWORD_PAPER is not; set both, or neither to log in by hand",
        ),
        (
            &[("TWS_PORT", "4005")],
            "TWS_PORT names one port of the relay for two gateways; unset it, or run one mode",
        ),
        (
            &[("GATEHAND_API_PORT", "4005")],
            "GATEHAND_API_PORT names one API port for two gateways; unset it, or run one mode",
        ),
        (
            &[("GATEHAND_DISPLAY", ":1")],
            "GATEHAND_DISPLAY names one display for two gateways; unset it, or run one mode",
        ),
        (
            &[("GATEHAND_VNC_LISTEN", "0.0.0.0:65535"), ("VNC_PASSWORD", "x")],
            "GATEHAND_VNC_LISTEN names one last port for two gateways; unset it, or run one mode",
        ),
    ] {
        let error = look(&[&[both], more].concat(), |_| {}).finish().unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

/// The image that serves the API on 4002, or on `TWS_PORT`.
#[test]
fn the_image_with_twsuserid() {
    let block = [
        ("TWSUSERID", "user"),
        ("TWSPASSWORD", "secret"),
        ("VNC_PASSWORD", "1358"),
    ];
    for (mode, port, inside, moved, outside) in [
        ("paper", "", 4001, Some(4001), 4002),
        ("live", "", 4001, None, 4002),
        ("paper", "4002", 4001, Some(4001), 4002),
        ("live", "4001", 4002, Some(4002), 4001),
        ("paper", "7000", 4002, None, 7000),
    ] {
        let pairs = [
            &block[..],
            &[
                ("TRADING_MODE", mode),
                ("TWS_PORT", port),
                ("GATEHAND_RELAY_WHEN_NOT_READY", "hold"),
            ],
        ]
        .concat();
        let (config, told) = one(look(&pairs, |_| {}));
        assert_eq!(user(&config), Some(("user", "secret")));
        assert_eq!(config.gateway.api_port, inside, "{mode} {port}");
        assert_eq!(config.options.socket_port, moved, "{mode} {port}");
        assert_eq!(config.relay.listen.port(), outside, "{mode} {port}");
        let hold = config.relay.hold.unwrap();
        assert_eq!(
            hold.from_start,
            moved.is_none(),
            "{mode} {port}: the port is the gateway's at first"
        );
        assert_eq!(viewer_password(&config), "1358");
        assert!(told.is_empty(), "{told:?}");
    }
    let by_mode = [
        ("IB_LIVE_USERNAME", "l"),
        ("IB_LIVE_PASSWORD", "p"),
        ("IB_PAPER_USERNAME", "q"),
        ("IB_PAPER_PASSWORD", "r"),
    ];
    for (mode, expected) in [("live", ("l", "p")), ("paper", ("q", "r"))] {
        let (config, _) = one(look(&[&by_mode[..], &[("TRADING_MODE", mode)]].concat(), |_| {}));
        assert_eq!(user(&config), Some(expected));
        assert_eq!(config.relay.listen.port(), 4002);
        assert!(config.vnc.is_none(), "no password is built in");
    }
}

/// The image with `*.secret` files.
#[test]
fn the_image_with_secret_files() {
    let folder = tempfile::tempdir().unwrap();
    let (mounted, here) = (folder.path().join("secrets"), folder.path().join("work"));
    fs::create_dir(&mounted).unwrap();
    fs::create_dir(&here).unwrap();
    let folders = [mounted.clone(), here.clone()];
    let read = |pairs: &[(&str, &str)]| look(pairs, |sources| sources.secret_folders = folders.to_vec());
    let block = [("IB_TRADING_MODE", "live"), ("VNC_PASSWORD", "1234")];

    let (config, _) = one(read(&block));
    assert!(config.credentials.is_none(), "without secrets a human logs in");
    fs::write(here.join("ib_username.secret"), "here\n").unwrap();
    fs::write(here.join("ib_password.secret"), "pass here\n").unwrap();
    let (config, told) = one(read(&block));
    assert_eq!(user(&config), Some(("here", "pass here")));
    assert_eq!(
        (config.mode, config.relay.listen.port()),
        (TradingMode::Live, 4003)
    );
    assert!(told.is_empty(), "{told:?}");
    let (config, _) = one(read(&[]));
    assert_eq!(
        (config.mode, config.relay.listen.port()),
        (TradingMode::Paper, 4003)
    );

    fs::write(mounted.join("ib_username.secret"), "mounted with an ending").unwrap();
    assert_eq!(
        user(&one(read(&block)).0),
        Some(("mounted with an ending", "pass here"))
    );
    fs::write(mounted.join("ib_username"), "mounted").unwrap();
    fs::write(mounted.join("ib_password"), "pass mounted\n").unwrap();
    assert_eq!(user(&one(read(&block)).0), Some(("mounted", "pass mounted")));
    fs::write(mounted.join("ib_token_2fa"), "a1b2c3\n").unwrap();
    let (config, told) = one(read(&block));
    assert_eq!(config.second_factor.token.unwrap().expose(), "a1b2c3");
    assert!(told.is_empty(), "{told:?}");

    let named = [("TWS_USERID", "named"), ("TWS_PASSWORD", "p")];
    let (config, _) = one(read(&named));
    assert_eq!(
        user(&config),
        Some(("named", "p")),
        "what is written outranks what is found"
    );
    assert_eq!(config.relay.listen.port(), 4004);
    fs::remove_file(mounted.join("ib_password")).unwrap();
    fs::remove_file(here.join("ib_password.secret")).unwrap();
    let error = read(&block).finish().unwrap_err().to_string();
    assert!(error.starts_with("ib_username ("), "{error}");
    assert!(
        error.ends_with("is set but TWS_PASSWORD is not; set both, or neither to log in by hand"),
        "{error}"
    );
}

#[test]
fn the_image_with_ib_username() {
    let (config, told) = one(look(
        &[
            ("IB_USERNAME", "user"),
            ("IB_PASSWORD", "secret"),
            ("IB_LOGINTYPE", "Live Trading"),
            ("IB_TIMEZONE", "America/New_York"),
            ("IB_LOGOFF", "11:55 PM"),
            ("IB_PREFER_IBKEY", "true"),
            ("TOTP_KEY", "JBSWY3DPEHPK3PXP"),
            ("IBGA_VNC_PASSWORD", "abc"),
        ],
        |_| {},
    ));
    assert_eq!(user(&config), Some(("user", "secret")));
    assert_eq!(config.mode, TradingMode::Live);
    assert_eq!(config.gateway.time_zone.as_deref(), Some("America/New_York"));
    assert!(matches!(config.options.day_end, Some(DayEnd::LogOff(time)) if time.twelve_hours() == "11:55"));
    assert_eq!(config.second_factor.device.as_deref(), Some("IB Key"));
    assert!(config.second_factor.totp_key.is_some());
    assert_eq!(viewer_password(&config), "abc");
    assert!(told.is_empty(), "{told:?}");
}
