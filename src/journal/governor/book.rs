//! What is written down about each user name, and what follows from it. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Limits, Verdict};

/// How often in a row the gateway may send a login away without a word about the credentials. After the first time there
/// is one more attempt.
const MAX_REBUFFS: u32 = 2;
/// Secrets that are remembered; more than anybody changes between in one sitting.
const MAX_SECRETS: usize = 32;
/// Pushes that are remembered as long as there is no budget for them.
const MAX_PUSHES: u32 = 60;
/// Of this span the pushes are counted, in seconds.
const HOUR: u64 = 3600;

/// A time on two clocks: one that can be set, and one that cannot but begins anew with the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// Unix seconds.
    pub wall: u64,
    /// Seconds since the machine's start.
    pub up: u64,
    /// Which start that was.
    pub boot: String,
}

impl Clocks {
    /// Seconds from this time to `now`. A clock that was set does not matter before the machine starts again; after that
    /// a time that seems to lie ahead counts as this moment.
    fn age(&self, now: &Self) -> u64 {
        if self.boot == now.boot {
            return now.up.saturating_sub(self.up);
        }
        now.wall.saturating_sub(self.wall)
    }
}

/// A wait that the gateway asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    seconds: u64,
    asked: Clocks,
}

impl Wait {
    /// Seconds that are left. A clock that was set does not shorten the wait, nor make it longer than it was.
    fn left(&self, now: &Clocks) -> u64 {
        self.seconds.saturating_sub(self.asked.age(now))
    }
}

/// What became of one secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Secret {
    fingerprint: String,
    /// Attempts whose ending is not known.
    open: Vec<Clocks>,
    accepted: bool,
    refused: bool,
    /// How often in a row the gateway sent it away.
    rebuffs: u32,
}

impl Secret {
    /// Attempts without a known ending (killed, power lost, an answer in words that nobody knows) that it may have. Each
    /// may have been refused unseen, so there is no second one before a human has looked; but one that was accepted
    /// before, and not refused since, is wrong only if somebody changed it at the broker meanwhile, and the user may hold
    /// that to be less likely than a gateway that dies in the middle of a login.
    const fn max_open(&self, limits: &Limits) -> usize {
        let retries = if self.accepted {
            limits.unanswered_retries
        } else {
            0
        };
        1 + retries as usize
    }

    /// Why it must not be submitted before a human has done something.
    fn objection(&self, limits: &Limits) -> Option<String> {
        let open = self.open.len();
        if self.refused {
            let why = "these credentials were refused before; change the password, or run `gatehand unlock`";
            return Some(why.to_owned());
        }
        if self.rebuffs >= MAX_REBUFFS {
            return Some(format!(
                "the gateway sent the login away {} times in a row, and never accepted the password since; check the \
                 account and the password, then run `gatehand unlock`",
                self.rebuffs
            ));
        }
        (open >= self.max_open(limits)).then(|| {
            let attempts = match open {
                1 => "an attempt with this password".to_owned(),
                _ => format!("{open} attempts in a row"),
            };
            format!(
                "{attempts} ended without an answer that could be read, and may have been refused; look at the gateway \
                 and check the password, then run `gatehand unlock`"
            )
        })
    }
}

/// What is written down about one user name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Record {
    /// Secrets in the order of their last submission.
    secrets: Vec<Secret>,
    /// Whether the login with the last of them may still go on, as far as is known.
    under_way: bool,
    wait: Option<Wait>,
    /// When somebody was asked to confirm on a phone, or may have been.
    pushes: Vec<Clocks>,
    /// Whether the last of them is only what the login under way may lead to.
    may_push: bool,
    /// The step (RFC 6238 §4.2) of the last one-time code that was typed.
    pub(super) code_step: Option<u64>,
}

impl Record {
    /// How many attempts in a row without a known ending a secret still has.
    pub(super) fn attempts_left(&self, fingerprint: &str, limits: &Limits) -> usize {
        let known = self
            .secrets
            .iter()
            .find(|secret| secret.fingerprint == fingerprint);
        match known {
            Some(secret) if secret.objection(limits).is_some() => 0,
            Some(secret) => secret.max_open(limits).saturating_sub(secret.open.len()),
            None => 1,
        }
    }

    pub(super) fn may_submit(&self, now: &Clocks, fingerprint: &str, limits: &Limits) -> Verdict {
        let wait = |why: String, seconds: u64| Verdict::Wait {
            why,
            remaining: Duration::from_secs(seconds),
        };
        let known = self
            .secrets
            .iter()
            .find(|secret| secret.fingerprint == fingerprint);
        if let Some(why) = known.and_then(|secret| secret.objection(limits)) {
            return Verdict::Locked { why };
        }
        if let Some(left) = self
            .wait
            .as_ref()
            .map(|wait| wait.left(now))
            .filter(|&left| left > 0)
        {
            return wait(format!("the gateway asked to wait; {left} s to go"), left);
        }
        self.may_push(now, limits)
    }

    /// Whether somebody may be asked on a phone.
    pub(super) fn may_push(&self, now: &Clocks, limits: &Limits) -> Verdict {
        let wait = |why: String, seconds: u64| Verdict::Wait {
            why,
            remaining: Duration::from_secs(seconds),
        };
        if let Some(left) = limits.quiet_for(now.wall) {
            return wait(
                format!("quiet hours: nobody is asked for a second factor; {left} s to go"),
                left,
            );
        }
        if let Some(left) = self.budget_wait(now, limits) {
            return wait(
                format!("the pushes of this hour are used up; {left} s to go"),
                left,
            );
        }
        Verdict::Permitted
    }

    /// Seconds until there may be another push.
    fn budget_wait(&self, now: &Clocks, limits: &Limits) -> Option<u64> {
        let budget = limits.pushes_per_hour? as usize;
        let mut ages: Vec<u64> = self
            .pushes
            .iter()
            .map(|push| push.age(now))
            .filter(|&age| age < HOUR)
            .collect();
        ages.sort_unstable_by(|one, other| other.cmp(one));
        // The oldest of those that use the budget up has to be an hour old.
        let oldest = ages.len().checked_sub(budget).map(|at| ages.get(at))?;
        Some(oldest.map_or(HOUR, |age| HOUR - age))
    }

    /// An attempt counts as a push until it is known that it was none.
    pub(super) fn begin(&mut self, now: &Clocks, fingerprint: &str, limits: &Limits) {
        let known = self
            .secrets
            .iter()
            .position(|secret| secret.fingerprint == fingerprint);
        let mut secret = known.map_or_else(Secret::default, |at| self.secrets.remove(at));
        fingerprint.clone_into(&mut secret.fingerprint);
        secret.open.push(now.clone());
        self.secrets.push(secret);
        self.under_way = true;
        let surplus = self.secrets.len().saturating_sub(MAX_SECRETS);
        self.secrets.drain(..surplus);
        self.add_push(now, limits);
        self.may_push = true;
    }

    fn add_push(&mut self, now: &Clocks, limits: &Limits) {
        self.pushes.push(now.clone());
        // By their number: the clock may be wrong just now.
        let kept = limits.pushes_per_hour.unwrap_or(MAX_PUSHES) as usize;
        let surplus = self.pushes.len().saturating_sub(kept);
        self.pushes.drain(..surplus);
    }

    /// The login under way has sent no push.
    fn was_no_push(&mut self) {
        if std::mem::take(&mut self.may_push) {
            self.pushes.pop();
        }
    }

    /// The login is over, as far as it was ours.
    fn end(&mut self) {
        self.was_no_push();
        self.under_way = false;
    }

    /// The secret that is being logged in with. Without one, what the gateway says is about what somebody else typed.
    fn in_question(&mut self) -> Option<&mut Secret> {
        self.secrets.last_mut().filter(|_| self.under_way)
    }

    pub(super) fn withdraw(&mut self) {
        if let Some(secret) = self.in_question() {
            secret.open.pop();
        }
        self.end();
    }

    pub(super) fn accepted(&mut self) {
        if let Some(secret) = self.in_question() {
            secret.open.clear();
            secret.rebuffs = 0;
            secret.accepted = true;
        }
        self.was_no_push();
    }

    pub(super) fn logged_in(&mut self) {
        self.accepted();
        self.end();
    }

    pub(super) fn refused(&mut self) {
        if let Some(secret) = self.in_question() {
            secret.open.clear();
            secret.accepted = false;
            secret.refused = true;
        }
        self.end();
    }

    /// Of a secret that was accepted before, an error says nothing.
    pub(super) fn rebuffed(&mut self) {
        if let Some(secret) = self.in_question() {
            secret.open.pop();
            secret.rebuffs += u32::from(!secret.accepted);
        }
        self.end();
    }

    pub(super) fn throttled(&mut self, now: &Clocks, wait: Duration) {
        if let Some(secret) = self.in_question() {
            secret.open.pop();
            secret.rebuffs += 1;
        }
        self.end();
        self.wait = Some(Wait {
            seconds: wait.as_secs(),
            asked: now.clone(),
        });
    }

    pub(super) fn pushed(&mut self, now: &Clocks, limits: &Limits) {
        self.was_no_push();
        self.add_push(now, limits);
    }
}
