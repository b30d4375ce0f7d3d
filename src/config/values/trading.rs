//! What to log in to, and with which program.

use serde::{Deserialize, Serialize};

use super::Value;

/// The account type to log in to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TradingMode {
    /// Real money.
    Live,
    /// Simulated trading.
    Paper,
}

impl TradingMode {
    /// The one that it is not.
    pub(in crate::config) const fn other(self) -> Self {
        match self {
            Self::Live => Self::Paper,
            Self::Paper => Self::Live,
        }
    }

    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Paper => "paper",
        }
    }
}

/// The account types to log in to: one, or both at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::config) enum TradingModes {
    One(TradingMode),
    Both,
}

impl TradingModes {
    /// Each of them, live first.
    pub(in crate::config) const fn each(self) -> &'static [TradingMode] {
        match self {
            Self::One(TradingMode::Live) => &[TradingMode::Live],
            Self::One(TradingMode::Paper) => &[TradingMode::Paper],
            Self::Both => &[TradingMode::Live, TradingMode::Paper],
        }
    }
}

impl Value for TradingModes {
    const ALLOWED: &'static str = "live, paper or both";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.to_ascii_lowercase().as_str() {
            "live" | "live trading" => Ok(Self::One(TradingMode::Live)),
            "paper" | "paper trading" => Ok(Self::One(TradingMode::Paper)),
            "both" => Ok(Self::Both),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// The program to run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Program {
    /// IB Gateway.
    Gateway,
    /// Trader Workstation.
    Tws,
}

impl Program {
    /// The port on which it serves its API unless told otherwise.
    #[must_use]
    pub const fn api_port(self, mode: TradingMode) -> u16 {
        match (self, mode) {
            (Self::Gateway, TradingMode::Live) => 4001,
            (Self::Gateway, TradingMode::Paper) => 4002,
            (Self::Tws, TradingMode::Live) => 7496,
            (Self::Tws, TradingMode::Paper) => 7497,
        }
    }

    /// The port on which the relay serves the API to others unless told otherwise.
    #[must_use]
    pub const fn relay_port(self, mode: TradingMode) -> u16 {
        self.api_port(mode) + 2
    }
}

impl Value for Program {
    const ALLOWED: &'static str = "gateway or tws";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.to_ascii_lowercase().as_str() {
            "gateway" => Ok(Self::Gateway),
            "tws" => Ok(Self::Tws),
            _ => Err(Self::ALLOWED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_by_all_their_names() {
        for (text, modes) in [
            ("LIVE", Ok(TradingModes::One(TradingMode::Live))),
            ("Paper Trading", Ok(TradingModes::One(TradingMode::Paper))),
            ("Both", Ok(TradingModes::Both)),
            ("pape", Err("live, paper or both")),
        ] {
            assert_eq!(TradingModes::parse(text), modes, "{text}");
        }
    }
}
