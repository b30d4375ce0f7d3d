//! Ink: what differs from the background that it stands on, as connected blobs; frames and rules are taken away.

use std::collections::HashMap;

use super::flat::{Sets, distance};
use super::marks::is_mark;
use super::regions::Grounds;
use super::rings::{is_inside_of_ring, take_rings};
use crate::screen::{Frame, Rect};

/// A pixel this far from its background is ink.
pub(super) const INK: u32 = 16;
/// More blobs than any window of text has; the rest is not looked at.
const MOST: usize = 40_000;
/// How thick a frame inside a region can be.
pub(super) const LAYERS: i32 = 4;

/// One connected piece of ink.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blob {
    /// Smallest rectangle around it.
    pub(super) bounds: Rect,
    /// Number of its pixels.
    pub(super) area: u32,
    /// The ground that it stands on.
    pub(super) ground: usize,
    /// What it seems to be.
    pub(super) shape: Shape,
}

/// What a blob seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A letter, several touching ones, or a part of one.
    Glyph,
    /// The box or disc of a check box or radio button.
    Mark,
    /// A border, a separator, a picture: nothing to read.
    Other,
}

/// The ink of a whole picture.
#[derive(Debug, Default)]
pub(super) struct Ink {
    /// For each pixel 0, or its blob's index plus one.
    pub(super) labels: Vec<u32>,
    /// The blobs.
    pub(super) blobs: Vec<Blob>,
}

impl Ink {
    /// Finds the ink of `frame`.
    pub(super) fn of(frame: &Frame, grounds: &Grounds) -> Self {
        let mut mask = mask(frame, grounds);
        for ground in grounds.all.iter().skip(1) {
            take_rings(frame, &ground.bounds, &mut mask);
        }
        let mut ink = Self::connect(frame, grounds, &mask);
        if ink.peel(frame, grounds, &mut mask) {
            ink = Self::connect(frame, grounds, &mask);
        }
        ink.classify(frame, grounds);
        ink
    }

    fn connect(frame: &Frame, grounds: &Grounds, mask: &[bool]) -> Self {
        let width = frame.size().width as usize;
        let mut labels = vec![0u32; mask.len()];
        let mut sets = Sets::default();
        sets.make();
        for at in 0..mask.len() {
            if !mask[at] {
                continue;
            }
            let x = at % width;
            let mut label = 0;
            let mut join = |near: usize| {
                if labels[near] != 0 && grounds.owner[near] == grounds.owner[at] {
                    label = match label {
                        0 => labels[near],
                        other if other == labels[near] => other,
                        other => sets.unite(other, labels[near]),
                    };
                }
            };
            if x > 0 {
                join(at - 1);
            }
            if at >= width {
                join(at - width);
                if x > 0 {
                    join(at - width - 1);
                }
                if x + 1 < width {
                    join(at - width + 1);
                }
            }
            labels[at] = if label == 0 { sets.make() } else { label };
        }
        let blobs = measure(width, grounds, &mut labels, &mut sets);
        Self { labels, blobs }
    }

    /// Takes rectangular outlines (focus rings) off the text that may touch them; whether there were any. The edge of
    /// what scrolls may cut one off at one end.
    fn peel(&self, frame: &Frame, grounds: &Grounds, mask: &mut [bool]) -> bool {
        let width = frame.size().width as usize;
        let mut any = false;
        for (index, blob) in self.blobs.iter().enumerate() {
            let bounds = blob.bounds;
            if bounds.width < 8 || bounds.height < 8 || bounds.height > 64 {
                continue;
            }
            let ground = grounds.all[blob.ground].bounds;
            // As a box is, or higher than wide, as a letter is.
            let square = bounds.width <= bounds.height + 1 + bounds.width / 10;
            if square && !is_inside_of_ring(&ground, &bounds) {
                continue;
            }
            for layer in 0..LAYERS {
                let ring = bounds.inflated(-layer);
                let [top, bottom, left, right] = sides(&ring).map(|side| self.covers(width, index, &side));
                let cut = ring.x <= ground.x || ring.right() >= ground.right();
                if ring.height < 8 || !top || !bottom || !(left && right || cut && (left || right)) {
                    break;
                }
                any = true;
                for side in sides(&ring) {
                    for y in side.y..side.bottom() {
                        let row = y as usize * width;
                        mask[row + side.x as usize..row + side.right() as usize].fill(false);
                    }
                }
            }
        }
        any
    }

    fn covers(&self, width: usize, blob: usize, side: &Rect) -> bool {
        let mut count = 0;
        for y in side.y..side.bottom() {
            let row = y as usize * width;
            count += self.labels[row + side.x as usize..row + side.right() as usize]
                .iter()
                .filter(|&&label| label as usize == blob + 1)
                .count();
        }
        count * 100 >= side.area() * 80
    }

    fn classify(&mut self, frame: &Frame, grounds: &Grounds) {
        let width = frame.size().width as usize;
        for index in 0..self.blobs.len() {
            let blob = self.blobs[index];
            let Rect {
                width: w, height: h, ..
            } = blob.bounds;
            let rule = h <= 3 && w >= 24 || w <= 3 && h >= 28 || h <= 2 && w >= 16;
            let outline = w.max(h) >= 24 && u64::from(blob.area) * 100 < u64::from(w) * u64::from(h) * 20;
            let picture = h > 40 || w <= 40 && h > 28 && w > 28 || outline;
            self.blobs[index].shape = if rule {
                Shape::Other
            } else if is_mark(&self.labels, width, &blob.bounds) {
                Shape::Mark
            } else if picture {
                Shape::Other
            } else {
                Shape::Glyph
            };
        }
        self.drop_borders(grounds);
        self.drop_corners(grounds);
        self.drop_dotted_rings();
        self.drop_round_rings(grounds);
        self.settle_marks(frame, grounds);
    }

    /// The rounded corners of a button are cut off by its bounds.
    fn drop_corners(&mut self, grounds: &Grounds) {
        for blob in &mut self.blobs {
            let ground = grounds.all[blob.ground].bounds;
            let bounds = blob.bounds;
            let beside = bounds.x <= ground.x + 1 || bounds.right() >= ground.right() - 1;
            let edge = bounds.y <= ground.y + 1 || bounds.bottom() >= ground.bottom() - 1;
            if blob.ground > 0
                && ground.height <= 80
                && beside
                && edge
                && bounds.height <= 7
                && bounds.width <= 7
            {
                blob.shape = Shape::Other;
            }
        }
    }

    /// A focus ring of dots: specks in one row and in one column of the same ground.
    fn drop_dotted_rings(&mut self) {
        let mut rows: HashMap<(usize, i32), u32> = HashMap::new();
        let mut columns: HashMap<(usize, i32), u32> = HashMap::new();
        let speck =
            |blob: &Blob| blob.shape == Shape::Glyph && blob.bounds.width <= 2 && blob.bounds.height <= 2;
        for blob in self.blobs.iter().filter(|blob| speck(blob)) {
            *rows.entry((blob.ground, blob.bounds.y)).or_default() += 1;
            *columns.entry((blob.ground, blob.bounds.x)).or_default() += 1;
        }
        rows.retain(|_, count| *count >= 6);
        columns.retain(|(ground, _), count| *count >= 4 && rows.keys().any(|row| row.0 == *ground));
        rows.retain(|(ground, _), _| columns.keys().any(|column| column.0 == *ground));
        for blob in self.blobs.iter_mut().filter(|blob| speck(blob)) {
            let on_row = (0..2).any(|d| rows.contains_key(&(blob.ground, blob.bounds.y + d)));
            let on_column = (0..2).any(|d| columns.contains_key(&(blob.ground, blob.bounds.x + d)));
            if on_row || on_column {
                blob.shape = Shape::Other;
            }
        }
    }

    /// A focus ring with round ends: a hollow outline in a button, with the whole label in it.
    fn drop_round_rings(&mut self, grounds: &Grounds) {
        for ring in 0..self.blobs.len() {
            let Blob {
                bounds, ground, area, ..
            } = self.blobs[ring];
            let button = grounds.all[ground].bounds;
            let hollow = area as usize * 100 < bounds.area() * 45;
            let centred = button.height <= 64 && is_inside_of_ring(&button, &bounds);
            if ground == 0 || bounds.height < 10 || !hollow || !centred {
                continue;
            }
            let inside = bounds.inflated(-2);
            let mut others = self.blobs.iter().enumerate().filter(|(other, blob)| {
                *other != ring && blob.ground == ground && blob.bounds.intersects(&inside)
            });
            let holds = |(_, blob): (usize, &Blob)| {
                inside.contains_rect(&blob.bounds) && blob.bounds.height * 10 < bounds.height * 9
            };
            if others.clone().next().is_some() && others.all(holds) {
                self.blobs[ring].shape = Shape::Other;
            }
        }
    }

    /// A blob around a ground that is not much larger than it is that ground's border.
    fn drop_borders(&mut self, grounds: &Grounds) {
        for ground in grounds.all.iter().skip(1) {
            let around = ground.bounds.inflated(9);
            let within = ground.bounds.inflated(-2);
            // Too near to it for a letter of a label.
            let beside = ground.bounds.inflated(4);
            for blob in &mut self.blobs {
                let border = blob.bounds.contains_rect(&within) && around.contains_rect(&blob.bounds);
                if Some(blob.ground) == ground.parent
                    && blob.shape != Shape::Other
                    && (border || beside.contains_rect(&blob.bounds))
                {
                    blob.shape = Shape::Other;
                }
            }
        }
    }
}

fn mask(frame: &Frame, grounds: &Grounds) -> Vec<bool> {
    let width = frame.size().width as usize;
    let mut mask = Vec::with_capacity(frame.pixels().len());
    for (y, row) in frame.pixels().chunks_exact(width.max(1)).enumerate() {
        let owners = &grounds.owner[y * width..][..width];
        let papers = &grounds.paper[y * width..][..width];
        let mut owner = usize::MAX;
        let mut background = 0;
        mask.extend(
            row.iter()
                .zip(owners)
                .zip(papers)
                .map(|((&pixel, &own), &paper)| {
                    if own as usize != owner {
                        owner = own as usize;
                        background = grounds.all[owner].row(y as i32);
                    }
                    !paper && distance(pixel, background) > INK
                }),
        );
    }
    mask
}

fn measure(width: usize, grounds: &Grounds, labels: &mut [u32], sets: &mut Sets) -> Vec<Blob> {
    let mut number = vec![0u32; sets.len()];
    let mut blobs: Vec<Blob> = Vec::new();
    for (at, label) in labels.iter_mut().enumerate().filter(|(_, label)| **label != 0) {
        let root = sets.find(*label) as usize;
        let pixel = Rect::new((at % width) as i32, (at / width) as i32, 1, 1);
        if number[root] == 0 {
            if blobs.len() >= MOST {
                *label = 0;
                continue;
            }
            blobs.push(Blob {
                bounds: pixel,
                area: 0,
                ground: grounds.owner[at] as usize,
                shape: Shape::Glyph,
            });
            number[root] = blobs.len() as u32;
        }
        *label = number[root];
        let blob = &mut blobs[number[root] as usize - 1];
        blob.bounds = blob.bounds.union(&pixel);
        blob.area += 1;
    }
    blobs
}

fn sides(ring: &Rect) -> [Rect; 4] {
    let Rect { x, y, width, height } = *ring;
    [
        Rect::new(x, y, width, 1),
        Rect::new(x, ring.bottom() - 1, width, 1),
        Rect::new(x, y, 1, height),
        Rect::new(ring.right() - 1, y, 1, height),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    fn ink(frame: &Frame) -> Ink {
        Ink::of(frame, &Grounds::of(frame))
    }

    fn panel() -> Frame {
        let mut frame = Frame::new(Size::new(120, 60));
        frame.fill(frame.bounds(), 0xeeeeee);
        frame
    }

    #[test]
    fn a_focus_ring_is_taken_off_the_stroke_that_touches_it() {
        let mut frame = panel();
        frame.fill(Rect::new(20, 20, 60, 16), 0x8899aa);
        frame.fill(Rect::new(21, 21, 58, 14), 0xeeeeee);
        frame.fill(Rect::new(21, 24, 3, 9), 0);
        let glyphs: Vec<Rect> = ink(&frame)
            .blobs
            .iter()
            .filter(|blob| blob.shape == Shape::Glyph)
            .map(|blob| blob.bounds)
            .collect();
        assert_eq!(glyphs, [Rect::new(21, 24, 3, 9)]);
    }

    #[test]
    fn a_focus_ring_around_two_letters_is_taken_off_them() {
        let mut frame = panel();
        frame.fill(Rect::new(20, 10, 35, 29), 0x8899aa);
        frame.fill(Rect::new(21, 11, 33, 27), 0xeeeeee);
        for x in [22, 38] {
            // They reach the ring above them.
            for part in [
                Rect::new(x, 11, 3, 16),
                Rect::new(x, 11, 14, 3),
                Rect::new(x + 11, 11, 3, 16),
            ] {
                frame.fill(part, 0);
            }
        }
        let ink = ink(&frame);
        let glyphs = ink.blobs.iter().filter(|blob| blob.shape == Shape::Glyph);
        let glyphs: Vec<Rect> = glyphs.map(|blob| blob.bounds).collect();
        assert_eq!(glyphs, [Rect::new(22, 11, 14, 16), Rect::new(38, 11, 14, 16)]);
    }

    #[test]
    fn the_end_of_a_gradient_is_no_ink() {
        let mut frame = panel();
        for x in 0..60 {
            let grey = 0xe0 - 2 * u32::from(x > 40) * (x as u32).saturating_sub(40);
            frame.fill(Rect::new(10 + x, 10, 1, 20), grey << 16 | grey << 8 | grey);
        }
        frame.fill(Rect::new(20, 16, 2, 8), 0);
        let ink = ink(&frame);
        assert_eq!(ink.blobs.len(), 1, "{:?}", ink.blobs);
    }

    #[test]
    fn a_round_focus_ring_is_no_text() {
        let mut frame = panel();
        frame.fill(Rect::new(20, 15, 60, 30), 0x3355aa);
        for (x, y) in (20..80).flat_map(|x| (15..45).map(move |y| (x, y))) {
            let (a, b) = ((x as f32 - 49.5) / 27.0, (y as f32 - 29.5) / 12.0);
            if (0.85..1.0).contains(&a.hypot(b)) {
                frame.fill(Rect::new(x, y, 1, 1), 0xffffff);
            }
        }
        frame.fill(Rect::new(44, 25, 4, 9), 0xffffff);
        frame.fill(Rect::new(52, 25, 4, 9), 0xffffff);
        let glyphs = ink(&frame)
            .blobs
            .into_iter()
            .filter(|blob| blob.shape == Shape::Glyph);
        let glyphs: Vec<Rect> = glyphs.map(|blob| blob.bounds).collect();
        assert_eq!(glyphs, [Rect::new(44, 25, 4, 9), Rect::new(52, 25, 4, 9)]);
    }

    #[test]
    fn rows_of_a_centred_word_are_no_ring() {
        let mut frame = panel();
        frame.fill(Rect::new(20, 15, 60, 30), 0x3355aa);
        // Four letters like an O, with strokes at both ends.
        for x in [32, 42, 52, 62] {
            frame.fill(Rect::new(x, 24, 8, 12), 0xffffff);
            frame.fill(Rect::new(x + 1, 25, 6, 10), 0x3355aa);
        }
        let glyphs = ink(&frame)
            .blobs
            .into_iter()
            .filter(|blob| blob.bounds.height == 12);
        assert_eq!(glyphs.count(), 4);
    }

    #[test]
    fn a_ring_that_is_cut_off_at_one_end_is_taken_off_too() {
        let mut frame = panel();
        frame.fill(Rect::new(4, 4, 100, 50), 0x444444);
        frame.fill(Rect::new(5, 5, 98, 48), 0xeeeeee);
        frame.fill(Rect::new(20, 20, 83, 16), 0x8899aa);
        frame.fill(Rect::new(21, 21, 82, 14), 0xeeeeee);
        frame.fill(Rect::new(21, 24, 3, 11), 0);
        let ink = ink(&frame);
        let glyphs = ink.blobs.iter().filter(|blob| blob.shape == Shape::Glyph);
        let glyphs: Vec<Rect> = glyphs.map(|blob| blob.bounds).collect();
        assert_eq!(glyphs, [Rect::new(21, 24, 3, 11)]);
    }
}
