//! The viewer's side of RSA-AES, written from the rfbproto document. It knows nothing of connections.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test program uses its part"
)]

use aes::{Aes128, Aes256};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    KeySize, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use eax::Eax;
use eax::aead::{Aead, KeyInit, Payload};
use pkcs1::RsaPublicKey;
use pkcs1::der::asn1::{AnyRef, BitStringRef, UintRef};
use pkcs1::der::{Decode, Encode};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};

/// What both keys here have, bytes.
pub const KEY: usize = 256;

pub struct ViewerKey {
    private: Pkcs1PrivateDecryptingKey,
    /// Length in bits, modulus, exponent.
    pub sent: Vec<u8>,
}

impl ViewerKey {
    pub fn new() -> Self {
        let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<PublicKeyX509Der<'_>>::as_der(&key.public_key()).unwrap();
        let spki = SubjectPublicKeyInfoRef::from_der(der.as_ref()).unwrap();
        let public = RsaPublicKey::<UintRef<'_>>::from_der(spki.subject_public_key.raw_bytes()).unwrap();
        let mut sent = 2048u32.to_be_bytes().to_vec();
        sent.extend(public.modulus.as_bytes());
        let exponent = public.public_exponent.as_bytes();
        sent.extend(vec![0; KEY - exponent.len()]);
        sent.extend(exponent);
        Self {
            private: Pkcs1PrivateDecryptingKey::new(key).unwrap(),
            sent,
        }
    }

    /// The server's random number, of a message that has its length first.
    pub fn decrypt(&self, message: &[u8]) -> Vec<u8> {
        assert_eq!(message[..2], (KEY as u16).to_be_bytes());
        let mut space = vec![0; KEY];
        self.private.decrypt(&message[2..], &mut space).unwrap().to_vec()
    }
}

/// A message with a random number for the server that has sent this key.
pub fn encrypt(server_key: &[u8], random: &[u8]) -> Vec<u8> {
    let public = RsaPublicKey {
        modulus: UintRef::new(&server_key[4..4 + KEY]).unwrap(),
        public_exponent: UintRef::new(&server_key[4 + KEY..]).unwrap(),
    };
    let public = public.to_der().unwrap();
    let spki = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef {
            oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"),
            parameters: Some(AnyRef::NULL),
        },
        subject_public_key: BitStringRef::from_bytes(&public).unwrap(),
    };
    let public = PublicEncryptingKey::from_der(&spki.to_der().unwrap()).unwrap();
    let public = Pkcs1PublicEncryptingKey::new(public).unwrap();
    let mut space = vec![0; KEY];
    let encrypted = public.encrypt(random, &mut space).unwrap();
    [&(KEY as u16).to_be_bytes()[..], encrypted].concat()
}

/// AES-EAX with SHA-1 or SHA-256, of everything or, with `ne`, of what comes before the verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Ra2,
    Ra2ne,
    Ra2With256Bits,
    Ra2neWith256Bits,
}

impl Kind {
    /// The number of the security type.
    pub const fn number(self) -> u8 {
        match self {
            Self::Ra2 => 5,
            Self::Ra2ne => 6,
            Self::Ra2With256Bits => 129,
            Self::Ra2neWith256Bits => 130,
        }
    }

    /// Whether the verdict and what follows are encrypted.
    pub const fn encrypts_everything(self) -> bool {
        matches!(self, Self::Ra2 | Self::Ra2With256Bits)
    }

    const fn is_long(self) -> bool {
        matches!(self, Self::Ra2With256Bits | Self::Ra2neWith256Bits)
    }

    /// Bytes of a random number, and of a session key.
    pub const fn random(self) -> usize {
        if self.is_long() { 32 } else { 16 }
    }

    pub fn digest(self, first: &[u8], second: &[u8]) -> Vec<u8> {
        let both = [first, second].concat();
        if self.is_long() {
            Sha256::digest(both).to_vec()
        } else {
            Sha1::digest(both).to_vec()
        }
    }

    fn key(self, first: &[u8], second: &[u8]) -> Vec<u8> {
        self.digest(first, second)[..self.random()].to_vec()
    }
}

/// The encrypted messages of both directions.
pub struct Messages {
    kind: Kind,
    to_server: Vec<u8>,
    to_viewer: Vec<u8>,
    sent: u128,
    received: u128,
}

impl Messages {
    pub fn new(kind: Kind, server_random: &[u8], viewer_random: &[u8]) -> Self {
        Self {
            kind,
            to_server: kind.key(server_random, viewer_random),
            to_viewer: kind.key(viewer_random, server_random),
            sent: 0,
            received: 0,
        }
    }

    /// The next message to the server.
    pub fn seal(&mut self, text: &[u8]) -> Vec<u8> {
        let head = (text.len() as u16).to_be_bytes();
        let payload = Payload {
            msg: text,
            aad: &head,
        };
        let nonce = self.sent.to_le_bytes();
        self.sent += 1;
        let key = &self.to_server;
        let sealed = if self.kind.is_long() {
            let eax = Eax::<Aes256>::new_from_slice(key).unwrap();
            eax.encrypt(&nonce.into(), payload)
        } else {
            let eax = Eax::<Aes128>::new_from_slice(key).unwrap();
            eax.encrypt(&nonce.into(), payload)
        };
        [&head[..], &sealed.unwrap()].concat()
    }

    /// The next message of the server, which must be whole and nothing more.
    pub fn open(&mut self, message: &[u8]) -> Vec<u8> {
        let (head, text) = message.split_at(2);
        let length = usize::from(u16::from_be_bytes([head[0], head[1]]));
        assert_eq!(length + 16, text.len());
        let payload = Payload { msg: text, aad: head };
        let nonce = self.received.to_le_bytes();
        self.received += 1;
        let key = &self.to_viewer;
        let opened = if self.kind.is_long() {
            let eax = Eax::<Aes256>::new_from_slice(key).unwrap();
            eax.decrypt(&nonce.into(), payload)
        } else {
            let eax = Eax::<Aes128>::new_from_slice(key).unwrap();
            eax.decrypt(&nonce.into(), payload)
        };
        opened.unwrap()
    }
}
