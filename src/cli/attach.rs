//! `gatehand attach`.

use clap::Args;

use super::{Context, Failure, display};
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
    let config = context.configure(options.settings.0, &[])?;
    let address = display::address(config.display.existing.as_deref())?;
    Ok(app::run(Plan {
        configs: vec![config],
        environment,
        attach: Some(address),
        on_ready: None,
    })?)
}
