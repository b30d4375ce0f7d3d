//! `gatehand twofa-token`.

use super::print::say;
use super::{Context, Failure};
use crate::config::Arguments;
use crate::exit::ExitCode;
use crate::gateway;

/// What makes the gateway write a token.
const CURE: &str = "log in by hand at the viewer once, choose IB Key and press OK";

pub(super) fn execute(settings: Arguments, context: Context) -> Result<ExitCode, Failure> {
    let config = context.configure(settings.0, &[])?;
    let folder = &config.gateway.settings_path;
    let missing =
        |what: &str| Failure::unavailable(format!("{}: {what}; {CURE}", folder.join("jts.ini").display()));
    match gateway::second_factor_token(folder).map_err(|error| Failure::new(error.exit_code(), error))? {
        Some(token) if token.is_empty() => Err(missing("the line 2ndFactor= names no device")),
        Some(token) => {
            say(token.expose())?;
            Ok(ExitCode::Stopped)
        }
        None => Err(missing("there is no line 2ndFactor=")),
    }
}
