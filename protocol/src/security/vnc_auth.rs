//! VNC authentication (RFC 6143 §7.2.2): the viewer encrypts a random challenge with the password as the DES key.

use std::fmt;

use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::Des;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::Access;

/// The random bytes that the viewer encrypts; new for every connection.
pub type Challenge = [u8; 16];

/// How many bytes of a password the method can compare.
pub const MAX_PASSWORD: usize = 8;

/// Why a password cannot serve for VNC authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing to compare.
    #[error("the VNC password is empty; set one of 1 to {MAX_PASSWORD} bytes")]
    Empty,
    /// VNC authentication would ignore the rest.
    #[error(
        "the VNC password has {0} bytes, but VNC authentication compares {MAX_PASSWORD} and ignores the rest; \
         set one of at most {MAX_PASSWORD} bytes"
    )]
    TooLong(usize),
    /// Both passwords are the same, so that the right to type would depend on the order of comparison.
    #[error("the view-only VNC password is the same as the full one; set a different one")]
    Same,
}

/// A password of 1 to 8 bytes. It is not printed, and its bytes are overwritten when it goes.
#[derive(Clone)]
pub struct Password(Zeroizing<[u8; MAX_PASSWORD]>);

impl Password {
    /// From the bytes that a user types into the viewer.
    ///
    /// # Errors
    /// When it is empty or longer than [`MAX_PASSWORD`].
    pub fn new(bytes: &[u8]) -> Result<Self, PasswordError> {
        if bytes.is_empty() {
            return Err(PasswordError::Empty);
        }
        let mut padded = Zeroizing::new([0; MAX_PASSWORD]);
        padded
            .get_mut(..bytes.len())
            .ok_or(PasswordError::TooLong(bytes.len()))?
            .copy_from_slice(bytes);
        Ok(Self(padded))
    }

    /// What a viewer that knows the password answers.
    pub fn answer(&self, challenge: &Challenge) -> Challenge {
        // DES keys have the parity bit last, the authors of VNC put it first (RFC 6143 erratum 4951).
        let key = Zeroizing::new(self.0.map(u8::reverse_bits));
        let des = Des::new((&*key).into());
        let mut answer = *challenge;
        for block in answer.as_chunks_mut::<8>().0 {
            des.encrypt_block(block.into());
        }
        answer
    }
}

/// The key with which the programs of VNC scramble passwords in files. It keeps nobody from reading them.
const FILE_KEY: [u8; 8] = [23, 82, 107, 6, 35, 78, 88, 7];

/// A password from a file of `vncpasswd`, padded with zero bytes.
#[must_use]
pub fn unscrambled(scrambled: [u8; 8]) -> [u8; 8] {
    let des = Des::new((&FILE_KEY.map(u8::reverse_bits)).into());
    let mut plain = scrambled;
    des.decrypt_block((&mut plain).into());
    plain
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// The passwords of one server.
#[derive(Clone, Debug)]
pub struct Passwords {
    full: Password,
    view_only: Option<Password>,
    /// Not those of the other types: for viewers that know no other.
    legacy: bool,
}

impl Passwords {
    /// A password for everything, and perhaps another that only lets look.
    ///
    /// # Errors
    /// [`PasswordError::Same`] when both are equal.
    pub fn new(full: Password, view_only: Option<Password>) -> Result<Self, PasswordError> {
        if view_only
            .as_ref()
            .is_some_and(|password| bool::from(password.0.ct_eq(&*full.0)))
        {
            return Err(PasswordError::Same);
        }
        Ok(Self {
            full,
            view_only,
            legacy: false,
        })
    }

    /// The same for viewers that know no other type: those that do are not led to this one.
    #[must_use]
    pub fn legacy(self) -> Self {
        Self { legacy: true, ..self }
    }

    pub(crate) const fn is_legacy(&self) -> bool {
        self.legacy
    }

    /// What the viewer that gave this answer may do; `None` when it knows no password. Both passwords are compared
    /// whole whatever the answer, so that the time taken tells nothing.
    pub(crate) fn check(&self, challenge: &Challenge, answer: &Challenge) -> Option<Access> {
        let full = self.full.answer(challenge).ct_eq(answer);
        let view_only = self.view_only.as_ref().map_or(Choice::from(0), |password| {
            password.answer(challenge).ct_eq(answer)
        });
        Access::of(full, view_only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_answer_is_des_with_the_key_bits_reversed() {
        // DES of eight zero bytes under the weak key 01 01 01 01 01 01 01 01, a published test vector; the password byte
        // 0x80 reversed is 0x01.
        let weak = Password::new(&[0x80; 8]).unwrap();
        let answer = weak.answer(&[0; 16]);
        assert_eq!(answer[..8], [0x8c, 0xa6, 0x4d, 0xe9, 0xc1, 0xb1, 0x23, 0xa7]);
        assert_eq!(answer[8..], answer[..8]);
    }

    #[test]
    fn the_password_chooses_what_a_viewer_may_do() {
        let passwords = Passwords::new(password("full"), Some(password("look"))).unwrap();
        let challenge: Challenge = std::array::from_fn(|index| index as u8 * 7);
        let check = |text: &str| passwords.check(&challenge, &password(text).answer(&challenge));
        assert_eq!(check("full"), Some(Access::Full));
        assert_eq!(check("look"), Some(Access::ViewOnly));
        assert_eq!(check("fulL"), None);
        assert_eq!(check("full1"), None);
        let only_full = Passwords::new(password("full"), None).unwrap();
        assert_eq!(only_full.check(&challenge, &[0; 16]), None);
    }

    #[test]
    fn passwords_that_the_method_cannot_compare_are_refused() {
        assert_eq!(Password::new(b"").unwrap_err(), PasswordError::Empty);
        assert_eq!(
            Password::new(b"123456789").unwrap_err(),
            PasswordError::TooLong(9)
        );
        assert!(Password::new(b"12345678").is_ok());
        let same = Passwords::new(password("same"), Some(password("same")));
        assert_eq!(same.unwrap_err(), PasswordError::Same);
    }

    #[test]
    fn a_password_is_not_printed() {
        let passwords = Passwords::new(password("geheim"), Some(password("blick"))).unwrap();
        let printed = format!("{passwords:?}");
        assert!(
            !printed.contains("geheim") && !printed.contains("blick"),
            "{printed}"
        );
    }
}
