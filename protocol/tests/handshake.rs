//! The handshake as viewers of every version go through it: version by security by outcome, byte for byte.
#![allow(missing_docs, clippy::unwrap_used)]

mod viewer;

use std::time::Duration;

use protocol::error::Error;
use protocol::geometry::Size;
use protocol::security::vnc_auth::{Challenge, Password, Passwords};
use protocol::security::{Access, Security};
use protocol::session::{Event, Session};
use viewer::{open_session, settings, start, take};

const CHALLENGE: Challenge = *b"0123456789abcdef";
const SIZE: Size = Size::new(640, 480);

fn password(text: &str) -> Password {
    Password::new(text.as_bytes()).unwrap()
}

fn vnc_auth() -> Security {
    Security::vnc_auth(Passwords::new(password("secret"), Some(password("look"))).unwrap())
}

fn answer(text: &str) -> Vec<u8> {
    password(text).answer(&CHALLENGE).to_vec()
}

fn events(session: &mut Session) -> Vec<Event> {
    std::iter::from_fn(|| session.poll_event()).collect()
}

fn with_reason(head: &[u8], reason: &str) -> Vec<u8> {
    let mut bytes = head.to_vec();
    bytes.extend((reason.len() as u32).to_be_bytes());
    bytes.extend(reason.as_bytes());
    bytes
}

/// One line of the table: what the viewer sends, and after each piece what it gets.
struct Case {
    what: &'static str,
    security: Security,
    steps: Vec<(Vec<u8>, Vec<u8>)>,
    events: Vec<Event>,
}

fn table() -> Vec<Case> {
    let version = |text: &str| text.as_bytes().to_vec();
    let challenge = CHALLENGE.to_vec();
    let ok = vec![0, 0, 0, 0];
    let failed = vec![0, 0, 0, 1];
    let wrong = || vec![Event::Closed(Error::WrongPassword)];
    let full = || vec![Event::Authenticated(Access::Full)];
    let mut chosen_by_server = vec![0, 0, 0, 2];
    chosen_by_server.extend(&challenge);
    vec![
        Case {
            what: "3.8, full password",
            security: vnc_auth(),
            steps: vec![
                (version("RFB 003.008\n"), vec![1, 2]),
                (vec![2], challenge.clone()),
                (answer("secret"), ok.clone()),
            ],
            events: full(),
        },
        Case {
            what: "3.8, view-only password",
            security: vnc_auth(),
            steps: vec![
                (version("RFB 003.008\n"), vec![1, 2]),
                (vec![2], challenge.clone()),
                (answer("look"), ok.clone()),
            ],
            events: vec![Event::Authenticated(Access::ViewOnly)],
        },
        Case {
            what: "3.8, wrong password: a reason",
            security: vnc_auth(),
            steps: vec![
                (version("RFB 003.008\n"), vec![1, 2]),
                (vec![2], challenge.clone()),
                (answer("guess"), with_reason(&failed, "wrong password")),
            ],
            events: wrong(),
        },
        Case {
            what: "3.7, full password",
            security: vnc_auth(),
            steps: vec![
                (version("RFB 003.007\n"), vec![1, 2]),
                (vec![2], challenge.clone()),
                (answer("secret"), ok.clone()),
            ],
            events: full(),
        },
        Case {
            what: "3.7, wrong password: no reason",
            security: vnc_auth(),
            steps: vec![
                (version("RFB 003.007\n"), vec![1, 2]),
                (vec![2], challenge.clone()),
                (answer("guess"), failed.clone()),
            ],
            events: wrong(),
        },
        Case {
            what: "macOS answers 3.3: the server chooses, as four bytes",
            security: vnc_auth(),
            steps: vec![
                (version("RFB 003.003\n"), chosen_by_server.clone()),
                (answer("secret"), ok.clone()),
            ],
            events: full(),
        },
        Case {
            what: "3.3, wrong password: no reason",
            security: vnc_auth(),
            steps: vec![
                (version("RFB 003.003\n"), chosen_by_server.clone()),
                (answer("guess"), failed.clone()),
            ],
            events: wrong(),
        },
        Case {
            what: "3.889 is no version of the RFC: as 3.3",
            security: vnc_auth(),
            steps: vec![
                (version("RFB 003.889\n"), chosen_by_server),
                (answer("secret"), ok.clone()),
            ],
            events: full(),
        },
        Case {
            what: "3.8 without a password: a result",
            security: Security::none(),
            steps: vec![(version("RFB 003.008\n"), vec![1, 1]), (vec![1], ok)],
            events: full(),
        },
        Case {
            what: "3.7 without a password: no result",
            security: Security::none(),
            steps: vec![(version("RFB 003.007\n"), vec![1, 1]), (vec![1], vec![])],
            events: full(),
        },
        Case {
            what: "3.3 without a password: nothing but the type",
            security: Security::none(),
            steps: vec![(version("RFB 003.003\n"), vec![0, 0, 0, 1])],
            events: full(),
        },
        Case {
            what: "a type that was not offered",
            security: vnc_auth(),
            steps: vec![
                (version("RFB 003.008\n"), vec![1, 2]),
                (
                    vec![1],
                    with_reason(&failed, "the viewer chose security type 1, which was not offered"),
                ),
            ],
            events: vec![Event::Closed(Error::SecurityType(1))],
        },
        Case {
            what: "too old",
            security: vnc_auth(),
            steps: vec![(
                version("RFB 002.000\n"),
                with_reason(
                    &[0; 4],
                    "RFB 2.0 is not served; use a viewer that speaks 3.3, 3.7 or 3.8",
                ),
            )],
            events: vec![Event::Closed(Error::Version { major: 2, minor: 0 })],
        },
        Case {
            what: "a web browser",
            security: vnc_auth(),
            steps: vec![(
                version("GET / HTTP/1"),
                with_reason(
                    &[0; 4],
                    "the peer does not speak RFB: it sent \"GET / HTTP/1\" where a version like \"RFB 003.008\" belongs",
                ),
            )],
            events: vec![Event::Closed(Error::NotRfb("GET / HTTP/1".into()))],
        },
    ]
}

#[test]
fn version_by_security_by_outcome() {
    for case in table() {
        let what = case.what;
        let mut session = Session::new(settings(case.security), CHALLENGE, SIZE, start());
        assert_eq!(take(&mut session), b"RFB 003.008\n", "{what}");
        for (sent, expected) in case.steps {
            // Byte by byte: nothing may be answered before the last one.
            for byte in &sent[..sent.len() - 1] {
                session.receive(&[*byte]);
                assert!(session.transmit().is_empty(), "{what}");
            }
            session.receive(&sent[sent.len() - 1..]);
            assert_eq!(take(&mut session), expected, "{what}");
        }
        let seen = events(&mut session);
        assert_eq!(seen, case.events, "{what}");

        session.receive(&[0]);
        let init = take(&mut session);
        if matches!(seen[..], [Event::Authenticated(_)]) {
            let mut expected = vec![
                2, 128, 1, 224, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0,
            ];
            expected.extend(b"\0\0\0\x04test");
            assert_eq!(init, expected, "{what}");
            assert_eq!(session.poll_timeout(), None, "{what}");
        } else {
            assert!(init.is_empty(), "{what}: a closed session says no more");
        }
    }
}

#[test]
fn a_viewer_that_is_turned_away_is_told_why() {
    for (version, head) in [("003.003", &[0; 4][..]), ("003.007", &[0]), ("003.008", &[0])] {
        let mut session = Session::refusing(settings(vnc_auth()), "too many viewers", start());
        take(&mut session);
        session.receive(format!("RFB {version}\n").as_bytes());
        assert_eq!(take(&mut session), with_reason(head, "too many viewers"));
        assert_eq!(
            events(&mut session),
            [Event::Closed(Error::Refused("too many viewers".into()))]
        );
    }
}

#[test]
fn a_handshake_has_a_time_limit_and_a_session_has_none() {
    let limit = Duration::from_secs(10);
    let begin = start();
    let mut session = Session::new(settings(Security::none()), CHALLENGE, SIZE, begin);
    assert_eq!(session.poll_timeout(), Some(begin + limit));
    session.receive(b"RFB 003");
    session.handle_timeout(begin + limit - Duration::from_millis(1));
    assert_eq!(session.poll_event(), None);
    session.handle_timeout(begin + limit);
    assert_eq!(
        session.poll_event(),
        Some(Event::Closed(Error::HandshakeTimeout(limit)))
    );
    assert_eq!(session.poll_timeout(), None);

    let mut open = open_session(SIZE);
    open.handle_timeout(begin + limit * 1000);
    assert_eq!(open.poll_event(), None);
}

/// Whatever comes instead of a handshake, the session ends or waits: it neither panics nor lets anybody in.
#[test]
fn garbage_gets_nobody_in() {
    let mut state = 1_u64;
    for _ in 0..2000 {
        let mut session = Session::new(settings(vnc_auth()), CHALLENGE, SIZE, start());
        if state & 1 == 0 {
            session.receive(b"RFB 003.008\n\x02");
        }
        for _ in 0..20 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            session.receive(&state.to_be_bytes()[..1 + (state >> 60) as usize % 8]);
        }
        let got_in = events(&mut session)
            .iter()
            .any(|event| matches!(event, Event::Authenticated(_)));
        assert!(!got_in);
    }
}
