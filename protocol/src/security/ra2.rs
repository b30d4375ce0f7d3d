//! RSA-AES, the security types RA2 and RA2_256 (rfbproto "RSA-AES Security Type"): each side encrypts a random number with
//! the other's RSA key, and what follows from both encrypts everything after; in RA2ne and RA2ne_256 only what proves that
//! both have these keys, and the password (rfbproto "RSA-AES Unencrypted Security Type").

use std::fmt;
use std::sync::Arc;

use aes::{Aes128, Aes256};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    KeySize, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use eax::Eax;
use eax::aead::{AeadInOut, KeyInit};
use pkcs1::der::asn1::{AnyRef, BitStringRef, UintRef};
use pkcs1::der::{Decode, Encode};
use pkcs1::{RsaPublicKey, der};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::wire::{Put, Reader};

/// The sizes of a viewer's key that are accepted, bits.
const KEY_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;
/// Bytes of one encrypted message, as other servers send them at most; the length field has room for more.
const MESSAGE: usize = 8192;
/// Bytes of an EAX tag.
const TAG: usize = 16;
/// Before the encrypted part of a message.
const HEAD: usize = 2;

/// What X.509 calls an RSA key (RFC 8017 §A.1).
const RSA_ENCRYPTION: AlgorithmIdentifierRef<'static> = AlgorithmIdentifierRef {
    oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"),
    parameters: Some(AnyRef::NULL),
};

/// No key could be made, or it cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the RSA key cannot be used; remove it, and another one is made")]
pub struct KeyError;

/// The server's RSA key. Viewers remember it, so it should last.
pub struct ServerKey {
    private: Pkcs1PrivateDecryptingKey,
    /// As it is sent: its length in bits, the modulus, the exponent.
    public: Vec<u8>,
    bytes: usize,
}

impl ServerKey {
    /// A new key of 2048 bits, in the form PKCS #8 (DER). Takes some 100 ms.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn generate() -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).map_err(|_| KeyError)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// From the form PKCS #8 (DER).
    ///
    /// # Errors
    /// When it is no RSA key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let key = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyError)?;
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(&key.public_key()).map_err(|_| KeyError)?;
        let public = as_sent(public.as_ref()).map_err(|_| KeyError)?;
        Ok(Self {
            bytes: key.key_size_bytes(),
            private: Pkcs1PrivateDecryptingKey::new(key).map_err(|_| KeyError)?,
            public,
        })
    }

    /// What viewers show of the key when they first see it: the first 8 bytes of its SHA-1, in hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha1::digest(&self.public);
        let bytes: Vec<String> = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.join("-")
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerKey({})", self.fingerprint())
    }
}

/// The form in which a public key is sent, from X.509's.
fn as_sent(spki: &[u8]) -> der::Result<Vec<u8>> {
    let spki = SubjectPublicKeyInfoRef::from_der(spki)?;
    let key = RsaPublicKey::<UintRef<'_>>::from_der(spki.subject_public_key.raw_bytes())?;
    let modulus = key.modulus.as_bytes();
    let exponent = key.public_exponent.as_bytes();
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let mut sent = Vec::new();
    sent.put_u32((modulus.len() * 8 - leading) as u32);
    sent.extend_from_slice(modulus);
    sent.extend(std::iter::repeat_n(
        0,
        modulus.len().saturating_sub(exponent.len()),
    ));
    sent.extend_from_slice(exponent);
    Ok(sent)
}

/// A key in the form in which it was sent, to encrypt with.
fn encrypting_key(modulus: &[u8], exponent: &[u8]) -> Option<Pkcs1PublicEncryptingKey> {
    let key = RsaPublicKey {
        modulus: UintRef::new(modulus).ok()?,
        public_exponent: UintRef::new(exponent).ok()?,
    };
    let key = key.to_der().ok()?;
    let spki = SubjectPublicKeyInfoRef {
        algorithm: RSA_ENCRYPTION,
        subject_public_key: BitStringRef::from_bytes(&key).ok()?,
    };
    let key = PublicEncryptingKey::from_der(&spki.to_der().ok()?).ok()?;
    Pkcs1PublicEncryptingKey::new(key).ok()
}

/// With which keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strength {
    /// RA2, RA2ne: AES-128, SHA-1.
    Bits128,
    /// RA2_256, RA2ne_256: AES-256, SHA-256.
    Bits256,
}

/// What is encrypted once the keys are exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// RA2, RA2_256: all that follows.
    Everything,
    /// RA2ne, RA2ne_256: what comes before the server's verdict.
    Password,
}

impl Strength {
    /// Bytes of a session key, and of a random number.
    const fn key(self) -> usize {
        match self {
            Self::Bits128 => 16,
            Self::Bits256 => 32,
        }
    }

    /// Bytes of a hash.
    pub(crate) const fn hash(self) -> usize {
        match self {
            Self::Bits128 => 20,
            Self::Bits256 => 32,
        }
    }

    fn digest(self, first: &[u8], second: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Bits128 => Sha1::new()
                .chain_update(first)
                .chain_update(second)
                .finalize()
                .to_vec(),
            Self::Bits256 => Sha256::new()
                .chain_update(first)
                .chain_update(second)
                .finalize()
                .to_vec(),
        })
    }
}

/// The exchange of keys, from the server's side.
pub(crate) struct Exchange {
    strength: Strength,
    extent: Extent,
    key: Arc<ServerKey>,
    /// The viewer's key as it was sent; empty before.
    viewer_key: Vec<u8>,
    random: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({:?})", self.strength)
    }
}

impl Exchange {
    /// Begins by sending the server's key.
    pub(crate) fn new(strength: Strength, extent: Extent, key: Arc<ServerKey>, out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(&key.public);
        Self {
            strength,
            extent,
            key,
            viewer_key: Vec::new(),
            random: Zeroizing::new(vec![0; strength.key()]),
        }
    }

    pub(crate) const fn strength(&self) -> Strength {
        self.strength
    }

    /// Takes the viewer's key, and sends the server's random number; `None` when more bytes are needed.
    pub(crate) fn viewer_key(
        &mut self,
        input: &mut Reader<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Result<(), Error>> {
        let mut ahead = input.clone();
        let bits = ahead.u32()?;
        if !KEY_BITS.contains(&bits) {
            return Some(Err(Error::RsaKeySize {
                bits,
                least: *KEY_BITS.start(),
                most: *KEY_BITS.end(),
            }));
        }
        let bytes = bits.div_ceil(8) as usize;
        let whole = input.take(4 + 2 * bytes)?;
        self.viewer_key = whole.to_vec();
        let (modulus, exponent) = whole[4..].split_at(bytes);
        Some(self.send_random(modulus, exponent, out))
    }

    fn send_random(&mut self, modulus: &[u8], exponent: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let key = encrypting_key(modulus, exponent).ok_or(Error::RsaKey)?;
        rand::fill(&mut self.random).map_err(|_| Error::NoRandomNumbers)?;
        let mut encrypted = vec![0; key.ciphertext_size()];
        let encrypted = key
            .encrypt(&self.random, &mut encrypted)
            .map_err(|_| Error::RsaKey)?;
        out.put_u16(encrypted.len() as u16);
        out.extend_from_slice(encrypted);
        Ok(())
    }

    /// Takes the viewer's random number: the keys of both directions follow. `None` when more bytes are needed.
    pub(crate) fn viewer_random(&self, input: &mut Reader<'_>) -> Option<Result<Channel, Error>> {
        let mut ahead = input.clone();
        let length = usize::from(ahead.u16()?);
        if length != self.key.bytes {
            return Some(Err(Error::TooLong {
                what: "an encrypted random number",
                length,
                limit: self.key.bytes,
            }));
        }
        let encrypted = ahead.take(length)?;
        *input = ahead;
        Some(self.decrypt(encrypted))
    }

    fn decrypt(&self, encrypted: &[u8]) -> Result<Channel, Error> {
        // Whoever could see whether a number was well padded could read what was ever sent to this key: one that is
        // not is replaced by another, and the first encrypted message then fails as that of a wrong key does.
        let mut viewer = Zeroizing::new(vec![0; self.strength.key()]);
        rand::fill(&mut viewer).map_err(|_| Error::NoRandomNumbers)?;
        let mut decrypted = Zeroizing::new(vec![0; self.key.bytes]);
        if let Ok(decrypted) = self.key.private.decrypt(encrypted, &mut decrypted)
            && decrypted.len() == viewer.len()
        {
            viewer.copy_from_slice(decrypted);
        }
        let incoming = self.strength.digest(&self.random, &viewer);
        let outgoing = self.strength.digest(&viewer, &self.random);
        let length = self.strength.key();
        let (messages, bytes) = match self.extent {
            Extent::Everything => (u64::MAX, u64::MAX),
            // The viewer's hash and its password; the server's hash, and its wish for a password, which is one byte.
            Extent::Password => (2, self.strength.hash() as u64 + 1),
        };
        Ok(Channel {
            incoming: Direction::new(self.strength, &incoming[..length])?,
            messages,
            outgoing: Direction::new(self.strength, &outgoing[..length])?,
            bytes,
        })
    }

    /// What the server says about both keys.
    pub(crate) fn put_hash(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.strength.digest(&self.key.public, &self.viewer_key));
    }

    /// Whether the viewer saw the same keys.
    pub(crate) fn agrees(&self, hash: &[u8]) -> bool {
        let expected = self.strength.digest(&self.viewer_key, &self.key.public);
        expected.ct_eq(hash).into()
    }
}

/// Both directions of an encrypted connection, as a layer between the transport and the session.
pub struct Channel {
    incoming: Direction,
    /// How many more of the viewer's messages are encrypted; then it sends bytes as they are.
    messages: u64,
    outgoing: Direction,
    /// How many more of the server's bytes go into such messages; then they are sent as they are.
    bytes: u64,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Channel")
    }
}

enum Cipher {
    Aes128(Box<Eax<Aes128>>),
    Aes256(Box<Eax<Aes256>>),
}

struct Direction {
    cipher: Cipher,
    /// The number of the next message.
    index: u128,
}

impl Direction {
    fn new(strength: Strength, key: &[u8]) -> Result<Self, Error> {
        let cipher = match strength {
            Strength::Bits128 => Eax::new_from_slice(key).map(|eax| Cipher::Aes128(Box::new(eax))),
            Strength::Bits256 => Eax::new_from_slice(key).map(|eax| Cipher::Aes256(Box::new(eax))),
        };
        Ok(Self {
            cipher: cipher.map_err(|_| Error::RsaKey)?,
            index: 0,
        })
    }

    /// The nonce of the next message: its number, little-endian.
    fn nonce(&mut self) -> [u8; 16] {
        let nonce = self.index.to_le_bytes();
        self.index += 1;
        nonce
    }

    fn seal(&mut self, head: [u8; HEAD], text: &mut [u8]) -> Result<[u8; TAG], Error> {
        let nonce = self.nonce();
        let sealed = match &self.cipher {
            Cipher::Aes128(eax) => eax.encrypt_inout_detached(&nonce.into(), &head, text.into()),
            Cipher::Aes256(eax) => eax.encrypt_inout_detached(&nonce.into(), &head, text.into()),
        };
        sealed.map(Into::into).map_err(|_| Error::Forged)
    }

    fn open(&mut self, head: [u8; HEAD], text: &mut [u8], tag: [u8; TAG]) -> Result<(), Error> {
        let nonce = self.nonce();
        let opened = match &self.cipher {
            Cipher::Aes128(eax) => eax.decrypt_inout_detached(&nonce.into(), &head, text.into(), &tag.into()),
            Cipher::Aes256(eax) => eax.decrypt_inout_detached(&nonce.into(), &head, text.into(), &tag.into()),
        };
        opened.map_err(|_| Error::Forged)
    }
}

impl Channel {
    /// Appends `plain` to `wire` as encrypted messages, as far as it is to be encrypted.
    ///
    /// # Errors
    /// Never for the sizes that are used here.
    pub fn seal(&mut self, plain: &[u8], wire: &mut Vec<u8>) -> Result<(), Error> {
        let secret = self.bytes.min(plain.len() as u64);
        self.bytes -= secret;
        let (secret, open) = plain.split_at(secret as usize);
        for part in secret.chunks(MESSAGE) {
            let head = (part.len() as u16).to_be_bytes();
            wire.extend_from_slice(&head);
            let begin = wire.len();
            wire.extend_from_slice(part);
            let tag = self.outgoing.seal(head, &mut wire[begin..])?;
            wire.extend_from_slice(&tag);
        }
        wire.extend_from_slice(open);
        Ok(())
    }

    /// Decrypts the whole messages at the front of `wire`, removes them there and appends them to `plain`; when none of
    /// them is to be encrypted any more, moves all of it.
    ///
    /// # Errors
    /// A message was not made by the viewer that the keys were exchanged with.
    pub fn open(&mut self, wire: &mut Vec<u8>, plain: &mut Vec<u8>) -> Result<(), Error> {
        let mut used = 0;
        let mut reader = Reader::new(wire);
        while self.messages > 0
            && let (Some(head), true) = (reader.array::<HEAD>(), reader.remaining() > 0)
        {
            let length = usize::from(u16::from_be_bytes(head));
            let (Some(text), Some(tag)) = (reader.take(length), reader.array::<TAG>()) else {
                break;
            };
            let begin = plain.len();
            plain.extend_from_slice(text);
            self.incoming.open(head, &mut plain[begin..], tag)?;
            self.messages -= 1;
            used += HEAD + length + TAG;
        }
        wire.drain(..used);
        if self.messages == 0 {
            plain.append(wire);
        }
        Ok(())
    }
}
