//! The gateway's life in real time: it crashes, restarts itself, does not come, and each time comes back as it should.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::process::Command;
use std::time::Duration;

use common::program::Program;
use common::{wait_for, wait_within};
use serde_json::{Value, json};

/// Waits until it was ready that often.
fn ready_times(program: &Program, times: usize) {
    wait_for("ready again", || {
        let ready = program.events();
        let ready = ready.iter().filter(|event| event["state"] == "ready").count();
        (ready == times).then_some(())
    });
}

/// Whether each start of the gateway was one with a token.
fn starts(program: &Program) -> Vec<bool> {
    let starts = program.journal.all("started");
    let by_token = |start: &Value| {
        start["jvm_options"].to_string().contains("-Drestart=") || start["properties"]["restart"].is_string()
    };
    starts.iter().map(by_token).collect()
}

fn kill(pid: &Value) {
    let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    assert!(killed.unwrap().success());
}

#[test]
fn a_gateway_that_was_killed_comes_back_by_a_full_login() {
    let mut program = Program::run(json!({}));
    program.wait_for_state("ready");
    kill(&program.journal.all("started")[0]["pid"]);
    ready_times(&program, 2);
    assert_eq!(starts(&program), [false, false]);
    assert_eq!(program.journal.all("submitted").len(), 2);
    assert!(program.log().contains("killed by SIGKILL"), "{}", program.log());
}

#[test]
fn an_automatic_restart_comes_back_by_its_token() {
    let mut program = Program::run(json!({"control_port": 0}));
    program.wait_for_state("ready");
    program.let_gateway_restart();
    ready_times(&program, 2);
    assert_eq!(starts(&program), [false, true]);
}

/// A container that was stopped in the middle of an automatic restart uses the token that lies there.
#[test]
fn a_token_that_lies_there_at_the_start_is_used() {
    let program = Program::prepare(json!({}));
    let token = program.path("settings/4711");
    std::fs::create_dir_all(&token).unwrap();
    std::fs::write(token.join("autorestart"), "").unwrap();
    let mut program = program.start(&["-v", "run"]);
    program.wait_for_state("ready");
    assert_eq!(starts(&program), [true]);
}

#[test]
fn a_login_window_that_does_not_come_is_a_new_start() {
    let program = Program::prepare(json!({"start": "bare", "control_port": 0}))
        .with("GATEHAND_LOGIN_WINDOW_LIMIT", "1")
        .start(&["-v", "run"]);
    wait_for("a second start", || (starts(&program).len() == 2).then_some(()));
    assert!(
        program.log().contains("no window of a login came"),
        "{}",
        program.log()
    );
}

#[test]
fn a_gateway_that_never_shows_anything_is_given_up() {
    let mut program = Program::run(json!({"no such field": 1}));
    assert_eq!(program.ended().code(), Some(69));
    let log = program.log();
    assert!(
        log.contains("never showed a window; at last: exit code 2"),
        "{log}"
    );
    assert_eq!(
        log.matches("no field that the stand-in knows").count(),
        3,
        "{log}"
    );
}

#[test]
fn a_second_gatehand_on_the_same_state_folder_is_refused() {
    let mut program = Program::run(json!({}));
    program.wait_for_state("ready");
    let refused = program.ask(&["run"]).unwrap_err();
    assert!(refused.contains("another gatehand uses it"), "{refused}");
    assert_eq!(program.journal.all("started").len(), 1);
}

#[test]
fn settings_are_saved_at_their_times() {
    let mut program = Program::prepare(json!({}))
        .with("SAVE_TWS_SETTINGS", "Every 1 mins")
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    wait_within(Duration::from_secs(120), "the next minute but one", || {
        (!program.journal.all("settings_saved").is_empty()).then_some(())
    });
}
