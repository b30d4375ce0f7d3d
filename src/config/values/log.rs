//! The log.

use super::{Value, words};
use crate::logging::LineFormat;

words! {
    /// How log lines are written.
    pub LogFormat: "text or json" {
        /// For humans.
        Text = "text",
        /// One JSON object per line.
        Json = "json",
    }
}

/// What is logged, in the words of `tracing_subscriber::EnvFilter`.
#[derive(Clone, Debug)]
pub(in crate::config) struct LogFilter(pub(in crate::config) String);

impl Value for LogFilter {
    const ALLOWED: &'static str = "a level (error, warn, info, debug, trace) or target=level,...";

    fn parse(text: &str) -> Result<Self, &'static str> {
        // The levels of Python's logging, which would be taken for targets.
        let text = match text.to_ascii_lowercase().as_str() {
            "warning" => "warn",
            "critical" | "fatal" => "error",
            "notset" => "trace",
            _ => text,
        };
        match tracing_subscriber::EnvFilter::try_new(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(Self::ALLOWED),
        }
    }
}

/// The form of lines of text.
#[derive(Clone, Debug)]
pub(in crate::config) struct LogLine(pub(in crate::config) LineFormat);

impl Value for LogLine {
    const ALLOWED: &'static str = "%(message)s with more of Python's logging around it: asctime, created, levelname, levelno, name, module, funcName, pathname, filename, lineno, process, processName, thread, threadName";

    fn parse(text: &str) -> Result<Self, &'static str> {
        LineFormat::parse(text).map(Self).ok_or(Self::ALLOWED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_checked() {
        assert!(LogFilter::parse("gatehand=debug,info").is_ok() && LogFilter::parse("a=b=c").is_err());
    }

    #[test]
    fn levels_of_python_are_levels() {
        for (level, filter) in [
            ("DEBUG", "DEBUG"),
            ("WARNING", "warn"),
            ("CRITICAL", "error"),
            ("NOTSET", "trace"),
        ] {
            assert_eq!(LogFilter::parse(level).expect(level).0, filter);
        }
    }
}
