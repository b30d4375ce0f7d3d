//! From a dialog's window to its button pressed, by the stand-in's own clock: at first sight, and when it was seen before.
//!
//! `gatehand attach` answers notices that the stand-in opens over its control port. The figures hold the JVM's share:
//! painting the dialog, and taking the click.

#![allow(clippy::unwrap_used, reason = "what fails here fails the bench")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::TestDisplay;
use common::gateway::StandIn;
use common::program::Program;
use serde_json::json;

const LOOKS: [&str; 4] = ["metal", "nimbus", "dark", "large"];
/// Notices with a button that is pressed whatever the settings say.
const DIALOGS: [&str; 4] = ["tip", "newer_version", "paper_notice", "nse"];
const REPEATS: usize = 6;

fn main() {
    let display = TestDisplay::start(1024, 768);
    let mut gateway = StandIn::start(&display, json!({"start": "main"}));
    let mut program = Program::prepare(json!({}))
        .with("GATEHAND_DISPLAY", &display.address.name)
        .with(
            "XAUTHORITY",
            &display.address.authority.as_ref().unwrap().display().to_string(),
        )
        .start(&["attach"]);
    program.wait_for_state("logged-in");
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for look in LOOKS {
        gateway.control(&format!("look {look}"));
        for dialog in DIALOGS {
            for repeat in 0..REPEATS {
                let before = gateway.journal.all("dismissed").len();
                gateway.control(&format!("show {dialog}"));
                let dismissed =
                    common::wait_for(dialog, || gateway.journal.all("dismissed").get(before).cloned());
                assert_eq!(dismissed["input"], "mouse", "{dismissed}");
                let ms = dismissed["shown_to_dismissed_ms"].as_f64().unwrap();
                if repeat == 0 { &mut first } else { &mut again }.push(ms);
            }
        }
    }
    report("first sight", first);
    report("seen before", again);
}

/// Prints median, 95th percentile and the largest of the times.
fn report(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    println!(
        "dialog shown to button pressed, {what}: median {:.0} ms, p95 {:.0} ms, max {:.0} ms ({} dialogs)",
        at(0.5),
        at(0.95),
        at(1.0),
        times.len()
    );
}
