//! What a client of the API meets at the relay of a whole gatehand, from before the login to after a restart.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

use common::certificates::Authority;
use common::program::Program;
use common::{PATIENCE, wait_for};
use serde_json::{Value, json};

const GREETING: &[u8] = b"API\0\0\0\0\x09v100..187";

/// A client that has said its first words.
fn client(program: &Program) -> TcpStream {
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, program.relay_port)).unwrap();
    client.set_read_timeout(Some(PATIENCE * 2)).unwrap();
    client.write_all(GREETING).unwrap();
    client
}

/// Asserts that the API answers the first words.
fn is_answered(client: &mut TcpStream) {
    let mut answer = [0; 7];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer[4..], b"176");
}

/// Sends a command to the stand-in's control port.
fn control(program: &Program, command: &str) {
    let entry = program.journal.all("control").pop().unwrap();
    let port = entry["port"].as_u64().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port as u16)).unwrap();
    stream.write_all(format!("{command}\n").as_bytes()).unwrap();
    let mut answer = [0; 3];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"ok\n", "{command}");
}

fn status(program: &Program) -> Value {
    let mut all: Value = serde_json::from_str(&program.ask(&["status", "--json"]).unwrap()).unwrap();
    all["gateways"][0].take()
}

/// How often this state came so far.
fn times(program: &Program, state: &str) -> usize {
    let events = program.events();
    events.iter().filter(|event| event["state"] == state).count()
}

fn wait_for_times(program: &Program, state: &str, wanted: usize) {
    let waited = std::panic::catch_unwind(|| {
        wait_for(state, || (times(program, state) == wanted).then_some(()));
    });
    assert!(waited.is_ok(), "{state}, {wanted} times:\n{}", program.log());
}

#[test]
fn clients_are_held_from_before_the_login_to_after_a_restart() {
    let mut program = Program::prepare(json!({"control_port": 0}))
        .with("GATEHAND_RELAY_WHEN_NOT_READY", "hold")
        .start(&["-v", "run"]);
    program.wait_for_log("the API relay holds clients");
    let mut early = client(&program);
    wait_for("a held client", || {
        program.log().contains("API client held").then_some(())
    });
    assert_eq!(times(&program, "ready"), 0);
    is_answered(&mut early);
    wait_for_times(&program, "ready", 1);
    let expected = format!(
        "Forking :::{} onto 127.0.0.1:{}",
        program.api_port, program.relay_port
    );
    assert!(program.log().contains(&expected), "{}", program.log());

    // The gateway restarts in the middle of a connection: that ends, and the next waits for the gateway.
    program.let_gateway_restart();
    let mut rest = Vec::new();
    let _ = early.read_to_end(&mut rest);
    drop(early);
    wait_for_times(&program, "restarting", 1);
    let mut again = client(&program);
    is_answered(&mut again);
    wait_for_times(&program, "ready", 2);

    let relay = &status(&program)["relay"];
    assert_eq!(
        relay["listening"],
        format!("127.0.0.1:{}", program.relay_port),
        "{relay}"
    );
    assert_eq!(
        (&relay["clients"], &relay["held"]),
        (&json!(1), &json!(0)),
        "{relay}"
    );
    assert!(
        relay["bytes_up"].as_u64().unwrap() >= 2 * GREETING.len() as u64,
        "{relay}"
    );
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn a_client_id_of_its_own_tells_accounts_and_when_the_connection_is_lost() {
    let mut program = Program::prepare(json!({"control_port": 0, "start": "main", "trading_mode": "paper"}))
        .with("GATEHAND_PROBE_CLIENT_ID", "4711")
        .start(&["-vv", "run"]);
    program.wait_for_state("ready");
    let api = wait_for("the API's answer", || {
        let mut status = status(&program);
        status["api"].is_object().then(|| status["api"].take())
    });
    assert_eq!(api["server_version"], 176);
    assert_eq!(api["accounts"], json!(["DU\u{2022}\u{2022}\u{2022}67"]));
    assert!(api["time"].as_i64().unwrap() > 1_700_000_000, "{api}");
    assert!(!api["connection_time"].as_str().unwrap().is_empty());
    program
        .journal
        .wait("api_client", |entry| entry["client_id"] == "4711");

    // The gateway loses its broker: it says so, and the API's port stays open all the while.
    control(&program, "broker off");
    wait_for_times(&program, "disconnected", 1);
    let relay = (Ipv4Addr::LOCALHOST, program.relay_port);
    wait_for("a closed relay", || {
        TcpStream::connect(relay).is_err().then_some(())
    });
    assert_eq!(status(&program)["api"], Value::Null);
    control(&program, "broker on");
    wait_for_times(&program, "ready", 2);

    // Its port is closed: nobody has to wait for the next probe to know.
    control(&program, "api off");
    wait_for_times(&program, "disconnected", 2);
    control(&program, "api on");
    wait_for_times(&program, "ready", 3);
    wait_for("an open relay", || TcpStream::connect(relay).ok());
    let started = |entry: &&Value| entry["client_id"] == "4711";
    let sessions = program.journal.all("api_client");
    assert_eq!(
        sessions.iter().filter(started).count(),
        2,
        "one connection each: {sessions:#?}"
    );
    assert_eq!(program.stop(), Some(0));
    assert!(!program.log().contains("DU1234567"), "{}", program.log());
}

#[test]
fn a_client_that_finds_no_gateway_is_a_reason_to_ask_it() {
    let mut program = Program::prepare(json!({"control_port": 0, "start": "main"})).start(&["-v", "run"]);
    program.wait_for_state("ready");
    control(&program, "api off");
    // Java closes it while it accepts, which may let one more client in.
    wait_for("a closed port", || {
        let api = TcpStream::connect(("127.0.0.1", program.api_port));
        api.is_err().then_some(())
    });
    let mut lost = client(&program);
    let mut rest = Vec::new();
    let _ = lost.read_to_end(&mut rest);
    // Long before the next probe of every 30 s.
    wait_for_times(&program, "disconnected", 1);
    let log = program.log();
    assert_eq!(
        log.matches("the API did not answer this time").count(),
        2,
        "one lost answer closes nothing: {log}"
    );
    // Told by another task than the state.
    wait_for("the end of the relay", || {
        program
            .log()
            .contains("the API relay stopped listening")
            .then_some(())
    });
    control(&program, "api on");
    wait_for_times(&program, "ready", 2);
    // As its end.
    wait_for("the relay", || {
        let listens = program.log().matches("Forking").count() == 2;
        listens.then_some(())
    });
    let mut back = client(&program);
    is_answered(&mut back);
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn a_gateway_on_the_port_of_the_relay_is_moved_first() {
    let program = Program::prepare(json!({}));
    let scenario = json!({
        "start": "main",
        "configuration": {"socket_port": program.relay_port.to_string()},
    });
    std::fs::write(program.path("settings/scenario.json"), scenario.to_string()).unwrap();
    let mut program = program.start(&["-v", "run"]);
    program.wait_for_state("ready");
    let ports = |event: &str| -> Vec<u16> {
        let opened = program.journal.all(event);
        opened
            .iter()
            .map(|entry| entry["port"].as_u64().unwrap() as u16)
            .collect()
    };
    assert_eq!(ports("api_open"), [program.relay_port, program.api_port]);
    let log = wait_for("the relay", || {
        Some(program.log()).filter(|log| log.contains("Forking"))
    });
    let at = |text: &str| log.find(text).unwrap_or_else(|| panic!("{text}: {log}"));
    assert!(at("the API answers") < at("Forking"), "{log}");
    let mut client = client(&program);
    is_answered(&mut client);
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn a_real_client_gets_through_by_tls_and_only_with_its_certificate() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    ours.issue("relay");
    theirs.issue("client");
    let mut program = Program::prepare(json!({"start": "main", "trading_mode": "paper"}))
        .with("GATEHAND_RELAY_TLS_CERTIFICATE", &ours.text("relay.pem"))
        .with("GATEHAND_RELAY_TLS_KEY", &ours.text("relay.key"))
        .with("GATEHAND_RELAY_TLS_CLIENT_CA", &theirs.text("ca.pem"))
        .with("GATEHAND_RELAY_ALLOW", "127.0.0.0/8")
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    let ib_async = |arguments: &[String]| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/ib_async_connect.py");
        Command::new(common::python())
            .args([script, "127.0.0.1", &program.relay_port.to_string(), "7"])
            .args(arguments)
            .output()
            .unwrap()
    };
    let ca = ours.text("ca.pem");
    let output = ib_async(&[ca.clone(), theirs.text("client.pem"), theirs.text("client.key")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", program.log());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["accounts"], json!(["DU1234567"]));
    assert!(!ib_async(&[ca]).status.success(), "no certificate");
    assert!(!ib_async(&[]).status.success(), "no TLS");
    for reason in [
        "TLS handshake: peer sent no certificates",
        "the client does not speak TLS",
    ] {
        wait_for(reason, || program.log().contains(reason).then_some(()));
    }
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn what_is_wrong_with_the_files_of_tls_is_told_at_start() {
    let home = common::outcome::Home::new();
    let certificate = home.file("relay.pem", "not a certificate");
    let key = home.path("nowhere.key");
    let files = [
        ("GATEHAND_RELAY_TLS_CERTIFICATE", certificate.as_str()),
        ("GATEHAND_RELAY_TLS_KEY", &key),
    ];
    home.run(&["run"], &files).refuses(
        78,
        &[
            "GATEHAND_RELAY_TLS_CERTIFICATE",
            &certificate,
            "is it the right file?",
        ],
    );
}
