//! Which ink is the box or disc of a check box or radio button: an outline that no letter has, whole or in pieces.

use super::flat::distance;
use super::ink::{Blob, Ink, Shape};
use super::regions::{Ground, Grounds, is_box};
use crate::screen::{Frame, Rect};

/// More check boxes than any window has; the rest is a pattern.
const MOST: usize = 512;
/// With more blobs than this no outline is put together of pieces.
const MOST_PIECES: usize = 6000;
/// Sides of a box or disc, in pixels.
const SIDES: std::ops::RangeInclusive<u32> = 10..=36;

/// How much of a letter's contrast, in percent, any letter beside it has.
const FAINTER: u32 = 80;

/// No box is this near to its label, or to that of another.
const TOUCHING: i32 = 2;

/// How far the ink in `part` is from its paper, at the most.
fn contrast(frame: &Frame, ground: &Ground, part: &Rect) -> u32 {
    let rows = (part.y..part.bottom()).map(|y| (y, ground.row(y)));
    let pixels = rows.flat_map(|(y, paper)| (part.x..part.right()).map(move |x| (frame.pixel(x, y), paper)));
    let distances = pixels.filter_map(|(pixel, paper)| Some(distance(pixel?, paper)));
    distances.max().unwrap_or(0)
}

/// Square, disc or diamond: looked at from outside it is nearly as far away on all sides, and symmetric. All ink within
/// counts, and beside its corners there may be none: where light and shade of a box meet its outline is in pieces.
pub(super) fn is_mark(labels: &[u32], width: usize, bounds: &Rect) -> bool {
    evenness(labels, width, bounds) >= 96
}

/// In how many rows and columns of a square it is like that, in percent.
fn evenness(labels: &[u32], width: usize, bounds: &Rect) -> u32 {
    let (w, h) = (bounds.width, bounds.height);
    if !SIDES.contains(&w) || !SIDES.contains(&h) || w.abs_diff(h) > 1 + w.max(h) / 10 {
        return 0;
    }
    let has = |x: i32, y: i32| labels[y as usize * width + x as usize] != 0;
    let slack = 2 + h.max(w) / 12;
    let depth = |hit: Option<u32>| hit.unwrap_or(u32::MAX / 2);
    let symmetric = |a: u32, b: u32| a.abs_diff(b) <= slack && a.max(b) <= w.max(h) / 2 + 1;
    // Halfway along each side there is the outline, and no gap as between the stems of an H.
    let (x, y) = (bounds.x + (w / 2) as i32, bounds.y + (h / 2) as i32);
    let sides = [
        (0..w).find(|&d| has(bounds.x + d as i32, y)),
        (0..w).find(|&d| has(bounds.right() - 1 - d as i32, y)),
        (0..h).find(|&d| has(x, bounds.y + d as i32)),
        (0..h).find(|&d| has(x, bounds.bottom() - 1 - d as i32)),
    ];
    if sides.into_iter().any(|side| depth(side) > w.max(h) / 3) {
        return 0;
    }
    let mut even = 0;
    for step in 0..h {
        let y = bounds.y + step as i32;
        let left = depth((0..w).find(|&d| has(bounds.x + d as i32, y)));
        let right = depth((0..w).find(|&d| has(bounds.right() - 1 - d as i32, y)));
        even += u32::from(symmetric(left, right) || step == 1 || step + 2 == h);
    }
    for step in 0..w {
        let x = bounds.x + step as i32;
        let top = depth((0..h).find(|&d| has(x, bounds.y + d as i32)));
        let bottom = depth((0..h).find(|&d| has(x, bounds.bottom() - 1 - d as i32)));
        even += u32::from(symmetric(top, bottom) || step == 1 || step + 2 == w);
    }
    even * 100 / (w + h)
}

/// A line, an angle or an arc: much less ink than its rectangle has room for.
const fn is_thin(blob: &Blob) -> bool {
    let (w, h) = (blob.bounds.width, blob.bounds.height);
    w + h >= 6 && blob.area <= w + h && is_small(blob)
}

const fn is_small(blob: &Blob) -> bool {
    blob.bounds.width <= *SIDES.end() && blob.bounds.height <= *SIDES.end()
}

impl Ink {
    /// With all blobs looked at one by one: puts outlines together, takes letters out, and ticks from the letters.
    pub(super) fn settle_marks(&mut self, frame: &Frame, grounds: &Grounds) {
        let width = frame.size().width as usize;
        let joined = self.join_pieces(width);
        self.letters_are_no_marks(frame, grounds);
        self.part_letters(joined);
        self.drop_ticks();
        self.drop_solid_ticks(grounds);
    }

    /// The outline of a shaded disc or box is often in pieces, with light between them that is no ink. Returns what the
    /// pieces of each joined outline were, the one that stands for all of them first.
    fn join_pieces(&mut self, width: usize) -> Vec<Vec<(usize, Blob)>> {
        let mut joined = Vec::new();
        if self.blobs.len() > MOST_PIECES {
            return joined;
        }
        for index in 0..self.blobs.len() {
            let first = self.blobs[index];
            if first.shape == Shape::Other || !is_thin(&first) {
                continue;
            }
            let Some(bounds) = self.cluster(&first) else {
                continue;
            };
            // Letters have paper between them, an outline goes round.
            let goes_round = || {
                let mut columns = bounds.x..bounds.right();
                columns.all(|x| {
                    (bounds.y..bounds.bottom()).any(|y| self.labels[y as usize * width + x as usize] != 0)
                })
            };
            if bounds != first.bounds && goes_round() && evenness(&self.labels, width, &bounds) >= 90 {
                let mut pieces = vec![(index, first)];
                for (other, piece) in self.blobs.iter_mut().enumerate() {
                    if piece.ground == first.ground && bounds.contains_rect(&piece.bounds) {
                        pieces.push((other, *piece));
                        piece.shape = Shape::Other;
                    }
                }
                joined.push(pieces);
                self.blobs[index].bounds = bounds;
                self.blobs[index].shape = Shape::Mark;
            }
        }
        joined
    }

    /// A C and the l after it are as even as a box, too: what turned out to be no mark is taken apart again.
    fn part_letters(&mut self, joined: Vec<Vec<(usize, Blob)>>) {
        for pieces in joined.into_iter().rev() {
            if pieces
                .first()
                .is_some_and(|&(index, _)| self.blobs[index].shape == Shape::Glyph)
            {
                for (index, piece) in pieces {
                    self.blobs[index] = piece;
                }
            }
        }
    }

    /// What lies around this blob and all that is hardly a pixel away from it, if that is no larger than a box.
    fn cluster(&self, first: &Blob) -> Option<Rect> {
        let mut bounds = first.bounds;
        loop {
            let near = bounds.inflated(2);
            let grown = self
                .blobs
                .iter()
                .filter(|other| other.ground == first.ground && is_small(other))
                .filter(|other| near.intersects(&other.bounds))
                .fold(bounds, |all, other| all.union(&other.bounds));
            if grown.width > *SIDES.end() || grown.height > *SIDES.end() {
                return None;
            }
            if grown == bounds {
                return Some(bounds);
            }
            bounds = grown;
        }
    }

    /// O, N and H are as square and symmetric as a box, but stand on one line with their neighbours.
    fn letters_are_no_marks(&mut self, frame: &Frame, grounds: &Grounds) {
        let width = frame.size().width as usize;
        let contrast = |ground: usize, part: &Rect| contrast(frame, &grounds.all[ground], part);
        let mut marks: Vec<usize> = (0..self.blobs.len())
            .filter(|&index| self.blobs[index].shape == Shape::Mark)
            .collect();
        for surplus in marks.split_off(marks.len().min(MOST)) {
            self.blobs[surplus].shape = Shape::Other;
        }
        for mark in marks {
            let Blob { bounds, ground, .. } = self.blobs[mark];
            let closed = self.is_closed(width, &bounds);
            let (solid, own) = (self.is_solid(width, &bounds), contrast(ground, &bounds));
            // A box has nothing near to its left; to its right its label is further away than the next letter.
            let (near, nearer) = if closed {
                // Two letters that touch, as I and D do, are closed as well; they stand as near to the next as letters do.
                (TOUCHING, TOUCHING)
            } else {
                (bounds.height as i32 * 9 / 10, 2 + bounds.height as i32 / 9)
            };
            let letter = self.blobs.iter().enumerate().any(|(index, other)| {
                let gap = bounds.x.max(other.bounds.x) - bounds.right().min(other.bounds.right());
                let left = other.bounds.x < bounds.x;
                let slack = 1 + bounds.height as i32 / 12;
                let shared = other.bounds.bottom().min(bounds.bottom()) - other.bounds.y.max(bounds.y);
                // A y begins lower than the B that it nearly touches, and ends lower.
                let hangs = !left && gap <= TOUCHING && shared * 2 >= other.bounds.height as i32;
                let level = (other.bounds.bottom() - bounds.bottom()).abs() <= slack
                    || (other.bounds.y - bounds.y).abs() <= 1
                    || hangs;
                index != mark
                    && other.ground == ground
                    && other.shape != Shape::Other
                    && level
                    && (0..=if left { near } else { nearer }).contains(&gap)
                    // A box is clearly higher than the letter beside it, and never this near to it.
                    && ((closed || !left) && gap <= TOUCHING && other.bounds.height * 2 >= bounds.height
                        || other.bounds.height * 100 >= bounds.height * if left { 85 } else { 72 })
                    // The dot of a chosen disc is no stroke of a letter; a disc that is not chosen is drawn with a fainter
                    // pen than the labels on both sides of it, and further from them than letters are from each other.
                    && !(solid && gap > TOUCHING)
                    && !(gap > nearer && own * 100 < contrast(ground, &other.bounds) * FAINTER)
            });
            if letter {
                self.blobs[mark].shape = Shape::Glyph;
            }
        }
    }

    /// Whether its middle is solid ink, as the dot of a chosen disc makes it, and no stroke of a letter does.
    fn is_solid(&self, width: usize, bounds: &Rect) -> bool {
        let (w, h) = ((bounds.width / 3) as i32, (bounds.height / 3) as i32);
        let (left, top) = (
            bounds.x + (bounds.width as i32 - w) / 2,
            bounds.y + (bounds.height as i32 - h) / 2,
        );
        let has = |x: i32, y: i32| self.labels[y as usize * width + x as usize] != 0;
        (top..top + h).all(|y| (left..left + w).all(|x| has(x, y)))
    }

    /// Whether ink runs along all four sides, as it does in no single letter.
    fn is_closed(&self, width: usize, bounds: &Rect) -> bool {
        let has = |x: i32, y: i32| self.labels[y as usize * width + x as usize] != 0;
        let (rows, columns) = (bounds.y..bounds.bottom(), bounds.x..bounds.right());
        let (right, bottom) = (bounds.right() - 1, bounds.bottom() - 1);
        let sides = [
            (rows.clone().filter(|&y| has(bounds.x, y)).count(), bounds.height),
            (rows.filter(|&y| has(right, y)).count(), bounds.height),
            (
                columns.clone().filter(|&x| has(x, bounds.y)).count(),
                bounds.width,
            ),
            (columns.filter(|&x| has(x, bottom)).count(), bounds.width),
        ];
        sides
            .iter()
            .all(|&(count, length)| count * 100 >= length as usize * 80)
    }

    /// A solid square in the middle of a box that is a ground of its own: no letter is one, and no box is in a box.
    fn drop_solid_ticks(&mut self, grounds: &Grounds) {
        for blob in &mut self.blobs {
            let (around, bounds) = (grounds.all[blob.ground].bounds, blob.bounds);
            let solid = bounds.width >= 4 && blob.area == bounds.width * bounds.height;
            let middle = around.center().x.abs_diff(bounds.center().x) <= 1
                && around.center().y.abs_diff(bounds.center().y) <= 1;
            if blob.ground > 0
                && is_box(&around)
                && solid
                && middle
                && bounds.width.abs_diff(bounds.height) <= 1
            {
                blob.shape = Shape::Other;
            }
        }
    }

    /// A tick or a dot in a box is no letter of the label that follows. Two letters, joined or not, are a label with a
    /// ring around it.
    fn drop_ticks(&mut self) {
        let marks = self.blobs.iter().filter(|blob| blob.shape == Shape::Mark);
        let boxes: Vec<Rect> = marks.map(|mark| mark.bounds.inflated(1)).collect();
        for around in boxes {
            let mut ticks = self
                .blobs
                .iter_mut()
                .filter(|blob| blob.shape == Shape::Glyph && around.contains_rect(&blob.bounds));
            if let (Some(tick), None) = (ticks.next(), ticks.next())
                && tick.bounds.width * 4 <= tick.bounds.height * 5
            {
                tick.shape = Shape::Other;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    const PAPER: u32 = 0xf2_f2f2;
    const EDGE: u32 = 0xc4_c4c4;

    fn panel() -> Frame {
        let mut frame = Frame::new(Size::new(120, 60));
        frame.fill(frame.bounds(), PAPER);
        frame
    }

    fn shapes(frame: &Frame) -> Vec<(Shape, Rect)> {
        let ink = Ink::of(frame, &Grounds::of(frame));
        ink.blobs.iter().map(|blob| (blob.shape, blob.bounds)).collect()
    }

    /// The marks, when there is nothing else but what was left out.
    fn marks(frame: &Frame) -> Vec<Rect> {
        let shapes = shapes(frame);
        assert!(
            shapes.iter().all(|(shape, _)| *shape != Shape::Glyph),
            "{shapes:?}"
        );
        let marks = shapes.into_iter().filter(|(shape, _)| *shape == Shape::Mark);
        marks.map(|(_, bounds)| bounds).collect()
    }

    #[test]
    fn boxes_are_marks_and_separators_are_neither() {
        let mut frame = panel();
        frame.fill(Rect::new(10, 10, 13, 13), 0x444444);
        frame.fill(Rect::new(5, 40, 100, 1), 0x444444);
        let shapes = shapes(&frame);
        assert!(
            shapes.iter().all(|(shape, _)| *shape != Shape::Glyph),
            "{shapes:?}"
        );
    }

    #[test]
    fn a_box_of_light_and_shade_is_a_mark_with_a_tick_in_it() {
        let mut frame = panel();
        for side in [
            Rect::new(10, 10, 12, 1),
            Rect::new(10, 10, 1, 12),
            Rect::new(12, 21, 10, 1),
            Rect::new(21, 12, 1, 10),
        ] {
            frame.fill(side, EDGE);
        }
        frame.fill(Rect::new(13, 13, 3, 7), 0);
        frame.fill(Rect::new(15, 17, 4, 3), 0);
        assert_eq!(marks(&frame), [Rect::new(10, 10, 12, 12)]);
    }

    #[test]
    fn a_wide_h_is_a_letter_also_with_room_around_it() {
        let mut frame = panel();
        for part in [
            Rect::new(12, 10, 2, 14),
            Rect::new(22, 10, 2, 14),
            Rect::new(12, 16, 12, 2),
            Rect::new(10, 10, 6, 1),
            Rect::new(20, 10, 6, 1),
            Rect::new(10, 23, 6, 1),
            Rect::new(20, 23, 6, 1),
        ] {
            frame.fill(part, 0);
        }
        assert_eq!(shapes(&frame), [(Shape::Glyph, Rect::new(10, 10, 16, 14))]);
    }

    fn draw_c(frame: &mut Frame) {
        for part in [
            Rect::new(12, 10, 6, 1),
            Rect::new(11, 11, 1, 1),
            Rect::new(10, 12, 1, 7),
            Rect::new(11, 19, 1, 1),
            Rect::new(12, 20, 6, 1),
        ] {
            frame.fill(part, 0);
        }
    }

    /// Together as even as a box that is in pieces.
    #[test]
    fn a_c_and_the_l_after_it_are_letters() {
        let mut frame = panel();
        draw_c(&mut frame);
        frame.fill(Rect::new(19, 10, 1, 11), 0);
        let expected = [
            (Shape::Glyph, Rect::new(10, 10, 8, 11)),
            (Shape::Glyph, Rect::new(19, 10, 1, 11)),
        ];
        assert_eq!(shapes(&frame), expected);
    }

    /// No paper between them, but another letter beside them.
    #[test]
    fn a_c_and_the_l_over_it_are_two_letters() {
        let mut frame = panel();
        draw_c(&mut frame);
        for part in [
            Rect::new(18, 8, 3, 1),
            Rect::new(20, 8, 1, 13),
            Rect::new(23, 8, 1, 13),
        ] {
            frame.fill(part, 0);
        }
        let expected = [
            (Shape::Glyph, Rect::new(10, 10, 8, 11)),
            (Shape::Glyph, Rect::new(18, 8, 3, 13)),
            (Shape::Glyph, Rect::new(23, 8, 1, 13)),
        ];
        let mut found = shapes(&frame);
        found.sort_by_key(|(_, bounds)| bounds.x);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_disc_in_pieces_is_one_mark() {
        let mut frame = panel();
        let arcs = [
            "....****....",
            "..**.....*..",
            ".*........*.",
            ".*........*.",
            "*..........*",
            "*..........*",
            "*..........*",
            "*..........*",
            "..........*.",
            ".*........*.",
            "..**....**..",
            "....****....",
        ];
        for (y, row) in (10..).zip(arcs) {
            for (x, _) in (10..).zip(row.chars()).filter(|(_, dot)| *dot == '*') {
                frame.fill(Rect::new(x, y, 1, 1), EDGE);
            }
        }
        frame.fill(Rect::new(13, 13, 6, 6), 0);
        assert_eq!(marks(&frame), [Rect::new(10, 10, 12, 12)]);
    }

    #[test]
    fn a_disc_between_two_labels_is_no_letter_of_theirs() {
        let disc = |left: i32, dotted: bool, pen: u32| {
            let mut frame = panel();
            for y in 0..14 {
                for x in 0..14 {
                    let far = (2 * x - 13) * (2 * x - 13) + (2 * y - 13) * (2 * y - 13);
                    if (121..=190).contains(&far) || dotted && far <= 20 {
                        frame.fill(Rect::new(40 + x, 20 + y, 1, 1), pen);
                    }
                }
            }
            for x in [left, 40 + 14 + 7] {
                for part in [Rect::new(x, 21, 2, 13), Rect::new(x, 21, 8, 2)] {
                    frame.fill(part, 0x11_1111);
                }
            }
            let shapes = shapes(&frame);
            shapes.contains(&(Shape::Mark, Rect::new(40, 20, 14, 14)))
        };
        assert!(
            disc(23, true, 0x11_1111) && disc(23, false, 0x66_6666),
            "9 pixels away"
        );
        assert!(!disc(23, false, 0x11_1111), "it may be an O");
        assert!(
            !disc(30, true, 0x11_1111) && !disc(30, false, 0x66_6666),
            "as near as a letter"
        );
    }

    #[test]
    fn a_letter_that_a_descender_follows_is_no_mark() {
        let mut frame = panel();
        // As wide as it is high, and even on all sides; the serifs leave its stem open.
        for part in [
            Rect::new(40, 20, 13, 2),
            Rect::new(40, 26, 13, 2),
            Rect::new(40, 33, 13, 2),
            Rect::new(42, 20, 3, 15),
            Rect::new(49, 20, 3, 15),
        ] {
            frame.fill(part, 0);
        }
        let letter = (Shape::Mark, Rect::new(40, 20, 13, 15));
        assert!(shapes(&frame).contains(&letter), "alone it might be one");
        frame.fill(Rect::new(54, 24, 2, 15), 0);
        frame.fill(Rect::new(54, 24, 9, 2), 0);
        assert!(!shapes(&frame).contains(&letter));
    }

    /// `ID` where the font is so narrow, or so smooth, that the letters touch.
    #[test]
    fn two_letters_that_touch_are_no_box() {
        let draw = |near: i32| {
            let mut frame = panel();
            frame.fill(Rect::new(40, 20, 12, 12), 0);
            frame.fill(Rect::new(42, 22, 3, 8), PAPER);
            frame.fill(Rect::new(47, 22, 3, 8), PAPER);
            for x in [40 - near - 6, 52 + near] {
                frame.fill(Rect::new(x, 24, 6, 8), 0);
                frame.fill(Rect::new(x + 2, 26, 2, 4), PAPER);
            }
            let shapes = shapes(&frame).into_iter();
            shapes.filter(|(shape, _)| *shape == Shape::Mark).count()
        };
        assert_eq!(draw(2), 0);
        assert_eq!(draw(4), 1, "a box between two labels");
    }

    #[test]
    fn a_solid_square_in_a_box_is_its_tick() {
        let mut frame = panel();
        frame.fill(Rect::new(10, 10, 18, 18), 0x79_7979);
        frame.fill(Rect::new(11, 11, 16, 16), 0xff_ffff);
        frame.fill(Rect::new(14, 14, 10, 10), 0);
        let shapes = shapes(&frame);
        assert!(
            shapes.iter().all(|(shape, _)| *shape == Shape::Other),
            "{shapes:?}"
        );
    }

    #[test]
    fn the_ring_around_two_letters_leaves_them_letters() {
        let mut frame = panel();
        frame.fill(Rect::new(10, 10, 18, 18), EDGE);
        frame.fill(Rect::new(11, 11, 16, 16), PAPER);
        for x in [14, 20] {
            frame.fill(Rect::new(x, 14, 2, 9), 0);
            frame.fill(Rect::new(x, 14, 4, 2), 0);
        }
        let shapes = shapes(&frame);
        let letters = shapes.iter().filter(|(shape, _)| *shape == Shape::Glyph);
        assert_eq!(letters.count(), 2, "{shapes:?}");
    }
}
