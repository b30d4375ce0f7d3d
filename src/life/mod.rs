//! The gateway's life, over weeks: when its process is started, stopped and started again, and when all ends. A pure
//! machine: what happened and the time go in, orders come out.
//!
//! [`Life::poll_order`] is asked after every input until it has nothing more; [`Life::handle_timeout`] is due at
//! [`Life::poll_timeout`]. Delays are measured by [`Moment::instant`], times of day by [`Moment::wall`]: a clock that is
//! set moves the schedule and no delay.

mod back_off;
mod calendar;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::agent::State;
use crate::gateway::{Left, RestartToken};
pub use back_off::BackOff;
pub use calendar::{BrokerWeek, Daily, Weekly};

/// Failures in a row after which a gateway that never showed a window will not.
const MAX_FAILURES: u32 = 3;
/// While the broker's maintenance lasts, a failed gateway is left alone at least this long.
const MAINTENANCE_BACK_OFF: Duration = Duration::from_secs(600);
/// How long after the time of its log-off an end of the gateway is taken for that. It comes late when orders work.
const LOG_OFF_SPAN: Duration = Duration::from_secs(600);
/// How long a restart is expected to take.
const RESTART_SPAN: Duration = Duration::from_secs(300);
/// The longest sleep while something is planned: a clock that was set is noticed after it.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);
/// A clock that was set back by more than this was wrong before.
const SET_BACK: SignedDuration = SignedDuration::from_hours(24);

/// A time on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// For delays.
    pub instant: Instant,
    /// For times of day.
    pub wall: Timestamp,
}

/// What is planned, and for how long is waited.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The zone of the times below.
    pub zone: TimeZone,
    /// When the gateway logs off and ends by itself.
    pub log_off: Option<Weekly>,
    /// When it is closed and logged in to anew, with credentials and second factor: once a week, as tokens die.
    pub cold_restart: Option<Weekly>,
    /// When it is closed for good.
    pub closed_down: Option<Weekly>,
    /// When a gateway that is up saves its settings.
    pub saves: Daily,
    /// Time for the login window, or what comes in its place, to show.
    pub login_window_limit: Duration,
    /// Time to confirm the second factor.
    pub second_factor_limit: Duration,
    /// Time for the login to go on after the second factor's window.
    pub second_factor_grace: Duration,
    /// Whether a second factor that nobody gave in time is asked for again, by a new gateway; else all ends.
    pub second_factor_again: bool,
    /// After giving way to another session: how long until the session is taken back; `None`: when told to.
    pub reclaim_after: Option<Duration>,
}

/// What the shell has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start the gateway: with the token that it left, or after removing such tokens.
    Start {
        /// Whether the token is used.
        by_token: bool,
    },
    /// Close the gateway tidily; [`Life::exited`] is to follow.
    Stop {
        /// Why.
        why: String,
    },
    /// Have the gateway save its settings.
    SaveSettings,
    /// End the program.
    End(Ending),
}

/// Why the program ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As planned: closed down, logged off, or told to.
    Planned(String),
    /// Nobody gave the second factor in time.
    SecondFactor,
    /// The gateway failed again and again, and nothing of it ever showed.
    Broken,
}

/// Where the process is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// There is none. `start`: when there will be.
    Down {
        start: Option<Instant>,
    },
    /// Nothing of it shows yet.
    Starting {
        since: Instant,
    },
    /// The login form shows, or the login is under way.
    Login,
    SecondFactor {
        since: Instant,
    },
    /// The second factor's window went, and nothing came yet.
    AfterSecondFactor {
        since: Instant,
    },
    Up {
        since: Instant,
    },
    /// It was told to close.
    Stopping {
        then: Then,
    },
    /// All is over.
    Ended,
}

/// What comes after the gateway has closed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Then {
    Start { after: Duration },
    Stay { until: Option<Instant> },
    End(Ending),
}

/// The machine.
#[derive(Debug)]
pub struct Life {
    plan: Plan,
    week: BrokerWeek,
    phase: Phase,
    orders: VecDeque<Order>,
    /// Ends in a row that nobody had asked for.
    back_off: BackOff,
    /// Whether a window of any gateway was there.
    shown: bool,
    /// The token that the gateway was started with last: it is good once.
    used: Option<RestartToken>,
    /// Until when the schedule was carried out.
    scheduled: Timestamp,
    /// Until when the API is expected to be away.
    outage: Option<Timestamp>,
}

impl Life {
    /// A life before its first start.
    #[must_use]
    pub fn new(now: Moment, plan: Plan, week: BrokerWeek) -> Self {
        Self {
            plan,
            week,
            phase: Phase::Down { start: None },
            orders: VecDeque::new(),
            back_off: BackOff::default(),
            shown: false,
            used: None,
            scheduled: now.wall,
            outage: None,
        }
    }

    /// What has to be done next.
    pub fn poll_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// Until when the API is expected to be away, as planned.
    #[must_use]
    pub const fn outage(&self) -> Option<Timestamp> {
        self.outage
    }

    /// What the schedule, or a pause that was begun, does next, and when.
    #[must_use]
    pub fn next_planned(&self, now: Moment) -> Option<(&'static str, Timestamp)> {
        let start = match self.phase {
            Phase::Down { start: Some(start) } => {
                let pause = SignedDuration::try_from(start.saturating_duration_since(now.instant)).ok();
                pause.and_then(|pause| now.wall.checked_add(pause).ok())
            }
            _ => None,
        };
        let weekly = |time: Option<Weekly>| time.and_then(|time| time.after(now.wall, &self.plan.zone));
        [
            ("start", start),
            ("log-off", weekly(self.plan.log_off)),
            ("cold-restart", weekly(self.plan.cold_restart)),
            ("close-down", weekly(self.plan.closed_down)),
            ("save-settings", self.plan.saves.after(now.wall, &self.plan.zone)),
        ]
        .into_iter()
        .filter_map(|(what, at)| Some((what, at?)))
        .min_by_key(|(_, at)| *at)
    }

    /// How long until the gateway is started, when there is none and there will be one.
    #[must_use]
    pub fn next_start(&self, now: Moment) -> Option<Duration> {
        match self.phase {
            Phase::Down { start } => start.map(|start| start.saturating_duration_since(now.instant)),
            Phase::Starting { .. } => Some(Duration::ZERO),
            _ => None,
        }
    }

    /// Begins, with what an earlier gateway left.
    pub fn begin(&mut self, now: Moment, left: Left) {
        self.start(now, left);
    }

    /// The gateway's process has ended.
    pub fn exited(&mut self, now: Moment, left: Left) {
        let phase = std::mem::replace(&mut self.phase, Phase::Down { start: None });
        if let Phase::Stopping { then } = phase {
            match then {
                Then::End(ending) => self.end(ending),
                Then::Stay { until } => self.phase = Phase::Down { start: until },
                Then::Start { after } if after.is_zero() => self.start(now, Left::Nothing),
                Then::Start { after } => self.start_after(now, after),
            }
            return;
        }
        if let Phase::Up { since } = phase {
            self.back_off.was_up(now.instant.saturating_duration_since(since));
        }
        if left != Left::Nothing {
            self.outage = now.wall.checked_add(RESTART_SPAN).ok();
            return self.start(now, left);
        }
        if self.has_logged_off(now.wall) {
            return self.end(Ending::Planned("the gateway has logged off, as set".into()));
        }
        let pause = self.pause(now);
        if self.is_broken() {
            return self.end(Ending::Broken);
        }
        self.start_after(now, pause);
    }

    /// The agent believes something else.
    pub fn entered(&mut self, now: Moment, state: State) {
        if matches!(
            self.phase,
            Phase::Down { .. } | Phase::Stopping { .. } | Phase::Ended
        ) {
            return;
        }
        let since = now.instant;
        let phase = match (state, &self.phase) {
            (State::LoginShown, _) => Phase::Login,
            (State::SubmittedCredentials, Phase::SecondFactor { .. }) => Phase::AfterSecondFactor { since },
            (State::SubmittedCredentials, Phase::AfterSecondFactor { .. }) => return,
            (State::SubmittedCredentials, _) => Phase::Login,
            (State::SecondFactor, Phase::SecondFactor { .. }) => return,
            (State::SecondFactor, _) => Phase::SecondFactor { since },
            (State::LoggedIn | State::Configuring | State::Ready | State::Disconnected, Phase::Up { .. }) => {
                if state == State::Ready {
                    self.outage = None;
                }
                return;
            }
            (State::LoggedIn | State::Configuring | State::Ready | State::Disconnected, _) => {
                if state == State::Ready {
                    self.outage = None;
                }
                Phase::Up { since }
            }
            // A dialog that waits for a human shows that the gateway is there.
            (State::UnknownDialog | State::Failed | State::HandsOff, Phase::Starting { .. }) => Phase::Login,
            (State::LockedOut, _) => return self.stop("the login is locked", Then::Stay { until: None }),
            _ => return,
        };
        self.shown = true;
        self.phase = phase;
    }

    /// Nobody gave the second factor, and the gateway does not ask again by itself.
    pub fn second_factor_missed(&mut self) {
        if matches!(
            self.phase,
            Phase::Down { .. } | Phase::Stopping { .. } | Phase::Ended
        ) {
            return;
        }
        let then = if self.plan.second_factor_again {
            Then::Start {
                after: Duration::ZERO,
            }
        } else {
            Then::End(Ending::SecondFactor)
        };
        self.stop("nobody confirmed the second factor in time", then);
    }

    /// The session was given to somebody else, or shall be: the gateway stays closed until the time to take it back.
    pub fn give_way(&mut self, now: Moment) {
        let until = self.plan.reclaim_after.map(|after| now.instant + after);
        match &mut self.phase {
            Phase::Down { start } => *start = until,
            Phase::Stopping { then } => *then = Then::Stay { until },
            Phase::Ended => {}
            _ => self.stop("the session is left to another program", Then::Stay { until }),
        }
    }

    /// The session is taken back: a gateway that is closed is started.
    pub fn reclaim(&mut self, now: Moment) {
        match &mut self.phase {
            Phase::Down { .. } => self.start(now, Left::Nothing),
            Phase::Stopping {
                then: then @ Then::Stay { .. },
            } => {
                *then = Then::Start {
                    after: Duration::ZERO,
                }
            }
            _ => {}
        }
    }

    /// Closes the gateway and starts it anew, with a full login.
    pub fn restart(&mut self, now: Moment, why: &str) {
        match &mut self.phase {
            Phase::Down { .. } => self.start(now, Left::Nothing),
            Phase::Stopping {
                then: then @ Then::Stay { .. },
            } => {
                *then = Then::Start {
                    after: Duration::ZERO,
                }
            }
            Phase::Stopping { .. } | Phase::Ended => {}
            _ => {
                self.outage = now.wall.checked_add(RESTART_SPAN).ok();
                self.stop(
                    why,
                    Then::Start {
                        after: Duration::ZERO,
                    },
                );
            }
        }
    }

    /// Does what its time has come for.
    pub fn handle_timeout(&mut self, now: Moment) {
        self.carry_out_schedule(now);
        let over = |since: Instant, limit: Duration| now.instant >= since + limit;
        match self.phase {
            Phase::Down { start: Some(start) } if now.instant >= start => self.start(now, Left::Nothing),
            Phase::Starting { since } if over(since, self.plan.login_window_limit) => {
                let after = self.pause(now);
                let then = match self.is_broken() {
                    true => Then::End(Ending::Broken),
                    false => Then::Start { after },
                };
                self.stop("no window of a login came", then);
            }
            Phase::SecondFactor { since } if over(since, self.plan.second_factor_limit) => {
                self.second_factor_missed();
            }
            Phase::AfterSecondFactor { since } if over(since, self.plan.second_factor_grace) => {
                let why = "the second factor was confirmed, and the login did not go on";
                self.stop(
                    why,
                    Then::Start {
                        after: Duration::ZERO,
                    },
                );
            }
            _ => {}
        }
    }

    /// When [`Life::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self, now: Moment) -> Option<Instant> {
        let delay = match self.phase {
            Phase::Down { start } => start,
            Phase::Starting { since } => Some(since + self.plan.login_window_limit),
            Phase::SecondFactor { since } => Some(since + self.plan.second_factor_limit),
            Phase::AfterSecondFactor { since } => Some(since + self.plan.second_factor_grace),
            Phase::Ended => return None,
            Phase::Login | Phase::Up { .. } | Phase::Stopping { .. } => None,
        };
        let planned = [self.plan.cold_restart, self.plan.closed_down]
            .into_iter()
            .flatten();
        let next = planned
            .filter_map(|time| time.after(self.scheduled, &self.plan.zone))
            .chain(self.plan.saves.after(self.scheduled, &self.plan.zone))
            .min();
        let planned = next.map(|time| {
            let pause = Duration::try_from(time.duration_since(now.wall)).unwrap_or_default();
            now.instant + pause.min(LONGEST_SLEEP)
        });
        [delay, planned].into_iter().flatten().min()
    }

    fn carry_out_schedule(&mut self, now: Moment) {
        let since = self.scheduled;
        // A clock that was set back a little does not make the same time come again; one that was wrong is believed now.
        let wrong = since.duration_since(now.wall) > SET_BACK;
        self.scheduled = if wrong { now.wall } else { since.max(now.wall) };
        let has_come = |time: Option<Weekly>| {
            let next = time.and_then(|time| time.after(since, &self.plan.zone));
            next.is_some_and(|next| next <= now.wall)
        };
        if has_come(self.plan.closed_down) {
            let ending = Ending::Planned("the gateway is closed, as set".into());
            return match self.phase {
                Phase::Down { .. } => self.end(ending),
                Phase::Ended => {}
                _ => self.stop("its time to be closed has come", Then::End(ending)),
            };
        }
        // One that is not up yet logs in anew in any case.
        if has_come(self.plan.cold_restart) && matches!(self.phase, Phase::Up { .. }) {
            self.restart(now, "its weekly restart has come");
        }
        // One that was down at the time has saved them when it was closed.
        let save = self.plan.saves.after(since, &self.plan.zone);
        if save.is_some_and(|save| save <= now.wall) && matches!(self.phase, Phase::Up { .. }) {
            self.orders.push_back(Order::SaveSettings);
        }
    }

    const fn is_broken(&self) -> bool {
        !self.shown && self.back_off.failures() >= MAX_FAILURES
    }

    fn is_good(&self, token: &RestartToken, now: Timestamp) -> bool {
        self.used.as_ref() != Some(token) && self.week.token_lives(token.written, now)
    }

    fn has_logged_off(&self, now: Timestamp) -> bool {
        let last = self
            .plan
            .log_off
            .and_then(|time| time.before(now, &self.plan.zone));
        last.is_some_and(|last| now.duration_since(last).unsigned_abs() < LOG_OFF_SPAN)
    }

    /// How long to wait before the next start, after one more failure.
    fn pause(&mut self, now: Moment) -> Duration {
        let pause = self.back_off.fail();
        match self.week.maintenance(now.wall) {
            Some(end) => {
                self.outage = Some(end);
                pause.max(MAINTENANCE_BACK_OFF)
            }
            None => pause,
        }
    }

    fn start(&mut self, now: Moment, left: Left) {
        let token = match left {
            Left::Token(token) if self.is_good(&token, now.wall) => Some(token),
            _ => None,
        };
        let by_token = token.is_some();
        self.used = token.or_else(|| self.used.take());
        self.phase = Phase::Starting { since: now.instant };
        self.orders.push_back(Order::Start { by_token });
    }

    fn start_after(&mut self, now: Moment, pause: Duration) {
        let start = Some(now.instant + pause);
        self.phase = Phase::Down { start };
    }

    fn stop(&mut self, why: &str, then: Then) {
        self.phase = Phase::Stopping { then };
        self.orders.push_back(Order::Stop { why: why.to_owned() });
    }

    fn end(&mut self, ending: Ending) {
        self.phase = Phase::Ended;
        self.orders.push_back(Order::End(ending));
    }
}

#[cfg(test)]
mod tests;
