//! Why a session ends.

use std::time::Duration;

/// Why the server side closed a session. Each ends this viewer's connection only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first twelve bytes are not an RFB version.
    #[error("the peer does not speak RFB: it sent {0:?} where a version like \"RFB 003.008\" belongs")]
    NotRfb(String),
    /// A version older than 3.3.
    #[error("RFB {major}.{minor} is not served; use a viewer that speaks 3.3, 3.7 or 3.8")]
    Version {
        /// Before the dot.
        major: u16,
        /// After the dot.
        minor: u16,
    },
    /// RFB 3.3 has no security type that is offered here.
    #[error(
        "RFB 3.3 knows VNC authentication only, which is switched off here; use a viewer that speaks 3.8"
    )]
    NothingFor3_3,
    /// The viewer chose a security type that was not offered.
    #[error("the viewer chose security type {0}, which was not offered")]
    SecurityType(u8),
    /// The viewer speaks another VeNCrypt than 0.2.
    #[error("the viewer speaks VeNCrypt {0}.{1}, not 0.2")]
    VeNCryptVersion(u8, u8),
    /// The viewer chose a subtype of VeNCrypt that was not offered.
    #[error("the viewer chose VeNCrypt subtype {0}, which was not offered")]
    VeNCryptSubtype(u32),
    /// The viewer's RSA key is too short to be safe, or too long to be meant.
    #[error("the viewer's RSA key has {bits} bits; keys of {least} to {most} bits are accepted")]
    RsaKeySize {
        /// As sent.
        bits: u32,
        /// The shortest.
        least: u32,
        /// The longest.
        most: u32,
    },
    /// The viewer's RSA key is none.
    #[error("the viewer's RSA key cannot be used")]
    RsaKey,
    /// The system has no random numbers.
    #[error("there are no random numbers")]
    NoRandomNumbers,
    /// An encrypted message that the viewer did not make, or that was made with another key.
    #[error("an encrypted message is not the viewer's")]
    Forged,
    /// The answer to the challenge fits no password.
    #[error("wrong password")]
    WrongPassword,
    /// The settings said to turn this viewer away.
    #[error("turned away: {0}")]
    Refused(String),
    /// The handshake was not finished in time.
    #[error("the handshake was not finished within {} s", .0.as_secs())]
    HandshakeTimeout(Duration),
    /// A message type that this server does not know: nothing after it can be understood.
    #[error("unknown client message type {0}")]
    UnknownMessage(u8),
    /// A message of QEMU's that this server did not offer.
    #[error("unknown QEMU message type {0}")]
    UnknownQemuMessage(u8),
    /// A clipboard message whose parts do not fit together.
    #[error("unusable clipboard message: {0}")]
    Clipboard(&'static str),
    /// A message says that it is longer than is allowed.
    #[error("{what} of {length} exceeds the limit of {limit}")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// As sent.
        length: usize,
        /// As allowed.
        limit: usize,
    },
    /// A pixel format that contradicts itself or is not served.
    #[error("unusable pixel format: {0}")]
    PixelFormat(&'static str),
}
