//! `gatehand vnc` in the place of x11vnc: where it listens, how long it stays, which files it takes, and the size of the
//! screen.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::process::Command;

use gatehand::screen::{Rect, Size};

use crate::common::{PATIENCE, TestDisplay, wait_for};
use crate::endpoint::{Endpoint, State};
use crate::painter::Painter;
use crate::program::Program;
use crate::raw_client::RawClient;

const SIZE: Size = Size::new(320, 240);
const SECRET: (&str, &str) = ("VNC_PASSWORD", "secret");

#[test]
fn a_socket_in_the_file_system_is_for_its_user_alone() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let state = State::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("viewers.sock");
    let text = path.to_str().unwrap();
    let start = || Endpoint::start(&display, &state, &["--unix-socket", text], &[SECRET]);
    let viewer = || {
        let stream = UnixStream::connect(&path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        RawClient(Box::new(stream))
    };
    // One that was killed leaves its socket behind.
    for _ in 0..2 {
        let endpoint = start();
        assert!(endpoint.line("viewers are served").contains(text));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let mut client = viewer();
        client.authenticate("secret").unwrap();
        assert_eq!(client.initialise(), (320, 240));
        endpoint.line("viewer let in");
        assert!(!endpoint.log().contains("127.0.0.1"), "there is no port");
    }
    assert!(path.exists());
    let endpoint = start();
    endpoint.line("viewers are served");
    let mut second = start();
    assert_eq!(second.ended().code(), Some(69));
    second.line("address in use");
    endpoint.stop();
    assert!(!path.exists(), "the socket goes with its program");
    fs::write(&path, "somebody's file").unwrap();
    let mut refused = start();
    assert_eq!(refused.ended().code(), Some(69));
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's file");
}

#[test]
fn it_listens_where_it_is_told_to() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    for (arguments, bound, reached) in [
        (&["--listen", "[::1]:0"][..], "::1", "::1"),
        // Both kinds of addresses.
        (&["--listen", "[::]:0"], "::", "127.0.0.1"),
        (&["--listen", "[::]:0"], "::", "::1"),
        (&["--listen", "[::]:0", "-localhost"], "127.0.0.1", "127.0.0.1"),
        (
            &["--listen", "0.0.0.0:0", "--localhost"],
            "127.0.0.1",
            "127.0.0.1",
        ),
    ] {
        let endpoint = Endpoint::start(&display, &State::new(), arguments, &[SECRET]);
        let address = endpoint.address();
        assert_eq!(address.ip().to_string(), bound, "{arguments:?}");
        let mut client = RawClient::connect((reached.parse::<IpAddr>().unwrap(), address.port()).into());
        client.authenticate("secret").unwrap();
        assert_eq!(client.initialise(), (320, 240), "{arguments:?}");
    }
}

#[test]
fn files_of_passwords_are_taken_as_they_are() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let plain = file("plain");
    fs::write(&plain, "secret\nlook\n").unwrap();
    let scrambled = file("scrambled");
    let written = Command::new("tigervncpasswd")
        .arg("-f")
        .stdin(fs::File::open(&plain).unwrap())
        .output();
    fs::write(
        &scrambled,
        written
            .expect("tigervncpasswd, of the package tigervnc-tools")
            .stdout,
    )
    .unwrap();
    for arguments in [
        // As x11vnc is started.
        &["-forever", "-shared", "-passwdfile", &plain][..],
        &["--passwdfile", &plain],
        &["--rfbauth", &scrambled],
    ] {
        let endpoint = Endpoint::start(&display, &State::new(), arguments, &[]);
        let address = endpoint.address();
        for (password, access) in [("secret", "Full"), ("look", "ViewOnly")] {
            RawClient::connect(address).authenticate(password).unwrap();
            let line = endpoint.line("viewer let in");
            assert!(line.contains(access), "{arguments:?}: {line}");
        }
        assert_eq!(
            RawClient::connect(address).authenticate("guess"),
            Err("wrong password".into())
        );
    }
}

#[test]
fn it_ends_with_the_last_viewer_when_asked_to() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let mut endpoint = Endpoint::start(&display, &State::new(), &["--once"], &[SECRET]);
    let address = endpoint.address();
    // Who did not get in was no viewer.
    assert!(RawClient::connect(address).authenticate("guess").is_err());
    endpoint.line("viewer refused");
    let mut viewers = [0, 1].map(|_| {
        let mut client = RawClient::connect(address);
        client.authenticate("secret").unwrap();
        client.initialise();
        Some(client)
    });
    drop(viewers[0].take());
    endpoint.line("viewer left");
    let second = viewers[1].as_mut().unwrap();
    second.request(false);
    second.skip_raw_update();
    drop(viewers);
    endpoint.line("the last viewer has left");
    assert!(endpoint.ended().success());
}

#[test]
fn memory_is_given_back_whenever_the_last_viewer_leaves() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let endpoint = Endpoint::start(&display, &State::new(), &[], &[SECRET]);
    let address = endpoint.address();
    let of_the_program = || {
        let text = fs::read_to_string(format!("/proc/{}/status", endpoint.pid())).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("RssFile:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    for _ in 0..2 {
        let mut client = RawClient::connect(address);
        client.authenticate("secret").unwrap();
        client.initialise();
        client.request(false);
        client.skip_raw_update();
        let needed = of_the_program();
        drop(client);
        wait_for("a smaller program", || {
            (of_the_program() < needed * 3 / 4).then_some(())
        });
    }
}

#[test]
fn nobody_types_where_all_only_look() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let program = Program::start(&display, Rect::new(10, 10, 200, 200));
    let key = |symbol: u8| [4, 1, 0, 0, 0, 0, 0, symbol];
    let state = State::new();
    for arguments in [&["--view-only"][..], &["--view-only", "--no-password"]] {
        let password = if arguments.len() == 1 { "secret" } else { "" };
        let endpoint = Endpoint::start(&display, &state, arguments, &[("VNC_PASSWORD", password)]);
        let mut client = RawClient::connect(endpoint.address());
        if password.is_empty() {
            assert_eq!(client.offered().unwrap(), [1]);
            client.send(&[1]);
            client.verdict().unwrap();
        } else {
            client.authenticate(password).unwrap();
        }
        client.initialise();
        client.send(&key(b'x'));
        client.request(false);
        client.skip_raw_update();
    }
    let endpoint = Endpoint::start(&display, &state, &["--no-password"], &[]);
    let mut client = RawClient::connect(endpoint.address());
    client.offered().unwrap();
    client.send(&[1]);
    client.verdict().unwrap();
    client.initialise();
    client.send(&key(b'a'));
    assert_eq!(program.next(), "+a");
}

#[test]
fn a_viewer_stays_as_long_as_it_may() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    for (setting, why) in [
        ("GATEHAND_VNC_IDLE_LIMIT", "no key and no pointer for 1 s"),
        ("GATEHAND_VNC_TIME_LIMIT", "its 1 s are over"),
    ] {
        let endpoint = Endpoint::start(&display, &State::new(), &[], &[SECRET, (setting, "1")]);
        let mut client = RawClient::connect(endpoint.address());
        client.authenticate("secret").unwrap();
        client.initialise();
        endpoint.line(why);
        assert!(client.is_closed());
    }
}

#[test]
fn a_viewer_gives_the_screen_another_size() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let endpoint = Endpoint::start(&display, &State::new(), &[], &[SECRET]);
    let mut client = RawClient::connect(endpoint.address());
    client.authenticate("secret").unwrap();
    client.initialise();
    // SetEncodings: ExtendedDesktopSize.
    client.send(&[2, 0, 0, 1, 0xff, 0xff, 0xfe, 0xcc]);
    let mut wish = |width: u16, height: u16| {
        let (w, h) = (width.to_be_bytes(), height.to_be_bytes());
        let screen = [&[0, 0, 0, 0, 0, 0, 0, 0], &w[..], &h, &[0; 4]].concat();
        client.send(&[&[251, 0], &w[..], &h, &[1, 0], &screen].concat());
        client.request(true);
        loop {
            if let Some(answer) = client.desktop_size() {
                break answer;
            }
            client.request(true);
        }
    };
    // Reason 1: what this viewer asked for.
    assert_eq!(wish(200, 160), (1, 0, Size::new(200, 160)));
    wait_for("the display's new size", || {
        (painter.screenshot().size() == Size::new(200, 160)).then_some(())
    });
    assert_eq!(wish(320, 240), (1, 0, SIZE));
    // Xvfb has no room for more than it was started with.
    assert_eq!(wish(2000, 1000), (1, 3, SIZE));
}
