//! `gatehand run`.

use super::{Context, Failure};
use crate::app::{self, Plan};
use crate::config::Arguments;
use crate::exit::ExitCode;

pub(super) fn execute(settings: Arguments, context: Context) -> Result<ExitCode, Failure> {
    let environment = context.environment.clone();
    let configs = context.keeping_log().configure_each(settings.0)?;
    Ok(app::run(Plan {
        configs,
        environment,
        attach: None,
        on_ready: None,
    })?)
}
