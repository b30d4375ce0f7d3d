//! What an SSH tunnel is told.

use super::{Value, words};

words! {
    /// Whether there is a tunnel, and a relay.
    pub(in crate::config) TunnelUse: "yes (instead of the relay), both (beside it) or no" {
        /// No tunnel.
        No = "no" | "false",
        /// A tunnel instead of the relay.
        Alone = "yes" | "true",
        /// A tunnel beside the relay.
        BesideRelay = "both",
    }
}

/// Words of a command line.
#[derive(Clone, Debug)]
pub(in crate::config) struct Words(pub(in crate::config) Vec<String>);

impl Value for Words {
    const ALLOWED: &'static str =
        "words of a command line, with every quote closed; nothing in them is expanded";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match shlex::split(text) {
            Some(words) if !words.is_empty() && !text.contains(['\0', '\n']) => Ok(Self(words)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// How often a silent server is asked.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct AliveCount(pub(in crate::config) u32);

impl Value for AliveCount {
    const ALLOWED: &'static str = "a whole number, 1 to 1000";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(count @ 1..=1000) => Ok(Self(count)),
            _ => Err(Self::ALLOWED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_a_shell_splits_them() {
        let words = |text| Words::parse(text).map(|words| words.0);
        let expected = ["-o", "ProxyCommand=nc %h %p", "-p", "2222"].map(str::to_owned);
        assert_eq!(words("-o 'ProxyCommand=nc %h %p'  -p 2222"), Ok(expected.into()));
        for wrong in ["-o 'open", "", "  ", "a\nb"] {
            assert!(words(wrong).is_err(), "{wrong}");
        }
    }
}
