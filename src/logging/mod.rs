//! The log: to standard error, as text or one JSON object per line, without account numbers. What is logged can be
//! changed while gatehand runs.

mod accounts;
mod line;

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

pub use accounts::mask_accounts;
pub use line::LineFormat;

use crate::config::LogFormat;

/// The filter of this process' log, as there is one log.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// The log cannot be what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not in the words of `tracing_subscriber::EnvFilter`.
    #[error("{filter}: {why}; use a level (error, warn, info, debug, trace) or target=level,...")]
    Filter {
        /// What was asked for.
        filter: String,
        /// What is wrong with it.
        why: String,
    },
    /// Somebody else logs in this process.
    #[error("the log is started already: {0}")]
    Started(#[from] TryInitError),
    /// There is no log whose filter could be changed.
    #[error("this process has no log")]
    NotStarted,
}

/// Starts the log. `line` is the form of lines of text, if it is another than ours.
///
/// # Errors
/// When the filter is wrong, or there is a log already.
pub fn start(filter: &str, format: LogFormat, line: Option<LineFormat>) -> Result<(), LogError> {
    let (filter, handle) = reload::Layer::new(parse(filter)?);
    let lines = fmt::layer().with_writer(Masked).with_target(false);
    let lines = match (format, line) {
        (LogFormat::Text, Some(line)) => lines.with_ansi(false).event_format(line).boxed(),
        (LogFormat::Text, None) => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        (LogFormat::Json, _) => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init()?;
    // Whoever could start the log twice was sent away above.
    let _ = FILTER.set(handle);
    Ok(())
}

/// Changes what is logged from now on.
///
/// # Errors
/// When the filter is wrong, or there is no log.
pub fn set_filter(filter: &str) -> Result<(), LogError> {
    let parsed = parse(filter)?;
    let handle = FILTER.get().ok_or(LogError::NotStarted)?;
    handle.reload(parsed).map_err(|_| LogError::NotStarted)
}

fn parse(filter: &str) -> Result<EnvFilter, LogError> {
    // rustls warns of each viewer that names this host by its address, which is nobody's business.
    EnvFilter::try_new(format!("rustls::msgs=error,{filter}")).map_err(|error| LogError::Filter {
        filter: filter.to_owned(),
        why: error.to_string(),
    })
}

/// Standard error, where every line is masked before it is written: whichever program said it, in whichever field.
struct Masked;

impl<'a> MakeWriter<'a> for Masked {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl Write for Masked {
    /// A line comes whole, in one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().lock().write_all(mask_accounts(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
