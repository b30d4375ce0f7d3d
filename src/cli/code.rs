//! `gatehand code`: a one-time code for the window that asks for one.

use std::io::BufRead;

use clap::Args;
use zeroize::Zeroizing;

use super::control;
use super::waiting::{Until, Waiting};
use super::{Context, Failure};
use crate::config::Arguments;
use crate::control::{OneTimeCode, Request};
use crate::exit::ExitCode;

#[derive(Args, Debug)]
pub(super) struct CodeOptions {
    /// The code; without it, it is read from standard input, where `ps` does not see it
    code: Option<String>,
    #[command(flatten)]
    waiting: Waiting,
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: CodeOptions, context: Context) -> Result<ExitCode, Failure> {
    let text = match options.code {
        Some(text) => text,
        None => {
            let mut line = Zeroizing::new(String::new());
            let read = std::io::stdin().lock().read_line(&mut line);
            read.map_err(|error| Failure::unavailable(format!("standard input: {error}")))?;
            line.trim().to_owned()
        }
    };
    let code = OneTimeCode::try_from(text).map_err(|why| Failure::new(ExitCode::Usage, why))?;
    let configs = context.configure_each(options.settings.0)?;
    control::give(
        Request::Code(code),
        &configs,
        Some((&options.waiting, Until::LoggedIn)),
    )
}
