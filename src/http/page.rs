//! The viewer page: its files, noVNC's from where that is installed, signing in, and the screen.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{self, Extension, Query};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any, get, post};
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::guard::Guard;
use super::{Boards, Refusal, Which, asked, commands, refusal};
use crate::config::Secret;
use crate::ports::Caller;
use crate::vnc::{WEB_PATH, WebUpgrade};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Only what comes from here runs; noVNC shows the pointer and some pictures as data.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The page's files, by their paths.
const FILES: [(&str, &str, &str); 3] = [
    ("/", HTML, include_str!("page/index.html")),
    ("/page.css", CSS, include_str!("page/page.css")),
    ("/page.js", SCRIPT, include_str!("page/page.js")),
];

/// All that a browser needs to show it. What it shows then needs the token.
pub(super) fn router(boards: &Boards, guard: &Arc<Guard>, novnc: &Path) -> Router {
    let mut router = Router::new();
    for (path, kind, text) in FILES {
        let guard = Arc::clone(guard);
        let file = move |Extension(caller): Extension<Caller>, headers: HeaderMap| async move {
            match guard.way_to_tls(caller, &headers, path) {
                Some(way) => way,
                None => served(kind, Body::from(text)),
            }
        };
        router = router.route(path, get(file));
    }
    router
        .route("/session", session(guard))
        .route("/novnc/{*name}", files(novnc))
        .route(WEB_PATH, viewer(boards))
}

/// noVNC's files.
fn files(folder: &Path) -> MethodRouter {
    let folder = folder.to_path_buf();
    get(move |extract::Path(name): extract::Path<String>| async move {
        let found = below(&folder, &name).and_then(|path| Some((kind(&path)?, path)));
        let Some((kind, path)) = found else {
            return missing();
        };
        let read = spawn_blocking(move || fs::read(path)).await;
        match read {
            Ok(Ok(bytes)) => served(kind, Body::from(bytes)),
            _ => missing(),
        }
    })
}

fn served(kind: &'static str, body: Body) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, body).into_response()
}

fn missing() -> Response {
    refusal(
        StatusCode::NOT_FOUND,
        "there is no such file of noVNC; GATEHAND_NOVNC names the folder where it is installed",
    )
    .into_response()
}

fn kind(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()? {
        "js" | "mjs" => Some(SCRIPT),
        "css" => Some(CSS),
        "html" => Some(HTML),
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        "json" => Some("application/json"),
        _ => None,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    token: String,
}

/// Signing in: the token becomes a cookie; and out.
fn session(guard: &Arc<Guard>) -> MethodRouter {
    let guard = Arc::clone(guard);
    let sign_in = move |Extension(caller): Extension<Caller>, headers: HeaderMap, body: Bytes| async move {
        let Ok(SignIn { token }) = serde_json::from_slice(&body) else {
            return refusal(StatusCode::BAD_REQUEST, "send {\"token\": \"...\"}").into_response();
        };
        let token = Secret::new(token);
        match guard.sign_in(caller, &headers, token.expose()) {
            Ok(cookie) => (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response(),
            Err(objection) => objection.answer(caller.peer),
        }
    };
    let sign_out = |Extension(caller): Extension<Caller>, headers: HeaderMap| async move {
        let cookie = super::session::cookie(&headers, "", caller.encrypted);
        (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)])
    };
    post(sign_in).delete(sign_out)
}

/// The screen, for viewers in browsers: they need the viewers' password, not the token.
fn viewer(boards: &Boards) -> MethodRouter {
    let boards = Arc::clone(boards);
    any(
        move |query: Result<Query<Which>, QueryRejection>,
              Extension(caller): Extension<Caller>,
              headers: HeaderMap,
              upgrade: WebUpgrade| async move {
            let board = commands::one(asked(query)?.of(&boards)?)?;
            let nobody = "no viewers are served now; VNC_SERVER_PASSWORD must be set";
            let door = board
                .viewers()
                .ok_or_else(|| refusal(StatusCode::SERVICE_UNAVAILABLE, nobody))?;
            Ok::<_, Refusal>(door.let_in(caller, &headers, upgrade))
        },
    )
}

/// A path that cannot lead out of the folder.
fn below(folder: &Path, name: &str) -> Option<PathBuf> {
    let name = Path::new(name);
    let is_plain = name.components().all(|part| matches!(part, Component::Normal(_)));
    is_plain.then(|| folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = Path::new("/usr/share/novnc");
        let inside = below(folder, "core/rfb.js").expect("inside");
        assert_eq!(inside, folder.join("core/rfb.js"));
        for name in ["../x.js", "core/../../x.js", "/etc/x.js", "./../x.js"] {
            assert_eq!(below(folder, name), None, "{name}");
        }
    }
}
