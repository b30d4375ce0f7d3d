//! What carries one viewer's bytes: a socket, a WebSocket, and the encryption that the handshake agreed on around it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use protocol::error::Error;
use protocol::security::ra2::Channel;
use protocol::session::Upgrade;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::tls::TlsServer;

/// Encrypted bytes read at a time.
const CHUNK: usize = 4096;
/// Plain bytes that go into encrypted messages at a time.
const PORTION: usize = 64 << 10;

/// Anything that carries bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// The one stream of a viewer, whatever it is made of.
pub(super) type Transport = Box<dyn Stream>;

/// Encrypts `transport` from here on; `rest` is what the viewer has sent of it already.
///
/// # Errors
/// The viewer does not do its part, or there is no certificate.
pub(super) async fn encrypted(
    transport: Transport,
    upgrade: Upgrade,
    rest: Vec<u8>,
    tls: Option<&TlsServer>,
) -> io::Result<Transport> {
    match (upgrade, tls) {
        (Upgrade::Ra2(channel), _) => Ok(Box::new(Ra2Stream::new(transport, channel, rest)?)),
        // A viewer waits for the word before it begins.
        (Upgrade::Tls, _) if !rest.is_empty() => Err(io::Error::other("the viewer began TLS too early")),
        (Upgrade::Tls, Some(tls)) => Ok(Box::new(tls.accept(transport).await?)),
        (Upgrade::Tls, None) => Err(io::Error::other("there is no certificate for TLS")),
    }
}

/// A stream of RSA-AES messages.
struct Ra2Stream {
    inner: Transport,
    channel: Channel,
    /// Encrypted, not whole yet.
    received: Vec<u8>,
    /// Decrypted, and how much of it was read.
    plain: Vec<u8>,
    read: usize,
    /// Encrypted, and how much of it was sent.
    sealed: Vec<u8>,
    sent: usize,
}

impl Ra2Stream {
    fn new(inner: Transport, channel: Channel, rest: Vec<u8>) -> io::Result<Self> {
        let mut stream = Self {
            inner,
            channel,
            received: rest,
            plain: Vec::new(),
            read: 0,
            sealed: Vec::new(),
            sent: 0,
        };
        stream.open()?;
        Ok(stream)
    }

    fn open(&mut self) -> io::Result<()> {
        self.plain.drain(..self.read);
        self.read = 0;
        self.channel
            .open(&mut self.received, &mut self.plain)
            .map_err(invalid)
    }

    /// Sends what is sealed.
    fn drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.sealed.len() {
            let rest = &self.sealed[self.sent..];
            let count = ready!(Pin::new(&mut self.inner).poll_write(context, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += count;
        }
        self.sealed.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

fn invalid(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl AsyncRead for Ra2Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.read == this.plain.len() {
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.inner).poll_read(context, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.received.extend_from_slice(chunk.filled());
            this.open()?;
        }
        let rest = &this.plain[this.read..];
        let count = rest.len().min(into.remaining());
        into.put_slice(&rest[..count]);
        this.read += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Ra2Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.drain(context))?;
        let portion = &bytes[..bytes.len().min(PORTION)];
        this.channel.seal(portion, &mut this.sealed).map_err(invalid)?;
        // What does not go out at once goes with the next call.
        if let Poll::Ready(outcome) = this.drain(context) {
            outcome?;
        }
        Poll::Ready(Ok(portion.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.drain(context))?;
        Pin::new(&mut this.inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.drain(context))?;
        Pin::new(&mut this.inner).poll_shutdown(context)
    }
}
