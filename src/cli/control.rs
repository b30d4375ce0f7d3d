//! What a running gatehand is asked for: `gatehand status`, `stop`, `restart` and others.

use clap::Args;

use super::gateways::{Gateway, with_windows};
use super::print::say;
use super::waiting::{Until, Waiting};
use super::{Context, Failure};
use crate::config::Arguments;
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
    give(
        request,
        &with_windows(&configs),
        Some((&options.waiting, Until::Back)),
    )
}

pub(super) fn stop(options: StopOptions, context: Context) -> Result<ExitCode, Failure> {
    let configs = context.configure_each(options.settings.0)?;
    give(
        Request::Stop,
        &with_windows(&configs),
        Some((&options.waiting, Until::Ended)),
    )
}

pub(super) fn execute(request: Request, settings: Arguments, context: Context) -> Result<ExitCode, Failure> {
    let configs = context.configure_each(settings.0)?;
    give(request, &with_windows(&configs), None)
}

/// Gives a command, and waits for what comes of it.
pub(super) fn give(
    request: Request,
    gateways: &[Gateway],
    waiting: Option<(&Waiting, Until)>,
) -> Result<ExitCode, Failure> {
    let wait = waiting.and_then(|(waiting, until)| waiting.begin(gateways, until));
    match (gateways, request) {
        ([gateway], request) => say(ask(gateway, request)?)?,
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

pub(super) fn ask(gateway: &Gateway, request: Request) -> Result<String, Failure> {
    let reply = control::ask(&gateway.folder, request).map_err(Failure::unavailable)?;
    if reply.ok {
        Ok(reply.text)
    } else {
        Err(Failure::unavailable(reply.text))
    }
}

/// Asks for what concerns all of them, whichever is asked; one that is down now has no socket.
pub(super) fn ask_first(gateways: &[Gateway], request: &Request) -> Result<String, Failure> {
    let mut outcome = Err(super::no_gateway());
    for gateway in gateways {
        outcome = ask(gateway, request.clone());
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// Prints what each of them answers, and tells the last that refused when all were asked.
fn ask_each(gateways: &[Gateway], request: &Request) -> Result<(), Failure> {
    let mut outcome = Ok(());
    for gateway in gateways {
        let name = gateway.name;
        match ask(gateway, request.clone()) {
            Ok(text) => say(format_args!("{name}: {text}"))?,
            Err(failure) => {
                let failure = Failure::new(failure.code, format!("{name}: {}", failure.message));
                if let Err(Failure { message, .. }) = std::mem::replace(&mut outcome, Err(failure)) {
                    eprintln!("gatehand: {message}");
                }
            }
        }
    }
    outcome
}
