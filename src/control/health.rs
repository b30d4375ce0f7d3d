//! What a health check is told, from what is known anyway: nothing is asked for it. Pure.
//!
//! *Live* is a gatehand that does its work, whatever the gateway does: it stays so while the gateway starts, restarts as
//! planned, waits for a human or has lost its broker, since a new container would have nothing but one more login. It is not
//! when the agent hangs, for instance on a display that answers nothing.
//! *Ready* is an API that a trading client can use now. *Started* is a gateway that has shown a window once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::agent::State;

/// When to ask again while nothing is known of how long it takes, seconds.
const SOON: u64 = 5;
/// The same while a human is waited for.
const HUMAN: u64 = 30;

/// A step of the agent that takes longer hangs. The longest ones type and read back, on a busy machine.
const HANGS: Duration = Duration::from_secs(120);

/// The three answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Whether gatehand does its work.
    pub live: Verdict,
    /// Whether the API can be used.
    pub ready: Verdict,
    /// Whether the gateway has shown itself.
    pub started: Verdict,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Yes or no.
    pub ok: bool,
    /// Why, in one line.
    pub why: String,
    /// When to ask again, in seconds, after a no.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after: Option<u64>,
}

/// What is believed of a gateway, as far as the checks need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Why there is no agent; `None`: there is one.
    pub down: Option<String>,
    /// Its state.
    pub state: State,
    /// What that rests on.
    pub evidence: String,
    /// Since when, seconds since 1970.
    pub since: u64,
    /// Whether a window of the gateway was there.
    pub has_shown: bool,
    /// Whether the relay lets clients through.
    pub serves: bool,
    /// Until when the API is away as planned, seconds since 1970.
    pub outage_until: Option<i64>,
    /// How long the agent has been at one step; `None` while it waits for something to happen.
    pub at_step_for: Option<Duration>,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            down: None,
            state: State::Starting,
            evidence: String::new(),
            since: 0,
            has_shown: false,
            serves: false,
            outage_until: None,
            at_step_for: None,
        }
    }
}

impl Standing {
    /// The three answers at `now`, seconds since 1970.
    #[must_use]
    pub fn health(&self, now: u64) -> Health {
        Health {
            live: self.live(),
            ready: self.ready(now),
            started: self.started(),
        }
    }

    fn live(&self) -> Verdict {
        match &self.down {
            Some(why) => no(format!("no agent: {why}"), SOON),
            None => match self.at_step_for.filter(|step| *step > HANGS) {
                Some(step) => no(format!("the agent hangs, for {} s", step.as_secs()), SOON),
                None => yes(self.line()),
            },
        }
    }

    fn started(&self) -> Verdict {
        match &self.down {
            Some(why) => no(format!("no agent: {why}"), SOON),
            None if self.has_shown => yes(self.line()),
            None => no("no window of the gateway yet".to_owned(), SOON),
        }
    }

    fn ready(&self, now: u64) -> Verdict {
        if let Some(why) = &self.down {
            return no(format!("no agent: {why}"), SOON);
        }
        if self.serves {
            return yes(self.line());
        }
        let left = self.outage_until.and_then(|until| u64::try_from(until).ok());
        match left.map(|until| until.saturating_sub(now)) {
            Some(left @ 1..) => {
                let line = format!("{}; back within {left} s, as planned", self.line());
                no(line, left.min(HUMAN))
            }
            _ if waits_for_a_human(self.state) => no(self.line(), HUMAN),
            _ => no(self.line(), SOON),
        }
    }

    /// The state and its evidence, in one line.
    fn line(&self) -> String {
        let evidence: String = self.evidence.split_whitespace().collect::<Vec<_>>().join(" ");
        match evidence.is_empty() {
            true => self.state.to_string(),
            false => format!("{}: {evidence}", self.state),
        }
    }
}

const fn waits_for_a_human(state: State) -> bool {
    matches!(
        state,
        State::SecondFactor
            | State::UnknownDialog
            | State::HandsOff
            | State::LockedOut
            | State::Failed
            | State::Stopped
    )
}

const fn yes(why: String) -> Verdict {
    Verdict {
        ok: true,
        why,
        retry_after: None,
    }
}

const fn no(why: String, retry_after: u64) -> Verdict {
    Verdict {
        ok: false,
        why,
        retry_after: Some(retry_after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_moment_has_its_answers() {
        let standing = |state, serves, outage_until| Standing {
            state,
            serves,
            outage_until,
            has_shown: true,
            ..Standing::default()
        };
        for (state, serves, outage, ready, retry) in [
            (State::Ready, true, None, true, None),
            (State::HandsOff, true, None, true, None),
            (State::SecondFactor, false, None, false, Some(HUMAN)),
            (State::Disconnected, false, None, false, Some(SOON)),
            (State::Restarting, false, Some(1_020), false, Some(20)),
            (State::Restarting, false, Some(1_200), false, Some(HUMAN)),
            // A restart that takes longer than it should.
            (State::Restarting, false, Some(999), false, Some(SOON)),
            (State::LockedOut, false, None, false, Some(HUMAN)),
        ] {
            let health = standing(state, serves, outage).health(1_000);
            assert_eq!(
                (health.ready.ok, health.ready.retry_after),
                (ready, retry),
                "{state}"
            );
            assert!(health.live.ok && health.started.ok, "{state}");
            assert!(health.ready.why.starts_with(&state.to_string()), "{health:?}");
        }
    }

    #[test]
    fn a_gatehand_without_an_agent_is_nothing() {
        let mut standing = Standing::default();
        let health = standing.health(0);
        assert!(health.live.ok && !health.started.ok && !health.ready.ok);
        standing.down = Some("the display is gone".into());
        let health = standing.health(0);
        assert!(!health.live.ok && !health.started.ok && !health.ready.ok);
        assert!(health.live.why.contains("the display is gone"), "{health:?}");
    }

    #[test]
    fn an_agent_that_hangs_is_not_live() {
        for (step, live) in [(None, true), (Some(HANGS), true), (Some(HANGS * 2), false)] {
            let standing = Standing {
                at_step_for: step,
                serves: true,
                state: State::Ready,
                ..Standing::default()
            };
            let health = standing.health(0);
            assert_eq!(health.live.ok, live, "{health:?}");
            assert!(health.ready.ok, "the relay does not need the agent");
        }
    }

    #[test]
    fn a_reason_is_one_line() {
        let standing = Standing {
            evidence: "a\r\nb".into(),
            ..Standing::default()
        };
        assert_eq!(standing.health(0).ready.why, "Starting: a b");
    }
}
