//! Passwords of any length, for the security types that send them over an encrypted connection.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::Access;
use super::vnc_auth::{self, PasswordError};

/// The passwords of one server. They are not printed, and their bytes are overwritten when they go.
#[derive(Clone)]
pub struct Passwords {
    full: Zeroizing<Vec<u8>>,
    view_only: Option<Zeroizing<Vec<u8>>>,
}

impl Passwords {
    /// A password for everything, and perhaps another that only lets look.
    ///
    /// # Errors
    /// One is empty, or both are the same.
    pub fn new(full: &[u8], view_only: Option<&[u8]>) -> Result<Self, PasswordError> {
        if full.is_empty() || view_only.is_some_and(<[u8]>::is_empty) {
            return Err(PasswordError::Empty);
        }
        if view_only.is_some_and(|view_only| bool::from(view_only.ct_eq(full))) {
            return Err(PasswordError::Same);
        }
        Ok(Self {
            full: Zeroizing::new(full.to_vec()),
            view_only: view_only.map(|password| Zeroizing::new(password.to_vec())),
        })
    }

    /// The same for VNC authentication, when it can compare all of them; with `truncated` it compares the first
    /// [`vnc_auth::MAX_PASSWORD`] bytes, as many servers do without a word.
    #[must_use]
    pub fn for_vnc_auth(&self, truncated: bool) -> Option<vnc_auth::Passwords> {
        let short = |password: &Zeroizing<Vec<u8>>| {
            let most = password.len().min(vnc_auth::MAX_PASSWORD);
            let password = if truncated { &password[..most] } else { password };
            vnc_auth::Password::new(password).ok()
        };
        let view_only = match &self.view_only {
            Some(password) => Some(short(password)?),
            None => None,
        };
        vnc_auth::Passwords::new(short(&self.full)?, view_only).ok()
    }

    /// The passwords of viewers that know VNC authentication only: this one in the place of the full one, and the
    /// view-only one where that is short enough.
    ///
    /// # Errors
    /// It is empty, too long or the view-only one.
    pub fn with_legacy(&self, full: &[u8]) -> Result<vnc_auth::Passwords, PasswordError> {
        let view_only = self.view_only.as_deref();
        let view_only = view_only.and_then(|password| vnc_auth::Password::new(password).ok());
        let passwords = vnc_auth::Passwords::new(vnc_auth::Password::new(full)?, view_only)?;
        Ok(passwords.legacy())
    }

    /// What the viewer that sent this password may do; `None` when it is wrong. Both are compared, whatever was sent, by
    /// their hashes, which are of one length: the time taken tells nothing, not even how long the passwords are.
    pub(crate) fn check(&self, sent: &[u8]) -> Option<Access> {
        let sent = Sha256::digest(sent);
        let is_sent = |password: &Zeroizing<Vec<u8>>| Sha256::digest(password).ct_eq(&sent);
        let full = is_sent(&self.full);
        let view_only = self.view_only.as_ref().map_or(Choice::from(0), is_sent);
        Access::of(full, view_only)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_chooses_what_a_viewer_may_do() {
        let passwords = Passwords::new(b"a long password", Some(b"another long one")).unwrap();
        assert_eq!(passwords.check(b"a long password"), Some(Access::Full));
        assert_eq!(passwords.check(b"another long one"), Some(Access::ViewOnly));
        for wrong in [&b""[..], b"a long", b"a long password ", b"A long password"] {
            assert_eq!(passwords.check(wrong), None);
        }
        assert_eq!(Passwords::new(b"", None).unwrap_err(), PasswordError::Empty);
        assert_eq!(Passwords::new(b"a", Some(b"a")).unwrap_err(), PasswordError::Same);
        assert!(!format!("{passwords:?}").contains("long"));
    }

    #[test]
    fn vnc_authentication_has_no_part_in_a_password_that_it_cannot_compare() {
        let long = Passwords::new(b"123456789", None).unwrap();
        assert!(long.for_vnc_auth(false).is_none());
        assert!(long.for_vnc_auth(true).is_some());
        let one_long = Passwords::new(b"short", Some(b"not so short")).unwrap();
        assert!(one_long.for_vnc_auth(false).is_none());
        // What the two have in common would no longer tell them apart.
        let alike = Passwords::new(b"12345678-full", Some(b"12345678-look")).unwrap();
        assert!(alike.for_vnc_auth(true).is_none());
    }

    #[test]
    fn a_legacy_password_is_no_other_ones() {
        let long = Passwords::new(b"a long password", Some(b"look")).unwrap();
        let legacy = |password: &[u8]| long.with_legacy(password).map(|legacy| legacy.is_legacy());
        assert_eq!(legacy(b"12345678"), Ok(true));
        assert_eq!(legacy(b"look"), Err(PasswordError::Same));
        assert_eq!(legacy(b""), Err(PasswordError::Empty));
        assert_eq!(legacy(b"123456789"), Err(PasswordError::TooLong(9)));
        assert_eq!(long.check(b"12345678"), None);
    }
}
