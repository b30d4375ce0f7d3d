//! The log: to standard error and to files where they are wanted, as text or one JSON object per line, without account
//! numbers. What is logged can be changed while gatehand runs.

mod accounts;
mod files;
mod line;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

pub use accounts::mask_accounts;
use files::DayFiles;
pub use line::LineFormat;
use line::ZonedLine;

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
    /// A file cannot be written.
    #[error(
        "{}: {source}; make the folder writable, name another one with GATEHAND_PORTAL_OUTPUTS, or set GATEHAND_PORTAL_LOG_TO_FILE=no",
        path.display()
    )]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Somebody else logs in this process.
    #[error("the log is started already: {0}")]
    Started(#[from] TryInitError),
    /// There is no log whose filter could be changed.
    #[error("this process has no log")]
    NotStarted,
}

/// What the log is to be.
#[derive(Debug)]
pub struct Log<'a> {
    /// What is logged.
    pub filter: &'a str,
    /// How lines are written.
    pub format: LogFormat,
    /// The form of lines of text, if it is another than ours.
    pub line: Option<LineFormat>,
    /// The time zone of the times in that form, and of the files' days; else UTC.
    pub zone: Option<&'a str>,
    /// The folder of files that hold it as well.
    pub files: Option<PathBuf>,
}

/// Starts the log.
///
/// # Errors
/// When the filter is wrong, there can be no file, or there is a log already.
pub fn start(log: Log<'_>) -> Result<(), LogError> {
    let (filter, handle) = reload::Layer::new(parse(log.filter)?);
    let zone = log.zone.and_then(|name| TimeZone::get(name).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let is_colourful = log.files.is_none() && io::stderr().is_terminal();
    let files = match log.files {
        Some(folder) => Some(DayFiles::open(folder, zone.clone())?),
        None => None,
    };
    let masked = Masked {
        files: files.map(Arc::new),
    };
    let lines = fmt::layer().with_writer(masked).with_target(false);
    let lines = match (log.format, log.line) {
        (LogFormat::Text, Some(form)) => {
            let line = ZonedLine { form, zone };
            lines.with_ansi(false).event_format(line).boxed()
        }
        (LogFormat::Text, None) => lines.with_ansi(is_colourful).boxed(),
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

/// Standard error, and files where they are wanted. Every line is masked before it is written: whichever program said it,
/// in whichever field.
#[derive(Clone)]
struct Masked {
    files: Option<Arc<DayFiles>>,
}

impl<'a> MakeWriter<'a> for Masked {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Masked {
    /// A line comes whole, in one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let masked = mask_accounts(&text);
        if let Some(files) = &self.files {
            files.write(masked.as_bytes());
        }
        io::stderr().lock().write_all(masked.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
