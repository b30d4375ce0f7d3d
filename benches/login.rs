//! From the login window shown to its credentials verified and submitted, by the stand-in's own clock, and where the
//! time goes: at first sight (an empty state folder), and when the window was seen before.
//!
//! The gateway comes up with the wrong trading mode chosen, so that a login has all its steps. The figures hold the
//! JVM's share: painting, and taking keys and clicks.

#![allow(clippy::unwrap_used, reason = "what fails here fails the bench")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;

use common::program::Program;
use serde_json::{Value, json};

const LOOKS: [&str; 4] = ["metal", "nimbus", "dark", "large"];
const REPEATS: usize = 4;

fn main() {
    let mut all: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for look in LOOKS {
        let mut program = Program::prepare(json!({"look": look, "trading_mode": "live"}));
        for repeat in 0..REPEATS {
            let sight = if repeat == 0 { "first sight" } else { "seen before" };
            let (entries, events) = (program.journal.entries().len(), program.events().len());
            program.restart(&["run"]);
            common::wait_for("the end of the login", || {
                let news = program.events().split_off(events);
                news.iter().any(|event| event["state"] == "ready").then_some(())
            });
            let _ = program.stop();
            let entries = program.journal.entries().split_off(entries);
            let events = program.events().split_off(events);
            let shown = time(&entries, |entry| {
                entry["event"] == "shown" && entry["window"] == "login"
            });
            let submitted = time(&entries, |entry| entry["event"] == "submitted");
            all.entry(sight).or_default().push(submitted - shown);
            let steps = events
                .iter()
                .filter(|event| event["event"] == "verified" && event["ts"].as_f64().unwrap() <= submitted);
            let mut before = shown;
            let mut parts = Vec::new();
            for step in steps {
                let at = step["ts"].as_f64().unwrap();
                let what = step["what"].as_str().unwrap();
                let what = what.split([':', ',']).next().unwrap();
                parts.push(format!("{what} {:.0}", at - before));
                before = at;
            }
            parts.push(format!("button {:.0}", submitted - before));
            println!(
                "{look}, {sight}: {:.0} ms: {}",
                submitted - shown,
                parts.join(", ")
            );
        }
    }
    for (sight, mut times) in all {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
        println!(
            "login window shown to submitted, {sight}: median {:.0} ms, max {:.0} ms ({} logins)",
            at(0.5),
            at(1.0),
            times.len()
        );
    }
}

/// When something happened first, in ms.
fn time(entries: &[Value], is: impl Fn(&Value) -> bool) -> f64 {
    let entry = entries.iter().find(|entry| is(entry)).unwrap();
    entry["ts"].as_f64().unwrap()
}
