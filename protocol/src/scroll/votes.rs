//! Which distances tile rows moved by: each window of some rows that is found in one other place of its column has a
//! vote. Single rows would not do, since letters repeat theirs.

use super::MIN_ROWS;
use super::grid::Hashes;

/// Distances that are tried, the one with most votes first.
const MAX_DISTANCES: usize = 4;
/// Fewer votes may come by chance.
const MIN_VOTES: u32 = 12;

/// Rows of a window.
const WINDOW: usize = MIN_ROWS as usize;

/// Distances with enough votes, in rows downwards. Each voter is the hashes of one column's tile rows, no more than `rows`.
pub(super) fn distances(rows: usize, voters: &[Vec<Hashes>]) -> Vec<i32> {
    if voters.is_empty() {
        return Vec::new();
    }
    let mut votes = vec![0; 2 * rows + 1];
    let mut places = Places::new(rows);
    for voter in voters {
        places.clear();
        for (place, window) in windows(voter, |hashes| hashes.old).enumerate() {
            places.add(window, place);
        }
        for (place, window) in windows(voter, |hashes| hashes.new).enumerate() {
            if let Some(before) = places.only(window)
                && before != place
            {
                votes[rows + place - before] += 1;
            }
        }
    }
    let counted = votes.into_iter().zip(0..);
    let mut found: Vec<(u32, usize)> = counted.filter(|(votes, _)| *votes >= MIN_VOTES).collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(MAX_DISTANCES);
    let distance = |(_, place): &(u32, usize)| *place as i32 - rows as i32;
    found.iter().map(distance).collect()
}

/// The hash of every window.
fn windows(rows: &[Hashes], hash_of: impl Fn(&Hashes) -> u64) -> impl Iterator<Item = u64> {
    const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
    /// What the row that leaves a window counts for in it.
    const LAST: u64 = BASE.wrapping_pow(WINDOW as u32);
    let mut hash = 0_u64;
    let sums = rows.iter().enumerate().map(move |(end, row)| {
        hash = hash.wrapping_mul(BASE).wrapping_add(hash_of(row));
        if let Some(start) = end.checked_sub(WINDOW) {
            hash = hash.wrapping_sub(hash_of(&rows[start]).wrapping_mul(LAST));
        }
        hash
    });
    sums.skip(WINDOW - 1)
}

/// Where each hash stands in a column, by open addressing: hashes need no hashing.
struct Places {
    /// A hash and its place; `EMPTY`, or `TWICE` when there are several.
    slots: Vec<(u64, u32)>,
}

const EMPTY: u32 = u32::MAX;
const TWICE: u32 = u32::MAX - 1;

impl Places {
    fn new(rows: usize) -> Self {
        Self {
            slots: vec![(0, EMPTY); (rows * 2).next_power_of_two()],
        }
    }

    fn clear(&mut self) {
        self.slots.fill((0, EMPTY));
    }

    /// The slot of `hash`: its own or an empty one.
    fn slot(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize & mask;
        while self.slots[slot].1 != EMPTY && self.slots[slot].0 != hash {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn add(&mut self, hash: u64, place: usize) {
        let slot = self.slot(hash);
        let place = if self.slots[slot].1 == EMPTY {
            place as u32
        } else {
            TWICE
        };
        self.slots[slot] = (hash, place);
    }

    /// The place of `hash` when there is exactly one.
    fn only(&self, hash: u64) -> Option<usize> {
        let (_, place) = self.slots[self.slot(hash)];
        (place < TWICE).then_some(place as usize)
    }
}
