//! `gatehand log`: more detail, or less, from a gatehand that runs.

use clap::Args;

use super::print::say;
use super::{Context, Failure, control, gateways};
use crate::config::Arguments;
use crate::control::Request;
use crate::exit::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// A level (error, warn, info, debug, trace), or target=level,...
    level: String,
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: Options, context: Context) -> Result<ExitCode, Failure> {
    let configs = context.configure_each(options.settings.0)?;
    say(control::ask_first(
        &gateways::all(&configs),
        &Request::Log(options.level),
    )?)?;
    Ok(ExitCode::Stopped)
}
