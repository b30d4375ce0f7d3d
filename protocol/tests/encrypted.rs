//! RSA-AES and VeNCrypt from the viewer's side, by a client written from the rfbproto document.
#![allow(missing_docs, clippy::unwrap_used)]

mod viewer;

use std::sync::{Arc, LazyLock};

use protocol::error::Error;
use protocol::geometry::Size;
use protocol::security::passwords::Passwords;
use protocol::security::ra2::{Channel, ServerKey};
use protocol::security::vnc_auth::{Challenge, Password};
use protocol::security::{Access, Between, Security};
use protocol::session::{Event, Session, Upgrade};
use viewer::ra2::{Kind, Messages, ViewerKey, encrypt};
use viewer::{settings, start, take};

const CHALLENGE: Challenge = *b"0123456789abcdef";
const FULL: &str = "a password longer than eight bytes";
const LOOK: &str = "another one, only to look";

static SERVER_KEY: LazyLock<Arc<ServerKey>> =
    LazyLock::new(|| Arc::new(ServerKey::from_pkcs8(&ServerKey::generate().unwrap()).unwrap()));
static VIEWER_KEY: LazyLock<ViewerKey> = LazyLock::new(ViewerKey::new);

fn passwords() -> Passwords {
    Passwords::new(FULL.as_bytes(), Some(LOOK.as_bytes())).unwrap()
}

fn native(tls: bool) -> Security {
    Security::native(
        passwords(),
        passwords().for_vnc_auth(true),
        Arc::clone(&SERVER_KEY),
        tls,
    )
}

/// For a WebSocket from this machine.
fn local() -> Security {
    let key = Arc::clone(&SERVER_KEY);
    Security::web(passwords(), passwords().for_vnc_auth(true), Between::Machine(key))
}

/// The viewer of one session, which lies in between as a socket would.
struct Viewer {
    session: Session,
    channel: Option<Channel>,
    /// Encrypted bytes in which the server's message is not whole yet.
    pending: Vec<u8>,
}

impl Viewer {
    fn new(security: Security) -> Self {
        let session = Session::new(settings(security), CHALLENGE, Size::new(64, 48), start());
        Self {
            session,
            channel: None,
            pending: Vec::new(),
        }
    }

    /// Sends bytes through whatever encryption the server has switched on, and returns the server's, sealed by it.
    fn exchange(&mut self, sent: &[u8]) -> Result<Vec<u8>, Error> {
        match &mut self.channel {
            None => self.session.receive(sent),
            Some(channel) => {
                self.pending.extend_from_slice(sent);
                let mut plain = Vec::new();
                channel.open(&mut self.pending, &mut plain)?;
                self.session.receive(&plain);
            }
        }
        let mut answer = take(&mut self.session);
        if let Some(channel) = &mut self.channel {
            let plain = std::mem::take(&mut answer);
            channel.seal(&plain, &mut answer)?;
        }
        if let Some((upgrade, rest)) = self.session.poll_upgrade() {
            let Upgrade::Ra2(channel) = upgrade else {
                panic!("{upgrade:?}");
            };
            self.channel = Some(channel);
            self.session.upgraded();
            // What the server has to say first is a message of its own.
            answer.extend(self.exchange(b"")?);
            answer.extend(self.exchange(&rest)?);
        }
        Ok(answer)
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }
}

/// What a viewer does differently from the document.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Nothing,
    Padding,
    Hash,
    Message,
}

/// Goes through all of RSA-AES, the answers of the viewer sent in `parts`.
fn log_in(kind: Kind, password: &str, fault: Fault) -> (Result<Vec<u8>, Error>, Vec<Event>) {
    let (security, offered) = if kind.encrypts_everything() {
        (native(false), [3, 129, 5, 2])
    } else {
        (local(), [3, 2, 130, 6])
    };
    let mut viewer = Viewer::new(security);
    assert_eq!(viewer.exchange(b"").unwrap(), b"RFB 003.008\n");
    assert_eq!(viewer.exchange(b"RFB 003.008\n").unwrap(), offered);
    let server_key = viewer.exchange(&[kind.number()]).unwrap();
    assert_eq!(server_key.len(), 4 + 2 * 256);
    assert_eq!(server_key[..4], 2048u32.to_be_bytes());
    let server_random = VIEWER_KEY.decrypt(&viewer.exchange(&VIEWER_KEY.sent).unwrap());
    assert_eq!(server_random.len(), kind.random());

    // The viewer's, and its hash in the same segment.
    let viewer_random = vec![7u8; kind.random()];
    let mut message = encrypt(&server_key, &viewer_random);
    if fault == Fault::Padding {
        message[2..].fill(1);
    }
    let mut messages = Messages::new(kind, &server_random, &viewer_random);
    let mut hash = kind.digest(&VIEWER_KEY.sent, &server_key);
    if fault == Fault::Hash {
        hash[0] ^= 1;
    }
    let mut sealed = messages.seal(&hash);
    if fault == Fault::Message {
        *sealed.last_mut().unwrap() ^= 1;
    }
    message.extend(sealed);
    let answer = match viewer.exchange(&message) {
        Ok(answer) => answer,
        Err(error) => return (Err(error), viewer.events()),
    };
    let events = viewer.events();
    if !events.is_empty() {
        return (Ok(answer), events);
    }
    let (server_hash, wanted) = answer.split_at(2 + hash.len() + 16);
    assert_eq!(
        messages.open(server_hash),
        kind.digest(&server_key, &VIEWER_KEY.sent)
    );
    assert_eq!(messages.open(wanted), [2], "a password alone");

    let mut credentials = vec![0, password.len() as u8];
    credentials.extend(password.as_bytes());
    // A byte at a time.
    let mut answer = Vec::new();
    for byte in messages.seal(&credentials) {
        answer.extend(viewer.exchange(&[byte]).unwrap());
    }
    // What follows is encrypted as well, or none of it.
    let all = kind.encrypts_everything();
    let result = if all { messages.open(&answer) } else { answer };
    if result == [0; 4] {
        let init = if all {
            let init = viewer.exchange(&messages.seal(&[1])).unwrap();
            messages.open(&init)
        } else {
            viewer.exchange(&[1]).unwrap()
        };
        assert_eq!(init[..4], [0, 64, 0, 48]);
    }
    (Ok(result), viewer.events())
}

#[test]
fn rsa_aes_by_the_document() {
    for kind in [
        Kind::Ra2,
        Kind::Ra2ne,
        Kind::Ra2With256Bits,
        Kind::Ra2neWith256Bits,
    ] {
        for (password, access) in [(FULL, Access::Full), (LOOK, Access::ViewOnly)] {
            let (result, events) = log_in(kind, password, Fault::Nothing);
            assert_eq!(result.unwrap(), [0; 4]);
            assert_eq!(events, [Event::Authenticated(access)]);
        }
        let (result, events) = log_in(kind, "guess", Fault::Nothing);
        assert_eq!(result.unwrap()[..4], [0, 0, 0, 1]);
        assert_eq!(events, [Event::Closed(Error::WrongPassword)]);
    }
}

/// None tells a stranger more than that something was wrong.
#[test]
fn what_is_badly_padded_or_forged_ends_alike() {
    for fault in [Fault::Padding, Fault::Message] {
        for kind in [Kind::Ra2With256Bits, Kind::Ra2ne] {
            let (result, _) = log_in(kind, FULL, fault);
            assert_eq!(result.unwrap_err(), Error::Forged);
        }
    }
    for kind in [Kind::Ra2, Kind::Ra2ne] {
        let (_, events) = log_in(kind, FULL, Fault::Hash);
        assert_eq!(events, [Event::Closed(Error::Forged)]);
    }
}

#[test]
fn a_short_key_is_refused_with_a_reason() {
    let mut viewer = Viewer::new(native(false));
    viewer.exchange(b"RFB 003.008\n").unwrap();
    viewer.exchange(&[129]).unwrap();
    viewer.exchange(&1024u32.to_be_bytes()).unwrap();
    let events = viewer.events();
    let [Event::Closed(error)] = &events[..] else {
        panic!("{events:?}");
    };
    assert!(error.to_string().contains("1024 bits"), "{error}");
}

#[test]
fn vencrypt_with_and_without_tls() {
    let mut viewer = Viewer::new(native(true));
    viewer.exchange(b"").unwrap();
    assert_eq!(viewer.exchange(b"RFB 003.008\n").unwrap(), [4, 19, 129, 5, 2]);
    assert_eq!(viewer.exchange(&[19]).unwrap(), [0, 2]);
    let subtypes = [&[0, 2][..], &262u32.to_be_bytes(), &261u32.to_be_bytes()].concat();
    assert_eq!(viewer.exchange(&[0, 2]).unwrap(), subtypes);
    viewer.session.receive(&262u32.to_be_bytes());
    assert!(
        viewer.session.poll_upgrade().is_none(),
        "the answer goes out first"
    );
    assert_eq!(take(&mut viewer.session), [1]);
    assert!(matches!(viewer.session.poll_upgrade(), Some((Upgrade::Tls, rest)) if rest.is_empty()));
    viewer.session.upgraded();
    let plain = |user: &str, password: &str| {
        let lengths = [user.len() as u32, password.len() as u32].map(u32::to_be_bytes);
        [&lengths.concat(), user.as_bytes(), password.as_bytes()].concat()
    };
    assert_eq!(viewer.exchange(&plain("whoever", LOOK)).unwrap(), [0; 4]);
    assert_eq!(viewer.events(), [Event::Authenticated(Access::ViewOnly)]);

    // X509Vnc: the challenge comes inside.
    let mut viewer = Viewer::new(native(true));
    viewer.exchange(b"RFB 003.008\n").unwrap();
    viewer.exchange(&[19]).unwrap();
    viewer.exchange(&[0, 2]).unwrap();
    viewer.session.receive(&261u32.to_be_bytes());
    assert_eq!(take(&mut viewer.session), [1]);
    assert!(viewer.session.poll_upgrade().is_some());
    viewer.session.upgraded();
    assert_eq!(viewer.exchange(b"").unwrap(), CHALLENGE);
    let answer = Password::new(&FULL.as_bytes()[..8]).unwrap().answer(&CHALLENGE);
    assert_eq!(viewer.exchange(&answer).unwrap(), [0; 4]);

    // Over wss, as noVNC does it: nothing is acknowledged.
    let web = || Viewer::new(Security::web(passwords(), None, Between::Tls));
    let mut viewer = web();
    viewer.exchange(b"").unwrap();
    assert_eq!(viewer.exchange(b"RFB 003.008\n").unwrap(), [1, 19]);
    viewer.exchange(&[19]).unwrap();
    assert_eq!(
        viewer.exchange(&[0, 2]).unwrap(),
        [&[0, 1][..], &256u32.to_be_bytes()].concat()
    );
    let sent = [&256u32.to_be_bytes()[..], &plain("", FULL)].concat();
    assert_eq!(viewer.exchange(&sent).unwrap(), [0; 4]);
    assert_eq!(viewer.events(), [Event::Authenticated(Access::Full)]);

    let mut viewer = web();
    viewer.exchange(b"RFB 003.008\n").unwrap();
    viewer.exchange(&[19]).unwrap();
    viewer.exchange(&[0, 2]).unwrap();
    viewer.exchange(&262u32.to_be_bytes()).unwrap();
    assert_eq!(viewer.events(), [Event::Closed(Error::VeNCryptSubtype(262))]);
    let mut viewer = web();
    viewer.exchange(b"RFB 003.008\n").unwrap();
    viewer.exchange(&[19]).unwrap();
    viewer.exchange(&[0, 1]).unwrap();
    assert_eq!(viewer.events(), [Event::Closed(Error::VeNCryptVersion(0, 1))]);
    let mut viewer = web();
    viewer.exchange(b"RFB 003.008\n").unwrap();
    viewer.exchange(&[19]).unwrap();
    viewer.exchange(&[0, 2]).unwrap();
    let endless = [&256u32.to_be_bytes()[..], &[0xff; 8]].concat();
    viewer.exchange(&endless).unwrap();
    assert!(matches!(
        viewer.events()[..],
        [Event::Closed(Error::TooLong { .. })]
    ));
}

/// What viewers are offered does not lead to a legacy password those that know another way.
#[test]
fn a_legacy_password_is_offered_last_and_where_nothing_else_may_be_known() {
    let legacy = || Some(passwords().with_legacy(b"legacy").unwrap());
    let web = |between| Security::web(passwords(), legacy(), between);
    let key = || Arc::clone(&SERVER_KEY);
    for (security, offered) in [
        (
            Security::native(passwords(), legacy(), key(), false),
            &[3, 129, 5, 2][..],
        ),
        (web(Between::Network), &[1, 2]),
        (web(Between::Machine(key())), &[3, 130, 6, 2]),
        (web(Between::Tls), &[1, 19]),
    ] {
        let mut viewer = Viewer::new(security);
        viewer.exchange(b"").unwrap();
        assert_eq!(viewer.exchange(b"RFB 003.008\n").unwrap(), offered);
    }

    let native = || Viewer::new(Security::native(passwords(), legacy(), key(), true));
    let mut viewer = native();
    viewer.exchange(b"").unwrap();
    assert_eq!(viewer.exchange(b"RFB 003.008\n").unwrap(), [4, 19, 129, 5, 2]);
    viewer.exchange(&[19]).unwrap();
    let x509_plain = [&[0, 1][..], &262u32.to_be_bytes()].concat();
    assert_eq!(viewer.exchange(&[0, 2]).unwrap(), x509_plain);

    for (password, access) in [("legacy", Some(Access::Full)), (&FULL[..8], None)] {
        let mut viewer = native();
        viewer.exchange(b"RFB 003.008\n").unwrap();
        viewer.exchange(&[2]).unwrap();
        let answer = Password::new(password.as_bytes()).unwrap().answer(&CHALLENGE);
        viewer.exchange(&answer).unwrap();
        let event = access.map_or(Event::Closed(Error::WrongPassword), Event::Authenticated);
        assert_eq!(viewer.events(), [event], "{password}");
    }
}

/// RFB 3.3 knows VNC authentication only.
#[test]
fn an_old_viewer_is_told_when_there_is_nothing_for_it() {
    let security = Security::native(passwords(), None, Arc::clone(&SERVER_KEY), false);
    let mut viewer = Viewer::new(security);
    viewer.exchange(b"").unwrap();
    let answer = viewer.exchange(b"RFB 003.003\n").unwrap();
    assert_eq!(answer[..4], [0; 4]);
    assert!(String::from_utf8_lossy(&answer).contains("use a viewer that speaks 3.8"));
    assert_eq!(viewer.events(), [Event::Closed(Error::NothingFor3_3)]);
    let mut viewer = Viewer::new(native(true));
    viewer.exchange(b"").unwrap();
    assert_eq!(viewer.exchange(b"RFB 003.003\n").unwrap()[..4], [0, 0, 0, 2]);
}
