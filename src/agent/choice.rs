//! Choosing one of two toggles, and knowing that it is chosen, in a look that nobody described.
//!
//! Which of two looks means "selected" is a convention that a theme may turn round, and a form that was disabled when
//! it was clicked changes its looks too when it is enabled. So a look alone is a hint only: what counts is that the
//! pair answers to clicks. The evidence, best first: the login button's own label names the mode; after a click on the
//! wanted one the two exchanged their looks; clicks on the wanted one lead to the same look twice, and a click on the
//! other one in between to another. The last may be the focus that moves, so it does not count for live and paper.

use std::time::{Duration, Instant};

use super::action::View;
use crate::screen::{Frame, Rect};
use crate::vision::controls::{self, Look};
use crate::vision::text::Folded;

/// How long a click may take to show.
const REACTION: Duration = Duration::from_millis(1500);
/// Clicks before giving up.
const MAX_CLICKS: u32 = 8;
/// A difference of a colour channel that can be seen.
const VISIBLE: u32 = 12;
/// Edits per character that a toggle's label may differ by.
const LIKENESS: f32 = 0.2;
/// Pixels that differ by chance: a speck of a rounded corner.
const SPECK: usize = 3;

/// What to do next about the pair.
#[derive(Debug)]
pub(super) enum ChoiceStep {
    /// Click here.
    Click {
        /// The toggle.
        bounds: Rect,
        /// Its label.
        label: String,
    },
    /// Look again when something changed, at this time at the latest.
    Wait(Instant),
    /// The wanted toggle is chosen; by this evidence.
    Chosen(&'static str),
    /// This form has no such pair.
    Absent,
    /// It could not be verified.
    Failed(String),
}

/// Which of the pair the login button's label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// The wanted one.
    Wanted,
    /// The other one.
    Other,
}

/// One pair of toggles, of which `wanted` is to be chosen.
#[derive(Debug)]
pub(super) struct Choice {
    wanted: Vec<&'static str>,
    other: Vec<&'static str>,
    /// Looks that come and go with the clicks are not enough: the focus does that too.
    strict: bool,
    clicked: Option<Clicked>,
    clicks: u32,
    /// How the pair looked after the last click on the wanted one, and on the other one.
    after_wanted: Option<Pair>,
    after_other: Option<Pair>,
    /// What the choice rests on, once it is made.
    rests_on: Option<Evidence>,
}

#[derive(Debug)]
struct Clicked {
    at: Instant,
    before: Pair,
    named: Option<Named>,
    wanted: bool,
}

#[derive(Debug)]
enum Evidence {
    Label,
    Looks(Box<Pair>),
}

impl Choice {
    pub(super) const fn new(wanted: Vec<&'static str>, other: Vec<&'static str>) -> Self {
        Self {
            wanted,
            other,
            strict: false,
            clicked: None,
            clicks: 0,
            after_wanted: None,
            after_other: None,
            rests_on: None,
        }
    }

    /// The same pair, where a wrong choice does harm.
    pub(super) fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    /// Judges the form as it stands. `named` is what the login button says of the pair.
    pub(super) fn next(&mut self, now: Instant, view: &View, named: Option<Named>) -> ChoiceStep {
        if named == Some(Named::Wanted) {
            self.rests_on = Some(Evidence::Label);
            return ChoiceStep::Chosen("the login button names it");
        }
        let pair = match (find(view, &self.wanted), find(view, &self.other)) {
            (Some(wanted), Some(other)) => Pair { wanted, other },
            (None, None) => return ChoiceStep::Absent,
            _ => return ChoiceStep::Failed("only one toggle of the pair can be seen".into()),
        };
        let Some(clicked) = &self.clicked else {
            // One that seems to be chosen would not answer to a click.
            let wanted = named == Some(Named::Other) || !pair.seems_chosen(view);
            return self.click(now, pair, named, wanted);
        };
        let changed = pair.differs(&clicked.before) || named != clicked.named;
        if !changed && now < clicked.at + REACTION {
            return ChoiceStep::Wait(clicked.at + REACTION);
        }
        if !clicked.wanted {
            self.after_other = Some(pair.clone());
            return self.click(now, pair, named, true);
        }
        if named == Some(Named::Other) {
            return self.click(now, pair, named, true);
        }
        let evidence = if clicked.named == Some(Named::Other) {
            Some("the login button no longer names the other one")
        } else if pair.exchanged(&clicked.before) {
            Some("the two exchanged their looks")
        } else if !self.strict
            && self
                .after_wanted
                .as_ref()
                .is_some_and(|before| !pair.differs(before))
            && self
                .after_other
                .as_ref()
                .is_some_and(|between| pair.differs(between))
        {
            Some("it answers to clicks, there and back")
        } else {
            None
        };
        if let Some(evidence) = evidence {
            self.rests_on = Some(Evidence::Looks(Box::new(pair)));
            return ChoiceStep::Chosen(evidence);
        }
        self.after_wanted = Some(pair.clone());
        self.click(now, pair, named, false)
    }

    /// The click was not made after all: what shows next is no answer to it, nor to those before.
    pub(super) fn forget_click(&mut self) {
        self.clicked = None;
        (self.after_wanted, self.after_other) = (None, None);
        self.clicks = self.clicks.saturating_sub(1);
    }

    /// Whether a choice that was made still stands, as far as the form shows it now: one that was rebuilt may not.
    pub(super) fn stands(&self, view: &View, named: Option<Named>) -> bool {
        match &self.rests_on {
            None => true,
            Some(Evidence::Label) => named == Some(Named::Wanted),
            Some(Evidence::Looks(chosen)) => {
                let found = (find(view, &self.wanted), find(view, &self.other));
                named != Some(Named::Other)
                    && matches!(&found, (Some(wanted), Some(other))
                        if chosen.wanted.looks_like(wanted) && chosen.other.looks_like(other))
            }
        }
    }

    /// The parts of the form that show the choice.
    pub(super) fn areas(&self, view: &View) -> Vec<Rect> {
        [&self.wanted, &self.other]
            .into_iter()
            .filter_map(|labels| Some(find(view, labels)?.area))
            .collect()
    }

    fn click(&mut self, now: Instant, pair: Pair, named: Option<Named>, wanted: bool) -> ChoiceStep {
        if self.clicks == MAX_CLICKS {
            return ChoiceStep::Failed(format!(
                "the toggles do not tell after {MAX_CLICKS} clicks which is chosen"
            ));
        }
        self.clicks += 1;
        let toggle = if wanted { &pair.wanted } else { &pair.other };
        let (label, bounds) = (toggle.label.clone(), toggle.bounds);
        self.clicked = Some(Clicked {
            at: now,
            before: pair,
            named,
            wanted,
        });
        ChoiceStep::Click { bounds, label }
    }
}

/// Both toggles at one moment.
#[derive(Clone, Debug)]
struct Pair {
    wanted: Toggle,
    other: Toggle,
}

impl Pair {
    fn differs(&self, other: &Self) -> bool {
        self.wanted.differs(&other.wanted) || self.other.differs(&other.other)
    }

    /// By the mark of a radio button, or by the colours that most themes use.
    fn seems_chosen(&self, view: &View) -> bool {
        match (self.wanted.ticked, self.other.ticked) {
            (Some(wanted), Some(other)) => wanted && !other,
            _ => controls::selected_of(&view.frame, &[self.wanted.bounds, self.other.bounds]) == Some(0),
        }
    }

    /// Whether each now looks as the other one did: enabling a form cannot make that.
    fn exchanged(&self, before: &Self) -> bool {
        let ticks = |pair: &Self| (pair.wanted.ticked, pair.other.ticked);
        if ticks(before) == (Some(false), Some(true)) && ticks(self) == (Some(true), Some(false)) {
            return true;
        }
        let same = |a: &Toggle, b: &Toggle| !differ(a.look.background, b.look.background);
        same(&self.wanted, &before.other)
            && same(&self.other, &before.wanted)
            && !same(&self.wanted, &self.other)
    }
}

/// A toggle or radio button at one moment.
#[derive(Clone, Debug)]
struct Toggle {
    label: String,
    /// Where it is clicked.
    bounds: Rect,
    /// Where it shows its state: the button, or the text with what is around it.
    area: Rect,
    pixels: Frame,
    look: Look,
    ticked: Option<bool>,
}

impl Toggle {
    fn differs(&self, other: &Self) -> bool {
        if self.pixels.size() != other.pixels.size() || self.ticked != other.ticked {
            return true;
        }
        let pairs = self.pixels.pixels().iter().zip(other.pixels.pixels());
        pairs.filter(|&(&a, &b)| differ(a, b)).count() > SPECK
    }

    /// Whether the state is the same; the focus may have gone elsewhere.
    fn looks_like(&self, other: &Self) -> bool {
        match (self.ticked, other.ticked) {
            (Some(before), Some(now)) => before == now,
            _ => !self.look.differs(&other.look),
        }
    }
}

/// A text without a radio button's mark that was read as a letter or two.
fn without_mark(text: &str) -> &str {
    match text.split_once(' ') {
        Some((mark, label)) if mark.chars().count() <= 2 => label,
        _ => text,
    }
}

fn differ(a: u32, b: u32) -> bool {
    let channel = |shift: u32| ((a >> shift) & 0xff).abs_diff((b >> shift) & 0xff);
    channel(16).max(channel(8)).max(channel(0)) > VISIBLE
}

/// The toggle or radio button that bears one of the labels.
fn find(view: &View, labels: &[&'static str]) -> Option<Toggle> {
    let View { frame, reading } = view;
    labels.iter().find_map(|label| {
        if let Some(button) = controls::button(reading, label) {
            let area = button.bounds.inflated(3).intersection(&frame.bounds());
            return Some(Toggle {
                look: controls::look(frame, button.bounds),
                pixels: frame.crop(area),
                label: button.label,
                bounds: button.bounds,
                area,
                ticked: None,
            });
        }
        let wanted = Folded::of(label);
        let is_label = |text: &str| Folded::of(text).equals(&wanted, LIKENESS).is_some();
        let line = reading
            .lines
            .iter()
            .find(|line| is_label(&line.text) || is_label(without_mark(&line.text)))?;
        let check = controls::check_box(frame, reading, label);
        // A tab tells its state by a stroke below its text, a radio button by its mark.
        let around = line.bounds.inflated(line.bounds.height as i32);
        let mark = check.as_ref().map_or(line.bounds, |check| check.bounds);
        let area = around.union(&mark.inflated(2)).intersection(&frame.bounds());
        Some(Toggle {
            look: controls::look(frame, area),
            pixels: frame.crop(area),
            label: line.text.clone(),
            bounds: line.bounds,
            area,
            ticked: check.and_then(|check| check.checked),
        })
    })
}
