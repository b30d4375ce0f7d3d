//! The log as a user sees it: masked, in spans, with its level changed while gatehand runs.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::io::Read;
use std::net::TcpStream;

use common::program::{Program, free_port};
use serde_json::{Value, json};

/// The lines of a log that is JSON, each of which has to be.
fn lines(program: &Program) -> Vec<Value> {
    let log = program.log();
    let complete = log.rfind('\n').map_or("", |end| &log[..end]);
    complete
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn find(lines: &[Value], is_it: impl Fn(&Value) -> bool) -> &Value {
    lines
        .iter()
        .find(|line| is_it(line))
        .unwrap_or_else(|| panic!("{lines:#?}"))
}

#[test]
fn each_line_tells_whose_it_is_and_no_account() {
    let port = free_port();
    let mut program = Program::prepare(json!({"after_login": ["tip"]}))
        .with("GATEHAND_LOG_FORMAT", "json")
        .with("GATEHAND_VNC_PASSWORD", "12345678")
        .with("GATEHAND_VNC_LISTEN", &format!("127.0.0.1:{port}"))
        // Java itself says what it is given by this.
        .with("JDK_JAVA_OPTIONS", "-Dlive=U1234567 -Dpaper=DU7654321")
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    let mut viewer = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let peer = viewer.local_addr().unwrap().to_string();
    viewer.read_exact(&mut [0; 12]).unwrap();
    drop(viewer);
    program.wait_for_log("viewer left");
    assert_eq!(program.stop(), Some(0));
    let lines = lines(&program);
    let said = |line: &Value, text: &str| line["message"].as_str().is_some_and(|said| said.contains(text));
    let gateway = find(&lines, |line| said(line, "Picked up JDK_JAVA_OPTIONS"));
    assert_eq!(
        (&gateway["span"]["name"], &gateway["span"]["unit"]),
        (&json!("process"), &json!("gateway"))
    );
    assert!(said(gateway, "-Dlive=U****567 -Dpaper=DU****321"), "{gateway}");
    let pressed = find(&lines, |line| said(line, "pressed"));
    let of = &pressed["span"];
    assert_eq!(
        (&of["name"], &of["rule"]),
        (&json!("dialog"), &json!("tip-of-the-day"))
    );
    let acting = find(&lines, |line| {
        line["act"].as_str().is_some_and(|act| act.starts_with("click"))
    });
    assert!(
        acting["span"]["name"] == "dialog" && acting["span"]["title"].is_string(),
        "{acting}"
    );
    let left = find(&lines, |line| said(line, "viewer left"));
    assert_eq!(
        (&left["span"]["name"], &left["span"]["peer"]),
        (&json!("viewer"), &json!(peer))
    );
    let log = program.log();
    assert!(!log.contains("1234567") && !log.contains("7654321"), "{log}");
}

#[test]
fn the_level_is_changed_while_it_runs() {
    let mut program = Program::prepare(json!({}))
        .with("GATEHAND_LOG", "warn")
        .start(&["run"]);
    program.wait_for_state("ready");
    assert!(!program.log().contains("the API answers"), "{}", program.log());
    let wrong = program.ask(&["log", "a=b=c"]).unwrap_err();
    assert!(
        wrong.contains("a=b=c: ") && wrong.contains("use a level"),
        "{wrong}"
    );

    let said = program.ask(&["log", "debug"]).unwrap();
    assert!(said.contains("`debug`"), "{said}");
    program.ask(&["save-settings"]).unwrap();
    program.journal.wait("settings_saved", |_| true);
    program.wait_for_log("carried out");
    assert!(program.log().contains("acting"), "{}", program.log());

    program.ask(&["log", "warn"]).unwrap();
    let before = program.log().matches("carried out").count();
    program.ask(&["reconnect-data"]).unwrap();
    program.wait_for_event("the end of it", |event| event["command"] == "ReconnectData");
    assert_eq!(program.stop(), Some(0));
    assert_eq!(
        program.log().matches("carried out").count(),
        before,
        "{}",
        program.log()
    );
}
