//! One notification: what is told of an event, and the forms in which targets take it. Pure.

use std::path::PathBuf;

use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::kind::{Kind, Severity};
use crate::agent::{Event, State};
use crate::logging::mask_accounts;

/// Something to tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// What of.
    pub kind: Kind,
    /// In words.
    pub text: String,
    /// When it happened.
    pub at: Timestamp,
    /// The event as the events file has it.
    pub details: Value,
    /// The folder with the dialog's picture.
    pub evidence: Option<PathBuf>,
}

/// Who gives codes: whether a human has to be asked for one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Codes {
    /// From a key.
    pub made: bool,
    /// From a command or a service.
    pub fetched: bool,
}

impl Notice {
    /// What is told of something that no event is about.
    #[must_use]
    pub fn new(at: Timestamp, kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            at,
            details: Value::Null,
            evidence: None,
        }
    }

    /// What is told of an event, if anything.
    #[must_use]
    pub fn of(at: Timestamp, event: &Event, codes: Codes) -> Option<Self> {
        let (kind, text) = told(event, codes)?;
        let details = serde_json::to_value(event).unwrap_or_default();
        Some(Self {
            details,
            ..Self::new(at, kind, text)
        })
    }

    /// Its JSON. `dropped` are notifications that were lost before it, `picture` a PNG file's bytes.
    #[must_use]
    pub fn json(&self, sender: &str, dropped: usize, picture: Option<&[u8]>) -> String {
        let mut document = json!({
            "event": self.kind.word(),
            "severity": self.kind.severity(),
            "sender": sender,
            "title": self.title(sender),
            "text": self.words(dropped),
            "time": self.at.to_string(),
            "details": self.details,
            "dropped": dropped,
        });
        if let Some(picture) = picture {
            document["picture"] = json!({
                "name": PICTURE,
                "media_type": "image/png",
                "base64": Base64::encode_string(picture),
            });
        }
        mask_accounts(&document.to_string()).into_owned()
    }

    /// Its headers for ntfy, and its text.
    #[must_use]
    pub fn ntfy(&self, sender: &str, dropped: usize) -> (Vec<(&'static str, String)>, String) {
        let (priority, tags) = match self.kind.severity() {
            Severity::Info => ("3", "information_source"),
            Severity::Warning => ("4", "warning"),
            Severity::Critical => ("5", "rotating_light"),
        };
        let headers = vec![
            ("Title", header(&mask_accounts(&self.title(sender)))),
            ("Priority", priority.to_owned()),
            ("Tags", format!("{tags},{}", self.kind.word())),
        ];
        (headers, mask_accounts(&self.words(dropped)).into_owned())
    }

    fn title(&self, sender: &str) -> String {
        format!("{sender}: {}", self.kind.title())
    }

    fn words(&self, dropped: usize) -> String {
        match dropped {
            0 => self.text.clone(),
            1 => format!("{} (1 notification before it was lost)", self.text),
            dropped => format!("{} ({dropped} notifications before it were lost)", self.text),
        }
    }
}

/// The name of an attached picture.
pub(super) const PICTURE: &str = "dialog.png";

/// A text as a header takes it: what is not printable ASCII goes as an encoded word (RFC 2047 §2).
pub(super) fn header(text: &str) -> String {
    if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return text.to_owned();
    }
    format!("=?UTF-8?B?{}?=", Base64::encode_string(text.as_bytes()))
}

fn told(event: &Event, codes: Codes) -> Option<(Kind, String)> {
    let pair = match event {
        Event::State { state, evidence } => (of_state(*state)?, evidence.clone()),
        // One that is denied for good is a lock-out, which is told as that.
        Event::Denied {
            why,
            retry_after: Some(_),
        } => (Kind::LoginDenied, why.clone()),
        Event::SecondFactorAsked { rule, by_hand } if *by_hand || !(codes.made || codes.fetched) => (
            Kind::SecondFactor,
            format!("{rule}: confirm it on your device, or at the viewer"),
        ),
        // The event above was nobody's business while a key seemed to be enough.
        Event::CodeWanted if codes.made && !codes.fetched => {
            let what =
                "the window asks for a code that the key does not make: `gatehand code`, or the viewer";
            (Kind::SecondFactor, what.to_owned())
        }
        Event::SecondFactorMissed => (Kind::SecondFactorMissed, "nobody confirmed in time".to_owned()),
        Event::UnknownDialog { title, why } => {
            let cure = "answer it at the viewer; `gatehand teach` makes a rule";
            (Kind::UnknownDialog, format!("\"{title}\": {why}; {cure}"))
        }
        Event::LeftToHuman { rule, title } => (
            Kind::LeftToHuman,
            format!("\"{title}\" ({rule}): answer it at the viewer"),
        ),
        Event::GivenUp { what } => (Kind::GivenUp, what.clone()),
        Event::GaveWay => (Kind::SessionLost, "`gatehand reclaim` takes it back".to_owned()),
        Event::SessionFight => {
            let cure = "its next dialog is left to you; `gatehand reclaim` holds the session";
            (Kind::SessionFight, cure.to_owned())
        }
        Event::Expires { text, .. } => (Kind::Expires, text.clone()),
        Event::TokenRefused { text } => (Kind::TokenRefused, text.clone()),
        Event::NotConfigured { setting, why } => (Kind::NotConfigured, format!("{setting}: {why}")),
        Event::RulesKept { why } => (Kind::RulesKept, format!("{why}; the rules from before stay")),
        Event::SecondFactorAsked { .. }
        | Event::CodeWanted
        | Event::Denied { .. }
        | Event::Pressed { .. }
        | Event::Answered { .. }
        | Event::Evidence { .. }
        | Event::RulesRead { .. }
        | Event::Verified { .. }
        | Event::Configured { .. }
        | Event::RestartScheduled { .. }
        | Event::CarriedOut { .. } => return None,
    };
    Some(pair)
}

const fn of_state(state: State) -> Option<Kind> {
    match state {
        State::Ready => Some(Kind::Ready),
        State::Disconnected => Some(Kind::Disconnected),
        State::LockedOut => Some(Kind::LockedOut),
        State::Failed => Some(Kind::Failed),
        State::Restarting => Some(Kind::Restarting),
        State::Stopped => Some(Kind::Stopped),
        // Dialogs and second factors have events of their own; the rest is on the way to one of these.
        State::UnknownDialog
        | State::SecondFactor
        | State::HandsOff
        | State::Starting
        | State::LoginShown
        | State::SubmittedCredentials
        | State::LoggedIn
        | State::Configuring => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Codes = Codes {
        made: true,
        fetched: false,
    };

    fn told_of(event: &Event, codes: Codes) -> Option<Kind> {
        Notice::of(Timestamp::UNIX_EPOCH, event, codes).map(|notice| notice.kind)
    }

    fn unknown() -> Notice {
        let event = Event::UnknownDialog {
            title: "Konto U1234567 für \"x\"".into(),
            why: "no rule knows it".into(),
        };
        Notice::of(Timestamp::UNIX_EPOCH, &event, Codes::default()).expect("told")
    }

    #[test]
    fn a_human_is_asked_for_what_only_a_human_can_give() {
        let asked = |by_hand| Event::SecondFactorAsked {
            rule: "code".into(),
            by_hand,
        };
        let fetched = Codes {
            made: false,
            fetched: true,
        };
        for (event, codes, told) in [
            (asked(false), Codes::default(), true),
            (asked(false), KEY, false),
            (asked(false), fetched, false),
            (asked(true), KEY, true),
            (Event::CodeWanted, Codes::default(), false),
            (Event::CodeWanted, KEY, true),
            (Event::CodeWanted, fetched, false),
        ] {
            let expected = told.then_some(Kind::SecondFactor);
            assert_eq!(told_of(&event, codes), expected, "{event:?} {codes:?}");
        }
    }

    #[test]
    fn a_lock_out_is_told_once() {
        let denied = |retry_after| Event::Denied {
            why: "refused before".into(),
            retry_after,
        };
        let locked = Event::State {
            state: State::LockedOut,
            evidence: "refused before".into(),
        };
        let pause = Some(std::time::Duration::from_secs(60));
        assert_eq!(told_of(&denied(pause), KEY), Some(Kind::LoginDenied));
        assert_eq!(told_of(&denied(None), KEY), None);
        assert_eq!(told_of(&locked, KEY), Some(Kind::LockedOut));
    }

    #[test]
    fn json_is_whole_and_shows_no_account() {
        let notice = unknown();
        let json: Value =
            serde_json::from_str(&notice.json("gatehand paper", 2, Some(b"PNG"))).expect("JSON");
        assert_eq!(json["event"], "unknown-dialog");
        assert_eq!(json["severity"], "critical");
        assert_eq!(json["title"], "gatehand paper: unknown dialog");
        assert_eq!(json["time"], "1970-01-01T00:00:00Z");
        assert_eq!(json["details"]["title"], "Konto U****567 für \"x\"");
        assert_eq!(json["dropped"], 2);
        assert_eq!(json["picture"]["base64"], "UE5H");
        let text = json["text"].as_str().expect("a text");
        assert!(
            text.contains("U****567") && text.ends_with("(2 notifications before it were lost)"),
            "{text}"
        );
        let bare: Value = serde_json::from_str(&notice.json("x", 0, None)).expect("JSON");
        assert!(bare.get("picture").is_none());
    }

    #[test]
    fn headers_are_ascii() {
        let (headers, text) = unknown().ntfy("Börse paper", 0);
        let title = "=?UTF-8?B?QsO2cnNlIHBhcGVyOiB1bmtub3duIGRpYWxvZw==?=";
        assert_eq!(headers[0], ("Title", title.to_owned()));
        assert_eq!(headers[1], ("Priority", "5".to_owned()));
        assert!(text.starts_with("\"Konto U****567 für"), "{text}");
        assert_eq!(header("a b"), "a b");
        assert_eq!(header("a\nb"), "=?UTF-8?B?YQpi?=");
    }
}
