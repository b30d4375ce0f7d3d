//! `gatehand portal`: the Client Portal Gateway.

use clap::{Args, Subcommand};
use serde_json::json;

use super::code::{self, CodeOptions};
use super::gateways::{self, Gateway};
use super::print::say;
use super::status::{self, StatusOptions};
use super::{Context, Failure, control, no_gateway};
use crate::app;
use crate::config::Arguments;
use crate::control::Request;
use crate::exit::ExitCode;
use crate::portal::{Client, SHIPPED, Standing};

#[derive(Args, Debug)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask the gateway how its session is, which keeps it alive: exit code 0 when it is ready for orders, else 69.
    Tickle(Tickle),
    /// Start the gateway, keep its session, and serve health checks, status and commands.
    Run(Arguments),
    /// Have a running gatehand start the gateway again.
    Start(Arguments),
    /// Have a running gatehand end the session and the gateway, until it is started again.
    Stop(Arguments),
    /// Have a running gatehand log in again, after a human did what it waits for.
    Login(Arguments),
    /// Give the one-time code that the login page asks for.
    Code(CodeOptions),
    /// Ask a running gatehand what it believes, and why.
    Status(StatusOptions),
}

#[derive(Args, Debug)]
struct Tickle {
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: Options, context: Context) -> Result<ExitCode, Failure> {
    match options.command {
        Command::Tickle(options) => tickle(options, context),
        Command::Run(settings) => {
            let environment = context.environment.clone();
            let config = context.keeping_log().configure(settings.0, &[])?;
            Ok(app::run_portal(config, environment)?)
        }
        Command::Start(settings) => ask(Request::Reclaim, settings, context),
        Command::Stop(settings) => ask(Request::Yield, settings, context),
        Command::Login(settings) => ask(Request::Unlock(None), settings, context),
        Command::Code(options) => code::of_portal(options, context),
        Command::Status(options) => status::of_portal(options, context),
    }
}

/// What is to be asked about it.
pub(super) fn of_portal(settings: Arguments, context: Context) -> Result<Gateway, Failure> {
    let configs = context.configure_each(settings.0)?;
    // It is the same beside each of them.
    configs.first().map(gateways::portal).ok_or_else(no_gateway)
}

fn ask(request: Request, settings: Arguments, context: Context) -> Result<ExitCode, Failure> {
    control::give(request, &[of_portal(settings, context)?], None)
}

fn tickle(tickle: Tickle, context: Context) -> Result<ExitCode, Failure> {
    let settings = context.configure(tickle.settings.0, &[])?.portal;
    let address = settings.address.unwrap_or_default();
    let trust = settings.trust.unwrap_or(SHIPPED);
    let client = Client::new(address, &trust, settings.routes, settings.request_limit);
    let client = client.map_err(Failure::configuration)?;
    let standing = Standing::of(&app::block_on(async { Ok(client.tickle().await) })?);
    tell(&standing, tickle.json)?;
    Ok(match standing {
        Standing::Ready(_) => ExitCode::Stopped,
        _ => ExitCode::Unavailable,
    })
}

fn tell(standing: &Standing, as_json: bool) -> Result<(), Failure> {
    let session = standing.session();
    let expires_in = session.and_then(|session| session.expires_in);
    if as_json {
        return say(json!({
            "standing": standing.name(),
            "reason": standing.to_string(),
            "expires_in_seconds": expires_in.map(|left| left.as_secs()),
            "server": session.and_then(|session| session.server.as_deref()),
            "message": session.and_then(|session| session.message.as_deref()),
        }));
    }
    say(format_args!("{}  {standing}", standing.name()))?;
    if let Some(left) = expires_in {
        say(format_args!(
            "session ends in {} s unless it is asked again",
            left.as_secs()
        ))?;
    }
    if let Some(server) = session.and_then(|session| session.server.as_deref()) {
        say(format_args!("server {server}"))?;
    }
    match session.and_then(|session| session.message.as_deref()) {
        Some(message) => say(format_args!("message {message:?}")),
        None => Ok(()),
    }
}
