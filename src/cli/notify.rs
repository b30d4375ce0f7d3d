//! `gatehand notify test`: one notification to each target, and what each of them says.

use clap::{Args, Subcommand};

use super::print::say;
use super::{Context, Failure};
use crate::app::{self, Trial};
use crate::config::Arguments;
use crate::exit::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send each target one notification at once, and tell what it answers.
    Test(Arguments),
}

pub(super) fn execute(options: Options, context: Context) -> Result<ExitCode, Failure> {
    let Command::Test(settings) = options.command;
    let environment = context.environment.clone();
    let configs = context.configure_each(settings.0)?;
    let mut code = ExitCode::Stopped;
    let mut told = 0;
    for config in &configs {
        for Trial { target, said } in app::try_notifications(config, &environment)? {
            told += 1;
            let mode = config.mode.name();
            match said {
                Ok(answer) => say(format_args!("ok      {mode}  {target}: {answer}"))?,
                Err(refusal) => {
                    say(format_args!("FAILED  {mode}  {target}: {refusal}"))?;
                    code = ExitCode::Unavailable;
                }
            }
        }
    }
    if told == 0 {
        return Err(Failure::configuration(
            "nobody is told of anything: set GATEHAND_NOTIFY_WEBHOOK, GATEHAND_NOTIFY_NTFY or GATEHAND_NOTIFY_COMMAND",
        ));
    }
    Ok(code)
}
