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
use serde_json::{Value, json};

const LOOKS: [&str; 4] = ["metal", "nimbus", "dark", "large"];
/// Looks that nothing was tuned for: with GATEHAND_TEST_MATRIX=all, in every smoothing of text.
const MORE_LOOKS: [&str; 4] = ["light", "slate", "underline", "motif"];

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

/// Windows that look like known ones and ask something else: no rule may answer them.
fn look_alikes() -> Vec<Value> {
    let dialog = |id: &str, title: &str, text: &str, buttons: &[&str]| json!({"id": id, "title": title, "text": text, "buttons": buttons});
    vec![
        dialog(
            "sell_all",
            "Gateway",
            "Are you sure you want to exit and sell all positions?",
            &["Yes", "No"],
        ),
        dialog(
            "exit_position",
            "Confirmation",
            "Are you sure you want to exit this position?",
            &["Yes", "No"],
        ),
        dialog(
            "transmit",
            "Order Confirmation",
            "BUY 100 AAPL at market. Transmit this order?",
            &["Transmit", "Cancel"],
        ),
        dialog(
            "tip_order",
            "Order Tip",
            "Close the position of 500 AAPL now?",
            &["Close", "Cancel"],
        ),
        dialog(
            "gateway_fee",
            "IBKR Gateway",
            "Do you agree to pay a fee of 100 USD per month?",
            &["OK", "Cancel"],
        ),
        dialog(
            "version_order",
            "Order",
            "A newer order replaces this one. Send it?",
            &["OK", "No"],
        ),
        dialog(
            "login_terms",
            "Login terms",
            "Sign the new customer agreement to go on.",
            &["OK"],
        ),
    ]
}

#[test]
fn every_dialog_is_claimed_by_its_own_rule_in_every_look() {
    if std::env::var("GATEHAND_TEST_MATRIX").is_ok_and(|wanted| wanted == "all") {
        let looks: Vec<&str> = LOOKS.into_iter().chain(MORE_LOOKS).collect();
        for antialias in ["off", "on", "lcd"] {
            judge(&looks, antialias);
        }
    } else {
        judge(&LOOKS, "off");
        judge(&MORE_LOOKS[..1], "lcd");
    }
}

fn judge(looks: &[&str], antialias: &str) {
    let display = TestDisplay::start(1024, 768);
    let mut desktop = display.desktop();
    let catalogue = Catalogue::built_in().unwrap();
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    let mut stand_in = StandIn::start(&display, json!({"start": "main", "antialias": antialias}));
    let known = DIALOGS.map(|(id, rule)| (id.to_owned(), id.to_owned(), rule));
    let unknown = look_alikes().into_iter().map(|dialog| {
        (
            dialog["id"].as_str().unwrap().to_owned(),
            dialog.to_string(),
            None,
        )
    });
    let dialogs: Vec<(String, String, Option<&str>)> = known.into_iter().chain(unknown).collect();
    stand_in.journal.wait("logged_in", |_| true);
    let mut wrong = Vec::new();
    for look in looks {
        stand_in.control(&format!("look {look}"));
        for (dialog, shown, rule) in &dialogs {
            take_events(&mut desktop);
            let before: Vec<_> = desktop.windows().iter().map(|window| window.id).collect();
            stand_in.control(&format!("show {shown}"));
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
            if claimed != rule.iter().copied().collect::<Vec<_>>() {
                wrong.push(format!(
                    "{dialog} in {look}, {antialias}: claimed by {claimed:?}, not {rule:?}; \"{}\":\n{}",
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
        looks.len() * dialogs.len(),
        wrong.join("\n\n")
    );
}
