//! `gatehand attach`.

use super::{Context, Failure, display};
use crate::app::{self, Plan};
use crate::config::Arguments;
use crate::exit::ExitCode;

pub(super) fn execute(settings: Arguments, context: Context) -> Result<ExitCode, Failure> {
    let environment = context.environment.clone();
    let config = context.configure(settings.0, &[])?;
    let address = display::address(config.display.existing.as_deref())?;
    Ok(app::run(Plan {
        configs: vec![config],
        environment,
        attach: Some(address),
        on_ready: None,
    })?)
}
