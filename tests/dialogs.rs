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
const DIALOGS: [(&str, Option<&str>); 41] = [
    ("login_failed", Some("login-failed")),
    ("login_error", Some("login-error")),
    ("not_available", Some("login-not-available")),
    ("too_many", Some("too-many-attempts")),
    ("server_failed", Some("connection-failed")),
    ("tws_server_failed", Some("connection-failed")),
    ("tokens_expired", Some("tokens-expired")),
    ("soft_token", Some("tokens-expired")),
    ("paper_users", Some("several-paper-users")),
    ("login_messages", Some("login-messages")),
    ("long_messages", Some("login-messages")),
    ("relogin", Some("relogin-required")),
    ("existing_session", Some("existing-session")),
    ("session_taken", Some("existing-session")),
    ("handoff", Some("login-handoff")),
    ("exit_confirm", Some("exit-confirmation")),
    ("restart_confirm", Some("restart-confirmation")),
    ("restart_announced", Some("restart-announcement")),
    ("exit_session", Some("exit-session-setting")),
    ("reconnect_confirm", Some("reconnect-confirmation")),
    ("tws_reconnect_confirm", Some("reconnect-confirmation")),
    ("paper_notice", Some("paper-notice")),
    ("untitled", Some("paper-notice")),
    ("sizes", Some("sizes-notice")),
    ("tip", Some("tip-of-the-day")),
    ("newer_version", Some("newer-version")),
    ("newer_version_lone", Some("newer-version")),
    ("restart_now", Some("restart-offer")),
    ("desupported", Some("version-desupported")),
    ("not_supported", Some("version-not-supported")),
    ("password_notice", Some("password-notice")),
    ("nse", Some("nse-compliance")),
    ("advisor", Some("advisor-warning")),
    ("free_trading", Some("free-trading")),
    ("incoming", Some("incoming-connection")),
    ("socket_port", Some("socket-port")),
    ("order_id_reset", Some("order-id-reset")),
    ("write_access", Some("write-access")),
    ("blind_trading", Some("blind-trading")),
    ("crypto_order", Some("crypto-order")),
    ("unknown", None),
];

/// Other wordings and titles of dialogs in [`DIALOGS`], as other releases and TWS have them: id, title, text, buttons,
/// rule.
const WORDINGS: [(&str, &str, &str, &[&str], &str); 13] = [
    (
        "refused",
        "Login",
        "Invalid username or password, please re-enter.",
        &["OK"],
        "login-failed",
    ),
    (
        "refused2",
        "Login Error",
        "Incorrect username or password.",
        &["OK"],
        "login-failed",
    ),
    (
        "too_many2",
        "Login failed",
        "Too many failed login attempts.\nPlease wait 4 minutes & 47 seconds.",
        &["OK"],
        "too-many-attempts",
    ),
    (
        "server2",
        "Login",
        "Server disconnected, please try again",
        &["OK"],
        "connection-failed",
    ),
    (
        "session2",
        "Existing session detected",
        "Another session is active.\nDo you want to continue?",
        &["OK", "Cancel"],
        "existing-session",
    ),
    (
        "incoming2",
        "IBKR Trader Workstation",
        "Accept incoming connection attempt from\n10.1.2.3?",
        &["OK", "No"],
        "incoming-connection",
    ),
    (
        "newer2",
        "IBKR Trader Workstation",
        "A newer version of this program is available.\nUpgrade now?",
        &["OK", "Cancel"],
        "newer-version",
    ),
    (
        "desupported2",
        "IBKR Gateway",
        "Version 10.19 will no longer be supported after\nMarch 1, 2027.",
        &["OK"],
        "version-desupported",
    ),
    (
        "exit2",
        "IBKR Trader Workstation",
        "Open orders stay.\nAre you sure you want to exit?",
        &["Yes", "No"],
        "exit-confirmation",
    ),
    (
        "restart2",
        "IBKR Trader Workstation",
        "Are you sure you would like to restart the application now?",
        &["Yes", "No"],
        "restart-confirmation",
    ),
    (
        "blind2",
        "Confirmation",
        "This is blind trading: no quote is shown.\nAre you sure you want to submit this order?",
        &["Yes", "No"],
        "blind-order",
    ),
    (
        "port2",
        "Settings",
        "The API has to be restarted to apply the new socket port setting. Do you want to continue?",
        &["Yes", "No"],
        "socket-port",
    ),
    (
        "nse2",
        "NSE Compliance Notice",
        "Every program has to be registered.",
        &["Close"],
        "nse-compliance",
    ),
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

fn dialog(id: &str, title: &str, text: &str, buttons: &[&str]) -> Value {
    json!({"id": id, "title": title, "text": text, "buttons": buttons})
}

/// Windows that look like known ones and ask something else: no rule may answer them.
const LOOK_ALIKES: [(&str, &str, &str, &[&str]); 15] = [
    (
        "sell_all",
        "Gateway",
        "Are you sure you want to exit and sell all positions?",
        &["Yes", "No"],
    ),
    (
        "exit_position",
        "Confirmation",
        "Are you sure you want to exit this position?",
        &["Yes", "No"],
    ),
    (
        "transmit",
        "Order Confirmation",
        "BUY 100 AAPL at market. Transmit this order?",
        &["Transmit", "Cancel"],
    ),
    (
        "tip_order",
        "Order Tip",
        "Close the position of 500 AAPL now?",
        &["Close", "Cancel"],
    ),
    (
        "tip_position",
        "Tip of the Day",
        "Close the position of 500 AAPL now?",
        &["Close", "Cancel"],
    ),
    (
        "gateway_fee",
        "IBKR Gateway",
        "Do you agree to pay a fee of 100 USD per month?",
        &["OK", "Cancel"],
    ),
    (
        "version_order",
        "Order",
        "A newer order replaces this one. Send it?",
        &["OK", "No"],
    ),
    (
        "login_terms",
        "Login terms",
        "Sign the new customer agreement to go on.",
        &["OK"],
    ),
    (
        "paper_to_live",
        "Warning",
        "This is not a brokerage account.\nTurn it into one now?",
        &["I understand and accept"],
    ),
    (
        "incoming_sell",
        "IBKR Gateway",
        "Accept incoming connection from 10.1.2.3?\nMay it sell all that you have?",
        &["Yes", "No"],
    ),
    (
        "password_terms",
        "Password Notice",
        "Your password will expire in 3 days.\nDo you accept the new terms?",
        &["OK"],
    ),
    (
        "newer_order",
        "IBKR Gateway",
        "Newer Version\n\nSELL 500 AAPL @ MKT before the update.",
        &["OK", "No"],
    ),
    (
        "refailed",
        "Prelogin failed",
        "The order was not checked. Go on?",
        &["OK"],
    ),
    (
        "advisor_order",
        "Financial Advisor Warning",
        "Transmit the orders of your clients.",
        &["OK"],
    ),
    (
        "session_order",
        "Existing session detected",
        "Submit this order in the other session?",
        &["OK", "Cancel"],
    ),
];

#[test]
fn every_dialog_is_claimed_by_its_own_rule_in_metal_and_nimbus() {
    judge(&LOOKS[..2], "off");
}

#[test]
fn every_dialog_is_claimed_by_its_own_rule_in_dark_and_large() {
    judge(&LOOKS[2..], "off");
}

#[test]
fn every_dialog_is_claimed_by_its_own_rule_in_other_looks() {
    if std::env::var("GATEHAND_TEST_MATRIX").is_ok_and(|wanted| wanted == "all") {
        let looks: Vec<&str> = LOOKS.into_iter().chain(MORE_LOOKS).collect();
        for antialias in ["off", "on", "lcd"] {
            judge(&looks, antialias);
        }
    } else {
        judge(&MORE_LOOKS[..1], "lcd");
    }
}

fn judge(looks: &[&str], antialias: &str) {
    let display = TestDisplay::start(1024, 768);
    let mut desktop = display.desktop();
    let catalogue = Catalogue::built_in().unwrap();
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    let mut stand_in = StandIn::start(&display, json!({"start": "main", "antialias": antialias}));
    let known = DIALOGS.map(|(id, rule)| (id, id.to_owned(), rule));
    let worded = WORDINGS.map(|(id, title, text, buttons, rule)| {
        (id, dialog(id, title, text, buttons).to_string(), Some(rule))
    });
    let unknown = LOOK_ALIKES
        .map(|(id, title, text, buttons)| (id, dialog(id, title, text, buttons).to_string(), None));
    let dialogs: Vec<(&str, String, Option<&str>)> = known.into_iter().chain(worded).chain(unknown).collect();
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
