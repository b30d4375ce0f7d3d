//! What IBeam's health server serves: `/livez` and `/readyz` from what is known anyway, `/activate` and `/deactivate`.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};

use super::commands::{self, Command};
use super::guard::{self, Guard};
use super::{Boards, MAX_BODY, checks, never_stored};
use crate::config::HttpSettings;
use crate::control::{Board, Request};

/// The router. With `is_open`, the last two are taken as IBeam takes them: by `GET`, from everybody.
pub fn ibeam(settings: &HttpSettings, is_open: bool, boards: Vec<Arc<Board>>) -> Router {
    let boards: Boards = boards.into();
    let mut router = Router::new()
        .route("/livez", checks::check(&boards, |health| &health.live))
        .route("/readyz", checks::check(&boards, |health| &health.ready));
    let activate: Command = |_| Ok(Request::Reclaim);
    let deactivate: Command = |_| Ok(Request::Yield);
    let closed = Router::new()
        .route("/activate", commands::command(&boards, activate))
        .route("/deactivate", commands::command(&boards, deactivate));
    // IBeam has no TLS here.
    let guard = Arc::new(Guard::new(settings, false));
    let closed = closed.route_layer(middleware::from_fn_with_state(guard, guard::admit));
    if is_open {
        router = router
            .route("/activate", commands::command_by_get(&boards, activate))
            .route("/deactivate", commands::command_by_get(&boards, deactivate));
    }
    router
        .merge(closed)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::map_response(never_stored))
}
