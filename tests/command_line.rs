//! The command line as a user or a container sees it: exit codes, and one line on standard error for what is wrong.

mod common;

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use common::outcome::{Home, gatehand};

const CREDENTIALS: [(&str, &str); 2] = [("TWS_USERID", "edemo"), ("TWS_PASSWORD", "demouser")];

#[test]
fn usage() {
    let home = Home::new();
    for (arguments, parts) in [
        (&["frobnicate"][..], &["frobnicate", "--help"][..]),
        (&["snapshoot", "x"], &["snapshoot", "'snapshot'", "--help"]),
        (&["run", "--frobnicate"], &["--frobnicate", "--help"]),
        (
            &["run", "--trading-mod", "live"],
            &["--trading-mod", "'--trading-mode'", "--help"],
        ),
        (
            &["run", "--password", "x"],
            &["--password", "'--password-file'", "--help"],
        ),
        (&["run", "--user"], &["--user", "--help"]),
        (&["snapshot"], &["<FOLDER>", "--help"]),
        (
            &["--log-format", "xml", "doctor"],
            &["--log-format xml", "text or json"],
        ),
        (
            &["vnc", "--display", ":987", "--listen", "nowhere"],
            &["--listen nowhere", "127.0.0.1:5900"],
        ),
        (&["attach"], &["no display", "--display :N", "DISPLAY"]),
        (&["read"], &["no display", "--display :N", "DISPLAY"]),
        (&["vnc"], &["no display", "--display :N", "DISPLAY"]),
        (&["snapshot", "x"], &["no display", "--display :N", "DISPLAY"]),
    ] {
        home.run(arguments, &[]).refuses(64, parts);
    }
}

#[test]
fn a_secret_given_as_an_option_is_not_repeated() {
    let outcome = Home::new().run(&["run", "--password=needle"], &[]);
    outcome.refuses(64, &["--password"]);
    assert!(!outcome.stderr.contains("needle"), "{}", outcome.stderr);
}

#[test]
fn settings() {
    let home = Home::new();
    let own = home.file("own.toml", "trading_mod = \"live\"\n");
    let secret = home.file("secret", "two\nlines");
    for (environment, parts) in [
        (
            &[("TRADING_MODE", "pape")][..],
            &["TRADING_MODE", "pape", "live, paper or both"][..],
        ),
        (
            &[("TRADING_MODE", "both"), ("GATEHAND_API_PORT", "4001")],
            &["GATEHAND_API_PORT", "one API port for two gateways", "unset it"],
        ),
        (
            &[("GATEWAY_OR_TWS", "desktop")],
            &["GATEWAY_OR_TWS", "desktop", "gateway or tws"],
        ),
        (&[("TWS_PORT", "70000")], &["TWS_PORT", "70000", "1 to 65535"]),
        (&[("GATEHAND_LOG", "a=b=c")], &["GATEHAND_LOG", "a=b=c", "debug"]),
        (
            &[("GATEHAND_VNC_LISTEN", "here")],
            &["GATEHAND_VNC_LISTEN", "here", "127.0.0.1:5900"],
        ),
        (
            &[("TWS_USERID", "edemo")],
            &["TWS_USERID is set", "TWS_PASSWORD is not", "set both"],
        ),
        (
            &[("TWS_PASSWORD", "x")],
            &["TWS_PASSWORD is set", "TWS_USERID is not", "set both"],
        ),
        (
            &[("TWS_PASSWORD", "x"), ("TWS_PASSWORD_FILE", "/x")],
            &["TWS_PASSWORD and TWS_PASSWORD_FILE are both set", "unset one"],
        ),
        (
            &[("TWS_PASSWORD_FILE", "/nowhere")],
            &["TWS_PASSWORD_FILE", "/nowhere", "No such file", "check the path"],
        ),
        (
            &[("VNC_SERVER_PASSWORD", "two\nlines")],
            &["VNC_SERVER_PASSWORD", "one line of at most 255 bytes"],
        ),
        (
            &[("VNC_SERVER_PASSWORD_FILE", &secret)],
            &["VNC_SERVER_PASSWORD_FILE", "one line of at most 255 bytes"],
        ),
        (
            &[("GATEHAND_IBC_INI", "/nowhere.ini")],
            &["GATEHAND_IBC_INI", "/nowhere.ini", "check the path"],
        ),
        (
            &[("GATEHAND_CONFIG", &own)],
            &["own.toml:1", "trading_mod", "did you mean trading_mode"],
        ),
    ] {
        let outcome = home.run(&["run"], environment);
        outcome.refuses(78, parts);
        assert!(
            !outcome.stderr.contains("longer-than-eight"),
            "{}",
            outcome.stderr
        );
    }
    home.run(&["run", "--ibc-ini", "/nowhere.ini"], &[])
        .refuses(78, &["--ibc-ini", "/nowhere.ini", "check the path"]);
    home.run(&["vnc", "--display", ":987"], &[])
        .refuses(78, &["VNC_SERVER_PASSWORD"]);
}

#[test]
fn the_installation() {
    let home = Home::new();
    let nowhere = home.path("nowhere");
    home.run(&["run"], &[("TWS_PATH", &nowhere)])
        .refuses(78, &["no IB Gateway", &nowhere, "TWS_PATH"]);
    home.run(&["run"], &[("TWS_MAJOR_VRSN", "999")])
        .refuses(78, &["no IB Gateway 999", "TWS_PATH", "TWS_MAJOR_VRSN"]);
    let file = home.file("file", "");
    home.run(&["run"], &[("TWS_SETTINGS_PATH", &file)])
        .refuses(78, &["settings folder", &file, "TWS_SETTINGS_PATH"]);
    let empty = home.path("empty");
    home.run(&["demo", "--tws-path", &empty], &[])
        .refuses(78, &["stand-in", &empty, "make demo"]);
    assert!(!Path::new(&empty).exists());
}

#[test]
fn rule_files() {
    let home = Home::new();
    let folder = home.path("rules");
    for (content, parts) in [
        (
            "[[rule]]\nname = \"mine\"\ntitel = [\"x\"]\n",
            &["mine.toml", "titel"][..],
        ),
        ("[[rule]\n", &["mine.toml"]),
        (
            "[[rule]]\nname = \"mine\"\nmeaning = \"notice\"\n",
            &["mine.toml", "mine"],
        ),
    ] {
        home.file("rules/mine.toml", content);
        home.run(&["run", "--rules", &folder], &[]).refuses(78, parts);
        home.run(&["attach", "--display", ":987"], &[("GATEHAND_RULES", &folder)])
            .refuses(78, parts);
    }
    home.run(&["run", "--rules", "/nowhere"], &[])
        .refuses(78, &["rules /nowhere", "--rules"]);
}

#[test]
fn ports_in_use() {
    let home = Home::new();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = taken.local_addr().unwrap().port().to_string();
    home.run(&["run"], &[("TWS_PORT", &port)])
        .refuses(69, &["relay", &address, "TWS_PORT"]);
    home.run(&["run"], &[("GATEHAND_API_PORT", &port)])
        .refuses(69, &["API", &address, "GATEHAND_API_PORT"]);
    let viewers = [
        ("VNC_SERVER_PASSWORD", "12345678"),
        ("GATEHAND_VNC_LISTEN", &address),
    ];
    home.run(&["run"], &viewers)
        .refuses(69, &["viewer", &address, "GATEHAND_VNC_LISTEN"]);
    home.run(&["vnc", "--display", ":987"], &viewers)
        .refuses(69, &["viewer", &address, "GATEHAND_VNC_LISTEN"]);
    let elsewhere = [
        ("VNC_SERVER_PASSWORD", "12345678"),
        ("GATEHAND_VNC_LISTEN", "192.0.2.1:5900"),
    ];
    home.run(&["run"], &elsewhere)
        .refuses(69, &["viewer", "192.0.2.1:5900", "GATEHAND_VNC_LISTEN"]);
}

#[test]
fn displays_that_are_gone() {
    let home = Home::new();
    let viewers = ("VNC_SERVER_PASSWORD", "12345678");
    let listen = ("GATEHAND_VNC_LISTEN", "127.0.0.1:0");
    for arguments in [
        &["attach"][..],
        &["read"],
        &["vnc"],
        &["snapshot", "snapshots"],
        &["run"],
    ] {
        let arguments = [arguments, &["--display", ":987"]].concat();
        home.run(&arguments, &[viewers, listen])
            .refuses(69, &["display :987", "start its X server", "--display"]);
    }
    home.run(&["read"], &[("DISPLAY", ":987")])
        .refuses(69, &["display :987"]);
    home.run(&["read", "--display", "987"], &[])
        .refuses(69, &["display 987", "--display"]);
    assert!(!Path::new(&home.path("snapshots")).exists());
}

#[test]
fn the_state_folder() {
    let home = Home::new();
    // A file in its place is what root cannot write to either.
    let file = home.file("state", "");
    home.run(&["run"], &CREDENTIALS)
        .refuses(78, &["state folder", &file, "GATEHAND_STATE_DIR"]);

    let home = Home::new();
    let governor = home.file("state/governor.json", "{\"version\": 1, damaged");
    home.run(&["run"], &CREDENTIALS)
        .refuses(78, &[&governor, "gatehand unlock"]);
    let unlocked = home.run(&["unlock"], &[]);
    assert_eq!(unlocked.code, Some(0), "{}", unlocked.stderr);
    assert!(!Path::new(&governor).exists());
    let one = home.run(&["unlock", "--user", "edemo"], &[]);
    assert_eq!(one.code, Some(0), "a name without its password: {}", one.stderr);
}

#[test]
fn programs_that_are_missing() {
    let home = Home::new();
    let nowhere = home.path("nowhere");
    home.run(&["run"], &[("PATH", &nowhere)])
        .refuses(69, &["Xvfb", "install"]);
}

#[test]
fn help_lists_the_exit_codes() {
    let home = Home::new();
    let help = gatehand(home.folder(), &["--help"], &[]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for code in [0, 64, 69, 70, 75, 77, 78] {
        let listed = help
            .stdout
            .lines()
            .any(|line| line.starts_with(&format!("  {code:>2}  ")));
        assert!(listed, "{code}: {}", help.stdout);
    }
    let run = gatehand(home.folder(), &["run", "--help"], &[]);
    assert_eq!(run.code, Some(0));
    for option in [
        "--trading-mode",
        "--password-file",
        "--ibc-ini",
        "--rules",
        "--display",
    ] {
        assert!(run.stdout.contains(option), "{option}: {}", run.stdout);
    }
    assert!(!run.stdout.contains("--password "), "{}", run.stdout);
    let alone = gatehand(home.folder(), &[], &[]);
    assert_eq!(alone.code, Some(64));
    assert!(alone.stderr.contains("Usage:"), "{}", alone.stderr);
}

#[test]
fn names_without_effect_give_one_warning_each() {
    let home = Home::new();
    let ini = home.file(
        "config.ini",
        "TradingMode=paper\nMinimizeMainWindow=yes\nStoreSettingsOnServer=yes\n",
    );
    let environment = [
        ("GATEHAND_TRADNG_MODE", "live"),
        ("IBEAM_CHROME_DRIVER_PATH", "/driver"),
        ("ALLOW_BLIND_TRADING", "NO"),
        ("GATEHAND_RULES", ""),
        ("GATEHAND_IBC_INI", &ini),
    ];
    let outcome = home.run(&["unlock"], &environment);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    for wanted in [
        "GATEHAND_TRADNG_MODE is not a setting; did you mean GATEHAND_TRADING_MODE?",
        "IBEAM_CHROME_DRIVER_PATH is recognised but has no effect yet",
        "MinimizeMainWindow (",
        "StoreSettingsOnServer (",
    ] {
        let warnings = outcome
            .stderr
            .lines()
            .filter(|line| line.contains("WARN") && line.contains(wanted))
            .count();
        assert_eq!(warnings, 1, "{wanted}: {}", outcome.stderr);
    }
    assert_eq!(outcome.stderr.lines().count(), 4, "{}", outcome.stderr);
}

#[test]
fn doctor() {
    let home = Home::new();
    let well = home.run(&["doctor"], &[]);
    assert_eq!(well.code, Some(0), "{}{}", well.stdout, well.stderr);
    assert!(well.stdout.lines().count() >= 6, "{}", well.stdout);
    assert!(
        well.stdout.lines().all(|line| line.starts_with("ok       ")),
        "{}",
        well.stdout
    );

    let nowhere = home.path("nowhere");
    let unwell = home.run(&["doctor"], &[("PATH", &nowhere), ("TWS_PATH", &nowhere)]);
    assert_eq!(unwell.code, Some(69), "{}", unwell.stdout);
    for (what, cure) in [
        ("Xvfb", "apt-get install xvfb"),
        ("xkbcomp", "apt-get install x11-xkb-utils"),
        ("gateway", "set TWS_PATH"),
    ] {
        let line = unwell
            .stdout
            .lines()
            .find(|line| line.starts_with(&format!("MISSING  {what}")));
        assert!(
            line.is_some_and(|line| line.contains(cure)),
            "{what}: {}",
            unwell.stdout
        );
    }
}

#[test]
fn shells_complete_the_command_line() {
    let home = Home::new();
    for (shell, parts) in [
        (
            "bash",
            &["complete -F _gatehand", "--follow", "--trading-mode"][..],
        ),
        ("zsh", &["#compdef gatehand", "--follow"]),
        ("fish", &["complete -c gatehand", "follow"]),
    ] {
        let script = home.run(&["completions", shell], &[]);
        assert_eq!((script.code, script.stderr.as_str()), (Some(0), ""), "{shell}");
        for part in parts {
            assert!(script.stdout.contains(part), "{shell}: {part}");
        }
    }
    let script = home.run(&["completions", "bash"], &[]).stdout;
    let mut bash = Command::new("bash")
        .args(["--norc", "-s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash");
    let asked = "\nCOMP_WORDS=(gatehand reconn)\nCOMP_CWORD=1\n_gatehand gatehand reconn gatehand\necho ${COMPREPLY[*]}\n";
    let mut input = bash.stdin.take().expect("its input");
    input.write_all((script + asked).as_bytes()).expect("written");
    drop(input);
    let answer = bash.wait_with_output().expect("its end").stdout;
    assert_eq!(
        String::from_utf8_lossy(&answer),
        "reconnect-data reconnect-account\n"
    );
}

#[test]
fn manual_pages() {
    let home = Home::new();
    let page = home.run(&["man"], &[]);
    assert_eq!(page.code, Some(0), "{}", page.stderr);
    assert!(page.stdout.contains(".TH gatehand 1"), "{}", page.stdout);
    assert!(
        page.stdout.contains("EXIT CODES") || page.stdout.contains("Exit codes"),
        "{}",
        page.stdout
    );
    let folder = home.path("");
    assert_eq!(home.run(&["man", &folder], &[]).code, Some(0));
    let restart = std::fs::read_to_string(home.path("gatehand-restart.1")).expect("its page");
    assert!(restart.contains("cold"), "{restart}");
    let nowhere = home.path("nowhere");
    home.run(&["man", &nowhere], &[])
        .refuses(69, &[&nowhere, "name a folder"]);
}

#[test]
fn whoever_stops_reading_is_no_fault() {
    let home = Home::new();
    let (settings, state) = (home.path("settings"), home.path("state"));
    home.file("state/events.jsonl", "{}\n");
    for arguments in [
        &["--help"][..],
        &["completions", "bash"],
        &["man"],
        &["config", "show"],
        &["config", "show", "--json"],
        &["config", "check"],
        &["doctor"],
        &["events"],
        &["unlock"],
        &["cert"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let said = Command::new(env!("CARGO_BIN_EXE_gatehand"))
            .args(arguments)
            .env_clear()
            .env("HOME", home.folder())
            .env("TWS_SETTINGS_PATH", &settings)
            .env("GATEHAND_STATE_DIR", &state)
            .stdin(Stdio::null())
            .stdout(writer)
            .output()
            .expect("its end");
        let error = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said.status.code(), Some(0), "{arguments:?}: {error}");
        let is_quiet = !error.contains("panicked") && !error.contains("gatehand: ");
        assert!(is_quiet, "{arguments:?}: {error}");
    }
}
