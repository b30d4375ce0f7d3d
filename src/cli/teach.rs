//! `gatehand teach`: a rule and its fixture from a dialog that no rule knows.

use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::print::say;
use super::{Context, Failure, display, print};
use crate::agent::View;
use crate::app::{self, Answer, TeachError, Teacher};
use crate::config::{Arguments, Config};
use crate::dialogs::{Catalogue, Recognition};
use crate::exit::ExitCode;
use crate::screen::{Window, WindowKind};

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
    let folder = app::rules_folder(&config.rules)?;
    let mut teacher = Teacher::open(folder)?;
    let (dialog, others) = match &case {
        Some(case) => (teacher.read(case)?, Vec::new()),
        None => on_display(&config, teacher.catalogue())?,
    };
    let (window, view) = &dialog;
    let labels = teacher.choices(window, view)?;
    let button = match button {
        Some(button) => button,
        None => asked(&labels, &window.title)?,
    };
    let credentials = config.credentials.as_ref();
    let answer = Answer {
        button: &button,
        name: name.as_deref(),
        only_if: only_if.as_deref(),
        user: credentials.map(|credentials| credentials.user.as_str()),
    };
    let taught = teacher.teach(&dialog, answer, others, &against)?;
    say(taught.rule.display())?;
    say(taught.fixture.display())?;
    Ok(ExitCode::Stopped)
}

impl From<TeachError> for Failure {
    fn from(error: TeachError) -> Self {
        let code = match error {
            TeachError::Rules(_)
            | TeachError::Known { .. }
            | TeachError::NoButtons(_)
            | TeachError::Taken(_)
            | TeachError::Unsafe { .. } => ExitCode::Configuration,
            TeachError::NoSuchButton { .. } | TeachError::Name(_) => ExitCode::Usage,
            TeachError::Reader(_) | TeachError::Case(_) | TeachError::Write { .. } => ExitCode::Unavailable,
        };
        Self::new(code, error)
    }
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

/// The button that the user picks.
fn asked(labels: &[String], title: &str) -> Result<String, Failure> {
    say(format_args!("\"{title}\""))?;
    for (at, label) in labels.iter().enumerate() {
        say(format_args!("  {} {label}", at + 1))?;
    }
    print::ask("Which button shall be pressed? ")?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| {
        Failure::unavailable(format!("no answer can be read: {error}; use --button LABEL"))
    })?;
    Ok(answer.trim().to_owned())
}
