//! The set of rules: the built-in files and the user's.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml::Spanned;

use super::rule::{Meaning, Rule};
use super::said::Said;
use crate::screen::{Reading, Window};

/// The built-in files, by subject.
const BUILT_IN: [(&str, &str); 6] = [
    ("catalogue/api.toml", include_str!("catalogue/api.toml")),
    (
        "catalogue/configuration.toml",
        include_str!("catalogue/configuration.toml"),
    ),
    ("catalogue/login.toml", include_str!("catalogue/login.toml")),
    ("catalogue/notices.toml", include_str!("catalogue/notices.toml")),
    (
        "catalogue/second_factor.toml",
        include_str!("catalogue/second_factor.toml"),
    ),
    ("catalogue/session.toml", include_str!("catalogue/session.toml")),
];

/// A file of rules that cannot be used.
#[derive(Debug, Error)]
pub enum RuleError {
    /// The folder or file cannot be read.
    #[error("rules {}: {source}; give --rules a folder of readable *.toml files", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why it was not.
        source: std::io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong type. The text names line and column.
    #[error("rules {}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The parser's words.
        message: String,
    },
    /// A rule that contradicts itself.
    #[error("rules {}: {place}: rule \"{rule}\": {fault}", path.display())]
    Fault {
        /// The file.
        path: PathBuf,
        /// Line and column where the rule begins.
        place: String,
        /// The rule's name.
        rule: String,
        /// What is wrong.
        fault: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rules {
    /// Whether the built-in rules count beside these.
    #[serde(default = "yes")]
    built_in_rules: bool,
    #[serde(default)]
    rule: Vec<Spanned<Rule>>,
}

const fn yes() -> bool {
    true
}

/// A file of rules as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFile {
    /// Where it was read.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

impl RuleFile {
    /// Every `*.toml` file of a folder, by name.
    ///
    /// # Errors
    /// When the folder or one of the files cannot be read.
    pub fn of_folder(folder: &Path) -> Result<Vec<Self>, RuleError> {
        let unreadable = |path: &Path| {
            let path = path.to_path_buf();
            move |source| RuleError::Unreadable { path, source }
        };
        let entries = std::fs::read_dir(folder).map_err(unreadable(folder))?;
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .collect();
        files.sort();
        let read = |path: PathBuf| match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self { path, text }),
            Err(error) => Err(unreadable(&path)(error)),
        };
        files.into_iter().map(read).collect()
    }

    /// Whether it wants no built-in rules. What is wrong with it is told when its rules are added.
    fn is_alone(&self) -> bool {
        toml::from_str::<Rules>(&self.text).is_ok_and(|rules| !rules.built_in_rules)
    }
}

/// What the catalogue says of a window.
#[derive(Debug)]
pub enum Recognition<'a> {
    /// Exactly one rule matches.
    Known(&'a Rule),
    /// Several match: as good as unknown, and a fault of the catalogue.
    Ambiguous(Vec<&'a Rule>),
    /// None matches.
    Unknown,
}

/// All rules.
#[derive(Clone, Debug)]
pub struct Catalogue {
    rules: Vec<Rule>,
}

impl Catalogue {
    /// The built-in rules.
    ///
    /// # Errors
    /// When a built-in file is wrong, which a test excludes.
    pub fn built_in() -> Result<Self, RuleError> {
        let mut catalogue = Self { rules: Vec::new() };
        for (name, text) in BUILT_IN {
            catalogue.add(Path::new(name), text)?;
        }
        Ok(catalogue)
    }

    /// Adds the rules of one file. Nothing is added when any of them is wrong.
    ///
    /// # Errors
    /// Names the file and the line, or the rule.
    pub fn add(&mut self, path: &Path, text: &str) -> Result<(), RuleError> {
        let path = path.to_path_buf();
        let file: Rules = toml::from_str(text).map_err(|error| RuleError::Syntax {
            path: path.clone(),
            message: one_line(&error, text),
        })?;
        let mut rules: Vec<Rule> = Vec::with_capacity(file.rule.len());
        for rule in file.rule {
            let start = rule.span().start;
            let rule = rule.into_inner();
            let taken = self
                .rules
                .iter()
                .chain(&rules)
                .any(|other| other.name == rule.name);
            let fault = if taken {
                Some("another rule has this name".to_owned())
            } else {
                rule.fault()
            };
            if let Some(fault) = fault {
                return Err(RuleError::Fault {
                    path,
                    place: place(text, start),
                    rule: rule.name,
                    fault,
                });
            }
            rules.push(rule);
        }
        self.rules.extend(rules);
        Ok(())
    }

    /// What these files stand beside: the built-in rules; none when one of the files says `built-in-rules = false`.
    ///
    /// # Errors
    /// As [`Catalogue::built_in`].
    pub fn beside(files: &[RuleFile]) -> Result<Self, RuleError> {
        if files.iter().any(RuleFile::is_alone) {
            return Ok(Self { rules: Vec::new() });
        }
        Self::built_in()
    }

    /// The rules of the user's files, and the built-in ones beside them, if they are wanted.
    ///
    /// # Errors
    /// As [`Catalogue::add`].
    pub fn with_files(files: &[RuleFile]) -> Result<Self, RuleError> {
        let mut catalogue = Self::beside(files)?;
        for file in files {
            catalogue.add(&file.path, &file.text)?;
        }
        Ok(catalogue)
    }

    /// All rules, in the order of their files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The main window's rule that has the title of a window, whatever else shows there.
    pub fn main_by_title(&self, window: &Window) -> Option<&Rule> {
        let mut mains = self.rules.iter().filter(|rule| rule.meaning == Meaning::Main);
        mains.find(|rule| rule.has_title_of(window) && !rule.forbids_title_of(window))
    }

    /// Which rule a window is about.
    pub fn recognise(&self, window: &Window, reading: &Reading) -> Recognition<'_> {
        let said = Said::by(window, reading);
        let matching: Vec<&Rule> = self
            .rules
            .iter()
            .filter(|rule| rule.matches(window, reading, &said))
            .collect();
        match matching.as_slice() {
            [] => Recognition::Unknown,
            [rule] => Recognition::Known(rule),
            _ => Recognition::Ambiguous(matching),
        }
    }
}

/// A TOML error in one line: "line 3, column 7: unknown field ...".
fn one_line(error: &toml::de::Error, text: &str) -> String {
    let message = error.message().replace('\n', " ");
    match error.span() {
        Some(span) => format!("{}: {message}", place(text, span.start)),
        None => message,
    }
}

/// "line 3, column 7" of a byte of `text`.
fn place(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    format!("line {line}, column {column}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogs::Meaning;

    fn added(text: &str) -> Result<(), RuleError> {
        Catalogue::built_in()
            .expect("the built-in catalogue is right")
            .add(Path::new("mine.toml"), text)
    }

    #[test]
    fn the_built_in_catalogue_loads_and_has_every_meaning() {
        let catalogue = Catalogue::built_in().expect("the built-in catalogue is right");
        for meaning in [
            Meaning::Configuration,
            Meaning::Connecting,
            Meaning::ExistingSession,
            Meaning::Expiry,
            Meaning::Login,
            Meaning::LoginError,
            Meaning::LoginProgress,
            Meaning::Main,
            Meaning::Misconfigured,
            Meaning::Notice,
            Meaning::Refused,
            Meaning::SecondFactor,
            Meaning::SecondFactorByHand,
            Meaning::SecondFactorDevices,
            Meaning::Shutdown,
            Meaning::Splash,
            Meaning::Throttled,
            Meaning::TokenExpired,
            Meaning::Unavailable,
        ] {
            assert!(
                catalogue.rules().iter().any(|rule| rule.meaning == meaning),
                "{meaning:?}"
            );
        }
    }

    /// Its pages may say anything, and their title has the name of the program in it.
    #[test]
    fn no_other_title_claims_the_configuration_window() {
        let catalogue = Catalogue::built_in().expect("the built-in catalogue is right");
        for title in [
            "IBKR Gateway Configuration",
            "IB Gateway Configuration",
            "Trader Workstation Configuration",
            "Global Configuration",
        ] {
            let claims = |rule: &&Rule| {
                let named = rule.title.iter().any(|wanted| rule.title_holds(title, wanted));
                named && !rule.no_title.iter().any(|word| rule.title_holds(title, word))
            };
            let claiming: Vec<&str> = catalogue
                .rules()
                .iter()
                .filter(claims)
                .map(|rule| rule.name.as_str())
                .collect();
            assert_eq!(claiming, ["configuration"], "{title}");
        }
    }

    #[test]
    fn faults_name_the_file_and_the_place() {
        let table = [
            (
                "[[rule]]\nname = \"x\"\ntitel = [\"a\"]\n",
                "mine.toml: line 3, column 1: unknown field `titel`",
            ),
            ("[[rule]]\nname = \"x\"\n", "rule \"x\": a rule needs `title`"),
            (
                "[[rule]]\nname = \"paper-notice\"\ntext = [\"a\"]\n",
                "another rule has this name",
            ),
            (
                "[[rule]]\nname = \"x\"\ntext = [\"a\"]\nsetting = \"s\"\n",
                "belong together",
            ),
            (
                "[[rule]]\nname = \"x\"\ntext = [\"a\"]\npress = [\"OK\", \"Transmit\"]\n",
                "rule \"x\": \"Transmit\" places or transmits an order: use a `setting` of your own for it, or one of blind-trading, crypto-order",
            ),
            (
                "[[rule]]\nname = \"x\"\ntext = [\"a\"]\nsetting = \"paper-notice\"\nanswers.yes = [\"Install\"]\n",
                "\"Install\" installs another version: use a `setting` of your own for it",
            ),
            (
                "[[rule]]\nname = \"x\"\ntext = [\"a\"]\nabout-orders = true\npress = [\"OK\"]\n",
                "\"OK\" places or transmits an order: use a `setting` of your own for it",
            ),
            ("[[rule]\n", "mine.toml: line 1"),
            (
                "[[rule]]\nname = \"x\"\ntext = [\"a\"]\n\n  [[rule]]\nname = \"x\"\ntext = [\"a\"]\n",
                "mine.toml: line 5, column 3: rule \"x\": another rule",
            ),
            (
                "[[rule]]\nname = \"x\"\ntext = [\"a\"]\npress = [\"OK\"]\nfill = [{ field = [\"User\"] }]\n",
                "line 5, column 8: `fill` takes one of `with",
            ),
            (
                "[[rule]]\nname = \"x\"\ntext = [\"a\"]\npress = [\"OK\"]\nfill = [{ field = [], value = \"a\" }]\n",
                "`field` names at least one label",
            ),
            (
                "[[rule]]\nname = \"x\"\ntext = [\"a\"]\nfill = [{ field = [\"User\"], value = \"a\" }]\n",
                "`fill` belongs to a rule without `meaning`, and with `press` or `answers`",
            ),
        ];
        for (text, wanted) in table {
            let message = added(text).expect_err(text).to_string();
            assert!(message.contains(wanted), "{message:?} does not say {wanted:?}");
            assert!(!message.contains('\n'), "{message:?} is more than a line");
        }
    }

    #[test]
    fn a_setting_of_ones_own_may_allow_what_the_list_marks() {
        let text =
            "[[rule]]\nname = \"x\"\ntext = [\"a\"]\nsetting = \"my-orders\"\nanswers.yes = [\"Transmit\"]\n";
        added(text).expect("a setting of its own");
    }

    #[test]
    fn a_file_may_do_without_the_built_in_rules() {
        let file = |text: &str| RuleFile {
            path: "mine.toml".into(),
            text: text.to_owned(),
        };
        let mine = "[[rule]]\nname = \"paper-notice\"\ntext = [\"a\"]\n";
        let alone = file(&format!("built-in-rules = false\n{mine}"));
        let catalogue = Catalogue::with_files(&[file(""), alone]).expect("no other rule has this name");
        assert_eq!(catalogue.rules().len(), 1);
        Catalogue::with_files(&[file(mine)]).expect_err("a built-in rule has this name");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let message = RuleFile::of_folder(Path::new("/nowhere/rules"))
            .expect_err("no folder")
            .to_string();
        assert!(message.contains("/nowhere/rules"), "{message}");
    }
}
