//! `gatehand rules check` and `gatehand rules test`: rule files without a gateway.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Subcommand};

use super::print::say;
use super::{Context, Failure};
use crate::agent::{Action, Agent, Event, Policy, Seen, View};
use crate::app::read_kept;
use crate::config::{Arguments, RulesFolder};
use crate::dialogs::{Catalogue, Judgement, RuleFile};
use crate::exit::ExitCode;
use crate::screen::{Reading, Window};
use crate::vision::{Cache, Reader, Tesseract};

/// Rules that are shown when none matches.
const CANDIDATES: usize = 3;

#[derive(Args, Debug)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look for what is wrong in rule files; every fault is a line.
    Check(CheckOptions),
    /// Say which rule knows a window that was kept, by which evidence, and what would be done.
    Test(TestOptions),
}

#[derive(Args, Debug)]
struct CheckOptions {
    /// The folder of the rule files. Default: that of --rules.
    folder: Option<PathBuf>,
    #[command(flatten)]
    settings: Arguments,
}

#[derive(Args, Debug)]
struct TestOptions {
    /// Pictures of windows; or folders of `gatehand snapshot` or of the evidence.
    #[arg(required = true, value_name = "PNG|DIR")]
    cases: Vec<PathBuf>,
    /// The windows' title, when nothing beside the picture tells it.
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: Options, context: Context) -> Result<ExitCode, Failure> {
    match options.command {
        Command::Check(options) => check(options, context),
        Command::Test(options) => test(options, context),
    }
}

fn check(options: CheckOptions, context: Context) -> Result<ExitCode, Failure> {
    let folder = match options.folder {
        Some(folder) => folder,
        None => context
            .configure(options.settings.0, &[])?
            .rules
            .if_there()
            .ok_or_else(no_folder)?,
    };
    let files = RuleFile::of_folder(&folder).map_err(Failure::configuration)?;
    let mut catalogue = Catalogue::beside(&files).map_err(Failure::configuration)?;
    let built_in = catalogue.rules().len();
    let faults: Vec<String> = files
        .iter()
        .filter_map(|file| catalogue.add(&file.path, &file.text).err())
        .map(|error| error.to_string())
        .collect();
    let Some((last, others)) = faults.split_last() else {
        let (rules, files) = (catalogue.rules().len() - built_in, files.len());
        say(format_args!(
            "{}: {rules} rules in {files} files, nothing wrong",
            folder.display()
        ))?;
        return Ok(ExitCode::Stopped);
    };
    for fault in others {
        eprintln!("gatehand: {fault}");
    }
    Err(Failure::configuration(last))
}

impl RulesFolder {
    /// The folder, unless nobody named one and none was made yet.
    fn if_there(self) -> Option<PathBuf> {
        (self.is_named || self.path.is_dir()).then_some(self.path)
    }
}

/// Nobody said where the rules are.
fn no_folder() -> Failure {
    Failure::new(
        ExitCode::Usage,
        "no folder of rules is named: give --rules DIR, or set GATEHAND_RULES",
    )
}

fn test(options: TestOptions, context: Context) -> Result<ExitCode, Failure> {
    let config = context.configure(options.settings.0, &[])?;
    let catalogue = catalogue(config.rules.clone().if_there().as_deref())?;
    let policy = Policy::new(&config);
    let engine = Tesseract::open(None).map_err(Failure::unavailable)?;
    let mut reader = Reader::new(engine, Cache::new());
    let mut all_known = true;
    for path in &options.cases {
        let (mut window, view) = read_kept(&mut reader, path)?;
        if let Some(title) = &options.title {
            window.title.clone_from(title);
        }
        say(format_args!("{}: \"{}\"", path.display(), window.title))?;
        all_known &= explain(&catalogue, &policy, &window, &view)?;
    }
    Ok(if all_known {
        ExitCode::Stopped
    } else {
        ExitCode::Differs
    })
}

/// The built-in rules and those of the folder.
pub(super) fn catalogue(folder: Option<&Path>) -> Result<Catalogue, Failure> {
    let files = match folder {
        Some(folder) => RuleFile::of_folder(folder).map_err(Failure::configuration)?,
        None => Vec::new(),
    };
    Catalogue::with_files(&files).map_err(Failure::configuration)
}

/// Prints what the rules say of a window. True when exactly one knows it.
fn explain(catalogue: &Catalogue, policy: &Policy, window: &Window, view: &View) -> Result<bool, Failure> {
    let mut judgements: Vec<Judgement<'_>> = catalogue
        .rules()
        .iter()
        .map(|rule| rule.judge(window, &view.reading))
        .collect();
    judgements.sort_by(|a, b| b.score().total_cmp(&a.score()));
    let matching: Vec<&Judgement<'_>> = judgements.iter().filter(|judgement| judgement.matches).collect();
    for judgement in &matching {
        say(format_args!("  rule {}", judgement.rule.name))?;
        print_conditions(judgement)?;
    }
    match matching.len() {
        1 => say(format_args!(
            "  would {}",
            intention(catalogue, policy, window, view)
        ))?,
        0 => {
            say(format_args!(
                "  no rule knows it; it would be left alone. The nearest:"
            ))?;
            for judgement in judgements.iter().take(CANDIDATES) {
                let percent = (judgement.score() * 100.0) as u32;
                say(format_args!("  rule {}, {percent} %", judgement.rule.name))?;
                print_conditions(judgement)?;
            }
            print_text(&view.reading)?;
        }
        _ => say(format_args!("  several rules know it; it would be left alone"))?,
    }
    Ok(matching.len() == 1)
}

fn print_conditions(judgement: &Judgement<'_>) -> Result<(), Failure> {
    for condition in &judgement.conditions {
        let mark = if condition.holds { "yes" } else { "NO" };
        say(format_args!(
            "    {mark:3} {}: {}",
            condition.key, condition.found
        ))?;
    }
    Ok(())
}

fn print_text(reading: &Reading) -> Result<(), Failure> {
    say(format_args!("  what was read:"))?;
    for line in &reading.lines {
        say(format_args!("    {}", line.text))?;
    }
    Ok(())
}

/// What the agent itself would do first about this window.
fn intention(catalogue: &Catalogue, policy: &Policy, window: &Window, view: &View) -> String {
    let mut agent = Agent::new(catalogue.clone(), policy.clone());
    let seen = Seen {
        window: window.clone(),
        view: Some(view.clone()),
    };
    agent.observe(Instant::now(), vec![seen]);
    let mut told = Vec::new();
    while let Some(event) = agent.poll_event() {
        told.push(event);
    }
    match agent.poll_action() {
        Some(Action::Click { label, .. }) => format!("press \"{label}\""),
        Some(Action::MaySubmit) => "log in, if the journal permits it".to_owned(),
        Some(action) => action.to_string(),
        None => {
            let left = told
                .iter()
                .any(|event| matches!(event, Event::LeftToHuman { .. }));
            if left {
                "leave it to a human, by its setting".to_owned()
            } else {
                "do nothing but wait".to_owned()
            }
        }
    }
}
