//! The HTTP port: health checks, status, events, a picture of the screen, and commands. All that is asked here goes the
//! way of the control socket, as the same requests; what is told without asking stands on each gateway's [`Board`].

mod checks;
mod commands;
mod dialogs;
mod events;
mod guard;
mod ibeam;
mod metrics;
mod page;
mod questions;
mod session;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router, middleware};
use serde::Deserialize;

use crate::config::HttpSettings;
use crate::control::{Board, Reply};
use guard::Guard;
pub use ibeam::ibeam;

/// Bytes that a request may have beside its head.
const MAX_BODY: usize = 4096;

/// The gateways of this process.
type Boards = Arc<[Arc<Board>]>;

/// Which gateway is meant.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    of: Option<String>,
}

impl Which {
    /// Those that are meant: all, unless one is named.
    fn of(&self, boards: &Boards) -> Result<Vec<Arc<Board>>, Refusal> {
        let is_meant = |board: &&Arc<Board>| self.of.as_deref().is_none_or(|of| of == board.gateway);
        let meant: Vec<_> = boards.iter().filter(is_meant).cloned().collect();
        if meant.is_empty() {
            let names: Vec<&str> = boards.iter().map(|board| board.gateway).collect();
            let why = format!("of: there is no such gateway; use {}", names.join(" or "));
            let code = match self.of.as_deref() {
                Some("live" | "paper" | "portal") => StatusCode::NOT_FOUND,
                _ => StatusCode::BAD_REQUEST,
            };
            return Err(refusal(code, why));
        }
        Ok(meant)
    }
}

/// A query of which every part is known.
fn asked<T>(query: Result<Query<T>, axum::extract::rejection::QueryRejection>) -> Result<T, Refusal> {
    match query {
        Ok(Query(asked)) => Ok(asked),
        Err(error) => Err(refusal(StatusCode::BAD_REQUEST, error.body_text())),
    }
}

/// Why a request comes to nothing, with the status code that says so.
#[derive(Debug)]
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(Reply::refused(self.1))).into_response()
    }
}

fn refusal(code: StatusCode, why: impl Into<String>) -> Refusal {
    Refusal(code, why.into())
}

/// What is served beside the page, path by path: whether it is open to all, and what answers.
fn routes(boards: &Boards, metrics_are_open: bool) -> Vec<(String, bool, MethodRouter)> {
    let mut routes = vec![
        (
            "/livez".to_owned(),
            true,
            checks::check(boards, |health| &health.live),
        ),
        (
            "/readyz".to_owned(),
            true,
            checks::check(boards, |health| &health.ready),
        ),
        (
            "/startupz".to_owned(),
            true,
            checks::check(boards, |health| &health.started),
        ),
        ("/openapi.json".to_owned(), true, get(|| async { description() })),
        ("/metrics".to_owned(), metrics_are_open, metrics::metrics(boards)),
        ("/status".to_owned(), false, get(questions::status(boards))),
        (
            "/screenshot.png".to_owned(),
            false,
            get(questions::screenshot(boards)),
        ),
        ("/events".to_owned(), false, get(events::events(boards))),
        ("/dialogs/unknown".to_owned(), false, dialogs::all(boards)),
        (
            "/dialogs/unknown/{id}".to_owned(),
            false,
            dialogs::choices(boards),
        ),
        (
            "/dialogs/unknown/{id}/window.png".to_owned(),
            false,
            dialogs::window(boards),
        ),
        (
            "/dialogs/unknown/{id}/teach".to_owned(),
            false,
            dialogs::lesson(boards),
        ),
    ];
    for (name, command) in commands::COMMANDS {
        let answer = post(commands::command(boards, *command));
        routes.push((format!("/commands/{name}"), false, answer));
    }
    routes
}

/// What is served, in OpenAPI's words.
fn description() -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, include_str!("openapi.json")).into_response()
}

/// Serves the gateways of these boards. Where the port speaks TLS, what needs the token is told through it alone.
pub fn router(settings: &HttpSettings, speaks_tls: bool, boards: Vec<Arc<Board>>) -> Router {
    let guard = Arc::new(Guard::new(settings, speaks_tls));
    let boards: Boards = boards.into();
    let (mut open, mut closed) = (page::router(&boards, &guard, &settings.novnc), Router::new());
    for (path, is_open, answer) in routes(&boards, settings.metrics_are_open) {
        if is_open {
            open = open.route(&path, answer);
        } else {
            closed = closed.route(&path, answer);
        }
    }
    let closed = closed.route_layer(middleware::from_fn_with_state(guard, guard::admit));
    open.merge(closed)
        .fallback(|| async {
            refusal(
                StatusCode::NOT_FOUND,
                "there is nothing at this path; /openapi.json describes all",
            )
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::map_response(never_stored))
}

/// What is told is true now, and for the one who asked.
async fn never_stored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let no_store = header::HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(no_store);
    let nosniff = header::HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_description_names_every_path_and_no_other() {
        let description: serde_json::Value =
            serde_json::from_str(include_str!("openapi.json")).expect("JSON");
        let paths = description["paths"].as_object().expect("paths");
        let described: BTreeSet<(String, bool)> = paths
            .iter()
            .map(|(path, item)| {
                let (_, operation) = item.as_object().and_then(|item| item.iter().next()).expect(path);
                let is_open = operation["security"].as_array().is_some_and(Vec::is_empty);
                (path.clone(), is_open)
            })
            .collect();
        let boards: Boards = Vec::new().into();
        let served = routes(&boards, false).into_iter();
        let served = served.map(|(path, is_open, _)| (path, is_open)).collect();
        assert_eq!(described, served);
    }
}
