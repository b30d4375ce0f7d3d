//! How long a viewer may stay. Pure: `now` is handed in.

use std::fmt;
use std::time::{Duration, Instant};

/// The limits; none: as long as the viewer likes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    /// Without a key or the pointer.
    pub(super) idle: Option<Duration>,
    /// In all.
    pub(super) time: Option<Duration>,
}

/// Why a viewer may not stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    Idle(Duration),
    Time(Duration),
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle(limit) => write!(f, "no key and no pointer for {} s", limit.as_secs()),
            Self::Time(limit) => write!(f, "its {} s are over", limit.as_secs()),
        }
    }
}

/// The stay of one viewer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    limits: Limits,
    began: Instant,
    acted: Instant,
}

impl Term {
    pub(super) const fn new(limits: Limits, now: Instant) -> Self {
        Self {
            limits,
            began: now,
            acted: now,
        }
    }

    /// The viewer pressed a key or moved the pointer.
    pub(super) const fn acted(&mut self, now: Instant) {
        self.acted = now;
    }

    /// When it ends, as things are.
    pub(super) fn end(&self) -> Option<Instant> {
        let idle = self.limits.idle.and_then(|limit| self.acted.checked_add(limit));
        let time = self.limits.time.and_then(|limit| self.began.checked_add(limit));
        idle.into_iter().chain(time).min()
    }

    /// Why it is over, when it is.
    pub(super) fn over(&self, now: Instant) -> Option<Expiry> {
        let passed = |since: Instant, limit: Duration| now.saturating_duration_since(since) >= limit;
        let time = self.limits.time.filter(|limit| passed(self.began, *limit));
        let idle = self.limits.idle.filter(|limit| passed(self.acted, *limit));
        time.map(Expiry::Time).or(idle.map(Expiry::Idle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn each_limit_ends_a_stay() {
        let began = Instant::now();
        let at = |seconds: u32| began + SECOND * seconds;
        let free = Term::new(Limits::default(), began);
        assert_eq!((free.end(), free.over(at(1_000_000))), (None, None));

        let limits = Limits {
            idle: Some(SECOND * 10),
            time: Some(SECOND * 25),
        };
        let mut term = Term::new(limits, began);
        assert_eq!((term.end(), term.over(at(9))), (Some(at(10)), None));
        assert_eq!(term.over(at(10)), Some(Expiry::Idle(SECOND * 10)));
        term.acted(at(9));
        assert_eq!((term.end(), term.over(at(18))), (Some(at(19)), None));
        term.acted(at(18));
        assert_eq!((term.end(), term.over(at(24))), (Some(at(25)), None));
        assert_eq!(term.over(at(25)), Some(Expiry::Time(SECOND * 25)));
    }
}
