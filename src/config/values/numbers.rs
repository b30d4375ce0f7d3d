//! Plain numbers with their bounds.

use super::Value;

/// What the flight recorder may take on disk, in MiB; 0: nothing is recorded.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct RecorderSize(pub(in crate::config) u32);

impl Value for RecorderSize {
    const ALLOWED: &'static str = "whole MiB, 1 to 65536; 0 records nothing";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(size @ 0..=65_536) => Ok(Self(size)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// How often somebody may be disturbed in an hour.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Pushes(pub(in crate::config) Option<u32>);

impl Value for Pushes {
    const ALLOWED: &'static str = "a whole number, 1 to 60; 0: no limit";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(0) => Ok(Self(None)),
            Ok(pushes @ 1..=60) => Ok(Self(Some(pushes))),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// How many notifications are sent in an hour.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct PerHour(pub(in crate::config) Option<usize>);

impl Value for PerHour {
    const ALLOWED: &'static str = "a whole number, 1 to 1000; 0: no limit";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(0) => Ok(Self(None)),
            Ok(number @ 1..=1000) => Ok(Self(Some(number))),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// How often something that may have been refused is tried again.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Retries(pub(in crate::config) u32);

impl Value for Retries {
    const ALLOWED: &'static str = "a whole number, 0 to 3";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(retries @ 0..=3) => Ok(Self(retries)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// How many API clients may be connected.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct ClientCount(pub(in crate::config) usize);

impl Value for ClientCount {
    const ALLOWED: &'static str = "a whole number, 1 to 16384";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(count @ 1..=16_384) => Ok(Self(count)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// How many viewers may be connected.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct ViewerCount(pub(in crate::config) usize);

impl Value for ViewerCount {
    const ALLOWED: &'static str = "a whole number, 1 to 1024";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(count @ 1..=1024) => Ok(Self(count)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// The id of a client of the API.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct ClientId(pub(in crate::config) u32);

impl Value for ClientId {
    const ALLOWED: &'static str = "a whole number, 0 to 2147483647";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(id @ 0..=2_147_483_647) => Ok(Self(id)),
            _ => Err(Self::ALLOWED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold() {
        assert!(ClientId::parse("0").is_ok() && ClientId::parse("2147483648").is_err());
        assert!(Retries::parse("3").is_ok() && Retries::parse("4").is_err());
        assert!(ClientCount::parse("0").is_err() && ClientCount::parse("16385").is_err());
        assert!(ViewerCount::parse("0").is_err() && ViewerCount::parse("1025").is_err());
        assert!(RecorderSize::parse("0").is_ok() && RecorderSize::parse("65537").is_err());
    }
}
