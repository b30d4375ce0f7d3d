//! From a dialog's window to its button pressed, by the stand-in's own clock: at first sight, and when it was seen before.
//! Then what the parts of that cost.
//!
//! `gatehand attach` answers notices that the stand-in opens over its control port. The figures hold the JVM's share:
//! painting the dialog, and taking the click.

#![allow(clippy::unwrap_used, reason = "what fails here fails the bench")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use common::gateway::StandIn;
use common::program::Program;
use common::{TestDisplay, take_events, wait_for};
use gatehand::agent::{Action, Agent, Policy, Seen, View};
use gatehand::dialogs::Catalogue;
use gatehand::vision::{Cache, Reader, Tesseract, fingerprint};
use gatehand::x11::{Desktop, DesktopEvent};
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
                let dismissed = wait_for(dialog, || gateway.journal.all("dismissed").get(before).cloned());
                assert_eq!(dismissed["input"], "mouse", "{dismissed}");
                let ms = dismissed["shown_to_dismissed_ms"].as_f64().unwrap();
                if repeat == 0 { &mut first } else { &mut again }.push(ms);
            }
        }
    }
    report("dialog shown to button pressed, first sight", first);
    report("dialog shown to button pressed, seen before", again);
    let _ = program.stop();
    parts(&mut display.desktop(), &mut gateway);
}

/// The same with the library, step by step.
fn parts(desktop: &mut Desktop, gateway: &mut StandIn) {
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    let catalogue = Catalogue::built_in().unwrap();
    let mut time = |what, since: Instant| times.entry(what).or_default().push(ms(since));
    for look in LOOKS {
        gateway.control(&format!("look {look}"));
        for dialog in DIALOGS {
            take_events(desktop);
            let known = desktop.windows().to_vec();
            let before = gateway.journal.all("dismissed").len();
            gateway.control(&format!("show {dialog}"));
            let window = wait_for(dialog, || {
                take_events(desktop);
                let mut windows = desktop.windows().iter();
                windows
                    .find(|window| known.iter().all(|other| other.id != window.id))
                    .cloned()
            });
            let mapped = Instant::now();
            let mut painted = mapped;
            while painted.elapsed() < gatehand::pilot::SETTLE {
                let damaged = DesktopEvent::Damaged { window: window.id };
                if take_events(desktop).contains(&damaged) {
                    painted = Instant::now();
                }
                std::thread::yield_now();
            }
            time("1 window shown to painted and still", mapped);

            let start = Instant::now();
            let frame = desktop.capture(window.id).unwrap();
            time("2 capture", start);
            let start = Instant::now();
            let print = fingerprint(&frame, &[]);
            time("3 fingerprint", start);
            reader = reader.forget();
            let start = Instant::now();
            let reading = reader.read(&frame).unwrap();
            time("4 reading at first sight", start);
            let start = Instant::now();
            assert!(reader.recall(print, frame.size()).is_some());
            time("4 reading when seen before", start);

            let view = Some(View {
                frame: Arc::new(frame),
                reading,
            });
            let policy = Policy {
                answers: ["paper-notice", "nse-compliance"]
                    .map(|setting| (setting.to_owned(), "yes".to_owned()))
                    .into(),
                ..Policy::default()
            };
            let mut agent = Agent::new(catalogue.clone(), policy);
            let start = Instant::now();
            agent.observe(start, vec![Seen { window, view }]);
            let action = agent.poll_action();
            time("5 decision", start);
            let Some(Action::Click { window, bounds, .. }) = action else {
                panic!("{dialog}: {action:?}");
            };
            let start = Instant::now();
            desktop.click(window, bounds.center()).unwrap();
            time("6 click", start);
            wait_for(dialog, || gateway.journal.all("dismissed").get(before).cloned());
            time("7 taken by the JVM", start);
        }
    }
    for (part, times) in times {
        report(part, times);
    }
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Prints median, 95th percentile and the largest of the times.
fn report(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    println!(
        "{what}: median {:.1} ms, p95 {:.1} ms, max {:.1} ms ({} dialogs)",
        at(0.5),
        at(0.95),
        at(1.0),
        times.len()
    );
}
