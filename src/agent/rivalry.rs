//! Two programs that take the session from each other: one of them has to stop, and it is this one.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many times in [`SPAN`] are a fight.
const KICKS: usize = 5;
const SPAN: Duration = Duration::from_secs(600);

/// When another session was met while this one was logged in.
#[derive(Debug, Default)]
pub(super) struct Rivalry {
    kicks: VecDeque<Instant>,
    is_fight: bool,
}

impl Rivalry {
    /// Another session was met; true when that makes it a fight.
    pub(super) fn met(&mut self, now: Instant) -> bool {
        self.kicks.retain(|&kick| now < kick + SPAN);
        self.kicks.push_back(now);
        !self.is_fight && {
            self.is_fight = self.kicks.len() >= KICKS;
            self.is_fight
        }
    }

    /// Whether nothing is answered any more.
    pub(super) const fn is_fight(&self) -> bool {
        self.is_fight
    }

    /// A human has decided: the session is to be held.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_times_in_ten_minutes_are_a_fight_until_a_human_decides() {
        let begin = Instant::now();
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        let mut rivalry = Rivalry::default();
        assert!((0..4).all(|time| !rivalry.met(at(time * 100))));
        // The first is ten minutes ago.
        assert!(!rivalry.met(at(600)));
        assert!(rivalry.met(at(699)));
        assert!(!rivalry.met(at(5000)) && rivalry.is_fight());
        rivalry.forget();
        assert!(!rivalry.is_fight() && !rivalry.met(at(5001)));
    }
}
