//! How ssh gets the pass phrase of its keys: it runs `SSH_ASKPASS`, which is this program again, and that asks the
//! running gatehand over a socket. Only a process of ssh's own session is answered, only when it asks for a pass phrase,
//! and once for each key: to be asked again is to be told that the pass phrase is wrong.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::config::Secret;
use crate::control::private_socket;
use crate::supervisor::session_of;

/// The variable that names the socket; whoever finds it is run by ssh.
pub const VARIABLE: &str = "GATEHAND_ASKPASS";
/// Its name in the state folder.
const SOCKET: &str = "askpass.sock";
/// What ssh asks for a key's pass phrase with, before the name of the key.
const QUESTION: &str = "Enter passphrase for ";
/// Longest question, in bytes.
const MAX_LINE: u64 = 4096;
/// Longest pass phrase, in bytes: ssh itself reads no more (read_passphrase of OpenSSH).
const MAX_ANSWER: usize = 1024;
/// How long one who asks may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The side that knows the pass phrase.
#[derive(Debug)]
pub(super) struct Askpass {
    listener: UnixListener,
    path: PathBuf,
}

impl Askpass {
    pub(super) fn listen(folder: &Path) -> io::Result<Self> {
        let path = folder.join(SOCKET);
        let listener = private_socket(&path)?;
        Ok(Self { listener, path })
    }

    /// What ssh needs to find us (ssh(1), ENVIRONMENT). Nothing of it is secret.
    pub(super) fn environment(&self) -> [(OsString, OsString); 3] {
        // Whatever the program was called, this is the one that runs.
        let program = std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into());
        [
            ("SSH_ASKPASS".into(), program.into()),
            ("SSH_ASKPASS_REQUIRE".into(), "force".into()),
            (VARIABLE.into(), self.path.clone().into()),
        ]
    }

    /// Answers the ssh that leads this session, until it is dropped.
    pub(super) async fn answer(&mut self, session: i32, passphrase: &Secret) {
        let mut answered = HashSet::new();
        loop {
            let outcome = match self.listener.accept().await {
                Ok((stream, _)) => timeout(PATIENCE, reply(stream, session, passphrase, &mut answered))
                    .await
                    .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
                Err(error) => {
                    tokio::time::sleep(PATIENCE).await;
                    Err(error)
                }
            };
            if let Err(error) = outcome {
                tracing::warn!(%error, "ssh asked for a pass phrase and was not answered");
            }
        }
    }
}

impl Drop for Askpass {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "the socket of the pass phrase");
        }
    }
}

/// Who asks, and what.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Question {
    /// The ssh that wants to know; one that goes through another has two.
    asker: u32,
    text: String,
}

impl Question {
    fn parse(line: &str) -> Option<Self> {
        let (asker, text) = line.trim_end_matches('\n').split_once(' ')?;
        Some(Self {
            asker: asker.parse().ok()?,
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.asker, self.text)
    }
}

/// Answers by the pass phrase, or by nothing.
async fn reply(
    stream: UnixStream,
    session: i32,
    passphrase: &Secret,
    answered: &mut HashSet<Question>,
) -> io::Result<()> {
    let peer = stream.peer_cred()?.pid();
    if peer.and_then(session_of) != Some(session) {
        let text = format!("process {} is none of ssh's", peer.unwrap_or_default());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    let (reading, mut writing) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reading.take(MAX_LINE))
        .read_line(&mut line)
        .await?;
    let Some(question) = Question::parse(&line) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let Some(key) = question.text.strip_prefix(QUESTION) else {
        tracing::warn!(
            question = question.text,
            "ssh asks what nobody is here to answer; see SSH_OPTIONS and ~/.ssh/known_hosts"
        );
        return Ok(());
    };
    let key = key.trim_end_matches([':', ' ']).to_owned();
    if !answered.insert(question) {
        tracing::error!("the pass phrase does not open {key}; set SSH_PASSPHRASE to the right one");
        return Ok(());
    }
    writing.write_all(passphrase.expose().as_bytes()).await
}

/// What ssh runs: asks the gatehand that listens at `socket`, and prints what it answers.
///
/// # Errors
/// When there is no answer; ssh then does without.
pub fn ask(socket: &Path, question: &str) -> io::Result<()> {
    let mut stream = BlockingStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let question = Question {
        asker: std::os::unix::process::parent_id(),
        text: question.replace('\n', " "),
    };
    stream.write_all(format!("{question}\n").as_bytes())?;
    // Room for all at once: a vector that grows leaves copies of a secret behind.
    let mut answer = Zeroizing::new(Vec::with_capacity(MAX_ANSWER + 64));
    stream.take(MAX_ANSWER as u64).read_to_end(&mut answer)?;
    if answer.is_empty() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    answer.push(b'\n');
    io::stdout().write_all(&answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_as_ssh_puts_them() {
        let question = Question {
            asker: 7,
            text: "Enter passphrase for key '/home/me/a key': ".into(),
        };
        assert_eq!(Question::parse(&format!("{question}\n")), Some(question));
        assert_eq!(Question::parse("nonsense"), None);
        assert_eq!(Question::parse("x Enter"), None);
    }

    #[tokio::test]
    async fn who_is_not_of_the_session_gets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut askpass = Askpass::listen(folder.path()).unwrap();
        let passphrase = Secret::new("needle".into());
        let path = askpass.path.clone();
        let mut asked = tokio::task::spawn_blocking(move || {
            let mut stream = BlockingStream::connect(path).unwrap();
            // It may be closed already.
            let _ = stream.write_all(b"7 Enter passphrase for key 'x': \n");
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            answer
        });
        let answer = tokio::select! {
            // No process leads such a session.
            () = askpass.answer(i32::MAX, &passphrase) => unreachable!("it answers for ever"),
            answer = &mut asked => answer.unwrap(),
        };
        assert_eq!(answer, "");
    }
}
