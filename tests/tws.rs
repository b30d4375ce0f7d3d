//! TWS instead of the Gateway: started from its own folder, logged in to, served to a client, ended through its menu.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use common::program::{Program, free_port};
use serde_json::{Value, json};

#[test]
fn tws_is_started_logged_in_to_and_ended_through_its_menu() {
    let scenario = json!({"look": "nimbus", "confirm_exit": true, "after_login": ["tip"]});
    let mut program = Program::prepare(scenario)
        .with("GATEWAY_OR_TWS", "tws")
        .start(&["-v", "run"]);
    // Not before the API has answered a handshake.
    program.wait_for_state("ready");
    let started = &program.journal.all("started")[0];
    assert_eq!(started["program"], "tws", "{started}");
    let options = started["jvm_options"].to_string();
    assert!(
        options.contains("-Xmx1500m"),
        "the options of tws.vmoptions: {options}"
    );
    let submitted = program.journal.all("submitted");
    assert_eq!(submitted.len(), 1, "{submitted:#?}");
    assert_eq!(submitted[0]["password_matches"], true, "{submitted:#?}");
    assert_eq!(submitted[0]["trading_mode"], "paper", "{submitted:#?}");

    assert_eq!(program.stop(), Some(0), "{}", program.log());
    let chosen = program.journal.all("menu");
    assert_eq!(chosen.len(), 1, "{chosen:#?}");
    assert_eq!(chosen[0]["item"], "File > Exit");
    program.journal.wait("exit", |entry| entry["tidy"] == true);
}

/// A TWS that is up, with IBC's command server; what that says to ENABLEAPI.
fn enable_api(scenario: Value) -> (Program, String) {
    let port = free_port();
    let mut program = Program::prepare(scenario)
        .with("GATEWAY_OR_TWS", "tws")
        .with("GATEHAND_COMMAND_PORT", &port.to_string())
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(b"ENABLEAPI\n").unwrap();
    let mut said = String::new();
    BufReader::new(stream).read_line(&mut said).unwrap();
    (program, said)
}

#[test]
fn the_api_of_tws_is_enabled_in_its_configuration() {
    let (program, said) = enable_api(json!({}));
    assert_eq!(said, "OK configured\n", "{}", program.log());
    let applied = program.journal.all("applied");
    assert_eq!(applied.len(), 1, "{applied:#?}");
    assert_eq!(
        (&applied[0]["setting"], &applied[0]["new"]),
        (&json!("api_enabled"), &json!(true))
    );
}

#[test]
fn an_api_that_cannot_be_enabled_is_told() {
    let (program, said) = enable_api(json!({"configuration_window": {"stuck": ["api_enabled"]}}));
    assert!(said.starts_with("ERROR "), "{said}");
    assert!(program.journal.all("applied").is_empty());
}
