//! `gatehand teach`: a rule and its fixture from a dialog that no rule knows.

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::{Context, Failure, display, rules};
use crate::agent::View;
use crate::config::{Arguments, Config};
use crate::dialogs::{Catalogue, Lesson, Recognition, labels};
use crate::exit::ExitCode;
use crate::journal;
use crate::screen::{Window, WindowKind};
use crate::vision::text::Folded;
use crate::vision::{Cache, Reader, Tesseract};

/// Where fixtures are kept, in the folder of the rules.
const FIXTURES: &str = "fixtures";

#[derive(Args, Debug)]
pub(super) struct Options {
    /// A folder of the evidence, or of `gatehand snapshot`. Default: the unknown dialog that is on the display now.
    case: Option<PathBuf>,
    /// The button to press. Default: asked for.
    #[arg(long, value_name = "LABEL")]
    button: Option<String>,
    /// The rule's name. Default: made from the title.
    #[arg(long)]
    name: Option<String>,
    /// Press only while this setting of your own is `yes`.
    #[arg(long, value_name = "NAME")]
    only_if: Option<String>,
    /// More fixtures that the rule must not match, as folders of folders.
    #[arg(long, value_name = "DIR")]
    against: Vec<PathBuf>,
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: Options, context: Context) -> Result<ExitCode, Failure> {
    let Options {
        case,
        button,
        name,
        only_if,
        against,
        settings,
    } = options;
    let config = context.configure(settings.0, &[])?;
    let folder = config.rules.as_deref().ok_or_else(rules::no_folder)?;
    let mut catalogue = rules::catalogue(Some(folder))?;
    let engine = Tesseract::open(None).map_err(Failure::unavailable)?;
    let mut reader = Reader::new(engine, Cache::new());
    let (dialog, others) = match &case {
        Some(case) => (rules::read(&mut reader, case)?, Vec::new()),
        None => on_display(&config, &catalogue)?,
    };
    let (window, view) = &dialog;
    if let Recognition::Known(rule) = catalogue.recognise(window, &view.reading) {
        let known = format!("\"{}\" is known already: rule {}", window.title, rule.name);
        return Err(Failure::configuration(known));
    }
    let button = chosen(&labels(&view.reading), button.as_deref(), &window.title)?;
    let name = match name {
        // It becomes the name of a file.
        Some(name) if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') || name.is_empty() => {
            let wrong = format!("--name {name}: use letters, digits and dashes");
            return Err(Failure::new(ExitCode::Usage, wrong));
        }
        Some(name) => name,
        None => free_name(&catalogue, &window.title),
    };
    let lesson = Lesson {
        name: &name,
        window,
        reading: &view.reading,
        button: &button,
        setting: only_if.as_deref(),
        user: config
            .credentials
            .as_ref()
            .map(|credentials| credentials.user.as_str()),
    };
    let cannot = |why: &str| Failure::configuration(format!("\"{}\" is not taught: {why}", window.title));
    let text = lesson.rule().map_err(|why| cannot(&why))?;
    let file = folder.join(format!("{name}.toml"));
    catalogue.add(&file, &text).map_err(Failure::configuration)?;
    let mut known: Vec<(String, Window, View)> = others
        .into_iter()
        .map(|(window, view)| (format!("the window \"{}\"", window.title), window, view))
        .collect();
    for folder in against.iter().chain([&folder.join(FIXTURES)]) {
        kept(&mut reader, folder, &mut known)?;
    }
    prove(&catalogue, &lesson, &known).map_err(|why| cannot(&why))?;
    let fixture = folder.join(FIXTURES).join(&name);
    write(&file, &text, &fixture, &dialog)?;
    println!("{}", file.display());
    println!("{}", fixture.display());
    Ok(ExitCode::Stopped)
}

/// The topmost dialog that no rule knows, and all other windows.
#[expect(clippy::type_complexity, reason = "a window with its view, and the others")]
fn on_display(
    config: &Config,
    catalogue: &Catalogue,
) -> Result<((Window, View), Vec<(Window, View)>), Failure> {
    let seen = display::look(&display::address(config.display.existing.as_deref())?)?;
    let mut windows: Vec<(Window, View)> = seen
        .into_iter()
        .map(|(window, frame, reading)| {
            let frame = Arc::new(frame);
            (window, View { frame, reading })
        })
        .collect();
    let unknown = windows.iter().rposition(|(window, view)| {
        window.kind != WindowKind::Splash
            && !matches!(catalogue.recognise(window, &view.reading), Recognition::Known(_))
    });
    let Some(unknown) = unknown else {
        return Err(Failure::unavailable(
            "no unknown dialog is on the display; name a folder of the evidence instead",
        ));
    };
    let dialog = windows.remove(unknown);
    Ok((dialog, windows))
}

/// The label that was named, as it was read; else the one that the user picks.
fn chosen(labels: &[String], wanted: Option<&str>, title: &str) -> Result<String, Failure> {
    let listed = labels.iter().map(|label| format!("\"{label}\""));
    let listed = listed.collect::<Vec<_>>().join(", ");
    if labels.is_empty() {
        let none = format!("no button can be read on \"{title}\": write its rule by hand");
        return Err(Failure::configuration(none));
    }
    let missing = |wanted: &str| {
        Failure::new(
            ExitCode::Usage,
            format!("no button \"{wanted}\" on \"{title}\": choose one of {listed}"),
        )
    };
    let find = |wanted: &str| {
        let number = wanted
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1));
        let same = |label: &&String| Folded::of(label) == Folded::of(wanted);
        labels
            .iter()
            .find(same)
            .or_else(|| number.and_then(|at| labels.get(at)))
            .cloned()
    };
    if let Some(wanted) = wanted {
        return find(wanted).ok_or_else(|| missing(wanted));
    }
    println!("\"{title}\"");
    for (at, label) in labels.iter().enumerate() {
        println!("  {} {label}", at + 1);
    }
    print!("Which button shall be pressed? ");
    let mut answer = String::new();
    let asked = io::stdout()
        .flush()
        .and_then(|()| io::stdin().lock().read_line(&mut answer));
    asked.map_err(|error| {
        Failure::unavailable(format!("no answer can be read: {error}; use --button LABEL"))
    })?;
    find(answer.trim()).ok_or_else(|| missing(answer.trim()))
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
) -> Result<(), Failure> {
    if folder.join("window.png").exists() {
        let (window, view) = rules::read(reader, folder)?;
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

/// Writes the fixture, then the rule, which a gatehand that runs takes at once.
fn write(file: &Path, text: &str, fixture: &Path, (window, view): &(Window, View)) -> Result<(), Failure> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| Failure::unavailable(format!("{path}: {error}"))
    };
    if file.exists() {
        let taken = format!("{} is there already: choose another --name", file.display());
        return Err(Failure::configuration(taken));
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
        let labels = ["Remind me later".to_owned(), "OK".to_owned()];
        let named = chosen(&labels, Some("remind me LATER"), "x").expect("there");
        assert_eq!(named, "Remind me later");
        let failure = chosen(&labels, Some("Cancel"), "x").expect_err("not there");
        assert_eq!(failure.code, ExitCode::Usage);
        assert!(
            failure.message.contains("\"Remind me later\", \"OK\""),
            "{}",
            failure.message
        );
        assert!(chosen(&[], Some("OK"), "x").is_err());
    }

    #[test]
    fn names_are_free_and_cannot_leave_the_folder() {
        let catalogue = Catalogue::built_in().expect("right");
        assert_eq!(free_name(&catalogue, "../Account Review!"), "account-review");
        assert_eq!(free_name(&catalogue, " "), "dialog");
        assert_eq!(free_name(&catalogue, "Paper notice"), "paper-notice-2");
    }
}
