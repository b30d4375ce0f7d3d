//! The log.

use super::{Value, words};

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
        match tracing_subscriber::EnvFilter::try_new(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(Self::ALLOWED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_checked() {
        assert!(LogFilter::parse("gatehand=debug,info").is_ok() && LogFilter::parse("a=b=c").is_err());
    }
}
