//! Choosing one of two toggles, and knowing that it is chosen, in a look that nobody described.
//!
//! Which of two looks means "selected" is a convention that a theme may turn round, and a form that was disabled when
//! it was clicked changes its looks too when it is enabled. So a look alone is a hint only: what counts is that the
//! pair answers to clicks. The evidence, best first: the login button's own label names the mode; after a click on the
//! wanted one the two exchanged their looks; clicks on the wanted one lead to the same look twice, and a click on the
//! other one in between to another. The last may be the focus that moves: for live and paper the focus is put into a
//! field before each look, and both toggles must show the click.

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
    /// Put the focus elsewhere, into a field.
    Rest,
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
    /// How the pair looked after the last click on the wanted one, and on the other one; with the focus elsewhere when
    /// `strict`.
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
    /// The focus was put elsewhere since.
    rests: bool,
}

#[derive(Debug)]
enum Evidence {
    Label,
    Looks(Box<Pair>),
    /// The pair's pixels with the focus elsewhere: where looks are all there is, they must not change at all.
    Pixels(Box<Pair>),
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
        let (wanted, rests) = (clicked.wanted, clicked.rests);
        if wanted && !rests && named != Some(Named::Other) {
            let evidence = if clicked.named == Some(Named::Other) {
                Some("the login button no longer names the other one")
            } else if pair.exchanged(&clicked.before) {
                Some("the two exchanged their looks")
            } else {
                None
            };
            if let Some(evidence) = evidence {
                self.rests_on = Some(Evidence::Looks(Box::new(pair)));
                return ChoiceStep::Chosen(evidence);
            }
        }
        // The first round is for pairs that tell by themselves.
        if self.strict && !rests && (wanted || self.after_wanted.is_some()) {
            self.clicked = Some(Clicked {
                at: now,
                before: pair,
                named,
                wanted,
                rests: true,
            });
            return ChoiceStep::Rest;
        }
        if !wanted {
            self.after_other = Some(pair.clone()).filter(|_| rests || !self.strict);
            return self.click(now, pair, named, true);
        }
        if named == Some(Named::Other) {
            return self.click(now, pair, named, true);
        }
        if self.answers_to_clicks(&pair) {
            return ChoiceStep::Chosen(if self.strict {
                self.rests_on = Some(Evidence::Pixels(Box::new(pair)));
                "both toggles answer to clicks, there and back, whatever has the focus"
            } else {
                self.rests_on = Some(Evidence::Looks(Box::new(pair)));
                "it answers to clicks, there and back"
            });
        }
        self.after_wanted = Some(pair.clone());
        self.click(now, pair, named, false)
    }

    /// Whether `pair`, after a click on the wanted one, looks as after the one before, and otherwise than after a click
    /// on the other one in between.
    fn answers_to_clicks(&self, pair: &Pair) -> bool {
        let (Some(wanted), Some(other)) = (&self.after_wanted, &self.after_other) else {
            return false;
        };
        let exchanged = if self.strict {
            pair.wanted.differs(&other.wanted) && pair.other.differs(&other.other)
        } else {
            pair.differs(other)
        };
        exchanged && !pair.differs(wanted)
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
                named != Some(Named::Other)
                    && self.find_pair(view).is_some_and(|now| {
                        chosen.wanted.looks_like(&now.wanted) && chosen.other.looks_like(&now.other)
                    })
            }
            Some(Evidence::Pixels(chosen)) => {
                named != Some(Named::Other) && self.find_pair(view).is_some_and(|now| !chosen.differs(&now))
            }
        }
    }

    fn find_pair(&self, view: &View) -> Option<Pair> {
        let (wanted, other) = (find(view, &self.wanted)?, find(view, &self.other)?);
        Some(Pair { wanted, other })
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
            rests: false,
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

/// Whether a text is this toggle's label, with or without a mark before it.
pub(super) fn is_label(text: &str, label: &str) -> bool {
    let label = Folded::of(label);
    let is = |text: &str| Folded::of(text).equals(&label, LIKENESS).is_some();
    is(text) || is(without_mark(text))
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
        let line = reading.lines.iter().find(|line| is_label(&line.text, label))?;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::screen::{Line, Reading, Size};

    const LABELS: [&str; 2] = ["Live Trading", "Paper Trading"];
    const INK: u32 = 0x0020_2020;

    /// Two tabs: the chosen one is underlined, if the look shows it at all; one of them may have the focus.
    fn view(chosen: Option<usize>, focus: Option<usize>) -> View {
        let mut frame = Frame::new(Size::new(400, 100));
        frame.fill(frame.bounds(), 0x00f0_f0f0);
        let mut lines = Vec::new();
        for (at, label) in LABELS.into_iter().enumerate() {
            let bounds = Rect::new(30 + 180 * at as i32, 40, 100, 12);
            if focus == Some(at) {
                frame.fill(bounds.inflated(4), 0x0080_a0c0);
                frame.fill(bounds.inflated(3), 0x00f0_f0f0);
            }
            frame.fill(Rect::new(bounds.x, 45, 100, 2), INK);
            if chosen == Some(at) {
                frame.fill(Rect::new(bounds.x, 54, 100, 2), INK);
            }
            lines.push(Line {
                text: label.to_owned(),
                bounds,
                confidence: 95,
                region: None,
            });
        }
        let reading = Reading {
            size: frame.size(),
            lines,
            ..Reading::default()
        };
        View {
            frame: Arc::new(frame),
            reading: Arc::new(reading),
        }
    }

    /// Plays a form that shows its choice, its focus, or neither; the last step, and what shows then.
    fn play(shows_choice: bool, shows_focus: bool, choice: &mut Choice) -> (ChoiceStep, View) {
        let mut now = Instant::now();
        let (mut chosen, mut focus) = (0, None);
        for _ in 0..100 {
            let shown = view(
                shows_choice.then_some(chosen),
                if shows_focus { focus } else { None },
            );
            match choice.next(now, &shown, None) {
                ChoiceStep::Click { label, .. } => {
                    chosen = usize::from(label == LABELS[1]);
                    focus = Some(chosen);
                }
                ChoiceStep::Rest => focus = None,
                ChoiceStep::Wait(until) => now = until,
                step => return (step, shown),
            }
        }
        panic!("no end of steps");
    }

    fn paper() -> Choice {
        Choice::new(vec![LABELS[1]], vec![LABELS[0]]).strict()
    }

    #[test]
    fn a_stroke_is_told_from_the_focus_by_putting_that_elsewhere() {
        for shows_focus in [false, true] {
            let mut choice = paper();
            let (step, shown) = play(true, shows_focus, &mut choice);
            assert!(matches!(step, ChoiceStep::Chosen(_)), "{step:?}");
            assert!(choice.stands(&shown, None));
            assert!(!choice.stands(&view(Some(0), None), None), "another choice");
            assert!(!choice.stands(&view(Some(1), Some(1)), None), "another look");
            assert!(!choice.stands(&shown, Some(Named::Other)));
        }
    }

    #[test]
    fn toggles_that_show_nothing_but_the_focus_prove_nothing() {
        for shows_focus in [false, true] {
            let (step, _) = play(false, shows_focus, &mut paper());
            assert!(matches!(step, ChoiceStep::Failed(_)), "{step:?}");
        }
    }
}
