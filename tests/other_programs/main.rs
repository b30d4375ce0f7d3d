//! Programs that have nothing to do with Interactive Brokers, answered by rules of their own: zenity (GTK), a Tk window,
//! and a browser that asks for HTTP authentication. What became of them they tell themselves.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "../common/mod.rs"]
mod common;
mod web;

use std::process::{Child, Command, Output, Stdio};

use common::program::Program;
use common::{TestDisplay, wait_for};
use gatehand::screen::Line;
use gatehand::vision::{Cache, Reader, Tesseract, png};
use serde_json::json;
use web::{Browser, Server};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/other_programs");
/// The user and the password that [`Program`] is given.
const CREDENTIALS: (&str, &str) = ("edemo", "demouser");
/// The same as a browser sends them: RFC 7617 §2.
const AUTHORIZATION: &str = "Basic ZWRlbW86ZGVtb3VzZXI=";

/// A gatehand for `display` that knows these rules and no others.
fn attacher(display: &TestDisplay, settings: &str) -> Program {
    Program::prepare(json!({}))
        .with("GATEHAND_DISPLAY", &display.address.name)
        .with(
            "XAUTHORITY",
            &display.address.authority.as_ref().unwrap().display().to_string(),
        )
        .with("GATEHAND_RULES", &format!("{FOLDER}/rules"))
        .with("GATEHAND_RULE_SETTINGS", settings)
}

fn start(mut command: Command) -> Child {
    let program = command.get_program().to_owned();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program:?}: {error}; install it with scripts/setup.sh test"))
}

fn zenity(display: &TestDisplay, arguments: &[&str]) -> Child {
    let mut command = display.command("zenity");
    command.args(arguments).env("NO_AT_BRIDGE", "1");
    start(command)
}

/// Waits for the end of what gatehand is to answer; its log tells why when it does not come.
fn outcome(gatehand: &Program, mut child: Child) -> (Option<i32>, String) {
    let started = std::time::Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > common::PATIENCE * 2 {
            let _ = child.kill();
            panic!("it was not answered\n{}", gatehand.log());
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    (
        status.code(),
        String::from_utf8(stdout).unwrap().trim().to_owned(),
    )
}

#[test]
fn gtk_dialogs_are_answered_and_filled_in() {
    let display = TestDisplay::start(1024, 768);
    let question = zenity(
        &display,
        &[
            "--question",
            "--title=Archive",
            "--text=Move the old mails to the archive?",
        ],
    );
    let entry = zenity(
        &display,
        &[
            "--entry",
            "--title=Host",
            "--text=Name of this host",
            "--entry-text=old",
        ],
    );
    let login = zenity(&display, &["--password", "--username", "--title=Sign in"]);
    let gatehand = attacher(&display, "archive-mails=no").start(&["-v", "attach"]);
    assert_eq!(outcome(&gatehand, question), (Some(1), String::new()));
    assert_eq!(outcome(&gatehand, entry), (Some(0), "alpha 7".to_owned()));
    let (user, password) = CREDENTIALS;
    assert_eq!(outcome(&gatehand, login), (Some(0), format!("{user}|{password}")));
    assert!(!gatehand.log().contains(password), "{}", gatehand.log());
}

#[test]
fn a_password_prompt_that_comes_again_is_not_answered_again() {
    let display = TestDisplay::start(1024, 768);
    let login = || zenity(&display, &["--password", "--username", "--title=Sign in"]);
    let mut gatehand = attacher(&display, "").start(&["-v", "attach"]);
    assert_eq!(outcome(&gatehand, login()).0, Some(0));
    let mut again = login();
    gatehand.wait_for_state("locked-out");
    // Nor by a gatehand that was started again.
    gatehand.stop();
    std::fs::remove_file(gatehand.path("state/events.jsonl")).unwrap();
    gatehand.restart(&["-v", "attach"]);
    gatehand.wait_for_event("the refusal", |event| event["event"] == "denied");
    assert!(again.try_wait().unwrap().is_none());
    let _ = again.kill();
    let _ = again.wait();
}

#[test]
fn a_tk_window_is_filled_in_ticked_and_pressed() {
    for (setting, expected) in [
        ("backup=now", "Start /srv/backup True"),
        ("backup=later", "Later /srv/backup False"),
    ] {
        let display = TestDisplay::start(1024, 768);
        // Tk is a part of Debian's Python, not of one in another place.
        let mut window = display.command("/usr/bin/python3");
        window.arg(format!("{FOLDER}/backup.py"));
        let window = start(window);
        let gatehand = attacher(&display, setting).start(&["-v", "attach"]);
        assert_eq!(outcome(&gatehand, window), (Some(0), expected.to_owned()));
    }
}

#[test]
fn the_built_in_rules_can_be_left_out() {
    let display = TestDisplay::start(1024, 768);
    let tip = [
        "--info",
        "--title=Tip of the Day",
        "--text=Look twice.",
        "--ok-label=Close",
    ];
    let mut left = zenity(&display, &tip);
    let mut gatehand = attacher(&display, "").start(&["-v", "attach"]);
    gatehand.wait_for_event("an unknown dialog", |event| {
        event["event"] == "unknown-dialog" && event["title"] == "Tip of the Day"
    });
    assert!(left.try_wait().unwrap().is_none());
    gatehand.stop();
    let gatehand = attacher(&display, "")
        .with("GATEHAND_RULES", "")
        .start(&["-v", "attach"]);
    assert_eq!(outcome(&gatehand, left).0, Some(0));
}

/// Beside the last stroke of the origin all paper down to the border begins in one row, with a field in it: not a button.
#[test]
fn the_origin_in_a_browsers_prompt_is_read_as_one_line() {
    let prompt = png::read(format!("{FOLDER}/prompt.png").as_ref()).unwrap();
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    let reading = reader.read(&prompt).unwrap();
    let is_origin = |line: &Line| line.text == "http://127.0.0.1:37407";
    assert!(reading.lines.iter().any(is_origin), "{}", reading.text());
}

#[test]
fn a_browser_is_authenticated() {
    let server = Server::start(AUTHORIZATION);
    let display = TestDisplay::start(1024, 768);
    let _browser = Browser::start(&display, &server.url());
    let mut gatehand = attacher(&display, "").start(&["-v", "attach"]);
    gatehand.wait_for_state("logged-in");
    assert_eq!(server.attempts(), [AUTHORIZATION]);
}

#[test]
fn a_wrong_password_reaches_a_server_once() {
    let server = Server::start("none is right");
    let display = TestDisplay::start(1024, 768);
    let _browser = Browser::start(&display, &server.url());
    let mut gatehand = attacher(&display, "").start(&["-v", "attach"]);
    gatehand.wait_for_state("locked-out");
    assert_eq!(server.attempts(), [AUTHORIZATION]);
    // A gatehand that is started again sees the prompt that waits, and knows that the password was refused.
    gatehand.stop();
    std::fs::remove_file(gatehand.path("state/events.jsonl")).unwrap();
    gatehand.restart(&["-v", "attach"]);
    gatehand.wait_for_event("the refusal", |event| event["event"] == "denied");
    // What comes to the server before this is all that came before.
    server.ask_for("/after");
    wait_for("the last request", || {
        server.was_asked_for("/after").then_some(())
    });
    assert_eq!(server.attempts(), [AUTHORIZATION]);
}
