//! Who may look, and who may also type (RFC 6143 §7.2, and the security types of the rfbproto document).

pub mod passwords;
pub mod ra2;
pub mod vnc_auth;

use std::sync::Arc;

use passwords::Passwords;
use subtle::{Choice, ConditionallySelectable};

/// What a viewer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// See the screen, type and click.
    Full,
    /// See the screen only.
    ViewOnly,
}

impl Access {
    /// What follows from two comparisons, of which none ends early.
    fn of(full: Choice, view_only: Choice) -> Option<Self> {
        match u8::conditional_select(&(view_only.unwrap_u8() << 1), &1, full) {
            0 => None,
            1 => Some(Self::Full),
            _ => Some(Self::ViewOnly),
        }
    }
}

/// How viewers prove who they are, and what is offered to them. Many viewers take the first type that they know, so
/// the best one stands first.
#[derive(Debug, Default)]
pub struct Security {
    offered: Vec<SecurityType>,
    /// The subtypes of VeNCrypt.
    vencrypt: Vec<VeNCrypt>,
    passwords: Option<Passwords>,
    vnc_auth: Option<vnc_auth::Passwords>,
    key: Option<Arc<ra2::ServerKey>>,
    /// Nobody may do more than look, whatever it knows.
    only_to_look: bool,
}

/// Security types by number (RFC 6143 §8.1.2, rfbproto "Security Types").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum SecurityType {
    None = 1,
    VncAuth = 2,
    Ra2 = 5,
    Ra2ne = 6,
    VeNCrypt = 19,
    Ra2With256Bits = 129,
    Ra2neWith256Bits = 130,
}

/// Subtypes of VeNCrypt by number (rfbproto "VeNCrypt").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum VeNCrypt {
    Plain = 256,
    X509Vnc = 261,
    X509Plain = 262,
}

/// What lies between a WebSocket and its viewer.
#[derive(Clone, Debug)]
pub enum Between {
    /// A network, on which others may listen.
    Network,
    /// This machine alone. RSA-AES by this key keeps the password from it, and nothing else.
    Machine(Arc<ra2::ServerKey>),
    /// TLS.
    Tls,
}

impl Security {
    /// Everybody gets in: for a loopback address, when asked for by name.
    #[must_use]
    pub fn none() -> Self {
        Self {
            offered: vec![SecurityType::None],
            ..Self::default()
        }
    }

    /// A DES challenge over a password of at most 8 bytes, and nothing else.
    #[must_use]
    pub fn vnc_auth(passwords: vnc_auth::Passwords) -> Self {
        Self {
            offered: vec![SecurityType::VncAuth],
            vnc_auth: Some(passwords),
            ..Self::default()
        }
    }

    /// For a port that viewers connect to directly. With `tls`, who owns the connection can make a TLS server of it. `vnc_auth`
    /// are the passwords that VNC authentication can compare, if there are such.
    #[must_use]
    pub fn native(
        passwords: Passwords,
        vnc_auth: Option<vnc_auth::Passwords>,
        key: Arc<ra2::ServerKey>,
        tls: bool,
    ) -> Self {
        let mut offered = Vec::new();
        let mut vencrypt = Vec::new();
        if tls {
            offered.push(SecurityType::VeNCrypt);
            vencrypt.push(VeNCrypt::X509Plain);
        }
        offered.extend([SecurityType::Ra2With256Bits, SecurityType::Ra2]);
        if let Some(vnc_auth) = &vnc_auth {
            offered.push(SecurityType::VncAuth);
            // Who knows this knows the other one.
            if tls && !vnc_auth.is_legacy() {
                vencrypt.push(VeNCrypt::X509Vnc);
            }
        }
        Self {
            offered,
            vencrypt,
            passwords: Some(passwords),
            vnc_auth,
            key: Some(key),
            only_to_look: false,
        }
    }

    /// For WebSockets. Passwords travel as they are only where the connection is encrypted already.
    #[must_use]
    pub fn web(passwords: Passwords, vnc_auth: Option<vnc_auth::Passwords>, between: Between) -> Self {
        let mut offered = Vec::new();
        let mut vencrypt = Vec::new();
        let mut key = None;
        match between {
            Between::Network => {}
            Between::Machine(of_server) => {
                offered.extend([SecurityType::Ra2neWith256Bits, SecurityType::Ra2ne]);
                key = Some(of_server);
            }
            Between::Tls => {
                offered.push(SecurityType::VeNCrypt);
                vencrypt.push(VeNCrypt::Plain);
            }
        }
        match vnc_auth.as_ref().map(vnc_auth::Passwords::is_legacy) {
            // The others make viewers ask: for a user name, which means nothing here, or about the key.
            Some(false) => offered.insert(0, SecurityType::VncAuth),
            // Some viewers prefer it wherever it stands, and in TLS none needs it.
            Some(true) if vencrypt.is_empty() => offered.push(SecurityType::VncAuth),
            _ => {}
        }
        Self {
            offered,
            vencrypt,
            passwords: Some(passwords),
            vnc_auth,
            key,
            only_to_look: false,
        }
    }

    /// The same for a screen that nobody may do more with than look at it.
    #[must_use]
    pub fn only_to_look(self) -> Self {
        Self {
            only_to_look: true,
            ..self
        }
    }

    pub(crate) fn offered(&self) -> &[SecurityType] {
        &self.offered
    }

    pub(crate) fn vencrypt(&self) -> &[VeNCrypt] {
        &self.vencrypt
    }

    pub(crate) fn key(&self) -> Option<&Arc<ra2::ServerKey>> {
        self.key.as_ref()
    }

    /// What a viewer may do that has proved that it may do this.
    pub(crate) const fn granted(&self, access: Access) -> Access {
        if self.only_to_look {
            Access::ViewOnly
        } else {
            access
        }
    }

    /// What the viewer that gave this answer to the challenge may do.
    pub(crate) fn check_answer(
        &self,
        challenge: &vnc_auth::Challenge,
        answer: &vnc_auth::Challenge,
    ) -> Option<Access> {
        let access = self.vnc_auth.as_ref()?.check(challenge, answer)?;
        Some(self.granted(access))
    }

    /// What the viewer that knows this password may do.
    pub(crate) fn check_password(&self, password: &[u8]) -> Option<Access> {
        let access = self.passwords.as_ref()?.check(password)?;
        Some(self.granted(access))
    }
}
