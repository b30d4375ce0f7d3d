//! Lines of standard input.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;

use zeroize::{Zeroize, Zeroizing};

use crate::config::Secret;

/// The longest line.
const LIMIT: usize = 64 * 1024;

/// The next line, without its end. Nothing behind it is read.
pub(super) fn read_line() -> Result<Secret, String> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(
            "standard input is a terminal, which would show what is typed; pipe the value in".to_owned(),
        );
    }
    // The standard library's own reader keeps what it has read in a buffer that nobody zeroes.
    let file = stdin.as_fd().try_clone_to_owned().map(File::from);
    file.and_then(|file| line(file, LIMIT))
        .map_err(|error| format!("standard input: {error}"))?
        .ok_or_else(|| {
            "standard input has no line for it; give one line for each value, in the order of docs/settings.md".to_owned()
        })
}

/// The next line of `source`; `None` at its end.
#[expect(
    clippy::unbuffered_bytes,
    reason = "what stands behind the line is left for the next"
)]
fn line(source: impl Read, limit: usize) -> io::Result<Option<Secret>> {
    // Room for all at once: a vector that grows leaves copies of a secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
    for byte in source.bytes() {
        match byte? {
            b'\n' => return text(&mut bytes).map(Some),
            _ if bytes.len() == limit => {
                let long = format!("a line is longer than {limit} bytes; is it the right file?");
                return Err(io::Error::new(io::ErrorKind::InvalidData, long));
            }
            byte => bytes.push(byte),
        }
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    text(&mut bytes).map(Some)
}

fn text(bytes: &mut Vec<u8>) -> io::Result<Secret> {
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    match String::from_utf8(std::mem::take(bytes)) {
        Ok(text) => Ok(Secret::new(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            let not_text = "a line is not valid UTF-8; write it in UTF-8";
            Err(io::Error::new(io::ErrorKind::InvalidData, not_text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_after_the_other() {
        let mut source: &[u8] = "first\r\n\nlast pä".as_bytes();
        let mut next = || {
            line(&mut source, 16)
                .unwrap()
                .map(|secret| secret.expose().to_owned())
        };
        assert_eq!(next().as_deref(), Some("first"));
        assert_eq!(
            next().as_deref(),
            Some(""),
            "an empty line is a value that is not set"
        );
        assert_eq!(next().as_deref(), Some("last pä"));
        assert_eq!(next(), None);
    }

    #[test]
    fn no_text_and_no_end() {
        assert!(line(&b"\xff\n"[..], 16).is_err_and(|error| error.to_string().contains("UTF-8")));
        assert!(line(&b"12345\n"[..], 4).is_err_and(|error| error.to_string().contains("longer than 4")));
        assert!(line(&b"1234\n"[..], 4).is_ok());
    }
}
