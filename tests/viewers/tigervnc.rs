//! TigerVNC's viewer on a display of its own: its window shows the picture.

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use gatehand::screen::{Frame, Point, Rect, Size};
use protocol::security::vnc_auth::Password;
use x11rb::protocol::xproto::{ConnectionExt as _, InputFocus};

use crate::common::{TestDisplay, wait_for};
use crate::endpoint::{Endpoint, State};
use crate::painter::Painter;
use crate::program::Program;
use crate::server::{PASSWORD, VncServer};

const SIZE: Size = Size::new(640, 480);

pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The password as TigerVNC's password files have it: encrypted with a key that everybody knows.
fn obfuscated(password: &str) -> Vec<u8> {
    let mut padded = [0; 16];
    padded[..password.len()].copy_from_slice(password.as_bytes());
    let known = Password::new(&[23, 82, 107, 6, 35, 78, 88, 7]).unwrap();
    known.answer(&padded)[..8].to_vec()
}

pub(crate) fn start_viewer(
    address: SocketAddr,
    on: &TestDisplay,
    options: &[&str],
) -> (Running, tempfile::TempDir) {
    assert!(
        Command::new("xtigervncviewer").arg("--version").output().is_ok(),
        "xtigervncviewer is missing: run `apt-get install tigervnc-viewer`"
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("password");
    fs::write(&file, obfuscated(PASSWORD)).unwrap();
    let child = on
        .command("xtigervncviewer")
        .env("HOME", directory.path())
        .env("VNC_USERNAME", "whoever")
        .env("VNC_PASSWORD", PASSWORD)
        .args([
            "-PasswordFile",
            file.to_str().unwrap(),
            "-RemoteResize=0",
            "-AlertOnFatalError=0",
        ])
        .args(options)
        .arg(format!("{}::{}", address.ip(), address.port()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (Running(child), directory)
}

/// Where `part` is inside `whole`, pixel by pixel.
pub(crate) fn find(part: &Frame, whole: &Frame) -> Option<Point> {
    let space = Size::new(
        whole.size().width.checked_sub(part.size().width)?,
        whole.size().height.checked_sub(part.size().height)?,
    );
    let mut places = (0..=space.height).flat_map(|y| (0..=space.width).map(move |x| (x, y)));
    let width = part.size().width as usize;
    let fits = |&(x, y): &(u32, u32)| {
        (0..part.size().height).all(|row| whole.row(y + row)[x as usize..][..width] == *part.row(row))
    };
    places.find(fits).map(|(x, y)| Point::new(x as i32, y as i32))
}

/// How far the colours of two pictures are apart on average, of 255.
pub(crate) fn mean_difference(a: &Frame, b: &Frame) -> f64 {
    let pixels = a.pixels().iter().zip(b.pixels());
    let colours = pixels.flat_map(|(a, b)| a.to_be_bytes().into_iter().zip(b.to_be_bytes()));
    let off: u64 = colours.map(|(a, b)| u64::from(a.abs_diff(b))).sum();
    off as f64 / (a.pixels().len() * 3) as f64
}

#[test]
fn its_window_shows_the_picture_and_what_changes_in_it() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let window = painter.show_pattern(SIZE);
    let server = VncServer::start(&display);
    let choices: [&[&str]; 4] = [
        &["-NoJPEG"],
        &["-AutoSelect=0", "-PreferredEncoding=ZRLE"],
        &["-AutoSelect=0", "-PreferredEncoding=Tight", "-NoJPEG"],
        &["-AutoSelect=0", "-PreferredEncoding=Raw"],
    ];
    for (index, options) in (0..).zip(choices) {
        let desk = TestDisplay::start(1000, 800);
        let eye = Painter::connect(&desk);
        let _running = start_viewer(server.address, &desk, options);
        let what = format!("the picture in the window of TigerVNC's viewer, {options:?}");
        wait_for(&what, || find(&painter.screenshot(), &eye.screenshot()));
        painter.fill(window.0, Rect::new(200, 40 + index * 40, 60, 30), 0x00ff_00ff);
        wait_for(&what, || find(&painter.screenshot(), &eye.screenshot()));
    }
}

#[test]
fn its_pictures_are_nearly_right_and_all_else_exactly() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    painter.show_pattern(SIZE);
    let server = VncServer::start(&display);
    let desk = TestDisplay::start(1000, 800);
    let eye = Painter::connect(&desk);
    // As people start it: Tight, with JPEG of a high quality.
    let _running = start_viewer(server.address, &desk, &[]);
    let picture = painter.screenshot();
    // Lines and panels are above, noise and a gradient below.
    let drawn = picture.crop(Rect::new(0, 0, SIZE.width, 190));
    let off = wait_for("the picture in the window of TigerVNC's viewer", || {
        let shown = eye.screenshot();
        let at = find(&drawn, &shown)?;
        let shown = shown.crop(picture.bounds().offset(at.x, at.y));
        let off = mean_difference(&picture, &shown);
        (off < 2.0).then_some(off)
    });
    assert!(off > 0.0, "it asked for JPEG, and nothing was lost");
}

#[test]
fn what_is_typed_into_its_window_reaches_the_program() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    painter.show_pattern(SIZE);
    let program = Program::start(&display, Rect::new(100, 50, 300, 200));
    let server = VncServer::start(&display);
    let desk = TestDisplay::start(1000, 800);
    let eye = Painter::connect(&desk);
    let _running = start_viewer(server.address, &desk, &["-NoJPEG"]);
    let at = wait_for("the viewer's window", || {
        find(&painter.screenshot(), &eye.screenshot())
    });
    let mut hands = gatehand::x11::Screen::connect(&desk.address).unwrap();
    let place = at.offset(150, 90);
    for buttons in [0, 1, 0] {
        hands.pointer(place, buttons).unwrap();
    }
    assert_eq!(program.next(), "+button 1 at 50,40");
    assert_eq!(program.next(), "-button 1 at 50,40");
    // There is no window manager that would give the viewer the focus.
    let wire = &eye.connection;
    let viewer = wire.query_pointer(eye.root).unwrap().reply().unwrap().child;
    wire.set_input_focus(InputFocus::POINTER_ROOT, viewer, x11rb::CURRENT_TIME)
        .unwrap();
    eye.sync();
    for symbol in "Gate:hand".chars() {
        hands.key(symbol.into(), true).unwrap();
        hands.key(symbol.into(), false).unwrap();
    }
    assert_eq!(program.typed(9), "Gate:hand");
}

#[test]
fn it_gets_in_by_every_type_that_it_knows() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    painter.show_pattern(SIZE);
    let state = State::new();
    let endpoint = Endpoint::start(&display, &state, &["--tls"], &[("VNC_PASSWORD", PASSWORD)]);
    let address = endpoint.address();
    let authority = format!("-X509CA={}", state.path("tls.pem").display());
    let types = [
        "-SecurityTypes=VncAuth",
        "-SecurityTypes=X509Vnc",
        "-SecurityTypes=X509Plain",
    ];
    // And the one that it takes by itself.
    for option in types.into_iter().chain(["-Shared"]) {
        let desk = TestDisplay::start(1000, 800);
        let eye = Painter::connect(&desk);
        let _running = start_viewer(address, &desk, &["-NoJPEG", &authority, option]);
        assert!(endpoint.line("viewer let in").contains("Full"));
        let what = format!("the picture in the window of TigerVNC's viewer, {option}");
        wait_for(&what, || find(&painter.screenshot(), &eye.screenshot()));
    }
}
