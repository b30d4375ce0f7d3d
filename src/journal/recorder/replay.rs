//! Runs today's agent over a recording, and tells where it decides otherwise. Pure but for the files it is given.
//!
//! The agent is told what it was told then, at the same times. Only the first difference about a window is told: what
//! comes after it rests on a screen that today's agent would not have made. Of a run whose begin is gone, what was
//! under way where the recording begins cannot be judged.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::player::{PlayError, Played};
use super::record::{Head, Input};
use crate::agent::{ActResult, Action, Agent, Seen};
use crate::dialogs::{Catalogue, Recognition, RuleError};
use crate::screen::WindowId;

/// Actions or timeouts in a row without a recorded moment between them: more is a loop.
const MOST_IN_A_ROW: usize = 64;

/// A recording that cannot be replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// See the source.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// The recorded rules and today's built-in ones exclude each other.
    #[error("the recorded {0}; give others with --rules DIR")]
    Rules(#[from] RuleError),
}

/// A decision that would be another one today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// When it was made, in ms since 1970, as in the events file.
    pub time: u64,
    /// The window's title; none when it is about no window.
    pub title: Option<String>,
    /// What was done.
    pub recorded: Option<String>,
    /// What would be done.
    pub today: Option<String>,
    /// What the rules say of the window today.
    pub why: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_nothing = |act: &Option<String>| act.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(f, "ts {}: ", self.time)?;
        if let Some(title) = &self.title {
            write!(f, "\"{title}\": ")?;
        }
        write!(
            f,
            "recorded: {}; today: {}",
            or_nothing(&self.recorded),
            or_nothing(&self.today)
        )?;
        if !self.why.is_empty() {
            write!(f, " ({})", self.why)?;
        }
        Ok(())
    }
}

/// What came of a replay.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Runs of the program on the recording.
    pub runs: usize,
    /// Recorded actions.
    pub decisions: usize,
    /// Where today's agent decides otherwise.
    pub differences: Vec<Difference>,
}

/// Replays a recording, with the recorded rules or with `rules`. Times are counted from `base`.
///
/// # Errors
/// When the recording cannot be read, or its rules not be used.
pub fn replay(
    recording: impl Iterator<Item = Result<Played, PlayError>>,
    rules: Option<&Catalogue>,
    base: Instant,
) -> Result<Replayed, ReplayError> {
    let mut replayed = Replayed::default();
    let mut run: Option<Run> = None;
    for played in recording {
        match played? {
            Played::Begin { head, whole } => {
                replayed.runs += 1;
                replayed
                    .differences
                    .extend(run.take().into_iter().flat_map(Run::finish));
                run = Some(Run::new(&head, whole, rules, base)?);
            }
            played => {
                replayed.decisions += usize::from(matches!(played, Played::Act { .. }));
                if let Some(run) = &mut run {
                    run.play(played)?;
                }
            }
        }
    }
    replayed.differences.extend(run.into_iter().flat_map(Run::finish));
    Ok(replayed)
}

/// One run of the program, or what is left of it.
struct Run {
    agent: Agent,
    base: Instant,
    began: u64,
    whole: bool,
    /// Whether other rules than the recorded ones are tried.
    other_rules: bool,
    /// The agent gave an action and waits for its result.
    waits: bool,
    screen: Vec<Seen>,
    /// Windows whose difference was told; `None`: what is about no window.
    told: BTreeSet<Option<WindowId>>,
    /// After a first difference: what today's agent did and the recording may still have, a little later.
    early: Vec<(u64, Option<WindowId>, String)>,
    differences: Vec<Difference>,
}

impl Run {
    fn new(head: &Head, whole: bool, rules: Option<&Catalogue>, base: Instant) -> Result<Self, RuleError> {
        let catalogue = match rules {
            Some(rules) => rules.clone(),
            None => Catalogue::with_files(&head.rules)?,
        };
        let mut agent = Agent::new(catalogue, head.policy.clone());
        let mut told = BTreeSet::new();
        if !whole {
            agent.api_answered(base, head.api_answers);
            told.insert(None);
        }
        Ok(Self {
            agent,
            base,
            began: head.began,
            whole,
            other_rules: rules.is_some(),
            waits: false,
            screen: Vec::new(),
            told,
            early: Vec::new(),
            differences: Vec::new(),
        })
    }

    fn play(&mut self, played: Played) -> Result<(), RuleError> {
        match played {
            Played::Begin { .. } => {}
            Played::Observed { at, screen } => {
                self.pass(at);
                if !self.whole && self.screen.is_empty() {
                    self.told.extend(screen.iter().map(|seen| Some(seen.window.id)));
                }
                let shown = |id: WindowId| screen.iter().any(|seen| seen.window.id == id);
                // An id may come again, for another window.
                self.told.retain(|window| window.is_none_or(shown));
                self.screen.clone_from(&screen);
                self.agent.observe(self.time(at), screen);
            }
            Played::Told { at, input } => {
                self.pass(at);
                self.tell(at, input)?;
            }
            Played::Act { at, window, act } => self.compare(at, window, &act),
            Played::Idle { at, state } => {
                self.drain(at);
                let today = self.agent.state().to_string();
                if self.whole && self.differences.is_empty() && today != state {
                    self.differ(
                        at,
                        None,
                        Some(format!("state {state}")),
                        Some(format!("state {today}")),
                    );
                }
            }
        }
        while self.agent.poll_event().is_some() {}
        Ok(())
    }

    fn tell(&mut self, at: u64, input: Input) -> Result<(), RuleError> {
        let now = self.time(at);
        match input {
            Input::ApiAnswered(answered) => self.agent.api_answered(now, answered),
            Input::CarryOut(errand) => {
                self.agent.carry_out(now, errand);
            }
            Input::CodeGiven => self.agent.code_given(now),
            Input::GatewayExited(departure) => self.agent.gateway_exited(&departure),
            Input::GatewayStarted(by_token) => self.agent.gateway_started(by_token),
            Input::HumanActed => self.agent.human_acted(now),
            Input::HumanLeft => self.agent.human_left(now),
            Input::Reclaim => self.agent.reclaim(now),
            Input::Unlocked => self.agent.unlock(now),
            // The player hands these over with their pictures.
            Input::Observed(_) => {}
            Input::Result(result) => {
                if std::mem::take(&mut self.waits) {
                    self.agent.handle_result(now, &result);
                }
            }
            Input::Rules(rules) => {
                if !self.other_rules {
                    self.agent.set_catalogue(now, Catalogue::with_files(&rules)?);
                }
            }
            Input::Timeout => self.agent.handle_timeout(now),
        }
        Ok(())
    }

    fn compare(&mut self, at: u64, window: Option<WindowId>, recorded: &str) {
        if recorded == Action::MaySubmit.to_string() {
            // From here on the login is on the recording from its begin.
            if !self.whole {
                self.told.remove(&None);
            }
        }
        let same = |(_, other, act): &(_, Option<WindowId>, String)| *other == window && act == recorded;
        if let Some(at) = self.early.iter().position(same) {
            self.early.remove(at);
            return;
        }
        let today = self.agent.poll_action();
        self.waits |= today.is_some();
        let today = today.map(|action| (action.window(), action.to_string()));
        match today {
            Some((_, act)) if act == recorded => {}
            Some((other, act)) => {
                self.differ(at, window, Some(recorded.to_owned()), Some(act));
                self.told.insert(other);
            }
            None => self.differ(at, window, Some(recorded.to_owned()), None),
        }
    }

    /// Actions that the recording does not have. What would have come of them is not known: they count as done.
    fn drain(&mut self, at: u64) {
        for _ in 0..MOST_IN_A_ROW {
            let Some(action) = self.agent.poll_action() else {
                return;
            };
            if self.differences.is_empty() {
                self.differ(at, action.window(), None, Some(action.to_string()));
            } else {
                // What was decided otherwise before may have moved the time of this one only.
                self.early.push((at, action.window(), action.to_string()));
            }
            self.agent.handle_result(self.time(at), &ActResult::Done);
        }
    }

    /// An agent that decided otherwise has times of its own at which it wants to be asked.
    fn pass(&mut self, at: u64) {
        if self.differences.is_empty() {
            return;
        }
        let until = self.time(at);
        for _ in 0..MOST_IN_A_ROW {
            let Some(due) = self.agent.poll_timeout().filter(|&due| due < until) else {
                return;
            };
            self.agent.handle_timeout(due);
            if !self.waits {
                let since = due.saturating_duration_since(self.base).as_nanos() as u64;
                self.drain(since);
            }
        }
    }

    /// All differences, when the recording has ended.
    fn finish(mut self) -> Vec<Difference> {
        for (at, window, act) in std::mem::take(&mut self.early) {
            self.differ(at, window, None, Some(act));
        }
        self.differences
    }

    fn differ(&mut self, at: u64, window: Option<WindowId>, recorded: Option<String>, today: Option<String>) {
        if !self.told.insert(window) {
            return;
        }
        let seen = self.screen.iter().find(|seen| Some(seen.window.id) == window);
        let view = seen.and_then(|seen| Some((seen, seen.view.as_ref()?)));
        let why = view.map(|(seen, view)| self.agent.catalogue().recognise(&seen.window, &view.reading));
        let why = match why {
            None => String::new(),
            Some(Recognition::Known(rule)) => format!("rule {}", rule.name),
            Some(Recognition::Unknown) => "no rule knows it".to_owned(),
            Some(Recognition::Ambiguous(rules)) => {
                let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
                format!("claimed by several rules: {}", names.join(", "))
            }
        };
        self.differences.push(Difference {
            time: self.began + at / 1_000_000,
            title: seen.map(|seen| seen.window.title.clone()),
            recorded,
            today,
            why,
        });
    }

    fn time(&self, at: u64) -> Instant {
        self.base + Duration::from_nanos(at)
    }
}
