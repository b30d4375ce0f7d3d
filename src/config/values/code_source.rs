//! Where one-time codes are asked for.

use std::collections::BTreeMap;
use std::fmt;

use super::{Value, words};
use crate::config::secret::{HIDDEN, Secret};

words! {
    /// How a service is asked.
    pub(in crate::config) CodeMethod: "GET or POST" {
        /// Without a body.
        Get = "GET",
        /// With a form.
        Post = "POST",
    }
}

/// The address of a service, which may hold a secret.
#[derive(Debug)]
pub(in crate::config) struct Url(pub(in crate::config) Secret);

impl Value for Url {
    const ALLOWED: &'static str = "an https:// or http:// address";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let host = rest.ok_or(Self::ALLOWED)?.split('/').next().unwrap_or_default();
        if host.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err(Self::ALLOWED);
        }
        Ok(Self(Secret::new(text.to_owned())))
    }
}

/// Names and values, which may hold a secret.
pub(in crate::config) struct Pairs(pub(in crate::config) Vec<(String, Secret)>);

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Value for Pairs {
    const ALLOWED: &'static str =
        "a JSON object of texts and numbers, for instance {\"account\": \"trading\"}";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let object: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|_| Self::ALLOWED)?;
        let pair = |(name, value)| match value {
            serde_json::Value::String(text) => Ok((name, Secret::new(text))),
            serde_json::Value::Number(number) => Ok((name, Secret::new(number.to_string()))),
            _ => Err(Self::ALLOWED),
        };
        object.into_iter().map(pair).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_hidden() {
        let pairs = Pairs::parse("{\"b\": \"needle\", \"a\": 5}").unwrap();
        assert_eq!(format!("{pairs:?}"), HIDDEN);
        let shown: Vec<_> = pairs
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose()))
            .collect();
        assert_eq!(shown, [("a", "5"), ("b", "needle")]);
        for wrong in ["", "[]", "{\"a\": []}", "{", "a=b"] {
            assert!(Pairs::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_of_services() {
        for (text, allowed) in [
            ("https://codes.example.org/next?key=1", true),
            ("http://codes:8080", true),
            ("codes.example.org", false),
            ("https:///next", false),
            ("https://a b", false),
        ] {
            assert_eq!(Url::parse(text).is_ok(), allowed, "{text}");
        }
    }
}
