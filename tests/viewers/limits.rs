//! Who is kept out, what it costs to be idle, and how everything ends.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use gatehand::screen::{Rect, Size};
use gatehand::vnc::ServeError;

use crate::clipboard::copy;
use crate::common::{TestDisplay, wait_for};
use crate::encrypted::{By, log_in};
use crate::painter::Painter;
use crate::program::Program;
use crate::ra2::Kind;
use crate::raw_client::RawClient;
use crate::server::{PASSWORD, THREAD, VIEW_ONLY, VncServer};

const SIZE: Size = Size::new(320, 240);

#[test]
fn who_guesses_passwords_has_to_wait() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = VncServer::start(&display);
    let attempt = |password: &str| RawClient::connect(server.address).authenticate(password);
    assert_eq!(attempt(PASSWORD), Ok(()));
    for _ in 0..5 {
        assert_eq!(attempt("guess"), Err("wrong password".into()));
    }
    // The right one is not even asked for.
    let refused = wait_for("the fifth failure to be noted", || attempt(PASSWORD).err());
    assert!(
        refused.starts_with("too many wrong passwords; try again in "),
        "{refused}"
    );
}

#[test]
fn one_viewer_too_many_is_told_so() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = VncServer::start_with(&display, |settings| settings.max_viewers = 2);
    let mut first = RawClient::connect(server.address);
    first.authenticate(PASSWORD).unwrap();
    let mut second = RawClient::connect(server.address);
    second.authenticate(VIEW_ONLY).unwrap();
    let third = RawClient::connect(server.address).authenticate(PASSWORD);
    assert_eq!(third, Err("too many viewers; try again later".into()));
    drop(first);
    wait_for("the first one's place", || {
        RawClient::connect(server.address).authenticate(PASSWORD).ok()
    });
}

#[test]
fn a_handshake_that_stops_is_ended() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = VncServer::start_with(&display, |settings| {
        settings.handshake_limit = Duration::from_millis(50);
    });
    let mut client = RawClient::connect(server.address);
    client.read::<12>();
    assert!(client.is_closed());
}

#[test]
fn a_viewer_that_goes_lets_go_of_its_keys_and_a_view_only_one_has_none() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let program = Program::start(&display, Rect::new(10, 10, 200, 200));
    let server = VncServer::start(&display);
    let key = |down: u8, symbol: u8| [4, down, 0, 0, 0, 0, 0, symbol];

    let mut looking = RawClient::connect(server.address);
    looking.authenticate(VIEW_ONLY).unwrap();
    looking.initialise();
    looking.send(&key(1, b'x'));
    // An answer to what was sent after the key means that the key was read.
    looking.request(false);
    looking.skip_raw_update();

    let mut typing = RawClient::connect(server.address);
    typing.authenticate(PASSWORD).unwrap();
    typing.initialise();
    typing.send(&key(1, b'a'));
    assert_eq!(program.next(), "+a");
    drop(typing);
    assert_eq!(program.next(), "-a");
}

/// Voluntary context switches of the screen's and the viewers' threads of this process, by thread.
fn switches() -> BTreeMap<String, u64> {
    let mut switches = BTreeMap::new();
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path();
        let read = |file: &str| fs::read_to_string(path.join(file)).unwrap_or_default();
        let name = read("comm").trim().to_owned();
        if name != THREAD && name != "vnc-screen" {
            continue;
        }
        let status = read("status");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        let id = path.file_name().unwrap().to_string_lossy().into_owned();
        switches.insert(format!("{name} {id}"), line.unwrap().trim().parse().unwrap());
    }
    switches
}

/// Alone in its process: see `idle_costs_nothing`.
#[test]
#[ignore = "run by idle_costs_nothing in a process of its own"]
fn idle_alone() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let window = painter.show_pattern(SIZE);
    let server = VncServer::start(&display);
    let quiet = |what: &str| {
        // What is still on its way may arrive first.
        wait_for("two equal counts", || {
            let before = switches();
            std::thread::sleep(Duration::from_millis(100));
            (before == switches()).then_some(())
        });
        let before = switches();
        assert_eq!(before.len(), 2, "{before:?}");
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(switches(), before, "{what}");
    };
    quiet("no viewer");
    for step in 0..50 {
        painter.fill(window.0, Rect::new(step, 0, 9, 9), 0x0000_00aa);
    }
    quiet("no viewer, after the screen changed");
    let before = switches();
    for selection in ["primary", "clipboard"] {
        copy(&display, selection, "for nobody");
    }
    quiet("no viewer, after texts were copied");
    assert_eq!(switches(), before, "texts are nobody's business then");

    let mut client = RawClient::connect(server.address);
    client.authenticate(PASSWORD).unwrap();
    client.initialise();
    client.request(false);
    client.skip_raw_update();
    client.request(true);
    quiet("a viewer that waits for a change");
    painter.fill(window.0, Rect::new(50, 50, 9, 9), 0x0000_00bb);
    client.skip_raw_update();
    quiet("a viewer that does not ask");
    drop(client);
    quiet("no viewer any more");
    let before = switches();
    copy(&display, "primary", "for nobody any more");
    quiet("no viewer any more, after a text was copied");
    assert_eq!(switches(), before, "texts are nobody's business again");

    drop(server);
    let server = VncServer::start_encrypted(&display, |_| {});
    let by = By::Ra2(Kind::Ra2With256Bits);
    let mut client = log_in(server.address, by, PASSWORD, Path::new("")).unwrap();
    client.initialise();
    client.request(false);
    client.skip_raw_update();
    client.request(true);
    quiet("a viewer behind encryption that waits for a change");
}

/// Nobody wakes up while nothing happens: with no viewer, with one that waits, with one that does not ask.
#[test]
fn idle_costs_nothing() {
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new(program)
        .args(["--exact", "limits::idle_alone", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("1 passed"), "{report}");
}

#[test]
fn a_display_that_goes_ends_the_port() {
    let mut display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = VncServer::start(&display);
    let mut client = RawClient::connect(server.address);
    client.authenticate(PASSWORD).unwrap();
    client.initialise();
    display.server.kill().unwrap();
    let ended = server.join();
    assert!(matches!(ended, Err(ServeError::DisplayLost(_))), "{ended:?}");
    assert!(client.is_closed());
}
