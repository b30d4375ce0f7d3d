//! What is told of the gateway: to who asks, and on its board.

use std::time::{Instant, SystemTime};

use super::{Instance, course};
use crate::agent::{Event, State, TAKEN_OVER};
use crate::control::{Planned, ProcessStatus, SecondFactorStatus, Standing, Status, Versions, seconds};
use crate::journal::StateFolder;
use crate::pilot::Report;

/// What is believed, since when, and why.
#[derive(Debug)]
pub(super) struct Belief {
    pub(super) state: State,
    pub(super) evidence: String,
    pub(super) since: SystemTime,
}

impl Instance {
    /// Takes what the pilot tells into what is told on; all of it is handed back.
    pub(super) fn noted(&mut self, report: Option<Report>) -> Option<Report> {
        match &report {
            Some(Report::Event(event)) => {
                match event {
                    Event::SecondFactorAsked { rule, by_hand } => {
                        self.second_factor = Some(SecondFactorStatus {
                            rule: rule.clone(),
                            by_hand: *by_hand,
                            code_wanted: false,
                        });
                    }
                    Event::CodeWanted => {
                        if let Some(factor) = &mut self.second_factor {
                            factor.code_wanted = true;
                        }
                    }
                    _ => {}
                }
                self.board.tally.event(event, Instant::now());
                self.board.event_came();
            }
            Some(Report::Login(outcome)) => self.board.tally.login(*outcome, Instant::now()),
            Some(Report::Attempts(attempts)) => self.attempts.clone_from(attempts),
            _ => {}
        }
        report
    }

    /// Puts what is believed on the board.
    pub(super) fn post(&self) {
        let has_agent = self.pilot.is_some();
        self.board.change(|standing| {
            let has_shown = standing.has_shown || self.status.state != State::Starting;
            *standing = Standing {
                down: standing.down.take().filter(|_| !has_agent),
                state: self.status.state,
                evidence: self.status.evidence.clone(),
                since: seconds(self.status.since),
                has_shown,
                serves: *self.ready.borrow(),
                outage_until: self.life.outage().map(|time| time.as_second()),
                at_step_for: None,
            };
        });
    }

    pub(super) fn status(&self) -> Status {
        let Belief {
            state,
            evidence,
            since,
        } = &self.status;
        let next = self.life.next_planned(course::now());
        let process = self.gateway.as_ref().map(|gateway| gateway.identity());
        Status {
            gateway: self.board.gateway.to_owned(),
            state: *state,
            evidence: evidence.clone(),
            since: seconds(*since),
            taken_over: evidence == TAKEN_OVER,
            health: self
                .board
                .standing(Instant::now())
                .health(seconds(SystemTime::now())),
            api: self.api.clone(),
            relay: *self.relay_status.borrow(),
            viewers: self.door.as_ref().map_or(0, |door| door.viewers()),
            outage_until: self.life.outage().map(|time| time.as_second()),
            next: next.map(|(what, at)| Planned {
                what: what.to_owned(),
                at: at.as_second(),
            }),
            second_factor: self.second_factor.clone(),
            attempts: self.attempts.clone(),
            process: process.and_then(ProcessStatus::of),
            versions: Versions {
                gatehand: env!("CARGO_PKG_VERSION").to_owned(),
                gateway: self
                    .launch
                    .as_ref()
                    .map(|(launch, _)| launch.version().to_owned()),
            },
            state_folder_lasts: !StateFolder::is_fleeting(&self.config.state_dir),
        }
    }
}
