//! Whether a thread moves: a mark that it leaves at each step of its work, and takes away when it waits. Whoever wants to
//! know looks at the mark; the thread itself is not asked, and has no timer for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The mark of a thread that waits.
const WAITS: u64 = u64::MAX;

/// A thread's pulse. A clone is the same one.
#[derive(Clone, Debug)]
pub struct Pulse {
    began: Instant,
    /// When the step began, ms from `began` on.
    step: Arc<AtomicU64>,
}

impl Pulse {
    /// Of a thread that waits.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            began: now,
            step: Arc::new(AtomicU64::new(WAITS)),
        }
    }

    /// A step begins.
    pub fn steps(&self, now: Instant) {
        let since = now.saturating_duration_since(self.began).as_millis();
        let since = u64::try_from(since).unwrap_or_default();
        self.step.store(since, Ordering::Relaxed);
    }

    /// There is nothing to do.
    pub fn waits(&self) {
        self.step.store(WAITS, Ordering::Relaxed);
    }

    /// How long it has been at one step; `None` while it waits.
    #[must_use]
    pub fn at_step_for(&self, now: Instant) -> Option<Duration> {
        match self.step.load(Ordering::Relaxed) {
            WAITS => None,
            since => Some(now.saturating_duration_since(self.began + Duration::from_millis(since))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_step_that_lasts_is_told() {
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        let pulse = Pulse::new(began);
        assert_eq!(pulse.at_step_for(at(1000)), None);
        let the_same = pulse.clone();
        the_same.steps(at(10));
        assert_eq!(pulse.at_step_for(at(70)), Some(Duration::from_secs(60)));
        the_same.steps(at(70));
        assert_eq!(pulse.at_step_for(at(70)), Some(Duration::ZERO));
        the_same.waits();
        assert_eq!(pulse.at_step_for(at(1000)), None);
    }
}
