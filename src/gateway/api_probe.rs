//! Whether the API really answers: a handshake that stops before it costs a client id.
//!
//! The client sends `API\0`, then a length and the versions it speaks; the server answers with a length, its version
//! and the time of the connection, each ended by NUL. While nobody is logged in the port is closed, or the connection
//! is cut, or nothing comes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// `API\0`, then the length of what follows (big-endian) and the range of versions.
const GREETING: &[u8] = b"API\0\0\0\0\x09v100..187";
/// An answer has about 30 bytes; more than this is something else.
const ANSWER_LIMIT: usize = 256;

/// The server's answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiAnswer {
    /// Version of the protocol that the server chose.
    pub server_version: u32,
    /// When the connection was made, in the server's words.
    pub connection_time: String,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nobody listens.
    #[error("connection refused")]
    Refused,
    /// The connection was closed without an answer.
    #[error("connection closed without an answer")]
    Closed,
    /// Nothing came in time.
    #[error("no answer in time")]
    Silent,
    /// Something came that is no answer.
    #[error("not the answer of an API server: {0}")]
    Garbage(&'static str),
    /// Another client has the client id.
    #[error("another client has the client id")]
    ClientIdTaken,
    /// The API answers, but the gateway has lost its connection to the broker.
    #[error("the gateway has lost its connection to the broker")]
    NoBroker,
    /// Another error of the network.
    #[error("network error: {0}")]
    Network(io::Error),
}

/// Shakes hands with the API at `address`, within `limit`.
///
/// # Errors
///
/// When no proper answer came.
pub async fn probe(address: SocketAddr, limit: Duration) -> Result<ApiAnswer, ProbeError> {
    let answer = async { Ok(shake_hands(address).await?.1) };
    timeout(limit, answer).await.unwrap_or(Err(ProbeError::Silent))
}

/// Connects, and greets as a client does.
pub(super) async fn shake_hands(address: SocketAddr) -> Result<(TcpStream, ApiAnswer), ProbeError> {
    let mut stream = TcpStream::connect(address)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::ConnectionRefused => ProbeError::Refused,
            _ => ProbeError::Network(error),
        })?;
    stream.write_all(GREETING).await.map_err(lost)?;
    let length = stream.read_u32().await.map_err(lost)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > ANSWER_LIMIT {
        return Err(ProbeError::Garbage("the answer is too long"));
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await.map_err(lost)?;
    let answer = parse(&answer).map_err(ProbeError::Garbage)?;
    Ok((stream, answer))
}

pub(super) fn lost(error: io::Error) -> ProbeError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            ProbeError::Closed
        }
        _ => ProbeError::Network(error),
    }
}

fn parse(answer: &[u8]) -> Result<ApiAnswer, &'static str> {
    let text = str::from_utf8(answer).map_err(|_| "the answer is not text")?;
    let mut fields = text.split_terminator('\0');
    let version = fields.next().unwrap_or_default();
    let server_version = match version.parse() {
        Ok(version @ 1..=9999) => version,
        _ => return Err("the version is not a number"),
    };
    let connection_time = fields.next().ok_or("the connection time is missing")?;
    if connection_time.chars().any(char::is_control) {
        return Err("the connection time is not text");
    }
    Ok(ApiAnswer {
        server_version,
        connection_time: connection_time.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// Probes a server that checks the greeting, sends `answer` and closes.
    async fn probe_against(answer: &'static [u8]) -> Result<ApiAnswer, ProbeError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut greeting = [0; GREETING.len()];
            stream.read_exact(&mut greeting).await.unwrap();
            assert_eq!(greeting, *b"API\0\0\0\0\x09v100..187");
            stream.write_all(answer).await.unwrap();
        });
        let result = probe(address, LONG).await;
        server.await.unwrap();
        result
    }

    #[tokio::test]
    async fn a_real_answer() {
        let answer = probe_against(b"\0\0\0\x1b176\x0020260105 09:30:00 CET\0\0").await;
        // A field more than needed does no harm.
        let expected = ApiAnswer {
            server_version: 176,
            connection_time: "20260105 09:30:00 CET".into(),
        };
        assert_eq!(answer.unwrap(), expected);
    }

    #[tokio::test]
    async fn every_other_answer() {
        assert!(matches!(probe_against(b"").await, Err(ProbeError::Closed)));
        assert!(matches!(
            probe_against(b"\0\0\0\x20176\0").await,
            Err(ProbeError::Closed)
        ));
        assert!(matches!(
            probe_against(b"HTTP/1.1 400 Bad Request\r\n").await,
            Err(ProbeError::Garbage(_))
        ));
        for garbage in [
            &b"\0\0\0\0"[..],
            b"\0\0\0\x04176\0",
            b"\0\0\0\x05abc\0x",
            b"\0\0\0\x05-1\0x\0",
            b"\0\0\0\x06176\0\x1bx",
            b"\0\0\0\x06176\0\xff\0",
        ] {
            let result = probe_against(garbage).await;
            assert!(
                matches!(result, Err(ProbeError::Garbage(_))),
                "{garbage:?}: {result:?}"
            );
        }
    }

    #[tokio::test]
    async fn refused_and_silent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        assert!(matches!(
            probe(address, Duration::from_millis(20)).await,
            Err(ProbeError::Silent)
        ));
        drop(listener);
        assert!(matches!(probe(address, LONG).await, Err(ProbeError::Refused)));
    }
}
