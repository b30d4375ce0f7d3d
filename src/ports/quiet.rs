//! Lines of the log that strangers could make endless. Pure: `now` is handed in.

use std::time::{Duration, Instant};

const SPAN: Duration = Duration::from_secs(60);
/// Lines in one span of time.
const LINES: u32 = 10;

/// Lets a few lines through at a time, and counts the others.
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    since: Option<Instant>,
    lines: u32,
    left_out: u64,
}

impl Quiet {
    /// Whether to write a line now: with how many were left out since the last one.
    pub(crate) fn line(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now >= since + SPAN) {
            self.since = Some(now);
            self.lines = 0;
        }
        if self.lines == LINES {
            self.left_out += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_told_later() {
        let mut quiet = Quiet::default();
        let start = Instant::now();
        for _ in 0..LINES {
            assert_eq!(quiet.line(start), Some(0));
        }
        for _ in 0..500 {
            assert_eq!(quiet.line(start + SPAN / 2), None);
        }
        assert_eq!(quiet.line(start + SPAN), Some(500));
        assert_eq!(quiet.line(start + SPAN), Some(0), "told once");
    }
}
