//! TWS instead of the Gateway: started from its own folder, logged in to, served to a client, ended through its menu.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use common::program::Program;
use serde_json::json;

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
