//! Paints the corpus: the stand-in gateway shows each window in a style, and says which controls it has.

use std::path::Path;
use std::time::{Duration, Instant};

use gatehand::screen::{Frame, Window};
use gatehand::x11::{Desktop, DesktopEvent};
use serde::Deserialize;
use serde_json::{Value, json};

use super::case::{Case, Part, Truth};
use super::style::Style;
use crate::common::gateway::StandIn;
use crate::common::{TestDisplay, take_events, wait_for};

/// A window that nothing was painted on for so long is complete.
const STILL: Duration = Duration::from_millis(80);

/// An entry of `fixtures/dialogs/dialogs.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialog {
    /// An id of the stand-in's catalogue, or a dialog.
    show: Option<Value>,
    /// A second factor that is asked for in a dialog.
    second_factor: Option<Value>,
    /// The item of a menu that opens it.
    choose: Option<String>,
    /// Starts the stand-in anew; its first window is the one.
    scenario: Option<Value>,
    name: Option<String>,
    pub rule: Option<String>,
    /// `none` or `danger`, when no rule may claim it.
    kind: Option<String>,
}

impl Dialog {
    pub fn id(&self) -> &str {
        let shown = self
            .show
            .as_ref()
            .map(|show| show.get("id").unwrap_or(show).as_str().unwrap());
        self.name.as_deref().or(shown).unwrap()
    }

    /// Tells the stand-in to open it over its main window.
    fn opening(&self) -> String {
        if let Some(factor) = &self.second_factor {
            return format!("second_factor {factor}");
        }
        if let Some(item) = &self.choose {
            return format!("choose {item}");
        }
        match self.show.as_ref().unwrap() {
            Value::String(id) => format!("show {id}"),
            entry => format!("show {entry}"),
        }
    }

    /// Its case in a style, below the corpus's folder: `<rule>/<dialog>_<style>`.
    pub fn case(&self, style: &Style) -> String {
        let family = self.rule.as_deref().or(self.kind.as_deref()).unwrap();
        format!("{family}/{}_{}", self.id(), style.name())
    }

    /// Whether it is worth its time in this style: a window that needs a start of its own only in the looks' own fonts.
    pub const fn is_for(&self, style: &Style) -> bool {
        self.scenario.is_none() || style.font.is_none()
    }
}

/// The list of windows.
pub fn dialogs() -> Vec<Dialog> {
    #[derive(Deserialize)]
    struct Manifest {
        dialog: Vec<Dialog>,
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dialogs/dialogs.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let manifest: Manifest =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    manifest.dialog
}

/// Paints what `wanted` accepts, into `root`; what is there already stays.
pub fn paint(root: &Path, styles: &[Style], wanted: impl Fn(&Dialog, &Style) -> bool) {
    let folder = |dialog: &Dialog, style: &Style| root.join(dialog.case(style));
    let dialogs = dialogs();
    let missing: Vec<(&Dialog, &Style)> = styles
        .iter()
        .flat_map(|style| dialogs.iter().map(move |dialog| (dialog, style)))
        .filter(|(dialog, style)| wanted(dialog, style) && !folder(dialog, style).exists())
        .collect();
    if missing.is_empty() {
        return;
    }
    let display = TestDisplay::start(1280, 1024);
    let mut desktop = display.desktop();
    // One program per smoothing and look, and the look's own font first: what was set once stays.
    let mut programs: Vec<(&str, &str)> = missing
        .iter()
        .map(|(_, style)| (style.smoothing, style.look.as_str()))
        .collect();
    programs.sort_unstable();
    programs.dedup();
    for (smoothing, look) in programs {
        let mut shown: Vec<_> = missing
            .iter()
            .filter(|(dialog, _)| dialog.scenario.is_none())
            .filter(|(_, style)| style.smoothing == smoothing && style.look == look)
            .collect();
        shown.sort_by_key(|(_, style)| style.font.is_some());
        if shown.is_empty() {
            continue;
        }
        wait_for("an empty display", || {
            take_events(&mut desktop);
            desktop.windows().is_empty().then_some(())
        });
        let scenario = json!({"start": "main", "antialias": smoothing, "look": look});
        let mut stand_in = StandIn::start(&display, scenario);
        stand_in.journal.wait("logged_in", |_| true);
        wait_for("the main window", || {
            take_events(&mut desktop);
            (!desktop.windows().is_empty()).then_some(())
        });
        for (dialog, style) in shown {
            let font = style
                .font
                .map_or(String::new(), |(family, size)| format!(" {size} {family}"));
            stand_in.control(&format!("look {}{font}", style.look));
            let (window, frame, parts) = open(&mut desktop, &mut stand_in, dialog);
            keep(&folder(dialog, style), dialog, style, &window, &frame, parts);
            let it = match (&dialog.second_factor, &dialog.choose) {
                (Some(_), _) => "second_factor",
                (_, Some(_)) => "configuration",
                _ => dialog.id(),
            };
            stand_in.control(&format!("close {it}"));
            wait_for("the dialog to close", || {
                take_events(&mut desktop);
                (!desktop.windows().iter().any(|other| other.id == window.id)).then_some(())
            });
        }
    }
    for (dialog, style) in missing {
        let Some(scenario) = &dialog.scenario else {
            continue;
        };
        let mut scenario = scenario.clone();
        scenario["look"] = style.look.as_str().into();
        scenario["antialias"] = style.smoothing.into();
        if let Some((family, size)) = style.font {
            scenario["font"] = json!({"family": family, "size": size});
        }
        wait_for("an empty display", || {
            take_events(&mut desktop);
            desktop.windows().is_empty().then_some(())
        });
        let mut stand_in = StandIn::start(&display, scenario);
        let window = wait_for(dialog.id(), || {
            take_events(&mut desktop);
            desktop.windows().first().cloned()
        });
        let parts = layout(&mut stand_in, |parts| !parts.is_empty());
        let frame = still(&mut desktop, &window);
        keep(&folder(dialog, style), dialog, style, &window, &frame, parts);
    }
}

fn open(desktop: &mut Desktop, stand_in: &mut StandIn, dialog: &Dialog) -> (Window, Frame, Vec<Part>) {
    take_events(desktop);
    let before: Vec<_> = desktop.windows().iter().map(|window| window.id).collect();
    stand_in.control(&dialog.opening());
    let window = wait_for(dialog.id(), || {
        take_events(desktop);
        desktop
            .windows()
            .iter()
            .find(|window| !before.contains(&window.id))
            .cloned()
    });
    // After what is painted with the focus: the answer comes from the same thread.
    still(desktop, &window);
    // Until it is the active window, the layout is that of the main window, with its menus.
    let parts = layout(stand_in, |parts| parts.iter().all(|part| part.kind != "menu"));
    (window.clone(), still(desktop, &window), parts)
}

fn still(desktop: &mut Desktop, window: &Window) -> Frame {
    let mut last_damage = Instant::now();
    wait_for("a still window", || {
        let damaged =
            |event: &DesktopEvent| matches!(event, DesktopEvent::Damaged { window: id } if *id == window.id);
        if take_events(desktop).iter().any(damaged) {
            last_damage = Instant::now();
        }
        if last_damage.elapsed() < STILL {
            return None;
        }
        let frame = desktop.capture(window.id).ok()?;
        let first = *frame.pixels().first()?;
        frame
            .pixels()
            .iter()
            .any(|&pixel| pixel != first)
            .then_some(frame)
    })
}

fn layout(stand_in: &mut StandIn, is_its: impl Fn(&[Part]) -> bool) -> Vec<Part> {
    wait_for("the window's layout", || {
        let answer = stand_in.control("layout");
        let parts: Vec<Part> = serde_json::from_str(answer.trim_start_matches("ok")).unwrap();
        is_its(&parts).then_some(parts)
    })
}

fn keep(folder: &Path, dialog: &Dialog, style: &Style, window: &Window, frame: &Frame, parts: Vec<Part>) {
    let truth = Truth {
        title: window.title.clone(),
        class: window.class.clone(),
        kind: window.kind,
        rule: dialog.rule.clone(),
        style: style.name(),
        parts,
    };
    Case::save(folder, &truth, frame);
}
