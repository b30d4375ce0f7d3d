//! The gateway's own settings through its configuration window, and errands through its menus and keys.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::program::{Program, free_port};
use serde_json::{Value, json};

/// All settings that go through the window: name of the variable, its value.
const ALL: [(&str, &str); 8] = [
    ("READ_ONLY_API", "no"),
    ("TWS_MASTER_CLIENT_ID", "17"),
    ("GATEHAND_MARKET_DATA_IN_LOTS", "yes"),
    ("BYPASS_WARNING", "yes"),
    ("GATEHAND_BYPASS_BOND_WARNING", "no"),
    ("GATEHAND_RESET_ORDER_IDS_AT_START", "yes"),
    ("GATEHAND_CONFIRM_ORDER_ID_RESET", "confirm/ignore"),
    ("AUTO_RESTART_TIME", "08:05 AM"),
];

/// What the stand-in shows once all of them are applied.
fn applied(port: u16) -> Value {
    json!({
        "socket_port": port.to_string(),
        "master_client_id": "17",
        "read_only_api": false,
        "market_data_in_lots": true,
        "api_enabled": false,
        "bypass_order_precautions": true,
        "bypass_bond_warning": false,
        "bypass_negative_yield": true,
        "bypass_called_bond_warning": true,
        "bypass_same_action_pair_trade": true,
        "bypass_volatility_risk": true,
        "bypass_market_data_in_shares": true,
        "bypass_redirect_order": true,
        "bypass_no_overfill_protection": true,
        "end": "restart",
        "time": "08:05",
        "half": "AM",
    })
}

fn with_all(mut program: Program) -> Program {
    for (name, value) in ALL {
        program = program.with(name, value);
    }
    program
}

/// What the configuration window was applied with last.
fn kept(program: &Program) -> Value {
    let text = std::fs::read_to_string(program.path("settings/configuration.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// How the configuration window was left, each time.
fn endings(program: &Program) -> Vec<String> {
    let ends = program.journal.all("configuration").into_iter();
    ends.map(|entry| entry["state"].as_str().unwrap().to_owned())
        .filter(|state| state != "page")
        .collect()
}

/// Applies everything over `scenario`, and starts once more: then nothing is changed, nor pressed but Cancel.
fn everything_is_applied_and_stays(mut scenario: Value) {
    scenario["configuration"] = json!({"socket_port": free_port().to_string()});
    scenario["start"] = "main".into();
    let name = format!("configuration/{}-{}", scenario["look"], scenario["font"]);
    let mut program = with_all(Program::prepare(scenario)).start(&["-v", "run"]);
    let judged = catch_unwind(AssertUnwindSafe(|| {
        let by_hand = is_applied(&mut program);
        stays(&mut program, by_hand);
    }));
    if let Err(panic) = judged {
        program.keep(&name.replace(|c: char| !c.is_alphanumeric() && c != '/', "-"));
        std::panic::resume_unwind(panic);
    }
}

/// Awaits that everything was applied, each control by one click; the number of changes.
fn is_applied(program: &mut Program) -> usize {
    program.wait_for_state("ready");
    assert_eq!(kept(program), applied(program.api_port), "{}", program.log());
    assert_eq!(endings(program), ["ok"], "{}", program.log());
    let by_hand: Vec<Value> = program.journal.all("setting");
    assert!(
        by_hand.iter().all(|entry| entry["setting"].is_string()),
        "{by_hand:#?}"
    );
    let changed: Vec<&str> = by_hand
        .iter()
        .map(|entry| entry["setting"].as_str().unwrap())
        .collect();
    for (name, _) in applied(0).as_object().unwrap() {
        let times = changed.iter().filter(|changed| *changed == name).count();
        let differs = !["api_enabled", "bypass_bond_warning"].contains(&name.as_str());
        assert_eq!(times, usize::from(differs), "{name}: {by_hand:#?}");
    }
    let resets = program.journal.all("reset_order_ids");
    assert_eq!(resets.len(), 2, "{resets:#?}");
    assert_eq!(program.stop(), Some(0));
    by_hand.len()
}

fn stays(program: &mut Program, changes: usize) {
    std::fs::remove_file(program.path("state/events.jsonl")).unwrap();
    program.set("GATEHAND_RESET_ORDER_IDS_AT_START", "no");
    program.restart(&["-v", "run"]);
    program.wait_for_state("ready");
    assert_eq!(endings(program), ["ok", "cancel"], "{}", program.log());
    assert_eq!(program.journal.all("setting").len(), changes);
    assert_eq!(program.journal.all("reset_order_ids").len(), 2);
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn everything_in_metal() {
    everything_is_applied_and_stays(json!({"look": "metal"}));
}

#[test]
fn everything_in_nimbus_with_menus_as_windows_that_are_disabled_at_first() {
    let menus = json!({"popup": "heavy", "enabled_after_ms": 1500});
    let window = json!({"expanded": false});
    everything_is_applied_and_stays(
        json!({"look": "nimbus", "menus": menus, "configuration_window": window}),
    );
}

#[test]
fn everything_in_dark_with_a_long_tree() {
    let window = json!({"expanded": false, "more_nodes": 12});
    everything_is_applied_and_stays(json!({"look": "dark", "configuration_window": window}));
}

#[test]
fn everything_in_a_flat_look() {
    everything_is_applied_and_stays(json!({"look": "light"}));
}

/// Looks, with the size and the family of the font where it is not the look's own: serif and sans, from small to large.
const LOOKS: [&str; 26] = [
    "varied-9",
    "metal:10:DejaVu Sans",
    "metal:24:DejaVu Serif",
    "nimbus:10:Nimbus Sans",
    "nimbus:18:DejaVu Serif",
    "nimbus:24:DejaVu Serif",
    "dark:14:Nimbus Roman",
    "dark:20:DejaVu Serif",
    "light:12:DejaVu Serif",
    "light:22:Nimbus Sans",
    "slate:16:DejaVu Serif",
    "slate:22:Nimbus Sans",
    "gtk",
    "underline",
    "large",
    "motif",
    "motif:16:Nimbus Roman",
    "varied-32",
    "varied-36",
    "varied-40",
    "varied-42",
    "varied-45",
    "varied-48:14:Nimbus Roman",
    "varied-50:20:DejaVu Sans",
    "varied-54:18:DejaVu Serif",
    "varied-60",
];

/// The first of those by default, all with GATEHAND_TEST_MATRIX=all, or any others: GATEHAND_TEST_LOOKS, divided by
/// commas. What a failed one left is kept in the target folder's `tmp/configuration`.
#[test]
fn everything_in_looks_and_fonts() {
    let wanted = std::env::var("GATEHAND_TEST_LOOKS");
    let all = std::env::var("GATEHAND_TEST_MATRIX").is_ok_and(|wanted| wanted == "all");
    let looks: Vec<&str> = match &wanted {
        Ok(looks) => looks.split(',').collect(),
        Err(_) if all => LOOKS.to_vec(),
        Err(_) => LOOKS[..1].to_vec(),
    };
    let mut failures = Vec::new();
    for look in looks {
        let parts: Vec<&str> = look.split(':').collect();
        let mut scenario = json!({"look": parts[0]});
        if let [_, size, family] = parts[..] {
            scenario["font"] = json!({"family": family, "size": size.parse::<u32>().unwrap()});
        }
        let passed = catch_unwind(|| everything_is_applied_and_stays(scenario)).is_ok();
        println!("{look}: {}", if passed { "ok" } else { "FAILED" });
        if !passed {
            failures.push(look);
        }
    }
    assert!(failures.is_empty(), "failed: {}", failures.join(", "));
}

#[test]
fn everything_with_labels_that_are_wrapped() {
    let labels = json!({
        "Master API client ID": "<html>Master API<br>client ID</html>",
        "Send market data in lots for US stocks for dual-mode API clients":
            "<html>Send market data in lots for US stocks<br>for dual-mode API clients</html>",
        "Bypass US Stocks market data in shares warning for API Orders":
            "<html>Bypass US Stocks<br>market data in shares<br>warning for API Orders</html>",
    });
    everything_is_applied_and_stays(json!({"look": "metal", "labels": labels}));
}

fn not_configured(program: &mut Program, setting: &str) -> String {
    let event = program.wait_for_event(setting, |event| {
        event["event"] == "not-configured" && event["setting"] == setting
    });
    event["why"].as_str().unwrap().to_owned()
}

#[test]
fn a_missing_control_is_told_by_name_and_the_rest_is_applied() {
    let mut program = Program::prepare(json!({
        "start": "main",
        "configuration_window": {"missing": ["master_client_id", "bypass_bond_warning"]},
    }))
    .with("TWS_MASTER_CLIENT_ID", "3")
    .with("READ_ONLY_API", "no")
    .with("GATEHAND_BYPASS_BOND_WARNING", "yes")
    .with("GATEHAND_BYPASS_ORDER_PRECAUTIONS", "yes")
    .start(&["-v", "run"]);
    program.wait_for_state("ready");
    assert!(not_configured(&mut program, "master_client_id").contains("\"Master API client ID\""));
    assert!(not_configured(&mut program, "bypass_bond_warning").contains("\"Bypass Bond warning"));
    let kept = kept(&program);
    assert_eq!(kept["read_only_api"], false, "{}", program.log());
    assert_eq!(kept["bypass_order_precautions"], true, "{}", program.log());
    assert_eq!(kept["bypass_called_bond_warning"], false, "{}", program.log());
    assert_eq!(endings(&program), ["ok"], "{}", program.log());
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn a_page_that_cannot_be_read_back_is_not_confirmed() {
    let mut program = Program::prepare(json!({
        "start": "main",
        "configuration_window": {"stuck": ["master_client_id", "bypass_bond_warning"]},
    }))
    .with("TWS_MASTER_CLIENT_ID", "3")
    .with("READ_ONLY_API", "no")
    .with("GATEHAND_BYPASS_BOND_WARNING", "yes")
    .start(&["-v", "run"]);
    program.wait_for_state("ready");
    not_configured(&mut program, "master_client_id");
    not_configured(&mut program, "bypass_bond_warning");
    // Each page with a control that takes nothing was left by Cancel; the rest was applied without those.
    assert_eq!(endings(&program), ["cancel", "cancel", "ok"], "{}", program.log());
    let kept = kept(&program);
    assert_eq!(kept["read_only_api"], false, "{}", program.log());
    assert_eq!(kept["master_client_id"], "", "{}", program.log());
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn no_client_is_admitted_before_the_api_is_read_only() {
    let mut program = Program::prepare(json!({
        "start": "main",
        "configuration": {"read_only_api": false},
        "configuration_window": {"stuck": ["read_only_api"]},
    }))
    .with("READ_ONLY_API", "yes")
    .start(&["-v", "run"]);
    not_configured(&mut program, "read_only_api");
    program.wait_for_event("the end of the visit", |event| event["event"] == "configured");
    program.wait_for_log("the API answers");
    let ready = |event: &Value| event["event"] == "state" && event["state"] == "ready";
    assert!(!program.events().iter().any(ready), "{}", program.log());
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn nothing_set_opens_no_window() {
    // The port is set, and answers: nothing has to be looked up.
    let mut program = Program::run(json!({"start": "main"}));
    program.wait_for_state("ready");
    assert!(program.journal.all("menu").is_empty(), "{}", program.log());
    assert!(program.journal.all("configuration").is_empty());
    assert_eq!(program.stop(), Some(0));
}
