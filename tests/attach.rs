//! `gatehand attach`: a gateway that somebody else started, before or after gatehand.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;
#[path = "x11/painter.rs"]
#[allow(dead_code, reason = "shared by test programs that each use a part")]
mod painter;

use std::net::TcpStream;
use std::process::Output;

use common::gateway::StandIn;
use common::program::{Program, free_port};
use common::{TestDisplay, wait_for};
use gatehand::screen::Rect;
use painter::Painter;
use serde_json::{Value, json};

/// A program that attaches to `display`; the stand-in's API is at `api_port`.
fn attacher(display: &TestDisplay, api_port: u16) -> Program {
    Program::prepare(json!({}))
        .with("GATEHAND_API_PORT", &api_port.to_string())
        .with("GATEHAND_DISPLAY", &display.address.name)
        .with(
            "XAUTHORITY",
            &display.address.authority.as_ref().unwrap().display().to_string(),
        )
}

fn attach(display: &TestDisplay, api_port: u16) -> Program {
    attacher(display, api_port).start(&["-v", "attach"])
}

fn assert_one_right_submission(gateway: &StandIn) {
    let submissions = gateway.journal.all("submitted");
    assert_eq!(submissions.len(), 1, "{submissions:#?}");
    assert_eq!(submissions[0]["password_matches"], true, "{submissions:#?}");
    assert_eq!(submissions[0]["trading_mode"], "paper", "{submissions:#?}");
}

#[test]
fn a_gateway_that_is_there_already() {
    let display = TestDisplay::start(1024, 768);
    let port = free_port();
    let gateway = StandIn::start(&display, json!({"api_port": port}));
    gateway.journal.wait("shown", |entry| entry["window"] == "login");
    let viewers = free_port();
    let mut program = attacher(&display, port)
        .with("GATEHAND_VNC_LISTEN", &format!("127.0.0.1:{viewers}"))
        .start(&["-v", "attach"]);
    program.wait_for_state("ready");
    assert_one_right_submission(&gateway);
    // Without a password there is no port for viewers, and the log says what to do.
    assert!(TcpStream::connect(("127.0.0.1", viewers)).is_err());
    program.wait_for_log("no viewers are served: set VNC_SERVER_PASSWORD");
    // It is not ours to end.
    assert_eq!(program.stop(), Some(0));
    assert!(gateway.journal.all("exit").is_empty());
    assert!(gateway.journal.all("window_close").is_empty());
}

#[test]
fn a_gateway_that_comes_later_and_goes_again() {
    let display = TestDisplay::start(1024, 768);
    let port = free_port();
    let mut program = attach(&display, port);
    wait_for("gatehand to manage the windows", || {
        program.log().contains("ours=true").then_some(())
    });
    let gateway = StandIn::start(&display, json!({"api_port": port, "look": "nimbus"}));
    program.wait_for_state("ready");
    assert_one_right_submission(&gateway);
    drop(gateway);
    program.wait_for_state("stopped");
}

#[test]
fn killed_and_started_again_while_the_gateway_lives() {
    let display = TestDisplay::start(1024, 768);
    let port = free_port();
    let gateway = StandIn::start(&display, json!({"api_port": port}));
    let mut program = attach(&display, port);
    program.wait_for_state("ready");
    program.signal("KILL");
    program.ended();
    std::fs::remove_file(program.path("state/events.jsonl")).unwrap();
    program.restart(&["-v", "attach"]);
    program.wait_for_state("ready");
    assert_one_right_submission(&gateway);
}

#[test]
fn killed_while_it_types_and_started_again() {
    let display = TestDisplay::start(1024, 768);
    let port = free_port();
    // The stand-in stops to think in the middle of the password, so that there is a middle.
    let gateway = StandIn::start(
        &display,
        json!({"api_port": port, "freeze": {"after_keys": 8, "ms": 2000}}),
    );
    let mut program = attach(&display, port);
    gateway.journal.wait("freeze", |_| true);
    program.signal("KILL");
    program.ended();
    program.restart(&["-v", "attach"]);
    program.wait_for_state("ready");
    assert_one_right_submission(&gateway);
}

#[test]
fn another_window_manager_is_respected() {
    let display = TestDisplay::start(1024, 768);
    let painter = Painter::connect(&display);
    let window = painter.show("framed", Rect::new(50, 60, 120, 90), 0);
    let mut openbox = display.command("openbox");
    openbox.arg("--sm-disable");
    let mut openbox = openbox
        .spawn()
        .expect("openbox is installed: scripts/setup.sh test");
    wait_for("openbox to frame a window", || {
        painter.is_framed(window).then_some(())
    });
    drop(painter);
    let port = free_port();
    let gateway = StandIn::start(&display, json!({"api_port": port}));
    let mut program = attach(&display, port);
    program.wait_for_state("ready");
    assert!(!program.log().contains("ours=true"), "{}", program.log());
    assert_one_right_submission(&gateway);
    let _ = openbox.kill();
    let _ = openbox.wait();
}

#[test]
fn an_api_that_never_answers_is_a_state() {
    let display = TestDisplay::start(1024, 768);
    let port = free_port();
    let gateway = StandIn::start(&display, json!({"api_port": port, "api_mute": true}));
    let mut program = attach(&display, port);
    program.wait_for_state("logged-in");
    // A second connection is a second probe: the first was given up without an answer.
    gateway.journal.wait("api_client", |entry| {
        entry["client"] == 2 && entry["state"] == "connected"
    });
    assert!(!program.events().iter().any(|event| event["state"] == "ready"));
    assert!(TcpStream::connect(("127.0.0.1", program.relay_port)).is_err());
    assert!(gateway.journal.all("exit").is_empty());
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn without_credentials_the_login_is_left_to_a_human() {
    let display = TestDisplay::start(1024, 768);
    let port = free_port();
    let mut gateway = StandIn::start(&display, json!({"api_port": port}));
    let mut program = attacher(&display, port)
        .with("TWS_USERID", "")
        .with("TWS_PASSWORD", "")
        .start(&["-v", "attach"]);
    program.wait_for_state("hands-off");
    // A notice over the form is answered all the same, so gatehand had the time to do something about the form.
    gateway.control("show tip");
    gateway.journal.wait("dismissed", |entry| {
        entry["dialog"] == "tip" && entry["button"] == "Close"
    });
    assert!(gateway.journal.all("toggle").is_empty());
    assert!(gateway.journal.all("submitted").is_empty());
}

fn gatehand(display: &TestDisplay, arguments: &[&str]) -> Output {
    let output = display
        .command(env!("CARGO_BIN_EXE_gatehand"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

#[test]
fn read_and_snapshot_show_controls_and_no_field_s_content() {
    let display = TestDisplay::start(1024, 768);
    let gateway = StandIn::start(&display, json!({}));
    gateway.journal.wait("shown", |entry| entry["window"] == "login");
    let typed = "Needle-in-a-field";
    let mut desktop = display.desktop();
    let window = common::wait_for_window(&mut desktop, "IBKR Gateway");
    let json = gatehand(&display, &["read", "--json"]);
    let windows: Value = serde_json::from_slice(&json.stdout).unwrap();
    let login = &windows[0];
    assert_eq!(login["title"], "IBKR Gateway");
    assert_eq!(login["rules"], json!(["login-gateway"]));
    let controls = login["controls"].as_array().unwrap();
    let field = controls
        .iter()
        .find(|control| control["kind"] == "field")
        .expect("a field");
    assert!(
        controls.iter().any(|control| control["label"] == "Log In"),
        "{controls:#?}"
    );
    let at = |key: &str| i32::try_from(field[key].as_i64().unwrap()).unwrap();
    let middle = gatehand::screen::Point::new(at("x") + at("width") / 2, at("y") + at("height") / 2);
    desktop
        .fill(window.id, middle, typed, gatehand::x11::FillOptions::default())
        .unwrap();

    let text = String::from_utf8(gatehand(&display, &["read"]).stdout).unwrap();
    assert!(
        text.contains("rule: login-gateway") && text.contains("Paper Trading"),
        "{text}"
    );
    assert!(!text.contains("Needle"), "{text}");
    let folder = tempfile::tempdir().unwrap();
    let fixtures = folder.path().join("fixtures");
    gatehand(&display, &["snapshot", fixtures.to_str().unwrap()]);
    let case = fixtures.join("0-ibkr-gateway");
    let toml = std::fs::read_to_string(case.join("window.toml")).unwrap();
    assert!(
        toml.contains("Paper Trading") && !toml.contains("Needle"),
        "{toml}"
    );
    assert!(case.join("window.png").metadata().unwrap().len() > 500);
}
