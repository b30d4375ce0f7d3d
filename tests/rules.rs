//! The user's rules from end to end: read again while gatehand runs, checked, held against kept windows, taught.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::gateway::StandIn;
use common::program::Program;
use common::{TestDisplay, wait_for, wait_for_window};
use serde_json::{Value, json};

const BAD: &str = "[[rule]]\nname = \"mine\"\ntitel = [\"Account Review\"]\n";
const REMIND: &str = "[[rule]]\nname = \"mine\"\ntitle = [\"Account Review\"]\ntext = [\"margin agreement was changed\"]\npress = [\"Remind me\"]\n";

/// `gatehand` with these arguments, in an environment of its own, and with this on its standard input.
fn gatehand(home: &Path, arguments: &[&str], display: Option<&TestDisplay>, input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehand"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", home)
        .envs(common::profile())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(display) = display {
        command.env("XAUTHORITY", display.address.authority.as_ref().unwrap());
    }
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Puts a file in its place as an editor does: whole, by a rename.
fn put(folder: &Path, name: &str, text: &str) {
    let beside = folder.join("beside");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, folder.join(name)).unwrap();
}

fn dismissed(program: &Program, dialog: &str) -> Vec<Value> {
    let all = program.journal.all("dismissed").into_iter();
    all.filter(|entry| entry["dialog"] == dialog).collect()
}

#[test]
fn a_good_file_counts_at_once_and_a_bad_one_keeps_the_old_set() {
    let rules = tempfile::tempdir().unwrap();
    let mut program = Program::prepare(json!({"after_login": ["unknown"]}))
        .with("GATEHAND_RULES", &rules.path().display().to_string())
        .start(&["-v", "run"]);
    program.wait_for_event("the unknown dialog", |event| event["event"] == "unknown-dialog");

    put(rules.path(), "mine.toml", BAD);
    let kept = program.wait_for_event("the fault", |event| event["event"] == "rules-kept");
    let why = kept["why"].as_str().unwrap();
    assert!(
        why.contains("mine.toml: line 3, column 1: unknown field `titel`"),
        "{why}"
    );
    assert!(!why.contains('\n'), "{why}");
    assert!(dismissed(&program, "unknown").is_empty());

    put(rules.path(), "mine.toml", REMIND);
    program.wait_for_event("the new rules", |event| event["event"] == "rules-read");
    let answered = program.wait_for_event("the answer", |event| {
        event["event"] == "answered" && event["rule"] == "mine"
    });
    assert!(answered["ms"].is_number(), "{answered}");
    let pressed = dismissed(&program, "unknown");
    assert_eq!(pressed.len(), 1, "{pressed:#?}");
    assert_eq!(pressed[0]["button"], "Remind me");
    assert_eq!(pressed[0]["input"], "mouse");
    program.wait_for_state("ready");

    // A file written in place counts when its writer closes it.
    let before = program
        .events()
        .iter()
        .filter(|event| event["event"] == "rules-kept")
        .count();
    fs::write(rules.path().join("other.toml"), "[[rule]\n").unwrap();
    wait_for("the second fault", || {
        let events = program.events();
        let faults = events.iter().filter(|event| event["event"] == "rules-kept");
        (faults.count() > before).then_some(())
    });
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn check_names_every_fault_in_a_line_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let rules = home.path().join("rules");
    fs::create_dir(&rules).unwrap();
    let folder = rules.display().to_string();
    let empty = gatehand(home.path(), &["rules", "check", &folder], None, "");
    assert_eq!(empty.status.code(), Some(0), "{}", stderr(&empty));

    put(&rules, "a.toml", REMIND);
    let good = gatehand(home.path(), &["rules", "check", "--rules", &folder], None, "");
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    assert!(stdout(&good).contains("1 rules in 1 files"), "{}", stdout(&good));

    put(&rules, "b.toml", REMIND);
    put(&rules, "c.toml", BAD);
    let bad = gatehand(home.path(), &["rules", "check", &folder], None, "");
    assert_eq!(bad.status.code(), Some(78));
    let lines: Vec<String> = stderr(&bad).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(
        lines[0].contains("b.toml: line 1, column 1: rule \"mine\": another rule"),
        "{lines:#?}"
    );
    assert!(lines[1].contains("c.toml: line 3, column 1"), "{lines:#?}");

    let unnamed = gatehand(home.path(), &["rules", "check"], None, "");
    assert_eq!(unnamed.status.code(), Some(64));
    assert!(stderr(&unnamed).contains("--rules"), "{}", stderr(&unnamed));
}

/// A display with the stand-in's unknown dialog on it.
fn unknown_dialog() -> (TestDisplay, StandIn) {
    let display = TestDisplay::start(1024, 768);
    let mut stand_in = StandIn::start(&display, json!({"start": "main"}));
    stand_in.journal.wait("logged_in", |_| true);
    stand_in.control("show unknown");
    wait_for_window(&mut display.desktop(), "Account Review");
    (display, stand_in)
}

#[test]
fn a_taught_dialog_is_answered_the_next_time() {
    let (display, stand_in) = unknown_dialog();
    let home = tempfile::tempdir().unwrap();
    let rules = home.path().join("rules");
    fs::create_dir(&rules).unwrap();
    let folder = rules.display().to_string();
    let on_display = ["--display", &display.address.name, "--rules", &folder];

    let wrong = [&["teach", "--button", "Burn"], &on_display[..]].concat();
    let wrong = gatehand(home.path(), &wrong, Some(&display), "");
    assert_eq!(wrong.status.code(), Some(64), "{}", stderr(&wrong));
    assert!(stderr(&wrong).contains("\"Remind me\""), "{}", stderr(&wrong));
    assert_eq!(
        fs::read_dir(&rules).unwrap().count(),
        0,
        "nothing is written for a wrong button"
    );

    let harmful = [&["teach", "--button", "Submit"], &on_display[..]].concat();
    let harmful = gatehand(home.path(), &harmful, Some(&display), "");
    assert_eq!(harmful.status.code(), Some(78), "{}", stderr(&harmful));
    assert!(stderr(&harmful).contains("--only-if"), "{}", stderr(&harmful));
    assert_eq!(
        fs::read_dir(&rules).unwrap().count(),
        0,
        "nothing is written for a harmful one"
    );

    // Asked, the user answers with a label.
    let teach = [&["teach"], &on_display[..]].concat();
    let taught = gatehand(home.path(), &teach, Some(&display), "remind me\n");
    assert_eq!(taught.status.code(), Some(0), "{}", stderr(&taught));
    let said = stdout(&taught);
    assert!(
        said.contains("Account Review") && said.contains("Remind me"),
        "{said}"
    );
    let text = fs::read_to_string(rules.join("account-review.toml")).unwrap();
    assert!(text.contains("press = [\"Remind me\"]"), "{text}");
    assert!(
        text.contains("title = [\"Account Review\"]") && text.contains("\ntext = ["),
        "{text}"
    );

    // Known now, it is not taught a second time.
    let again = gatehand(home.path(), &teach, Some(&display), "1\n");
    assert_eq!(again.status.code(), Some(69), "{}", stderr(&again));
    drop(stand_in);

    let fixture = rules.join("fixtures/account-review").display().to_string();
    let known = gatehand(
        home.path(),
        &["rules", "test", &fixture, "--rules", &folder],
        None,
        "",
    );
    assert_eq!(known.status.code(), Some(0), "{}", stderr(&known));
    let said = stdout(&known);
    assert!(
        said.contains("rule account-review") && said.contains("would press \"Remind me\""),
        "{said}"
    );
    // Without its rule it is unknown, and the reasons are told.
    let unknown = gatehand(home.path(), &["rules", "test", &fixture], None, "");
    assert_eq!(unknown.status.code(), Some(1), "{}", stderr(&unknown));
    let said = stdout(&unknown);
    assert!(said.contains("no rule knows it") && said.contains("NO"), "{said}");

    let mut program = Program::prepare(json!({"after_login": ["unknown"], "look": "metal"}))
        .with("GATEHAND_RULES", &folder)
        .start(&["-v", "run"]);
    program.wait_for_event("the answer", |event| {
        event["event"] == "answered" && event["rule"] == "account-review"
    });
    let pressed = dismissed(&program, "unknown");
    assert_eq!(pressed.len(), 1, "{pressed:#?}");
    assert_eq!(pressed[0]["button"], "Remind me");
    assert!(
        !program
            .events()
            .iter()
            .any(|event| event["event"] == "unknown-dialog")
    );
    program.wait_for_state("ready");
}

#[test]
fn teaching_from_the_evidence_answers_the_dialog_that_still_waits() {
    let rules = tempfile::tempdir().unwrap();
    let folder = rules.path().display().to_string();
    let mut program = Program::prepare(json!({"after_login": ["unknown"]}))
        .with("GATEHAND_RULES", &folder)
        .start(&["-v", "run"]);
    let evidence = program.wait_for_event("evidence", |event| event["event"] == "evidence");
    let evidence = evidence["folder"].as_str().unwrap();
    let home = tempfile::tempdir().unwrap();
    let teach = ["teach", evidence, "--button", "Remind me", "--rules", &folder];
    let taught = gatehand(home.path(), &teach, None, "");
    assert_eq!(taught.status.code(), Some(0), "{}", stderr(&taught));
    program.wait_for_event("the answer", |event| {
        event["event"] == "answered" && event["rule"] == "account-review"
    });
    program.wait_for_state("ready");
    assert_eq!(dismissed(&program, "unknown").len(), 1);
}

#[test]
fn a_rule_that_would_match_another_fixture_is_not_written() {
    let (display, mut stand_in) = unknown_dialog();
    let home = tempfile::tempdir().unwrap();
    let (rules, fixtures) = (home.path().join("rules"), home.path().join("fixtures"));
    fs::create_dir(&rules).unwrap();
    let kept = fixtures.display().to_string();
    let snapshot = ["snapshot", &kept, "--display", &display.address.name];
    let snapshot = gatehand(home.path(), &snapshot, Some(&display), "");
    assert_eq!(snapshot.status.code(), Some(0), "{}", stderr(&snapshot));
    let folder = rules.display().to_string();
    let teach = [
        "teach",
        "--display",
        &display.address.name,
        "--rules",
        &folder,
        "--button",
        "Remind me",
        "--against",
        &kept,
    ];
    let refused = gatehand(home.path(), &teach, Some(&display), "");
    assert_eq!(refused.status.code(), Some(78), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("would match"), "{}", stderr(&refused));
    assert_eq!(fs::read_dir(&rules).unwrap().count(), 0);
    stand_in.control("close unknown");
}
