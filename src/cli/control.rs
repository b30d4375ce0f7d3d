//! What a running gatehand is asked for: `gatehand status`, `stop`, `restart` and others.

use clap::Args;

use super::print::say;
use super::waiting::{Until, Waiting};
use super::{Context, Failure};
use crate::config::{Arguments, Config};
use crate::control::{self, Request};
use crate::exit::ExitCode;

#[derive(Args, Debug)]
pub(super) struct RestartOptions {
    /// Close the gateway and log in anew, instead of a restart that needs no login.
    #[arg(long)]
    cold: bool,
    #[command(flatten)]
    waiting: Waiting,
    #[command(flatten)]
    settings: Arguments,
}

#[derive(Args, Debug)]
pub(super) struct StopOptions {
    #[command(flatten)]
    waiting: Waiting,
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn restart(options: RestartOptions, context: Context) -> Result<ExitCode, Failure> {
    let request = if options.cold {
        Request::ColdRestart
    } else {
        Request::Restart
    };
    let configs = context.configure_each(options.settings.0)?;
    give(request, &configs, Some((&options.waiting, Until::Back)))
}

pub(super) fn stop(options: StopOptions, context: Context) -> Result<ExitCode, Failure> {
    let configs = context.configure_each(options.settings.0)?;
    give(Request::Stop, &configs, Some((&options.waiting, Until::Ended)))
}

pub(super) fn execute(request: Request, settings: Arguments, context: Context) -> Result<ExitCode, Failure> {
    let configs = context.configure_each(settings.0)?;
    give(request, &configs, None)
}

/// Gives a command, and waits for what comes of it.
pub(super) fn give(
    request: Request,
    configs: &[Config],
    waiting: Option<(&Waiting, Until)>,
) -> Result<ExitCode, Failure> {
    let wait = waiting.and_then(|(waiting, until)| waiting.begin(configs, until));
    match (configs, request) {
        ([config], request) => say(ask(config, request)?)?,
        (both, Request::Stop) => say(ask_first(both, &Request::Stop)?)?,
        (_, Request::Code(_)) => {
            let why =
                "there are two gateways; name the one that asks for the code with --of live or --of paper";
            return Err(Failure::new(ExitCode::Usage, why));
        }
        (both, request) => ask_each(both, &request)?,
    }
    if let Some(wait) = wait {
        wait.end()?;
    }
    Ok(ExitCode::Stopped)
}

pub(super) fn ask(config: &Config, request: Request) -> Result<String, Failure> {
    let reply = control::ask(&config.state_dir, request).map_err(Failure::unavailable)?;
    if reply.ok {
        Ok(reply.text)
    } else {
        Err(Failure::unavailable(reply.text))
    }
}

/// Asks for what concerns all of them, whichever is asked; one that is down now has no socket.
pub(super) fn ask_first(configs: &[Config], request: &Request) -> Result<String, Failure> {
    let mut outcome = Err(super::no_gateway());
    for config in configs {
        outcome = ask(config, request.clone());
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// Prints what each of them answers, and tells the last that refused when all were asked.
fn ask_each(configs: &[Config], request: &Request) -> Result<(), Failure> {
    let mut outcome = Ok(());
    for config in configs {
        let mode = config.mode.name();
        match ask(config, request.clone()) {
            Ok(text) => say(format_args!("{mode}: {text}"))?,
            Err(failure) => {
                let failure = Failure::new(failure.code, format!("{mode}: {}", failure.message));
                if let Err(Failure { message, .. }) = std::mem::replace(&mut outcome, Err(failure)) {
                    eprintln!("gatehand: {message}");
                }
            }
        }
    }
    outcome
}
