//! What of all that was sent the viewer has taken, and what that tells of the line to it: how much may be under way, and
//! how sharp pictures may be. Fences tell it of viewers that do not ask (rfbproto, "Fence"), requests of all others.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::pacing::WINDOW;

/// Less tells nothing of a line: other things take longer.
const MIN_SAMPLE: usize = 4096;
/// Bytes of this much time are under way besides those of a round trip: the line never runs dry, and what waits is new.
const AHEAD: Duration = Duration::from_millis(50);
const MIN_WINDOW: usize = 1 << 13;
const MAX_WINDOW: usize = 1 << 20;
/// A picture that takes longer becomes coarser, one that takes less than a third of it sharper.
const SLOW: Duration = Duration::from_millis(150);
/// What pictures without loss may take of a line at a time, and the bytes of one pixel of them.
const AFFORDED: Duration = Duration::from_millis(250);
const BYTES_PER_PIXEL: usize = 3;
/// The coarsest JPEG quality; less saves next to nothing.
const COARSEST: u8 = 20;

/// One update that is under way.
struct Sent {
    number: u32,
    bytes: usize,
    at: Instant,
}

/// The line to one viewer.
pub(super) struct Flow {
    next: u32,
    /// The oldest first.
    under_way: VecDeque<Sent>,
    /// Bytes of an update that is not whole, and when the first of them went out.
    open: usize,
    open_at: Option<Instant>,
    answered_at: Option<Instant>,
    /// The shortest time from a small update to its answer.
    round_trip: Option<Duration>,
    /// Bytes per second.
    rate: Option<f64>,
    /// What of the asked quality is given, in percent.
    sharpness: u8,
}

impl Flow {
    pub(super) const fn new() -> Self {
        Self {
            next: 0,
            under_way: VecDeque::new(),
            open: 0,
            open_at: None,
            answered_at: None,
            round_trip: None,
            rate: None,
            sharpness: 100,
        }
    }

    /// These bytes go out.
    pub(super) fn sent(&mut self, bytes: usize, now: Instant) {
        self.open += bytes;
        self.open_at.get_or_insert(now);
    }

    /// An update is whole: what a fence behind it says.
    pub(super) fn whole(&mut self, now: Instant) -> [u8; 4] {
        let number = self.next;
        self.next = number.wrapping_add(1);
        self.under_way.push_back(Sent {
            number,
            bytes: std::mem::take(&mut self.open),
            at: self.open_at.take().unwrap_or(now),
        });
        number.to_be_bytes()
    }

    /// The viewer has answered a fence, and with it all those before.
    pub(super) fn answered(&mut self, payload: &[u8], now: Instant) {
        let place = self
            .under_way
            .iter()
            .position(|sent| sent.number.to_be_bytes() == payload);
        if let Some(place) = place {
            self.arrived(place + 1, now);
        }
    }

    /// The viewer asks for the next update: it has those before.
    pub(super) fn asked(&mut self, now: Instant) {
        self.arrived(self.under_way.len(), now);
    }

    fn arrived(&mut self, count: usize, now: Instant) {
        let (Some(first), Some(last)) = (
            self.under_way.front(),
            count.checked_sub(1).and_then(|last| self.under_way.get(last)),
        ) else {
            return;
        };
        let bytes: usize = self.under_way.iter().take(count).map(|sent| sent.bytes).sum();
        // On a line that was at rest the bytes began to arrive a round trip after they were sent.
        let busy = self.answered_at.filter(|before| *before > first.at);
        let time = match busy {
            Some(before) => now.saturating_duration_since(before),
            None => {
                let whole = now.saturating_duration_since(first.at);
                whole.saturating_sub(self.round_trip.unwrap_or_default())
            }
        };
        if bytes < MIN_SAMPLE {
            let round_trip = now.saturating_duration_since(last.at);
            self.round_trip = Some(
                self.round_trip
                    .map_or(round_trip, |before| before.min(round_trip)),
            );
        }
        self.under_way.drain(..count);
        self.answered_at = Some(now);
        if bytes < MIN_SAMPLE {
            return;
        }
        let sample = bytes as f64 / time.max(Duration::from_millis(1)).as_secs_f64();
        let rate = self.rate.map_or(sample, |before| (before * 3.0 + sample) / 4.0);
        self.rate = Some(rate);
        self.sharpness = if bytes as f64 / rate > SLOW.as_secs_f64() {
            (self.sharpness - self.sharpness / 4).max(1)
        } else if bytes as f64 / rate * 3.0 < SLOW.as_secs_f64() {
            (self.sharpness + 5).min(100)
        } else {
            self.sharpness
        };
    }

    /// Bytes that have not arrived as far as it is known.
    pub(super) fn in_flight(&self) -> usize {
        self.under_way.iter().map(|sent| sent.bytes).sum()
    }

    /// Bytes that may be under way to a viewer that does not ask before the next update waits.
    pub(super) fn window(&self) -> usize {
        let Some(rate) = self.rate else {
            return WINDOW;
        };
        ((rate * (self.round_trip.unwrap_or_default() + AHEAD).as_secs_f64()) as usize)
            .clamp(MIN_WINDOW, MAX_WINDOW)
    }

    /// Pixels whose exact copy the line carries in a fraction of a second.
    pub(super) fn affordable(&self) -> usize {
        self.rate.map_or(usize::MAX, |rate| {
            (rate * AFFORDED.as_secs_f64()) as usize / BYTES_PER_PIXEL
        })
    }

    /// The JPEG quality for now, where `asked` is the viewer's wish.
    pub(super) fn quality(&self, asked: u8) -> u8 {
        let share = u16::from(asked) * u16::from(self.sharpness) / 100;
        (share as u8).max(COARSEST.min(asked))
    }

    /// Nothing is under way any more: nobody will answer.
    pub(super) fn clear(&mut self) {
        self.under_way.clear();
        self.open = 0;
        self.open_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that carries so many bytes a second and delivers each after `delay`.
    struct Line {
        rate: f64,
        delay: Duration,
        free_at: Instant,
    }

    impl Line {
        fn deliver(&mut self, bytes: usize, now: Instant) -> Instant {
            self.free_at = self.free_at.max(now) + Duration::from_secs_f64(bytes as f64 / self.rate);
            self.free_at + self.delay
        }
    }

    fn start() -> Instant {
        #[expect(
            clippy::disallowed_methods,
            reason = "there is no other way to a first moment"
        )]
        Instant::now()
    }

    /// Sends updates of `bytes` for `time`, each when there is room; how many went out, and what was learned.
    fn play(flow: &mut Flow, line: &mut Line, bytes: usize, time: Duration, mut now: Instant) -> usize {
        let (end, mut count) = (now + time, 0);
        let mut answers = VecDeque::new();
        while now < end {
            if flow.in_flight() < flow.window() {
                flow.sent(bytes, now);
                let payload = flow.whole(now);
                answers.push_back((line.deliver(bytes, now), payload));
                count += 1;
                continue;
            }
            let (at, payload) = answers.pop_front().unwrap();
            now = at;
            flow.answered(&payload, now);
        }
        count
    }

    fn played(rate: f64, bytes: usize, seconds: u64) -> (usize, Flow) {
        let now = start();
        let delay = Duration::from_millis(10);
        let mut line = Line {
            rate,
            delay,
            free_at: now,
        };
        let mut flow = Flow::new();
        let count = play(&mut flow, &mut line, bytes, Duration::from_secs(seconds), now);
        (count, flow)
    }

    #[test]
    fn a_slow_line_holds_little_and_gets_coarser_pictures() {
        let (_, slow) = played(125e3, 40_000, 10);
        let (_, fast) = played(125e6, 40_000, 10);
        // What is under way at 1 Mbit/s is old within a fraction of a second, yet the line does not run dry.
        assert!(slow.window() < 16_000, "{}", slow.window());
        assert!(fast.window() > 1 << 20 >> 1, "{}", fast.window());
        assert!(slow.quality(90) < 45, "{}", slow.quality(90));
        assert_eq!(fast.quality(90), 90);
    }

    #[test]
    fn the_line_is_used_up() {
        let (count, _) = played(125e3, 5000, 10);
        let share = count as f64 * 5000.0 / 1.25e6;
        assert!(share > 0.9, "{share}");
    }

    #[test]
    fn a_line_that_recovers_is_trusted_again() {
        let (_, mut flow) = played(125e3, 40_000, 10);
        let now = start() + Duration::from_secs(100);
        flow.clear();
        let delay = Duration::from_millis(10);
        let mut line = Line {
            rate: 125e6,
            delay,
            free_at: now,
        };
        play(&mut flow, &mut line, 40_000, Duration::from_secs(5), now);
        assert_eq!(flow.quality(90), 90);
        assert!(flow.window() > 1 << 18);
    }

    #[test]
    fn nobody_gets_less_than_the_coarsest_nor_more_than_was_asked_for() {
        let (_, slow) = played(1e3, 40_000, 1000);
        assert_eq!(slow.quality(90), COARSEST);
        assert_eq!(slow.quality(5), 5);
        assert_eq!(slow.window(), MIN_WINDOW);
        assert_eq!(Flow::new().quality(77), 77);
        assert_eq!(Flow::new().window(), WINDOW);
    }

    #[test]
    fn an_answer_counts_for_all_before_and_an_unknown_one_for_none() {
        let now = start();
        let mut flow = Flow::new();
        let payloads = [100, 200, 300].map(|bytes| {
            flow.sent(bytes, now);
            flow.whole(now)
        });
        flow.answered(&[9; 4], now);
        assert_eq!(flow.in_flight(), 600);
        flow.answered(&payloads[1], now);
        assert_eq!(flow.in_flight(), 300);
        flow.answered(&payloads[0], now);
        assert_eq!(flow.in_flight(), 300);
        flow.asked(now);
        assert_eq!(flow.in_flight(), 0);
    }
}
