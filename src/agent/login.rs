//! The plan that fills in the login form: choices, user name, password, permission, button. Each step is verified
//! before the next; one that cannot be verified ends the plan with nothing submitted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Typed, View};
use super::choice::{Choice, ChoiceStep, Named, is_label};
use super::entry::{Entry, Look, PAINTED, RETRY, shown_in};
use super::fields::{Fields, is_field_label};
use super::policy::Policy;
use crate::config::TradingMode;
use crate::dialogs::{Press, Rule};
use crate::screen::{Frame, Rect, WindowId};
use crate::vision::controls::{self, Button};

/// How long fields may stay disabled, or toggles away, before the plan is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the gateway may do nothing visible after the login button was pressed.
const ANSWER: Duration = Duration::from_secs(30);

const IB_API: [&str; 3] = ["IB API", "TWS/API", "API"];
const FIX: [&str; 1] = ["FIX CTCI"];
const LIVE: [&str; 1] = ["Live Trading"];
const PAPER: [&str; 1] = ["Paper Trading"];

/// Whether a text is a label that the plan looks for: of a toggle, or of a field.
pub fn is_form_label(text: &str) -> bool {
    let mut toggles = [&IB_API[..], &FIX, &LIVE, &PAPER].into_iter().flatten();
    is_field_label(text) || toggles.any(|label| is_label(text, label))
}

/// What the plan wants now.
#[derive(Debug)]
pub(super) enum Next {
    Act(Action),
    /// Something to tell: this step is verified.
    Verified(String),
    /// Nothing until the form changes, or this time.
    Wait(Instant),
    /// Give up: nothing was submitted.
    Fail(String),
    /// The button was pressed and the form did not react: start afresh.
    Stale,
}

#[derive(Debug)]
enum Step {
    MaySubmit,
    Api(Choice),
    Mode(Choice),
    UserName,
    Password,
    /// The password may stand where the user name was: that is typed again, and the password's field must not be empty.
    UserNameAgain,
    /// The second pair of a FIX login.
    DataUserName,
    DataPassword,
    /// A field that does not say what it holds was typed into: its picture will tell.
    Look {
        what: Typed,
        typed: Instant,
    },
    Permit {
        filled: Instant,
    },
    Submit,
    Submitted {
        at: Instant,
    },
}

/// The login form and how far it is filled in.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) window: WindowId,
    mode: TradingMode,
    /// FIX CTCI instead of IB API; and whether its second pair is to be filled in.
    fix: bool,
    with_data: bool,
    step: Step,
    started: Instant,
    not_before: Option<Instant>,
    /// User name and password field are the other way round than they look.
    swapped: bool,
    entry: Entry,
    /// The password field before it was filled: one that looks so again was rebuilt.
    empty_password: Option<(Rect, Frame)>,
    /// The choices, once they are made.
    api_choice: Option<Choice>,
    mode_choice: Option<Choice>,
    /// A password was typed.
    has_typed_password: bool,
    /// A press of the login button failed, but may have arrived all the same.
    may_be_pressed: bool,
    last_failure: String,
}

impl Login {
    pub(super) fn new(now: Instant, window: WindowId, policy: &Policy) -> Self {
        Self {
            window,
            mode: policy.mode,
            fix: policy.fix,
            with_data: policy.fix && policy.has_data_credentials,
            step: Step::MaySubmit,
            started: now,
            not_before: None,
            swapped: false,
            entry: Entry::default(),
            empty_password: None,
            api_choice: None,
            mode_choice: None,
            has_typed_password: false,
            may_be_pressed: false,
            last_failure: String::new(),
        }
    }

    /// Whether the button was pressed, or may have been.
    pub(super) const fn is_submitted(&self) -> bool {
        self.may_be_pressed || self.waits_for_answer()
    }

    /// Whether the button was pressed for certain, so that there is nothing to do but wait.
    pub(super) const fn waits_for_answer(&self) -> bool {
        matches!(self.step, Step::Submitted { .. })
    }

    /// Until when a password may stand in a field, if one does.
    pub(super) fn holds_password_until(&self) -> Option<Instant> {
        (self.has_typed_password && !self.waits_for_answer()).then(|| self.started + PATIENCE)
    }

    /// Whether an attempt is written down that was certainly not made yet.
    pub(super) const fn is_permitted(&self) -> bool {
        !self.may_be_pressed && matches!(self.step, Step::Submit)
    }

    /// The form is covered by something that works for the login: the wait for an answer begins anew.
    pub(super) const fn touch(&mut self, now: Instant) {
        if let Step::Submitted { at } = &mut self.step {
            *at = now;
        }
    }

    /// What to do, now that the login form is on top and stands still as `view`.
    pub(super) fn next(&mut self, now: Instant, view: &View, rule: &Rule) -> Next {
        if let Step::Submitted { at } = self.step {
            return if now < at + ANSWER {
                Next::Wait(at + ANSWER)
            } else {
                Next::Stale
            };
        }
        if let Some(not_before) = self.not_before.filter(|&time| now < time) {
            return Next::Wait(not_before);
        }
        if now > self.started + PATIENCE {
            return Next::Fail(format!(
                "the login form could not be filled in: {}",
                self.last_failure
            ));
        }
        let Some(submit) = rule
            .buttons()
            .iter()
            .find_map(|label| controls::button(&view.reading, label))
        else {
            return self.again(now, "the login button cannot be seen");
        };
        let named = named(self.mode, &submit);
        let complete = matches!(self.step, Step::Permit { .. } | Step::Submit);
        if complete && !self.choices_stand(view, named) {
            self.begin_choices();
            return self.again(now, "what was chosen is no longer chosen");
        }
        match &mut self.step {
            Step::MaySubmit => Next::Act(Action::MaySubmit),
            Step::Api(choice) => {
                let what = if self.fix { "FIX CTCI" } else { "IB API" };
                let step = match choice.next(now, view, None) {
                    ChoiceStep::Absent if self.fix => ChoiceStep::Failed("no toggle for it".into()),
                    step => step,
                };
                self.choose(now, step, view, &submit, &format!("API type {what}"))
            }
            Step::Mode(choice) => {
                let step = match choice.next(now, view, named) {
                    ChoiceStep::Absent => {
                        ChoiceStep::Failed("neither a mode toggle nor a button that names the mode".into())
                    }
                    step => step,
                };
                self.choose(now, step, view, &submit, &format!("trading mode {:?}", self.mode))
            }
            Step::UserName | Step::UserNameAgain => self.fill(now, view, &submit, Typed::UserName),
            Step::Password => self.fill(now, view, &submit, Typed::Password),
            Step::DataUserName => self.fill(now, view, &submit, Typed::DataUserName),
            Step::DataPassword => self.fill(now, view, &submit, Typed::DataPassword),
            Step::Look { what, typed } => {
                let (what, typed) = (*what, *typed);
                self.look(now, view, &submit, what, typed)
            }
            Step::Permit { filled } => match &self.empty_password {
                Some((field, before)) if view.frame.crop(*field) == *before => {
                    if now < *filled + PAINTED {
                        return Next::Wait(*filled + PAINTED);
                    }
                    self.step = Step::UserName;
                    self.again(now, "the form was rebuilt while it was filled in")
                }
                _ => Next::Act(Action::BeginSubmission),
            },
            Step::Submit => {
                let evidence = self.evidence(view);
                self.click(now, view, submit.bounds, &submit.label, evidence)
            }
            Step::Submitted { .. } => Next::Stale,
        }
    }

    fn click(&mut self, now: Instant, view: &View, bounds: Rect, label: &str, unchanged: Vec<Rect>) -> Next {
        let Some(label) = Press::harmless(label) else {
            return self.again(now, &format!("\"{label}\" is no label of a login form"));
        };
        Next::Act(Action::Click {
            window: self.window,
            bounds,
            label,
            seen: Arc::clone(&view.frame),
            unchanged,
        })
    }

    fn fill(&mut self, now: Instant, view: &View, submit: &Button, what: Typed) -> Next {
        let fields = self.fields(view, submit);
        let Some((fields, field)) = fields.and_then(|fields| Some((fields, fields.of(what)?))) else {
            return self.again(now, "the fields cannot be found");
        };
        // What is left of an earlier attempt would pass for a form that was rebuilt.
        let password = fields.password;
        if what == Typed::UserName && (self.empty_password.is_none() || shown_in(view, password).is_none()) {
            self.empty_password = Some((password, view.frame.crop(password)));
        }
        self.has_typed_password |= matches!(what, Typed::Password | Typed::DataPassword);
        Next::Act(self.entry.fill(self.window, view, field, what))
    }

    /// The first pair stands in its fields: on to the second, if there is one.
    fn fill_in_data(&mut self, now: Instant) {
        self.step = if self.with_data {
            Step::DataUserName
        } else {
            Step::Permit { filled: now }
        };
    }

    /// Takes the result of the action that [`Login::next`] asked for.
    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) -> Next {
        self.not_before = None;
        if let Step::Api(choice) | Step::Mode(choice) = &mut self.step
            && *result != ActResult::Done
        {
            choice.forget_click();
        }
        match (&self.step, result) {
            (Step::MaySubmit, ActResult::Permitted) => {
                self.begin_choices();
                Next::Wait(now)
            }
            (Step::UserName, ActResult::Filled) => {
                self.step = Step::Password;
                Next::Verified("user name, read back from its field".into())
            }
            (Step::UserName, ActResult::NotVerified { masked: true, .. }) => {
                self.swapped = !self.swapped;
                self.again(now, "the first field hides what is typed: it is the password's")
            }
            (Step::Password, ActResult::Filled) => {
                self.fill_in_data(now);
                Next::Verified("password, read back as many echo characters".into())
            }
            (Step::Password, ActResult::FilledInPlain) => {
                self.step = Step::UserNameAgain;
                Next::Wait(now)
            }
            (Step::UserNameAgain, ActResult::Filled) => {
                self.fill_in_data(now);
                Next::Verified("password, read back in plain, and the user name once more".into())
            }
            (Step::DataUserName, ActResult::Filled) => {
                self.step = Step::DataPassword;
                Next::Verified("user name for market data, read back from its field".into())
            }
            (Step::DataPassword, ActResult::Filled) => {
                self.step = Step::Permit { filled: now };
                Next::Verified("password for market data, read back as many echo characters".into())
            }
            (Step::DataPassword, ActResult::FilledInPlain) => {
                self.again(now, "the field for the second password shows it")
            }
            (Step::Permit { .. }, ActResult::Permitted) => {
                self.step = Step::Submit;
                Next::Wait(now)
            }
            (Step::Submit, ActResult::Done) => {
                self.step = Step::Submitted { at: now };
                Next::Wait(now + ANSWER)
            }
            (Step::Look { what, .. }, ActResult::Filled) => {
                let what = *what;
                match what {
                    Typed::UserName => self.step = Step::Password,
                    Typed::DataUserName => self.step = Step::DataPassword,
                    Typed::DataPassword => self.step = Step::Permit { filled: now },
                    Typed::Password | Typed::Code | Typed::GivenCode => self.fill_in_data(now),
                }
                Next::Verified(format!("{what:?}, as its field shows it"))
            }
            // The last characters may not be painted yet.
            (Step::Look { typed, .. }, _) if now < *typed + PAINTED => Next::Wait(*typed + PAINTED),
            (Step::Look { .. }, _) => {
                self.step = Step::UserName;
                if let ActResult::NotVerified { masked: true, .. } = result {
                    self.swapped = !self.swapped;
                }
                self.again(
                    now,
                    "a field does not say what it holds, and shows something else than was typed",
                )
            }
            (step, ActResult::Unread) => {
                let what = match step {
                    Step::Password => Typed::Password,
                    Step::DataUserName => Typed::DataUserName,
                    Step::DataPassword => Typed::DataPassword,
                    _ => Typed::UserName,
                };
                self.step = Step::Look { what, typed: now };
                Next::Wait(now)
            }
            (_, ActResult::NoAnswer) => {
                self.entry.count_unanswered();
                self.again(now, "a field did not say what it holds")
            }
            (
                _,
                ActResult::Done
                | ActResult::Permitted
                | ActResult::Filled
                | ActResult::FilledInPlain
                | ActResult::Clock { .. }
                | ActResult::Holds(_),
            ) => Next::Wait(now),
            (_, ActResult::Changed) => Next::Wait(now),
            (_, ActResult::Interrupted { by }) => {
                self.step = Step::UserName;
                self.again(now, &format!("window {by} opened while typing"))
            }
            (Step::Submit, ActResult::Failed { why }) => {
                self.may_be_pressed = true;
                self.again(now, why)
            }
            (_, ActResult::NotVerified { why, .. } | ActResult::Failed { why }) => {
                // What is not in its field may stand in another one: that of the user name was verified before.
                if matches!(
                    self.step,
                    Step::Password | Step::UserNameAgain | Step::DataUserName | Step::DataPassword
                ) {
                    self.step = Step::UserName;
                }
                self.again(now, why)
            }
            (_, ActResult::NotYet { retry_after }) => {
                self.not_before = Some(now + *retry_after);
                Next::Wait(now + *retry_after)
            }
            (_, ActResult::Denied { why, .. }) => Next::Fail(why.clone()),
        }
    }

    fn choose(&mut self, now: Instant, step: ChoiceStep, view: &View, submit: &Button, what: &str) -> Next {
        match step {
            ChoiceStep::Click { bounds, label } => self.click(now, view, bounds, &label, Vec::new()),
            ChoiceStep::Rest => match self.fields(view, submit) {
                Some(fields) => self.click(now, view, fields.user_name, "the user name's field", Vec::new()),
                None => {
                    self.begin_choices();
                    self.again(now, "the fields cannot be found")
                }
            },
            ChoiceStep::Wait(until) => Next::Wait(until),
            ChoiceStep::Chosen(evidence) => {
                self.advance_choice();
                Next::Verified(format!("{what}: {evidence}"))
            }
            ChoiceStep::Absent => {
                self.advance_choice();
                Next::Wait(now)
            }
            ChoiceStep::Failed(why) => {
                self.begin_choices();
                self.again(now, &format!("{what} cannot be verified: {why}"))
            }
        }
    }

    fn begin_choices(&mut self) {
        (self.api_choice, self.mode_choice) = (None, None);
        let (ib, fix) = (IB_API.to_vec(), FIX.to_vec());
        self.step = Step::Api(if self.fix {
            Choice::new(fix, ib)
        } else {
            Choice::new(ib, fix)
        });
    }

    fn advance_choice(&mut self) {
        let (live, paper) = (LIVE.to_vec(), PAPER.to_vec());
        match std::mem::replace(&mut self.step, Step::UserName) {
            Step::Api(choice) => {
                self.api_choice = Some(choice);
                self.step = Step::Mode(match self.mode {
                    TradingMode::Live => Choice::new(live, paper).strict(),
                    TradingMode::Paper => Choice::new(paper, live).strict(),
                });
            }
            Step::Mode(choice) => self.mode_choice = Some(choice),
            _ => {}
        }
    }

    /// Whether the choices still stand. They were made before the fields were filled: the form may have been rebuilt.
    fn choices_stand(&self, view: &View, named: Option<Named>) -> bool {
        let stands =
            |choice: &Option<Choice>, named| choice.as_ref().is_some_and(|choice| choice.stands(view, named));
        stands(&self.api_choice, None) && stands(&self.mode_choice, named)
    }

    /// The parts of the form that show what is about to be submitted: the choices, and where the password begins.
    fn evidence(&self, view: &View) -> Vec<Rect> {
        let choices = [&self.api_choice, &self.mode_choice].into_iter().flatten();
        let mut parts: Vec<Rect> = choices.flat_map(|choice| choice.areas(view)).collect();
        if let Some((field, _)) = &self.empty_password {
            let start = field.width.min(field.height);
            parts.push(Rect::new(field.x, field.y, start, field.height));
        }
        parts
    }

    fn fields(&self, view: &View, submit: &Button) -> Option<Fields> {
        let current = match &self.step {
            Step::Api(choice) | Step::Mode(choice) => Some(choice),
            _ => None,
        };
        let toggles: Vec<Rect> = [self.api_choice.as_ref(), self.mode_choice.as_ref(), current]
            .into_iter()
            .flatten()
            .flat_map(|choice| choice.areas(view))
            .collect();
        let fields = Fields::find(&view.reading, &toggles, submit, self.fix)?;
        Some(if self.swapped { fields.swapped() } else { fields })
    }

    /// What a field shows that was typed into and does not say what it holds.
    fn look(&mut self, now: Instant, view: &View, submit: &Button, what: Typed, typed: Instant) -> Next {
        let Some(field) = self.fields(view, submit).and_then(|fields| fields.of(what)) else {
            return self.again(now, "the fields cannot be found");
        };
        match self.entry.look(now, view, field, what, typed) {
            Look::Compare(action) => Next::Act(action),
            Look::Wait(until) => Next::Wait(until),
            Look::Nothing => {
                self.step = Step::UserName;
                self.again(now, "a field neither says nor shows what was typed")
            }
        }
    }

    fn again(&mut self, now: Instant, why: &str) -> Next {
        why.clone_into(&mut self.last_failure);
        self.not_before = Some(now + RETRY);
        Next::Wait(now + RETRY)
    }
}

/// `Paper Log In` names the paper mode. `Log In` and `Login` say nothing: not every version's label follows the mode.
fn named(mode: TradingMode, submit: &Button) -> Option<Named> {
    if !submit.label.to_lowercase().starts_with("paper") {
        return None;
    }
    Some(if mode == TradingMode::Paper {
        Named::Wanted
    } else {
        Named::Other
    })
}
