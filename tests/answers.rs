//! What gatehand does to the stand-in's dialogs under its settings, judged by the stand-in's journal. One JVM and one
//! gatehand answer many dialogs.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use common::gateway::StandIn;
use common::program::{Program, free_port};
use common::{PATIENCE, TestDisplay, wait_for, wait_within};
use serde_json::{Value, json};

/// How long gatehand may take for one dialog, in the stand-in's measure. No bench: two orders of magnitude above one.
const SLOWEST_MS: f64 = PATIENCE.as_secs() as f64 * 1000.0;

/// A stand-in on its display, and a gatehand that was attached to it with these settings.
struct Pair {
    gateway: StandIn,
    program: Program,
    _display: TestDisplay,
    /// How much of the journal and of the events was judged.
    dismissed: usize,
    events: usize,
}

impl Pair {
    fn start(mut scenario: Value, settings: &[(&str, &str)]) -> Self {
        let display = TestDisplay::start(1024, 768);
        let port = free_port();
        scenario["api_port"] = port.into();
        scenario["api_opens"] = "main".into();
        let gateway = StandIn::start(&display, scenario);
        let authority = display.address.authority.as_ref().unwrap().display().to_string();
        let mut program = Program::prepare(json!({}))
            .with("GATEHAND_API_PORT", &port.to_string())
            .with("GATEHAND_DISPLAY", &display.address.name)
            .with("XAUTHORITY", &authority);
        for (name, value) in settings {
            program = program.with(name, value);
        }
        Self {
            gateway,
            program: program.start(&["-v", "attach"]),
            _display: display,
            dismissed: 0,
            events: 0,
        }
    }

    fn show(&mut self, dialog: &str) {
        self.gateway.control(&format!("show {dialog}"));
    }

    /// What was done to the next dialog of this id, once something was.
    fn next_dismissed(&mut self, dialog: &str) -> Value {
        let (at, entry) = wait_for(dialog, || {
            let all = self.gateway.journal.all("dismissed");
            let mut new = all.into_iter().enumerate().skip(self.dismissed);
            new.find(|(_, entry)| entry["dialog"] == dialog)
        });
        self.dismissed = at + 1;
        entry
    }

    /// Expects the dialog to be answered with this button, by the mouse alone.
    fn expect_pressed(&mut self, dialog: &str, label: &str) {
        let entry = self.next_dismissed(dialog);
        assert_eq!(entry["button"], label, "{entry}\n{}", self.program.log());
        assert_eq!(entry["input"], "mouse", "{entry}");
        assert_eq!(entry["keys_received"], 0, "{entry}");
        let ms = entry["shown_to_dismissed_ms"].as_f64().unwrap();
        assert!(ms > 0.0 && ms < SLOWEST_MS, "{entry}");
    }

    /// Expects an event about the dialog's rule, and that nobody touched it until it is taken away.
    fn expect_left(&mut self, dialog: &str, event: &str, rule: &str) {
        let what = format!("{event} about {dialog}");
        self.events = wait_for(&what, || {
            let mut new = self.program.events().into_iter().enumerate().skip(self.events);
            new.find(|(_, told)| told["event"] == event && told.to_string().contains(rule))
                .map(|(at, _)| at + 1)
        });
        self.gateway.control(&format!("close {dialog}"));
        let entry = self.next_dismissed(dialog);
        assert_eq!(entry["button"], "self", "{entry}\n{}", self.program.log());
    }

    /// The next entry of the second factor that has this state.
    fn second_factor(&self, before: usize, state: &str) -> Value {
        // A code is good once: the next one may have to be waited for.
        wait_within(3 * PATIENCE, state, || {
            let all = self.gateway.journal.all("second_factor");
            all.into_iter().skip(before).find(|entry| entry["state"] == state)
        })
    }

    /// Asks for a second factor, and expects it to be given in this way.
    fn expect_passed(&mut self, factor: &Value, how: &str) {
        let before = self.gateway.journal.all("second_factor").len();
        self.gateway.control(&format!("second_factor {factor}"));
        let entry = self.second_factor(before, "passed");
        assert_eq!(entry["how"], how, "{factor}\n{}", self.program.log());
    }

    /// Asks for a second factor that only a human can give, and expects that nothing is tried until it closes itself.
    fn expect_by_hand(&mut self, kind: &str, rule: &str) {
        let before = self.gateway.journal.all("second_factor").len();
        let factor = json!({"kind": kind, "timeout_ms": 3000});
        self.gateway.control(&format!("second_factor {factor}"));
        let event = self.program.wait_for_event(rule, |event| {
            event["event"] == "second-factor-asked" && event["rule"] == rule
        });
        assert_eq!(event["by_hand"], true);
        self.second_factor(before, "failed");
        let all = self.gateway.journal.all("second_factor");
        let states: Vec<&str> = all[before..]
            .iter()
            .map(|entry| entry["state"].as_str().unwrap())
            .collect();
        assert_eq!(states, ["shown", "failed"], "{kind}");
    }
}

/// Everything allowed that can be.
const WILLING: [(&str, &str); 11] = [
    ("TWS_ACCEPT_INCOMING", "accept"),
    ("EXISTING_SESSION_DETECTED_ACTION", "primary"),
    ("GATEHAND_SIZES_NOTICE", "accept"),
    ("ALLOW_BLIND_TRADING", "yes"),
    ("GATEHAND_DISMISS_PASSWORD_EXPIRY", "yes"),
    ("GATEHAND_CRYPTO_ORDERS", "transmit"),
    ("GATEHAND_CONFIRM_ORDER_ID_RESET", "ignore/confirm"),
    ("GATEHAND_WRITE_ACCESS", "accept"),
    ("GATEHAND_LOGIN_MESSAGES", "accept"),
    ("TWOFACTOR_CODE", "JBSWY3DPEHPK3PXP"),
    ("TWOFA_DEVICE", "Mobile Authenticator App"),
];

/// Every dialog that is answered when all is allowed: the button.
const ANSWERS: [(&str, &str); 34] = [
    ("login_failed", "OK"),
    ("login_error", "OK"),
    ("not_available", "OK"),
    ("too_many", "OK"),
    ("server_failed", "OK"),
    ("tws_server_failed", "OK"),
    ("tokens_expired", "OK"),
    ("soft_token", "OK"),
    ("login_messages", "Resume login"),
    ("long_messages", "Accept"),
    ("relogin", "Re-login"),
    ("existing_session", "Continue Login"),
    ("session_taken", "Reconnect This Session"),
    ("handoff", "Disconnect Other Session"),
    ("restart_announced", "OK"),
    ("paper_notice", "I understand and accept"),
    ("untitled", "I understand and accept"),
    ("sizes", "I understand - display market data"),
    ("tip", "Close"),
    ("newer_version", "No"),
    ("newer_version_lone", "OK"),
    ("restart_now", "No"),
    ("desupported", "OK"),
    ("not_supported", "OK"),
    ("password_notice", "OK"),
    ("nse", "OK"),
    ("advisor", "OK"),
    ("free_trading", "OK"),
    ("incoming", "Yes"),
    ("order_id_reset", "Yes"),
    ("write_access", "Yes"),
    ("blind_trading", "Override and Transmit"),
    ("blind_order", "Yes"),
    ("crypto_order", "Transmit"),
];

/// Never pressed, whatever the settings of an attached gatehand allow: what nobody but gatehand itself may ask for.
const NEVER: [(&str, &str); 6] = [
    ("exit_confirm", "exit-confirmation"),
    ("restart_confirm", "restart-confirmation"),
    ("reconnect_confirm", "reconnect-confirmation"),
    ("tws_reconnect_confirm", "reconnect-confirmation"),
    ("socket_port", "socket-port"),
    ("exit_session", "exit-session-setting"),
];

/// Dialogs with a button that would end the login or the program, shown with buttons that only close them.
const ABANDONING: [(&str, [&str; 2]); 4] = [
    ("relogin", ["Re-login", "Exit"]),
    ("existing_session", ["Continue Login", "Cancel"]),
    ("handoff", ["Disconnect Other Session", "Cancel"]),
    ("restart_now", ["Yes", "No"]),
];

fn main_window(look: &str) -> Value {
    json!({"start": "main", "look": look})
}

fn every_dialog_is_answered(look: &str) {
    let mut pair = Pair::start(main_window(look), &WILLING);
    pair.program.wait_for_state("ready");
    for (dialog, label) in ANSWERS {
        // Whatever its button does to a session is not what is judged here.
        let entry = json!({"id": dialog, "buttons": ABANDONING.iter().find(|(id, _)| *id == dialog).map(|(_, labels)| labels)});
        pair.show(&if entry["buttons"].is_null() {
            dialog.to_owned()
        } else {
            entry.to_string()
        });
        pair.expect_pressed(dialog, label);
    }
    let sizes = pair.gateway.journal.all("dismissed");
    let sizes = sizes.iter().find(|entry| entry["dialog"] == "sizes").unwrap();
    assert_eq!(sizes["checkbox"], true, "{sizes}");
    // Each text was at its end before the button was pressed: until then it was disabled.
    let texts = |event: &str| -> Vec<Value> {
        let entries = pair.gateway.journal.all(event).into_iter();
        entries.map(|entry| entry["text"].clone()).collect()
    };
    assert_eq!(
        (texts("read"), texts("accepted")),
        (vec![json!(0), json!(1)], vec![json!(0)])
    );
    let events = pair.program.events();
    let expires = events
        .iter()
        .find(|event| event["event"] == "expires" && event["rule"] == "version-desupported");
    assert_eq!(expires.unwrap()["day"], "2026-12-31");
    pair.events = events.len();
    for (dialog, rule) in NEVER {
        pair.show(dialog);
        pair.expect_left(dialog, "left-to-human", rule);
    }
    pair.show("unknown");
    pair.expect_left("unknown", "unknown-dialog", "Account Review");

    let secret = "JBSWY3DPEHPK3PXP";
    pair.expect_passed(&json!({"kind": "totp", "secret": secret}), "code");
    pair.expect_passed(&json!({"kind": "device_list", "secret": secret}), "code");
    let push = json!({"kind": "push", "change_device": true, "approved_after_ms": -1, "secret": secret});
    pair.expect_passed(&push, "code");
    pair.expect_passed(&json!({"kind": "push"}), "approved");
    pair.expect_by_hand("sms", "second-factor-sms");
    pair.expect_by_hand("card", "second-factor-card");
    pair.expect_by_hand("passkey", "second-factor-passkey");
}

#[test]
fn every_dialog_is_answered_as_the_settings_allow_in_metal() {
    every_dialog_is_answered("metal");
}

#[test]
fn every_dialog_is_answered_as_the_settings_allow_in_dark() {
    every_dialog_is_answered("dark");
}

/// The settings that refuse, and those that leave it to a human.
/// Known dialogs in other dress, and the button: text in HTML or wrapped, a table with a selected row, a text that counts,
/// a bar that never stands still.
fn dressed() -> [(Value, &'static str); 8] {
    let sessions = json!([
        ["Application", "Address", "Since"],
        ["TWS 10.37", "10.1.2.3", "09:31"],
        ["IBKR Mobile", "10.9.8.7", "08:02"]
    ]);
    let orders = json!([
        ["Action", "Quantity", "Symbol"],
        ["BUY", "100", "AAPL"],
        ["SELL", "5", "ESZ6"]
    ]);
    [
        (
            json!({"id": "paper_notice", "html": true, "text": "This is *not* a brokerage account.\nThis is a _paper trading_ account for simulated trading."}),
            "I understand and accept",
        ),
        (
            json!({"id": "sizes", "wrap": 18}),
            "I understand - display market data",
        ),
        (
            json!({"id": "desupported", "html": true, "text": "Version *10.19* will be desupported on\n*2027-03-01*. See our _web page_."}),
            "OK",
        ),
        (
            json!({"id": "existing_session", "table": sessions, "selected": 0, "buttons": ["Continue Login", "Cancel"]}),
            "Continue Login",
        ),
        (
            json!({"id": "write_access", "table": orders, "selected": 1}),
            "Yes",
        ),
        (
            json!({"id": "existing_session", "buttons": ["Continue Login", "Cancel"], "countdown": 120,
            "text": "Another session is active.\nThis window closes in {seconds} seconds."}),
            "Continue Login",
        ),
        (
            json!({"id": "paper_notice", "progress": true}),
            "I understand and accept",
        ),
        (
            json!({"id": "tip", "progress": true, "countdown": 90, "text": "Did you know?\nThe next tip comes in {seconds} seconds."}),
            "Close",
        ),
    ]
}

fn dress_does_not_matter(look: &str) {
    let mut pair = Pair::start(main_window(look), &WILLING);
    pair.program.wait_for_state("ready");
    for (dialog, label) in dressed() {
        pair.show(&dialog.to_string());
        pair.expect_pressed(dialog["id"].as_str().unwrap(), label);
    }
    // Neither does it to what is unknown: it is told, though it never stands still.
    let unknown = json!({"id": "unknown", "progress": true, "countdown": 600, "text": "Your account is reviewed.\n{seconds} seconds left."});
    pair.show(&unknown.to_string());
    pair.expect_left("unknown", "unknown-dialog", "Account Review");
}

#[test]
fn html_tables_and_what_moves_are_read_in_nimbus() {
    dress_does_not_matter("nimbus");
}

#[test]
fn html_tables_and_what_moves_are_read_in_light() {
    dress_does_not_matter("light");
}

fn refused_or_left(look: &str) {
    let refusing = [
        ("TWS_ACCEPT_INCOMING", "reject"),
        ("GATEHAND_CRYPTO_ORDERS", "cancel"),
        ("GATEHAND_CONFIRM_ORDER_ID_RESET", "ignore/reject"),
        ("GATEHAND_WRITE_ACCESS", "reject"),
        ("GATEHAND_SIZES_NOTICE", "defer"),
        ("GATEHAND_DISMISS_NSE_NOTICE", "no"),
        ("GATEHAND_ACCEPT_PAPER_NOTICE", "no"),
        ("GATEHAND_READ_ONLY_LOGIN", "yes"),
    ];
    let mut pair = Pair::start(main_window(look), &refusing);
    pair.program.wait_for_state("ready");
    for (dialog, label) in [
        ("incoming", "No"),
        ("crypto_order", "Cancel"),
        ("order_id_reset", "No"),
        ("write_access", "No"),
        ("sizes", "I understand - display market data"),
    ] {
        pair.show(dialog);
        pair.expect_pressed(dialog, label);
    }
    let sizes = pair.gateway.journal.all("dismissed");
    assert_eq!(sizes.last().unwrap()["checkbox"], false, "{sizes:#?}");
    for (dialog, rule) in [("nse", "nse-compliance"), ("paper_notice", "paper-notice")] {
        pair.show(dialog);
        pair.expect_left(dialog, "left-to-human", rule);
    }
    let offer = json!({"kind": "push", "approved_after_ms": -1, "read_only": true});
    pair.expect_passed(&offer, "read-only");
}

#[test]
fn a_setting_that_refuses_or_leaves_is_obeyed_in_nimbus() {
    refused_or_left("nimbus");
}

#[test]
fn a_setting_that_refuses_or_leaves_is_obeyed_in_large() {
    refused_or_left("large");
}

/// By default an order, and all else that needs a word of the user, is left alone.
#[test]
fn by_default_nothing_is_confirmed_that_needs_a_word_of_the_user() {
    let mut pair = Pair::start(main_window("light"), &[]);
    pair.program.wait_for_state("ready");
    for (dialog, rule) in [
        ("blind_trading", "blind-trading"),
        ("blind_order", "blind-order"),
        ("crypto_order", "crypto-order"),
        ("order_id_reset", "order-id-reset"),
        ("write_access", "write-access"),
        ("incoming", "incoming-connection"),
        ("sizes", "sizes-notice"),
        ("login_messages", "login-messages"),
        ("password_notice", "password-notice"),
    ] {
        pair.show(dialog);
        pair.expect_left(dialog, "left-to-human", rule);
    }
}

/// Windows that look like known ones, under settings that allow everything: told as unknown, and never touched.
#[test]
fn look_alikes_are_unknown_whatever_is_allowed() {
    let look_alikes = [
        (
            "Gateway",
            "Are you sure you want to exit and sell all positions?",
            ["Yes", "No"],
        ),
        (
            "Warning",
            "This is not a brokerage account.\nTurn it into one now?",
            ["I understand and accept", "No"],
        ),
        (
            "IBKR Gateway",
            "Accept incoming connection from 10.1.2.3?\nMay it sell all that you have?",
            ["Yes", "No"],
        ),
        (
            "Cryptocurrency order",
            "BUY 0.5 BTC @ LMT 61000.00",
            ["Transmit", "Cancel"],
        ),
        (
            "IBKR Gateway",
            "Newer Version\n\nSELL 500 AAPL @ MKT before the update.",
            ["OK", "No"],
        ),
        (
            "Existing session detected",
            "Submit this order in the other session?",
            ["OK", "Cancel"],
        ),
    ];
    let mut pair = Pair::start(main_window("slate"), &WILLING);
    pair.program.wait_for_state("ready");
    for (number, (title, text, buttons)) in look_alikes.iter().enumerate() {
        let id = format!("look_alike_{number}");
        pair.show(
            &json!({"id": id, "title": title, "text": text, "buttons": buttons, "modal": false}).to_string(),
        );
    }
    wait_for("all of them to be told", || {
        let events = pair.program.events();
        let told = events
            .iter()
            .filter(|event| event["event"] == "unknown-dialog")
            .count();
        (told == look_alikes.len()).then_some(())
    });
    assert!(pair.gateway.journal.all("dismissed").is_empty());
    // All else goes on: a known dialog over them is answered.
    pair.show("tip");
    pair.expect_pressed("tip", "Close");
    pair.program.wait_for_state("ready");
}

/// What another session of the same user leads to under one value of the setting: the button for the existing session
/// at the first login and later, the one for the hand-off, and what is told when it is left alone.
fn another_session(value: &str, first: Option<&str>, later: Option<&str>, handoff: Option<&str>, told: &str) {
    let (session, platform) = (
        json!({"id": "existing_session", "buttons": ["Continue Login", "Cancel"]}),
        json!({"id": "handoff", "buttons": ["Disconnect Other Session", "Cancel"]}),
    );
    let scenario = json!({"during_login": [session, platform]});
    let mut pair = Pair::start(scenario, &[("EXISTING_SESSION_DETECTED_ACTION", value)]);
    for (session_label, look) in [(first, "metal"), (later, "nimbus")] {
        if look == "nimbus" {
            pair.program.wait_for_state("ready");
            pair.gateway.control("look nimbus");
        }
        let dialogs = [
            (
                "existing_session",
                &session,
                session_label,
                "left-to-human",
                "existing-session",
            ),
            ("handoff", &platform, handoff, told, "login-handoff"),
        ];
        for (dialog, entry, label, told, rule) in dialogs {
            if look == "nimbus" {
                pair.show(&entry.to_string());
            }
            match label {
                Some(label) => pair.expect_pressed(dialog, label),
                None => pair.expect_left(dialog, told, rule),
            }
        }
    }
    assert_eq!(pair.gateway.journal.all("submitted").len(), 1);
    let failed = pair.program.events();
    let failed = failed.iter().filter(|event| event["state"] == "failed").count();
    assert_eq!(failed > 0, told == "given-up");
}

const GO_ON: Option<&str> = Some("Continue Login");
const GIVE_WAY: Option<&str> = Some("Cancel");

#[test]
fn another_session_under_primary() {
    let take = Some("Disconnect Other Session");
    another_session("primary", GO_ON, GO_ON, take, "left-to-human");
}

#[test]
fn another_session_under_primaryoverride() {
    another_session("primaryoverride", GO_ON, GIVE_WAY, None, "given-up");
}

#[test]
fn another_session_under_secondary() {
    another_session("secondary", GIVE_WAY, GIVE_WAY, None, "given-up");
}

#[test]
fn another_session_under_manual() {
    another_session("manual", None, None, None, "left-to-human");
}
