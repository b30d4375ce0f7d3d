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
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};

use super::{Reply, Request, Requests, Standing, put};
use crate::relay::RelayStatus;

/// Its name in the state folder.
pub const SOCKET: &str = "control.sock";
/// Longest request, in bytes.
const MAX_LINE: u64 = 4096;
const MAX_CLIENTS: usize = 16;
/// Those of them that may follow: there is always room for a command.
const MAX_FOLLOWERS: usize = 8;
/// How long a client may take for one line.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a command may take to be answered.
const ANSWER: Duration = Duration::from_secs(30);

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<T> {
    command: T,
}

/// The only word that is no request: a line at once, and another whenever something has happened, until the client goes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Follow {
    Follow,
}

/// What a follower hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Something has happened.
    Came,
    /// Gatehand has ended, and tells no more.
    Ended,
    /// Nothing within the time.
    None,
}

/// What tells that something has happened: another state, an event, an API client.
#[derive(Clone, Debug)]
pub struct Sources {
    /// What is believed.
    pub standing: watch::Receiver<Standing>,
    /// How many events there were.
    pub events: watch::Receiver<u64>,
    /// What the relay does.
    pub relay: watch::Receiver<RelayStatus>,
}

impl Sources {
    /// Waits for the next; an error when there will be none.
    async fn next(&mut self) -> Result<(), watch::error::RecvError> {
        tokio::select! {
            changed = self.standing.changed() => changed,
            changed = self.events.changed() => changed,
            changed = self.relay.changed() => changed,
        }
    }
}

/// Removes the socket in this folder: nobody listens any more.
pub fn close(folder: &Path) {
    let path = folder.join(SOCKET);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, path = %path.display(), "the control socket could not be removed");
        }
        _ => {}
    }
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
pub fn serve(
    folder: &Path,
    requests: Requests,
    news: Sources,
) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let listener = private_socket(&folder.join(SOCKET))?;
    let clients = Arc::new(Semaphore::new(MAX_CLIENTS));
    let followers = Arc::new(Semaphore::new(MAX_FOLLOWERS));
    Ok(async move {
        loop {
            let Ok(permit) = Arc::clone(&clients).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let server = Server {
                        requests: requests.clone(),
                        news: news.clone(),
                        followers: Arc::clone(&followers),
                    };
                    tokio::spawn(async move {
                        if let Err(error) = server.converse(stream).await {
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

/// What a client is served with.
struct Server {
    requests: Requests,
    news: Sources,
    followers: Arc<Semaphore>,
}

impl Server {
    async fn converse(self, stream: UnixStream) -> io::Result<()> {
        let (reading, mut writing) = stream.into_split();
        let mut reading = AsyncReader::new(reading);
        loop {
            let mut line = String::new();
            let mut limited = (&mut reading).take(MAX_LINE);
            let length = tokio::time::timeout(PATIENCE, limited.read_line(&mut line)).await??;
            if length == 0 {
                return Ok(());
            }
            let reply = match serde_json::from_str::<Line<Request>>(&line) {
                Ok(Line { command }) => put(&self.requests, command).await,
                Err(_) if serde_json::from_str::<Line<Follow>>(&line).is_ok() => {
                    match Arc::clone(&self.followers).try_acquire_owned() {
                        Ok(_place) => return self.follow(reading, writing).await,
                        Err(_) => Reply::refused("too many follow already; end one"),
                    }
                }
                Err(error) => Reply::refused(format!(
                    "not understood: {error}; send {{\"command\": \"status\"}}"
                )),
            };
            tell(&mut writing, &reply).await?;
        }
    }

    /// News that come while the client does not read are one.
    async fn follow(
        mut self,
        mut reading: AsyncReader<OwnedReadHalf>,
        mut writing: OwnedWriteHalf,
    ) -> io::Result<()> {
        loop {
            let reply = Reply::ok("news");
            tokio::time::timeout(PATIENCE, tell(&mut writing, &reply)).await??;
            tokio::select! {
                next = self.news.next() => if next.is_err() {
                    return Ok(());
                },
                // Whatever it says, or that it says nothing more: it has done with following.
                _ = reading.read_u8() => return Ok(()),
            }
        }
    }
}

async fn tell(writing: &mut OwnedWriteHalf, reply: &Reply) -> io::Result<()> {
    let mut text = serde_json::to_vec(reply)?;
    text.push(b'\n');
    writing.write_all(&text).await
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
    let stream = said(&path, request).map_err(nobody)?;
    stream.set_read_timeout(Some(ANSWER)).map_err(nobody)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(nobody)?;
    serde_json::from_str(&answer).map_err(|error| SocketError::NoReply {
        path: path.clone(),
        why: error.to_string(),
    })
}

/// A connection on which this was asked.
fn said(path: &Path, command: impl Serialize) -> io::Result<BlockingStream> {
    let mut stream = BlockingStream::connect(path)?;
    let mut line = serde_json::to_vec(&Line { command })?;
    line.push(b'\n');
    stream.write_all(&line)?;
    Ok(stream)
}

/// One who is told by a gatehand that something has happened.
#[derive(Debug)]
pub struct Follower(BufReader<BlockingStream>);

impl Follower {
    /// Follows the gatehand whose state folder this is, from now on.
    ///
    /// # Errors
    /// When none answers, or it has too many followers.
    pub fn connect(folder: &Path) -> Result<Self, SocketError> {
        let path = folder.join(SOCKET);
        let stream = said(&path, Follow::Follow);
        let mut follower = Self(BufReader::new(stream.map_err(|source| SocketError::Nobody {
            path: path.clone(),
            source,
        })?));
        let why = "it has too many followers; end one".to_owned();
        match follower.wait(Some(ANSWER)) {
            News::Came => Ok(follower),
            News::Ended | News::None => Err(SocketError::NoReply { path, why }),
        }
    }

    /// Waits until something has happened, with a limit no longer than that.
    pub fn wait(&mut self, limit: Option<Duration>) -> News {
        if limit.is_some_and(|limit| limit.is_zero()) {
            return News::None;
        }
        let mut line = String::new();
        let read = self.0.get_ref().set_read_timeout(limit);
        match read.and_then(|()| self.0.read_line(&mut line)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => News::None,
            Ok(1..) if serde_json::from_str(&line).is_ok_and(|reply: Reply| reply.ok) => News::Came,
            _ => News::Ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn followers_are_told_of_each_kind_of_news_and_leave_room_for_requests() {
        let folder = tempfile::tempdir().expect("a folder");
        let (requests, mut asked) = mpsc::channel::<crate::control::Asked>(1);
        tokio::spawn(async move {
            while let Some(asked) = asked.recv().await {
                let _ = asked.answer.send(Reply::ok("answered"));
            }
        });
        let (standing, events) = (watch::Sender::<Standing>::default(), watch::Sender::new(0));
        let relay = watch::Sender::<RelayStatus>::default();
        let news = Sources {
            standing: standing.subscribe(),
            events: events.subscribe(),
            relay: relay.subscribe(),
        };
        tokio::spawn(serve(folder.path(), requests, news).expect("served"));
        let path = folder.path().to_owned();
        let (told, mut heard) = mpsc::unbounded_channel();
        let client = tokio::task::spawn_blocking(move || {
            let mut followers: Vec<Follower> = (0..MAX_FOLLOWERS)
                .map(|_| Follower::connect(&path).expect("followed"))
                .collect();
            let refused = Follower::connect(&path).expect_err("too many").to_string();
            assert!(refused.contains("too many followers"), "{refused}");
            assert_eq!(ask(&path, Request::Status).expect("room"), Reply::ok("answered"));
            for _ in 0..3 {
                told.send(()).expect("heard");
                let told = followers.iter_mut().map(|follower| follower.wait(None));
                assert!(told.into_iter().all(|news| news == News::Came));
            }
            told.send(()).expect("heard");
            assert_eq!(followers[0].wait(Some(Duration::from_millis(1))), News::None);
            told.send(()).expect("heard");
            assert_eq!(followers[0].wait(None), News::Ended);
        });
        heard.recv().await.expect("followers");
        standing.send_modify(|standing| standing.serves = true);
        heard.recv().await.expect("told");
        events.send_modify(|count| *count += 1);
        heard.recv().await.expect("told");
        relay.send_modify(|relay| relay.clients = 1);
        heard.recv().await.expect("told");
        heard.recv().await.expect("told of nothing");
        drop(relay);
        client.await.expect("no panic");
    }

    #[tokio::test]
    async fn a_request_is_answered_and_nonsense_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (requests, mut asked) = mpsc::channel(1);
        let (standing, events) = (watch::Sender::default(), watch::Sender::new(0));
        let relay = watch::Sender::default();
        let news = Sources {
            standing: standing.subscribe(),
            events: events.subscribe(),
            relay: relay.subscribe(),
        };
        let serving = tokio::spawn(serve(folder.path(), requests, news).expect("served"));
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
