//! A viewer of libvncclient, which is what Remmina and Guacamole are made of: it takes the first security type in the
//! server's list that it knows.

use std::path::Path;
use std::process::{Command, Output};

use gatehand::screen::{Rect, Size};

use crate::common::TestDisplay;
use crate::endpoint::{Endpoint, State};
use crate::painter::Painter;

const SIZE: Size = Size::new(320, 240);

/// The program of tests/c.
fn build(folder: &Path) -> std::path::PathBuf {
    let program = folder.join("libvncclient");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/c/libvncclient.c");
    let compiled = Command::new("cc")
        .args(["-Wall", "-Werror", source, "-lvncclient", "-o"])
        .arg(&program)
        .output()
        .unwrap();
    assert!(
        compiled.status.success(),
        "no viewer (Debian: libvncserver-dev): {}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    program
}

#[test]
fn it_gets_in_with_and_without_tls() {
    let folder = tempfile::tempdir().unwrap();
    let program = build(folder.path());
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let window = painter.show_pattern(SIZE);
    painter.fill(window.0, Rect::of_size(SIZE), 0x0012_3456);
    painter.sync();
    let state = State::new();
    let certificate = state.path("tls.pem");
    let view = |endpoint: &Endpoint, password: &str, ca: &str| -> Output {
        let address = endpoint.address();
        Command::new(&program)
            .args([&address.ip().to_string(), &address.port().to_string(), ca])
            .env("VNC_PASSWORD", password)
            .output()
            .unwrap()
    };
    let said = |output: &Output| String::from_utf8_lossy(&output.stdout).trim().to_owned();

    let plain = Endpoint::start(&display, &state, &[], &[("VNC_PASSWORD", "secret")]);
    let output = view(&plain, "secret", "");
    assert_eq!(said(&output), "type 2/0, 320x240, #123456", "{output:?}");

    let long = "a password of more than 8 bytes";
    let start = || Endpoint::start(&display, &state, &["--tls"], &[("VNC_PASSWORD", long)]);
    let output = view(&start(), long, certificate.to_str().unwrap());
    assert_eq!(said(&output), "type 19/262, 320x240, #123456", "{output:?}");
    // A certificate that it does not know.
    let output = view(&start(), long, "/etc/hostname");
    assert!(!output.status.success(), "{output:?}");
}
