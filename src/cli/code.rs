//! `gatehand code`: a one-time code for the window that asks for one.

use std::io::BufRead;

use clap::Args;
use zeroize::Zeroizing;

use super::gateways::with_windows;
use super::waiting::{Until, Waiting};
use super::{Context, Failure, control, portal};
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
    let code = code(options.code)?;
    let gateways = with_windows(&context.configure_each(options.settings.0)?);
    control::give(
        Request::Code(code),
        &gateways,
        Some((&options.waiting, Until::LoggedIn)),
    )
}

/// For the login page of the Client Portal Gateway.
pub(super) fn of_portal(options: CodeOptions, context: Context) -> Result<ExitCode, Failure> {
    let code = code(options.code)?;
    let gateway = portal::of_portal(options.settings, context)?;
    control::give(
        Request::Code(code),
        &[gateway],
        Some((&options.waiting, Until::LoggedIn)),
    )
}

/// The one that was given, or is read.
fn code(given: Option<String>) -> Result<OneTimeCode, Failure> {
    let text = match given {
        Some(text) => text,
        None => {
            let mut line = Zeroizing::new(String::new());
            let read = std::io::stdin().lock().read_line(&mut line);
            read.map_err(|error| Failure::unavailable(format!("standard input: {error}")))?;
            line.trim().to_owned()
        }
    };
    OneTimeCode::try_from(text).map_err(|why| Failure::new(ExitCode::Usage, why))
}
