//! What Prometheus scrapes. Nothing is prepared for it between two scrapes.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};

use super::{Boards, Refusal, Which, asked, commands};
use crate::control::metrics::{self, CONTENT_TYPE, Gateway};
use crate::control::{Request, seconds};
use crate::supervisor::Usage;

/// The metrics of all gateways that are meant.
pub(super) fn metrics(boards: &Boards) -> MethodRouter {
    let boards = Arc::clone(boards);
    get(move |query| async move { tell(&boards, query).await })
}

async fn tell(boards: &Boards, query: Result<Query<Which>, QueryRejection>) -> Result<Response, Refusal> {
    let meant = asked(query)?.of(boards)?;
    let mut gateways = Vec::new();
    for board in &meant {
        let reply = commands::answered(board, Request::Status).await;
        let status = serde_json::from_str(&reply.text).ok().filter(|_| reply.ok);
        let standing = board.standing(Instant::now());
        gateways.push(Gateway {
            board,
            health: standing.health(seconds(SystemTime::now())),
            status,
        });
    }
    let text = metrics::metrics(Usage::own().as_ref(), &gateways);
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}
