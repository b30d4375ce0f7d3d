//! What is done about the session, by what `/tickle` proved.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Action, Course, Keeper, SETTLE, SOON, State};
use crate::config::OnCompeting;
use crate::portal::standing::Session;

/// A login that failed is not tried again before this long, doubled each time.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// So many logins an hour are as many as a session that is lost again and again gets.
pub(super) const LOGINS_AN_HOUR: usize = 4;
/// So often in an hour a session is taken from somebody else.
pub(super) const TAKEN_AN_HOUR: usize = 2;
pub(super) const HOUR: Duration = Duration::from_secs(3600);

impl Keeper {
    /// IBKR cannot be reached: a login cannot either.
    pub(super) fn silent(&mut self, now: Instant, evidence: &str) {
        self.watch(now, State::UpstreamDown, evidence);
        let since = *self.silent_since.get_or_insert(now);
        let limit = self
            .policy
            .silence_limit
            .saturating_mul(1 << self.silences.min(6));
        if now >= since + limit {
            self.silent_since = None;
            self.silences += 1;
            self.start_anew(&format!(
                "no answer from IBKR for {} s; the gateway may be stuck",
                limit.as_secs()
            ));
        }
    }

    pub(super) fn no_session(&mut self, now: Instant) {
        if std::mem::take(&mut self.was_ready) {
            self.course = Course::Doubting(now + SETTLE);
        }
        self.had_session = false;
        match self.course {
            Course::Doubting(until) if now < until => {
                self.believe(
                    State::NoSession,
                    "the session is gone; asked again before a login",
                );
                self.next = Some(now + SOON);
            }
            Course::Settling(until) if now < until => {
                self.believe(
                    State::NoSession,
                    "the page tells of success, and no session is there yet",
                );
                self.next = Some(now + SOON);
            }
            Course::Settling(_) => self.failed(now, "the page told of success, and no session came"),
            _ => self.log_in(now),
        }
    }

    fn log_in(&mut self, now: Instant) {
        if let Some(why) = self.locked.clone() {
            return self.watch(now, State::LockedOut, &why);
        }
        if !self.policy.logs_in {
            return self.watch(
                now,
                State::NoSession,
                "nobody is logged in: log in at the gateway's own page",
            );
        }
        forget(&mut self.logins, now);
        if let Some(first) = self
            .logins
            .front()
            .filter(|_| self.logins.len() >= LOGINS_AN_HOUR)
        {
            let why = format!("{LOGINS_AN_HOUR} logins within an hour, and no session lasts");
            self.login_from = Some((*first + HOUR, why));
        }
        if let Some((from, why)) = self.login_from.clone().filter(|(from, _)| now < *from) {
            return self.pause(now, from, &why);
        }
        self.logins.push_back(now);
        self.course = Course::LoggingIn;
        self.next = None;
        self.believe(State::NoSession, "a login is under way");
        self.due.push_back(Action::LogIn);
    }

    pub(super) fn not_authenticated(&mut self, now: Instant, evidence: &str) {
        self.had_session = true;
        self.was_ready = false;
        self.believe(State::NotAuthenticated, evidence);
        let (until, times) = match self.course {
            Course::Opening(until, times) => (until, times),
            // The gateway asks by itself after a login, which may take a moment.
            Course::Settling(_) => (now + SOON, 0),
            _ => (now, 0),
        };
        self.course = Course::Opening(until, times);
        if now < until {
            self.next = Some(now + SOON);
            return;
        }
        self.course = Course::Opening(now + self.policy.session_limit, times + 1);
        match times {
            0 => self.ask(Action::Open {
                compete: self.policy.competing == OnCompeting::TakeOver,
            }),
            _ if times <= self.policy.reauthentications => self.ask(Action::Reauthenticate),
            _ => self.start_anew(&format!("{evidence}, after {times} requests for one")),
        }
    }

    pub(super) fn competing(&mut self, now: Instant, evidence: &str) {
        self.had_session = true;
        self.was_ready = false;
        self.watch(now, State::Competing, evidence);
        match self.policy.competing {
            OnCompeting::Wait => {}
            OnCompeting::GiveUp => self.rest(&format!("{evidence}: the session is left to it")),
            OnCompeting::TakeOver => {
                forget(&mut self.taken, now);
                if self.taken.len() < TAKEN_AN_HOUR {
                    self.taken.push_back(now);
                    self.ask(Action::Open { compete: true });
                } else {
                    let why = format!(
                        "{evidence}; taken back {TAKEN_AN_HOUR} times within an hour: a human has to decide"
                    );
                    self.believe(State::Competing, &why);
                }
            }
        }
    }

    pub(super) fn ready(&mut self, now: Instant, session: &Session) {
        self.had_session = true;
        self.was_ready = true;
        self.failures = 0;
        self.locked = None;
        self.login_from = None;
        let server = session
            .server
            .as_deref()
            .map_or_else(String::new, |server| format!(", {server}"));
        self.watch(
            now,
            State::Ready,
            &format!("authenticated, connected, not competing{server}"),
        );
        self.due.push_back(Action::Validate);
    }

    pub(super) fn failed(&mut self, now: Instant, why: &str) {
        self.failures += 1;
        if self.failures >= self.policy.failures {
            let times = self.failures;
            return self.lock(
                now,
                format!("{times} logins in a row came to nothing, at last: {why}"),
            );
        }
        let pause = FIRST_PAUSE
            .saturating_mul(1 << (self.failures - 1).min(10))
            .min(LONGEST_PAUSE);
        self.login_from = Some((now + pause, why.to_owned()));
        self.pause(now, now + pause, why);
    }

    /// No login before `from`.
    pub(super) fn pause(&mut self, now: Instant, from: Instant, why: &str) {
        let seconds = from.saturating_duration_since(now).as_secs();
        self.watch(
            now,
            State::NoSession,
            &format!("{why}; the next login in {seconds} s"),
        );
        self.next = self.next.map(|next| next.min(from));
    }

    pub(super) fn lock(&mut self, now: Instant, why: String) {
        self.watch(now, State::LockedOut, &why);
        self.locked = Some(why);
    }
}

/// Forgets what is an hour ago.
fn forget(times: &mut VecDeque<Instant>, now: Instant) {
    while times.front().is_some_and(|first| now >= *first + HOUR) {
        times.pop_front();
    }
}
