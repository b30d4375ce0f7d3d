//! From the first byte to the first ordinary message (RFC 6143 §7.1, §7.2, §7.3), for RFB 3.3, 3.7 and 3.8.

use std::sync::Arc;

use crate::error::Error;
use crate::security::vnc_auth::Challenge;
use crate::security::{Access, Security, SecurityType};
use crate::wire::{Put, Reader};

/// What the server says first. Nothing higher: some viewers take another number for a vendor's own protocol.
pub(crate) const SERVER_VERSION: &[u8; 12] = b"RFB 003.008\n";

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
    ClientInit,
}

/// The next thing that has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
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
    pub(crate) fn advance(
        &mut self,
        input: &mut Reader<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Result<Option<Progress>, Error>> {
        Some(match self.state {
            State::Version => self.version(input.array()?, out),
            State::SecurityType(version) => self.security_type(version, input.u8()?, out),
            State::Challenge(version) => self.answer(version, &input.array()?, out),
            State::ClientInit => {
                // The flag asks to throw the other viewers out: nobody may do that here, every viewer shares.
                input.u8()?;
                Ok(Some(Progress::Initialised))
            }
        })
    }

    fn version(&mut self, sent: [u8; 12], out: &mut Vec<u8>) -> Result<Option<Progress>, Error> {
        let version = parse_version(&sent).inspect_err(|error| {
            // The 3.3 form of a refusal: a security type of 0 and a reason.
            out.put_u32(0);
            out.put_text(&error.to_string());
        })?;
        let security = match &self.admission {
            Admission::By(security) => Arc::clone(security),
            Admission::Closed(reason) => {
                // A number of types of 0, in 3.3 a type of 0, then the reason.
                match version {
                    Version::V3_3 => out.put_u32(0),
                    Version::V3_7 | Version::V3_8 => out.put_u8(0),
                }
                out.put_text(reason);
                return Err(Error::Refused(reason.clone()));
            }
        };
        let offered = security.offered();
        if version == Version::V3_3 {
            let chosen = offered[0];
            out.put_u32(chosen as u32);
            return Ok(self.begin(version, chosen, out));
        }
        out.put_u8(offered.len() as u8);
        out.extend(offered.iter().map(|offer| *offer as u8));
        self.state = State::SecurityType(version);
        Ok(None)
    }

    fn security_type(
        &mut self,
        version: Version,
        chosen: u8,
        out: &mut Vec<u8>,
    ) -> Result<Option<Progress>, Error> {
        let offered = match &self.admission {
            Admission::By(security) => security.offered(),
            Admission::Closed(_) => &[],
        };
        let Some(known) = offered.iter().find(|offer| **offer as u8 == chosen) else {
            let error = Error::SecurityType(chosen);
            put_failure(version, &error, out);
            return Err(error);
        };
        Ok(self.begin(version, *known, out))
    }

    fn begin(&mut self, version: Version, chosen: SecurityType, out: &mut Vec<u8>) -> Option<Progress> {
        match chosen {
            SecurityType::None => {
                // Only 3.8 tells the result when there was nothing to prove (RFC 6143 §7.2.1).
                if version == Version::V3_8 {
                    out.put_u32(0);
                }
                self.state = State::ClientInit;
                Some(Progress::Authenticated(Access::Full))
            }
            SecurityType::VncAuth => {
                out.extend_from_slice(&self.challenge);
                self.state = State::Challenge(version);
                None
            }
        }
    }

    fn answer(
        &mut self,
        version: Version,
        answer: &Challenge,
        out: &mut Vec<u8>,
    ) -> Result<Option<Progress>, Error> {
        let access = match &self.admission {
            Admission::By(security) => match &**security {
                Security::VncAuth(passwords) => passwords.check(&self.challenge, answer),
                Security::None => None,
            },
            Admission::Closed(_) => None,
        };
        let Some(access) = access else {
            put_failure(version, &Error::WrongPassword, out);
            return Err(Error::WrongPassword);
        };
        out.put_u32(0);
        self.state = State::ClientInit;
        Ok(Some(Progress::Authenticated(access)))
    }
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
