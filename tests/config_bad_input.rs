//! Bad input: each a one-line error that names the thing and the cure, with its exit code.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;

use gatehand::config::{Faults, Sources, inspect, load};
use gatehand::exit::ExitCode;

fn refuse(pairs: &[(&str, &str)]) -> Faults {
    let home = ("HOME".into(), "/home/user".into());
    let environment = pairs
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .chain([home])
        .collect();
    match load(Sources {
        environment,
        ..Sources::default()
    }) {
        Err(faults) => faults,
        Ok(_) => panic!("accepted: {pairs:?}"),
    }
}

#[test]
fn values_that_do_not_parse() {
    for (pairs, message) in [
        (
            &[("TRADING_MODE", "pape")][..],
            "TRADING_MODE: \"pape\" is not allowed; use live, paper or both",
        ),
        (
            &[("GATEHAND_NOTIFY_WEBHOOK", "hooks.example.org/needle")],
            "GATEHAND_NOTIFY_WEBHOOK: the value is not allowed; use an https:// or http:// address",
        ),
        (
            &[("GATEHAND_NOTIFY_NTFY", "https://ntfy.sh")],
            "GATEHAND_NOTIFY_NTFY: the value is not allowed; use a topic's address, for instance \
             https://ntfy.sh/my-secret-topic",
        ),
        (
            &[("GATEHAND_NOTIFY_NTFY_TOKEN", "tk_needle")],
            "GATEHAND_NOTIFY_NTFY_TOKEN is set but GATEHAND_NOTIFY_NTFY is not: nobody would be told; set both, or neither",
        ),
        (
            &[("GATEHAND_NOTIFY_PER_HOUR", "often")],
            "GATEHAND_NOTIFY_PER_HOUR: \"often\" is not allowed; use a whole number, 1 to 1000; 0: no limit",
        ),
        (
            &[("TRADING_MODE", "both")],
            "TRADING_MODE: there are two gateways; name the one that is meant with --of live or --of paper",
        ),
        (
            &[("GATEWAY_OR_TWS", "desktop")],
            "GATEWAY_OR_TWS: \"desktop\" is not allowed; use gateway or tws",
        ),
        (
            &[("JAVA_HEAP_SIZE", "768m")],
            "JAVA_HEAP_SIZE: \"768m\" is not allowed; use whole megabytes, 128 to 1048576",
        ),
        (
            &[("ALLOW_BLIND_TRADING", "perhaps")],
            "ALLOW_BLIND_TRADING: \"perhaps\" is not allowed; use yes or no",
        ),
        (
            &[("TWS_PORT", "0")],
            "TWS_PORT: \"0\" is not allowed; use a port, 1 to 65535",
        ),
        (
            &[("EXISTING_SESSION_DETECTED_ACTION", "fight\nnow")],
            "EXISTING_SESSION_DETECTED_ACTION: \"fight\\nnow\" is not allowed; use primary, primaryoverride, secondary or \
             manual",
        ),
        (
            &[("VNC_SERVER_PASSWORD", "two\nlines")],
            "VNC_SERVER_PASSWORD: the value is not allowed; use one line of at most 255 bytes (at most 8 for viewers that \
             know VNC authentication only), or generate",
        ),
        (
            &[
                ("GATEHAND_VNC_NO_PASSWORD", "yes"),
                ("GATEHAND_VNC_LISTEN", "0.0.0.0"),
            ],
            "GATEHAND_VNC_NO_PASSWORD would let everybody in who reaches 0.0.0.0:5900; listen on 127.0.0.1, or set a \
             password",
        ),
        (
            &[("GATEHAND_VNC_NO_PASSWORD", "yes"), ("VNC_PASSWORD", "secret")],
            "GATEHAND_VNC_NO_PASSWORD lets viewers in without a password, but VNC_PASSWORD is set; unset one of them",
        ),
        (
            &[
                ("VNC_PASSWORD", "secret"),
                ("GATEHAND_VNC_TLS_KEY", "/tls/key.pem"),
            ],
            "GATEHAND_VNC_TLS_KEY is set but GATEHAND_VNC_TLS_CERTIFICATE is not; set both, or neither to serve without TLS",
        ),
        (
            &[("TWOFACTOR_CODE", "123456")],
            "TWOFACTOR_CODE: the value is not allowed; use the key in base32 (letters A to Z and digits 2 to 7, at least \
             16 of them), not a code of six digits",
        ),
        (
            &[
                ("TWS_USERID", "me"),
                ("TWS_PASSWORD", "x"),
                ("TWS_PASSWORD_FILE", "/y"),
            ],
            "TWS_PASSWORD and TWS_PASSWORD_FILE are both set; unset one of them",
        ),
        (
            &[("TWS_USERID", "me")],
            "TWS_USERID is set but TWS_PASSWORD is not; set both, or neither to log in by hand",
        ),
        (
            &[("IB_PAPER_PASSWORD", "x")],
            "IB_PAPER_PASSWORD is set but IB_PAPER_USERNAME is not; set both, or neither to log in by hand",
        ),
        (
            &[("TWS_PORT", "4002"), ("GATEHAND_API_PORT", "4002")],
            "TWS_PORT: the relay cannot listen on 4002, the gateway's own API port; choose another, for instance 4004",
        ),
        (
            &[("GATEHAND_RELAY_ALLOW", "10.0.0.0/8,office")],
            "GATEHAND_RELAY_ALLOW: \"10.0.0.0/8,office\" is not allowed; use networks and IP addresses with commas between \
             them, for instance 10.0.0.0/8,192.168.1.7,fd00::/8",
        ),
        (
            &[("GATEHAND_RELAY_WHEN_NOT_READY", "wait")],
            "GATEHAND_RELAY_WHEN_NOT_READY: \"wait\" is not allowed; use refuse or hold",
        ),
        (
            &[("GATEHAND_RELAY_MAX_CLIENTS", "0")],
            "GATEHAND_RELAY_MAX_CLIENTS: \"0\" is not allowed; use a whole number, 1 to 16384",
        ),
        (
            &[("GATEHAND_RELAY_TLS_CERTIFICATE", "/tls/relay.pem")],
            "GATEHAND_RELAY_TLS_CERTIFICATE is set but GATEHAND_RELAY_TLS_KEY is not; set both, or neither to serve \
             without TLS",
        ),
        (
            &[("GATEHAND_RELAY_TLS_KEY", "/tls/relay.key")],
            "GATEHAND_RELAY_TLS_KEY is set but GATEHAND_RELAY_TLS_CERTIFICATE is not; set both, or neither to serve \
             without TLS",
        ),
        (
            &[("GATEHAND_RELAY_TLS_CLIENT_CA", "/tls/ca.pem")],
            "GATEHAND_RELAY_TLS_CLIENT_CA is set but GATEHAND_RELAY_TLS_CERTIFICATE is not; set both, or neither to serve \
             without TLS",
        ),
        (
            &[("GATEHAND_RELAY_TLS_KEY", "-----BEGIN PRIVATE KEY-----\nneedle")],
            "GATEHAND_RELAY_TLS_KEY: the value is not allowed; use the path of a PEM file",
        ),
        (
            &[("VNC_PASSWORD", "same"), ("GATEHAND_VNC_VIEW_PASSWORD", "same")],
            "GATEHAND_VNC_VIEW_PASSWORD and VNC_PASSWORD hold the same password; a viewer could not be told apart: choose \
             two",
        ),
        (
            &[
                ("VNC_PASSWORD", "a longer password"),
                ("VNC_LEGACY_PASSWORD", "same"),
                ("GATEHAND_VNC_VIEW_PASSWORD", "same"),
            ],
            "GATEHAND_VNC_VIEW_PASSWORD and VNC_LEGACY_PASSWORD hold the same password; a viewer could not be told apart: \
             choose two",
        ),
        (
            &[("VNC_PASSWORD", "same"), ("VNC_LEGACY_PASSWORD", "same")],
            "VNC_PASSWORD and VNC_LEGACY_PASSWORD hold the same password; a viewer could not be told apart: choose two",
        ),
        (
            &[
                ("VNC_PASSWORD", "a longer password"),
                ("VNC_LEGACY_PASSWORD", "9 letters"),
            ],
            "VNC_LEGACY_PASSWORD: the value is not allowed; use one line of at most 8 bytes: VNC authentication compares no \
             more",
        ),
        (
            &[
                ("VNC_PASSWORD", "a longer password"),
                ("VNC_LEGACY_PASSWORD", "short"),
                ("GATEHAND_VNC_LEGACY_TRUNCATE", "yes"),
            ],
            "VNC_LEGACY_PASSWORD and GATEHAND_VNC_LEGACY_TRUNCATE each say what VNC authentication takes in the place of a \
             long password; unset one of them",
        ),
        (
            &[("VNC_LEGACY_PASSWORD", "short")],
            "VNC_LEGACY_PASSWORD is set but VNC_SERVER_PASSWORD is not: viewers that know more than VNC authentication \
             would get in by none; set both, or that one alone",
        ),
        (
            &[
                ("GATEHAND_VNC_NO_PASSWORD", "yes"),
                ("VNC_LEGACY_PASSWORD", "short"),
            ],
            "GATEHAND_VNC_NO_PASSWORD lets viewers in without a password, but VNC_LEGACY_PASSWORD is set; unset one of them",
        ),
        (
            &[("TWS_PASSWORD_FILE", "/nowhere/at/all")],
            "TWS_PASSWORD_FILE: cannot read /nowhere/at/all: No such file or directory (os error 2); check the path and \
             its permissions",
        ),
        (
            &[("TWS_PASSWORD_FILE", "/dev/zero")],
            "TWS_PASSWORD_FILE: /dev/zero is larger than 65536 bytes; is it the right file?",
        ),
    ] {
        let error = refuse(pairs);
        assert_eq!(error.to_string(), message);
        assert_eq!(error.exit_code(), ExitCode::Configuration);
        assert!(!message.contains('\n'));
    }
}

#[test]
fn files_that_are_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    for (text, message) in [
        (
            "trading_mode = \"paper\"\ntradin_mode = 1\n",
            "FILE:2: there is no setting `tradin_mode`; did you mean trading_mode?",
        ),
        (
            "user = \"a\"\nuser_file = \"b\"\npassword = \"c\"\n",
            "user and user_file are both set; unset one of them",
        ),
        (
            "\n\nuser = [\"a\"]\n",
            "FILE:3: user must be a text, a whole number, true or false",
        ),
        (
            "config = \"x\"\n",
            "FILE:1: a file cannot name this one; use the command line or the environment",
        ),
        (
            "allow_blind_trading = 1\n",
            "allow_blind_trading (FILE:1): \"1\" is not allowed; use yes or no",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let error = refuse(&[("GATEHAND_CONFIG", path.to_str().unwrap())]);
        let shown = error.to_string().replace(path.to_str().unwrap(), "FILE");
        assert_eq!(shown, message);
    }
    fs::write(&path, "user = \"me\"\npassword = \"hunter2\n").unwrap();
    let shown = refuse(&[("GATEHAND_CONFIG", path.to_str().unwrap())]).to_string();
    assert!(
        shown.contains("own.toml:2: ") && !shown.contains("hunter2") && !shown.contains('\n'),
        "{shown}"
    );
}

#[test]
fn no_error_shows_what_a_file_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    fs::write(&path, "hunter2\n").unwrap();
    let path = path.to_str().unwrap();
    let shown = refuse(&[("TRADING_MODE_FILE", path)]).to_string();
    assert_eq!(
        shown.replace(path, "FILE"),
        "TRADING_MODE_FILE (FILE): its content is not allowed; use live, paper or both"
    );
    let shown = refuse(&[("TRADING_MODE", &"x".repeat(1000))]).to_string();
    assert!(shown.len() < 140, "{shown}");
    // Likely to be meant as GATEHAND_CONFIG; its content must not be taken for a path and shown as one.
    let home = ("HOME".into(), "/home/user".into());
    let environment = vec![home, ("GATEHAND_CONFIG_FILE".into(), path.into())];
    let (_, warnings) = load(Sources {
        environment,
        ..Sources::default()
    })
    .unwrap();
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        warnings[0].to_string(),
        "GATEHAND_CONFIG_FILE is not a setting; did you mean GATEHAND_CONFIG?"
    );
}

#[test]
fn text_that_is_not_utf8() {
    let value = OsString::from_vec(vec![b'a', 0xff]);
    let environment = vec![("HOME".into(), "/h".into()), ("TWS_PASSWORD".into(), value)];
    let error = load(Sources {
        environment,
        ..Sources::default()
    })
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "TWS_PASSWORD: the value is not valid UTF-8; write it in UTF-8"
    );
}

#[test]
fn no_home_folder() {
    let error = load(Sources::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "HOME is not set, so there is no default for TWS_PATH; set TWS_PATH or HOME; 1 more fault: see gatehand config \
         check"
    );
}

#[test]
fn every_fault_is_found_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.toml");
    let ini = folder.path().join("config.ini");
    fs::write(&own, "tradin_mode = 1\nlog_format = \"xml\"\nfix = []\n").unwrap();
    fs::write(&ini, "AllowBlindTrading=perhaps\n").unwrap();
    let environment = [
        ("HOME", "/home/user"),
        ("GATEHAND_CONFIG", own.to_str().unwrap()),
        ("GATEHAND_IBC_INI", ini.to_str().unwrap()),
        ("TWS_PORT", "0"),
        ("TWS_USERID", "me"),
        ("JAVA_HEAP_SIZE", "1"),
        ("VNC_PASSWORD", "same"),
        ("GATEHAND_VNC_VIEW_PASSWORD", "same"),
        ("TOTP_KEY_FILE", "/nowhere"),
        ("TOTP_KEY_COMMAND", "true"),
    ];
    let inspection = inspect(Sources {
        environment: environment
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
        ..Sources::default()
    });
    let faults: Vec<String> = inspection.faults.iter().map(ToString::to_string).collect();
    let path = folder.path().display().to_string();
    let starts: Vec<String> = faults.iter().map(|fault| fault.replace(&path, "")).collect();
    for wanted in [
        "/own.toml:1: there is no setting `tradin_mode`",
        "log_format (/own.toml:2): \"xml\" is not allowed",
        "/own.toml:3: fix must be a text",
        "AllowBlindTrading (/config.ini:1): \"perhaps\" is not allowed",
        "TWS_PORT: \"0\" is not allowed",
        "TWS_USERID is set but TWS_PASSWORD is not",
        "JAVA_HEAP_SIZE: \"1\" is not allowed",
        "GATEHAND_VNC_VIEW_PASSWORD and VNC_PASSWORD hold the same password",
        "TOTP_KEY_FILE and TOTP_KEY_COMMAND are both set",
        "TOTP_KEY_FILE: cannot read /nowhere",
    ] {
        let found = starts.iter().filter(|fault| fault.starts_with(wanted)).count();
        assert_eq!(found, 1, "{wanted}: {starts:#?}");
    }
    assert_eq!(faults.len(), 10, "{faults:#?}");
    let line = inspection.faults.to_string();
    assert!(
        line.ends_with("; 9 more faults: see gatehand config check"),
        "{line}"
    );
}
