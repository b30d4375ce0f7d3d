//! Fernet, the format in which IBeam takes a password that is encrypted (github.com/fernet/spec, version 0x80).

use std::fmt;

use aws_lc_rs::cipher::{AES_128, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use base64ct::{Base64Url, Base64UrlUnpadded, Encoding as _};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Value;
use crate::config::secret::Secret;

/// Version, and time of the encryption in seconds. A password does not age, so no time is too old.
const HEAD: usize = 1 + 8;
const IV: usize = 16;
const BLOCK: usize = 16;
const SEAL: usize = 32;
const VERSION: u8 = 0x80;

/// A key: half of it seals, the other half encrypts.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(in crate::config) struct FernetKey([u8; 32]);

impl fmt::Debug for FernetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::config::secret::HIDDEN)
    }
}

impl Value for FernetKey {
    const ALLOWED: &'static str = "the 44 characters of a Fernet key (URL-safe Base64 of 32 bytes)";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut key = Self([0; 32]);
        match Base64Url::decode(text, &mut key.0) {
            Ok(bytes) if bytes.len() == 32 => Ok(key),
            _ => Err(Self::ALLOWED),
        }
    }
}

impl FernetKey {
    /// What the token holds.
    ///
    /// # Errors
    /// What is wrong, in words that hold nothing of either.
    pub(in crate::config) fn decrypt(&self, token: &str) -> Result<Secret, &'static str> {
        const NO_TOKEN: &str = "it is not a Fernet token";
        let mut token = Base64UrlUnpadded::decode_vec(token.trim_end_matches('=')).map_err(|_| NO_TOKEN)?;
        let sealed = token.len().checked_sub(SEAL).filter(|sealed| {
            let encrypted = sealed.saturating_sub(HEAD + IV);
            encrypted > 0 && encrypted.is_multiple_of(BLOCK)
        });
        let sealed = sealed.filter(|_| token[0] == VERSION).ok_or(NO_TOKEN)?;
        let (sealing, encrypting) = self.0.split_at(16);
        let (message, seal) = token.split_at_mut(sealed);
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, sealing), message, seal)
            .map_err(|_| "it was encrypted with another key, or changed since")?;
        let (head, encrypted) = message.split_at_mut(HEAD + IV);
        let broken = "it holds nothing that can be decrypted";
        let iv: [u8; IV] = head[HEAD..].try_into().map_err(|_| broken)?;
        let key = UnboundCipherKey::new(&AES_128, encrypting).map_err(|_| broken)?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| broken)?;
        let context = DecryptionContext::Iv128(FixedLength::from(iv));
        let plain = key.decrypt(encrypted, context).map_err(|_| broken)?;
        let text = str::from_utf8(plain).map(str::to_owned);
        plain.zeroize();
        text.map(Secret::new).map_err(|_| "what it holds is not UTF-8")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's.
    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const HELLO: &str = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

    fn key() -> FernetKey {
        FernetKey::parse(KEY).expect("a key")
    }

    #[test]
    fn the_token_of_the_specification() {
        assert_eq!(key().decrypt(HELLO).expect("hello").expose(), "hello");
        // Padding is lost where a shell splits at it.
        assert_eq!(
            key()
                .decrypt(HELLO.trim_end_matches('='))
                .expect("hello")
                .expose(),
            "hello"
        );
        assert_eq!(format!("{:?}", key()), "***");
    }

    #[test]
    fn tokens_that_the_specification_calls_invalid() {
        for (token, why) in [
            // A wrong seal.
            (
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==",
                "another key",
            ),
            // Too short.
            (
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==",
                "not a Fernet token",
            ),
            // No Base64.
            (
                "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
                "not a Fernet token",
            ),
            // No whole number of blocks.
            (
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm",
                "not a Fernet token",
            ),
            // Wrong padding.
            (
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==",
                "nothing that can be decrypted",
            ),
            ("hunter2", "not a Fernet token"),
            ("", "not a Fernet token"),
        ] {
            let fault = key().decrypt(token).expect_err(token);
            assert!(fault.contains(why), "{token}: {fault}");
        }
        // Another version.
        let other = HELLO.replacen("gA", "gQ", 1);
        assert!(
            key()
                .decrypt(&other)
                .expect_err("a version")
                .contains("not a Fernet token")
        );
    }

    #[test]
    fn another_key_is_told_apart_from_no_key() {
        let other = FernetKey::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a key");
        assert!(other.decrypt(HELLO).expect_err("another").contains("another key"));
        for text in [
            "",
            "cw_0x689RpI",
            "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e5!",
            &KEY.replace('_', "/"),
        ] {
            assert!(FernetKey::parse(text).is_err(), "{text}");
        }
    }
}
