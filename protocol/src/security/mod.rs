//! Who may look, and who may also type (RFC 6143 §7.2).

pub mod vnc_auth;

use vnc_auth::Passwords;

/// What a viewer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// See the screen, type and click.
    Full,
    /// See the screen only.
    ViewOnly,
}

/// How a viewer proves who it is.
#[derive(Debug)]
pub enum Security {
    /// Everybody gets in: for a loopback address, when asked for by name.
    None,
    /// A DES challenge over a password of at most 8 bytes.
    VncAuth(Passwords),
}

/// Security types by number (RFC 6143 §8.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum SecurityType {
    None = 1,
    VncAuth = 2,
}

impl Security {
    /// The types to offer, the best first: many viewers take the first that they know.
    pub(crate) const fn offered(&self) -> &'static [SecurityType] {
        match self {
            Self::None => &[SecurityType::None],
            Self::VncAuth(_) => &[SecurityType::VncAuth],
        }
    }
}
