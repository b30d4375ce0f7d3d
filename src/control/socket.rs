//! The socket in the state folder: one JSON object a line, one reply a line. Who may write to the folder may command.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader as AsyncReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::{Reply, Request, Requests, put};

/// Its name in the state folder.
pub const SOCKET: &str = "control.sock";
/// Longest request, in bytes.
const MAX_LINE: u64 = 4096;
const MAX_CLIENTS: usize = 16;
/// How long a client may take for one line.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a command may take to be answered.
const ANSWER: Duration = Duration::from_secs(30);

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    command: Request,
}

/// Why no answer came.
#[derive(Debug, Error)]
pub enum SocketError {
    /// Nobody listens there.
    #[error("no gatehand answers at {}: {source}; is it running, and is this its state folder (GATEHAND_STATE_DIR)?", path.display())]
    Nobody {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What came back is no reply.
    #[error("{}: {why}", path.display())]
    NoReply {
        /// The socket.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// Listens on a socket that nobody else can connect to.
///
/// # Errors
/// When it cannot be made.
pub fn private_socket(path: &Path) -> io::Result<UnixListener> {
    // One that a killed gatehand left; the folder is ours alone.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves the socket in `folder` until it is dropped.
///
/// # Errors
/// When it cannot be made.
pub fn serve(folder: &Path, requests: Requests) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let listener = private_socket(&folder.join(SOCKET))?;
    let clients = Arc::new(Semaphore::new(MAX_CLIENTS));
    Ok(async move {
        loop {
            let Ok(permit) = Arc::clone(&clients).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let requests = requests.clone();
                    tokio::spawn(async move {
                        if let Err(error) = converse(stream, &requests).await {
                            tracing::debug!(%error, "a control client");
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket");
                    tokio::time::sleep(PATIENCE).await;
                }
            }
        }
    })
}

async fn converse(stream: UnixStream, requests: &Requests) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut reading = AsyncReader::new(reading);
    loop {
        let mut line = String::new();
        let mut limited = (&mut reading).take(MAX_LINE);
        let length = tokio::time::timeout(PATIENCE, limited.read_line(&mut line)).await??;
        if length == 0 {
            return Ok(());
        }
        let reply = match serde_json::from_str::<Line>(&line) {
            Ok(Line { command }) => put(requests, command).await,
            Err(error) => Reply::refused(format!(
                "not understood: {error}; send {{\"command\": \"status\"}}"
            )),
        };
        let mut text = serde_json::to_vec(&reply)?;
        text.push(b'\n');
        writing.write_all(&text).await?;
    }
}

/// Asks the gatehand whose state folder this is.
///
/// # Errors
/// When none answers.
pub fn ask(folder: &Path, request: Request) -> Result<Reply, SocketError> {
    let path = folder.join(SOCKET);
    let nobody = |source| SocketError::Nobody {
        path: path.clone(),
        source,
    };
    let mut stream = BlockingStream::connect(&path).map_err(nobody)?;
    stream.set_read_timeout(Some(ANSWER)).map_err(nobody)?;
    let mut line = serde_json::to_vec(&Line { command: request }).map_err(|error| nobody(error.into()))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(nobody)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(nobody)?;
    serde_json::from_str(&answer).map_err(|error| SocketError::NoReply {
        path: path.clone(),
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn a_request_is_answered_and_nonsense_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (requests, mut asked) = mpsc::channel(1);
        let serving = tokio::spawn(serve(folder.path(), requests).expect("served"));
        let mode = std::fs::metadata(folder.path().join(SOCKET))
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        tokio::spawn(async move {
            while let Some(asked) = asked.recv().await {
                let _ = asked.answer.send(Reply::ok(format!("{:?}", asked.request)));
            }
        });
        let path = folder.path().to_owned();
        let answered = tokio::task::spawn_blocking(move || {
            let reply = ask(&path, Request::ColdRestart).expect("answered");
            let mut stream = BlockingStream::connect(path.join(SOCKET)).expect("connects");
            stream.write_all(b"{\"command\": \"sell-all\"}\n").expect("sent");
            let mut refused = String::new();
            BufReader::new(stream).read_line(&mut refused).expect("read");
            (reply, refused)
        });
        let (reply, refused) = answered.await.expect("no panic");
        assert_eq!(reply, Reply::ok("ColdRestart"));
        assert!(
            refused.contains("\"ok\":false") && refused.contains("sell-all"),
            "{refused}"
        );
        serving.abort();
        let _ = serving.await;
        let error = ask(folder.path(), Request::Status)
            .expect_err("nobody")
            .to_string();
        assert!(error.contains("GATEHAND_STATE_DIR"), "{error}");
    }
}
