//! How long to wait before something that failed is started again.

use std::time::Duration;

/// The first pause; doubled each time, up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(600);
/// What was up for so long begins with the shortest pause again.
const STEADY: Duration = Duration::from_secs(600);

/// Failures in a row, and the pause that follows from them.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackOff {
    failures: u32,
}

impl BackOff {
    /// It was up for so long.
    pub fn was_up(&mut self, time: Duration) {
        if time >= STEADY {
            self.failures = 0;
        }
    }

    /// One more failure; returns the pause after it.
    pub fn fail(&mut self) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures += 1;
        pause
    }

    /// How often it failed in a row.
    #[must_use]
    pub const fn failures(self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_steady_time() {
        let mut back_off = BackOff::default();
        let pauses: Vec<u64> = (0..9).map(|_| back_off.fail().as_secs()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
        back_off.was_up(Duration::from_secs(599));
        assert_eq!(back_off.fail(), LONGEST);
        back_off.was_up(STEADY);
        assert_eq!(back_off.fail(), FIRST);
    }
}
