//! The X display.

use super::Value;
use crate::screen::Size;

impl Value for Size {
    const ALLOWED: &'static str = "WIDTHxHEIGHT, for instance 1024x768; 640x480 to 7680x4320";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (width, height) = text.split_once(['x', 'X']).ok_or(<Self as Value>::ALLOWED)?;
        match (width.parse(), height.parse()) {
            (Ok(width @ 640..=7680), Ok(height @ 480..=4320)) => Ok(Self { width, height }),
            _ => Err(<Self as Value>::ALLOWED),
        }
    }
}

/// An X display's name, `:N`.
#[derive(Clone, Debug)]
pub(in crate::config) struct DisplayName(pub(in crate::config) String);

impl Value for DisplayName {
    const ALLOWED: &'static str = "a display's name, for instance :1";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (_, number) = text.rsplit_once(':').ok_or(Self::ALLOWED)?;
        let (display, screen) = number.split_once('.').unwrap_or((number, "0"));
        if display.parse::<u32>().is_err() || screen.parse::<u32>().is_err() {
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
            Size::parse("639x480").is_err() && Size::parse("640X480").is_ok() && Size::parse("1024").is_err()
        );
        assert!(DisplayName::parse("1").is_err() && DisplayName::parse(":1.0").is_ok());
    }
}
