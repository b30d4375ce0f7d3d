//! Dialogs that no rule knows, as evidence was kept of them: what they are, their pictures, and how one is taught.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::spawn_blocking;

use super::{Boards, Refusal, Which, asked, commands, refusal};
use crate::app::{Answer, Taught, TeachError, Teacher};
use crate::control::{Board, Reply};
use crate::journal::{self, CaseError};

/// What evidence is kept of that a rule may be made from; the name of its folder ends with it.
const REASON: &str = "unknown";
/// Those that are told at a time, the newest first.
const MOST: usize = 10;

/// A dialog that no rule knows.
#[derive(Debug, Serialize)]
struct Unknown {
    /// Names it in the paths below `/dialogs/unknown`.
    id: String,
    /// When it was seen, ms since 1970.
    ts: u64,
    /// The window's title.
    title: String,
}

/// What shall be done about it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lesson {
    /// The button to press.
    button: String,
    /// The rule's name; none: made from the title.
    #[serde(default)]
    name: Option<String>,
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
enum DialogError {
    #[error("no dialog is kept as {0:?}; /dialogs/unknown names those that are")]
    Missing(String),
    #[error(transparent)]
    Case(#[from] CaseError),
    #[error(transparent)]
    Teach(#[from] TeachError),
}

type Asked = Result<Query<Which>, QueryRejection>;

/// The dialogs of a gateway.
pub(super) fn all(boards: &Boards) -> MethodRouter {
    let boards = Arc::clone(boards);
    get(move |query: Asked| {
        work(boards, query, |board| {
            Ok(Json(json!({ "dialogs": list(board) })).into_response())
        })
    })
}

/// The buttons of one.
pub(super) fn choices(boards: &Boards) -> MethodRouter {
    let boards = Arc::clone(boards);
    get(move |Path(id): Path<String>, query: Asked| {
        work(boards, query, move |board| {
            let answer = match buttons(board, &id) {
                Ok(buttons) => json!({ "known": false, "buttons": buttons }),
                Err(DialogError::Teach(TeachError::Known { rule, .. })) => {
                    json!({ "known": true, "rule": rule })
                }
                Err(error) => return Err(error),
            };
            Ok(Json(answer).into_response())
        })
    })
}

/// The picture of one.
pub(super) fn window(boards: &Boards) -> MethodRouter {
    let boards = Arc::clone(boards);
    get(move |Path(id): Path<String>, query: Asked| {
        work(boards, query, move |board| {
            Ok(([(CONTENT_TYPE, "image/png")], picture(board, &id)?).into_response())
        })
    })
}

/// A rule from one.
pub(super) fn lesson(boards: &Boards) -> MethodRouter {
    let boards = Arc::clone(boards);
    post(
        move |Path(id): Path<String>, query: Asked, body: Bytes| async move {
            let lesson: Lesson = serde_json::from_slice(&body).map_err(|error| {
                let why = format!("not understood: {error}; send {{\"button\": \"OK\"}}");
                refusal(StatusCode::BAD_REQUEST, why)
            })?;
            work(boards, query, move |board| {
                let rule = teach(board, &id, &lesson)?.rule;
                tracing::info!(rule = %rule.display(), "a rule was taught at the page");
                Ok(Json(Reply::ok(format!(
                    "saved as {}; it counts at once",
                    rule.display()
                )))
                .into_response())
            })
            .await
        },
    )
}

/// Reading takes long: it has a thread of its own.
async fn work(
    boards: Boards,
    query: Asked,
    work: impl FnOnce(&Board) -> Result<Response, DialogError> + Send + 'static,
) -> Result<Response, Refusal> {
    let board = commands::one(asked(query)?.of(&boards)?)?;
    let done = spawn_blocking(move || work(&board)).await;
    let done = done.map_err(|fault| refusal(StatusCode::INTERNAL_SERVER_ERROR, fault.to_string()))?;
    done.map_err(|error| {
        let code = match error {
            DialogError::Missing(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        };
        refusal(code, error.to_string())
    })
}

/// The dialogs that were kept, the newest first.
fn list(board: &Board) -> Vec<Unknown> {
    let Ok(entries) = fs::read_dir(folder(board)) else {
        // Nothing was kept yet.
        return Vec::new();
    };
    let mut ids: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_id(name))
        .collect();
    ids.sort();
    let newest = ids.into_iter().rev().take(MOST);
    newest
        .filter_map(|id| {
            let (window, _) = journal::read_case(&folder(board).join(&id)).ok()?;
            let ts = id.split('-').next()?.parse().ok()?;
            let title = window.title;
            Some(Unknown { id, ts, title })
        })
        .collect()
}

/// The picture of one.
fn picture(board: &Board, id: &str) -> Result<Vec<u8>, DialogError> {
    let path = case(board, id)?.join("window.png");
    fs::read(path).map_err(|_| DialogError::Missing(id.to_owned()))
}

/// The buttons of one that can be taught.
fn buttons(board: &Board, id: &str) -> Result<Vec<String>, DialogError> {
    let case = case(board, id)?;
    let mut teacher = Teacher::open(&board.rules)?;
    let (window, view) = teacher.read(&case)?;
    Ok(teacher.choices(&window, &view)?)
}

/// Writes the rule that presses the button.
fn teach(board: &Board, id: &str, lesson: &Lesson) -> Result<Taught, DialogError> {
    let case = case(board, id)?;
    let mut teacher = Teacher::open(&board.rules)?;
    let dialog = teacher.read(&case)?;
    let answer = Answer {
        button: &lesson.button,
        name: lesson.name.as_deref(),
        only_if: None,
        user: board.user.as_deref(),
    };
    Ok(teacher.teach(&dialog, answer, Vec::new(), &[])?)
}

fn folder(board: &Board) -> PathBuf {
    board.state_dir.join(journal::EVIDENCE)
}

/// A time and the reason: nothing that leads out of the folder.
fn is_id(name: &str) -> bool {
    name.split_once('-').is_some_and(|(time, reason)| {
        !time.is_empty()
            && time.bytes().all(|byte| byte.is_ascii_digit())
            && reason.starts_with(REASON)
            && reason
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

fn case(board: &Board, id: &str) -> Result<PathBuf, DialogError> {
    let path = folder(board).join(id);
    if is_id(id) && path.is_dir() {
        Ok(path)
    } else {
        Err(DialogError::Missing(id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_kept_dialog_is_not_looked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let board = Board::new(
            "paper",
            folder.path().join("state"),
            "/nowhere/rules".into(),
            None,
        );
        assert!(list(&board).is_empty());
        fs::create_dir_all(folder.path().join("state/evidence/1-login")).expect("made");
        fs::create_dir_all(folder.path().join("state/evidence/1-unknown-dialog")).expect("made");
        for file in ["state/window.png", "state/evidence/1-login/window.png"] {
            fs::write(folder.path().join(file), "a picture").expect("written");
        }
        for id in [
            "..",
            "1-unknown/../..",
            "1-login",
            "-unknown",
            "1-unknown%2f",
            "2-unknown",
            "",
        ] {
            let error = buttons(&board, id).expect_err("refused");
            assert!(matches!(error, DialogError::Missing(_)), "{id}: {error}");
            let error = picture(&board, id).expect_err("refused");
            assert!(matches!(error, DialogError::Missing(_)), "{id}: {error}");
        }
    }
}
