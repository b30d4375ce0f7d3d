//! Events as they come, by server-sent events (HTML Living Standard, 9.2): the lines of the events files. Nothing is kept
//! for a client that is slow: it reads on in the file, and is cut off when it takes nothing for a while.

use std::convert::Infallible;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use futures_util::future::select_all;
use futures_util::stream;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::{Boards, Refusal, Which, asked, refusal};
use crate::control::Board;
use crate::journal::EVENTS;
use crate::ports::HangUp;

/// Clients at a time.
const MAX_CLIENTS: usize = 16;
/// Events on their way to one client.
const ON_THEIR_WAY: usize = 16;
/// A client that takes nothing for so long is cut off.
const PATIENCE: Duration = Duration::from_secs(30);
/// A comment is sent this often, so that the connection is not taken for a dead one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Bytes of a file that are read at a time; no event is longer.
const PORTION: u64 = 256 << 10;

/// What a client asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    of: Option<String>,
    /// So many of the last events at first, at most those of the last 256 KiB.
    #[serde(default)]
    last: u16,
}

/// The events of the gateways that are meant.
pub(super) fn events(boards: &Boards) -> MethodRouter {
    let boards = Arc::clone(boards);
    let clients = Arc::new(Semaphore::new(MAX_CLIENTS));
    get(move |query, headers, Extension(hang_up)| async move {
        follow(&boards, clients, query, &headers, hang_up)
    })
}

fn follow(
    boards: &Boards,
    clients: Arc<Semaphore>,
    query: Result<Query<Wish>, QueryRejection>,
    headers: &HeaderMap,
    hang_up: HangUp,
) -> Result<Response, Refusal> {
    let Wish { of, last } = asked(query)?;
    let boards = Which { of }.of(boards)?;
    let Ok(permit) = clients.try_acquire_owned() else {
        return Err(refusal(
            StatusCode::TOO_MANY_REQUESTS,
            "too many follow the events already; end one, or try again later",
        ));
    };
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let mut tails: Vec<Tail> = boards.iter().map(|board| Tail::new(board)).collect();
    match resumed {
        Some(id) => resume(&mut tails, id),
        None => tails.iter_mut().for_each(|tail| tail.go_back(last.into())),
    }
    let (give, events) = mpsc::channel(ON_THEIR_WAY);
    tokio::spawn(feed(tails, give, hang_up, permit, PATIENCE));
    let events = stream::unfold(events, |mut events| async {
        let event = events.recv().await?;
        Some((Ok::<_, Infallible>(event), events))
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

/// Sends what the files hold, and what comes, until the client has gone or takes nothing.
async fn feed(
    mut tails: Vec<Tail>,
    give: mpsc::Sender<Event>,
    hang_up: HangUp,
    permit: OwnedSemaphorePermit,
    patience: Duration,
) {
    loop {
        for at in 0..tails.len() {
            while let Some(line) = tails[at].next() {
                let gateway = tails[at].gateway;
                let Some(data) = with_gateway(&line, gateway) else {
                    continue;
                };
                let event = Event::default().id(place(&tails)).data(data);
                if give.send_timeout(event, patience).await.is_err() {
                    hang_up.now();
                    return drop(permit);
                }
            }
        }
        let news = tails.iter_mut().map(|tail| Box::pin(tail.news.changed()));
        tokio::select! {
            (changed, ..) = select_all(news) => if changed.is_err() {
                return;
            },
            () = pin!(give.closed()) => return,
        }
    }
}

/// The line with the name of its gateway; `None` when it is none of ours.
fn with_gateway(line: &str, gateway: &str) -> Option<String> {
    let mut event: Value = serde_json::from_str(line).ok()?;
    event.as_object_mut()?.insert("gateway".into(), gateway.into());
    Some(event.to_string())
}

/// Where a client has read to, in all files: `INODE.OFFSET`, with dashes between them.
fn place(tails: &[Tail]) -> String {
    let places = tails
        .iter()
        .map(|tail| format!("{:x}.{:x}", tail.inode, tail.offset));
    places.collect::<Vec<_>>().join("-")
}

/// Goes on where a client had read to. A file that is not that one any more is read from its begin.
fn resume(tails: &mut [Tail], id: &str) {
    let mut places = id.split('-');
    for tail in tails {
        let place = places.next().and_then(|place| place.split_once('.'));
        let read = |text| u64::from_str_radix(text, 16).ok();
        let place = place.and_then(|(inode, offset)| Some((read(inode)?, read(offset)?)));
        tail.offset = match place {
            Some((inode, offset)) if inode == tail.inode && offset <= tail.offset => offset,
            _ => 0,
        };
    }
}

/// One events file, and where it was read to.
struct Tail {
    gateway: &'static str,
    path: PathBuf,
    inode: u64,
    offset: u64,
    /// What was read behind that.
    ahead: Vec<u8>,
    news: watch::Receiver<u64>,
}

impl Tail {
    /// At the end of the file.
    fn new(board: &Board) -> Self {
        // Watched before it is looked at: no event is missed.
        let news = board.events();
        let path = board.state_dir.join(EVENTS);
        let found = path.metadata().ok();
        Self {
            gateway: board.gateway,
            path,
            inode: found.as_ref().map_or(0, |found| found.ino()),
            offset: found.as_ref().map_or(0, |found| found.len()),
            ahead: Vec::new(),
            news,
        }
    }

    /// Goes back by so many lines, as far as one portion reaches.
    fn go_back(&mut self, lines: usize) {
        let end = self.offset;
        self.offset = end.saturating_sub(PORTION);
        let text = self.read();
        // The end of the file may have moved meanwhile.
        let text = &text[..text.len().min((end - self.offset) as usize)];
        let ends = text.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
        let before = ends.map(|(at, _)| at + 1).nth(lines);
        self.offset = match (before, self.offset) {
            (Some(at), offset) => offset + at as u64,
            // Fewer lines than were asked for.
            (None, 0) => 0,
            (None, offset) => {
                let first = text.iter().position(|byte| *byte == b'\n');
                offset + first.map_or(text.len(), |at| at + 1) as u64
            }
        };
    }

    /// The next complete line.
    fn next(&mut self) -> Option<String> {
        if !self.ahead.contains(&b'\n') {
            self.ahead = self.read();
        }
        let length = self.ahead.iter().position(|byte| *byte == b'\n')? + 1;
        let line = self.ahead.drain(..length).collect();
        self.offset += length as u64;
        Some(String::from_utf8(line).unwrap_or_default())
    }

    /// One portion from where it was read to. A gateway that was started anew may have begun another file.
    fn read(&mut self) -> Vec<u8> {
        let mut read = Vec::new();
        let Ok(mut file) = File::open(&self.path) else {
            return read;
        };
        if let Ok(found) = file.metadata()
            && found.ino() != self.inode
        {
            self.inode = found.ino();
            self.offset = 0;
        }
        let got = file
            .seek(SeekFrom::Start(self.offset))
            .and_then(|_| file.take(PORTION).read_to_end(&mut read));
        if let Err(error) = got {
            tracing::debug!(%error, path = %self.path.display(), "the events file");
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use futures_util::FutureExt as _;

    use super::*;

    fn written(folder: &std::path::Path, text: &str) {
        let path = folder.join(EVENTS);
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .expect("opens");
        file.write_all(text.as_bytes()).expect("written");
    }

    fn rest(tail: &mut Tail) -> Vec<String> {
        std::iter::from_fn(|| tail.next())
            .map(|line| line.trim().to_owned())
            .collect()
    }

    #[test]
    fn a_file_is_read_from_any_place_and_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let board = Board::new("paper", folder.path().to_owned(), "/nowhere/rules".into(), None);
        let mut early = Tail::new(&board);
        assert_eq!(rest(&mut early), [""; 0], "there is no file yet");
        written(folder.path(), "1\n2\n3\n");
        assert_eq!(rest(&mut early), ["1", "2", "3"]);
        written(folder.path(), "4\n5");
        assert_eq!(rest(&mut early), ["4"], "a line that is not whole waits");
        written(folder.path(), "5\n");
        assert_eq!(rest(&mut early), ["55"]);
        for (lines, expected) in [
            (0, &[][..]),
            (1, &["55"]),
            (2, &["4", "55"]),
            (99, &["1", "2", "3", "4", "55"]),
        ] {
            let mut tail = Tail::new(&board);
            tail.go_back(lines);
            assert_eq!(rest(&mut tail), expected, "{lines}");
        }
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_cut_off_and_leaves_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let board = Board::new("paper", folder.path().to_owned(), "/nowhere/rules".into(), None);
        let mut tail = Tail::new(&board);
        written(folder.path(), &"{}\n".repeat(3 * ON_THEIR_WAY));
        tail.offset = 0;
        let places = Arc::new(Semaphore::new(1));
        let place = Arc::clone(&places).try_acquire_owned().expect("room");
        let (give, mut events) = mpsc::channel(ON_THEIR_WAY);
        let hang_up = HangUp::default();
        feed(vec![tail], give, hang_up.clone(), place, Duration::from_millis(1)).await;
        assert_eq!(places.available_permits(), 1);
        // It was told before `feed` ended: nothing is waited for.
        let told = hang_up.hung_up().now_or_never();
        assert!(told.is_some(), "the connection is closed");
        let mut kept = 0;
        while events.recv().await.is_some() {
            kept += 1;
        }
        assert_eq!(kept, ON_THEIR_WAY, "no more is kept for it");
    }

    #[test]
    fn what_was_missed_is_sent_and_another_file_from_its_begin() {
        let folder = tempfile::tempdir().expect("a folder");
        let board = Board::new("paper", folder.path().to_owned(), "/nowhere/rules".into(), None);
        written(folder.path(), "1\n2\n");
        let mut tails = [Tail::new(&board)];
        tails[0].go_back(2);
        assert_eq!(tails[0].next().as_deref(), Some("1\n"));
        let id = place(&tails);
        for (id, expected) in [
            (id.as_str(), &["2"][..]),
            ("1.2", &["1", "2"]),
            ("nonsense", &["1", "2"]),
            (&format!("{:x}.fff", tails[0].inode), &["1", "2"]),
        ] {
            let mut again = [Tail::new(&board)];
            resume(&mut again, id);
            assert_eq!(rest(&mut again[0]), expected, "{id}");
        }
    }

    #[test]
    fn a_long_file_is_gone_back_in_by_one_portion() {
        let folder = tempfile::tempdir().expect("a folder");
        let board = Board::new("paper", folder.path().to_owned(), "/nowhere/rules".into(), None);
        let line = format!("{}\n", "x".repeat(999));
        written(folder.path(), &line.repeat(300));
        let mut tail = Tail::new(&board);
        tail.go_back(1000);
        let lines = rest(&mut tail);
        assert_eq!(lines.len() as u64, PORTION / 1000);
        assert!(lines.iter().all(|line| line.len() == 999), "whole lines only");
    }
}
