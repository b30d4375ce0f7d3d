//! What people suffer from with other automations of the Gateway, each shown not to happen here. The numbers are those
//! of the list of 25 pains that the design was made against; those that have to do with dialogs are here.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use common::program::Program;
use common::wait_for;
use serde_json::{Value, json};

fn submissions(program: &Program) -> Vec<Value> {
    let submissions = program.journal.all("submitted");
    for submitted in &submissions {
        assert_eq!(submitted["password_matches"], true, "{submitted}");
        assert_eq!(submitted["by"], "button-mouse", "{submitted}");
    }
    submissions
}

fn dismissed(program: &Program, dialog: &str) -> Vec<Value> {
    let all = program.journal.all("dismissed");
    all.into_iter()
        .filter(|entry| entry["dialog"] == dialog)
        .collect()
}

/// A release that words everything otherwise, and a dialog that is new: answered by a rule file, without a release.
#[test]
fn pain_1_a_release_that_changes_titles_and_words() {
    let rules = tempfile::tempdir().unwrap();
    let rule = "[[rule]]\nname = \"survey\"\ntitle = [\"Customer Survey\"]\ntext = [\"How do you like the new release?\"]\npress = [\"Not now\"]\n";
    std::fs::write(rules.path().join("survey.toml"), rule).unwrap();
    let survey = json!({"id": "survey", "title": "Customer Survey", "text": "How do you like the new release?", "buttons": ["Tell us", "Not now"]});
    let version = json!({"id": "version", "title": "Information", "text": "A new version is available.\nUpgrade now?", "buttons": ["OK", "Not now"]});
    let mut program = Program::prepare(json!({
        "labels": {"IBKR Gateway": "Interactive Brokers Gateway", "Log In": "Login", "Paper Log In": "Paper Login", "IB API": "TWS/API"},
        "heading": true,
        "after_login": [survey, version, "untitled"],
    }))
    .with("GATEHAND_RULES", &rules.path().display().to_string())
    .start(&["-v", "run"]);
    program.wait_for_state("ready");
    assert_eq!(submissions(&program).len(), 1);
    for (dialog, label) in [
        ("survey", "Not now"),
        ("version", "Not now"),
        ("untitled", "I understand and accept"),
    ] {
        assert_eq!(dismissed(&program, dialog)[0]["button"], label);
    }
}

/// It is told and kept at once; and when the form still answers, it does not hold up the login.
#[test]
fn pain_2_an_unknown_dialog_that_blocks_the_login_without_a_trace() {
    let mut program = Program::run(json!({"before_login": [{"id": "unknown", "modal": false}]}));
    program.wait_for_event("the unknown dialog", |event| {
        event["event"] == "unknown-dialog" && event["title"] == "Account Review"
    });
    program.wait_for_event("its evidence", |event| event["event"] == "evidence");
    program.wait_for_state("unknown-dialog");
    assert!(
        submissions(&program).is_empty(),
        "not while it may be gone in a moment"
    );
    program.wait_for_state("ready");
    assert_eq!(submissions(&program).len(), 1);
    assert!(dismissed(&program, "unknown").is_empty());
}

/// One that is modal gets neither a click nor a key while the form is tried beside it.
#[test]
fn pain_2_an_unknown_dialog_that_is_modal_stays_untouched() {
    let dialog = json!({"id": "unknown", "closes_after_ms": 16_000});
    let mut program = Program::run(json!({"before_login": [dialog], "trading_mode": "paper"}));
    program.wait_for_state("ready");
    let entry = &dismissed(&program, "unknown")[0];
    assert_eq!(
        (&entry["button"], &entry["keys_received"]),
        (&json!("self"), &json!(0)),
        "{entry}"
    );
    assert_eq!(submissions(&program).len(), 1);
}

/// The refusal right after a start with a restart token is no word about the credentials.
#[test]
fn pain_7_a_stale_restart_token_is_taken_for_a_wrong_password() {
    let mut program = Program::run(json!({"before_login": ["login_failed"], "control_port": 0}));
    program.wait_for_state("ready");
    program.let_gateway_restart();
    let refused = program.wait_for_event("the token's refusal", |event| event["event"] == "token-refused");
    assert!(
        refused["text"].as_str().unwrap().contains("Unrecognized"),
        "{refused}"
    );
    // The login is a full one then, with the same credentials.
    wait_for("the second login", || {
        let ready = program.events();
        let ready = ready.iter().filter(|event| event["state"] == "ready").count();
        (ready == 2).then_some(())
    });
    assert_eq!(submissions(&program).len(), 2);
    let locked = program.events();
    assert!(
        !locked.iter().any(|event| event["state"] == "locked-out"),
        "{locked:#?}"
    );
}

/// Another session is dealt with as the setting says, and the login goes on: the whole matrix is in `answers.rs`.
#[test]
fn pain_10_a_session_elsewhere_ends_the_login() {
    let session = json!({"id": "existing_session", "buttons": ["Cancel", "Continue Login"]});
    let mut program = Program::prepare(json!({"during_login": [session], "after_login": ["session_taken"]}))
        .with("EXISTING_SESSION_DETECTED_ACTION", "primary")
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    assert_eq!(
        dismissed(&program, "existing_session")[0]["button"],
        "Continue Login"
    );
    assert_eq!(
        dismissed(&program, "session_taken")[0]["button"],
        "Reconnect This Session"
    );
    assert_eq!(submissions(&program).len(), 1);
}

/// No shell and no template sees them; a variable that is set and empty is not set.
#[test]
fn pain_21_special_characters_and_empty_variables() {
    let (user, password) = ("u$er 'x'", "$HOME `id` \\n \"%s\" ${A} é€ #;&|<>!");
    let mut program = Program::prepare(json!({"user": user, "password": password}))
        .with("IB_USERNAME", "")
        .with("TWS_PASSWORD_FILE", "")
        .with("TWOFA_DEVICE", "")
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    let submitted = submissions(&program);
    assert_eq!(submitted.len(), 1);
    assert_eq!(submitted[0]["user"], user);
}
