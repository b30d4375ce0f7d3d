//! Logins under variations that nobody tuned for: looks, fonts, wording, places, timing, dialogs on the way.
//!
//! A small sample by default; all of them with GATEHAND_TEST_MATRIX=all, those whose name contains a word with
//! GATEHAND_TEST_MATRIX=word. What a failed one left is kept in the target folder's `tmp/matrix/NAME`.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Instant;

use common::program::Program;
use serde_json::{Value, json};

/// A JVM, an X server and the text recognition keep a core busy.
const AT_ONCE: usize = 2;

/// The names of those that failed; what they said is on stderr.
type Failures = Mutex<Vec<String>>;

struct Variation {
    name: &'static str,
    scenario: Value,
    environment: Vec<(&'static str, &'static str)>,
    mode: &'static str,
    submissions: usize,
    sample: bool,
}

impl Variation {
    fn new(name: &'static str, scenario: Value) -> Self {
        Self {
            name,
            scenario,
            environment: Vec::new(),
            mode: "paper",
            submissions: 1,
            sample: false,
        }
    }

    /// Part of the default run.
    fn sample(mut self) -> Self {
        self.sample = true;
        self
    }

    fn live(mut self) -> Self {
        self.mode = "live";
        self.with("TRADING_MODE", "live")
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// How often the login button must have been pressed in the end.
    fn submissions(mut self, number: usize) -> Self {
        self.submissions = number;
        self
    }

    fn run(self) {
        let text = |key: &str, default: &str| self.scenario[key].as_str().unwrap_or(default).to_owned();
        let (user, password) = (text("user", "edemo"), text("password", "demouser"));
        let mut program = Program::prepare(self.scenario.clone());
        for (name, value) in &self.environment {
            program = program.with(name, value);
        }
        let mut program = program.start(&["-vv", "run"]);
        let judged = catch_unwind(AssertUnwindSafe(|| {
            program.wait_for_state("ready");
            let submitted = program.journal.all("submitted");
            assert_eq!(submitted.len(), self.submissions, "submissions: {submitted:#?}");
            for submitted in submitted {
                assert_eq!(submitted["user"], user);
                assert_eq!(submitted["password_matches"], true, "{submitted}");
                assert_eq!(submitted["password_length"], password.encode_utf16().count());
                assert_eq!(submitted["trading_mode"], self.mode, "{submitted}");
                assert_eq!(submitted["api_mode"], "ib", "{submitted}");
                assert_eq!(submitted["by"], "button-mouse", "{submitted}");
            }
            nothing_else_was_touched(&program);
        }));
        if let Err(panic) = judged {
            program.keep(&format!("matrix/{}", self.name));
            std::panic::resume_unwind(panic);
        }
    }
}

/// Labels that a login may press on a dialog.
const HARMLESS: [(&str, &str); 13] = [
    ("paper_notice", "I understand and accept"),
    ("tip", "Close"),
    ("newer_version", "No"),
    ("nse", "OK"),
    ("nse", "Close"),
    ("sizes", "I understand - display market data"),
    ("existing_session", "Continue Login"),
    ("handoff", "Disconnect Other Session"),
    ("not_available", "OK"),
    ("server_failed", "OK"),
    ("login_error", "OK"),
    ("relogin", "Re-login"),
    ("too_many", "OK"),
];

fn nothing_else_was_touched(program: &Program) {
    for entry in program.journal.entries() {
        match entry["event"].as_str().unwrap() {
            "connecting_cancelled" | "menu" | "window_close" | "fault" => panic!("{entry}"),
            "dismissed" => {
                // What opens within a run of keys gets the rest of it, and never more.
                let spilt = if program.journal.all("interrupt").is_empty() {
                    0
                } else {
                    7
                };
                assert!(entry["keys_received"].as_u64() <= Some(spilt), "{entry}");
                let (dialog, button) = (
                    entry["dialog"].as_str().unwrap(),
                    entry["button"].as_str().unwrap(),
                );
                let by_itself = button == "self" && entry["input"] == "none";
                let pressed = HARMLESS.contains(&(dialog, button)) && entry["input"] == "mouse";
                assert!(by_itself || pressed, "{entry}");
            }
            "toggle" => assert_eq!(entry["input"], "mouse", "{entry}"),
            _ => {}
        }
    }
}

fn font(family: &str, size: u32) -> Value {
    json!({"family": family, "size": size})
}

fn looks() -> Vec<Variation> {
    let v = Variation::new;
    // By another maker: gradients in two directions (package libjgoodies-looks-java).
    let plastic = |kind| format!("com.jgoodies.looks.plastic.Plastic{kind}LookAndFeel");
    let notices = ["paper_notice", "tip", "nse", "newer_version"];
    vec![
        v(
            "look-light",
            json!({"look": "light", "antialias": "on", "trading_mode": "live"}),
        )
        .sample(),
        v(
            "look-light-paper",
            json!({"look": "light", "trading_mode": "paper", "antialias": "lcd"}),
        ),
        v(
            "look-slate",
            json!({"look": "slate", "antialias": "on", "trading_mode": "live"}),
        )
        .sample(),
        v(
            "look-slate-radio",
            json!({"look": "slate", "modes_as": "radio", "api_mode": "fix"}),
        ),
        v(
            "look-underline",
            json!({"look": "underline", "antialias": "lcd", "trading_mode": "live"}),
        ),
        v(
            "look-underline-paper",
            json!({"look": "underline", "trading_mode": "paper"}),
        ),
        v("look-motif", json!({"look": "motif", "trading_mode": "live"})),
        v(
            "look-motif-radio",
            json!({"look": "motif", "modes_as": "radio", "trading_mode": "paper"}),
        ),
        v(
            "look-plastic",
            json!({"look": plastic(""), "trading_mode": "live", "after_login": notices}),
        ),
        v(
            "look-plastic-3d",
            json!({"look": plastic("3D"), "trading_mode": "live", "after_login": notices}),
        )
        .sample(),
        v(
            "look-plastic-xp",
            json!({"look": plastic("XP"), "trading_mode": "live", "after_login": notices}),
        ),
        v("look-gtk", json!({"look": "gtk", "antialias": "on"})),
        v("metal-lcd", json!({"antialias": "lcd", "trading_mode": "live"})),
        v("metal-on-heading", json!({"antialias": "on", "heading": true})),
        v(
            "nimbus-lcd-fix",
            json!({"look": "nimbus", "antialias": "lcd", "api_mode": "fix"}),
        ),
        v(
            "nimbus-radio",
            json!({"look": "nimbus", "antialias": "on", "modes_as": "radio"}),
        ),
        v(
            "dark-on-radio",
            json!({"look": "dark", "antialias": "on", "modes_as": "radio", "api_mode": "fix"}),
        ),
        v(
            "dark-lcd-heading",
            json!({"look": "dark", "antialias": "lcd", "heading": true}),
        ),
        v(
            "large-lcd-radio",
            json!({"look": "large", "antialias": "lcd", "modes_as": "radio"}),
        ),
        v(
            "large-on-fix",
            json!({"look": "large", "antialias": "on", "api_mode": "fix", "heading": true}),
        ),
    ]
}

fn fonts() -> Vec<Variation> {
    let v = Variation::new;
    vec![
        v("font-10", json!({"font": font("Dialog", 10)})),
        v(
            "font-10-lcd-nimbus",
            json!({"font": font("Dialog", 10), "look": "nimbus", "antialias": "lcd"}),
        ),
        v("font-24", json!({"font": font("Dialog", 24), "antialias": "on"})),
        v(
            "font-16-dark",
            json!({"font": font("SansSerif", 16), "look": "dark", "antialias": "on"}),
        ),
        v(
            "font-serif-14",
            json!({"font": font("DejaVu Serif", 14), "antialias": "on"}),
        ),
        v(
            "font-narrow-15",
            json!({"font": font("Nimbus Sans Narrow", 15), "antialias": "lcd", "look": "light"}),
        ),
        v(
            "font-nimbus-sans-13",
            json!({"font": font("Nimbus Sans", 13), "antialias": "on", "look": "slate"}),
        ),
        v(
            "font-nimbus-sans-12-off",
            json!({"font": font("Nimbus Sans", 12), "antialias": "off"}),
        ),
        v("font-mono-12", json!({"font": font("DejaVu Sans Mono", 12)})),
        v(
            "font-gothic-20",
            json!({"font": font("URW Gothic", 20), "antialias": "on", "look": "light"}),
        ),
    ]
}

fn wording() -> Vec<Variation> {
    let v = Variation::new;
    let both = |label: &str| json!({"Log In": label, "Paper Log In": label});
    let titled = |title: &str| json!({"IBKR Gateway": title});
    vec![
        v("title-ib-gateway", json!({"labels": titled("IB Gateway")})),
        v(
            "title-interactive",
            json!({"labels": titled("Interactive Brokers Gateway"), "look": "light"}),
        ),
        v(
            "button-login",
            json!({"labels": both("Login"), "trading_mode": "live"}),
        )
        .sample(),
        v(
            "button-login-paper",
            json!({"labels": both("Login"), "trading_mode": "paper", "look": "nimbus"}),
        ),
        v("button-log-in", json!({"labels": both("Log In"), "look": "dark"})),
        v(
            "button-log-in-light",
            json!({"labels": both("Log In"), "look": "light", "trading_mode": "paper"}),
        ),
        v(
            "button-log-in-slate",
            json!({"labels": both("Log In"), "look": "slate", "trading_mode": "paper"}),
        ),
        v(
            "button-log-in-slate-live",
            json!({"labels": both("Log In"), "look": "slate", "trading_mode": "live"}),
        ),
        v(
            "button-log-in-underline",
            json!({"labels": both("Log In"), "look": "underline", "trading_mode": "live"}),
        ),
        v(
            "button-log-in-motif",
            json!({"labels": both("Log In"), "look": "motif", "trading_mode": "live"}),
        ),
        v(
            "button-log-in-radio",
            json!({"labels": both("Log In"), "modes_as": "radio", "trading_mode": "live"}),
        ),
        v(
            "button-log-in-radio-paper",
            json!({"labels": both("Log In"), "modes_as": "radio", "trading_mode": "paper"}),
        ),
        v(
            "button-log-in-radio-dark",
            json!({"labels": both("Log In"), "modes_as": "radio", "look": "dark"}),
        ),
        v(
            "user-name",
            json!({"labels": {"Username": "User Name:", "Password": "Password:"}}),
        ),
        v(
            "user-id",
            json!({"labels": {"Username": "User ID"}, "look": "light"}),
        ),
        v("login-name", json!({"labels": {"Username": "Login name"}})),
        v(
            "upper-case",
            json!({"labels": {"Username": "USERNAME", "Password": "PASSWORD", "Log In": "LOG IN", "Paper Log In": "PAPER LOG IN"}}),
        ),
        v("labels-above", json!({"field_labels": "above", "look": "light"})).sample(),
        v("labels-above-metal", json!({"field_labels": "above"})),
        v(
            "labels-inside",
            json!({"field_labels": "inside", "look": "slate"}),
        ),
        v("labels-none", json!({"field_labels": "none"})),
        v(
            "labels-none-dark",
            json!({"field_labels": "none", "look": "dark"}),
        ),
        v("tws-api", json!({"labels": {"IB API": "TWS/API"}})),
        v("extras", json!({"extras": true})),
        v(
            "extras-light-above",
            json!({"extras": true, "look": "light", "field_labels": "above", "heading": true}),
        ),
        v("extras-none", json!({"extras": true, "field_labels": "none"})),
        v("extras-motif", json!({"extras": true, "look": "motif"})),
    ]
}

fn live() -> Vec<Variation> {
    let v = Variation::new;
    vec![
        v("live-right", json!({"trading_mode": "live", "user": "elive"})).live(),
        v("live-wrong", json!({"trading_mode": "paper", "user": "elive"})).live(),
        v("live-wrong-slate", json!({"trading_mode": "paper", "user": "elive", "look": "slate"})).live(),
        v("live-wrong-underline", json!({"trading_mode": "paper", "user": "elive", "look": "underline"})).live(),
        v("live-right-nimbus", json!({"trading_mode": "live", "user": "elive", "look": "nimbus", "modes_as": "radio"})).live(),
        v("live-wrong-login", json!({"trading_mode": "paper", "user": "elive", "labels": {"Log In": "Login", "Paper Log In": "Login"}})).live(),
    ]
}

fn places() -> Vec<Variation> {
    let v = Variation::new;
    vec![
        v("at-top-left", json!({"at": [-60, -40]})),
        v(
            "at-bottom-right",
            json!({"at": {"login": [900, 700]}, "after_login": ["paper_notice"]}),
        )
        .with("GATEHAND_DISPLAY_SIZE", "1024x768"),
        v(
            "at-outside",
            json!({"at": {"login": [2000, 100], "paper_notice": [-300, 20]}, "after_login": ["paper_notice"]}),
        ),
        v("display-800", json!({"look": "large"})).with("GATEHAND_DISPLAY_SIZE", "800x600"),
        v("display-640", json!({"look": "nimbus"})).with("GATEHAND_DISPLAY_SIZE", "640x480"),
        v("display-1920", json!({"look": "dark"})).with("GATEHAND_DISPLAY_SIZE", "1920x1080"),
        v("columns-4", json!({"password_columns": 4})),
        v("columns-4-dark", json!({"password_columns": 4, "look": "dark"})).sample(),
        v("columns-40", json!({"password_columns": 40, "look": "light"})),
    ]
}

fn timing() -> Vec<Variation> {
    let v = Variation::new;
    vec![
        v("splash-window", json!({"splash": "window"})),
        v("splash-none", json!({"splash": "none"})),
        v(
            "main-from-start",
            json!({"main_from_start": true, "title_user": true}),
        ),
        v(
            "main-from-start-dark",
            json!({"main_from_start": true, "look": "dark", "delays": {"form_ms": 2500}}),
        ),
        v(
            "slow",
            json!({"delays": {"splash_ms": 4000, "form_ms": 500, "enabled_after_ms": 5000, "connect_ms": 5000, "main_ms": 600}}),
        ),
        v(
            "enabled-late-dark",
            json!({"look": "dark", "delays": {"enabled_after_ms": 5000}}),
        ),
        v(
            "enabled-late-underline",
            json!({"look": "underline", "delays": {"enabled_after_ms": 4000}}),
        ),
        v(
            "rebuilt-early",
            json!({"rebuild": {"after_ms": 150, "gone_ms": 300}}),
        ),
        v(
            "rebuilt-in-between",
            json!({"rebuild": {"after_ms": 1400, "gone_ms": 50}, "look": "nimbus"}),
        ),
        v(
            "rebuilt-late",
            json!({"rebuild": {"after_ms": 2200, "gone_ms": 200}}),
        ),
        v(
            "connect-again",
            json!({"connect_attempts": 4, "delays": {"connect_ms": 8000}, "look": "light", "antialias": "on"}),
        ),
        v(
            "connect-long-dark",
            json!({"connect_attempts": 2, "delays": {"connect_ms": 4000}, "look": "dark"}),
        ),
    ]
}

fn dialogs() -> Vec<Variation> {
    let v = Variation::new;
    vec![
        v(
            "before-login",
            json!({"before_login": ["newer_version", "tip"], "look": "slate"}),
        ),
        v(
            "nested",
            json!({"after_login": [["paper_notice", "tip", "newer_version"]]}),
        ),
        v(
            "nested-light",
            json!({"after_login": [["tip", "paper_notice"], "sizes"], "look": "light", "antialias": "lcd"}),
        )
        .with("GATEHAND_SIZES_NOTICE", "accept"),
        v(
            "nested-late",
            json!({"after_login": [["paper_notice", {"id": "tip", "after_ms": 300}]], "look": "nimbus"}),
        ),
        v(
            "interrupted",
            json!({"interrupt": {"after_keys": 7, "dialog": "newer_version"}, "look": "dark"}),
        ),
        v(
            "not-available-then-ok",
            json!({"outcomes": ["not_available", "credentials"]}),
        )
        .submissions(2),
        v(
            "server-failed-then-ok",
            json!({"outcomes": ["server_failed", "credentials"], "look": "nimbus"}),
        )
        .submissions(2),
        v(
            "existing-session",
            json!({"after_login": ["existing_session"], "look": "light"}),
        )
        .with("EXISTING_SESSION_DETECTED_ACTION", "primary"),
        v(
            "title-user",
            json!({"title_user": true, "after_login": ["paper_notice"], "look": "motif"}),
        ),
    ]
}

fn second_factors() -> Vec<Variation> {
    let v = |name, scenario| Variation::new(name, scenario).with("TWOFACTOR_CODE", "JBSWY3DPEHPK3PXP");
    let factor = |kind: &str, place: &str| json!({"kind": kind, "where": place, "approved_after_ms": 1500});
    vec![
        v(
            "push-frame",
            json!({"second_factor": factor("push", "frame"), "look": "slate"}),
        ),
        v(
            "push-dialog",
            json!({"second_factor": factor("push", "dialog"), "look": "light"}),
        ),
        v(
            "totp-frame-dark",
            json!({"second_factor": factor("totp", "frame"), "look": "dark"}),
        ),
        v("totp-dialog", json!({"second_factor": factor("totp", "dialog")})),
        v(
            "totp-frame-light",
            json!({"second_factor": factor("totp", "frame"), "look": "light", "antialias": "lcd"}),
        ),
        v(
            "totp-frame-motif",
            json!({"second_factor": factor("totp", "frame"), "look": "motif"}),
        ),
        v(
            "totp-dialog-large",
            json!({"second_factor": factor("totp", "dialog"), "look": "large", "antialias": "on"}),
        ),
        v(
            "devices-code",
            json!({"second_factor": factor("device_list", "frame")}),
        )
        .with("TWOFA_DEVICE", "Mobile Authenticator App"),
        v(
            "devices-push-dark",
            json!({"second_factor": factor("device_list", "dialog"), "look": "dark"}),
        )
        .with("TWOFA_DEVICE", "IB Key"),
        v(
            "devices-code-light",
            json!({"second_factor": factor("device_list", "dialog"), "look": "light"}),
        )
        .with("TWOFA_DEVICE", "Mobile Authenticator App"),
        v(
            "devices-push-nimbus",
            json!({"second_factor": factor("device_list", "frame"), "look": "nimbus"}),
        )
        .with("TWOFA_DEVICE", "IB Key"),
    ]
}

#[test]
fn logins_under_variations() {
    let wanted = std::env::var("GATEHAND_TEST_MATRIX").unwrap_or_default();
    let chosen = |variation: &Variation| match wanted.as_str() {
        "" => variation.sample,
        "all" => true,
        words => words.split(',').any(|word| variation.name.contains(word)),
    };
    let all = [
        looks(),
        fonts(),
        wording(),
        live(),
        places(),
        timing(),
        dialogs(),
        second_factors(),
    ];
    let queue: VecDeque<Variation> = all.into_iter().flatten().filter(chosen).collect();
    let number = queue.len();
    assert!(number > 0, "no variation is called {wanted:?}");
    let (queue, failures) = (Mutex::new(queue), Failures::default());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(variation) = queue.lock().unwrap().pop_front() else {
                        return;
                    };
                    let (name, start) = (variation.name, Instant::now());
                    let result = catch_unwind(AssertUnwindSafe(|| variation.run()));
                    let verdict = if result.is_ok() { "ok" } else { "FAILED" };
                    println!("{name}: {verdict} after {:.1} s", start.elapsed().as_secs_f32());
                    if result.is_err() {
                        failures.lock().unwrap().push(name.to_owned());
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} of {number} failed: {}",
        failures.len(),
        failures.join(", ")
    );
}
