//! From a dialog that no rule knows to a rule and its fixture. What is written is proven first: the rule knows its dialog,
//! and nothing else that is known.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::agent::View;
use crate::dialogs::{Catalogue, Lesson, Recognition, RuleError, RuleFile, labels};
use crate::journal::{self, CaseError};
use crate::screen::Window;
use crate::vision::text::Folded;
use crate::vision::{Cache, OcrError, Reader, Tesseract};

/// Where fixtures are kept, in the folder of the rules.
const FIXTURES: &str = "fixtures";

/// Why nothing was taught.
#[derive(Debug, Error)]
pub enum TeachError {
    /// The rules that are there cannot be used.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// Nothing can be read.
    #[error(transparent)]
    Reader(#[from] OcrError),
    /// What was kept of the dialog cannot be read.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// There is nothing to teach.
    #[error("\"{title}\" is known already: rule {rule}")]
    Known {
        /// The window's title.
        title: String,
        /// The rule that knows it.
        rule: String,
    },
    /// The dialog has no such button.
    #[error("no button \"{wanted}\" on \"{title}\": choose one of {}", quoted(there))]
    NoSuchButton {
        /// The label that was asked for.
        wanted: String,
        /// The window's title.
        title: String,
        /// The labels that were read.
        there: Vec<String>,
    },
    /// The dialog has no button that can be read.
    #[error("no button can be read on \"{0}\": write its rule by hand")]
    NoButtons(String),
    /// A name that cannot be a file's.
    #[error("the name {0}: use letters, digits and dashes")]
    Name(String),
    /// A rule of that name has a file.
    #[error("{} is there already: choose another name", .0.display())]
    Taken(PathBuf),
    /// A rule of this dialog would not be safe.
    #[error("\"{title}\" is not taught: {why}")]
    Unsafe {
        /// The window's title.
        title: String,
        /// Why.
        why: String,
    },
    /// The rule or its fixture cannot be written.
    #[error("{}: {source}; this user must be able to write into the folder of the rules", path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
}

fn quoted(labels: &[String]) -> String {
    let quoted: Vec<String> = labels.iter().map(|label| format!("\"{label}\"")).collect();
    quoted.join(", ")
}

/// What shall be done about a dialog.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The button to press: its label, as it was read or nearly, or its number from 1.
    pub button: &'a str,
    /// The rule's name; none: made from the title.
    pub name: Option<&'a str>,
    /// Press only while this setting of the user's own is `yes`.
    pub only_if: Option<&'a str>,
    /// A user name, which is not learnt.
    pub user: Option<&'a str>,
}

/// What was written.
#[derive(Debug)]
pub struct Taught {
    /// The rule's file.
    pub rule: PathBuf,
    /// The folder of its fixture.
    pub fixture: PathBuf,
}

/// Writes rules into a folder of the user's.
pub struct Teacher {
    folder: PathBuf,
    catalogue: Catalogue,
    reader: Reader<Tesseract>,
}

impl Teacher {
    /// For a folder of rules.
    ///
    /// # Errors
    /// [`TeachError::Rules`] when the rules there cannot be used, [`TeachError::Reader`] without Tesseract.
    pub fn open(folder: &Path) -> Result<Self, TeachError> {
        Ok(Self {
            folder: folder.to_path_buf(),
            catalogue: Catalogue::with_files(&RuleFile::of_folder(folder)?)?,
            reader: Reader::new(Tesseract::open(None)?, Cache::new()),
        })
    }

    /// All rules that count there.
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// A window that was kept, as evidence or by `gatehand snapshot`.
    ///
    /// # Errors
    /// [`TeachError::Case`] or [`TeachError::Reader`].
    pub fn read(&mut self, case: &Path) -> Result<(Window, View), TeachError> {
        read_kept(&mut self.reader, case)
    }

    /// The labels of the buttons of a dialog that can be taught.
    ///
    /// # Errors
    /// [`TeachError::Known`] or [`TeachError::NoButtons`].
    pub fn choices(&self, window: &Window, view: &View) -> Result<Vec<String>, TeachError> {
        if let Recognition::Known(rule) = self.catalogue.recognise(window, &view.reading) {
            return Err(TeachError::Known {
                title: window.title.clone(),
                rule: rule.name.clone(),
            });
        }
        let labels = labels(&view.reading);
        if labels.is_empty() {
            return Err(TeachError::NoButtons(window.title.clone()));
        }
        Ok(labels)
    }

    /// Writes a rule for the dialog and its fixture, which a gatehand that runs with these rules takes at once. The rule
    /// must match no window of `others`, and none that was kept in the folders `against` or with the rules.
    ///
    /// # Errors
    /// [`TeachError`]; then nothing was written.
    pub fn teach(
        mut self,
        dialog: &(Window, View),
        answer: Answer<'_>,
        others: Vec<(Window, View)>,
        against: &[PathBuf],
    ) -> Result<Taught, TeachError> {
        let (window, view) = dialog;
        let button = chosen(self.choices(window, view)?, answer.button, &window.title)?;
        let name = match answer.name {
            Some(name) if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') || name.is_empty() => {
                return Err(TeachError::Name(name.to_owned()));
            }
            Some(name) => name.to_owned(),
            None => free_name(&self.catalogue, &window.title),
        };
        let lesson = Lesson {
            name: &name,
            window,
            reading: &view.reading,
            button: &button,
            setting: answer.only_if,
            user: answer.user,
        };
        let refused = |why: String| TeachError::Unsafe {
            title: window.title.clone(),
            why,
        };
        let text = lesson.rule().map_err(refused)?;
        let file = self.folder.join(format!("{name}.toml"));
        self.catalogue.add(&file, &text)?;
        let mut known: Vec<(String, Window, View)> = others
            .into_iter()
            .map(|(window, view)| (format!("the window \"{}\"", window.title), window, view))
            .collect();
        let fixtures = self.folder.join(FIXTURES);
        for folder in against.iter().chain([&fixtures]) {
            kept(&mut self.reader, folder, &mut known)?;
        }
        prove(&self.catalogue, &lesson, &known).map_err(refused)?;
        let fixture = fixtures.join(&name);
        write(&file, &text, &fixture, dialog)?;
        Ok(Taught { rule: file, fixture })
    }
}

/// A window that was kept, and what can be read of it.
///
/// # Errors
/// [`TeachError::Case`] or [`TeachError::Reader`].
pub fn read_kept(reader: &mut Reader<Tesseract>, path: &Path) -> Result<(Window, View), TeachError> {
    let (window, frame) = journal::read_case(path)?;
    let reading = reader.read(&frame)?;
    let frame = Arc::new(frame);
    Ok((window, View { frame, reading }))
}

/// The label that was named, as it was read.
fn chosen(labels: Vec<String>, wanted: &str, title: &str) -> Result<String, TeachError> {
    let number = wanted
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1));
    let same = |label: &&String| Folded::of(label) == Folded::of(wanted);
    let found = labels
        .iter()
        .find(same)
        .or_else(|| number.and_then(|at| labels.get(at)))
        .cloned();
    found.ok_or_else(|| TeachError::NoSuchButton {
        wanted: wanted.to_owned(),
        title: title.to_owned(),
        there: labels,
    })
}

/// A name for the rule that no other has.
fn free_name(catalogue: &Catalogue, title: &str) -> String {
    let words: Vec<String> = title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let base = if words.is_empty() {
        "dialog".to_owned()
    } else {
        words.join("-")
    };
    let taken = |name: &str| catalogue.rules().iter().any(|rule| rule.name == name);
    let more = (2_u32..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone())
        .chain(more)
        .find(|name| !taken(name))
        .unwrap_or(base)
}

/// Every kept window below a folder; none when the folder is not there.
fn kept(
    reader: &mut Reader<Tesseract>,
    folder: &Path,
    known: &mut Vec<(String, Window, View)>,
) -> Result<(), TeachError> {
    if folder.join("window.png").exists() {
        let (window, view) = read_kept(reader, folder)?;
        known.push((folder.display().to_string(), window, view));
        return Ok(());
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        kept(reader, &entry.path(), known)?;
    }
    Ok(())
}

/// The rule knows its dialog, and nothing else that is known.
fn prove(catalogue: &Catalogue, lesson: &Lesson<'_>, known: &[(String, Window, View)]) -> Result<(), String> {
    let rule = catalogue.rules().iter().find(|rule| rule.name == lesson.name);
    if let Some(rival) = rule.and_then(|rule| catalogue.rival(rule)) {
        return Err(format!(
            "its rule would match the dialog of rule {} too",
            rival.name
        ));
    }
    if !catalogue.knows_as(lesson.window, lesson.reading, lesson.name) {
        return Err("what can be read of it does not tell it apart; write its rule by hand".into());
    }
    let matched = known
        .iter()
        .find(|(_, window, view)| rule.is_some_and(|rule| rule.judge(window, &view.reading).matches));
    match matched {
        Some((what, ..)) => Err(format!("its rule would match {what} too")),
        None => Ok(()),
    }
}

/// Writes the fixture, then the rule.
fn write(file: &Path, text: &str, fixture: &Path, (window, view): &(Window, View)) -> Result<(), TeachError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| TeachError::Write { path, source }
    };
    if file.exists() {
        return Err(TeachError::Taken(file.to_path_buf()));
    }
    let windows = std::slice::from_ref(window);
    fs::create_dir_all(fixture)
        .and_then(|()| journal::write_case(fixture, "taught", window, &view.frame, &view.reading, windows))
        .map_err(failed(fixture))?;
    let beside = file.with_extension("new");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, file))
        .map_err(failed(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_is_chosen_by_its_label_or_not_at_all() {
        let labels = || vec!["Remind me later".to_owned(), "OK".to_owned()];
        let named = chosen(labels(), "remind me LATER", "x").expect("there");
        assert_eq!(named, "Remind me later");
        assert_eq!(chosen(labels(), "2", "x").expect("there"), "OK");
        let error = chosen(labels(), "Cancel", "x")
            .expect_err("not there")
            .to_string();
        assert!(error.contains("\"Remind me later\", \"OK\""), "{error}");
    }

    #[test]
    fn names_are_free_and_cannot_leave_the_folder() {
        let catalogue = Catalogue::built_in().expect("right");
        assert_eq!(free_name(&catalogue, "../Account Review!"), "account-review");
        assert_eq!(free_name(&catalogue, " "), "dialog");
        assert_eq!(free_name(&catalogue, "Paper notice"), "paper-notice-2");
    }
}
