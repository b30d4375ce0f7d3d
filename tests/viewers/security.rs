//! Who gets in by which security type, and who does not: the program as users run it.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use gatehand::screen::{Rect, Size};

use crate::common::{TestDisplay, wait_for};
use crate::encrypted::{ALL, By, log_in};
use crate::endpoint::{Endpoint, State};
use crate::program::Program;
use crate::ra2::Kind;
use crate::raw_client::RawClient;
use crate::vncdotool::vncdo;

const SIZE: Size = Size::new(320, 240);
const FULL: &str = "to type!";
const LOOK: &str = "to look";
const LONG: &str = "a password of more than 8 bytes";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_offered_follows_from_the_settings() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let state = State::new();
    let truncates = ("GATEHAND_VNC_LEGACY_TRUNCATE", "yes");
    for (password, arguments, more, types) in [
        (FULL, &[][..], &[][..], &[129, 5, 2][..]),
        (LONG, &[], &[], &[129, 5]),
        (LONG, &[], &[truncates], &[129, 5, 2]),
        (FULL, &["--tls"], &[], &[19, 129, 5, 2]),
        (LONG, &["--tls"], &[], &[19, 129, 5]),
        ("", &["--no-password"], &[], &[1]),
    ] {
        let environment = [&[("VNC_PASSWORD", password)], more].concat();
        let endpoint = Endpoint::start(&display, &state, arguments, &environment);
        let offered = RawClient::connect(endpoint.address()).offered();
        assert_eq!(offered.unwrap(), types, "{password:?} {arguments:?} {more:?}");
        let is_off = endpoint.log().contains("VNC authentication is off");
        assert_eq!(
            is_off,
            types.len() > 1 && !types.contains(&2),
            "{}",
            endpoint.log()
        );
    }
}

#[test]
fn the_password_chooses_what_a_viewer_may_do_by_every_type() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let program = Program::start(&display, Rect::new(10, 10, 200, 200));
    let state = State::new();
    let passwords = [("VNC_PASSWORD", FULL), ("GATEHAND_VNC_VIEW_PASSWORD", LOOK)];
    let endpoint = Endpoint::start(&display, &state, &["--tls"], &passwords);
    let address = endpoint.address();
    let key = |down: u8, symbol: u8| [4, down, 0, 0, 0, 0, 0, symbol];
    for by in ALL {
        let enter = |password| {
            let mut client = log_in(address, by, password, &state.path("tls.pem")).unwrap();
            assert_eq!(client.initialise(), (320, 240), "{by:?}");
            client
        };
        let mut looking = enter(LOOK);
        looking.send(&key(1, b'x'));
        // An answer to what was sent after the key means that the key was read.
        looking.request(false);
        looking.skip_raw_update();
        let mut typing = enter(FULL);
        typing.send(&key(1, b'a'));
        assert_eq!(program.next(), "+a", "{by:?}");
        typing.request(false);
        typing.skip_raw_update();
        drop(typing);
        assert_eq!(program.next(), "-a", "{by:?}");
    }
}

#[test]
fn a_long_password_is_compared_whole() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let state = State::new();
    let endpoint = Endpoint::start(&display, &state, &["--tls"], &[("VNC_PASSWORD", LONG)]);
    let address = endpoint.address();
    for by in [By::Ra2(Kind::Ra2), By::Ra2(Kind::Ra2With256Bits), By::X509Plain] {
        let enter = |password: &str| log_in(address, by, password, &state.path("tls.pem")).err();
        assert_eq!(enter(&LONG[..8]).as_deref(), Some("wrong password"), "{by:?}");
        assert_eq!(enter(LONG), None, "{by:?}");
    }
}

/// vncdotool knows VNC authentication only; so does what `gatehand shot` looks through.
#[test]
fn a_legacy_password_lets_in_who_knows_vnc_authentication_only() {
    const LEGACY: &str = "legacy-8";
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let program = Program::start(&display, Rect::new(10, 10, 200, 200));
    let state = State::new();
    let environment = [
        ("VNC_PASSWORD", LONG),
        ("VNC_LEGACY_PASSWORD", LEGACY),
        ("GATEHAND_VNC_VIEW_PASSWORD", LOOK),
    ];
    let endpoint = Endpoint::start(&display, &state, &["--tls"], &environment);
    let address = endpoint.address();
    assert!(
        endpoint
            .log()
            .contains("VNC authentication takes the legacy password")
    );
    let typed = vncdo(address, LEGACY, &["key", "a"]);
    assert!(
        typed.status.success(),
        "{}",
        String::from_utf8_lossy(&typed.stderr)
    );
    assert_eq!((program.next(), program.next()), ("+a".into(), "-a".into()));
    endpoint.line("viewer let in access=Full");
    let refused = vncdo(address, &LONG[..8], &["key", "b"]);
    assert!(!refused.status.success());
    endpoint.line("viewer refused: wrong password");

    for (by, password, refused) in [
        (By::VncAuth, LOOK, false),
        (By::X509Plain, LONG, false),
        (By::X509Plain, LEGACY, true),
        (By::Ra2(Kind::Ra2With256Bits), LONG, false),
        (By::Ra2(Kind::Ra2With256Bits), LEGACY, true),
    ] {
        let outcome = log_in(address, by, password, &state.path("tls.pem")).err();
        assert_eq!(
            outcome.as_deref(),
            refused.then_some("wrong password"),
            "{by:?} {password}"
        );
    }

    let shot = state
        .gatehand(&display)
        .envs(environment)
        .args(["shot", "--vnc", &address.to_string()])
        .arg(state.path("shot.png"))
        .output()
        .unwrap();
    assert!(shot.status.success(), "{}", String::from_utf8_lossy(&shot.stderr));
    let log = endpoint.log();
    assert!(!log.contains(LEGACY) && !log.contains(LONG), "{log}");
}

#[test]
fn an_old_viewer_hears_why_it_cannot_get_in() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let endpoint = Endpoint::start(&display, &State::new(), &[], &[("VNC_PASSWORD", LONG)]);
    let mut client = RawClient::connect(endpoint.address());
    client.read::<12>();
    // As macOS answers, whatever the server speaks.
    client.send(b"RFB 003.003\n");
    assert_eq!(client.read(), [0; 4]);
    let reason = client.read_text();
    assert!(reason.contains("VNC authentication only"), "{reason}");
    assert!(client.is_closed());
    endpoint.line("RFB 3.3 knows VNC authentication only");
}

#[test]
fn a_wrong_password_counts_whatever_it_was_shown_by() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    for by in ALL {
        let state = State::new();
        let endpoint = Endpoint::start(&display, &state, &["--tls"], &[("VNC_PASSWORD", FULL)]);
        let address = endpoint.address();
        let ca = state.path("tls.pem");
        for _ in 0..5 {
            assert_eq!(
                log_in(address, by, "guess", &ca).err().as_deref(),
                Some("wrong password"),
                "{by:?}"
            );
            endpoint.line("viewer refused: wrong password");
        }
        let refused = log_in(address, by, FULL, &ca).err().unwrap();
        assert!(
            refused.starts_with("too many wrong passwords; try again in "),
            "{by:?}: {refused}"
        );
        assert!(!endpoint.log().contains("guess") && !endpoint.log().contains(FULL));
    }
}

#[test]
fn a_generated_password_is_kept_in_a_file_of_its_own() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let state = State::new();
    let file = state.path("password");
    let start = || Endpoint::start(&display, &state, &[], &[("VNC_PASSWORD", "generate")]);
    let endpoint = start();
    let address = endpoint.address();
    let password = fs::read_to_string(&file).unwrap();
    let password = password.trim_end();
    assert_eq!((password.len(), mode(&file)), (8, 0o600));
    let log = endpoint.log();
    assert!(
        log.contains(&file.display().to_string()) && !log.contains(password),
        "{log}"
    );
    assert_eq!(
        RawClient::connect(address).authenticate("generate"),
        Err("wrong password".into())
    );
    assert_eq!(RawClient::connect(address).authenticate(password), Ok(()));
    endpoint.stop();
    let endpoint = start();
    assert_eq!(
        RawClient::connect(endpoint.address()).authenticate(password),
        Ok(())
    );
}

#[test]
fn key_and_certificate_last() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let state = State::new();
    let shown = |endpoint: &Endpoint, what: &str| {
        let line = endpoint.line(what);
        line.split("fingerprint=")
            .nth(1)
            .unwrap()
            .trim_matches('"')
            .to_owned()
    };
    let arguments = ["--tls", "--name", "vnc.example.org"];
    let fingerprints = [0, 1].map(|_| {
        let endpoint = Endpoint::start(&display, &state, &arguments, &[("VNC_PASSWORD", FULL)]);
        let both =
            ["RSA key of this server", "certificate of this server"].map(|what| shown(&endpoint, what));
        endpoint.stop();
        both
    });
    assert_eq!(fingerprints[0], fingerprints[1]);
    for name in ["rsa.der", "tls.key"] {
        assert_eq!(mode(&state.path(name)), 0o600, "{name}");
    }
    let certificate = |arguments: &[&str]| {
        let output = state
            .gatehand(&display)
            .arg("cert")
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let printed = String::from_utf8(output.stdout).unwrap();
        let line = printed.lines().find_map(|line| line.strip_prefix("SHA-256"));
        line.unwrap().trim().to_owned()
    };
    let [_, first] = &fingerprints[0];
    assert_eq!(certificate(&["--name", "vnc.example.org"]), *first);
    let other = certificate(&["--name", "vnc.example.net"]);
    assert_ne!(other, *first, "it was not for that name");
    assert_ne!(certificate(&["--new"]), other);

    fs::write(state.path("rsa.der"), "damaged").unwrap();
    let mut endpoint = Endpoint::start(&display, &state, &[], &[("VNC_PASSWORD", FULL)]);
    assert_eq!(endpoint.ended().code(), Some(78));
    endpoint.line("rsa.der: the RSA key cannot be used; remove it");
}

#[test]
fn a_certificate_of_the_users_own_is_shown() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let state = State::new();
    let ours = crate::common::certificates::Authority::new("ours");
    ours.issue("viewers");
    let (certificate, key) = (ours.text("viewers.pem"), ours.text("viewers.key"));
    let arguments = ["--tls-certificate", &certificate, "--tls-key", &key];
    let endpoint = Endpoint::start(&display, &state, &arguments, &[("VNC_PASSWORD", LONG)]);
    let address = endpoint.address();
    assert!(log_in(address, By::X509Plain, LONG, &ours.path("ca.pem")).is_ok());
    assert!(!state.path("tls.pem").exists());
}

/// What a viewer says first in TLS 1.1 or 1.2 (RFC 5246 §7.4.1.2): suites of elliptic curves, and all that these need.
fn client_hello(minor: u8) -> Vec<u8> {
    let extensions = [
        &[0, 10, 0, 4, 0, 2, 0, 23][..],
        &[0, 11, 0, 2, 1, 0],
        &[0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1],
    ]
    .concat();
    let body = [
        &[3, minor][..],
        &[7; 32],
        &[0],
        &[0, 4, 0xc0, 0x2b, 0xc0, 0x2f],
        &[1, 0],
        &(extensions.len() as u16).to_be_bytes(),
        &extensions,
    ]
    .concat();
    let length = body.len() as u16;
    let handshake = [&[1, 0][..], &length.to_be_bytes(), &body].concat();
    [&[22, 3, 1][..], &(length + 4).to_be_bytes(), &handshake].concat()
}

/// TLS 1.1 and what is no TLS at all get no further, and a viewer in the middle of an upgrade has no more time than others.
#[test]
fn an_upgrade_that_stops_is_ended() {
    use std::time::Duration;

    use crate::raw_client::connect;
    use crate::server::VncServer;

    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = VncServer::start_encrypted(&display, |settings| {
        settings.handshake_limit = Duration::from_millis(300);
    });
    let choose = |number: u8| {
        let mut client = RawClient(Box::new(connect(server.address)));
        client.offered().unwrap();
        client.send(&[number]);
        client
    };
    let rest = |mut client: RawClient| {
        let mut rest = Vec::new();
        // Closed, or reset when something was still unread.
        match client.0.read_to_end(&mut rest) {
            Ok(_) => rest,
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
                rest
            }
        }
    };
    let answer_to = |hello: &[u8]| {
        let mut client = choose(19);
        assert_eq!(client.read(), [0, 2]);
        client.send(&[0, 2]);
        assert_eq!(client.read::<10>()[..2], [0, 2], "two subtypes");
        client.send(&[0, 0, 1, 6]);
        assert_eq!(client.read(), [1], "TLS may begin");
        client.send(hello);
        rest(client)
    };
    assert!(answer_to(b"").is_empty(), "it waits");
    // Fatal alerts: what is no TLS at all, and a viewer that knows TLS 1.1 at most (70). TLS 1.2 goes on.
    assert_eq!(answer_to(b"GET / HTTP/1.1\r\n\r\n")[..1], [21]);
    assert_eq!(answer_to(&client_hello(2)), [21, 3, 3, 0, 2, 2, 70]);
    assert_eq!(answer_to(&client_hello(3))[..1], [22]);
    // What was sent before TLS may begin was never protected by it.
    let mut early = choose(19);
    early.send(&[0, 2, 0, 0, 1, 6, 22]);
    assert_eq!(rest(early)[2..], [0, 2, 0, 0, 1, 6, 0, 0, 1, 5, 1]);
    for number in [5, 129] {
        let mut client = choose(number);
        client.send(&2048u32.to_be_bytes());
        assert_eq!(
            rest(client).len(),
            4 + 2 * 256,
            "the server's key, and nothing more"
        );
    }
    // Nobody is in the way of others.
    wait_for("the next viewer", || {
        RawClient::connect(server.address)
            .authenticate(crate::server::PASSWORD)
            .ok()
    });
}
