//! The gateway's life in real time: it crashes, restarts itself, does not come, and each time comes back as it should.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
    // So soon again: the pause is twice as long.
    kill(&program.journal.all("started")[1]["pid"]);
    wait_for("the next pause", || {
        program.log().contains("seconds=10").then_some(())
    });
    assert!(program.log().contains("seconds=5"), "{}", program.log());
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
    fs::create_dir_all(&token).unwrap();
    fs::write(token.join("autorestart"), "").unwrap();
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

fn push(approved: bool, timeout_ms: u32) -> Value {
    let after = if approved { 300 } else { -1 };
    json!({"kind": "push", "approved_after_ms": after, "timeout_ms": timeout_ms})
}

/// The gateway shows its form again: a new login there, and a new push.
#[test]
fn a_push_that_timed_out_is_sent_again_in_the_same_gateway() {
    let factors = json!([push(false, 2000), push(true, 60_000)]);
    let mut program = Program::prepare(json!({"second_factor": factors}))
        .with("RELOGIN_AFTER_TWOFA_TIMEOUT", "yes")
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    assert_eq!(program.journal.all("submitted").len(), 2);
    assert_eq!(starts(&program), [false]);
    let events = program.events();
    let missed = events
        .iter()
        .filter(|event| event["event"] == "second-factor-missed");
    assert_eq!(missed.count(), 1, "{events:#?}");
}

/// The gateway would wait for longer: it is closed, and the next one asks anew.
#[test]
fn a_push_that_nobody_confirms_is_a_new_gateway_when_asked_for() {
    let scenario = json!({"second_factor": push(false, 600_000)});
    let mut program = Program::prepare(scenario)
        .with("GATEHAND_SECOND_FACTOR_LIMIT", "3")
        .with("TWOFA_TIMEOUT_ACTION", "restart")
        .start(&["-v", "run"]);
    program.wait_for_state("second-factor");
    // For the next gateway: this one has read its scenario.
    let path = program.path("settings/scenario.json");
    let mut scenario: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    scenario["second_factor"] = push(true, 600_000);
    fs::write(&path, scenario.to_string()).unwrap();
    program.wait_for_state("ready");
    assert_eq!(program.journal.all("submitted").len(), 2);
    assert_eq!(starts(&program), [false, false]);
}

#[test]
fn a_push_that_nobody_confirms_within_the_limit_is_the_end() {
    let scenario = json!({"second_factor": push(false, 600_000)});
    let mut program = Program::prepare(scenario)
        .with("GATEHAND_SECOND_FACTOR_LIMIT", "2")
        .start(&["-v", "run"]);
    assert_eq!(program.ended().code(), Some(75), "{}", program.log());
    assert_eq!(program.journal.all("submitted").len(), 1);
}

/// Pushes are counted on disk: a container that is started again gets no more of them.
#[test]
fn the_pushes_of_an_hour_are_spent_once_also_after_a_restart() {
    let scenario = json!({"second_factor": push(false, 600_000)});
    let mut program = Program::prepare(scenario)
        .with("GATEHAND_PUSHES_PER_HOUR", "2")
        .start(&["-v", "run"]);
    for _ in 0..2 {
        program.wait_for_state("second-factor");
        // It is on the disk that the password is right: else there is no second attempt at all.
        wait_for("the book", || {
            let book = fs::read_to_string(program.path("state/governor.json")).unwrap();
            let answered = ["\"accepted\": true", "\"open\": []", "\"may_push\": false"];
            answered.iter().all(|word| book.contains(word)).then_some(())
        });
        program.signal("KILL");
        program.ended();
        fs::remove_file(program.path("state/events.jsonl")).unwrap();
        program.restart(&["-v", "run"]);
    }
    let denied = program.wait_for_event("no more pushes", |event| event["event"] == "denied");
    let why = denied["why"].as_str().unwrap();
    assert!(why.contains("the pushes of this hour are used up"), "{why}");
    assert_eq!(program.journal.all("submitted").len(), 2);
}

/// Of the last code that was accepted: when its window was shown, and when the code was accepted, in steps of 30 s.
fn steps(program: &Program) -> (u64, u64) {
    let entries = program.journal.all("second_factor");
    let last = |state: &str| {
        let entry = entries.iter().rfind(|entry| entry["state"] == state);
        entry.unwrap()["ts"].as_u64().unwrap() / 30_000
    };
    (last("shown"), last("accepted"))
}

fn seconds_into_a_step() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() % 30
}

/// The stand-in takes the code of this step only, and a step ends soon: the next one's code is typed. And a code that was
/// used is not used again.
#[test]
fn a_code_is_accepted_at_an_edge_of_its_step_and_is_used_once() {
    let key = "JBSWY3DPEHPK3PXP";
    let mut program = Program::prepare(json!({"start": "main", "control_port": 0}))
        .with("TWOFACTOR_CODE", key)
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    let port = program.journal.all("control")[0]["port"].as_u64().unwrap();
    let mut control = TcpStream::connect(("127.0.0.1", port as u16)).unwrap();
    let mut answers = BufReader::new(control.try_clone().unwrap()).lines();
    let accepted = |program: &Program| {
        let entries = program.journal.all("second_factor").into_iter();
        entries.filter(|entry| entry["state"] == "accepted").count()
    };
    let mut ask = |program: &Program, times: usize| {
        let factor = json!({"kind": "totp", "secret": key, "drift": 0});
        control
            .write_all(format!("second_factor {factor}\n").as_bytes())
            .unwrap();
        assert_eq!(answers.next().unwrap().unwrap(), "ok");
        let patience = Duration::from_secs(60);
        wait_within(patience, "the code", || {
            (accepted(program) == times).then_some(())
        });
        steps(program)
    };
    let patience = Duration::from_secs(60);
    wait_within(patience, "the end of a step", || {
        (23..26).contains(&seconds_into_a_step()).then_some(())
    });
    let (shown, first) = ask(&program, 1);
    assert!(first > shown, "typed in the last seconds of a step");
    let (_, second) = ask(&program, 2);
    assert!(second > first, "typed twice");
    let refused = program.journal.all("second_factor");
    assert!(
        refused.iter().all(|entry| entry["state"] != "refused"),
        "{refused:#?}"
    );
}

/// A container that is restarted in the middle of a login comes back: the answer is awaited, and written down.
#[test]
fn a_stop_waits_for_the_answer_to_the_credentials() {
    let mut program = Program::run(json!({"delays": {"connect_ms": 1500}}));
    program.journal.wait("submitted", |_| true);
    assert_eq!(program.stop(), Some(0));
    fs::remove_file(program.path("state/events.jsonl")).unwrap();
    program.restart(&["-v", "run"]);
    program.wait_for_state("ready");
    assert_eq!(program.journal.all("submitted").len(), 2);
}

/// A refusal that no rule knows, and a restart by whoever watches: the password that never was accepted is not sent again.
#[test]
fn a_refusal_in_unknown_words_is_not_followed_by_another_attempt() {
    let refusal = json!({"id": "refusal", "title": "Notice", "text": "That is not what we have on file.", "buttons": ["Understood"]});
    let mut program = Program::run(json!({"during_login": [refusal]}));
    program.wait_for_state("unknown-dialog");
    for _ in 0..2 {
        assert_eq!(program.stop(), Some(0));
        fs::remove_file(program.path("state/events.jsonl")).unwrap();
        program.restart(&["-v", "run"]);
        program.wait_for_state("locked-out");
    }
    assert_eq!(program.journal.all("submitted").len(), 1);
    assert!(
        program.log().contains("may have been refused"),
        "{}",
        program.log()
    );
    // A human has looked.
    assert_eq!(program.stop(), Some(0));
    program.ask(&["unlock"]).unwrap();
    program.restart(&["-v", "run"]);
    program.journal.wait("submitted", |_| true);
    wait_for("the next attempt", || {
        (program.journal.all("submitted").len() == 2).then_some(())
    });
}
