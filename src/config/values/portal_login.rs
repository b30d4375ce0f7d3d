//! What the login in a browser goes by.

use std::time::Duration;

use super::{Value, words};
use crate::portal::Way;

words! {
    /// The browser that shows the Client Portal Gateway's login page.
    pub PortalBrowser: "surf or chromium" {
        /// surf, which is WebKit.
        Surf = "surf",
        /// Chromium.
        Chromium = "chromium",
    }

    /// What gives the second factor, as IBeam calls it.
    pub(in crate::config) FactorHandler: "any, PYOTP, EXTERNAL_REQUEST or NOTIFICATION_RESEND" {
        /// What is there.
        Any = "any" | "none",
        /// The key of the codes.
        Key = "PYOTP",
        /// A service.
        Request = "EXTERNAL_REQUEST",
        /// A phone, notified more than once.
        Resend = "NOTIFICATION_RESEND",
        /// Messages in another browser.
        Messages = "GOOGLE_MSG",
        /// A class of Python.
        Custom = "CUSTOM_HANDLER",
    }
}

/// A path with its query, as it stands in an address.
#[derive(Debug)]
pub(in crate::config) struct PathOnServer(pub(in crate::config) String);

impl Value for PathOnServer {
    const ALLOWED: &'static str = "a path that begins with /, for instance /sso/Login?forwardTo=22&RL=1";

    fn parse(text: &str) -> Result<Self, &'static str> {
        // With two slashes it would name another host.
        let is_path =
            text.starts_with('/') && !text.starts_with("//") && text.chars().all(|c| c.is_ascii_graphic());
        if is_path {
            Ok(Self(text.to_owned()))
        } else {
            Err(Self::ALLOWED)
        }
    }
}

/// A pause that may be none.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Pause(pub(in crate::config) Duration);

impl Value for Pause {
    const ALLOWED: &'static str = "whole seconds, 0 to 60";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(seconds @ 0..=60) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// How large a page is shown.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Scale(pub(in crate::config) f64);

impl Value for Scale {
    const ALLOWED: &'static str = "a number, 0.5 to 3";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(scale) if (0.5..=3.0).contains(&scale) => Ok(Self(scale)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// How many codes are tried.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct CodeTries(pub(in crate::config) u32);

impl Value for CodeTries {
    const ALLOWED: &'static str = "a whole number, 1 to 5";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(tries @ 1..=5) => Ok(Self(tries)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// How often a phone is notified once more.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Resends(pub(in crate::config) u32);

impl Value for Resends {
    const ALLOWED: &'static str = "a whole number, 0 to 20";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(resends @ 0..=20) => Ok(Self(resends)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// A file of selectors, not yet taken apart.
#[derive(Debug)]
pub(in crate::config) struct SelectorsText(pub(in crate::config) String);

impl Value for SelectorsText {
    const ALLOWED: &'static str = "lines of TOML, for instance user = [\"ID@@xyz-field-username\"]";

    fn parse(text: &str) -> Result<Self, &'static str> {
        Ok(Self(text.to_owned()))
    }
}

/// A way to find a part of the page.
#[derive(Debug)]
pub(in crate::config) struct Selector(pub(in crate::config) Way);

impl Value for Selector {
    const ALLOWED: &'static str = Way::ALLOWED;

    fn parse(text: &str) -> Result<Self, &'static str> {
        Way::parse(text).map(Self).map_err(|_| Self::ALLOWED)
    }
}

/// A text that the page says.
#[derive(Debug)]
pub(in crate::config) struct SaidText(pub(in crate::config) Way);

impl Value for SaidText {
    const ALLOWED: &'static str = "SAYS@@TEXT or, as IBeam has it, TAG_NAME@@TEXT";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let said = text
            .strip_prefix("TAG_NAME@@")
            .map(|said| format!("SAYS@@{said}"));
        match Way::parse(said.as_deref().unwrap_or(text)) {
            Ok(way @ Way::Says(_)) => Ok(Self(way)),
            _ => Err(Self::ALLOWED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        for (text, allowed) in [
            ("/sso/Login?RL=1", true),
            ("//evil.example.org/", false),
            ("sso", false),
            ("/a b", false),
        ] {
            assert_eq!(PathOnServer::parse(text).is_ok(), allowed, "{text}");
        }
        for (text, allowed) in [
            ("1", true),
            ("1.25", true),
            ("0", false),
            ("NaN", false),
            ("4", false),
        ] {
            assert_eq!(Scale::parse(text).is_ok(), allowed, "{text}");
        }
        assert!(Pause::parse("0").is_ok() && Pause::parse("61").is_err());
        assert!(CodeTries::parse("0").is_err() && CodeTries::parse("5").is_ok());
        assert!(Resends::parse("20").is_ok() && Resends::parse("21").is_err());
        let said = SaidText::parse("TAG_NAME@@Client login succeeds").map(|said| said.0);
        assert_eq!(said, Ok(Way::Says("client login succeeds".into())));
        assert!(SaidText::parse("NAME@@x").is_err());
    }
}
