//! `gatehand run`.

use clap::Args;

use super::{Context, Failure};
use crate::app::{self, Plan};
use crate::config::Arguments;
use crate::exit::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Options {
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: Options, context: Context) -> Result<ExitCode, Failure> {
    let environment = context.environment.clone();
    let configs = context.configure_each(options.settings.0)?;
    Ok(app::run(Plan {
        configs,
        environment,
        attach: None,
        on_ready: None,
    })?)
}
