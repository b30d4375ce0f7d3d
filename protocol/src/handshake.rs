//! From the first byte to the first ordinary message (RFC 6143 §7.1, §7.2, §7.3), for RFB 3.3, 3.7 and 3.8.

use std::sync::Arc;

use crate::error::Error;
use crate::security::ra2::{Channel, Exchange, Extent, Strength};
use crate::security::vnc_auth::Challenge;
use crate::security::{Access, Security, SecurityType, VeNCrypt};
use crate::wire::{Put, Reader};

/// What the server says first. Nothing higher: some viewers take another number for a vendor's own protocol.
pub(crate) const SERVER_VERSION: &[u8; 12] = b"RFB 003.008\n";

/// The VeNCrypt that everybody speaks.
const VENCRYPT_VERSION: [u8; 2] = [0, 2];
/// The longest user name and the longest password, bytes.
const CREDENTIAL: u32 = 1024;

/// The three versions with a handshake of their own; any other 3.x is to be read as 3.3 (RFC 6143 §7.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Version {
    V3_3,
    V3_7,
    V3_8,
}

/// Who is let in.
#[derive(Clone, Debug)]
pub(crate) enum Admission {
    /// Whoever passes this.
    By(Arc<Security>),
    /// Nobody, for this reason.
    Closed(String),
}

#[derive(Debug)]
enum State {
    Version,
    SecurityType(Version),
    Challenge(Version),
    VeNCryptVersion(Version),
    VeNCryptSubtype(Version),
    /// VeNCrypt's user name and password.
    Plain(Version),
    ViewerKey(Version, Exchange),
    ViewerRandom(Version, Exchange),
    ViewerHash(Version, Exchange),
    /// RSA-AES's user name and password.
    Credentials(Version),
    /// What comes when the connection is encrypted.
    Upgrading(Box<Self>),
    ClientInit,
}

/// What the connection is to be encrypted with from here on.
#[derive(Debug)]
pub enum Upgrade {
    /// TLS, as its server.
    Tls,
    /// RSA-AES.
    Ra2(Channel),
}

/// The next thing that has happened.
#[derive(Debug)]
pub(crate) enum Progress {
    /// The connection is to be encrypted; then comes [`Handshake::upgraded`].
    Upgrade(Upgrade),
    /// The viewer has proved who it is.
    Authenticated(Access),
    /// The viewer waits for the size of the screen.
    Initialised,
}

/// One handshake.
#[derive(Debug)]
pub(crate) struct Handshake {
    admission: Admission,
    challenge: Challenge,
    state: State,
}

type Step = Result<Option<Progress>, Error>;

impl Handshake {
    /// Starts by writing the server's version.
    pub(crate) fn new(admission: Admission, challenge: Challenge, out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(SERVER_VERSION);
        Self {
            admission,
            challenge,
            state: State::Version,
        }
    }

    /// Reads one step; `None` when it needs more bytes. Before an error is returned the viewer has been told why, if
    /// its version has words for it.
    pub(crate) fn advance(&mut self, input: &mut Reader<'_>, out: &mut Vec<u8>) -> Option<Step> {
        match &mut self.state {
            State::Version => Some(self.version(input.array()?, out)),
            State::SecurityType(version) => {
                let version = *version;
                Some(self.security_type(version, input.u8()?, out))
            }
            State::Challenge(version) => {
                let version = *version;
                let access = self.security().check_answer(&self.challenge, &input.array()?);
                Some(self.result(version, access, out))
            }
            State::VeNCryptVersion(version) => {
                let version = *version;
                Some(self.vencrypt_version(version, input.array()?, out))
            }
            State::VeNCryptSubtype(version) => {
                let version = *version;
                Some(self.vencrypt_subtype(version, input.u32()?, out))
            }
            State::Plain(version) => {
                let version = *version;
                let mut ahead = input.clone();
                let lengths = [ahead.u32()?, ahead.u32()?];
                self.password(version, lengths, ahead, input, out)
            }
            State::ViewerKey(version, exchange) => {
                let version = *version;
                let step = exchange.viewer_key(input, out)?;
                Some(step.map(|()| {
                    self.next(|state| match state {
                        State::ViewerKey(_, exchange) => State::ViewerRandom(version, exchange),
                        other => other,
                    })
                }))
            }
            State::ViewerRandom(version, exchange) => {
                let version = *version;
                let step = exchange.viewer_random(input)?;
                Some(step.map(|channel| {
                    self.next(|state| match state {
                        State::ViewerRandom(_, exchange) => {
                            State::Upgrading(Box::new(State::ViewerHash(version, exchange)))
                        }
                        other => other,
                    });
                    Some(Progress::Upgrade(Upgrade::Ra2(channel)))
                }))
            }
            State::ViewerHash(version, exchange) => {
                let hash = input.take(exchange.strength().hash())?;
                if !exchange.agrees(hash) {
                    return Some(Err(Error::Forged));
                }
                self.state = State::Credentials(*version);
                // A password alone: user names have no meaning here.
                out.put_u8(2);
                Some(Ok(None))
            }
            State::Credentials(version) => {
                let version = *version;
                let mut ahead = input.clone();
                let name = u32::from(ahead.u8()?);
                ahead.take(name as usize)?;
                let length = u32::from(ahead.u8()?);
                self.password(version, [0, length], ahead, input, out)
            }
            State::Upgrading(_) => None,
            State::ClientInit => {
                // The flag asks to throw the other viewers out: nobody may do that here, every viewer shares.
                input.u8()?;
                Some(Ok(Some(Progress::Initialised)))
            }
        }
    }

    /// The connection is encrypted now.
    pub(crate) fn upgraded(&mut self, out: &mut Vec<u8>) {
        self.next(|state| match state {
            State::Upgrading(then) => *then,
            other => other,
        });
        match &self.state {
            State::Challenge(_) => out.extend_from_slice(&self.challenge),
            State::ViewerHash(_, exchange) => exchange.put_hash(out),
            _ => {}
        }
    }

    fn next(&mut self, next: impl FnOnce(State) -> State) -> Option<Progress> {
        let state = std::mem::replace(&mut self.state, State::ClientInit);
        self.state = next(state);
        None
    }

    fn security(&self) -> Arc<Security> {
        match &self.admission {
            Admission::By(security) => Arc::clone(security),
            Admission::Closed(_) => Arc::default(),
        }
    }

    fn version(&mut self, sent: [u8; 12], out: &mut Vec<u8>) -> Step {
        let version = parse_version(&sent).inspect_err(|error| {
            // The 3.3 form of a refusal: a security type of 0 and a reason.
            out.put_u32(0);
            out.put_text(&error.to_string());
        })?;
        let security = match &self.admission {
            Admission::By(security) => Arc::clone(security),
            Admission::Closed(reason) => {
                put_refusal(version, reason, out);
                return Err(Error::Refused(reason.clone()));
            }
        };
        let offered = security.offered();
        if version == Version::V3_3 {
            // The server chooses, and RFB 3.3 knows these two only.
            let known = [SecurityType::None, SecurityType::VncAuth];
            let Some(chosen) = offered.iter().find(|offer| known.contains(offer)) else {
                let error = Error::NothingFor3_3;
                put_refusal(version, &error.to_string(), out);
                return Err(error);
            };
            out.put_u32(*chosen as u32);
            return self.begin(version, *chosen, out);
        }
        out.put_u8(offered.len() as u8);
        out.extend(offered.iter().map(|offer| *offer as u8));
        self.state = State::SecurityType(version);
        Ok(None)
    }

    fn security_type(&mut self, version: Version, chosen: u8, out: &mut Vec<u8>) -> Step {
        let security = self.security();
        let Some(known) = security.offered().iter().find(|offer| **offer as u8 == chosen) else {
            let error = Error::SecurityType(chosen);
            put_failure(version, &error, out);
            return Err(error);
        };
        self.begin(version, *known, out)
    }

    fn begin(&mut self, version: Version, chosen: SecurityType, out: &mut Vec<u8>) -> Step {
        self.state = match chosen {
            SecurityType::None => {
                // Only 3.8 tells the result when there was nothing to prove (RFC 6143 §7.2.1).
                if version == Version::V3_8 {
                    out.put_u32(0);
                }
                self.state = State::ClientInit;
                let access = self.security().granted(Access::Full);
                return Ok(Some(Progress::Authenticated(access)));
            }
            SecurityType::VncAuth => {
                out.extend_from_slice(&self.challenge);
                State::Challenge(version)
            }
            SecurityType::VeNCrypt => {
                out.extend_from_slice(&VENCRYPT_VERSION);
                State::VeNCryptVersion(version)
            }
            SecurityType::Ra2 => self.exchange(version, Strength::Bits128, Extent::Everything, out)?,
            SecurityType::Ra2ne => self.exchange(version, Strength::Bits128, Extent::Password, out)?,
            SecurityType::Ra2With256Bits => {
                self.exchange(version, Strength::Bits256, Extent::Everything, out)?
            }
            SecurityType::Ra2neWith256Bits => {
                self.exchange(version, Strength::Bits256, Extent::Password, out)?
            }
        };
        Ok(None)
    }

    fn exchange(
        &self,
        version: Version,
        strength: Strength,
        extent: Extent,
        out: &mut Vec<u8>,
    ) -> Result<State, Error> {
        let security = self.security();
        let key = security
            .key()
            .ok_or(Error::SecurityType(SecurityType::Ra2 as u8))?;
        Ok(State::ViewerKey(
            version,
            Exchange::new(strength, extent, Arc::clone(key), out),
        ))
    }

    fn vencrypt_version(&mut self, version: Version, sent: [u8; 2], out: &mut Vec<u8>) -> Step {
        if sent != VENCRYPT_VERSION {
            out.put_u8(1);
            return Err(Error::VeNCryptVersion(sent[0], sent[1]));
        }
        out.put_u8(0);
        let security = self.security();
        out.put_u8(security.vencrypt().len() as u8);
        for subtype in security.vencrypt() {
            out.put_u32(*subtype as u32);
        }
        self.state = State::VeNCryptSubtype(version);
        Ok(None)
    }

    fn vencrypt_subtype(&mut self, version: Version, chosen: u32, out: &mut Vec<u8>) -> Step {
        let security = self.security();
        let known = security.vencrypt().iter().find(|offer| **offer as u32 == chosen);
        let then = match known {
            None => {
                out.put_u8(0);
                return Err(Error::VeNCryptSubtype(chosen));
            }
            Some(VeNCrypt::Plain) => {
                self.state = State::Plain(version);
                return Ok(None);
            }
            Some(VeNCrypt::X509Plain) => State::Plain(version),
            Some(VeNCrypt::X509Vnc) => State::Challenge(version),
        };
        // TLS begins after this byte.
        out.put_u8(1);
        self.state = State::Upgrading(Box::new(then));
        Ok(Some(Progress::Upgrade(Upgrade::Tls)))
    }

    /// Takes a user name, which means nothing, and a password from `ahead`; `input` moves on when they are whole.
    fn password<'a>(
        &mut self,
        version: Version,
        [name, length]: [u32; 2],
        mut ahead: Reader<'a>,
        input: &mut Reader<'a>,
        out: &mut Vec<u8>,
    ) -> Option<Step> {
        for length in [name, length] {
            if length > CREDENTIAL {
                return Some(Err(Error::TooLong {
                    what: "a user name or a password",
                    length: length as usize,
                    limit: CREDENTIAL as usize,
                }));
            }
        }
        ahead.take(name as usize)?;
        let password = ahead.take(length as usize)?;
        *input = ahead;
        let access = self.security().check_password(password);
        Some(self.result(version, access, out))
    }

    fn result(&mut self, version: Version, access: Option<Access>, out: &mut Vec<u8>) -> Step {
        let Some(access) = access else {
            put_failure(version, &Error::WrongPassword, out);
            return Err(Error::WrongPassword);
        };
        out.put_u32(0);
        self.state = State::ClientInit;
        Ok(Some(Progress::Authenticated(access)))
    }
}

/// No security type at all, and why: a number of types of 0, in 3.3 a type of 0, then the reason.
fn put_refusal(version: Version, reason: &str, out: &mut Vec<u8>) {
    match version {
        Version::V3_3 => out.put_u32(0),
        Version::V3_7 | Version::V3_8 => out.put_u8(0),
    }
    out.put_text(reason);
}

/// A SecurityResult that says no; only 3.8 has room for the reason (RFC 6143 §7.1.3).
fn put_failure(version: Version, error: &Error, out: &mut Vec<u8>) {
    out.put_u32(1);
    if version == Version::V3_8 {
        out.put_text(&error.to_string());
    }
}

fn parse_version(sent: &[u8; 12]) -> Result<Version, Error> {
    let number = |digits: &[u8]| -> Option<u16> {
        let text = std::str::from_utf8(digits).ok()?;
        text.bytes()
            .all(|digit| digit.is_ascii_digit())
            .then(|| text.parse().ok())?
    };
    let parts = || -> Option<(u16, u16)> {
        let digits = sent.strip_prefix(b"RFB ")?.strip_suffix(b"\n")?;
        (digits[3] == b'.').then_some((number(&digits[..3])?, number(&digits[4..])?))
    };
    match parts() {
        Some((3, 8)) => Ok(Version::V3_8),
        Some((3, 7)) => Ok(Version::V3_7),
        Some((3, minor)) if minor >= 3 => Ok(Version::V3_3),
        Some((major, _)) if major > 3 => Ok(Version::V3_3),
        Some((major, minor)) => Err(Error::Version { major, minor }),
        None => Err(Error::NotRfb(sent.escape_ascii().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_the_rfc_reads_them() {
        let table: [(&[u8; 12], Result<Version, Error>); 9] = [
            (b"RFB 003.003\n", Ok(Version::V3_3)),
            (b"RFB 003.005\n", Ok(Version::V3_3)),
            (b"RFB 003.007\n", Ok(Version::V3_7)),
            (b"RFB 003.008\n", Ok(Version::V3_8)),
            (b"RFB 003.889\n", Ok(Version::V3_3)),
            (b"RFB 005.000\n", Ok(Version::V3_3)),
            (b"RFB 003.002\n", Err(Error::Version { major: 3, minor: 2 })),
            (b"RFB 002.002\n", Err(Error::Version { major: 2, minor: 2 })),
            (b"GET / HTTP/1", Err(Error::NotRfb("GET / HTTP/1".into()))),
        ];
        for (sent, expected) in table {
            assert_eq!(parse_version(sent), expected, "{}", sent.escape_ascii());
        }
        assert!(parse_version(b"RFB +03.008\n").is_err());
        assert!(parse_version(b"RFB 003 008\n").is_err());
        assert!(parse_version(b"RFB 003.008\r").is_err());
    }
}
