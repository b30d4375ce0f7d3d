//! One client, from its acceptance to the line of the log that tells of its end.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::net::sockopt;
use rustls::{Error as TlsFault, InvalidMessage};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Sleep, sleep, sleep_until, timeout};

use super::gate::Gate;
use super::way::{Lost, Way, is_end};
use super::{Relay, RelayStatus};
use crate::tls::TlsServer;

/// The gateway is on this machine: a connection that takes longer will not come.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Pause before a client that is held is connected again, after the gateway could not be reached.
const RETRY: Duration = Duration::from_secs(1);
/// What a client may say while it is held. One of the API says 30 bytes and waits for the answer.
const EARLY: usize = 512;
/// A peer that does not answer for so long is gone: it holds one of the few clients that the gateway serves, and its
/// client id. The kernel closes the connection, also that of a peer that takes nothing for so long.
const SILENCE: Duration = Duration::from_secs(120);

/// One of the two that a connection is between.
#[derive(Clone, Copy, Debug)]
enum Side {
    Client,
    Gateway,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "the client",
            Self::Gateway => "the gateway",
        })
    }
}

/// Why a connection ended.
#[derive(Debug)]
enum Ending {
    /// Both sides have closed, this one first.
    Closed(Side),
    /// This side has closed, and the other was silent ever after.
    HalfClosed(Side),
    /// The connection to this side broke.
    Lost(Side, io::Error),
    /// The handshake of TLS failed.
    Handshake(io::Error),
    /// The gateway could not be reached.
    NoGateway(io::Error),
    /// The client was held for so long, and the gateway was not ready.
    HeldTooLong(Duration),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(first) => write!(f, "{first} closed"),
            Self::HalfClosed(first) => write!(f, "{first} closed, and nothing came from the other side"),
            Self::Lost(side, error) => write!(f, "{side} is lost: {error}"),
            Self::Handshake(error) => match error.get_ref().and_then(|error| error.downcast_ref()) {
                Some(TlsFault::InvalidMessage(InvalidMessage::InvalidContentType)) => {
                    f.write_str("the client does not speak TLS")
                }
                _ => write!(f, "TLS handshake: {error}"),
            },
            Self::NoGateway(error) => write!(f, "the gateway does not answer: {error}"),
            Self::HeldTooLong(limit) => write!(f, "the gateway was not ready within {} s", limit.as_secs()),
        }
    }
}

/// A client that is counted in as long as this value lives. Its end is a line in the log.
pub(super) struct Connection {
    peer: SocketAddr,
    began: Instant,
    up: u64,
    down: u64,
    is_held: bool,
    /// None: the relay itself ends.
    ending: Option<Ending>,
    status: watch::Sender<RelayStatus>,
}

impl Connection {
    pub(super) fn begin(peer: SocketAddr, status: watch::Sender<RelayStatus>) -> Self {
        tracing::info!(%peer, "API client connected");
        status.send_modify(|status| {
            status.clients += 1;
            status.accepted += 1;
        });
        Self {
            peer,
            began: Instant::now(),
            up: 0,
            down: 0,
            is_held: false,
            ending: None,
            status,
        }
    }

    /// Serves the client to its end.
    pub(super) async fn serve(
        mut self,
        client: TcpStream,
        tls: Option<Arc<TlsServer>>,
        relay: Arc<Relay>,
        gate: Gate,
    ) {
        prepare(&client);
        let ending = match tls {
            None => self.relay(client, &relay, gate).await,
            // In a place of its own: the state of TLS is larger than all the rest.
            Some(tls) => Box::pin(self.relay_tls(client, &tls, &relay, gate)).await,
        };
        self.ending = Some(ending);
    }

    async fn relay_tls(&mut self, client: TcpStream, tls: &TlsServer, relay: &Relay, gate: Gate) -> Ending {
        match timeout(relay.limits.handshake, tls.accept(client)).await {
            Ok(Ok(client)) => self.relay(client, relay, gate).await,
            Ok(Err(error)) => Ending::Handshake(error),
            Err(_) => Ending::Handshake(io::ErrorKind::TimedOut.into()),
        }
    }

    async fn relay<C>(&mut self, mut client: C, relay: &Relay, gate: Gate) -> Ending
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        match self.reach(&mut client, relay, gate).await {
            Ok((mut gateway, early)) => {
                prepare(&gateway);
                self.carry(&mut client, &mut gateway, early, relay.limits.half_closed)
                    .await
            }
            Err(ending) => ending,
        }
    }

    /// Connects to the gateway, for a client that is held as soon as that can be; with what the client said meanwhile.
    async fn reach<C: AsyncRead + Unpin>(
        &mut self,
        client: &mut C,
        relay: &Relay,
        mut gate: Gate,
    ) -> Result<(TcpStream, Vec<u8>), Ending> {
        let deadline = relay.hold.map(|hold| (self.began + hold.limit, hold.limit));
        let mut early = Vec::new();
        let mut pause = Duration::ZERO;
        loop {
            if let Some((deadline, limit)) = deadline
                && !(pause.is_zero() && gate.is_open())
            {
                self.set_held(true);
                let open = async {
                    sleep(pause).await;
                    gate.opens().await;
                };
                let waiting = wait(client, &mut early, open);
                let waited = tokio::select! {
                    left = waiting => left,
                    () = sleep_until(deadline.into()) => Err(Ending::HeldTooLong(limit)),
                };
                self.set_held(false);
                waited?;
            }
            let error = match timeout(CONNECT_LIMIT, TcpStream::connect(relay.target)).await {
                Ok(Ok(gateway)) => return Ok((gateway, early)),
                Ok(Err(error)) => error,
                Err(_) => io::ErrorKind::TimedOut.into(),
            };
            self.status.send_modify(|status| status.unreached += 1);
            if deadline.is_none() {
                return Err(Ending::NoGateway(error));
            }
            pause = RETRY;
        }
    }

    fn set_held(&mut self, is_held: bool) {
        if self.is_held == is_held {
            return;
        }
        self.is_held = is_held;
        self.status.send_modify(|status| match is_held {
            true => status.held += 1,
            false => status.held -= 1,
        });
        if is_held {
            tracing::info!(peer = %self.peer, "API client held: the gateway is not ready");
        }
    }

    /// Carries bytes both ways until both have ended, one side is lost, or one has ended and the other is silent.
    async fn carry<C>(
        &mut self,
        client: &mut C,
        gateway: &mut TcpStream,
        early: Vec<u8>,
        half_closed: Duration,
    ) -> Ending
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        let (mut upwards, mut downwards) = (Way::beginning_with(early), Way::default());
        let mut first = None;
        let mut silence: Option<Pin<Box<Sleep>>> = None;
        poll_fn(|cx| {
            let before = (self.up, self.down);
            // No waker is called for these: whoever watches would be woken for each message.
            let up = upwards.poll(cx, client, gateway, |length| {
                self.up += length as u64;
                self.status.send_if_modified(|status| {
                    status.bytes_up += length as u64;
                    false
                });
            });
            let down = downwards.poll(cx, gateway, client, |length| {
                self.down += length as u64;
                self.status.send_if_modified(|status| {
                    status.bytes_down += length as u64;
                    false
                });
            });
            let ended = match (up, down) {
                (Poll::Ready(Err(Lost::Reader(error))), _) | (_, Poll::Ready(Err(Lost::Writer(error)))) => {
                    return Poll::Ready(Ending::Lost(Side::Client, error));
                }
                (Poll::Ready(Err(Lost::Writer(error))), _) | (_, Poll::Ready(Err(Lost::Reader(error)))) => {
                    return Poll::Ready(Ending::Lost(Side::Gateway, error));
                }
                (Poll::Pending, Poll::Pending) => return Poll::Pending,
                (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => {
                    return Poll::Ready(Ending::Closed(first.unwrap_or(Side::Client)));
                }
                (Poll::Ready(Ok(())), Poll::Pending) => Side::Client,
                (Poll::Pending, Poll::Ready(Ok(()))) => Side::Gateway,
            };
            if first.replace(ended).is_none() || before != (self.up, self.down) {
                silence = None;
            }
            silence
                .get_or_insert_with(|| Box::pin(sleep(half_closed)))
                .as_mut()
                .poll(cx)
                .map(|()| Ending::HalfClosed(ended))
        })
        .await
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.set_held(false);
        let reason: &dyn fmt::Display = match &self.ending {
            Some(ending) => ending,
            None => &"the relay ends",
        };
        tracing::info!(
            peer = %self.peer,
            seconds = self.began.elapsed().as_secs(),
            up = self.up,
            down = self.down,
            %reason,
            "API client gone"
        );
        self.status.send_modify(|status| status.clients -= 1);
    }
}

/// Waits until the gateway is open, and keeps what the client says meanwhile. A client that leaves, also with its
/// half of the connection only, need not be connected any more.
async fn wait<C: AsyncRead + Unpin>(
    client: &mut C,
    early: &mut Vec<u8>,
    open: impl Future<Output = ()>,
) -> Result<(), Ending> {
    tokio::pin!(open);
    loop {
        tokio::select! {
            () = &mut open => return Ok(()),
            read = client.read_buf(early), if early.len() < EARLY => match read {
                Ok(0) => return Err(Ending::Closed(Side::Client)),
                Err(error) if is_end(&error) => return Err(Ending::Closed(Side::Client)),
                Ok(_) => {}
                Err(error) => return Err(Ending::Lost(Side::Client, error)),
            },
        }
    }
}

/// What a connection of either side needs. Each is a wish; it works without.
fn prepare(stream: &TcpStream) {
    let wish = || -> io::Result<()> {
        // Orders must not wait for a full segment.
        stream.set_nodelay(true)?;
        sockopt::set_socket_keepalive(stream, true)?;
        sockopt::set_tcp_keepidle(stream, SILENCE / 2)?;
        sockopt::set_tcp_keepintvl(stream, SILENCE / 8)?;
        sockopt::set_tcp_keepcnt(stream, 4)?;
        // Probes are not sent while bytes wait for their acknowledgement, and those would be sent again for 15 minutes.
        sockopt::set_tcp_user_timeout(stream, SILENCE.as_millis() as u32)?;
        Ok(())
    };
    if let Err(error) = wish() {
        tracing::debug!(%error, "socket options refused");
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn what_a_client_says_while_it_is_held_is_bounded() {
        let mut endless = tokio::io::repeat(7);
        let mut early = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        {
            let mut waiting = pin!(wait(&mut endless, &mut early, pending()));
            for _ in 0..10 {
                assert!(waiting.as_mut().poll(&mut cx).is_pending());
            }
        }
        assert!((EARLY..2 * EARLY).contains(&early.len()), "{}", early.len());
    }
}
