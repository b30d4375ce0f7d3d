//! `gatehand shot`: the picture is the display's, of a display and through servers of several makes.

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;

use gatehand::screen::{Frame, Size};
use gatehand::vision::png;

use crate::common::{TestDisplay, wait_for};
use crate::endpoint::State;
use crate::painter::Painter;
use crate::server::{PASSWORD, VncServer};

const SIZE: Size = Size::new(640, 480);

/// Takes a picture; the error is what the program says.
fn shot(display: &TestDisplay, arguments: &[&str]) -> Result<Frame, (Option<i32>, String)> {
    let state = State::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shot.png");
    let output = state
        .gatehand(display)
        .arg("shot")
        .args(arguments)
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(png::read(&file).unwrap())
    } else {
        assert!(!file.exists(), "{said}");
        Err((output.status.code(), said))
    }
}

fn through(address: SocketAddr, password: &Path) -> Vec<String> {
    let file = password.to_str().unwrap();
    ["--vnc", &address.to_string(), "--password-file", file]
        .map(str::to_owned)
        .to_vec()
}

fn by(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn a_display_and_our_own_server_give_the_same_picture() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    painter.show_pattern(SIZE);
    let picture = painter.screenshot();
    assert!(shot(&display, &[]).unwrap() == picture);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, PASSWORD).unwrap();
    let server = VncServer::start(&display);
    assert!(shot(&display, &by(&through(server.address, &file))).unwrap() == picture);

    fs::write(&file, "a guess").unwrap();
    let (code, said) = shot(&display, &by(&through(server.address, &file))).unwrap_err();
    assert_eq!(code, Some(69));
    assert!(said.contains("the server refuses: wrong password"), "{said}");
    let address = server.address.to_string();
    let (_, said) = shot(&display, &["--vnc", &address]).unwrap_err();
    assert!(
        said.contains("it wants a password: give --password-file"),
        "{said}"
    );
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn servers_of_other_makes_give_it_as_well() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    painter.show_pattern(SIZE);
    let picture = painter.screenshot();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "x11only\n").unwrap();
    let log = folder.path().join("log");
    let mut x11vnc = display.command("x11vnc");
    x11vnc
        .args([
            "-display",
            &display.address.name,
            "-forever",
            "-localhost",
            "-nopw",
            "-noxdamage",
        ])
        .args(["-passwdfile", file.to_str().unwrap()])
        .args(["-autoport", "5950", "-nocursor", "-o", log.to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let _running = Running(
        x11vnc
            .spawn()
            .expect("x11vnc is missing: run `scripts/setup.sh test`"),
    );
    let port: u16 = wait_for("x11vnc's port", || {
        let log = fs::read_to_string(&log).ok()?;
        let line = log
            .lines()
            .find_map(|line| line.split("Listening for VNC connections on TCP port ").nth(1))?;
        line.trim().parse().ok()
    });
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    assert!(shot(&display, &by(&through(address, &file))).unwrap() == picture);
}

/// A server that says this and nothing more.
fn saying(words: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            // Whoever asked may be gone.
            let _ = stream.write_all(words);
        }
    });
    address
}

#[test]
fn what_cannot_give_a_picture_is_named() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, words) in [
        (nobody, "cannot be reached"),
        (saying(b"RFB 003.002\n"), "the server is too old: RFB 3.2"),
        (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), "no VNC server answers there"),
        (saying(b"RFB 003.008\n"), "the connection broke"),
    ] {
        let address = address.to_string();
        let (code, said) = shot(&display, &["--vnc", &address]).unwrap_err();
        assert_eq!(code, Some(69));
        assert!(said.contains(words) && said.contains(&address), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
