//! Remmina on a display of its own: its window shows the picture.

use std::fs;
use std::process::Stdio;

use gatehand::screen::{Rect, Size};

use crate::common::{TestDisplay, wait_for};
use crate::endpoint::{Endpoint, State};
use crate::painter::Painter;
use crate::tigervnc::{Running, find};

const SIZE: Size = Size::new(640, 480);
const SECRET: &str = "remember";

/// The best quality: what is drawn arrives as it is.
fn connection(address: impl std::fmt::Display) -> String {
    let lines = [
        "[remmina]",
        "name=a gateway",
        "protocol=VNC",
        &format!("server={address}"),
        &format!("password={SECRET}"),
        "quality=9",
        "colordepth=32",
        "viewmode=1",
        "window_width=900",
        "window_height=700",
    ];
    lines.join("\n")
}

#[test]
fn its_window_shows_the_picture_and_what_changes_in_it() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let window = painter.show_pattern(SIZE);
    let endpoint = Endpoint::start(&display, &State::new(), &[], &[("VNC_PASSWORD", SECRET)]);
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("gateway.remmina");
    fs::write(&file, connection(endpoint.address())).unwrap();
    let desk = TestDisplay::start(1000, 800);
    let eye = Painter::connect(&desk);
    let remmina = desk
        .command("remmina")
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        // Nothing of the desktop that it is made for.
        .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
        .env("NO_AT_BRIDGE", "1")
        .arg("-c")
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _running = Running(remmina.expect("remmina, of the packages remmina and remmina-plugin-vnc"));
    assert!(endpoint.line("viewer let in").contains("Full"));
    // Lines and panels are above, noise and a gradient, which may travel as JPEG, below.
    let drawn = || painter.screenshot().crop(Rect::new(0, 0, SIZE.width, 190));
    let shown = || find(&drawn(), &eye.screenshot());
    wait_for("the picture in Remmina's window", shown);
    painter.fill(window.0, Rect::new(200, 40, 60, 30), 0x00ff_00ff);
    painter.sync();
    wait_for("the change in Remmina's window", shown);
}
