//! A fast hash of a picture's pixels.

use crate::screen::{Fingerprint, Frame, Rect};

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The fingerprint of `frame`, as if each of `blank` (fields, clocks, carets) were empty.
///
/// Not cryptographic: a program that wants two pictures to collide can make them.
pub fn fingerprint(frame: &Frame, blank: &[Rect]) -> Fingerprint {
    let size = frame.size();
    let mut hash = Mixer::new(u64::from(size.width) << 32 | u64::from(size.height));
    let mut row = Vec::new();
    for y in 0..size.height {
        let cuts: Vec<&Rect> = blank
            .iter()
            .filter(|rect| (rect.y..rect.bottom()).contains(&(y as i32)))
            .collect();
        if cuts.is_empty() {
            hash.pixels(frame.row(y));
            continue;
        }
        row.clear();
        row.extend_from_slice(frame.row(y));
        for cut in cuts {
            let cut = cut.intersection(&frame.bounds());
            if !cut.is_empty() {
                row[cut.x as usize..cut.right() as usize].fill(0);
            }
        }
        hash.pixels(&row);
    }
    Fingerprint(hash.finish())
}

/// Four independent multiply-and-rotate lanes, so that the multiplications overlap.
pub(super) struct Mixer {
    lanes: [u64; 4],
}

impl Mixer {
    /// A hash that starts from `seed`.
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            lanes: [seed ^ ODD, seed.rotate_left(17), !seed, seed.wrapping_mul(ODD)],
        }
    }

    /// Mixes in pixels, two to a word.
    pub(super) fn pixels(&mut self, pixels: &[u32]) {
        let (blocks, rest) = pixels.as_chunks::<8>();
        for block in blocks {
            for (lane, pair) in self.lanes.iter_mut().zip(block.as_chunks::<2>().0) {
                *lane = mix(*lane, u64::from(pair[0]) << 32 | u64::from(pair[1]));
            }
        }
        for &pixel in rest {
            self.lanes[0] = mix(self.lanes[0], u64::from(pixel) | 1 << 40);
        }
    }

    /// The hash of all that was mixed in.
    pub(super) fn finish(&self) -> u64 {
        let mut hash = ODD;
        for lane in self.lanes {
            hash = mix(hash ^ (hash >> 29), lane ^ (lane >> 31));
        }
        hash ^ (hash >> 32)
    }
}

const fn mix(lane: u64, word: u64) -> u64 {
    (lane ^ word).wrapping_mul(ODD).rotate_left(27)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    #[test]
    fn one_pixel_changes_it_and_a_blanked_one_does_not() {
        let blank = Frame::new(Size::new(37, 11));
        let mut marked = blank.clone();
        marked.fill(Rect::new(20, 5, 1, 1), 1);
        assert_ne!(fingerprint(&blank, &[]), fingerprint(&marked, &[]));
        let part = [Rect::new(18, 4, 100, 3)];
        assert_eq!(fingerprint(&blank, &part), fingerprint(&marked, &part));
    }

    #[test]
    fn shape_counts() {
        let wide = Frame::new(Size::new(8, 2));
        let tall = Frame::new(Size::new(2, 8));
        assert_ne!(fingerprint(&wide, &[]), fingerprint(&tall, &[]));
        assert_eq!(
            fingerprint(&Frame::default(), &[]),
            fingerprint(&Frame::default(), &[])
        );
    }

    #[test]
    fn every_position_counts() {
        let base = Frame::new(Size::new(21, 3));
        let mut seen = std::collections::HashSet::from([fingerprint(&base, &[])]);
        for at in 0..base.pixels().len() {
            let mut frame = base.clone();
            frame.pixels_mut()[at] = 0xffffff;
            assert!(seen.insert(fingerprint(&frame, &[])), "pixel {at}");
        }
    }
}
