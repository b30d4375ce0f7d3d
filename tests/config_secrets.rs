//! Secrets from wherever they stand: found, and nowhere else to be found.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use common::google::Google;
use common::outcome::{Home, gatehand};
use common::program::{Program, family};
use common::settings::{read, user};
use gatehand::config::secret_variables;
use serde_json::{Value, json};

#[test]
fn commands() {
    let home = Home::new();
    let run = |environment: &[(&str, &str)]| gatehand(home.folder(), &["config", "check"], environment);
    let well = run(&[
        ("TWS_USERID_COMMAND", "echo me"),
        ("TWS_PASSWORD_COMMAND", "echo to be seen >&2; echo secret"),
    ]);
    assert_eq!(
        (well.code, well.stderr.as_str()),
        (Some(0), "to be seen\n"),
        "{}",
        well.stdout
    );
    for (command, message) in [
        (
            "echo needle; exit 3",
            "the command failed (exit status: 3); try it by hand",
        ),
        (
            "exec sleep 600",
            "the command was ended: it took longer than 1 s; see GATEHAND_SECRET_LIMIT",
        ),
        (":", "the command printed nothing"),
        (
            "printf 'two\\nneedles\\n'",
            "its content is not allowed; use a text of one line",
        ),
    ] {
        let wrong = run(&[
            ("TWS_USERID", "me"),
            ("TWS_PASSWORD_COMMAND", command),
            ("GATEHAND_SECRET_LIMIT", "1"),
        ]);
        assert_eq!(wrong.code, Some(78), "{command}");
        let lines: Vec<&str> = wrong.stdout.lines().collect();
        assert_eq!(lines.len(), 1, "{}", wrong.stdout);
        assert!(
            lines[0].starts_with("FAULT    TWS_PASSWORD_COMMAND"),
            "{}",
            wrong.stdout
        );
        assert!(
            lines[0].contains(message) && !lines[0].contains("needle"),
            "{}",
            wrong.stdout
        );
    }
}

#[test]
fn what_does_not_count_is_not_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.toml");
    fs::write(
        &own,
        "user_command = \"touch user; echo other\"\npassword_file = \"nowhere\"\ntotp_key_stdin = false\nvnc_password_stdin = true\n",
    )
    .unwrap();
    let config = read(&[
        ("GATEHAND_CONFIG", own.to_str().unwrap()),
        ("TWS_USERID", "me"),
        ("TWS_PASSWORD_COMMAND", "echo secret"),
        ("GATEHAND_PASSWORD", ""),
        ("VNC_PASSWORD", "x"),
    ])
    .unwrap();
    assert_eq!(user(&config), Some(("me", "secret")));
    assert!(!folder.path().join("user").exists() && !Path::new("user").exists());
}

/// What `gatehand` does with this on its standard input.
fn piped(
    home: &Home,
    arguments: &[&str],
    environment: &[(&str, &str)],
    input: &str,
) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gatehand"))
        .args(arguments)
        .env_clear()
        .envs(common::profile())
        .envs([("PATH", std::env::var("PATH").unwrap()), ("HOME", home.path(""))])
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn lines_of_standard_input_in_the_order_of_the_page() {
    let home = Home::new();
    let environment = [
        ("TWS_USERID_STDIN", "yes"),
        ("VNC_PASSWORD_STDIN", "true"),
        ("TOTP_KEY_STDIN", "no"),
    ];
    let show = ["config", "show", "--json", "--password-stdin"];
    let (code, stdout, stderr) = piped(&home, &show, &environment, "mé\nlonger than eight\r\nshort\n");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let shown: Value = serde_json::from_str(&stdout).unwrap();
    let shown = &shown["paper"];
    assert_eq!(
        shown["user"],
        json!({"value": "mé", "origin": "TWS_USERID_STDIN (standard input)"})
    );
    assert_eq!(
        shown["password"],
        json!({"set": true, "origin": "--password-stdin (standard input)"})
    );
    assert_eq!(shown["vnc_password"]["set"], true);
    assert_eq!(shown["totp_key"]["set"], false);
    assert!(!stdout.contains("eight") && !stdout.contains("short"), "{stdout}");

    let check = ["config", "check", "--password-stdin"];
    let too_long = format!("me\nx\n{}\n", "secret".repeat(50));
    let (code, stdout, _) = piped(&home, &check, &environment, &too_long);
    assert_eq!(code, Some(78));
    assert!(
        stdout.contains("VNC_PASSWORD_STDIN (standard input): its content is not allowed"),
        "{stdout}"
    );
    assert!(!stdout.contains("secretsecret"), "{stdout}");
    let (code, stdout, _) = piped(&home, &check, &environment, "me\n");
    assert_eq!(code, Some(78));
    assert!(
        stdout.contains("FAULT    --password-stdin: standard input has no line for it; give one line"),
        "{stdout}"
    );
    let (code, stdout, _) = piped(
        &home,
        &["config", "check"],
        &[("TWS_PASSWORD_STDIN", "needle")],
        "",
    );
    assert_eq!(code, Some(78));
    assert!(
        stdout.contains("TWS_PASSWORD_STDIN: the value is not allowed; use yes or no"),
        "{stdout}"
    );
    assert!(!stdout.contains("needle"), "{stdout}");
}

#[test]
fn every_secret_leaves_the_environment_and_goes_to_no_child() {
    let home = Home::new();
    let fifo = home.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let command = format!("read -r line <{fifo}; echo \"$line\"");
    let mut child = Command::new(env!("CARGO_BIN_EXE_gatehand"));
    child
        .args(["config", "check"])
        .env_clear()
        .envs(common::profile())
        .envs([("PATH", std::env::var("PATH").unwrap()), ("HOME", home.path(""))])
        .env("GATEHAND_USER_COMMAND", &command)
        .env("GATEHAND_PORTAL_USER", "me");
    let names: Vec<&str> = secret_variables().collect();
    assert!(names.len() > 20 && names.contains(&"SSH_PASSPHRASE"), "{names:?}");
    for name in &names {
        child.env(name, value_of(name));
    }
    let child = child
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Opens when the command has opened the other end: it runs, and gatehand waits for it.
    let mut line = File::options().write(true).open(&fifo).unwrap();
    let processes = family(child.id());
    assert!(processes.len() >= 2, "gatehand and the command: {processes:?}");
    for pid in processes {
        for file in ["environ", "cmdline"] {
            let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap();
            let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
            assert!(
                !text.is_empty() && !text.contains("needl"),
                "{file} of {pid}: {text}"
            );
            for name in &names {
                let assigned = format!("\0{}=", name.to_ascii_lowercase());
                assert!(
                    !format!("\0{text}").contains(&assigned),
                    "{name} in {file} of {pid}"
                );
            }
        }
    }
    line.write_all(b"me\n").unwrap();
    drop(line);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("ok       "), "{said}");
    assert!(!said.to_ascii_lowercase().contains("needl"), "{said}");
}

/// A needle that is encrypted.
const PORTAL_KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const PORTAL_PASSWORD: &str =
    "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0OD5CbotDpEYz7Cu2NmWfXwK4oJcKSYsTGog0EaaxcAWII08dt7WjN_mCUxYYPmmhwcg==";

/// A value that the setting behind the name allows.
fn value_of(name: &str) -> &'static str {
    match name {
        _ if name.contains("TOTP") || name == "TWOFACTOR_CODE" => "NEEDLENEEDLENEEDLE",
        "GATEHAND_VNC_VIEW_PASSWORD" => "needl-2",
        "GATEHAND_VNC_LEGACY_PASSWORD" | "VNC_LEGACY_PASSWORD" => "needl-3",
        "GATEHAND_PORTAL_KEY" | "IBEAM_KEY" => PORTAL_KEY,
        "GATEHAND_PORTAL_PASSWORD" | "IBEAM_PASSWORD" => PORTAL_PASSWORD,
        _ if name.contains("VNC") => "needl-1",
        "GATEHAND_HTTP_TOKEN" => "needle-of-sixteen",
        "GATEHAND_NOTIFY_NTFY" => "https://needle/needle",
        _ if name.ends_with("_URL") || name == "GATEHAND_NOTIFY_WEBHOOK" => "https://needle",
        _ if ["_PARAMS", "_HEADERS", "_DATA"]
            .iter()
            .any(|end| name.ends_with(end)) =>
        {
            "{\"name\": \"needle\"}"
        }
        _ => "needle",
    }
}

#[test]
fn a_login_with_secrets_from_elsewhere() {
    let google = Google::with_secrets(&[("p/versions/1", "ZGVtb3VzZXI=")]);
    let mut program = Program::prepare(json!({}))
        .with("TWS_USERID", "")
        .with("TWS_USERID_COMMAND", "echo edemo")
        .with("TWS_PASSWORD", "")
        .with("TWS_PASSWORD_GCP_SECRET", "projects/p/secrets/p/versions/1")
        .with("GATEHAND_GCP_SECRETS_URL", &google.url())
        .with("GCE_METADATA_HOST", &google.address)
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    assert!(!program.log().contains("demouser") && !program.log().contains("token-needle"));
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn the_token_of_a_second_factor_device_goes_there_and_back() {
    let mut program = Program::prepare(json!({"start": "main"}))
        .with("GATEHAND_SECOND_FACTOR_TOKEN", "_needle1")
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    assert!(!program.log().contains("needle1"), "{}", program.log());
    assert_eq!(program.stop(), Some(0));
    let settings = program.path("settings");
    let jts_ini = fs::read_to_string(settings.join("jts.ini")).unwrap();
    assert!(
        jts_ini.contains("[Communication]\n2ndFactor=_needle1,5.2a;\n"),
        "{jts_ini}"
    );

    let home = Home::new();
    let settings = ("TWS_SETTINGS_PATH", settings.to_str().unwrap());
    let token = || gatehand(home.folder(), &["twofa-token"], &[settings]);
    let told = token();
    assert_eq!(
        (told.code, told.stdout.as_str(), told.stderr.as_str()),
        (Some(0), "_needle1\n", "")
    );
    for (line, what) in [
        ("2ndFactor=,5.2a;\n", "the line 2ndFactor= names no device"),
        ("", "there is no line 2ndFactor="),
    ] {
        fs::write(
            Path::new(settings.1).join("jts.ini"),
            format!("[Communication]\n{line}"),
        )
        .unwrap();
        token().refuses(69, &["jts.ini", what, "choose IB Key and press OK"]);
    }
}

#[test]
fn a_custom_config_logs_in_and_leaves_jts_ini_alone() {
    let program = Program::prepare(json!({}))
        .with("TWS_USERID", "")
        .with("TWS_PASSWORD", "")
        .with("CUSTOM_CONFIG", "yes");
    fs::create_dir(program.path("ibc")).unwrap();
    fs::write(
        program.path("ibc/config.ini"),
        "IbLoginId=edemo\nIbPassword=demouser\n",
    )
    .unwrap();
    let own = "[Logon]\nLocale=en\n";
    fs::write(program.path("settings/jts.ini"), own).unwrap();
    let mut program = program.start(&["-v", "run"]);
    program.wait_for_state("ready");
    assert_eq!(fs::read_to_string(program.path("settings/jts.ini")).unwrap(), own);
    assert_eq!(program.stop(), Some(0));
}
