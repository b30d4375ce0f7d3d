//! Standard output, as all subcommands write to it. Whoever reads it may stop early, as `head` does: then there is nothing
//! left to do, and nothing wrong.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};

use super::Failure;
use crate::exit::ExitCode;

/// Prints a text and a line end.
///
/// # Errors
/// When it cannot be printed. Nobody who reads is a failure without a message, which ends the subcommand as a success.
pub(super) fn say(text: impl Display) -> Result<(), Failure> {
    write(format_args!("{text}\n"))
}

/// The same without a line end: the answer is awaited behind it.
pub(super) fn ask(question: impl Display) -> Result<(), Failure> {
    write(question)
}

/// Prints bytes as they are.
pub(super) fn write_all(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(unsaid)
}

fn write(text: impl Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush()).map_err(unsaid)
}

fn unsaid(error: io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::new(ExitCode::Stopped, ""),
        _ => Failure::unavailable(format!("standard output: {error}; write to where there is room")),
    }
}
