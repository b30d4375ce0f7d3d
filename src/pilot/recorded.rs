//! The agent, with a recorder that hears all that it is told and asked.

use std::time::Instant;

use crate::agent::{ActResult, Action, Agent, Departure, Errand, Event, Seen};
use crate::dialogs::{Catalogue, RuleFile};
use crate::journal::recorder::{Input, Recorder};

/// The agent and the flight recorder, if there is one.
#[derive(Debug)]
pub struct RecordedAgent {
    agent: Agent,
    recorder: Option<Recorder>,
}

impl RecordedAgent {
    /// An agent that was told nothing yet.
    pub const fn new(agent: Agent, recorder: Option<Recorder>) -> Self {
        Self { agent, recorder }
    }

    pub(super) fn observe(&mut self, now: Instant, screen: Vec<Seen>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.observed(now, &screen);
        }
        self.agent.observe(now, screen);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.record(now, || Input::Timeout);
        self.agent.handle_timeout(now);
    }

    pub(super) fn handle_result(&mut self, now: Instant, result: &ActResult) {
        if let Some(recorder) = &mut self.recorder {
            recorder.result(now, result);
        }
        self.agent.handle_result(now, result);
    }

    pub(super) fn api_answered(&mut self, now: Instant, answered: bool) {
        self.record(now, || Input::ApiAnswered(answered));
        self.agent.api_answered(now, answered);
    }

    pub(super) fn human_acted(&mut self, now: Instant) {
        self.record(now, || Input::HumanActed);
        self.agent.human_acted(now);
    }

    pub(super) fn human_left(&mut self, now: Instant) {
        self.record(now, || Input::HumanLeft);
        self.agent.human_left(now);
    }

    pub(super) fn keeps_viewers_waiting(&self, now: Instant) -> bool {
        self.agent.keeps_viewers_waiting(now)
    }

    pub(super) fn gateway_exited(&mut self, now: Instant, departure: &Departure) {
        self.record(now, || Input::GatewayExited(departure.clone()));
        self.agent.gateway_exited(departure);
    }

    pub(super) fn gateway_started(&mut self, now: Instant, by_token: bool) {
        self.record(now, || Input::GatewayStarted(by_token));
        self.agent.gateway_started(by_token);
    }

    pub(super) fn code_given(&mut self, now: Instant) {
        self.record(now, || Input::CodeGiven);
        self.agent.code_given(now);
    }

    pub(super) fn reclaim(&mut self, now: Instant) {
        self.record(now, || Input::Reclaim);
        self.agent.reclaim(now);
    }

    pub(super) fn unlock(&mut self, now: Instant) {
        self.record(now, || Input::Unlocked);
        self.agent.unlock(now);
    }

    pub(super) fn carry_out(&mut self, now: Instant, errand: Errand) -> bool {
        self.record(now, || Input::CarryOut(errand));
        self.agent.carry_out(now, errand)
    }

    pub(super) fn set_rules(&mut self, now: Instant, files: Vec<RuleFile>, catalogue: Catalogue) {
        if let Some(recorder) = &mut self.recorder {
            recorder.rules(now, files);
        }
        self.agent.set_catalogue(now, catalogue);
    }

    pub(super) fn poll_action(&mut self, now: Instant) -> Option<Action> {
        let action = self.agent.poll_action();
        if let Some(recorder) = &mut self.recorder {
            recorder.asked(now, action.as_ref(), self.agent.state());
        }
        action
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        self.agent.poll_timeout()
    }

    pub(super) fn poll_event(&mut self) -> Option<Event> {
        self.agent.poll_event()
    }

    fn record(&mut self, now: Instant, input: impl FnOnce() -> Input) {
        if let Some(recorder) = &mut self.recorder {
            recorder.told(now, input());
        }
    }
}
