//! How much of what was sent without a request the viewer has not taken yet, as its answers to fences tell.

use std::collections::VecDeque;

/// Updates that are under way, the oldest first.
#[derive(Default)]
pub(super) struct Flow {
    next: u32,
    /// The number in each fence, and the bytes before it.
    under_way: VecDeque<(u32, usize)>,
    /// Bytes since the last fence.
    open: usize,
}

impl Flow {
    /// These bytes go out.
    pub(super) const fn sent(&mut self, bytes: usize) {
        self.open += bytes;
    }

    /// An update is whole: what the fence behind it says.
    pub(super) fn fence(&mut self) -> [u8; 4] {
        let number = self.next;
        self.next = number.wrapping_add(1);
        self.under_way.push_back((number, std::mem::take(&mut self.open)));
        number.to_be_bytes()
    }

    /// The viewer has answered a fence, and with it all those before.
    pub(super) fn answered(&mut self, payload: &[u8]) {
        let place = self
            .under_way
            .iter()
            .position(|(number, _)| number.to_be_bytes() == payload);
        if let Some(place) = place {
            self.under_way.drain(..=place);
        }
    }

    /// Bytes that have not arrived as far as it is known.
    pub(super) fn in_flight(&self) -> usize {
        self.under_way.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Nothing is under way any more: nobody will answer.
    pub(super) fn clear(&mut self) {
        self.under_way.clear();
        self.open = 0;
    }
}
