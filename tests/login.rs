//! The whole chain, judged by the stand-in's journal: what was typed, pressed and left alone.

mod common;

use common::program::Program;

use gatehand::config::secret_variables;
use serde_json::{Value, json};

/// The one submission there must be.
fn only_submission(program: &Program) -> Value {
    let submissions = program.journal.all("submitted");
    assert_eq!(submissions.len(), 1, "{submissions:#?}");
    submissions[0].clone()
}

fn logs_in(scenario: Value) -> Program {
    let (user, password) = (scenario["user"].clone(), scenario["password"].clone());
    let mut program = Program::run(scenario);
    program.wait_for_state("ready");
    let submitted = only_submission(&program);
    if let Some(user) = user.as_str() {
        assert_eq!(submitted["user"], user);
    }
    if let Some(password) = password.as_str() {
        assert_eq!(submitted["password_length"], password.encode_utf16().count());
    }
    assert_eq!(submitted["password_matches"], true, "{submitted}");
    assert_eq!(submitted["trading_mode"], "paper", "{submitted}");
    assert_eq!(submitted["api_mode"], "ib", "{submitted}");
    assert_eq!(submitted["by"], "button-mouse", "{submitted}");
    program
}

#[test]
fn paper_login_in_every_look_with_every_ascii_sign() {
    for (look, mode) in [
        ("metal", "live"),
        ("nimbus", "paper"),
        ("dark", "live"),
        ("large", "paper"),
    ] {
        let password = "aA0~!@#$%^&*()_+{}|:\"<>?-=[]\\;',./";
        logs_in(
            json!({"look": look, "trading_mode": mode, "password": password, "after_login": ["paper_notice"]}),
        );
    }
}

#[test]
fn signs_that_the_keyboard_lacks_are_typed() {
    logs_in(json!({"password": "é£ßüñ€", "look": "nimbus"}));
}

#[test]
fn a_password_much_longer_than_its_field() {
    let password = "Long-Password_0123456789".repeat(5)[..108].to_owned();
    logs_in(json!({"password": password, "password_columns": 8}));
}

#[test]
fn a_user_name_of_look_alikes() {
    logs_in(json!({"user": "Il1O0lI10O", "look": "dark"}));
}

#[test]
fn a_password_field_that_gives_its_secret_away() {
    logs_in(json!({"cut_copy_allowed": true}));
}

#[test]
fn radio_buttons_for_modes_and_fix_chosen_at_first() {
    logs_in(json!({"modes_as": "radio", "api_mode": "fix", "trading_mode": "live"}));
}

#[test]
fn a_fix_login_fills_in_all_four_fields() {
    for (look, mode) in [("metal", "live"), ("dark", "paper")] {
        let mut program = Program::prepare(json!({
            "look": look, "trading_mode": mode, "user": "fixuser", "password": "fix pass 1", "data_user": "datauser",
            "data_password": "d@ta"
        }))
        .with("GATEHAND_FIX", "yes")
        .with("GATEHAND_FIX_USER", "fixuser")
        .with("GATEHAND_FIX_PASSWORD", "fix pass 1")
        .with("TWS_USERID", "datauser")
        .with("TWS_PASSWORD", "d@ta")
        .start(&["-v", "run"]);
        program.wait_for_state("ready");
        let submitted = only_submission(&program);
        assert_eq!(submitted["api_mode"], "fix", "{submitted}");
        assert_eq!(submitted["user"], "fixuser", "{submitted}");
        assert_eq!(submitted["password_matches"], true, "{submitted}");
        assert_eq!(submitted["market_data_user"], "datauser", "{submitted}");
        assert_eq!(submitted["market_data_matches"], true, "{submitted}");
        assert_eq!(submitted["trading_mode"], "paper", "{submitted}");
    }
}

#[test]
fn a_fix_login_without_market_data_leaves_two_fields_empty() {
    let mut program =
        Program::prepare(json!({"user": "fixuser", "password": "fix pass 1", "look": "nimbus"}))
            .with("GATEHAND_FIX", "yes")
            .with("GATEHAND_FIX_USER", "fixuser")
            .with("GATEHAND_FIX_PASSWORD", "fix pass 1")
            .with("TWS_USERID", "")
            .with("TWS_PASSWORD", "")
            .start(&["-v", "run"]);
    program.wait_for_state("ready");
    let submitted = only_submission(&program);
    assert_eq!(submitted["password_matches"], true, "{submitted}");
    assert_eq!(submitted["market_data_user"], "", "{submitted}");
    assert_eq!(submitted["market_data_password_length"], 0, "{submitted}");
}

#[test]
fn notices_are_answered_and_the_modal_that_would_cancel_is_left_alone() {
    let mut program = Program::run(json!({
        "delays": {"connect_ms": 3000},
        "connect_attempts": 3,
        "after_login": ["paper_notice", "tip", "newer_version"],
    }));
    program.wait_for_state("ready");
    assert!(program.journal.all("connecting_cancelled").is_empty());
    let dismissed = program.journal.all("dismissed");
    let pressed: Vec<(&str, &str, &str)> = dismissed
        .iter()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap();
            (text("dialog"), text("button"), text("input"))
        })
        .collect();
    assert_eq!(
        pressed,
        [
            ("connecting", "self", "none"),
            ("paper_notice", "I understand and accept", "mouse"),
            ("tip", "Close", "mouse"),
            ("newer_version", "No", "mouse"),
        ]
    );
}

#[test]
fn an_unknown_dialog_is_left_alone_with_evidence() {
    let mut program = Program::run(json!({"after_login": ["unknown"]}));
    program.wait_for_event("the unknown dialog", |event| event["event"] == "unknown-dialog");
    let evidence = program.wait_for_event("evidence", |event| event["event"] == "evidence");
    let folder = std::path::PathBuf::from(evidence["folder"].as_str().unwrap());
    let text = std::fs::read_to_string(folder.join("window.toml")).unwrap();
    assert!(text.contains("Account Review"), "{text}");
    assert!(folder.join("window.png").metadata().unwrap().len() > 500);
    program.wait_for_state("unknown-dialog");
    let touched: Vec<Value> = program
        .journal
        .all("dismissed")
        .into_iter()
        .filter(|entry| entry["dialog"] == "unknown")
        .collect();
    assert!(touched.is_empty(), "{touched:#?}");
}

#[test]
fn a_wrong_password_is_submitted_exactly_once_also_after_a_restart() {
    let mut program = Program::prepare(json!({}))
        .with("TWS_PASSWORD", "wrong-password")
        .start(&["-v", "run"]);
    program.wait_for_state("locked-out");
    program.journal.wait("exit", |_| true);
    assert_eq!(only_submission(&program)["password_matches"], false);
    assert_eq!(program.stop(), Some(0));
    std::fs::remove_file(program.path("state/events.jsonl")).unwrap();
    program.restart(&["-v", "run"]);
    program.wait_for_state("locked-out");
    assert_eq!(program.stop(), Some(0));
    only_submission(&program);
    // Another secret is another matter.
    let mut program = program.with("TWS_PASSWORD", "demouser").start(&["-v", "run"]);
    program.wait_for_state("ready");
    let submissions = program.journal.all("submitted");
    assert_eq!(submissions.len(), 2);
    assert_eq!(submissions[1]["password_matches"], true);
}

/// The broker takes the password now: nobody needs to restart anything.
#[test]
fn a_gatehand_that_is_locked_out_logs_in_once_it_is_unlocked() {
    let mut program = Program::prepare(json!({}))
        .with("TWS_PASSWORD", "new-password")
        .start(&["-v", "run"]);
    program.wait_for_state("locked-out");
    program.journal.wait("exit", |_| true);
    // For the next gateway.
    let path = program.path("settings/scenario.json");
    let mut scenario: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    scenario["password"] = json!("new-password");
    std::fs::write(&path, scenario.to_string()).unwrap();
    let of_another = program.ask(&["unlock", "--user", "somebody"]).unwrap();
    assert!(of_another.contains("nothing was locked"), "{of_another}");
    let unlocked = program.ask(&["unlock"]).unwrap();
    assert!(unlocked.contains("may be submitted again"), "{unlocked}");
    program.wait_for_state("ready");
    let submissions = program.journal.all("submitted");
    assert_eq!(submissions.len(), 2, "{submissions:#?}");
}

#[test]
fn a_refusal_that_stands_in_the_form_is_one_without_a_dialog() {
    for look in ["nimbus", "light"] {
        let mut program = Program::prepare(json!({"look": look, "refused_as": "in_place"}))
            .with("TWS_PASSWORD", "wrong-password")
            .start(&["-v", "run"]);
        program.wait_for_state("locked-out");
        program.journal.wait("exit", |_| true);
        assert_eq!(only_submission(&program)["password_matches"], false);
        let dismissed = program.journal.all("dismissed");
        assert!(
            dismissed.iter().all(|entry| entry["button"] == "self"),
            "{dismissed:#?}"
        );
        assert_eq!(program.stop(), Some(0));
        // Nor after a restart.
        std::fs::remove_file(program.path("state/events.jsonl")).unwrap();
        program.restart(&["-v", "run"]);
        program.wait_for_state("locked-out");
        assert_eq!(program.stop(), Some(0));
        only_submission(&program);
    }
}

#[test]
fn refused_credentials_end_the_program_when_asked_for() {
    let mut program = Program::prepare(json!({}))
        .with("TWS_PASSWORD", "wrong-password")
        .with("GATEHAND_ON_REFUSAL", "exit")
        .start(&["run"]);
    assert_eq!(program.ended().code(), Some(77), "{}", program.log());
    only_submission(&program);
}

#[test]
fn a_dialog_that_opens_while_typing_is_not_answered_by_the_keys() {
    let mut program = Program::run(json!({
        "password": "a b c d e f g h i j k l m n o p q r s t u v w x y z",
        "interrupt": {"after_keys": 12, "dialog": "tip"},
    }));
    program.wait_for_state("ready");
    let dismissed = program.journal.all("dismissed");
    let tip = dismissed
        .iter()
        .find(|entry| entry["dialog"] == "tip")
        .expect("the dialog was answered");
    assert_eq!(tip["input"], "mouse", "{tip}");
    assert!(
        tip["keys_received"].as_u64() <= Some(8),
        "typing goes on for one short run at the most: {tip}"
    );
    assert_eq!(only_submission(&program)["password_matches"], true);
}

#[test]
fn fields_that_do_not_say_what_they_hold_are_looked_at() {
    // Each waits in vain for two answers.
    std::thread::scope(|scope| {
        scope.spawn(|| logs_in(json!({"selectable": false})));
        scope.spawn(|| logs_in(json!({"selectable": false, "look": "dark", "password": "two words"})));
    });
}

#[test]
fn a_gateway_that_stands_still_for_3_seconds_while_typing() {
    logs_in(json!({"freeze": {"after_keys": 3, "ms": 3000}, "look": "nimbus"}));
}

#[test]
fn fields_that_are_enabled_late_and_a_form_that_is_rebuilt() {
    logs_in(json!({"delays": {"enabled_after_ms": 3000}}));
    logs_in(json!({"rebuild": {"after_ms": 900, "gone_ms": 400}}));
}

#[test]
fn a_code_from_the_secret_is_the_second_factor() {
    let mut program =
        Program::prepare(json!({"second_factor": {"kind": "totp", "secret": "JBSWY3DPEHPK3PXP"}}))
            .with("TWOFACTOR_CODE", "JBSWY3DPEHPK3PXP")
            .start(&["-v", "run"]);
    program.wait_for_state("ready");
    let passed = program.journal.wait("second_factor", |entry| {
        entry["state"] == "passed" || entry["state"] == "accepted"
    });
    assert!(passed.is_object());
    only_submission(&program);
}

#[test]
fn a_push_is_waited_for() {
    let mut program = Program::run(json!({"second_factor": {"kind": "push", "approved_after_ms": 3000}}));
    program.wait_for_state("second-factor");
    program.wait_for_state("ready");
    only_submission(&program);
}

#[test]
fn a_push_that_nobody_confirms_is_not_sent_again() {
    let missed = json!({"second_factor": {"kind": "push", "approved_after_ms": -1, "timeout_ms": 2000}});
    let mut program = Program::run(missed);
    assert_eq!(program.ended().code(), Some(75), "{}", program.log());
    only_submission(&program);
}

#[test]
fn a_login_that_the_server_refuses_for_now_is_tried_again() {
    let mut program = Program::run(json!({"outcomes": ["not_available", "credentials"]}));
    program.wait_for_state("ready");
    let results: Vec<Value> = program
        .journal
        .all("login")
        .into_iter()
        .map(|entry| entry["result"].clone())
        .collect();
    assert_eq!(results, ["not_available", "accepted"]);
}

#[test]
fn sigterm_closes_the_gateway_through_its_window_and_leaves_nothing() {
    let mut program = Program::run(json!({}));
    program.wait_for_state("ready");
    let processes = program.processes();
    assert!(processes.len() >= 3, "gatehand, Xvfb, gateway: {processes:?}");
    let display = program
        .log()
        .lines()
        .filter_map(|line| line.split("display=").nth(1))
        .next()
        .map(str::to_owned);
    let relay = program.relay_port;
    assert_eq!(program.stop(), Some(0), "{}", program.log());
    assert_eq!(program.journal.all("exit")[0]["tidy"], true);
    for pid in processes {
        assert!(
            !std::path::Path::new(&format!("/proc/{pid}")).exists(),
            "process {pid} is left"
        );
    }
    let number = display.expect("the log names the display");
    let number = number.trim().trim_start_matches(':').to_owned();
    for path in [
        format!("/tmp/.X{number}-lock"),
        format!("/tmp/.X11-unix/X{number}"),
    ] {
        assert!(!std::path::Path::new(&path).exists(), "{path} is left");
    }
    assert!(std::net::TcpStream::connect(("127.0.0.1", relay)).is_err());
    assert!(!program.path("state/display").exists());
}

#[test]
fn a_real_api_client_gets_through_the_relay() {
    let mut program = Program::run(json!({}));
    program.wait_for_state("ready");
    let accounts = common::accounts("127.0.0.1", &program.relay_port.to_string());
    assert_eq!(accounts, json!(["DU1234567"]));
}

#[test]
fn no_secret_is_found_anywhere() {
    let password = "S3cret-needle";
    let mut program = Program::prepare(json!({"password": password, "after_login": ["unknown"]}))
        .with("GATEHAND_VNC_LISTEN", "127.0.0.1:0")
        .with("GATEHAND_PORTAL_USER", "somebody");
    // The token's place is in jts.ini, for the gateway to read.
    for name in secret_variables().filter(|name| *name != "GATEHAND_SECOND_FACTOR_TOKEN") {
        program = program.with(
            name,
            match name {
                "GATEHAND_VNC_VIEW_PASSWORD" => "needl-2",
                "GATEHAND_VNC_LEGACY_PASSWORD" | "VNC_LEGACY_PASSWORD" => "needl-3",
                // A needle that is encrypted.
                "GATEHAND_PORTAL_KEY" | "IBEAM_KEY" => "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
                "GATEHAND_PORTAL_PASSWORD" | "IBEAM_PASSWORD" => {
                    "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0OD5CbotDpEYz7Cu2NmWfXwK4oJcKSYsTGog0EaaxcAWII08dt7WjN_mCUxYYPmmhwcg=="
                }
                _ if name.contains("VNC") => "vncneedl",
                "GATEHAND_HTTP_TOKEN" => "S3cret-needle-of-many",
                _ if name.ends_with("_URL")
                    || ["_NTFY", "_WEBHOOK"].iter().any(|end| name.ends_with(end)) =>
                {
                    "http://127.0.0.1:9/S3cret-needle"
                }
                _ if ["_PARAMS", "_HEADERS", "_DATA"]
                    .iter()
                    .any(|end| name.ends_with(end)) =>
                {
                    r#"{"x": "S3cret-needle"}"#
                }
                _ if name.contains("TOTP") || name == "TWOFACTOR_CODE" => "NEEDLENEEDLENEEDLE",
                _ => password,
            },
        );
    }
    let mut program = program.start(&["-vv", "run"]);
    program.wait_for_event("evidence", |event| event["event"] == "evidence");
    for pid in program.processes() {
        for file in ["cmdline", "environ"] {
            let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
            assert!(!text.contains("needl"), "{file} of {pid}: {text}");
        }
    }
    program.stop();
    assert!(program.log().contains("acting"), "the log is at its loudest");
    let mut folders = vec![program.path("")];
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "scenario.json") {
                looked_at += 1;
                let bytes = std::fs::read(&path).unwrap();
                let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
                let line = text.lines().find(|line| line.contains("needl"));
                assert!(line.is_none(), "{}: {line:?}", path.display());
            }
        }
    }
    assert!(looked_at >= 5, "log, events, governor, evidence: {looked_at}");
}
