//! What is around the login: who looks on, on which display, who is told, and what is kept.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use gatehand::vision::{Cache, Reader, Tesseract, png};

use super::common::program::{Program, family, free_port};
use super::common::receiver::Receiver;
use super::common::{TestDisplay, wait_for};
use super::house::{House, Kind};
use super::upstream::Factor;

/// One who has to confirm on a phone, which happens when the test says so.
fn confirmed_by_hand(house: House) -> House {
    house.ibkr(|ibkr| ibkr.user.factor = Factor::Push { confirmed_at: 99 })
}

/// The text of what viewers see, if they see anything.
fn seen(program: &Program, port: u16) -> Option<String> {
    let picture = program.path("seen.png");
    let (file, server) = (picture.display().to_string(), format!("127.0.0.1:{port}"));
    program.ask(&["shot", &file, "--vnc", &server]).ok()?;
    Some(text_of(&picture))
}

fn text_of(picture: &Path) -> String {
    let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
    reader.read(&png::read(picture).unwrap()).unwrap().text()
}

/// The processes of the program that have this name.
fn named(program: &Program, name: &str) -> Vec<u32> {
    let is_it = |pid: &u32| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|known| known.trim_end() == name)
    };
    family(program.pid()).into_iter().filter(is_it).collect()
}

/// Whoever has to help sees why; there is a display before the login and after it.
#[test]
fn viewers_see_the_login() {
    let port = free_port();
    let mut house = confirmed_by_hand(House::new(Kind::StandIn))
        .with("VNC_SERVER_PASSWORD", "look-in")
        .with("GATEHAND_VNC_LISTEN", &format!("127.0.0.1:{port}"))
        .start();
    wait_for("the page at the viewer", || {
        seen(&house.program, port).filter(|text| text.contains("sent you a notification"))
    });
    house.upstream.state().confirmed = true;
    house.wait_for("ready", "");
    wait_for("an empty display", || {
        seen(&house.program, port).filter(|text| text.trim().is_empty())
    });
    assert_eq!(named(&house.program, "surf"), [] as [u32; 0]);
    // They have it again when it ends, and the session goes on.
    let first = named(&house.program, "Xvfb");
    let killed = Command::new("kill")
        .args(["-KILL", &first[0].to_string()])
        .status();
    assert!(killed.unwrap().success());
    wait_for("another display", || {
        let found = named(&house.program, "Xvfb");
        (!found.is_empty() && found != first).then_some(())
    });
    wait_for("viewers to be served again", || seen(&house.program, port));
    assert_eq!((house.times("ready"), house.logins()), (1, 1));
    assert_eq!(house.program.stop(), Some(0));
    assert_eq!(named_in_folder(&house.program), [] as [String; 0]);
}

/// What is left of displays in the state folder.
fn named_in_folder(program: &Program) -> Vec<String> {
    let entries = fs::read_dir(program.path("state")).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names
        .filter(|name| name == "display" || name == "browser")
        .collect()
}

/// A viewer in which keys are pressed all the time: letters, and Return.
fn press_keys(port: u16, until: &AtomicBool) {
    let connect = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        let mut version = [0; 12];
        stream.read_exact(&mut version).ok()?;
        stream.write_all(&version).ok()?;
        let mut number = [0];
        stream.read_exact(&mut number).ok()?;
        stream.read_exact(&mut vec![0; number[0].into()]).ok()?;
        stream.write_all(&[1]).ok()?;
        stream.read_exact(&mut [0; 4]).ok()?;
        stream.write_all(&[1]).ok()?;
        stream.read_exact(&mut [0; 24]).ok()?;
        Some(stream)
    };
    let mut stream = wait_for("viewers to be served", connect);
    while !until.load(Ordering::Relaxed) {
        for key in [0x78_u32, 0xff0d] {
            for down in [1, 0] {
                let mut event = [4, down, 0, 0, 0, 0, 0, 0];
                event[4..].copy_from_slice(&key.to_be_bytes());
                if stream.write_all(&event).is_err() {
                    return;
                }
            }
        }
        thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Nothing of theirs gets into what is submitted, and they submit nothing themselves.
#[test]
fn viewers_keys_wait_while_the_login_is_worked() {
    let port = free_port();
    let mut house = House::new(Kind::StandIn)
        .with("GATEHAND_VNC_NO_PASSWORD", "yes")
        .with("GATEHAND_VNC_WEB_LISTEN", "none")
        .with("GATEHAND_VNC_LISTEN", &format!("127.0.0.1:{port}"))
        .start();
    let end = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| press_keys(port, &end));
        house.wait_for("no-session", "a login is under way");
        wait_for("the login's end", || {
            (house.times("ready") > 0 || house.program.log().contains("came to no session")).then_some(())
        });
        end.store(true, Ordering::Relaxed);
    });
    let user = house.upstream.state().user.clone();
    let logins = house.upstream.state().logins.clone();
    assert_eq!(logins, [(user.name, user.password, false)]);
    house.wait_for("ready", "");
}

/// That of somebody else, with its cookie, which stays when the login is over.
#[test]
fn a_display_that_is_there_shows_the_login() {
    let mut display = TestDisplay::start(1024, 768);
    let authority = display.address.authority.clone().unwrap();
    let mut house =
        confirmed_by_hand(House::new(Kind::StandIn)).with("XAUTHORITY", &authority.display().to_string());
    house
        .program
        .restart(&["-v", "portal", "run", "--display", &display.address.name]);
    let picture = house.program.path("shown.png");
    let file = picture.display().to_string();
    wait_for("the page on the display", || {
        house
            .program
            .ask(&["shot", &file, "--display", &display.address.name])
            .ok()?;
        text_of(&picture)
            .contains("sent you a notification")
            .then_some(())
    });
    assert_eq!(named(&house.program, "Xvfb"), [] as [u32; 0]);
    house.upstream.state().confirmed = true;
    house.wait_for("ready", "");
    assert_eq!(house.program.stop(), Some(0));
    assert!(display.server.try_wait().unwrap().is_none(), "it stays");
}

/// A push is worth a notification, and what needs a human another one.
#[test]
fn those_who_have_to_do_something_are_told() {
    let hook = Receiver::start(&[]);
    let mut house = House::new(Kind::StandIn)
        .ibkr(|ibkr| ibkr.user.factor = Factor::Push { confirmed_at: 1 })
        .with("GATEHAND_NOTIFY_WEBHOOK", &hook.url("/hook"))
        .start();
    house.wait_for("ready", "");
    house.end_session();
    house.upstream.state().user.password = "changed".into();
    house.wait_for("locked-out", "Invalid username password");
    let told = |event: &str| {
        wait_for(event, || {
            let all = hook.all().into_iter().map(|sent| sent.json());
            all.into_iter().find(|told| told["event"] == event)
        })
    };
    for (event, text) in [
        ("second-factor", "confirm the login on your phone"),
        ("locked-out", "Invalid username password"),
    ] {
        let told = told(event);
        assert_eq!(told["sender"], "gatehand portal", "{told}");
        assert!(told["text"].as_str().unwrap().contains(text), "{told}");
    }
}

/// IBeam's folder of outputs: its log and its pictures are there when the gateway is started anew.
#[test]
fn the_log_and_pictures_are_kept_in_files() {
    let house = House::new(Kind::StandIn)
        .with("IBEAM_PASSWORD", "not this one")
        .with("IBEAM_LOG_TO_FILE", "True")
        .with("IBEAM_ERROR_SCREENSHOTS", "True")
        .with("IBEAM_LOG_FORMAT", "%(levelname)-.1s| %(message)s");
    // Whoever only asks has no log to keep.
    house.program.ask(&["portal", "status"]).unwrap_err();
    assert!(!house.program.path("state/portal-outputs").exists());
    let mut house = house.start();
    house.wait_for("locked-out", "");
    let first = house.gateway_pid();
    let killed = Command::new("kill").args(["-KILL", &first.to_string()]).status();
    assert!(killed.unwrap().success());
    house.wait_for_times("locked-out", 2);
    let outputs = fs::read_dir(house.program.path("state/portal-outputs")).unwrap();
    let mut names: Vec<String> = outputs
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    let [picture, log] = &names[..] else {
        panic!("{names:?}");
    };
    assert!(picture.ends_with("__failed_attempt.png"), "{names:?}");
    assert!(
        log.starts_with("ibeam_log__20") && log.ends_with(".txt"),
        "{names:?}"
    );
    let kept = fs::read_to_string(house.program.path("state/portal-outputs").join(log)).unwrap();
    assert!(
        kept.contains("I| Gateway not found, starting new one..."),
        "{kept}"
    );
    assert!(house.program.log().starts_with(&kept), "{kept}");
    assert!(!kept.contains("not this one"));
}
