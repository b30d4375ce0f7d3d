//! What waits to be sent to a viewer, within bounds that it cannot move.

/// Room that is always kept for what is sent next.
const KEPT: usize = 1 << 16;
/// More is kept as long as what was sent lately took this part of it: new memory costs a fault for each page, and between
/// two large updates there may be some small ones.
const SPARE: usize = 4;

#[derive(Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    /// What was sent at a time lately: the most of it counts, half as much each time.
    peak: usize,
    /// Answers that wait for the end of an update, in whose middle they have no place.
    answers: Vec<u8>,
    /// Bytes of answers since the viewer took everything last.
    unread: usize,
}

impl Outbox {
    /// Bytes for the viewer, the oldest first.
    pub(super) fn waiting(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// Whether the viewer has all that was sent so far.
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The transport has taken the first `count` bytes.
    pub(super) fn taken(&mut self, count: usize) {
        self.sent += count;
        if self.sent >= self.bytes.len() {
            self.peak = self.bytes.len().max(self.peak / 2);
            self.bytes.clear();
            self.bytes.shrink_to(KEPT.max(self.peak * SPARE));
            self.sent = 0;
            self.unread = 0;
        }
    }

    /// Where messages and parts of updates are appended.
    pub(super) const fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Adds an answer, after the update that is on its way if there is one. Returns how many bytes of answers the viewer
    /// has not taken.
    pub(super) fn answer(&mut self, message: &[u8], in_update: bool) -> usize {
        let place = if in_update {
            &mut self.answers
        } else {
            &mut self.bytes
        };
        place.extend_from_slice(message);
        self.unread += message.len();
        self.unread
    }

    /// The update is whole: what waited for that follows.
    pub(super) fn update_ends(&mut self) {
        self.bytes.append(&mut self.answers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(outbox: &mut Outbox, length: usize) -> usize {
        outbox.end().resize(length, 0);
        outbox.taken(length);
        assert!(outbox.is_empty());
        outbox.bytes.capacity()
    }

    #[test]
    fn the_room_of_a_large_update_is_given_back_after_small_ones() {
        let mut outbox = Outbox::default();
        assert!(sent(&mut outbox, 1 << 20) <= 1 << 21);
        let room = (0..10).map(|_| sent(&mut outbox, 10)).collect::<Vec<_>>();
        assert!(room.is_sorted_by(|a, b| a >= b), "{room:?}");
        assert!(room[9] <= KEPT, "{room:?}");
    }

    #[test]
    fn large_updates_with_a_small_one_between_use_the_same_room() {
        let mut outbox = Outbox::default();
        let lengths = [3 << 19, 1 << 20, 10, 3 << 19, 1 << 20, 10];
        let room = lengths.map(|length| sent(&mut outbox, length));
        assert_eq!(room[1..], [room[0]; 5]);
    }

    #[test]
    fn answers_wait_for_the_end_of_an_update() {
        let mut outbox = Outbox::default();
        outbox.end().extend_from_slice(b"up");
        assert_eq!(outbox.answer(b"!", true), 1);
        outbox.end().extend_from_slice(b"date");
        outbox.update_ends();
        assert_eq!(outbox.waiting(), b"update!");
        outbox.taken(7);
        assert_eq!(outbox.answer(b"?", false), 1, "what was taken does not count");
    }
}
