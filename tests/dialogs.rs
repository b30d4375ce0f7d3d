//! The catalogue against real windows: every dialog of the stand-in, in every look, is claimed by its own rule only.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::gateway::StandIn;
use common::{TestDisplay, take_events, wait_for};
use gatehand::dialogs::{Catalogue, Recognition};
use gatehand::screen::{Reading, Window};
use gatehand::vision::{Cache, Reader, Tesseract};
use gatehand::x11::{Desktop, DesktopEvent};
use serde_json::json;

const LOOKS: [&str; 4] = ["metal", "nimbus", "dark", "large"];

/// Dialog of the stand-in -> the rule that must claim it; `None`: no rule may.
const DIALOGS: [(&str, Option<&str>); 18] = [
    ("paper_notice", Some("paper-notice")),
    ("existing_session", Some("existing-session")),
    ("handoff", Some("login-handoff")),
    ("login_failed", Some("login-failed")),
    ("login_error", Some("login-error")),
    ("not_available", Some("login-not-available")),
    ("too_many", Some("too-many-attempts")),
    ("server_failed", Some("connection-failed")),
    ("relogin", Some("relogin-required")),
    ("exit_confirm", Some("exit-confirmation")),
    ("sizes", Some("sizes-notice")),
    ("tip", Some("tip-of-the-day")),
    ("newer_version", Some("newer-version")),
    ("password_notice", Some("password-notice")),
    ("nse", Some("nse-compliance")),
    ("incoming", Some("incoming-connection")),
    ("order_id_reset", Some("order-id-reset")),
    ("unknown", None),
];

/// Waits until a window stands still and shows text, then reads it.
fn read_still(desktop: &mut Desktop, reader: &mut Reader<Tesseract>, window: &Window) -> Arc<Reading> {
    let mut last_damage = Instant::now();
    wait_for("a still window with text", || {
        let damaged =
            |event: &DesktopEvent| matches!(event, DesktopEvent::Damaged { window: id } if *id == window.id);
        if take_events(desktop).iter().any(damaged) {
            last_damage = Instant::now();
        }
        if last_damage.elapsed() < Duration::from_millis(80) {
            return None;
        }
        let frame = desktop.capture(window.id).unwrap();
        Some(reader.read(&frame).unwrap()).filter(|reading| !reading.lines.is_empty())
    })
}

#[test]
fn every_dialog_is_claimed_by_its_own_rule_in_every_look() {
    let display = TestDisplay::start(1024, 768);
    let mut desktop = display.desktop();
    let catalogue = Catalogue::built_in().unwrap();
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    let mut stand_in = StandIn::start(&display, json!({"start": "main"}));
    stand_in.journal.wait("logged_in", |_| true);
    let mut wrong = Vec::new();
    for look in LOOKS {
        stand_in.control(&format!("look {look}"));
        for (dialog, rule) in DIALOGS {
            take_events(&mut desktop);
            let before: Vec<_> = desktop.windows().iter().map(|window| window.id).collect();
            stand_in.control(&format!("show {dialog}"));
            let window = wait_for(dialog, || {
                take_events(&mut desktop);
                desktop
                    .windows()
                    .iter()
                    .find(|window| !before.contains(&window.id))
                    .cloned()
            });
            let reading = read_still(&mut desktop, &mut reader, &window);
            let claimed: Vec<&str> = match catalogue.recognise(&window, &reading) {
                Recognition::Known(rule) => vec![rule.name.as_str()],
                Recognition::Ambiguous(rules) => rules.iter().map(|rule| rule.name.as_str()).collect(),
                Recognition::Unknown => Vec::new(),
            };
            if claimed != rule.into_iter().collect::<Vec<_>>() {
                wrong.push(format!(
                    "{dialog} in {look}: claimed by {claimed:?}, not {rule:?}; \"{}\":\n{}",
                    window.title,
                    reading.text()
                ));
            }
            stand_in.control(&format!("close {dialog}"));
            wait_for("the dialog to close", || {
                take_events(&mut desktop);
                (!desktop.windows().iter().any(|other| other.id == window.id)).then_some(())
            });
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        LOOKS.len() * DIALOGS.len(),
        wrong.join("\n\n")
    );
}
