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

/// A viewer's password. VNC authentication compares 8 bytes of it, RSA-AES has room for 255.
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
            1..=255 if !password.expose().contains(char::is_control) => Ok(Self(password)),
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
        "one line of at most 255 bytes; at most 8 for viewers that know VNC authentication only";

    fn parse(text: &str) -> Result<Self, &'static str> {
        Self::new(Secret::new(text.to_owned()))
    }
}

/// A password that VNC authentication compares whole.
#[derive(Debug)]
pub struct LegacyPassword(VncPassword);

impl LegacyPassword {
    /// The password itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Value for LegacyPassword {
    const ALLOWED: &'static str = "one line of at most 8 bytes: VNC authentication compares no more";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match VncPassword::parse(text) {
            Ok(password) if text.len() <= 8 => Ok(Self(password)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// What lets a viewer do everything.
#[derive(Debug)]
pub enum ViewerPassword {
    /// This password.
    Given(VncPassword),
    /// One that gatehand makes, and keeps in the state folder.
    Generated,
    /// Nothing: whoever connects may.
    NotNeeded,
}

impl ViewerPassword {
    /// The password, where the user has chosen it.
    #[must_use]
    pub const fn given(&self) -> Option<&VncPassword> {
        match self {
            Self::Given(password) => Some(password),
            Self::Generated | Self::NotNeeded => None,
        }
    }
}

impl Value for ViewerPassword {
    const ALLOWED: &'static str = "one line of at most 255 bytes (at most 8 for viewers that know VNC authentication only), or generate";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "generate" => Ok(Self::Generated),
            text => match VncPassword::parse(text) {
                Ok(password) => Ok(Self::Given(password)),
                Err(_) => Err(Self::ALLOWED),
            },
        }
    }
}

/// What callers of the HTTP port show (RFC 6750).
#[derive(Debug)]
pub(in crate::config) struct BearerToken(pub(in crate::config) Secret);

impl Value for BearerToken {
    const ALLOWED: &'static str =
        "16 to 255 letters, digits and -._~+/=, for instance what `openssl rand -hex 32` prints";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
        if (16..=255).contains(&text.len()) && text.chars().all(plain) {
            Ok(Self(Secret::new(text.to_owned())))
        } else {
            Err(Self::ALLOWED)
        }
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
    fn vnc_passwords_have_a_limit() {
        assert!(VncPassword::parse(&"é".repeat(127)).is_ok());
        assert!(
            VncPassword::parse(&"é".repeat(128)).is_err_and(|cure| cure.contains("255 bytes")),
            "bytes count, not characters"
        );
        assert!(VncPassword::parse("of\ntwo lines").is_err());
        assert!(LegacyPassword::parse("éééé").is_ok());
        for wrong in ["éééé1", "two\nl", ""] {
            assert!(LegacyPassword::parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(matches!(
            ViewerPassword::parse("generate"),
            Ok(ViewerPassword::Generated)
        ));
        assert!(matches!(
            ViewerPassword::parse("Generate"),
            Ok(ViewerPassword::Given(_))
        ));
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
