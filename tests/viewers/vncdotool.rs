//! vncdotool from PyPI, as scripts and tests use it, against `gatehand vnc` with its default settings.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output};

use gatehand::screen::{Frame, Rect, Size};

use crate::common::TestDisplay;
use crate::endpoint::{Endpoint, State};
use crate::painter::Painter;
use crate::program::Program;

const SIZE: Size = Size::new(640, 480);
const PASSWORD: &str = "to look!";

/// The program as users start it: nothing is set but the password.
fn serve(display: &TestDisplay, state: &State) -> (Endpoint, SocketAddr) {
    let endpoint = Endpoint::start(display, state, &[], &[("VNC_PASSWORD", PASSWORD)]);
    let address = endpoint.address();
    (endpoint, address)
}

/// The program, from the environment that tests/python/setup.sh makes.
pub(crate) fn vncdo(address: SocketAddr, password: &str, actions: &[&str]) -> Output {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/python");
    let environment = std::env::var_os("GATEHAND_TEST_PYTHON").map_or_else(default, PathBuf::from);
    let program = environment.join("bin/vncdo");
    assert!(
        program.exists(),
        "{} is missing: run `tests/python/setup.sh {}`",
        program.display(),
        environment.display()
    );
    let address = format!("{}::{}", address.ip(), address.port());
    Command::new(&program)
        .args(["--server", &address, "--password", password, "--timeout", "60"])
        .args(actions)
        .output()
        .unwrap()
}

fn act(address: SocketAddr, actions: &[&str]) {
    let output = vncdo(address, PASSWORD, actions);
    assert!(
        output.status.success(),
        "vncdo {actions:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_capture_is_the_display() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    painter.show_pattern(SIZE);
    let state = State::new();
    let (_endpoint, address) = serve(&display, &state);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("capture.png");
    act(address, &["capture", file.to_str().unwrap()]);
    let image = image::open(&file).unwrap().into_rgb8();
    let size = Size::new(image.width(), image.height());
    let pixels = image
        .pixels()
        .map(|pixel| u32::from_be_bytes([0, pixel[0], pixel[1], pixel[2]]));
    let captured = Frame::from_pixels(size, pixels.collect()).unwrap();
    assert!(
        captured == painter.screenshot(),
        "the capture differs from the display"
    );
}

#[test]
fn keys_and_clicks_reach_the_program() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let program = Program::start(&display, Rect::new(100, 50, 300, 200));
    let state = State::new();
    let (_endpoint, address) = serve(&display, &state);
    act(
        address,
        &[
            "move", "150", "90", "click", "1", "move", "160", "95", "click", "3",
        ],
    );
    let heard: Vec<String> = (0..4).map(|_| program.next()).collect();
    assert_eq!(
        heard,
        [
            "+button 1 at 50,40",
            "-button 1 at 50,40",
            "+button 3 at 60,45",
            "-button 3 at 60,45",
        ]
    );
    act(address, &["type", "hello World7!", "key", "enter"]);
    assert_eq!(program.typed(13), "hello World7!");
    while program.next() != "+0xff0d" {}
}
