//! `gatehand attach`.

use std::path::PathBuf;

use clap::Args;

use super::{Context, Failure, display};
use crate::app::{self, Plan};
use crate::config::Arguments;
use crate::exit::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// Folder of rule files (*.toml) beside the built-in ones.
    #[arg(long, value_name = "DIR", env = "GATEHAND_RULES")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: Options, context: Context) -> Result<ExitCode, Failure> {
    let environment = context.environment.clone();
    let config = context.configure(options.settings.0, &[])?;
    let address = display::address(config.display.existing.as_deref())?;
    Ok(app::run(Plan {
        config,
        environment,
        rules: options.rules,
        attach: Some(address),
        on_ready: None,
    })?)
}
