//! `gatehand read`: what the agent sees, as text or JSON.

use clap::Args;
use serde::Serialize;

use super::print::say;
use super::{Failure, display};
use crate::dialogs::{Catalogue, Recognition};
use crate::exit::ExitCode;
use crate::screen::{Reading, Rect, RegionKind, Window, WindowKind};
use crate::vision::controls;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// The display.
    #[arg(long, value_name = ":N")]
    display: Option<String>,
    /// One JSON document instead of text.
    #[arg(long)]
    json: bool,
}

/// A rectangle in the window's coordinates.
#[derive(Serialize)]
struct Place {
    x: i32,
    y: i32,
    width: u32,
    height: u32,
}

impl From<Rect> for Place {
    fn from(rect: Rect) -> Self {
        Self {
            x: rect.x,
            y: rect.y,
            width: rect.width,
            height: rect.height,
        }
    }
}

#[derive(Serialize)]
struct SeenLine<'a> {
    text: &'a str,
    confidence: u8,
    #[serde(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct SeenControl {
    kind: &'static str,
    label: Option<String>,
    #[serde(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct SeenWindow<'a> {
    id: String,
    title: &'a str,
    class: &'a str,
    kind: WindowKind,
    pid: Option<u32>,
    geometry: Place,
    /// The rule that knows it; several when they quarrel; none when it is unknown.
    rules: Vec<String>,
    lines: Vec<SeenLine<'a>>,
    controls: Vec<SeenControl>,
}

impl<'a> SeenWindow<'a> {
    fn new(window: &'a Window, reading: &'a Reading, catalogue: &Catalogue) -> Self {
        let rules = match catalogue.recognise(window, reading) {
            Recognition::Known(rule) => vec![rule.name.clone()],
            Recognition::Ambiguous(rules) => rules.iter().map(|rule| rule.name.clone()).collect(),
            Recognition::Unknown => Vec::new(),
        };
        let buttons = controls::buttons(reading).into_iter().map(|button| SeenControl {
            kind: "button",
            label: Some(button.label),
            place: button.bounds.into(),
        });
        let fields = controls::fields(reading).into_iter().map(|field| SeenControl {
            kind: "field",
            label: None,
            place: field.bounds.into(),
        });
        // What stands in a field may be a user name: it is there for nobody to read.
        let readable = |line: &&crate::screen::Line| {
            reading
                .region_of(line)
                .is_none_or(|region| region.kind != RegionKind::Field)
        };
        let lines = reading.lines.iter().filter(readable).map(|line| SeenLine {
            text: &line.text,
            confidence: line.confidence,
            place: line.bounds.into(),
        });
        Self {
            id: window.id.to_string(),
            title: &window.title,
            class: &window.class,
            kind: window.kind,
            pid: window.pid,
            geometry: window.geometry.into(),
            rules,
            lines: lines.collect(),
            controls: buttons.chain(fields).collect(),
        }
    }

    fn print(&self) -> Result<(), Failure> {
        let Place { x, y, width, height } = self.geometry;
        say(format_args!(
            "{} \"{}\" {:?} {width}x{height}+{x}+{y} class {}",
            self.id, self.title, self.kind, self.class
        ))?;
        say(format_args!(
            "  rule: {}",
            if self.rules.is_empty() {
                "none".to_owned()
            } else {
                self.rules.join(", ")
            }
        ))?;
        for line in &self.lines {
            say(format_args!(
                "  line {:>4},{:<4} {:>3}% {}",
                line.place.x, line.place.y, line.confidence, line.text
            ))?;
        }
        for control in &self.controls {
            let Place { x, y, width, height } = control.place;
            let label = control.label.as_deref().unwrap_or_default();
            say(format_args!(
                "  {} {width}x{height}+{x}+{y} {label}",
                control.kind
            ))?;
        }
        Ok(())
    }
}

pub(super) fn execute(options: &Options) -> Result<ExitCode, Failure> {
    let catalogue = Catalogue::built_in().map_err(|error| Failure::new(ExitCode::Bug, error))?;
    let seen = display::look(&display::address(options.display.as_deref())?)?;
    let windows: Vec<SeenWindow> = seen
        .iter()
        .map(|(window, _, reading)| SeenWindow::new(window, reading, &catalogue))
        .collect();
    if options.json {
        let text =
            serde_json::to_string_pretty(&windows).map_err(|error| Failure::new(ExitCode::Bug, error))?;
        say(&text)?;
    } else {
        windows.iter().try_for_each(SeenWindow::print)?;
    }
    Ok(ExitCode::Stopped)
}
