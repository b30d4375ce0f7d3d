//! The one-off procedure for a second-factor device: a human logs in at the viewer once and chooses it, its token becomes a
//! secret, and from then on nobody is needed.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::process::Command;

use common::program::{Program, free_port};
use common::{python, wait_for};
use gatehand::screen::{Frame, Size};
use gatehand::vision::{Cache, Reader, Tesseract};
use serde_json::json;

const VIEWER_PASSWORD: &str = "atviewer";

/// What a human does at the viewer, by vncdotool.
fn at_the_viewer(port: u16, actions: &[&str]) {
    let output = Command::new(python().with_file_name("vncdo"))
        .args(["--server", &format!("127.0.0.1::{port}")])
        .args(["--password", VIEWER_PASSWORD, "--timeout", "60", "--delay", "20"])
        .args(actions)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{actions:?}: {error}");
}

/// Clicks on the line that says `label`, as soon as it shows.
fn click_at_the_viewer(program: &Program, port: u16, label: &str) {
    let picture = program.path("seen.png");
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    let place = wait_for(label, || {
        at_the_viewer(port, &["capture", picture.to_str().unwrap()]);
        let image = image::open(&picture).unwrap().into_rgb8();
        let size = Size::new(image.width(), image.height());
        let pixels = image
            .pixels()
            .map(|pixel| u32::from_be_bytes([0, pixel[0], pixel[1], pixel[2]]));
        let frame = Frame::from_pixels(size, pixels.collect()).unwrap();
        let reading = reader.read(&frame).unwrap();
        let line = reading.lines.iter().find(|line| line.text == label)?;
        Some(line.bounds.center())
    });
    let (x, y) = (place.x.to_string(), place.y.to_string());
    at_the_viewer(port, &["move", &x, &y, "pause", "0.2", "click", "1"]);
}

#[test]
fn a_device_is_chosen_by_hand_once_and_its_token_spares_the_choice() {
    let port = free_port();
    let scenario = json!({
        "trading_mode": "paper",
        "second_factor": {"kind": "device_list", "remembers": true},
    });
    let mut program = Program::prepare(scenario)
        .with("TWS_USERID", "")
        .with("TWS_PASSWORD", "")
        .with("TRADING_MODE", "")
        .with("IB_TRADING_MODE", "paper")
        .with("VNC_SERVER_PASSWORD", VIEWER_PASSWORD)
        .with("GATEHAND_VNC_LISTEN", &format!("127.0.0.1:{port}"))
        .start(&["-v", "run"]);
    program.wait_for_state("hands-off");
    at_the_viewer(
        port,
        &["type", "edemo", "key", "tab", "type", "demouser", "key", "enter"],
    );
    let submitted = program.journal.wait("submitted", |_| true);
    assert_eq!(submitted["password_matches"], true, "{submitted}");
    program
        .journal
        .wait("second_factor", |factor| factor["kind"] == "device_list");
    assert!(program.ask(&["twofa-token"]).is_err(), "nothing was chosen yet");
    click_at_the_viewer(&program, port, "IB Key");
    click_at_the_viewer(&program, port, "OK");
    program.wait_for_state("ready");
    let token = program.ask(&["twofa-token"]).unwrap();
    assert_eq!(program.stop(), Some(0));

    // Another container, with the three secrets and nothing else that is left of the first one.
    for folder in ["state", "settings/jts.ini"] {
        let path = program.path(folder);
        let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    }
    for (name, content) in [
        ("ib_username.secret", "edemo"),
        ("ib_password.secret", "demouser"),
        ("ib_token_2fa.secret", token.trim()),
    ] {
        fs::write(program.path(name), content).unwrap();
    }
    let before = program.journal.entries().len();
    program.restart(&["-v", "run"]);
    program.wait_for_state("ready");
    let jts_ini = fs::read_to_string(program.path("settings/jts.ini")).unwrap();
    let line = format!("2ndFactor={},5.2a;", token.trim());
    assert!(jts_ini.lines().any(|found| found == line), "{jts_ini}");
    let entries = &program.journal.entries()[before..];
    let factors: Vec<_> = entries
        .iter()
        .filter(|entry| entry["event"] == "second_factor" && entry["state"] == "shown")
        .map(|entry| entry["kind"].clone())
        .collect();
    assert_eq!(factors, ["push"], "the list is not asked again");
    assert_eq!(program.stop(), Some(0));
}
