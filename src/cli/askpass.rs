//! gatehand as the program that ssh asks for a pass phrase with.

use std::ffi::OsStr;
use std::path::Path;

use super::Failure;
use crate::exit::ExitCode;
use crate::tunnel::askpass;

/// Answers the question that is the only argument, by what the gatehand at `socket` says.
pub(super) fn execute(socket: &OsStr) -> Result<ExitCode, Failure> {
    let question = std::env::args().nth(1).unwrap_or_default();
    askpass::ask(Path::new(socket), &question)
        .map(|()| ExitCode::Stopped)
        .map_err(|error| Failure::unavailable(format!("no pass phrase: {error}; see gatehand's log")))
}
