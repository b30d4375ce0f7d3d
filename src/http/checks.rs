//! The health checks, as Kubernetes and Docker ask them: from what is known, however often they are asked.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};

use super::{Boards, Refusal, Which, asked};
use crate::control::{Health, Verdict, seconds};
use crate::logging::mask_accounts;

/// One check of all gateways, or of the one that is named: 200 or 503, with a line that says why.
pub(super) fn check(boards: &Boards, of: fn(&Health) -> &Verdict) -> MethodRouter {
    let boards = Arc::clone(boards);
    get(move |query| async move { answer(&boards, query, of) })
}

fn answer(
    boards: &Boards,
    query: Result<Query<Which>, QueryRejection>,
    of: fn(&Health) -> &Verdict,
) -> Result<Response, Refusal> {
    let now = seconds(SystemTime::now());
    let (mut ok, mut retry_after, mut lines) = (true, 0, String::new());
    for board in asked(query)?.of(boards)? {
        let health = board.standing(Instant::now()).health(now);
        let Verdict {
            ok: is_ok,
            why,
            retry_after: retry,
        } = of(&health);
        ok &= is_ok;
        retry_after = retry_after.max(retry.unwrap_or(0));
        if boards.len() > 1 {
            lines.push_str(board.gateway);
            lines.push_str(": ");
        }
        // Whoever reaches the port may read this.
        lines.push_str(&mask_accounts(why));
        lines.push('\n');
    }
    if ok {
        return Ok(lines.into_response());
    }
    let retry_after = [(header::RETRY_AFTER, retry_after.to_string())];
    Ok((StatusCode::SERVICE_UNAVAILABLE, retry_after, lines).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::State;
    use crate::control::Board;

    #[tokio::test]
    async fn what_everybody_may_read_holds_no_account() {
        let board = Board::new("paper", "/nowhere".into(), "/nowhere/rules".into(), None);
        board.change(|standing| {
            standing.state = State::Disconnected;
            standing.evidence = "the account DU1234567 is in use".into();
        });
        let boards: Boards = vec![Arc::new(board)].into();
        let which = Ok(Query(Which::default()));
        let response = answer(&boards, which, |health| &health.ready).expect("understood");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
        let body = axum::body::to_bytes(response.into_body(), 1000)
            .await
            .expect("a body");
        let body = String::from_utf8(body.to_vec()).expect("a text");
        assert!(body.contains("DU****567"), "{body}");
    }
}
