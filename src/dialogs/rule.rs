//! One rule: how a window is told apart, and what answers it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::danger::{DANGERS, Danger};
use super::fill::{Fill, FillText};
use super::phrase::Phrase;
use super::press::{Permit, Press};
use super::said::Said;
use crate::screen::{Reading, Window};
use crate::vision::absence::{first_button, is_absent};
use crate::vision::controls::{self, Button};
use crate::vision::menu;
use crate::vision::text::Folded;

/// The label of what no dialog about something else has.
const TRANSMIT: &str = "Transmit";

/// Labels whose effect depends on what is asked: who presses one must know the question.
const GENERIC: [&str; 12] = [
    "OK",
    "Yes",
    "Continue",
    "Submit",
    "Accept",
    "Confirm",
    "Proceed",
    "Apply",
    "Next",
    "Agree",
    "I agree",
    "I understand and accept",
];

/// What a window means to the agent. [`Meaning::Notice`] is answered by its rule alone; the others have a part in the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The gateway's own settings.
    Configuration,
    /// The modal that counts down while the gateway connects. Its button cancels the login.
    Connecting,
    /// Another session of the same user is logged in.
    ExistingSession,
    /// A notice that names a day by which something has to be done: an end of support, an expiry.
    Expiry,
    /// The login form, ready for credentials.
    Login,
    /// A login that ended in an error. Whether that is about the credentials is for its words to tell.
    LoginError,
    /// The login window while it works.
    LoginProgress,
    /// The main window: logged in.
    Main,
    /// No login can succeed until a human changes the account or the settings.
    Misconfigured,
    /// A dialog without a part in the login.
    Notice,
    /// The credentials were refused.
    Refused,
    /// A second factor is asked for: a push to be confirmed, or the code of an authenticator app.
    SecondFactor,
    /// A second factor that only a human can give: a card, an SMS, a passkey.
    SecondFactorByHand,
    /// The list of devices for the second factor.
    SecondFactorDevices,
    /// The gateway is closing.
    Shutdown,
    /// The gateway is starting.
    Splash,
    /// Too many attempts: wait.
    Throttled,
    /// The token of an automatic restart is of no use any more; the credentials were not judged.
    TokenExpired,
    /// No logins now, or no connection: the credentials were not judged.
    Unavailable,
}

impl Meaning {
    /// Whether the window judges a login. What it says counts whatever else it asks; only its button may have to wait.
    pub(super) const fn is_judgement(self) -> bool {
        matches!(
            self,
            Self::LoginError
                | Self::Misconfigured
                | Self::Refused
                | Self::Throttled
                | Self::TokenExpired
                | Self::Unavailable
        )
    }

    /// Whether a plan of its own answers the window, rather than its rule.
    const fn has_a_plan(self) -> bool {
        matches!(self, Self::Login | Self::Main) || self.is_second_factor()
    }

    /// Whether the window asks for a second factor.
    pub const fn is_second_factor(self) -> bool {
        matches!(
            self,
            Self::SecondFactor | Self::SecondFactorByHand | Self::SecondFactorDevices
        )
    }
}

/// How a rule answers a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// Press this button.
    Press {
        /// Where it is, and its label as it was read.
        button: Button,
        /// The right to press it.
        press: Press,
    },
    /// None of these buttons can be seen.
    Missing(&'a [String]),
    /// The settings leave it to a human.
    Leave,
    /// The setting's value has no answer for this dialog: an error that the user has to know of.
    Contradiction,
    /// It asks more than the rule knows, or the label does more than its setting allows: a human's.
    Doubt(String),
}

/// Whether a title must equal or contain the given text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TitleMatch {
    #[default]
    Contains,
    Equals,
}

/// A `[[rule]]` of a catalogue file. All given conditions must hold; within one list, any entry will do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Unique name, in kebab case.
    pub name: String,
    /// What the window means to the agent.
    #[serde(default = "notice")]
    pub meaning: Meaning,
    /// Titles, as whole words, ignoring case.
    #[serde(default)]
    pub(super) title: Vec<String>,
    #[serde(default)]
    title_match: TitleMatch,
    /// Words of which none may be in the title.
    #[serde(default)]
    pub(super) no_title: Vec<String>,
    /// Phrases, matched fuzzily, also across the line breaks of one paragraph.
    #[serde(default)]
    pub(super) text: Vec<Phrase>,
    /// Phrases that must all be there, beside one of `text`.
    #[serde(default)]
    pub(super) also: Vec<Phrase>,
    /// What the window may ask, beside what `text` and `also` say: phrases of which each question must have one.
    #[serde(default)]
    pub(super) questions: Vec<Phrase>,
    /// The window is about an order. Without this a rule that answers never matches one that speaks of an order.
    #[serde(default)]
    about_orders: bool,
    /// One of `title` or `text` is enough.
    #[serde(default)]
    pub(super) title_or_text: bool,
    /// Words that must all stand in the window. Of several in its first row, a menu bar's titles, one may have a letter
    /// that was misread.
    #[serde(default)]
    pub(super) words: Vec<String>,
    /// Labels of which one must be on a button.
    #[serde(default)]
    pub(super) buttons: Vec<String>,
    /// Labels of which none may be on a button.
    #[serde(default)]
    pub(super) no_buttons: Vec<String>,
    /// Phrases of which none may be there.
    #[serde(default)]
    pub(super) no_text: Vec<Phrase>,
    /// What answers the window whatever the settings say: the first label found is pressed.
    #[serde(default)]
    press: Vec<String>,
    /// The setting that chooses among `answers`.
    pub setting: Option<String>,
    /// Value of the setting -> labels. A value that is not listed leaves the window alone.
    #[serde(default)]
    answers: BTreeMap<String, Vec<String>>,
    /// Label of a check box to be ticked before the button is pressed, when `setting` has the value named here.
    #[serde(default)]
    tick: BTreeMap<String, String>,
    /// The text is scrolled to its end before anything else is done.
    #[serde(default)]
    scroll: bool,
    /// What is typed into fields before the button is pressed.
    #[serde(default)]
    fill: Vec<Fill>,
    /// Values of the setting that contradict this dialog: it is left alone, and told as an error.
    #[serde(default)]
    errors: Vec<String>,
    /// Where none of the buttons is there, the window is closed.
    #[serde(default)]
    close: bool,
}

const fn notice() -> Meaning {
    Meaning::Notice
}

impl Rule {
    /// Whether `window`, whose picture says `reading`, is the one that this rule is about. `said` is the same for all
    /// rules.
    pub(super) fn matches(&self, window: &Window, reading: &Reading, said: &Said) -> bool {
        let title_holds = self.has_title_of(window);
        let text_holds = self.text.iter().any(|phrase| said.says(phrase));
        let told_apart = if self.title_or_text {
            title_holds || text_holds
        } else {
            (self.title.is_empty() || title_holds) && (self.text.is_empty() || text_holds)
        };
        told_apart
            && !self.forbids_title_of(window)
            && self.also.iter().all(|phrase| said.says(phrase))
            && missing_words(reading, &self.words).is_empty()
            && (self.buttons.is_empty() || self.buttons.iter().any(|label| has_button(reading, label)))
            && self.no_buttons.iter().all(|label| is_absent(reading, label))
            && !self.no_text.iter().any(|phrase| said.may_say(phrase))
            && (self.meaning.is_judgement() || self.doubt(reading, said).is_none())
    }

    /// Whether the window has one of the titles.
    pub(super) fn has_title_of(&self, window: &Window) -> bool {
        let mut titles = self.title.iter();
        titles.any(|title| self.title_holds(&window.title, title))
    }

    /// Whether a word of the window's title is one that must not be there.
    pub(super) fn forbids_title_of(&self, window: &Window) -> bool {
        let mut words = self.no_title.iter();
        words.any(|word| contains_words(&window.title, word))
    }

    /// Why the window is not to be answered by this rule though it says what the rule wants.
    pub(super) fn doubt(&self, reading: &Reading, said: &Said) -> Option<&'static str> {
        let mut answers = self.answers.values().chain([&self.press]);
        if self.meaning.has_a_plan() || answers.clone().all(Vec::is_empty) {
            return None;
        }
        if said.is_about_an_order() && !self.about_orders {
            return Some("it speaks of an order");
        }
        // A title alone does not say what its buttons do.
        let by_title = self.text.is_empty() && self.also.is_empty();
        if by_title && !self.about_orders && !is_absent(reading, TRANSMIT) {
            return Some("one of its buttons may transmit an order");
        }
        let presses_generic = |labels: &Vec<String>| {
            let pressed = labels
                .iter()
                .find(|label| has_button(reading, label))
                .map(|label| Folded::of(label));
            GENERIC.iter().any(|generic| Some(Folded::of(generic)) == pressed)
        };
        let named = self.text.iter().chain(&self.also).chain(&self.questions);
        let blind = answers.any(presses_generic) && said.asks_else(named);
        blind.then_some("it asks something that the rule does not know")
    }

    pub(super) fn title_holds(&self, title: &str, wanted: &str) -> bool {
        match self.title_match {
            TitleMatch::Contains => contains_words(title, wanted),
            TitleMatch::Equals => title.trim().to_lowercase() == wanted.to_lowercase(),
        }
    }

    /// How the window is to be answered under this permit, if its setting has a value.
    pub fn reply(&self, window: &Window, reading: &Reading, permit: Option<Permit<'_>>) -> Reply<'_> {
        let value = permit.map(|permit| permit.value());
        if value.is_some_and(|value| self.errors.iter().any(|error| error == value)) {
            return Reply::Contradiction;
        }
        let labels = self.answers(value);
        if labels.is_empty() {
            return Reply::Leave;
        }
        if let Some(doubt) = self.doubt(reading, &Said::by(window, reading)) {
            return Reply::Doubt(doubt.to_owned());
        }
        let Some(button) = first_button(reading, labels) else {
            return Reply::Missing(labels);
        };
        let press = match permit {
            Some(permit) => permit.press(&button.label),
            None => Press::harmless(&button.label),
        };
        match press {
            Some(press) => Reply::Press { button, press },
            None => Reply::Doubt(format!("\"{}\" does more than its setting allows", button.label)),
        }
    }

    /// The labels that answer the window under this value of its setting, the best first; empty: leave it alone.
    pub fn answers(&self, value: Option<&str>) -> &[String] {
        match (&self.setting, value) {
            (None, _) => &self.press,
            (Some(_), Some(value)) => self.answers.get(value).map_or(&[], Vec::as_slice),
            (Some(_), None) => &[],
        }
    }

    /// The check box to be ticked first under this value of its setting.
    pub fn tick(&self, value: Option<&str>) -> Option<&str> {
        value.and_then(|value| self.tick.get(value)).map(String::as_str)
    }

    /// Whether the text is scrolled to its end before anything else is done.
    pub const fn scrolls(&self) -> bool {
        self.scroll
    }

    /// What is typed into fields before the button is pressed, in this order.
    pub fn fill(&self) -> &[Fill] {
        &self.fill
    }

    /// Whether its button hands in the password.
    pub fn types_password(&self) -> bool {
        self.fill.iter().any(|fill| fill.text == FillText::Password)
    }

    /// Whether it takes the user's credentials.
    pub fn takes_credentials(&self) -> bool {
        let own = |fill: &Fill| matches!(fill.text, FillText::Value(_));
        !self.fill.iter().all(own)
    }

    /// The labels that make the window what it is, for a meaning that has its own plan (the login button's, for one).
    pub fn buttons(&self) -> &[String] {
        &self.buttons
    }

    /// Whether the window may be closed where none of its buttons can be seen.
    pub const fn may_close(&self) -> bool {
        self.close
    }

    /// Every label that the rule speaks of.
    pub(super) fn labels(&self) -> impl Iterator<Item = &String> {
        let answers = self.answers.values().flatten();
        self.buttons.iter().chain(&self.press).chain(answers)
    }

    /// What is wrong with the rule as written, whatever the screen shows.
    pub(super) fn fault(&self) -> Option<String> {
        let nothing_pressed = self.press.is_empty() && self.answers.is_empty();
        let fault = if self.name.is_empty() {
            "a rule needs a name"
        } else if self.title.is_empty() && self.text.is_empty() && self.words.is_empty() {
            "a rule needs `title`, `text` or `words` to tell its window apart"
        } else if self.setting.is_some() == self.answers.is_empty() {
            "`setting` and `answers` belong together"
        } else if self.setting.is_some() && !self.press.is_empty() {
            "`press` answers whatever the settings say: with `setting`, use `answers`"
        } else if !self.fill.is_empty() && (self.meaning != Meaning::Notice || nothing_pressed) {
            "`fill` belongs to a rule without `meaning`, and with `press` or `answers`"
        } else if self.scroll && nothing_pressed {
            "`scroll` belongs to a rule with `press` or `answers`"
        } else {
            return self.forbidden_label();
        };
        Some(fault.to_owned())
    }

    /// A label that nothing in this rule allows to be pressed. On a dialog about an order none is harmless.
    fn forbidden_label(&self) -> Option<String> {
        let order = self.about_orders.then_some(&DANGERS[0]);
        let ticks = self.tick.values();
        let mut labels = self
            .press
            .iter()
            .chain(self.answers.values().flatten())
            .chain(ticks);
        labels.find_map(|label| {
            let dangers = Danger::of(label);
            let danger = dangers.into_iter().chain(order).find(|danger| {
                let allowed = |setting: &String| danger.is_allowed_by(setting);
                !self.setting.as_ref().is_some_and(allowed)
            })?;
            let allowing = danger.settings.join(", ");
            let cure = if allowing.is_empty() {
                "use a `setting` of your own for it".to_owned()
            } else {
                format!("use a `setting` of your own for it, or one of {allowing}")
            };
            Some(format!("\"{label}\" {}: {cure}", danger.does))
        })
    }
}

/// Whether a title has these whole words, ignoring case.
pub(super) fn contains_words(title: &str, words: &str) -> bool {
    let (title, words) = (title.to_lowercase(), words.to_lowercase());
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    title.match_indices(&words).any(|(at, _)| {
        let (before, after) = (&title[..at], &title[at + words.len()..]);
        !is_word(before.chars().next_back()) && !is_word(after.chars().next())
    })
}

pub(super) fn has_button(reading: &Reading, label: &str) -> bool {
    controls::button(reading, label).is_some()
}

/// The words that are not in the window. A menu bar's title with one letter misread is there, if all others are.
pub(super) fn missing_words<'a>(reading: &Reading, words: &'a [String]) -> Vec<&'a String> {
    let missing: Vec<&String> = words.iter().filter(|word| !has_word(reading, word)).collect();
    let [word] = missing[..] else { return missing };
    let titles = menu::titles(reading);
    let mut others = words.iter().filter(|other| *other != word);
    let nearly = titles
        .iter()
        .any(|title| menu::is_nearly(title, &Folded::of(word)));
    if words.len() > 1 && nearly && others.all(|other| titles.contains(&Folded::of(other))) {
        return Vec::new();
    }
    missing
}

fn has_word(reading: &Reading, word: &str) -> bool {
    let word = Folded::of(word);
    reading
        .lines
        .iter()
        .flat_map(|line| line.text.split_whitespace())
        .any(|other| Folded::of(other) == word)
}
