//! One viewer's connection: it sends what a session has to say, and reads what the viewer says meanwhile.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use protocol::session::{Session, Upgrade};
use tokio::io::{AsyncRead as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};

use super::traffic::Counters;
use super::transport::{Transport, encrypted};
use crate::tls::TlsServer;

pub(super) struct Connection<'a> {
    transport: Transport,
    counters: &'a Counters,
    /// How much of what the session sends the transport has accepted. The viewer's it is when it is flushed.
    accepted: usize,
}

/// What has moved.
pub(super) enum Moved {
    /// All that the session had to send is on its way.
    Out,
    /// So many bytes came from the viewer; 0 when it says no more.
    In(usize),
}

impl<'a> Connection<'a> {
    pub(super) const fn new(transport: Transport, counters: &'a Counters) -> Self {
        Self {
            transport,
            counters,
            accepted: 0,
        }
    }

    /// Waits until what `session` sends is sent, or something was read into `chunk`.
    pub(super) async fn exchange(&mut self, session: &mut Session, chunk: &mut [u8]) -> io::Result<Moved> {
        poll_fn(|context| {
            if !session.transmit().is_empty()
                && let Poll::Ready(sent) = self.poll_send(session, context)
            {
                return Poll::Ready(sent.map(|()| Moved::Out));
            }
            let mut chunk = ReadBuf::new(chunk);
            ready!(Pin::new(&mut self.transport).poll_read(context, &mut chunk))?;
            let count = chunk.filled().len();
            self.counters.received(count);
            Poll::Ready(Ok(Moved::In(count)))
        })
        .await
    }

    /// Sends all that `session` has to say.
    pub(super) async fn send(&mut self, session: &mut Session) -> io::Result<()> {
        poll_fn(|context| self.poll_send(session, context)).await
    }

    fn poll_send(&mut self, session: &mut Session, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let rest = &session.transmit()[self.accepted..]
            && !rest.is_empty()
        {
            match ready!(Pin::new(&mut self.transport).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => {
                    self.counters.sent(count);
                    self.accepted += count;
                }
            }
        }
        ready!(Pin::new(&mut self.transport).poll_flush(context))?;
        session.transmitted(std::mem::take(&mut self.accepted));
        Poll::Ready(Ok(()))
    }

    /// Encrypts the connection from here on; `rest` is what the viewer has sent of it already. When this fails, or is
    /// not waited for to its end, the connection is closed.
    pub(super) async fn encrypt(
        &mut self,
        upgrade: Upgrade,
        rest: Vec<u8>,
        tls: Option<&TlsServer>,
    ) -> io::Result<()> {
        let transport = std::mem::replace(&mut self.transport, Box::new(tokio::io::empty()));
        self.transport = encrypted(transport, upgrade, rest, tls).await?;
        Ok(())
    }

    /// Sends what there is, and says that nothing follows.
    pub(super) async fn close(mut self, session: &mut Session) -> io::Result<()> {
        self.send(session).await?;
        self.transport.shutdown().await
    }
}
