//! Filling in the fields that a rule names, before its button is pressed. What types the password goes by the
//! discipline of a login: nothing is typed unless an attempt is permitted, nothing is pressed unless every field was
//! verified and the attempt is written down, and a prompt that comes again was refused.

use std::mem;
use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Outcome, Seen, Typed, View};
use super::answer::Answer;
use super::entry::{Entry, Look, PAINTED, RETRY, shown_in};
use super::{Agent, Asker, Event};
use crate::dialogs::{Fill, FillText, Rule};
use crate::screen::{Frame, Rect, WindowId};
use crate::vision::controls;

/// How long the fields may defy being filled in.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a prompt must have been away before what was handed in counts as accepted.
const ACCEPTED: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(super) enum FillStep {
    Act(Action),
    /// Something to tell: this field is verified.
    Verified(String),
    Wait(Instant),
    /// All is filled in, and may be handed in as long as this part looks as it does.
    Filled(Option<Rect>),
    Fail(String),
}

#[derive(Debug)]
enum Step {
    MaySubmit,
    Type,
    /// The field does not say what it holds: its picture will tell.
    Look {
        typed: Instant,
    },
    /// All fields are verified.
    Full {
        since: Instant,
    },
    /// And the attempt is written down.
    Permitted,
}

/// The fields of one dialog, and how far they are filled in.
#[derive(Debug)]
pub(super) struct Filling {
    step: Step,
    governed: bool,
    /// The field that is next.
    at: usize,
    entry: Entry,
    started: Instant,
    not_before: Option<Instant>,
    verified: Option<String>,
    /// The password's field, as it was before it was filled.
    empty: Option<(Rect, Frame)>,
    last_failure: String,
}

impl Filling {
    pub(super) fn new(now: Instant, rule: &Rule) -> Self {
        let governed = rule.types_password();
        Self {
            step: if governed { Step::MaySubmit } else { Step::Type },
            governed,
            at: 0,
            entry: Entry::default(),
            started: now,
            not_before: None,
            verified: None,
            empty: None,
            last_failure: String::new(),
        }
    }

    /// Whether the password is among them.
    pub(super) const fn is_governed(&self) -> bool {
        self.governed
    }

    /// Whether an attempt is written down.
    pub(super) const fn is_permitted(&self) -> bool {
        matches!(self.step, Step::Permitted)
    }

    pub(super) fn next(&mut self, now: Instant, window: WindowId, view: &View, rule: &Rule) -> FillStep {
        if let Some(what) = self.verified.take() {
            return FillStep::Verified(format!("{}: {what}", rule.name));
        }
        if let Some(time) = self.not_before.filter(|&time| now < time) {
            return FillStep::Wait(time);
        }
        if now > self.started + PATIENCE {
            return FillStep::Fail(format!("it could not be filled in: {}", self.last_failure));
        }
        match self.step {
            Step::MaySubmit => FillStep::Act(Action::MaySubmit),
            Step::Type | Step::Look { .. } if self.at == rule.fill().len() => {
                self.step = Step::Full { since: now };
                FillStep::Wait(now)
            }
            Step::Type | Step::Look { .. } => match fields(view, rule.fill()) {
                Ok(fields) => self.fill(now, window, view, fields[self.at], &rule.fill()[self.at]),
                Err(why) => self.again(now, &why),
            },
            Step::Full { .. } if !self.governed => FillStep::Filled(None),
            Step::Full { since } if self.is_empty(view) => {
                if now < since + PAINTED {
                    return FillStep::Wait(since + PAINTED);
                }
                self.begin_again(now, "the fields are empty again")
            }
            Step::Full { .. } => FillStep::Act(Action::BeginSubmission),
            Step::Permitted if self.is_empty(view) => self.begin_again(now, "the fields are empty again"),
            Step::Permitted => FillStep::Filled(self.empty.as_ref().map(|(field, _)| start_of(*field))),
        }
    }

    fn fill(&mut self, now: Instant, window: WindowId, view: &View, field: Rect, fill: &Fill) -> FillStep {
        let what = match &fill.text {
            FillText::UserName => Typed::UserName,
            FillText::Password => Typed::Password,
            FillText::Value(text) => {
                return FillStep::Act(Action::Write {
                    window,
                    field,
                    text: text.clone(),
                });
            }
        };
        if let Step::Look { typed } = self.step {
            return match self.entry.look(now, view, field, what, typed) {
                Look::Compare(action) => FillStep::Act(action),
                Look::Wait(until) => FillStep::Wait(until),
                Look::Nothing => {
                    self.step = Step::Type;
                    self.again(now, "a field neither says nor shows what was typed")
                }
            };
        }
        if what == Typed::Password && (self.empty.is_none() || shown_in(view, field).is_none()) {
            self.empty = Some((field, view.frame.crop(field)));
        }
        FillStep::Act(self.entry.fill(window, view, field, what))
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) {
        self.not_before = None;
        match (&self.step, result) {
            (Step::MaySubmit, ActResult::Permitted) => self.step = Step::Type,
            (Step::Type, ActResult::Filled) => self.advance("read back from its field"),
            (Step::Look { .. }, ActResult::Filled) => self.advance("as its field shows it"),
            (Step::Full { .. }, ActResult::Permitted) => self.step = Step::Permitted,
            (Step::Type, ActResult::Unread) => self.step = Step::Look { typed: now },
            // The last characters may not be painted yet.
            (Step::Look { typed }, _) if now < *typed + PAINTED => self.not_before = Some(*typed + PAINTED),
            (Step::Look { .. }, _) => {
                self.step = Step::Type;
                self.again(
                    now,
                    "a field does not say what it holds, and shows something else than was typed",
                );
            }
            (_, ActResult::NoAnswer) => {
                self.entry.count_unanswered();
                self.again(now, "a field did not say what it holds");
            }
            (_, ActResult::FilledInPlain) => {
                self.again(now, "the password's field shows it");
            }
            (_, ActResult::Interrupted { by }) => {
                self.at = 0;
                self.again(now, &format!("window {by} opened while typing"));
            }
            (Step::Type, ActResult::NotVerified { why, .. }) => {
                // What is not in its field may stand in one that was verified before.
                self.at = 0;
                self.again(now, why);
            }
            (_, ActResult::NotVerified { why, .. } | ActResult::Failed { why }) => {
                self.again(now, why);
            }
            _ => self.not_before = Some(now + RETRY),
        }
    }

    fn advance(&mut self, how: &str) {
        self.at += 1;
        self.step = Step::Type;
        self.verified = Some(format!("field {}, {how}", self.at));
    }

    /// What was verified is gone.
    fn begin_again(&mut self, now: Instant, why: &str) -> FillStep {
        self.step = Step::Type;
        self.at = 0;
        self.again(now, why)
    }

    fn again(&mut self, now: Instant, why: &str) -> FillStep {
        why.clone_into(&mut self.last_failure);
        self.not_before = Some(now + RETRY);
        FillStep::Wait(now + RETRY)
    }

    fn is_empty(&self, view: &View) -> bool {
        let as_before = |(field, before): &(Rect, Frame)| view.frame.crop(*field) == *before;
        self.empty.as_ref().is_some_and(as_before)
    }

    /// Whether the password's field, which showed something when it was handed in as `pressed`, is empty: the prompt was
    /// put up again.
    pub(super) fn asks_again(&self, pressed: &View, view: &View) -> bool {
        let Some((field, _)) = &self.empty else {
            return false;
        };
        let shows = |view: &View| {
            let mut lines = view.reading.lines.iter();
            lines.any(|line| field.contains(line.bounds.center()))
        };
        self.is_empty(view) || shows(pressed) && !shows(view)
    }
}

/// The field of each, by its label.
fn fields(view: &View, fills: &[Fill]) -> Result<Vec<Rect>, String> {
    let mut fields = Vec::with_capacity(fills.len());
    for fill in fills {
        let labels: Vec<&str> = fill.field.iter().map(String::as_str).collect();
        match controls::field_labelled(&view.reading, &labels) {
            None => return Err(format!("no field is called {labels:?}")),
            Some(field) if fields.contains(&field.bounds) => {
                return Err(format!("the field called {labels:?} is another one's too"));
            }
            Some(field) => fields.push(field.bounds),
        }
    }
    Ok(fields)
}

/// Where a field's text begins: the caret, which blinks, is farther on.
const fn start_of(field: Rect) -> Rect {
    let width = if field.width < field.height {
        field.width
    } else {
        field.height
    };
    Rect::new(field.x, field.y, width, field.height)
}

impl Agent {
    /// Whether a rule that types credentials leaves it to a human.
    pub(super) fn withholds(&self, rule: &Rule) -> bool {
        let barred = self.locked.is_some() || self.closing;
        rule.types_password() && barred || rule.takes_credentials() && !self.policy.has_credentials
    }

    /// Whether the password is just being typed into another window, or was handed in there by the same rule and
    /// nobody knows yet what becomes of it.
    pub(super) fn waits_for_another(&self, window: WindowId, rule: &Rule) -> bool {
        let unpressed = |answer: &Answer| !answer.is_pressed();
        let handed_in =
            self.handed_in.contains_key(&rule.name) && self.answers.get(&window).is_none_or(unpressed);
        let mut others = self.answers.iter().filter(|&(&other, _)| other != window);
        rule.types_password() && (handed_in || others.any(|(_, other)| other.is_filling_in()))
    }

    /// A window that shows something else than the prompt that is being filled in: what was typed counts no more.
    pub(super) fn forget_gone_prompts(&mut self, known: &[(Seen, View, Rule)]) {
        let shows = |window: WindowId, name: &str| {
            let mut known = known.iter();
            known.any(|(seen, _, rule)| seen.window.id == window && rule.name == name)
        };
        for (&window, answer) in &mut self.answers {
            if !answer.is_filling_in() || shows(window, &answer.rule) {
                continue;
            }
            if answer.is_permitted() {
                self.queue
                    .push_back((Asker::Nobody, Action::Record(Outcome::Withdrawn)));
            }
            answer.forget_fields();
        }
    }

    /// A dialog is gone: an attempt that was written down for it, but not made, is none.
    pub(super) fn withdraw_unless_made(&mut self, gone: Option<&Answer>) {
        if gone.is_some_and(Answer::is_permitted) {
            self.queue
                .push_back((Asker::Nobody, Action::Record(Outcome::Withdrawn)));
        }
    }

    /// The prompt of this rule came again: what was handed in is wrong.
    pub(super) fn refused_again(&mut self) {
        self.handed_in.clear();
        self.end_login();
        self.queue
            .push_back((Asker::Refusal, Action::Record(Outcome::Refused)));
    }

    pub(super) fn answer_result(&mut self, now: Instant, window: WindowId, result: &ActResult) {
        if let ActResult::Denied { why, retry_after } = result {
            self.events.push_back(Event::Denied {
                why: why.clone(),
                retry_after: *retry_after,
            });
            match (retry_after, self.answers.get_mut(&window)) {
                (Some(pause), Some(answer)) => answer.pause(now + *pause),
                (Some(_), None) => {}
                (None, _) => self.lock(why.clone()),
            }
            return;
        }
        let Some(answer) = self.answers.get_mut(&window) else {
            return;
        };
        if !answer.handle(now, result) {
            return;
        }
        let name = answer.rule.clone();
        // Prompts that show already are no answer to what was handed in.
        for (seen, _, rule) in self.known() {
            if rule.name == name {
                let answer = self.answers.entry(seen.window.id);
                answer.or_insert_with(|| Answer::new(now, &rule));
            }
        }
        self.handed_in.insert(name, now);
        self.submitted = true;
    }

    /// What was handed in counts as accepted when its prompt stayed away for long.
    pub(super) fn judge_handed_in(&mut self, now: Instant, showing: &[&str]) {
        for rule in showing {
            if let Some(since) = self.handed_in.get_mut(*rule) {
                *since = now;
            }
        }
        let Some(due) = self.handed_in.values().max().map(|&since| since + ACCEPTED) else {
            return;
        };
        if now < due {
            return self.wake_at(due);
        }
        self.accepted();
        // A login that went on with the same credentials tells itself what became of it.
        if self.logged_in || !self.attempted {
            self.end_login();
            self.queue
                .push_back((Asker::Nobody, Action::Record(Outcome::LoggedIn)));
        }
    }

    /// The credentials are right: a prompt that comes again is a new one.
    pub(super) fn accepted(&mut self) {
        let handed_in = mem::take(&mut self.handed_in);
        self.answers
            .retain(|_, answer| !handed_in.contains_key(&answer.rule));
    }
}
