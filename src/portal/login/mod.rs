//! A login on IBKR's page: what is done there, one act at a time. Pure.
//!
//! Each act has a goal that the page must show before the next one. Credentials are submitted once, with permission, and only
//! when their fields hold as much as was typed; what the page says then decides the end. Nothing is submitted again but for a
//! user of the other mode, after the switch was turned.

mod act;
mod dots;
mod factor;
mod outcome;
mod page;
mod sight;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub use self::act::{Act, Answer, Code, Policy, Shot, What};
use self::act::{Goal, Pending};
use self::factor::Factor;
pub use self::outcome::{Ending, Outcome};
pub use self::page::{Element, Page};
pub use self::sight::{Sight, Typed};
use super::selectors::{Meaning, Part, Selectors};

/// How long a page may take to show what an act was for. Keys may wait behind a page that is at work.
const GOAL: Duration = Duration::from_millis(1500);
/// The same for a page that is looked at: that its picture is as it was tells nothing of keys which wait.
const GOAL_SEEN: Duration = Duration::from_secs(5);
/// How long a page is left alone after an act that has no goal of its own.
const PAUSE: Duration = Duration::from_millis(250);
/// How often an act is tried whose goal does not come.
const TRIES: u32 = 5;
/// An error that was there before the credentials were submitted counts as a new one after this time.
const OLD_ERROR: Duration = Duration::from_secs(8);
/// How long a form that came back may stay without an error before it counts as one without a reason.
const FORM_AGAIN: Duration = Duration::from_secs(2);

/// Where the login is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// The form is filled in.
    Filling,
    /// Whoever permits it is asked.
    Asking,
    /// It was submitted: IBKR decides.
    Submitted,
}

/// The login.
#[derive(Debug)]
pub struct Login {
    policy: Policy,
    selectors: Selectors,
    /// Characters of user name and password, in units of UTF-16.
    lengths: [usize; 2],
    stage: Stage,
    page: Option<Page>,
    /// When the page was told of last; at first, when the browser was started.
    told: Instant,
    /// When what it told was true.
    true_at: Instant,
    /// When anything happened last.
    now: Instant,
    /// When the stage, or a step of the second factor, began.
    since: Instant,
    pending: Option<Pending>,
    /// Goals that were tried for and not reached, and how often.
    tries: Vec<(Goal, u32)>,
    /// What was typed, and by whom: nothing that stands in a field already counts.
    typed: [bool; 2],
    /// Whether the switch between live and paper is to be on.
    paper: bool,
    /// Whether it was turned because IBKR asked for that.
    turned: bool,
    /// When the form was ready to be submitted.
    ready: Option<Instant>,
    /// The error that the page showed when something was submitted, and the document that did it.
    old_error: Option<String>,
    submitted_from: u64,
    /// When the form was seen again after the submission.
    form_again: Option<Instant>,
    factor: Factor,
    /// Whether the page does not tell of itself, but is looked at: it may stand still then.
    is_looked_at: bool,
    list_is_open: bool,
    submissions: u32,
    pushes: u32,
    acts: Vec<Act>,
    ended: bool,
}

impl Login {
    /// A login whose browser was just started. `lengths` are those of user name and password in units of UTF-16.
    #[must_use]
    pub fn new(now: Instant, policy: Policy, selectors: Selectors, lengths: [usize; 2]) -> Self {
        Self {
            paper: policy.paper,
            policy,
            selectors,
            lengths,
            stage: Stage::Filling,
            page: None,
            told: now,
            true_at: now,
            now,
            since: now,
            pending: None,
            tries: Vec::new(),
            typed: [false; 2],
            turned: false,
            ready: None,
            old_error: None,
            submitted_from: 0,
            form_again: None,
            factor: Factor::default(),
            is_looked_at: false,
            list_is_open: false,
            submissions: 0,
            pushes: 0,
            acts: Vec::new(),
            ended: false,
        }
    }

    /// The page told of itself, as it was `age` ago.
    pub fn observe(&mut self, now: Instant, age: Duration, page: Page) {
        self.told = now;
        self.true_at = now.checked_sub(age).unwrap_or(now);
        self.now = now;
        self.page = Some(page);
        self.go_on(now);
    }

    /// The page's picture was looked at, as it does not tell of itself.
    pub fn look(&mut self, now: Instant, page: Page) {
        self.is_looked_at = true;
        self.observe(now, Duration::ZERO, page);
    }

    /// A list of the page was opened or closed.
    pub fn list_shown(&mut self, now: Instant, is_open: bool) {
        self.now = now;
        self.list_is_open = is_open;
        self.go_on(now);
    }

    /// The browser shows that it does not believe the certificate.
    pub fn distrusted(&mut self) {
        self.end(Ending::Distrusted);
    }

    /// The browser ended.
    pub fn browser_ended(&mut self, how: String) {
        self.end(Ending::BrowserDied(how));
    }

    /// It is to end.
    pub fn stopped(&mut self) {
        self.end(Ending::Stopped);
    }

    /// Something that had to be done cannot be done.
    pub fn failed(&mut self, why: String) {
        self.end(Ending::Broken(why));
    }

    /// The last act was not done, and nothing was pressed. Most are tried again when their goal does not come; the submission
    /// is not, and was none.
    pub fn not_done(&mut self, why: &str) {
        let is_submission = self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.goal == Goal::Submitted);
        if is_submission {
            self.submissions -= 1;
            self.end(Ending::Broken(format!("the login could not be submitted: {why}")));
        }
    }

    /// The answer to what was asked.
    pub fn answered(&mut self, now: Instant, answer: Answer) {
        self.now = now;
        match answer {
            Answer::Submission(permitted) if self.stage == Stage::Asking => {
                if permitted {
                    self.submit(now);
                } else {
                    self.end(Ending::NotPermitted);
                }
            }
            Answer::Push(permitted) => self.push_answered(now, permitted),
            Answer::Code(code) => self.code_answered(now, code),
            Answer::Submission(_) => {}
        }
        self.go_on(now);
    }

    /// When [`Self::handle_timeout`] has something to do, if nothing happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.ended {
            return None;
        }
        let pending = self.pending.as_ref().map(|pending| pending.until);
        let ready = self.ready.map(|ready| ready + self.policy.pause);
        let form = self.form_again.map(|since| since + FORM_AGAIN);
        let old = self.old_error.as_ref().map(|_| self.since + OLD_ERROR);
        let due = [pending, ready, form, old, self.factor.due(&self.policy)];
        let due = due.into_iter().flatten().filter(|due| *due > self.now);
        due.chain(self.silence()).chain([self.deadline()]).min()
    }

    /// It is later now.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.ended {
            return;
        }
        self.now = now;
        if now >= self.deadline() {
            let ending = self.too_late();
            self.end(ending);
        } else if self.silence().is_some_and(|silence| now >= silence) {
            self.end(Ending::TimedOut(match self.page {
                Some(_) => "the page has stood still: it did not tell of itself".into(),
                None => "the browser did not show the login page".into(),
            }));
        } else {
            self.go_on(now);
        }
    }

    /// Whether whoever else clicks or types now is in the way: always but when a human is waited for. A page may take keys late,
    /// and what was submitted could be submitted again.
    #[must_use]
    pub const fn is_at_work(&self) -> bool {
        self.pending.is_some() || !self.factor.waits_for_a_human()
    }

    /// What is to be done next.
    pub fn poll_act(&mut self) -> Option<Act> {
        (!self.acts.is_empty()).then(|| self.acts.remove(0))
    }

    /// When a page counts as standing still that told nothing of itself.
    fn silence(&self) -> Option<Instant> {
        (!self.is_looked_at).then(|| self.told + self.policy.silence)
    }

    fn deadline(&self) -> Instant {
        self.since
            + match self.stage {
                Stage::Filling => self.policy.fill_limit,
                Stage::Asking => self.policy.ask_limit,
                Stage::Submitted => self.factor.limit(&self.policy),
            }
    }

    fn too_late(&self) -> Ending {
        match self.stage {
            Stage::Filling if self.page.as_ref().is_some_and(Page::has_form) => {
                Ending::TimedOut("the form was not filled in".into())
            }
            Stage::Filling => Ending::TimedOut("the login form did not show".into()),
            Stage::Asking => Ending::NotPermitted,
            Stage::Submitted => self.factor.too_late(),
        }
    }

    fn end(&mut self, ending: Ending) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.acts.clear();
        self.pending = None;
        if let Some(shot) = Shot::of(&ending) {
            self.acts.push(Act::Screenshot(shot));
        }
        self.acts.push(Act::End(Outcome {
            ending,
            submissions: self.submissions,
            pushes: self.pushes,
        }));
    }

    /// Does something, and expects the page to show `goal`.
    fn act(&mut self, now: Instant, act: Act, goal: Goal) {
        // What has no goal may be done as often as the page asks for it.
        if !goal.is_none() {
            let known = self.tries.iter().position(|(before, _)| *before == goal);
            let at = known.unwrap_or_else(|| {
                self.tries.push((goal.clone(), 0));
                self.tries.len() - 1
            });
            self.tries[at].1 += 1;
            if self.tries[at].1 > TRIES {
                return self.end(Ending::Broken(goal.missed()));
            }
        }
        let limit = match (goal.is_none(), self.is_looked_at) {
            (true, _) => PAUSE,
            (false, true) => GOAL_SEEN,
            (false, false) => GOAL,
        };
        let until = now + limit;
        self.acts.push(act);
        self.pending = Some(Pending {
            goal,
            since: now,
            until,
        });
    }

    /// Takes the next step, unless the last one is still under way.
    fn go_on(&mut self, now: Instant) {
        if self.ended || !self.acts.is_empty() {
            return;
        }
        let Some(page) = self.page.clone() else {
            return;
        };
        if let Some(pending) = &self.pending {
            let is_reached = pending.goal.is_reached(&page, self.list_is_open);
            // What was true before the act tells nothing about it.
            if !is_reached && (now < pending.until || self.true_at <= pending.since) {
                return;
            }
            if is_reached {
                self.tries.retain(|(goal, _)| *goal != pending.goal);
            }
            self.pending = None;
        }
        match self.stage {
            Stage::Filling => self.fill(now, &page),
            Stage::Asking => {}
            Stage::Submitted => self.await_end(now, &page),
        }
    }

    fn fill(&mut self, now: Instant, page: &Page) {
        // The promotion may lie over the form as well.
        if let Some(promo) = page.element(Part::Promo).filter(|promo| promo.reachable) {
            return self.act(now, Act::Click(promo.bounds), Goal::Gone(Part::Promo));
        }
        // Before its scripts are there, a form would send itself, with all that stands in it in the address.
        if !page.has_form() || !page.complete {
            return;
        }
        if page.origin != self.policy.origin {
            return self.end(Ending::Broken(format!(
                "the form is at {}, not at the gateway: nothing is typed there",
                page.origin
            )));
        }
        if let Some(paper) = page.element(Part::Paper)
            && let Some(checked) = paper.checked
            && checked != self.paper
        {
            self.typed = [false; 2];
            return self.act(now, Act::Click(paper.bounds), Goal::Switched(self.paper));
        }
        if self.paper && !page.has(Part::Paper) {
            return self.end(Ending::Broken(
                "the page has no switch for paper trading; see `paper` in the file of GATEHAND_PORTAL_SELECTORS".into(),
            ));
        }
        for (index, part, what) in [(0, Part::User, What::User), (1, Part::Password, What::Password)] {
            if !self.fill_field(now, page, index, part, what) {
                return;
            }
        }
        let ready = *self.ready.get_or_insert(now);
        if now >= ready + self.policy.pause {
            self.ready = None;
            self.stage = Stage::Asking;
            self.since = now;
            self.acts.push(Act::AskSubmission);
        }
    }

    /// Whether a field holds what it should; else what it takes is done.
    fn fill_field(&mut self, now: Instant, page: &Page, index: usize, part: Part, what: What) -> bool {
        let Some(field) = page.element(part).copied() else {
            return false;
        };
        let length = field.length.unwrap_or_default();
        if self.typed[index] && length == self.lengths[index] {
            return true;
        }
        self.ready = None;
        if !field.enabled {
            return false;
        }
        if !field.focused {
            self.act(now, Act::Click(field.bounds), Goal::Focused(part));
        } else if length > 0 {
            self.typed[index] = false;
            self.act(now, Act::Clear, Goal::Holds(part, 0));
        } else {
            self.typed[index] = true;
            self.act(now, Act::Type(what), Goal::Holds(part, self.lengths[index]));
        }
        false
    }

    /// Submits what was just seen to be right; if it is not any more, it is filled in again.
    fn submit(&mut self, now: Instant) {
        self.since = now;
        let Some(page) = self.page.clone() else {
            return;
        };
        let holds = |index: usize, part| {
            let length = page.element(part).and_then(|field| field.length);
            self.typed[index] && length == Some(self.lengths[index])
        };
        if !holds(0, Part::User) || !holds(1, Part::Password) {
            return self.end(Ending::Broken(
                "the fields did not keep what was typed: nothing was submitted".into(),
            ));
        }
        self.stage = Stage::Submitted;
        self.submissions += 1;
        self.old_error.clone_from(&page.error);
        self.submitted_from = page.document;
        self.form_again = None;
        self.factor = Factor::default();
        let button = page
            .element(Part::Submit)
            .filter(|button| button.enabled && button.reachable);
        let act = match button {
            Some(button) => Act::Click(button.bounds),
            None => Act::Return,
        };
        self.act(now, act, Goal::Submitted);
    }

    /// The credentials, or a code, were submitted.
    fn await_end(&mut self, now: Instant, page: &Page) {
        if page.has(Part::Success) {
            return self.end(Ending::SuccessText);
        }
        if let Some(error) = self.new_error(now, page) {
            return self.take_error(now, page, error);
        }
        if let Some(promo) = page.element(Part::Promo).filter(|promo| promo.reachable) {
            self.since = now;
            return self.act(now, Act::Click(promo.bounds), Goal::Gone(Part::Promo));
        }
        if self.second_factor(now, page) {
            return;
        }
        if page.complete && page.document != self.submitted_from && page.has_form() {
            let since = *self.form_again.get_or_insert(now);
            if now >= since + FORM_AGAIN {
                self.end(Ending::Broken(
                    "the login form came back without a word about why".into(),
                ));
            }
        } else {
            self.form_again = None;
        }
    }

    /// An error that the page did not show already when something was submitted.
    fn new_error(&mut self, now: Instant, page: &Page) -> Option<String> {
        let Some(error) = &page.error else {
            self.old_error = None;
            return None;
        };
        let is_old = self.old_error.as_ref() == Some(error);
        // What a picture shows of an error may be anything that the page says, and always did.
        if is_old && (self.is_looked_at || !self.factor.awaits_answer() || now < self.since + OLD_ERROR) {
            return None;
        }
        Some(error.clone())
    }

    fn take_error(&mut self, now: Instant, page: &Page, error: String) {
        if self.factor.typed_code() {
            return self.code_refused(now, error);
        }
        match self.selectors.meaning(&error) {
            Meaning::WrongMode if !self.turned && page.has(Part::Paper) => {
                self.turned = true;
                self.paper = !self.paper;
                self.stage = Stage::Filling;
                self.since = now;
                self.go_on(now);
            }
            Meaning::WrongMode => self.end(Ending::WrongMode(error)),
            Meaning::Refused => self.end(Ending::Refused(error)),
            Meaning::Unknown => self.end(Ending::Broken(format!("the page says {error:?}"))),
        }
    }
}
