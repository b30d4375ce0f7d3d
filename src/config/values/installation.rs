//! The gateway's installation and its JVM.

use super::Value;

/// The Java heap in MiB.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct HeapSize(pub(in crate::config) u32);

impl Value for HeapSize {
    const ALLOWED: &'static str = "whole megabytes, 128 to 1048576";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(megabytes @ 128..=1_048_576) => Ok(Self(megabytes)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// The folder name of an installed version, such as `1030` or `10.30.1t`.
#[derive(Clone, Debug)]
pub(in crate::config) struct Version(pub(in crate::config) String);

impl Value for Version {
    const ALLOWED: &'static str = "the name of a version folder, for instance 1030 or 10.30.1t";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let plain = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if !plain || text.starts_with('.') {
            return Err(Self::ALLOWED);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold() {
        assert!(
            HeapSize::parse("127").is_err()
                && HeapSize::parse("768m").is_err()
                && HeapSize::parse("768").is_ok()
        );
        assert!(
            Version::parse("../x").is_err()
                && Version::parse("10.30.1t").is_ok()
                && Version::parse("..").is_err()
        );
    }
}
