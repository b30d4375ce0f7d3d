//! What processes print: split into lines of bounded length, with secrets masked.

use std::borrow::Cow;

use tokio::io::{AsyncRead, AsyncReadExt};
use tracing::Span;
use zeroize::Zeroize;

use crate::config::{HIDDEN, Secret};

/// The longest line that is passed on, in bytes; the rest of a longer one is dropped.
const LINE_LIMIT: usize = 4096;

/// Which of the two streams a line came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Takes the lines of one process. It is called on the runtime's thread and must not block.
pub type Output = Box<dyn FnMut(OutputStream, &str) + Send>;

/// Secrets that must not be passed on, whoever prints them.
#[derive(Debug, Default)]
pub struct Redaction(Vec<Secret>);

impl Redaction {
    /// Masks these from now on.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self(secrets.into_iter().filter(|secret| !secret.is_empty()).collect())
    }

    /// The text with every secret in it replaced by `***`.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(text);
        for secret in &self.0 {
            if masked.contains(secret.expose()) {
                let clean = masked.replace(secret.expose(), HIDDEN);
                if let Cow::Owned(stale) = &mut masked {
                    stale.zeroize();
                }
                masked = Cow::Owned(clean);
            }
        }
        masked
    }
}

/// An [`Output`] that logs each line, masked, at level info under the target `gatehand::output`, in the unit's span.
#[must_use]
pub fn log_output(unit: &str, redaction: Redaction) -> Output {
    let span = span_of(unit);
    Box::new(move |_, line| {
        let _entered = span.enter();
        tracing::info!(target: "gatehand::output", "{}", redaction.mask(line));
    })
}

/// What each line of the log is in that has to do with one process.
pub(super) fn span_of(unit: &str) -> Span {
    // At the level of errors, so that no filter hides whose line it is.
    tracing::error_span!("process", unit)
}

/// Splits bytes into lines without their ends. Bytes that are not UTF-8 show as U+FFFD.
#[derive(Debug, Default)]
struct LineSplitter {
    line: Vec<u8>,
    too_long: bool,
}

impl LineSplitter {
    fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(&str)) {
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            let room = LINE_LIMIT - self.line.len();
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            self.too_long |= part.len() > room;
            if parts.peek().is_some() {
                self.end_line(&mut take);
            }
        }
    }

    /// Passes the current line on, as at a line end or at the end of the stream.
    fn end_line(&mut self, mut take: impl FnMut(&str)) {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        let text = String::from_utf8_lossy(line);
        if self.too_long {
            take(&format!("{text} [...]"));
        } else {
            take(&text);
        }
        self.line.clear();
        self.too_long = false;
    }
}

/// Reads `stream` to its end and passes each line on.
pub(super) async fn read_lines(mut stream: impl AsyncRead + Unpin, mut take: impl FnMut(&str)) {
    let mut splitter = LineSplitter::default();
    let mut buffer = [0; 4096];
    // A read error means the same as the end: the process is gone.
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        splitter.feed(&buffer[..length], &mut take);
    }
    if !splitter.line.is_empty() {
        splitter.end_line(&mut take);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut splitter = LineSplitter::default();
        let mut lines = Vec::new();
        for chunk in chunks {
            splitter.feed(chunk, |line| lines.push(line.to_owned()));
        }
        lines
    }

    #[test]
    fn lines_across_chunks() {
        assert_eq!(lines(&[b"one\r\ntw", b"o\n\nthr", b"ee"]), ["one", "two", ""]);
        assert_eq!(lines(&[b"\xff\n"]), ["\u{fffd}"]);
    }

    #[test]
    fn long_lines_are_cut_and_the_next_is_whole() {
        let long = vec![b'x'; 3 * LINE_LIMIT];
        let cut = lines(&[&long, &long, b"\nnext\n"]);
        assert_eq!(cut[0], format!("{} [...]", "x".repeat(LINE_LIMIT)));
        assert_eq!(cut[1..], ["next"]);
        let exact = vec![b'x'; LINE_LIMIT];
        assert_eq!(lines(&[&exact, b"\n"]), ["x".repeat(LINE_LIMIT)]);
    }

    #[test]
    fn secrets_are_masked() {
        let redaction = Redaction::new(["hunter2", "", "key"].map(|text| Secret::new(text.to_owned())));
        assert_eq!(redaction.mask("pw hunter2, key, hunter2"), "pw ***, ***, ***");
        assert!(matches!(redaction.mask("nothing here"), Cow::Borrowed(_)));
    }

    #[tokio::test]
    async fn the_last_line_needs_no_end() {
        let mut lines = Vec::new();
        read_lines(&b"a\nb"[..], |line| lines.push(line.to_owned())).await;
        assert_eq!(lines, ["a", "b"]);
    }
}
