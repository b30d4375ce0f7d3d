//! Bad input: each a one-line error that names the thing and the cure, with its exit code.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;

use gatehand::config::{ConfigError, Sources, load};
use gatehand::exit::ExitCode;

fn refuse(pairs: &[(&str, &str)]) -> ConfigError {
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
        Err(error) => error,
        Ok(_) => panic!("accepted: {pairs:?}"),
    }
}

#[test]
fn values_that_do_not_parse() {
    for (pairs, message) in [
        (
            &[("TRADING_MODE", "pape")][..],
            "TRADING_MODE: \"pape\" is not allowed; use live or paper",
        ),
        (
            &[("TRADING_MODE", "both")],
            "TRADING_MODE: \"both\" is not allowed; use live or paper; for both start gatehand twice, each with its own \
             TRADING_MODE, TWS_SETTINGS_PATH, GATEHAND_STATE_DIR and GATEHAND_VNC_LISTEN",
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
            &[("VNC_SERVER_PASSWORD", "longer-than-8")],
            "VNC_SERVER_PASSWORD: the value is not allowed; use at most 8 bytes: VncAuth compares no more, so a longer \
             password would only seem stronger",
        ),
        (
            &[("TWOFACTOR_CODE", "123456")],
            "TWOFACTOR_CODE: the value is not allowed; use the key in base32 (letters A to Z and digits 2 to 7, at least \
             16 of them), not a code of six digits",
        ),
        (
            &[("TWS_PASSWORD", "x"), ("TWS_PASSWORD_FILE", "/y")],
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
            &[("TWS_PORT", "4002")],
            "TWS_PORT: the relay cannot listen on 4002, the gateway's own API port; choose another, for instance 4004",
        ),
        (
            &[("VNC_PASSWORD", "same"), ("GATEHAND_VNC_VIEW_PASSWORD", "same")],
            "GATEHAND_VNC_VIEW_PASSWORD and VNC_PASSWORD hold the same password; a viewer could not be told apart: choose \
             two",
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
            "user = \"a\"\nuser_file = \"b\"\n",
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
        "TRADING_MODE_FILE (FILE): its content is not allowed; use live or paper"
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
    let environment = vec![("TWS_PASSWORD".into(), value)];
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
        "HOME is not set, so there is no default for TWS_PATH; set TWS_PATH or HOME"
    );
}
