//! Who is told of what happens: by a webhook, a topic of ntfy and a command, against a server and a real dialog.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;

use base64ct::{Base64, Encoding};
use common::program::{Program, free_port};
use common::receiver::{Receiver, Sent};
use common::wait_for;
use serde_json::{Value, json};

/// A gateway with a dialog that nobody knows in the way of the login.
fn unknown() -> Program {
    Program::prepare(json!({"before_login": [{"id": "unknown", "modal": false}]}))
}

fn is_png(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89PNG\r\n\x1a\n")
}

#[test]
fn a_webhook_that_fails_twice_is_sent_the_dialog_with_its_picture_in_the_end() {
    let hook = Receiver::start(&[503, 500]);
    let mut program = unknown()
        .with("GATEHAND_NOTIFY_WEBHOOK", &hook.url("/hook/needle-of-the-path"))
        .with(
            "GATEHAND_NOTIFY_WEBHOOK_HEADERS",
            "{\"Authorization\": \"Bearer needle-of-a-header\"}",
        )
        .with("GATEHAND_NOTIFY_WEBHOOK_EVENTS", "unknown-dialog,port-lost")
        .start(&["-v", "run"]);
    program.wait_for_state("unknown-dialog");
    let sent = hook.wait(3);
    program.wait_for_log("notifications are taken again");
    assert_eq!(hook.all().len(), 3, "each once, and nothing else");
    for request in &sent {
        assert_eq!(request.line, "POST /hook/needle-of-the-path");
        assert_eq!(request.header("content-type"), "application/json");
        assert_eq!(request.header("authorization"), "Bearer needle-of-a-header");
        assert_eq!(request.body, sent[0].body, "the same one");
    }
    let told = sent[2].json();
    assert_eq!(told["event"], "unknown-dialog");
    assert_eq!(told["severity"], "critical");
    assert_eq!(told["sender"], "gatehand paper");
    assert_eq!(told["title"], "gatehand paper: unknown dialog");
    assert!(
        told["text"].as_str().unwrap().contains("\"Account Review\""),
        "{told}"
    );
    assert_eq!(told["details"]["title"], "Account Review");
    assert_eq!(told["dropped"], 0);
    assert_eq!(told["picture"]["media_type"], "image/png");
    let picture = Base64::decode_vec(told["picture"]["base64"].as_str().unwrap()).unwrap();
    let evidence = program.wait_for_event("evidence", |event| event["event"] == "evidence");
    let kept = fs::read(format!("{}/window.png", evidence["folder"].as_str().unwrap())).unwrap();
    assert!(
        is_png(&picture) && picture == kept,
        "the one of the evidence, with its fields blanked"
    );
    assert_eq!(program.log().matches("a notification was not taken").count(), 1);
    program.tells_nowhere("needle");
}

#[test]
fn ntfy_is_sent_headers_and_the_picture_as_a_file() {
    let ntfy = Receiver::start(&[]);
    let mut program = unknown()
        .with("GATEHAND_NOTIFY_NTFY", &ntfy.url("/needle-topic"))
        .with("GATEHAND_NOTIFY_NTFY_TOKEN", "tk_needle")
        .with("GATEHAND_NOTIFY_NAME", "B\u{f6}rse")
        .start(&["-v", "run"]);
    program.wait_for_state("unknown-dialog");
    let [sent]: [Sent; 1] = ntfy.wait(1).try_into().unwrap();
    assert_eq!(sent.line, "PUT /needle-topic");
    let title = "B\u{f6}rse paper: unknown dialog";
    let encoded = format!("=?UTF-8?B?{}?=", Base64::encode_string(title.as_bytes()));
    assert_eq!(sent.header("title"), encoded);
    assert_eq!(sent.header("priority"), "5");
    assert_eq!(sent.header("tags"), "rotating_light,unknown-dialog");
    assert_eq!(sent.header("authorization"), "Bearer tk_needle");
    assert_eq!(sent.header("filename"), "dialog.png");
    assert!(sent.header("message").contains("Account Review"), "{sent:?}");
    assert!(is_png(&sent.body));
    program.tells_nowhere("needle");
}

#[test]
fn ntfy_without_room_for_files_is_sent_the_text() {
    let ntfy = Receiver::start(&[413]);
    let mut program = unknown()
        .with("GATEHAND_NOTIFY_NTFY", &ntfy.url("/topic"))
        .start(&["-v", "run"]);
    program.wait_for_state("unknown-dialog");
    let sent = ntfy.wait(2);
    assert!(is_png(&sent[0].body));
    assert_eq!(sent[1].line, "POST /topic");
    let text = String::from_utf8(sent[1].body.clone()).unwrap();
    assert!(text.contains("Account Review"), "{text}");
    assert!(
        !program.log().contains("notifications are lost"),
        "{}",
        program.log()
    );
}

#[test]
fn a_command_reads_the_notification_and_sees_no_secret() {
    let command = "cat >~/told; tr '\\0' '\\n' </proc/$$/environ >~/environ; tr '\\0' ' ' </proc/$$/cmdline >~/cmdline; echo >~/done";
    let mut program = Program::prepare(json!({"password": "needlepass"}))
        .with("TWS_PASSWORD", "wrong-needle")
        .with("GATEHAND_NOTIFY_WEBHOOK", "http://127.0.0.1:9/needle")
        .with("GATEHAND_NOTIFY_WEBHOOK_EVENTS", "none")
        .with("GATEHAND_NOTIFY_COMMAND", command)
        .start(&["-v", "run"]);
    program.wait_for_state("locked-out");
    wait_for("the command", || program.path("done").exists().then_some(()));
    let told: Value = serde_json::from_str(&fs::read_to_string(program.path("told")).unwrap()).unwrap();
    assert_eq!(told["event"], "locked-out");
    assert_eq!(told["details"]["state"], "locked-out");
    for name in ["told", "environ", "cmdline"] {
        let text = fs::read_to_string(program.path(name)).unwrap();
        assert!(!text.is_empty() && !text.contains("needle"), "{name}: {text}");
    }
}

#[test]
fn targets_that_hang_or_are_gone_hold_up_nothing() {
    let hook = Receiver::start(&[0; 64]);
    let mut program = Program::prepare(json!({}))
        .with("GATEHAND_NOTIFY_WEBHOOK", &hook.url("/"))
        .with(
            "GATEHAND_NOTIFY_NTFY",
            &format!("http://127.0.0.1:{}/t", free_port()),
        )
        .with("GATEHAND_NOTIFY_COMMAND", "sleep 600")
        .with("GATEHAND_NOTIFY_EVENTS", "all")
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    hook.wait(1);
    program.wait_for_log("a notification was not taken; it is tried again");
    let log = program.log();
    let first = log
        .lines()
        .find(|line| line.contains("a notification was not taken"))
        .unwrap();
    assert!(
        first.contains("target=\"ntfy\""),
        "the other one did not wait for it: {first}"
    );
    program.ask(&["save-settings"]).unwrap();
    program.journal.wait("settings_saved", |_| true);
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn the_reason_of_the_end_is_told_before_it() {
    let hook = Receiver::start(&[]);
    let mut program = Program::prepare(json!({"password": "right"}))
        .with("TWS_PASSWORD", "wrong")
        .with("GATEHAND_ON_REFUSAL", "exit")
        .with("GATEHAND_NOTIFY_WEBHOOK", &hook.url("/"))
        .with("GATEHAND_NOTIFY_EVENTS", "locked-out,ended")
        .start(&["-v", "run"]);
    assert_eq!(program.ended().code(), Some(77));
    let told: Vec<Value> = hook
        .all()
        .iter()
        .map(|sent| sent.json()["event"].clone())
        .collect();
    assert_eq!(told.last(), Some(&json!("ended")), "{told:?}");
}

#[test]
fn a_test_tells_what_each_target_answers() {
    let (hook, ntfy) = (Receiver::start(&[]), Receiver::start(&[403]));
    let program = Program::prepare(json!({}));
    let none = program.ask(&["notify", "test"]).unwrap_err();
    assert!(
        none.contains("nobody is told of anything: set GATEHAND_NOTIFY_WEBHOOK"),
        "{none}"
    );
    fs::write(program.path("hook"), format!("{}\n", hook.url("/needle"))).unwrap();
    let mut program = program;
    program.set(
        "GATEHAND_NOTIFY_WEBHOOK_FILE",
        &program.path("hook").display().to_string(),
    );
    let said = program.ask(&["notify", "test"]).unwrap();
    assert_eq!(said, "ok      paper  webhook: 200 OK\n");
    let told = hook.all()[0].json();
    assert_eq!(
        (&told["event"], &told["sender"]),
        (&json!("test"), &json!("gatehand paper"))
    );

    program.set("GATEHAND_NOTIFY_NTFY", &ntfy.url("/needle"));
    program.set("GATEHAND_NOTIFY_COMMAND", "echo no signal >&2; exit 3");
    program.set("TRADING_MODE", "both");
    program.set("GATEHAND_API_PORT", "");
    program.set("TWS_PORT", "");
    program.set("TWS_USERID_PAPER", "paperus");
    program.set("TWS_PASSWORD_PAPER", "paperpass");
    program.restart(&["notify", "test"]);
    assert_eq!(program.ended().code(), Some(69));
    let log = program.log();
    let refused = "403 Forbidden; check its token or headers";
    for (line, of) in [
        ("ok      live  webhook: 200 OK".to_owned(), "live"),
        (format!("FAILED  live  ntfy: it answers {refused}"), "live"),
        (
            "FAILED  live  command: the command failed (exit code 3): no signal".to_owned(),
            "live",
        ),
        ("ok      paper  ntfy: 200 OK".to_owned(), "paper"),
    ] {
        assert!(log.contains(&line), "{of}: {log}");
    }
    assert!(!log.contains("needle"), "{log}");
    let senders: Vec<Value> = hook
        .all()
        .iter()
        .map(|sent| sent.json()["sender"].clone())
        .collect();
    assert_eq!(senders[1..], [json!("gatehand live"), json!("gatehand paper")]);
}
