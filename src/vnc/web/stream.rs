//! A WebSocket as a stream of bytes. Where one message ends and the next begins has no meaning.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::{Buf as _, Bytes};
use futures_util::{Sink as _, Stream as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// The longest message that is sent, bytes.
const PORTION: usize = 64 << 10;
/// A quiet connection is kept alive so often: proxies end one after a minute (nginx, `proxy_read_timeout`).
const KEEP_ALIVE: Duration = Duration::from_secs(25);

pub(super) struct WebStream {
    socket: WebSocket,
    /// What is left of the last message.
    rest: Bytes,
    keep_alive: Interval,
    /// Something was handed to the socket that may not be on its way yet.
    unflushed: bool,
}

impl WebStream {
    pub(super) fn new(socket: WebSocket) -> Self {
        let mut keep_alive = interval(KEEP_ALIVE);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        keep_alive.reset();
        Self {
            socket,
            rest: Bytes::new(),
            keep_alive,
            unflushed: false,
        }
    }

    /// Sends what was handed over, as far as that is possible now.
    fn drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unflushed {
            ready!(Pin::new(&mut self.socket).poll_flush(context)).map_err(io::Error::other)?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Hands a message over; `Pending` when there is no room for one.
    fn poll_message(
        &mut self,
        context: &mut Context<'_>,
        message: impl FnOnce() -> Message,
    ) -> Poll<io::Result<()>> {
        ready!(self.drain(context))?;
        ready!(Pin::new(&mut self.socket).poll_ready(context)).map_err(io::Error::other)?;
        Pin::new(&mut self.socket)
            .start_send(message())
            .map_err(io::Error::other)?;
        self.unflushed = true;
        // What does not go out at once goes with the next call.
        match self.drain(context) {
            Poll::Ready(outcome) => Poll::Ready(outcome),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncRead for WebStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Poll::Ready(outcome) = this.drain(context) {
            outcome?;
        }
        if this.keep_alive.poll_tick(context).is_ready()
            && let Poll::Ready(outcome) = this.poll_message(context, || Message::Ping(Bytes::new()))
        {
            outcome?;
        }
        while this.rest.is_empty() {
            match ready!(Pin::new(&mut this.socket).poll_next(context)) {
                Some(Ok(Message::Binary(bytes))) => this.rest = bytes,
                // Pings are answered by the socket, when it is flushed.
                Some(Ok(Message::Ping(_))) => {
                    this.unflushed = true;
                    if let Poll::Ready(outcome) = this.drain(context) {
                        outcome?;
                    }
                }
                Some(Ok(Message::Pong(_))) => {}
                Some(Ok(Message::Text(_))) => {
                    let why = "the viewer sent text, and RFB is binary";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)));
                }
                Some(Ok(Message::Close(_))) | None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
            }
        }
        let count = this.rest.len().min(into.remaining());
        into.put_slice(&this.rest[..count]);
        this.rest.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WebStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let portion = &bytes[..bytes.len().min(PORTION)];
        let message = || Message::Binary(Bytes::copy_from_slice(portion));
        ready!(this.poll_message(context, message))?;
        Poll::Ready(Ok(portion.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().drain(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket)
            .poll_close(context)
            .map_err(io::Error::other)
    }
}
