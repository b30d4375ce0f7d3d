//! The flight recorder from end to end: what a run recorded, and what is made of it.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use common::program::Program;
use gatehand::journal::recorder::{Played, Recording};
use gatehand::screen::Frame;
use gatehand::vision::{Cache, Reader, Tesseract, png};
use serde_json::{Value, json};

const USER: &str = "zebrafinch";
/// `Hello!` and four bytes more, in base32.
const KEY: &str = "JBSWY3DPEHPK3PXP";
const REMIND: &str = "[[rule]]\nname = \"review\"\ntitle = [\"Account Review\"]\ntext = [\"margin agreement was changed\"]\npress = [\"Remind me\"]\n";

fn replay(folder: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gatehand"))
        .arg("replay")
        .arg(folder)
        .args(options)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .envs(common::profile())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The recorded actions in words.
fn acts(folder: &Path) -> Vec<String> {
    let played = Recording::open(folder).unwrap().map(Result::unwrap);
    let acts = played.filter_map(|played| match played {
        Played::Act { act, .. } => Some(act),
        _ => None,
    });
    acts.collect()
}

/// A login with user name, password and code, and notices after it.
fn whole_login(look: &str) -> Program {
    let mut program = Program::prepare(json!({
        "user": USER,
        "title_user": true,
        "look": look,
        "second_factor": {"kind": "totp", "secret": KEY},
        "after_login": ["paper_notice", "tip", "newer_version"],
    }))
    .with("TWOFACTOR_CODE", KEY)
    .start(&["-v", "run"]);
    program.wait_for_state("ready");
    assert_eq!(program.stop(), Some(0));
    program
}

#[test]
fn a_run_replays_without_a_difference_and_shows_no_secret() {
    for look in ["metal", "dark"] {
        let program = whole_login(look);
        let folder = program.path("state/recorder");
        for file in fs::read_dir(&folder).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let acts = acts(&folder);
        for part in [
            "ask whether",
            "fill UserName",
            "fill Password",
            "begin a submission",
            "Log In",
            "fill Code",
            "understand and accept",
            "\"Close\"",
            "record LoggedIn",
        ] {
            assert!(acts.iter().any(|act| act.contains(part)), "{part}: {acts:#?}");
        }
        let same = replay(&folder, &[]);
        assert_eq!(same.status.code(), Some(0), "{look}: {}", said(&same));
        assert!(
            said(&same).contains(&format!("1 runs, {} decisions, 0 would", acts.len())),
            "{}",
            said(&same)
        );
        shows_no_secret(&program, &folder);
    }
}

/// The agent compares pictures of fields and toggles; masked, they must lead to the same decisions.
#[test]
fn every_way_through_the_form_replays_without_a_difference() {
    // The first waits long for two answers that never come.
    std::thread::scope(|scope| {
        scope.spawn(|| replays(json!({"selectable": false}), "ready"));
        for scenario in [
            json!({"rebuild": {"after_ms": 450, "gone_ms": 400}, "look": "nimbus"}),
            json!({"modes_as": "radio", "api_mode": "fix", "trading_mode": "live"}),
            json!({"delays": {"enabled_after_ms": 2000}, "cut_copy_allowed": true, "look": "dark"}),
            json!({"interrupt": {"after_keys": 4, "dialog": "tip"}}),
        ] {
            replays(scenario, "ready");
        }
        replays(json!({"password": "another"}), "locked-out");
    });
}

fn replays(scenario: Value, state: &str) {
    let mut program = Program::prepare(scenario.clone());
    if state == "locked-out" {
        program = program.with("TWS_PASSWORD", "wrong-password");
    }
    let mut program = program.start(&["-v", "run"]);
    program.wait_for_state(state);
    assert_eq!(program.stop(), Some(0));
    let folder = program.path("state/recorder");
    let same = replay(&folder, &[]);
    assert_eq!(same.status.code(), Some(0), "{scenario}: {}", said(&same));
    assert!(
        acts(&folder).iter().any(|act| act.contains("fill Password")),
        "{scenario}"
    );
}

/// Neither the records nor the pictures made of them show a user name or a code.
fn shows_no_secret(program: &Program, folder: &Path) {
    let mut titles = BTreeSet::new();
    let mut texts = BTreeSet::new();
    for played in Recording::open(folder).unwrap() {
        match played.unwrap() {
            Played::Observed { screen, .. } => {
                for seen in screen {
                    titles.insert(seen.window.title.clone());
                    let lines = seen.view.iter().flat_map(|view| &view.reading.lines);
                    texts.extend(lines.map(|line| line.text.clone()));
                }
            }
            Played::Act { act, .. } => {
                texts.insert(act);
            }
            other => {
                texts.insert(format!("{other:?}"));
            }
        }
    }
    // What was to be hidden was there: the gateway names its user in its title.
    assert_eq!(program.journal.all("submitted")[0]["user"], USER);
    let taken_out = "\u{2022}\u{2022}\u{2022}";
    assert!(
        titles.contains(&format!("{taken_out} IBKR Gateway")),
        "{titles:?}"
    );
    assert!(texts.contains(taken_out), "{texts:?}");
    hides(titles.iter().chain(&texts), "the records");

    let pictures = program.path("pictures");
    let made = replay(folder, &["--to-png", pictures.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    let mut read = BTreeSet::new();
    for file in fs::read_dir(&pictures).unwrap() {
        let picture: Frame = png::read(&file.unwrap().path()).unwrap();
        let reading = reader.read(&picture).unwrap();
        read.extend(reading.lines.iter().map(|line| line.text.clone()));
    }
    for part in ["Live Trading", "Log In", "Close", "Market Data Farm"] {
        assert!(read.iter().any(|line| line.contains(part)), "{part}: {read:#?}");
    }
    hides(read.iter(), "the pictures");
}

/// The codes that may have been typed in the last minutes.
fn codes() -> BTreeSet<String> {
    let key = b"Hello!\xde\xad\xbe\xef".to_vec();
    let totp = totp_rs::Builder::new()
        .with_secret(key)
        .with_step_duration(30)
        .build_noncompliant();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let times = (now - 300..=now).step_by(30).chain([now]);
    times.map(|time| totp.generate(time).to_string()).collect()
}

fn hides<'a>(texts: impl Iterator<Item = &'a String>, what: &str) {
    let codes = codes();
    for text in texts {
        assert!(!text.to_lowercase().contains(USER), "{what}: {text}");
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        assert!(!codes.iter().any(|code| digits.contains(code)), "{what}: {text}");
    }
}

#[test]
fn with_one_rule_changed_exactly_that_decision_is_told() {
    let rules = tempfile::tempdir().unwrap();
    fs::write(rules.path().join("mine.toml"), REMIND).unwrap();
    let mut program = Program::prepare(json!({"after_login": ["paper_notice", "unknown", "tip"]}))
        .with("GATEHAND_RULES", rules.path().to_str().unwrap())
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    // The stand-in shows one notice after the other.
    program
        .journal
        .wait("dismissed", |entry| entry["dialog"] == "tip");
    assert_eq!(program.stop(), Some(0));
    let folder = program.path("state/recorder");
    let same = replay(&folder, &[]);
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
    let given = replay(&folder, &["--rules", rules.path().to_str().unwrap()]);
    assert_eq!(given.status.code(), Some(0), "{}", said(&given));

    let changed = REMIND.replace("Account Review", "Another Title");
    fs::write(rules.path().join("mine.toml"), changed).unwrap();
    let other = replay(&folder, &["--rules", rules.path().to_str().unwrap()]);
    assert_eq!(other.status.code(), Some(1), "{}", said(&other));
    let said = said(&other);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(
        lines[0].contains("\"Account Review\": recorded: click \"Remind me\"")
            && lines[0].contains("today: nothing (no rule knows it)"),
        "{said}"
    );
    assert!(lines[1].ends_with("1 would be others today"), "{said}");
}

#[test]
fn a_run_that_was_killed_can_be_replayed_and_watched() {
    let mut program = Program::run(json!({"after_login": ["unknown"]}));
    program.wait_for_event("evidence", |event| event["event"] == "evidence");
    program.signal("KILL");
    program.ended();
    let folder = program.path("state/recorder");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    // As if the power had gone while the last record was written.
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 5]).unwrap();
    let torn = replay(&folder, &[]);
    assert_eq!(torn.status.code(), Some(0), "{}", said(&torn));
    assert!(said(&torn).contains("torn or damaged"), "{}", said(&torn));

    let gif = program.path("flight.gif");
    let made = replay(&folder, &["--to-gif", gif.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    assert!(fs::read(&gif).unwrap().starts_with(b"GIF89a"));

    fs::write(&file, "gatehand was never here").unwrap();
    let foreign = replay(&folder, &[]);
    assert!(said(&foreign).contains("not a recording"), "{}", said(&foreign));
    let nothing = replay(&program.path("settings"), &[]);
    assert_eq!(nothing.status.code(), Some(69), "{}", said(&nothing));
    assert_eq!(said(&nothing).lines().count(), 1, "{}", said(&nothing));
}

#[test]
fn a_recorder_of_size_0_records_nothing() {
    let mut program = Program::prepare(json!({}))
        .with("GATEHAND_RECORDER_SIZE", "0")
        .start(&["-v", "run"]);
    program.wait_for_state("login-shown");
    assert!(!program.path("state/recorder").exists());
    assert_eq!(program.stop(), Some(0));
}
