//! The commands: each is one request of the control socket.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{Boards, Refusal, Which, asked, refusal};
use crate::control::{Board, OneTimeCode, Reply, Request};

/// How long a command may take to be answered.
const ANSWER: Duration = Duration::from_secs(30);

/// How a command becomes a request: from the JSON object that came with it.
pub(super) type Command = fn(&[u8]) -> Result<Request, String>;

/// Every command by its name in the path.
pub(super) const COMMANDS: &[(&str, Command)] = &[
    ("stop", |body| nothing(body, Request::Stop)),
    ("restart", restart),
    ("reconnect-data", |body| nothing(body, Request::ReconnectData)),
    ("reconnect-account", |body| {
        nothing(body, Request::ReconnectAccount)
    }),
    ("save-settings", |body| nothing(body, Request::SaveSettings)),
    ("enable-api", |body| nothing(body, Request::EnableApi)),
    // IBC's word for it.
    ("pause", |body| nothing(body, Request::Yield)),
    ("yield", |body| nothing(body, Request::Yield)),
    ("reclaim", |body| nothing(body, Request::Reclaim)),
    ("resume", |body| nothing(body, Request::Resume)),
    ("code", code),
    ("unlock", unlock),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Restart {
    /// With a full login.
    #[serde(default)]
    cold: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: OneTimeCode,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unlock {
    /// Of this user name; of all without it.
    #[serde(default)]
    user: Option<String>,
}

fn nothing(body: &[u8], request: Request) -> Result<Request, String> {
    read::<Nothing>(body).map(|Nothing {}| request)
}

fn restart(body: &[u8]) -> Result<Request, String> {
    read(body).map(|Restart { cold }| match cold {
        true => Request::ColdRestart,
        false => Request::Restart,
    })
}

fn code(body: &[u8]) -> Result<Request, String> {
    read(body).map(|Code { code }| Request::Code(code))
}

fn unlock(body: &[u8]) -> Result<Request, String> {
    read(body).map(|Unlock { user }| Request::Unlock(user))
}

/// A JSON object; no body at all is an empty one.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let body = if body.is_empty() { b"{}" } else { body };
    // An array would do as well for the library, which is not told to anybody.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err("send a JSON object".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

/// Has a command carried out for the gateway that is meant.
pub(super) fn command(boards: &Boards, command: Command) -> MethodRouter {
    let boards = Arc::clone(boards);
    post(move |query, body| async move { carry_out(&boards, command, query, body).await })
}

/// The same, asked for by `GET`.
pub(super) fn command_by_get(boards: &Boards, command: Command) -> MethodRouter {
    let boards = Arc::clone(boards);
    get(move |query, body| async move { carry_out(&boards, command, query, body).await })
}

async fn carry_out(
    boards: &Boards,
    command: Command,
    query: Result<Query<Which>, QueryRejection>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let meant = asked(query)?.of(boards)?;
    let request = command(&body).map_err(|why| refusal(StatusCode::BAD_REQUEST, why))?;
    // Whichever gateway is asked, all of them stop; one that is down now does not hear it.
    let board = match request {
        Request::Stop => meant
            .iter()
            .find(|board| board.is_up())
            .or(meant.first())
            .cloned()
            .ok_or_else(|| refusal(StatusCode::SERVICE_UNAVAILABLE, "there is no gateway"))?,
        _ => one(meant)?,
    };
    let reply = answered(&board, request).await;
    let code = match (reply.ok, board.is_up()) {
        (true, _) => StatusCode::OK,
        (false, true) => StatusCode::CONFLICT,
        (false, false) => StatusCode::SERVICE_UNAVAILABLE,
    };
    Ok((code, Json(reply)).into_response())
}

/// The one gateway that is meant.
pub(super) fn one(mut meant: Vec<Arc<Board>>) -> Result<Arc<Board>, Refusal> {
    match (meant.pop(), meant.is_empty()) {
        (Some(board), true) => Ok(board),
        _ => {
            let why = "there are two gateways; name the one that is meant with ?of=live or ?of=paper";
            Err(refusal(StatusCode::BAD_REQUEST, why))
        }
    }
}

/// Has a request answered, or tells that it takes long.
pub(super) async fn answered(board: &Board, request: Request) -> Reply {
    let late = |_| {
        let limit = ANSWER.as_secs();
        Reply::refused(format!(
            "no answer within {limit} s; the events tell what comes of it"
        ))
    };
    timeout(ANSWER, board.ask(request)).await.unwrap_or_else(late)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_is_a_request() {
        let find = |wanted: &str| COMMANDS.iter().find(|(name, _)| *name == wanted).expect(wanted).1;
        let code = OneTimeCode::try_from("123456".to_owned()).expect("a code");
        for (name, body, request) in [
            ("stop", "", Request::Stop),
            ("stop", "{}", Request::Stop),
            ("pause", "", Request::Yield),
            ("restart", "", Request::Restart),
            ("restart", r#"{"cold": true}"#, Request::ColdRestart),
            ("code", r#"{"code": "12 34 56"}"#, Request::Code(code)),
            ("unlock", "", Request::Unlock(None)),
            (
                "unlock",
                r#"{"user": "edemo"}"#,
                Request::Unlock(Some("edemo".into())),
            ),
        ] {
            assert_eq!(find(name)(body.as_bytes()), Ok(request), "{name} {body}");
        }
        for (name, body) in [
            ("stop", "{\"now\": true}"),
            ("stop", "[]"),
            ("restart", r#"{"cold": 1}"#),
            ("restart", "[true]"),
            ("code", ""),
            ("code", r#"{"code": "1"}"#),
            ("unlock", "null"),
        ] {
            let refused = find(name)(body.as_bytes());
            assert!(refused.is_err(), "{name} {body}: {refused:?}");
        }
    }
}
