//! A port that serves HTTP by a router, with TLS or without as the client begins.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::Instrument as _;

use super::{ACCEPT_PAUSE, prepare};
use crate::tls::TlsServer;

/// Connections at a time that have not become a WebSocket; further ones are dropped.
const MAX_REQUESTS: usize = 64;
/// How long a client may take to say what it wants, with TLS or without, at first and after each answer.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
/// Bytes that the head of a request may have.
const MAX_HEAD: usize = 16 << 10;
/// The first byte of TLS (RFC 8446 §5.1, handshake); no request begins so.
const TLS_HANDSHAKE: u8 = 22;

/// The connection that a request came by.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// Where from.
    pub peer: SocketAddr,
    /// Through TLS.
    pub encrypted: bool,
}

/// What ends the connection that a request came by, whatever still waits to go out on it.
#[derive(Clone, Debug, Default)]
pub struct HangUp(Arc<Notify>);

impl HangUp {
    /// Ends it.
    pub fn now(&self) {
        self.0.notify_one();
    }

    /// Waits until it is to end.
    pub(crate) async fn hung_up(&self) {
        self.0.notified().await;
    }
}

/// Serves `router` until `shutdown` is ready.
pub async fn serve_web(
    listener: TcpListener,
    tls: Option<Arc<TlsServer>>,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let mut requests = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut shutdown => return,
            Some(_) = requests.join_next(), if !requests.is_empty() => continue,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!("a client of HTTP could not be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        if requests.len() >= MAX_REQUESTS {
            tracing::warn!(%peer, "too many requests, this one is dropped");
            continue;
        }
        if let Err(error) = prepare(&stream) {
            tracing::debug!(%peer, "socket options: {error}");
        }
        let (tls, router) = (tls.clone(), router.clone());
        let request = async move {
            if let Err(error) = answer(stream, peer, tls.as_deref(), router).await {
                tracing::debug!(%peer, "a request came to nothing: {error}");
            }
        };
        requests.spawn(request.in_current_span());
    }
}

async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<&TlsServer>,
    router: Router,
) -> io::Result<()> {
    let mut first = [0];
    timeout(REQUEST_LIMIT, stream.peek(&mut first)).await??;
    match tls {
        Some(tls) if first == [TLS_HANDSHAKE] => {
            let stream = timeout(REQUEST_LIMIT, tls.accept(stream)).await??;
            let encrypted = true;
            speak(stream, Caller { peer, encrypted }, router).await
        }
        _ => {
            let encrypted = false;
            speak(stream, Caller { peer, encrypted }, router).await
        }
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    caller: Caller,
    router: Router,
) -> io::Result<()> {
    let hang_up = HangUp::default();
    let router = router.layer(Extension(caller)).layer(Extension(hang_up.clone()));
    let service = TowerToHyperService::new(router);
    let speaking = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_LIMIT)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        spoken = speaking => spoken.map_err(io::Error::other),
        () = hang_up.hung_up() => Err(io::Error::other("the client does not keep up")),
    }
}
