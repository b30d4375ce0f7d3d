//! Secrets that are more than a text.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Value, words};
use crate::config::secret::{HIDDEN, Secret};

words! {
    /// What the variables of user names and secrets hold.
    pub(in crate::config) SecretsSource: "env, fs or gcp_secrets_manager" {
        /// The value itself.
        Environment = "env",
        /// The path of a file.
        Files = "fs",
        /// The name of a secret in Google Secret Manager.
        SecretManager = "gcp_secrets_manager",
    }
}

/// A viewer's password: 1 to 8 bytes, as VncAuth compares no more (RFC 6143 §7.2.2).
#[derive(Debug)]
pub struct VncPassword(Secret);

impl VncPassword {
    /// Checks the length.
    ///
    /// # Errors
    ///
    /// A text that says what is allowed.
    pub fn new(password: Secret) -> Result<Self, &'static str> {
        match password.expose().len() {
            1..=8 if !password.expose().contains('\0') => Ok(Self(password)),
            _ => Err(<Self as Value>::ALLOWED),
        }
    }

    /// The password itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Value for VncPassword {
    const ALLOWED: &'static str =
        "at most 8 bytes: VncAuth compares no more, so a longer password would only seem stronger";

    fn parse(text: &str) -> Result<Self, &'static str> {
        Self::new(Secret::new(text.to_owned()))
    }
}

/// The token of a second-factor device, as `jts.ini` holds it.
#[derive(Debug)]
pub(in crate::config) struct DeviceToken(pub(in crate::config) Secret);

impl Value for DeviceToken {
    const ALLOWED: &'static str = "the token alone, without `2ndFactor=`, the comma and what is behind it";

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.starts_with("2ndFactor=") || !text.chars().all(|c| c.is_ascii_graphic() && !",;".contains(c))
        {
            return Err(Self::ALLOWED);
        }
        Ok(Self(Secret::new(text.to_owned())))
    }
}

/// The shared key of time-based codes (RFC 6238), decoded.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct TotpKey(Vec<u8>);

impl TotpKey {
    /// The key's bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for TotpKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Value for TotpKey {
    const ALLOWED: &'static str =
        "the key in base32 (letters A to Z and digits 2 to 7, at least 16 of them), not a code of six digits";

    /// Base32 of RFC 4648 §6 in any case; spaces, dashes and padding are skipped, as web pages group the key.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut bytes = Vec::with_capacity(text.len());
        let (mut bits, mut pending) = (0_u32, 0_u32);
        for c in text
            .trim_end_matches('=')
            .bytes()
            .filter(|c| !matches!(c, b' ' | b'-'))
        {
            let five = match c.to_ascii_uppercase() {
                letter @ b'A'..=b'Z' => letter - b'A',
                digit @ b'2'..=b'7' => digit - b'2' + 26,
                _ => return Err(Self::ALLOWED),
            };
            pending = (pending << 5) | u32::from(five);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from((pending >> bits) & 0xff).unwrap_or_default());
            }
        }
        let key = Self(bytes);
        if key.0.len() < 10 {
            Err(Self::ALLOWED)
        } else {
            Ok(key)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vnc_passwords_are_short() {
        assert!(VncPassword::parse("12345678").is_ok());
        assert!(VncPassword::parse("123456789").is_err_and(|cure| cure.contains("8 bytes")));
        assert!(
            VncPassword::parse("ééééé").is_err(),
            "bytes count, not characters"
        );
    }

    #[test]
    fn base32() {
        // RFC 6238's test key "12345678901234567890".
        let key = TotpKey::parse("gezd gnbv-GY3TQOJQ GEZDGNBVGY3TQOJQ").unwrap();
        assert_eq!(key.expose(), b"12345678901234567890");
        assert_eq!(format!("{key:?}"), "***");
        for bad in ["GEZDGNB1GY3TQOJQ", "123456", "", "====", "é"] {
            assert!(TotpKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tokens_stand_alone() {
        assert!(DeviceToken::parse("_abc=1").is_ok_and(|token| token.0.expose() == "_abc=1"));
        for wrong in ["2ndFactor=abc", "abc,5.2a;", "a b"] {
            assert!(DeviceToken::parse(wrong).is_err(), "{wrong}");
        }
    }
}
