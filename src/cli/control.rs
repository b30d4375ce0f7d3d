//! What a running gatehand is asked for: `gatehand status`, `stop`, `restart` and others.

use clap::Args;

use super::{Context, Failure};
use crate::config::Arguments;
use crate::control::{self, Request};
use crate::exit::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Options {
    #[command(flatten)]
    settings: Arguments,
}

#[derive(Args, Debug)]
pub(super) struct RestartOptions {
    /// Close the gateway and log in anew, instead of a restart that needs no login.
    #[arg(long)]
    cold: bool,
    #[command(flatten)]
    options: Options,
}

pub(super) fn restart(options: RestartOptions, context: Context) -> Result<ExitCode, Failure> {
    let request = if options.cold {
        Request::ColdRestart
    } else {
        Request::Restart
    };
    execute(request, options.options, context)
}

pub(super) fn execute(request: Request, options: Options, context: Context) -> Result<ExitCode, Failure> {
    let config = context.configure(options.settings.0, &[])?;
    let reply = control::ask(&config.state_dir, request).map_err(Failure::unavailable)?;
    if !reply.ok {
        return Err(Failure::unavailable(reply.text));
    }
    println!("{}", reply.text);
    Ok(ExitCode::Stopped)
}
