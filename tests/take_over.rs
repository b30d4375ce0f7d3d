//! A human at a viewer takes over, and the agent keeps its hands off until it is its turn again.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use common::gateway::StandIn;
use common::program::{Program, free_port};
use common::{PATIENCE, TestDisplay, python, wait_for};
use protocol::security::vnc_auth::{Challenge, Password};
use serde_json::{Value, json};

const FULL: &str = "may type";
const VIEW_ONLY: &str = "may look";

struct Stage {
    gateway: StandIn,
    program: Program,
    viewers: u16,
    _display: TestDisplay,
}

impl Stage {
    /// A gateway that is logged in, and gatehand attached to it; a human has the display for so many seconds.
    fn start(take_over: &str) -> Self {
        let display = TestDisplay::start(1024, 768);
        let (api, viewers) = (free_port(), free_port());
        let scenario = json!({"start": "main", "api_port": api, "api_opens": "main"});
        let gateway = StandIn::start(&display, scenario);
        let authority = display.address.authority.as_ref().unwrap().display().to_string();
        let mut program = Program::prepare(json!({}))
            .with("GATEHAND_API_PORT", &api.to_string())
            .with("GATEHAND_DISPLAY", &display.address.name)
            .with("XAUTHORITY", &authority)
            .with("VNC_SERVER_PASSWORD", FULL)
            .with("GATEHAND_VNC_VIEW_PASSWORD", VIEW_ONLY)
            .with("GATEHAND_VNC_LISTEN", &format!("127.0.0.1:{viewers}"))
            .with("GATEHAND_VNC_TAKE_OVER", take_over)
            .start(&["-v", "attach"]);
        program.wait_for_state("ready");
        Self {
            gateway,
            program,
            viewers,
            _display: display,
        }
    }

    /// What a human does at a viewer, by vncdotool.
    fn at_the_viewer(&self, password: &str, actions: &[&str]) {
        let output = Command::new(python().with_file_name("vncdo"))
            .args(["--server", &format!("127.0.0.1::{}", self.viewers)])
            .args(["--password", password, "--timeout", "60"])
            .args(actions)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{actions:?}: {error}");
    }

    /// The dialog that is answered as the `count`-th, once it is.
    fn dismissed(&self, count: usize) -> Value {
        wait_for("an answer to the dialog", || {
            let all = self.gateway.journal.all("dismissed");
            all.get(count - 1).cloned()
        })
    }

    fn is_taken_over(&self) -> bool {
        let status: Value = serde_json::from_str(&self.program.ask(&["status", "--json"]).unwrap()).unwrap();
        status["gateways"][0]["taken_over"].as_bool().unwrap()
    }
}

/// A viewer that reads nothing but the desktop's name.
struct TitleBar(TcpStream);

impl TitleBar {
    /// With the name that the desktop has.
    fn open(port: u16, password: &str) -> (Self, String) {
        let mut viewer = Self(TcpStream::connect(("127.0.0.1", port)).unwrap());
        viewer.0.set_read_timeout(Some(PATIENCE)).unwrap();
        viewer.read(12);
        viewer.send(b"RFB 003.008\n");
        let types = viewer.read(1)[0];
        viewer.read(types.into());
        viewer.send(&[2]);
        let challenge: Challenge = viewer.read(16).try_into().unwrap();
        let password = Password::new(password.as_bytes()).unwrap();
        viewer.send(&password.answer(&challenge));
        assert_eq!(viewer.read(4), [0; 4]);
        viewer.send(&[1]);
        let init = viewer.read(24);
        let length = u32::from_be_bytes(init[20..].try_into().unwrap());
        let name = String::from_utf8(viewer.read(length as usize)).unwrap();
        viewer.send(&[2, 0, 0, 1]);
        viewer.send(&(-307_i32).to_be_bytes());
        (viewer, name)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    fn read(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// The next name that the desktop gets.
    fn next(&mut self) -> String {
        loop {
            self.send(&[3, 1, 0, 0, 0, 0, 0, 1, 0, 1]);
            let head = self.read(4);
            assert_eq!(head[0], 0, "an update");
            let mut name = None;
            for _ in 0..u16::from_be_bytes([head[2], head[3]]) {
                let rect = self.read(12);
                let [width, height] = [4, 6].map(|at| u16::from_be_bytes([rect[at], rect[at + 1]]));
                if i32::from_be_bytes(rect[8..].try_into().unwrap()) == -307 {
                    let length = u32::from_be_bytes(self.read(4).try_into().unwrap());
                    name = Some(String::from_utf8(self.read(length as usize)).unwrap());
                } else {
                    self.read(usize::from(width) * usize::from(height) * 4);
                }
            }
            if let Some(name) = name {
                return name;
            }
        }
    }

    fn wait_for(&mut self, name: &str) {
        while self.next() != name {}
    }

    /// Waits until something of this colour is in the corner where the label is.
    fn wait_for_label(&mut self, colour: u32) {
        wait_for("the label", || self.corner().contains(&colour).then_some(()));
    }

    /// The colours in the corner.
    fn corner(&mut self) -> Vec<u32> {
        self.send(&[3, 0, 0, 0, 0, 0, 0, 100, 0, 40]);
        let head = self.read(4);
        assert_eq!(head[0], 0, "an update");
        let mut colours = Vec::new();
        for _ in 0..u16::from_be_bytes([head[2], head[3]]) {
            let rect = self.read(12);
            let [width, height] = [4, 6].map(|at| usize::from(u16::from_be_bytes([rect[at], rect[at + 1]])));
            if i32::from_be_bytes(rect[8..].try_into().unwrap()) == -307 {
                let length = u32::from_be_bytes(self.read(4).try_into().unwrap());
                self.read(length as usize);
                continue;
            }
            let pixels = self.read(width * height * 4);
            let (pixels, _) = pixels.as_chunks::<4>();
            colours.extend(
                pixels
                    .iter()
                    .map(|pixel| u32::from_le_bytes(*pixel) & 0x00ff_ffff),
            );
        }
        colours
    }
}

#[test]
fn a_press_takes_over_until_it_is_given_back() {
    let mut stage = Stage::start("3600");
    let (mut title, name) = TitleBar::open(stage.viewers, VIEW_ONLY);
    assert_eq!(name, "gatehand: Ready");

    // Who may only look takes nothing over.
    stage.at_the_viewer(VIEW_ONLY, &["move", "10", "10", "click", "1", "key", "enter"]);
    stage.gateway.control("show tip");
    assert_eq!(stage.dismissed(1)["input"], "mouse");
    assert!(!stage.is_taken_over());

    // Nor does who only moves the pointer.
    stage.at_the_viewer(FULL, &["move", "12", "12"]);
    stage.gateway.control("show tip");
    assert_eq!(stage.dismissed(2)["input"], "mouse");

    stage.at_the_viewer(FULL, &["key", "shift"]);
    title.wait_for("gatehand: HandsOff (a human uses the viewer)");
    stage.program.wait_for_state("hands-off");
    assert!(stage.is_taken_over());
    stage.gateway.control("show tip");
    stage.at_the_viewer(FULL, &["pause", "0.5", "key", "enter"]);
    assert_eq!(stage.dismissed(3)["input"], "key", "the human answered it");

    stage.gateway.control("show tip");
    assert_eq!(
        stage.program.ask(&["resume"]).unwrap().trim(),
        "the agent acts again"
    );
    assert_eq!(stage.dismissed(4)["input"], "mouse");
    title.wait_for("gatehand: Ready");
    assert!(!stage.is_taken_over());
    assert_eq!(stage.program.stop(), Some(0));
}

#[test]
fn it_goes_back_by_itself_when_the_human_is_idle() {
    let mut stage = Stage::start("1");
    stage.at_the_viewer(FULL, &["key", "shift"]);
    stage.program.wait_for_state("hands-off");
    stage.gateway.control("show tip");
    assert_eq!(stage.dismissed(1)["input"], "mouse");
    stage.program.wait_for_state("ready");
    assert_eq!(stage.program.stop(), Some(0));
}

#[test]
fn what_is_typed_beside_a_password_waits_for_its_submission() {
    let viewers = free_port();
    let mut program = Program::prepare(json!({}))
        .with("VNC_SERVER_PASSWORD", FULL)
        .with("GATEHAND_VNC_LISTEN", &format!("127.0.0.1:{viewers}"))
        .with("GATEHAND_VNC_TAKE_OVER", "1")
        .start(&["-v", "run"]);
    program.wait_for_log("viewers are served");
    let (mut viewer, _) = TitleBar::open(viewers, FULL);
    // Before there is a window, the screen says what is going on.
    viewer.wait_for_label(0x00a4_a8ac);
    // The password comes next.
    program.wait_for_event("the user name", |event| {
        event["event"] == "verified"
            && event["what"]
                .as_str()
                .is_some_and(|what| what.starts_with("user name"))
    });
    for down in [1, 0] {
        viewer.send(&[4, down, 0, 0, 0, 0, 0, b'x']);
    }
    program.wait_for_state("hands-off");
    program.wait_for_state("ready");
    let states: Vec<Value> = program
        .events()
        .into_iter()
        .filter(|event| event["event"] == "state")
        .map(|event| event["state"].clone())
        .collect();
    let at = |name: &str| states.iter().position(|state| state == name).unwrap();
    assert!(at("submitted-credentials") < at("hands-off"), "{states:?}");
    let submitted = program.journal.all("submitted");
    assert_eq!(submitted.len(), 1, "{submitted:?}");
    assert_eq!(submitted[0]["password_matches"], true);
    assert_eq!(program.stop(), Some(0));
}
