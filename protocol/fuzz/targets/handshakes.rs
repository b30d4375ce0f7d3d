//! A viewer that does what it likes until it is in, and a part of the handshake rightly when it likes: who knows no
//! password does not get in.
#![no_main]
#![allow(clippy::disallowed_types, reason = "what the macro makes reads files")]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use protocol::security::passwords::Passwords;
use protocol::security::ra2::{Channel, ServerKey};
use protocol::security::vnc_auth::Password;
use protocol::security::{Between, Security};
use protocol::session::{Event, Session, Upgrade};
use stage::SIZE;
use stage::viewer::ra2::{KEY, Kind, Messages, ViewerKey, encrypt};
use stage::viewer::{settings, start, take};

const CHALLENGE: [u8; 16] = *b"0123456789abcdef";
const FULL: &str = "correct horse battery staple";
const LOOK: &str = "a view of it";
/// Bytes that a handshake may have to say at once.
const MAX_WAITING: usize = 1 << 14;

static SERVER_KEY: LazyLock<Arc<ServerKey>> = LazyLock::new(|| {
    let key = ServerKey::generate().expect("a key");
    Arc::new(ServerKey::from_pkcs8(&key).expect("the same key"))
});
static VIEWER_KEY: LazyLock<ViewerKey> = LazyLock::new(ViewerKey::new);

#[derive(Arbitrary, Debug)]
enum Step {
    Send(Vec<u8>),
    Version(u8),
    Choose(u8),
    /// The right answer to the challenge.
    VncAuth(bool),
    /// The names of VeNCrypt, the version and a subtype.
    VeNCrypt(u8),
    /// A user's name and the password, as they are.
    Plain {
        user: u8,
        right: bool,
    },
    Key,
    Random(bool),
    Hash,
    /// What follows in RSA-AES: the lengths and the texts of name and password.
    Credentials {
        user: u8,
        right: bool,
    },
    Seal(Vec<u8>),
    Init,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Port {
    VncAuth,
    Native { tls: bool, long: bool },
    Web { between: u8, long: bool },
}

impl Port {
    fn security(self) -> Security {
        let passwords = Passwords::new(FULL.as_bytes(), Some(LOOK.as_bytes())).expect("two passwords");
        match self {
            Self::VncAuth => Security::vnc_auth(passwords.for_vnc_auth(true).expect("cut off")),
            Self::Native { tls, long } => {
                let short = passwords.for_vnc_auth(!long);
                Security::native(passwords, short, Arc::clone(&SERVER_KEY), tls)
            }
            Self::Web { between, long } => {
                let short = passwords.for_vnc_auth(!long);
                let between = match between % 3 {
                    0 => Between::Network,
                    1 => Between::Tls,
                    _ => Between::Machine(Arc::clone(&SERVER_KEY)),
                };
                Security::web(passwords, short, between)
            }
        }
    }
}

/// The viewer, and all that lies between.
struct Viewer {
    session: Session,
    channel: Option<Channel>,
    pending: Vec<u8>,
    /// What the server said last.
    said: Vec<u8>,
    server_key: Option<Vec<u8>>,
    messages: Option<Messages>,
    kind: Kind,
    /// It has done what is not its turn: what the server seals may be for other keys.
    strayed: bool,
    /// What both have the keys of.
    agreed: Option<Kind>,
    /// Sealed messages of the server so far.
    heard: usize,
    /// It has said a right password.
    knows: bool,
    closed: bool,
}

impl Viewer {
    fn send(&mut self, bytes: &[u8]) {
        match &mut self.channel {
            None => self.session.receive(bytes),
            Some(channel) => {
                self.pending.extend_from_slice(bytes);
                let mut plain = Vec::new();
                if channel.open(&mut self.pending, &mut plain).is_err() {
                    self.closed = true;
                    return;
                }
                self.session.receive(&plain);
            }
        }
        self.listen();
        if let Some((upgrade, rest)) = self.session.poll_upgrade() {
            if let Upgrade::Ra2(channel) = upgrade {
                self.channel = Some(channel);
            }
            self.session.upgraded();
            self.listen();
            self.send(&rest);
        }
    }

    fn listen(&mut self) {
        assert!(self.session.transmit().len() <= MAX_WAITING);
        let said = take(&mut self.session);
        if !said.is_empty() {
            if let Some(channel) = &mut self.channel {
                let mut wire = Vec::new();
                channel.seal(&said, &mut wire).expect("it has the keys");
                self.read(&wire, &said);
            }
            self.said = said;
        }
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Authenticated(_) => assert!(self.knows, "let in without a password"),
                Event::Closed(_) => self.closed = true,
                // It is in: what it may do there is another target's.
                _ => assert!(self.knows),
            }
        }
    }

    /// Reads what the server has sealed as the viewer of the tests does.
    fn read(&mut self, wire: &[u8], said: &[u8]) {
        let (Some(kind), Some(messages)) = (self.agreed, &mut self.messages) else {
            return;
        };
        let (mut plain, mut rest) = (Vec::new(), wire);
        while !rest.is_empty() && (kind.encrypts_everything() || self.heard < 2) {
            let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
            let (message, behind) = rest.split_at(2 + length + 16);
            plain.extend(messages.open(message));
            self.heard += 1;
            rest = behind;
        }
        plain.extend(rest);
        assert_eq!(plain, said);
    }

    fn step(&mut self, step: Step) {
        self.strayed |= match step {
            Step::Version(_) => self.said != b"RFB 003.008\n",
            Step::Choose(_) => self.said.len() != 1 + usize::from(self.said[0]),
            Step::Send(_) | Step::VncAuth(_) | Step::VeNCrypt(_) | Step::Plain { .. } => true,
            _ => false,
        };
        let password = |right: bool| if right { FULL } else { "Tr0ub4dor&3" };
        match step {
            Step::Send(bytes) => self.send(&bytes),
            Step::Version(which) => {
                let versions = [
                    b"RFB 003.003\n",
                    b"RFB 003.007\n",
                    b"RFB 003.008\n",
                    b"RFB 003.889\n",
                ];
                self.send(versions[usize::from(which) % versions.len()]);
            }
            Step::Choose(which) => {
                let types = [1, 2, 5, 19, 129, which, 6, 130];
                let chosen = types[usize::from(which) % types.len()];
                let kinds = [
                    Kind::Ra2,
                    Kind::Ra2ne,
                    Kind::Ra2With256Bits,
                    Kind::Ra2neWith256Bits,
                ];
                if let Some(kind) = kinds.into_iter().find(|kind| kind.number() == chosen) {
                    self.kind = kind;
                }
                self.send(&[chosen]);
            }
            Step::VncAuth(right) => {
                self.knows |= right;
                let password = Password::new(&password(right).as_bytes()[..8]).expect("a short one");
                self.send(&password.answer(&CHALLENGE));
            }
            Step::VeNCrypt(which) => {
                let subtypes: [u32; 4] = [256, 261, 262, which.into()];
                self.send(&[0, 2]);
                self.send(&subtypes[usize::from(which) % subtypes.len()].to_be_bytes());
            }
            Step::Plain { user, right } => {
                self.knows |= right;
                let (name, text) = (vec![b'u'; user.into()], password(right).as_bytes());
                let lengths = [name.len() as u32, text.len() as u32].map(u32::to_be_bytes);
                self.send(&[&lengths.concat(), &name[..], text].concat());
            }
            Step::Key if self.said.len() == 4 + 2 * KEY => {
                self.server_key = Some(self.said.clone());
                self.send(&VIEWER_KEY.sent);
            }
            Step::Random(honest) if self.said.len() == 2 + KEY && self.said[0] == 1 => {
                if let Some(server_key) = &self.server_key {
                    let of_server = VIEWER_KEY.decrypt(&self.said);
                    let random = vec![9; self.kind.random()];
                    let mut message = encrypt(server_key, &random);
                    if !honest {
                        message[2..].fill(1);
                    }
                    self.messages = Some(Messages::new(self.kind, &of_server, &random));
                    self.agreed = (honest && !self.strayed).then_some(self.kind);
                    self.send(&message);
                }
            }
            Step::Hash => {
                if let (Some(server_key), Some(messages)) = (&self.server_key, &mut self.messages) {
                    let sealed = messages.seal(&self.kind.digest(&VIEWER_KEY.sent, server_key));
                    self.send(&sealed);
                }
            }
            Step::Credentials { user, right } => {
                self.knows |= right;
                let (name, text) = (vec![b'u'; user.into()], password(right).as_bytes());
                let message = [&[user], &name[..], &[text.len() as u8], text].concat();
                self.seal(&message);
            }
            Step::Seal(bytes) => self.seal(&bytes),
            Step::Init => self.send(&[1]),
            Step::Key | Step::Random(_) => {}
        }
    }

    fn seal(&mut self, text: &[u8]) {
        if let Some(messages) = &mut self.messages {
            let sealed = messages.seal(&text[..text.len().min(u16::MAX.into())]);
            self.send(&sealed);
        }
    }
}

fuzz_target!(|input: (Port, Vec<Step>)| {
    let (port, steps) = input;
    let session = Session::new(settings(port.security()), CHALLENGE, SIZE, start());
    let mut viewer = Viewer {
        session,
        channel: None,
        pending: Vec::new(),
        said: Vec::new(),
        server_key: None,
        messages: None,
        kind: Kind::Ra2With256Bits,
        strayed: false,
        agreed: None,
        heard: 0,
        knows: false,
        closed: false,
    };
    viewer.listen();
    for step in steps {
        if viewer.closed {
            break;
        }
        viewer.step(step);
    }
});
