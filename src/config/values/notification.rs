//! What is told to whom.

use super::Value;
use crate::config::secret::Secret;
use crate::notify::Kind;

/// Kinds of notifications.
#[derive(Clone, Debug)]
pub(in crate::config) struct Kinds(pub(in crate::config) Vec<Kind>);

impl Value for Kinds {
    const ALLOWED: &'static str = "all, none, or names with commas between them: ready, locked-out, login-denied, second-factor, second-factor-missed, unknown-dialog, left-to-human, failed, given-up, disconnected, restarting, stopped, session-lost, session-fight, expires, token-refused, not-configured, rules-kept, port-lost, ended";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.to_ascii_lowercase().as_str() {
            "all" => Ok(Self(Kind::all().collect())),
            "none" => Ok(Self(Vec::new())),
            _ => {
                let named = |word: &str| Kind::named(word.trim()).ok_or(Self::ALLOWED);
                text.split(',').map(named).collect::<Result<_, _>>().map(Self)
            }
        }
    }
}

/// The address of a topic of ntfy, whose name is as good as a password.
#[derive(Debug)]
pub(in crate::config) struct Topic(pub(in crate::config) Secret);

impl Value for Topic {
    const ALLOWED: &'static str = "a topic's address, for instance https://ntfy.sh/my-secret-topic";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let (host, topic) = rest.and_then(|rest| rest.split_once('/')).ok_or(Self::ALLOWED)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
        if host.is_empty() || topic.is_empty() || !topic.chars().all(plain) {
            return Err(Self::ALLOWED);
        }
        if !host.chars().all(|c| c.is_ascii_graphic()) {
            return Err(Self::ALLOWED);
        }
        Ok(Self(Secret::new(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_named_and_is_offered() {
        let mut offered = Kinds::ALLOWED.split([',', ':']).map(str::trim);
        assert!(Kind::all().all(|kind| offered.any(|word| word == kind.word())));
        assert_eq!(offered.next(), None, "and nothing else is");
        let parsed = Kinds::parse("Unknown-Dialog, locked-out").unwrap();
        assert_eq!(parsed.0, [Kind::UnknownDialog, Kind::LockedOut]);
        assert!(Kinds::parse("ALL").unwrap().0.into_iter().eq(Kind::all()));
        assert!(Kinds::parse("none").unwrap().0.is_empty());
        for wrong in ["", "test", "everything", "ready,", "ready disconnected"] {
            assert!(Kinds::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_topic_has_a_server_and_a_name() {
        for (text, allowed) in [
            ("https://ntfy.sh/a_b-1", true),
            ("http://127.0.0.1:8080/topic", true),
            ("https://ntfy.sh/", false),
            ("https://ntfy.sh", false),
            ("ntfy.sh/topic", false),
            ("https://ntfy.sh/a b", false),
            ("https:///topic", false),
        ] {
            assert_eq!(Topic::parse(text).is_ok(), allowed, "{text}");
        }
    }
}
