//! What is answered to an HTTP request for a viewer: a part of a router, which may serve other paths as well.

use std::fmt;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, WebSocketUpgrade};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use tokio::sync::watch;
use tracing::Instrument as _;

use super::WebEntry;
use super::stream::WebStream;
use crate::ports::Caller;
use crate::vnc::door::{Door, Peer};

/// Where noVNC connects when nobody says otherwise.
pub const PATH: &str = "/websockify";
/// The longest message that a viewer may send, bytes: a clipboard text and what is around it.
const LONGEST_MESSAGE: usize = 512 << 10;

/// The way in for viewers in browsers. They go when the sender of `open` does.
#[derive(Clone)]
pub struct WebDoor {
    /// Where they come in.
    pub door: Door,
    /// How they prove who they are.
    pub entry: WebEntry,
    /// Open as long as its sender is there.
    pub open: watch::Receiver<()>,
}

/// Lets viewers in at [`PATH`]. The connection that a request came by must be in its extensions as a [`Caller`], as
/// [`serve_web`](crate::ports::serve_web) does it.
pub fn router(door: WebDoor) -> Router {
    let viewer = move |Extension(caller): Extension<Caller>, headers: HeaderMap, upgrade: Upgrade| {
        let door = door.clone();
        async move { door.let_in(caller, &headers, upgrade) }
    };
    Router::new().route(PATH, any(viewer)).fallback(|| async {
        let text = format!("viewers in browsers connect to {PATH} by WebSocket\n");
        (StatusCode::NOT_FOUND, text)
    })
}

/// What became of the wish to speak by WebSocket.
pub type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

impl fmt::Debug for WebDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebDoor")
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}

impl WebDoor {
    /// Answers the request of a viewer.
    pub fn let_in(self, caller: Caller, headers: &HeaderMap, upgrade: Upgrade) -> Response {
        let Self {
            door,
            entry,
            mut open,
        } = self;
        let peer: SocketAddr = caller.peer;
        let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let (origin, host) = (header(ORIGIN), header(HOST));
        if !entry.admits(origin, host) {
            let origin = origin.unwrap_or_default();
            tracing::warn!(%peer, origin, "a page of another host may not connect: GATEHAND_VNC_WEB_HOSTS names those that may");
            let text =
                "a page of this host may not connect here; GATEHAND_VNC_WEB_HOSTS names those that may\n";
            return (StatusCode::FORBIDDEN, text).into_response();
        }
        let Some(way) = entry.way(caller).cloned() else {
            let text = "the viewers' password is too long for a connection without TLS: use wss://\n";
            return (StatusCode::FORBIDDEN, text).into_response();
        };
        let upgrade = match upgrade {
            Ok(upgrade) => upgrade,
            Err(rejection) => return rejection.into_response(),
        };
        upgrade
            .protocols(["binary"])
            .max_message_size(LONGEST_MESSAGE)
            .max_frame_size(LONGEST_MESSAGE)
            .on_upgrade(move |socket| {
                let viewing = async move {
                    let stream = Box::new(WebStream::new(socket));
                    tokio::select! {
                        () = door.admit(stream, Peer::Network(peer), &way) => {}
                        _ = open.changed() => {}
                    }
                };
                viewing.in_current_span()
            })
    }
}
