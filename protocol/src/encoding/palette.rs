//! The colours of a small area, in the order of their first appearance or sorted.

const SLOTS: usize = 1024;
const EMPTY: u16 = u16::MAX;

/// At most 256 colours and where each stands.
pub(super) struct Palette {
    colours: Vec<u32>,
    /// Indices into `colours`, by hash, with linear probing.
    slots: Box<[u16; SLOTS]>,
}

impl Palette {
    /// The most that one byte can tell apart.
    pub(super) const MAX: usize = 256;

    pub(super) fn new() -> Self {
        Self {
            colours: Vec::with_capacity(Self::MAX),
            slots: Box::new([EMPTY; SLOTS]),
        }
    }

    /// Forgets all colours.
    pub(super) fn clear(&mut self) {
        self.colours.clear();
        self.slots.fill(EMPTY);
    }

    /// The colours so far.
    pub(super) fn colours(&self) -> &[u32] {
        &self.colours
    }

    /// Sorts the colours: areas of the same ones get the same indices, wherever each appears first, and what is drawn alike
    /// in them becomes the same bytes.
    pub(super) fn sort(&mut self) {
        if self.colours.is_sorted() {
            return;
        }
        self.colours.sort_unstable();
        self.slots.fill(EMPTY);
        for (index, colour) in self.colours.iter().enumerate() {
            let slot = self.slot(*colour);
            self.slots[slot] = index as u16;
        }
    }

    /// The slot that has `colour`, or the one that is free for it.
    fn slot(&self, colour: u32) -> usize {
        let mut slot = (colour.wrapping_mul(0x9e37_79b1) >> 22) as usize;
        while self.slots[slot] != EMPTY && self.colours[self.slots[slot] as usize] != colour {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }

    /// Where `colour` stands, added if it is new; `None` when it would be one more than `limit`.
    pub(super) fn index(&mut self, colour: u32, limit: usize) -> Option<u8> {
        let slot = self.slot(colour);
        if self.slots[slot] != EMPTY {
            return Some(self.slots[slot] as u8);
        }
        if self.colours.len() >= limit.min(Self::MAX) {
            return None;
        }
        self.slots[slot] = self.colours.len() as u16;
        self.colours.push(colour);
        Some((self.colours.len() - 1) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_keep_their_places_up_to_the_limit() {
        let mut palette = Palette::new();
        for round in 0..2 {
            for colour in 0..256_u32 {
                assert_eq!(
                    palette.index(colour * 0x10101, 256),
                    Some(colour as u8),
                    "round {round}"
                );
            }
        }
        assert_eq!(palette.index(1, 256), None);
        assert_eq!(palette.colours().len(), 256);
        palette.clear();
        assert_eq!(palette.index(1, 1), Some(0));
        assert_eq!(palette.index(2, 1), None);
    }

    #[test]
    fn sorted_colours_are_found_at_their_new_places() {
        let mut palette = Palette::new();
        for colour in [9, 3, 7] {
            palette.index(colour, 8);
        }
        palette.sort();
        assert_eq!(palette.colours(), [3, 7, 9]);
        assert_eq!(
            [9, 3, 7].map(|colour| palette.index(colour, 8)),
            [Some(2), Some(0), Some(1)]
        );
    }
}
