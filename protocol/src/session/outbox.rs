//! What waits to be sent to a viewer, within bounds that it cannot move.

/// Room that is kept for what is sent next; more only if the last took some of it too, as new memory costs a fault for each
/// page.
const KEPT: usize = 1 << 16;
/// The parts of an update differ by less.
const SPARE: usize = 2;

#[derive(Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
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
            let room = KEPT.max(self.bytes.len() * SPARE);
            self.bytes.clear();
            self.bytes.shrink_to(room);
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

    #[test]
    fn the_room_of_a_large_update_is_given_back_after_a_small_one() {
        let mut outbox = Outbox::default();
        for (length, least, most) in [(1 << 20, 1 << 20, 1 << 21), (10, 10, KEPT)] {
            outbox.end().resize(length, 0);
            outbox.taken(length);
            assert!(outbox.is_empty());
            assert!((least..=most).contains(&outbox.bytes.capacity()), "{length}");
        }
    }

    #[test]
    fn parts_of_an_update_that_differ_use_the_same_room() {
        let mut outbox = Outbox::default();
        let mut room = Vec::new();
        for length in [3 << 19, 1 << 20, 3 << 19] {
            outbox.end().resize(length, 0);
            outbox.taken(length);
            room.push(outbox.bytes.capacity());
        }
        assert_eq!(room[1..], [room[0]; 2]);
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
