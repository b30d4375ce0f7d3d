//! What is asked of the gateways and changes nothing: their status, a picture of a display.

use std::sync::Arc;

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use base64ct::{Base64, Encoding as _};

use super::{Boards, Refusal, Which, asked, commands, refusal};
use crate::control::{Request, Statuses};

/// One document for all gateways that are meant.
pub(super) fn status(boards: &Boards) -> MethodRouter {
    let boards = Arc::clone(boards);
    get(move |query| async move { tell(&boards, query).await })
}

async fn tell(boards: &Boards, query: Result<Query<Which>, QueryRejection>) -> Result<Response, Refusal> {
    let mut statuses = Statuses::default();
    for board in asked(query)?.of(boards)? {
        let reply = commands::answered(&board, Request::Status).await;
        statuses.add(board.gateway, &reply);
    }
    Ok(Json(statuses).into_response())
}

/// The display of one gateway, without what stands in fields.
pub(super) fn screenshot(boards: &Boards) -> MethodRouter {
    let boards = Arc::clone(boards);
    get(move |query| async move { show(&boards, query).await })
}

async fn show(boards: &Boards, query: Result<Query<Which>, QueryRejection>) -> Result<Response, Refusal> {
    let board = commands::one(asked(query)?.of(boards)?)?;
    let reply = commands::answered(&board, Request::Screenshot).await;
    if !reply.ok {
        return Err(refusal(StatusCode::SERVICE_UNAVAILABLE, reply.text));
    }
    let file = Base64::decode_vec(&reply.text)
        .map_err(|error| refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "image/png")], file).into_response())
}
