//! The log: to standard error, as text or one JSON object per line.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::config::{LogFormat, LogSettings};

/// Starts the log. `-v` and `--log-format` outrank the settings.
pub(super) fn start(settings: &LogSettings, format: Option<LogFormat>, verbose: u8) -> Result<(), Failure> {
    let filter = match verbose {
        0 => settings.filter.as_str(),
        1 => "debug",
        _ => "trace",
    };
    // rustls warns of each viewer that names this host by its address, which is nobody's business.
    let filter = EnvFilter::try_new(format!("rustls::msgs=error,{filter}"))
        .map_err(|error| Failure::configuration(format!("GATEHAND_LOG={filter}: {error}")))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    match format.unwrap_or(settings.format) {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}
