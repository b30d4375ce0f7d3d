//! What is written down about each user name, and what follows from it. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Limits, Verdict};

/// Attempts in a row whose outcome is not known (killed, power lost) before a human has to look.
pub(super) const MAX_OPEN_ATTEMPTS: u32 = 3;
/// Refused secrets that are remembered; more than anybody changes between in one sitting.
const MAX_REFUSED: usize = 32;
/// Of this span the pushes are counted, in seconds.
const HOUR: u64 = 3600;

/// A time on two clocks: one that can be set, and one that cannot but begins anew with the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// Unix seconds.
    pub wall: u64,
    /// Seconds since the machine's start.
    pub up: u64,
    /// Which start that was.
    pub boot: String,
}

/// A wait that the gateway asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    seconds: u64,
    /// Its end, in Unix seconds, and in seconds since a start of the machine.
    until: u64,
    until_up: u64,
    boot: String,
}

impl Wait {
    /// Seconds that are left. A clock that was set does not shorten the wait, nor make it longer than it was.
    fn left(&self, now: &Clocks) -> u64 {
        if self.boot == now.boot {
            return self.until_up.saturating_sub(now.up);
        }
        self.until.saturating_sub(now.wall).min(self.seconds)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Record {
    /// Of the secret that was last submitted.
    fingerprint: String,
    /// Attempts with it since the last known outcome.
    open_attempts: u32,
    /// Secrets that were refused, and when.
    refused: BTreeMap<String, u64>,
    wait: Option<Wait>,
    last_attempt: Option<u64>,
    /// When somebody was asked to confirm on a phone, in Unix seconds.
    pushes: Vec<u64>,
    /// The step (RFC 6238 §4.2) of the last one-time code that was typed.
    pub(super) code_step: Option<u64>,
}

impl Record {
    pub(super) fn may_submit(&self, now: &Clocks, fingerprint: &str, limits: &Limits) -> Verdict {
        let wait = |why: String, seconds: u64| Verdict::Wait {
            why,
            remaining: Duration::from_secs(seconds),
        };
        if let Some(left) = self
            .wait
            .as_ref()
            .map(|wait| wait.left(now))
            .filter(|&left| left > 0)
        {
            return wait(format!("the gateway asked to wait; {left} s to go"), left);
        }
        if self.refused.contains_key(fingerprint) {
            let why = "these credentials were refused before; change the password, or run `gatehand unlock`";
            return Verdict::Locked { why: why.into() };
        }
        if self.fingerprint == fingerprint && self.open_attempts >= MAX_OPEN_ATTEMPTS {
            let why = format!(
                "{} attempts in a row ended without an answer; look at the gateway, then run `gatehand unlock`",
                self.open_attempts
            );
            return Verdict::Locked { why };
        }
        if let Some(left) = limits.quiet_for(now.wall) {
            return wait(
                format!("quiet hours: nobody is asked for a second factor; {left} s to go"),
                left,
            );
        }
        if let Some(left) = self.budget_wait(now.wall, limits) {
            return wait(
                format!("the pushes of this hour are used up; {left} s to go"),
                left,
            );
        }
        Verdict::Permitted
    }

    /// Seconds until there may be another push.
    fn budget_wait(&self, now: u64, limits: &Limits) -> Option<u64> {
        let budget = limits.pushes_per_hour? as usize;
        let recent: Vec<u64> = self
            .pushes
            .iter()
            .copied()
            .filter(|&push| push <= now && now - push < HOUR)
            .collect();
        // The oldest of those that use the budget up has to be an hour old.
        let oldest = recent.len().checked_sub(budget).map(|at| recent.get(at))?;
        Some(oldest.map_or(HOUR, |&push| push + HOUR - now))
    }

    pub(super) fn begin(&mut self, now: &Clocks, fingerprint: &str) {
        if self.fingerprint != fingerprint {
            fingerprint.clone_into(&mut self.fingerprint);
            self.open_attempts = 0;
        }
        self.open_attempts += 1;
        self.last_attempt = Some(now.wall);
    }

    pub(super) const fn withdraw(&mut self) {
        self.open_attempts = self.open_attempts.saturating_sub(1);
    }

    pub(super) fn logged_in(&mut self) {
        self.open_attempts = 0;
        self.refused.remove(&self.fingerprint);
    }

    pub(super) fn refused(&mut self, now: &Clocks) {
        if self.open_attempts == 0 {
            return;
        }
        self.open_attempts = 0;
        self.refused.insert(self.fingerprint.clone(), now.wall);
        while self.refused.len() > MAX_REFUSED {
            let oldest = self.refused.iter().min_by_key(|(_, time)| **time);
            let Some(oldest) = oldest.map(|(fingerprint, _)| fingerprint.clone()) else {
                return;
            };
            self.refused.remove(&oldest);
        }
    }

    pub(super) fn throttled(&mut self, now: &Clocks, wait: Duration) {
        self.withdraw();
        let seconds = wait.as_secs();
        self.wait = Some(Wait {
            seconds,
            until: now.wall + seconds,
            until_up: now.up + seconds,
            boot: now.boot.clone(),
        });
    }

    pub(super) fn pushed(&mut self, now: &Clocks) {
        self.pushes
            .retain(|&push| push <= now.wall && now.wall - push < HOUR);
        self.pushes.push(now.wall);
    }
}
