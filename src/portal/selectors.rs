//! Where on the login page what is. The page changes over the years: its parts are looked for in several ways each, in an order,
//! and a file of the user's may give others.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::vision::text::contains_phrase;

/// The ways of this version.
const BUILT_IN: &str = include_str!("selectors.toml");
/// What stands between the kind of a way and its value, as IBeam writes it.
const BETWEEN: &str = "@@";

/// Phrases of so many characters are known although a part of them was misread.
const LONG: usize = 8;
const MISREAD: f32 = 0.25;

/// A part of the login page.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The field of the user name.
    User,
    /// The field of the password.
    Password,
    /// The button that logs in.
    Submit,
    /// Where an error is shown.
    Error,
    /// The switch between live and paper.
    Paper,
    /// What skips an advertisement.
    Promo,
    /// The field of a one-time code.
    Code,
    /// The list of second-factor devices.
    Device,
    /// The notice that a phone was notified.
    Push,
    /// What has the phone notified once more.
    Resend,
    /// What the gateway says at the end.
    Success,
}

/// A way to find a part.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// By a CSS selector.
    Css(String),
    /// By its placeholder.
    Placeholder(String),
    /// By its label.
    Label(String),
    /// A button or link by its text.
    Text(String),
    /// By a text anywhere on the page.
    Says(String),
}

/// A way that cannot be gone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WayError(&'static str);

impl fmt::Display for WayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Way {
    /// What may be written.
    pub const ALLOWED: &'static str = "KIND@@VALUE with a kind of NAME, ID, CLASS_NAME, TAG_NAME, CSS_SELECTOR, FOR, LINK_TEXT, PLACEHOLDER, LABEL, TEXT or SAYS (XPATH is not known: write it as CSS_SELECTOR)";

    /// From `KIND@@VALUE`.
    ///
    /// # Errors
    /// The kind is not known, or there is no value.
    pub fn parse(text: &str) -> Result<Self, WayError> {
        let (kind, value) = text.split_once(BETWEEN).ok_or(WayError(Self::ALLOWED))?;
        let value = value.trim();
        if value.is_empty() || value.chars().any(char::is_control) {
            return Err(WayError(Self::ALLOWED));
        }
        let attribute = |name: &str| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            Self::Css(format!("[{name}=\"{value}\"]"))
        };
        let folded = value.to_lowercase();
        Ok(
            match kind.trim().to_ascii_uppercase().replace(' ', "_").as_str() {
                "NAME" => attribute("name"),
                "ID" => attribute("id"),
                "CLASS_NAME" => Self::Css(format!(".{value}")),
                "TAG_NAME" | "CSS_SELECTOR" | "FOR" => Self::Css(value.to_owned()),
                "PLACEHOLDER" => Self::Placeholder(folded),
                "LABEL" => Self::Label(folded),
                "TEXT" | "LINK_TEXT" | "PARTIAL_LINK_TEXT" => Self::Text(folded),
                "SAYS" => Self::Says(folded),
                _ => return Err(WayError(Self::ALLOWED)),
            },
        )
    }
}

/// What an error on the page means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Meaning {
    /// The user is one of the other mode.
    WrongMode,
    /// The credentials were refused, or the account is locked.
    Refused,
    /// Something else.
    Unknown,
}

/// All parts, each with its ways, and what errors mean.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Selectors {
    parts: BTreeMap<Part, Vec<Way>>,
    wrong_mode: Vec<String>,
    refused: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    user: Option<Vec<String>>,
    password: Option<Vec<String>>,
    submit: Option<Vec<String>>,
    error: Option<Vec<String>>,
    paper: Option<Vec<String>>,
    promo: Option<Vec<String>>,
    code: Option<Vec<String>>,
    device: Option<Vec<String>>,
    push: Option<Vec<String>>,
    resend: Option<Vec<String>>,
    success: Option<Vec<String>>,
    wrong_mode: Option<Vec<String>>,
    refused: Option<Vec<String>>,
}

impl Default for Selectors {
    fn default() -> Self {
        let mut selectors = Self {
            parts: BTreeMap::new(),
            wrong_mode: Vec::new(),
            refused: Vec::new(),
        };
        // A test reads it.
        if let Err(error) = selectors.take(BUILT_IN) {
            tracing::error!(error, "the built-in selectors cannot be read");
        }
        selectors
    }
}

impl Selectors {
    /// Goes by the parts that `text` names in the place of its own.
    ///
    /// # Errors
    /// The text is no such file: what is wrong, in one line.
    pub fn take(&mut self, text: &str) -> Result<(), String> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map(|span| text[..span.start.min(text.len())].lines().count().max(1));
            let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            format!("{line}{}", error.message().replace('\n', " "))
        })?;
        let parts = [
            (Part::User, written.user),
            (Part::Password, written.password),
            (Part::Submit, written.submit),
            (Part::Error, written.error),
            (Part::Paper, written.paper),
            (Part::Promo, written.promo),
            (Part::Code, written.code),
            (Part::Device, written.device),
            (Part::Push, written.push),
            (Part::Resend, written.resend),
            (Part::Success, written.success),
        ];
        for (part, ways) in parts {
            let Some(ways) = ways else { continue };
            let parsed = ways
                .iter()
                .map(|way| Way::parse(way).map_err(|error| format!("{way:?}: use {error}")))
                .collect::<Result<Vec<_>, _>>()?;
            self.parts.insert(part, parsed);
        }
        let folded = |texts: Vec<String>| texts.iter().map(|text| text.to_lowercase()).collect();
        if let Some(texts) = written.wrong_mode {
            self.wrong_mode = folded(texts);
        }
        if let Some(texts) = written.refused {
            self.refused = folded(texts);
        }
        Ok(())
    }

    /// Looks for a part in this way before all others.
    pub fn prefer(&mut self, part: Part, way: Way) {
        self.parts.entry(part).or_default().insert(0, way);
    }

    /// The ways to a part, in their order.
    #[must_use]
    pub fn ways(&self, part: Part) -> &[Way] {
        self.parts.get(&part).map_or(&[], Vec::as_slice)
    }

    /// The parts and their ways.
    pub(super) const fn parts(&self) -> &BTreeMap<Part, Vec<Way>> {
        &self.parts
    }

    /// What an error means.
    #[must_use]
    pub fn meaning(&self, error: &str) -> Meaning {
        let says = |texts: &[String]| texts.iter().any(|text| says(error, text));
        if says(&self.wrong_mode) {
            Meaning::WrongMode
        } else if says(&self.refused) {
            Meaning::Refused
        } else {
            Meaning::Unknown
        }
    }
}

/// Whether a text that was told, or read with a letter or two amiss, holds a phrase.
pub(super) fn says(text: &str, phrase: &str) -> bool {
    let most = if phrase.chars().count() >= LONG {
        MISREAD
    } else {
        0.0
    };
    contains_phrase(text, phrase, most).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_ones_name_every_part() {
        let mut selectors = Selectors {
            parts: BTreeMap::new(),
            wrong_mode: Vec::new(),
            refused: Vec::new(),
        };
        selectors.take(BUILT_IN).unwrap();
        assert_eq!(selectors, Selectors::default());
        assert_eq!(selectors.parts.len(), 11);
        assert!(selectors.parts.values().all(|ways| !ways.is_empty()));
    }

    #[test]
    fn ways_as_ibeam_writes_them() {
        let css = |text: &str| Way::Css(text.to_owned());
        for (text, way) in [
            ("NAME@@password", css("[name=\"password\"]")),
            ("ID@@a\"b", css("[id=\"a\\\"b\"]")),
            ("CLASS_NAME@@ibkey-promo-skip", css(".ibkey-promo-skip")),
            (
                "CSS_SELECTOR@@.btn.btn-lg.xyz-button-login",
                css(".btn.btn-lg.xyz-button-login"),
            ),
            ("FOR@@label[for=toggle1]", css("label[for=toggle1]")),
            ("TAG_NAME@@select", css("select")),
            ("LABEL@@User Name", Way::Label("user name".into())),
            ("PARTIAL_LINK_TEXT@@Resend", Way::Text("resend".into())),
        ] {
            assert_eq!(Way::parse(text), Ok(way), "{text}");
        }
        for text in ["password", "NAME@@", "XPATH@@//input", "@@x", "NAME@@a\nb"] {
            assert!(Way::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_replaces_the_parts_that_it_names() {
        let mut selectors = Selectors::default();
        selectors
            .take("user = [\"ID@@who\"]\nrefused = [\"Nein\"]")
            .unwrap();
        assert_eq!(selectors.ways(Part::User), [Way::Css("[id=\"who\"]".into())]);
        assert_eq!(selectors.ways(Part::Code), Selectors::default().ways(Part::Code));
        assert_eq!(selectors.meaning("nein, falsch"), Meaning::Refused);
        assert_eq!(selectors.meaning("invalid username"), Meaning::Unknown);
        for (text, said) in [
            ("users = []", "unknown field"),
            ("user = [\"who\"]", "use KIND@@VALUE"),
            ("\nuser = 1", "line 2"),
        ] {
            let error = selectors.take(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn errors_are_told_apart() {
        let selectors = Selectors::default();
        for (text, meaning) in [
            ("Invalid username password combination", Meaning::Refused),
            ("Your account is LOCKED", Meaning::Refused),
            ("Login failed", Meaning::Refused),
            (
                "You have selected the Live Account Mode, but the specified user is a Paper Trading user.",
                Meaning::WrongMode,
            ),
            ("The service is not available at this time", Meaning::Unknown),
        ] {
            assert_eq!(selectors.meaning(text), meaning, "{text}");
        }
    }
}
