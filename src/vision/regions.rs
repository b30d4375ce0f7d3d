//! Flat areas that are shaped like something: panels, buttons, fields, rows, boxes.

use super::flat::{Flat, FlatMap, distance};
use super::halves;
use super::holes::Hole;
use super::outline::{Bulge, Outline};
use super::plates;
use super::rings::{beyond_ring, is_cut_by_ring, is_ring_in, spans_of};
use crate::screen::{Frame, Rect};

/// More regions than any window of controls has.
const MOST: usize = 512;
/// An area of this side is background, not a stroke of a letter.
const SOLID: u8 = 5;
/// What goes on for so many rows inside is no notch.
const INSIDE: i32 = 3;
/// An area at least this large may have any shape.
const PANEL: (u32, u32) = (48, 40);

/// A part of the picture with a background of its own.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    /// Its place.
    pub(super) bounds: Rect,
    /// The flat area that is its background.
    label: u32,
    /// The smallest ground around it; the first ground has none.
    pub(super) parent: Option<usize>,
    /// Its background's mean colour in each row of `bounds`, `0x00RRGGBB`.
    rows: Vec<u32>,
    /// Its most frequent colour.
    pub(super) background: u32,
    /// From where to where it reaches in each row, when its corners may be rounded; else empty.
    spans: Vec<(i32, i32)>,
}

impl Ground {
    /// How wide its rounded corners are.
    pub(super) fn rounding(&self) -> i32 {
        let inset = |span: Option<&(i32, i32)>| {
            span.map_or(0, |&(left, right)| {
                (left - self.bounds.x).max(self.bounds.right() - right)
            })
        };
        inset(self.spans.first()).max(inset(self.spans.last()))
    }

    fn span(&self, y: i32) -> (i32, i32) {
        let row = self.spans.get((y - self.bounds.y) as usize);
        row.copied().unwrap_or((self.bounds.x, self.bounds.right()))
    }

    /// The background's colour in row `y` of the picture.
    pub(super) fn row(&self, y: i32) -> u32 {
        let last = self.rows.len() as i32 - 1;
        self.rows
            .get((y - self.bounds.y).clamp(0, last.max(0)) as usize)
            .copied()
            .unwrap_or(self.background)
    }
}

/// All grounds of a picture, larger before smaller, and which one each pixel stands on.
#[derive(Debug, Default)]
pub(super) struct Grounds {
    /// The grounds; the first one is the whole picture.
    pub(super) all: Vec<Ground>,
    /// For each pixel the smallest ground around it.
    pub(super) owner: Vec<u16>,
    /// Whether each pixel is of the flat area that is its ground's background: that of a slow gradient may be far from
    /// the mean of its row.
    pub(super) paper: Vec<bool>,
}

impl Grounds {
    /// Finds the grounds of `frame`, which must not be empty.
    pub(super) fn of(frame: &Frame) -> Self {
        let mut map = FlatMap::of(frame);
        plates::cut(frame, &mut map);
        halves::join(frame, &mut map);
        let mut all = candidates(frame, &mut map);
        for ground in &mut all {
            colour(ground, frame, &map);
        }
        nest(&mut all);
        let mut owner = vec![0u16; frame.size().area()];
        let width = frame.size().width as usize;
        for (index, ground) in all.iter().enumerate() {
            let bounds = ground.bounds;
            for y in bounds.y..bounds.bottom() {
                let row = y as usize * width;
                let (left, right) = ground.span(y);
                owner[row + left as usize..row + right as usize].fill(index as u16);
            }
        }
        let pixels = owner.iter().zip(&map.labels);
        let paper = pixels
            .map(|(&owner, &label)| all[usize::from(owner)].label == label)
            .collect();
        Self { all, owner, paper }
    }
}

fn candidates(frame: &Frame, map: &mut FlatMap) -> Vec<Ground> {
    let picture = frame.bounds();
    let mut found: Vec<(u32, Flat)> = map
        .areas
        .iter()
        .enumerate()
        .map(|(label, flat)| (label as u32, *flat))
        .filter(|(label, flat)| may_be_ground(flat) || is_cut_by_ring(frame, map, *label, flat))
        .collect();
    found.sort_by_key(|(_, flat)| std::cmp::Reverse(flat.bounds.area()));
    found.truncate(4 * MOST);
    let whole = found.first().map(|(label, _)| *label);
    let mut all = vec![ground(picture, whole.unwrap_or(u32::MAX))];
    let mut rest = Vec::new();
    for (label, flat) in found {
        let flat = &without_spurs(frame, map, label, &flat);
        let panel = flat.bounds.width >= PANEL.0 && flat.bounds.height >= PANEL.1 && flat.square >= SOLID;
        if Some(label) == whole {
            continue;
        }
        let outline = Outline::of(frame, map, label, flat);
        let open = flat.square < SOLID && is_open(frame, map, label, flat);
        let round = !open && outline.as_ref().is_some_and(|outline| outline.has_round_ends);
        let rectangular = !open && is_rectangular(frame, map, label, flat);
        if panel || round || rectangular {
            let spans = outline.filter(|_| round || rectangular);
            all.push(Ground {
                spans: spans.map_or_else(Vec::new, |outline| outline.spans),
                ..ground(flat.bounds, label)
            });
        } else if let Some(bulge) = Bulge::of(frame, map, label, flat) {
            all.push(Ground {
                spans: bulge.spans,
                ..ground(flat.bounds, label)
            });
        } else {
            rest.push((label, *flat));
        }
    }
    add_holes(frame, map, &rest, &mut all);
    for ground in all.iter_mut().skip(1) {
        if let Some(whole) = beyond_ring(frame, &ground.bounds) {
            ground.bounds = whole;
            ground.spans = spans_of(frame, &whole);
        }
    }
    all[1..].sort_by_key(|ground| std::cmp::Reverse(ground.bounds.area()));
    all.dedup_by_key(|ground| ground.bounds);
    all.truncate(MOST);
    all
}

/// Makes grounds of the areas that are `rest` where they are pieces of something.
fn add_holes(frame: &Frame, map: &mut FlatMap, rest: &[(u32, Flat)], all: &mut Vec<Ground>) {
    for (label, flat) in rest {
        let center = flat.bounds.center();
        let known = |ground: &Ground| ground.bounds.height <= 80 && ground.bounds.contains(center);
        if flat.bounds.width < 14 || flat.bounds.height < 6 || all.iter().skip(1).any(known) {
            continue;
        }
        let Some(hole) = Hole::around(frame, map, *label, flat) else {
            continue;
        };
        for piece in hole.pieces.into_iter().filter(|piece| piece != label) {
            map.unite(*label, piece);
        }
        all.push(Ground {
            spans: hole.spans,
            ..ground(hole.bounds, *label)
        });
    }
}

/// The area without the few pixels of its border that happen to have its colour, where the border is smoothed.
fn without_spurs(frame: &Frame, map: &FlatMap, label: u32, flat: &Flat) -> Flat {
    let mut bounds = flat.bounds;
    if !(12..=66).contains(&bounds.height) || bounds.width < 14 {
        return *flat;
    }
    let width = frame.size().width as usize;
    let has = |x: i32, y: i32| map.labels[y as usize * width + x as usize] == label;
    let row = |y: i32| (bounds.x..bounds.right()).filter(|&x| has(x, y)).count();
    let column = |x: i32| (bounds.y..bounds.bottom()).filter(|&y| has(x, y)).count();
    let is_spur = |first: usize, next: usize| first * 4 < next;
    let (right, bottom) = (bounds.right() - 1, bounds.bottom() - 1);
    let spurs = [
        is_spur(column(bounds.x), column(bounds.x + 1)),
        is_spur(row(bounds.y), row(bounds.y + 1)),
        is_spur(column(right), column(right - 1)),
        is_spur(row(bottom), row(bottom - 1)),
    ]
    .map(i32::from);
    bounds = Rect::from_edges(
        bounds.x + spurs[0],
        bounds.y + spurs[1],
        bounds.right() - spurs[2],
        bounds.bottom() - spurs[3],
    );
    Flat { bounds, ..*flat }
}

const fn ground(bounds: Rect, label: u32) -> Ground {
    Ground {
        bounds,
        label,
        parent: None,
        rows: Vec::new(),
        background: 0,
        spans: Vec::new(),
    }
}

/// Solid somewhere, or so much of its rectangle that only letters can be missing.
fn may_be_ground(flat: &Flat) -> bool {
    let Rect { width, height, .. } = flat.bounds;
    // The strokes of large bold letters are solid too, but narrow.
    let solid = flat.square >= SOLID && width >= 9 && height >= 9;
    // Thin serif letters that touch are as wide as that, but hold no text and have no paper between.
    let roomy = width >= 16 && height >= 12 && flat.square >= 3;
    let tight = roomy && flat.area as usize * 100 >= flat.bounds.area() * 35;
    solid || tight
}

/// Whether what lies above or below it goes on between its parts, as the paper does between two bold letters that touch: a
/// control lets nothing in.
fn is_open(frame: &Frame, map: &FlatMap, label: u32, flat: &Flat) -> bool {
    let bounds = flat.bounds;
    let width = frame.size().width as usize;
    // Rounded corners let something in.
    let inner = bounds.inflated(-(bounds.height as i32 / 4));
    [(bounds.y, 1), (bounds.bottom() - 1, -1)]
        .into_iter()
        .any(|(edge, inwards)| {
            let goes_in = |x: i32| {
                let outside = frame.pixel(x, edge - inwards);
                (0..INSIDE).all(|far| {
                    let y = edge + far * inwards;
                    let pixel = frame.pixel(x, y).zip(outside);
                    map.labels[y as usize * width + x as usize] != label
                        && pixel.is_some_and(|(pixel, outside)| distance(pixel, outside) <= 3)
                })
            };
            (inner.x..inner.right()).filter(|&x| goes_in(x)).count() >= 2
        })
}

/// Whether the area reaches all four sides of its bounds nearly everywhere.
fn is_rectangular(frame: &Frame, map: &FlatMap, label: u32, flat: &Flat) -> bool {
    let bounds = flat.bounds;
    let width = frame.size().width as usize;
    // The round inside of a small letter must not pass, the rounded corners of a button must.
    let reach = match bounds.width.min(bounds.height) {
        0..16 if bounds.width < 2 * bounds.height => 1,
        0..24 => 2,
        _ => 3,
    };
    let has = |x: i32, y: i32| map.labels[y as usize * width + x as usize] == label;
    if is_box(&bounds) {
        // The inside of an o is round, that of a box has corners.
        let corners = [
            (bounds.x, bounds.y, 1, 1),
            (bounds.right() - 1, bounds.y, -1, 1),
            (bounds.x, bounds.bottom() - 1, 1, -1),
            (bounds.right() - 1, bounds.bottom() - 1, -1, -1),
        ];
        let square = corners
            .iter()
            .filter(|(x, y, dx, dy)| has(*x, *y) || has(x + dx, y + dy))
            .count();
        if square < 3 {
            return false;
        }
    }
    let share = |count: usize, of: u32| count * 100 >= of as usize * 72;
    let rows = bounds.y..bounds.bottom();
    let columns = bounds.x..bounds.right();
    let left = rows
        .clone()
        .filter(|&y| (0..reach).any(|d| has(bounds.x + d, y)))
        .count();
    let right = rows
        .filter(|&y| (0..reach).any(|d| has(bounds.right() - 1 - d, y)))
        .count();
    if !share(left, bounds.height) || !share(right, bounds.height) {
        return false;
    }
    let top = columns
        .clone()
        .filter(|&x| (0..reach).any(|d| has(x, bounds.y + d)))
        .count();
    let bottom = columns
        .filter(|&x| (0..reach).any(|d| has(x, bounds.bottom() - 1 - d)))
        .count();
    share(top, bounds.width) && share(bottom, bounds.width)
}

/// Whether a ground is as small and square as the inside of a check box.
pub(super) const fn is_box(bounds: &Rect) -> bool {
    let (w, h) = (bounds.width, bounds.height);
    let (low, high) = if w < h { (w, h) } else { (h, w) };
    high <= 34 && high - low <= 1 + high / 6
}

/// Finds each ground's parent, and drops what a focus ring cuts out of a button.
fn nest(all: &mut Vec<Ground>) {
    let mut kept: Vec<Ground> = Vec::with_capacity(all.len());
    for mut ground in all.drain(..) {
        let parent = kept
            .iter()
            .rposition(|outer| outer.bounds != ground.bounds && outer.bounds.contains_rect(&ground.bounds));
        if let Some(parent) = parent.filter(|&parent| parent > 0)
            && is_ring_in(
                &kept[parent].bounds,
                &ground.bounds,
                distance(kept[parent].background, ground.background),
            )
        {
            continue;
        }
        ground.parent = parent;
        kept.push(ground);
    }
    *all = kept;
}

/// Measures the background: its mean in each row, and its most frequent colour.
fn colour(ground: &mut Ground, frame: &Frame, map: &FlatMap) {
    let width = frame.size().width as usize;
    let bounds = ground.bounds;
    let mut counts: std::collections::HashMap<u32, u32> = std::collections::HashMap::new();
    let mut rows: Vec<Option<u32>> = Vec::with_capacity(bounds.height as usize);
    for y in bounds.y..bounds.bottom() {
        let start = y as usize * width;
        let mut sums = [0u64; 3];
        let mut number = 0u64;
        let mut run = (0u32, 0u32);
        for x in bounds.x as usize..bounds.right() as usize {
            if map.labels[start + x] != ground.label {
                continue;
            }
            let pixel = frame.pixels()[start + x];
            sums[0] += u64::from(pixel >> 16 & 0xff);
            sums[1] += u64::from(pixel >> 8 & 0xff);
            sums[2] += u64::from(pixel & 0xff);
            number += 1;
            if run.0 == pixel {
                run.1 += 1;
            } else {
                if run.1 > 0 {
                    *counts.entry(run.0).or_default() += run.1;
                }
                run = (pixel, 1);
            }
        }
        if run.1 > 0 {
            *counts.entry(run.0).or_default() += run.1;
        }
        rows.push((number > 0).then(|| {
            let mean = |sum: u64| ((sum + number / 2) / number) as u32;
            mean(sums[0]) << 16 | mean(sums[1]) << 8 | mean(sums[2])
        }));
    }
    ground.background = counts
        .iter()
        .max_by_key(|(pixel, count)| (**count, **pixel))
        .map_or(0, |(pixel, _)| *pixel);
    let mut last = rows.iter().flatten().next().copied().unwrap_or(ground.background);
    ground.rows = rows
        .into_iter()
        .map(|row| {
            last = row.unwrap_or(last);
            last
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    fn bordered(frame: &mut Frame, bounds: Rect, border: u32, inside: u32) {
        frame.fill(bounds, border);
        frame.fill(bounds.inflated(-1), inside);
    }

    #[test]
    fn a_bordered_box_of_the_panels_colour_is_a_ground() {
        let mut frame = Frame::new(Size::new(200, 100));
        frame.fill(frame.bounds(), 0x2b2b2b);
        bordered(&mut frame, Rect::new(20, 20, 120, 24), 0x5a5d60, 0x2b2b2b);
        let grounds = Grounds::of(&frame);
        assert_eq!(grounds.all.len(), 2);
        assert_eq!(grounds.all[1].bounds, Rect::new(21, 21, 118, 22));
        assert_eq!(grounds.all[1].parent, Some(0));
        assert_eq!(grounds.all[1].background, 0x2b2b2b);
    }

    #[test]
    fn a_border_near_the_windows_edges_is_no_focus_ring() {
        let mut frame = Frame::new(Size::new(100, 60));
        frame.fill(frame.bounds(), 0xf6f5f4);
        bordered(&mut frame, Rect::new(6, 22, 88, 32), 0xcdc7c2, 0xf4f3f2);
        frame.fill(Rect::new(6, 4, 88, 12), 0x3584e4);
        let grounds = Grounds::of(&frame);
        let button = Rect::new(7, 23, 86, 30);
        assert!(
            grounds.all.iter().any(|ground| ground.bounds == button),
            "{:?}",
            grounds.all
        );
    }

    #[test]
    fn a_focus_ring_does_not_divide_a_button() {
        let mut frame = Frame::new(Size::new(200, 100));
        frame.fill(frame.bounds(), 0xeeeeee);
        bordered(&mut frame, Rect::new(20, 20, 80, 26), 0x7a8a99, 0xdddddd);
        bordered(&mut frame, Rect::new(34, 25, 52, 16), 0xa3b8cc, 0xdddddd);
        let grounds = Grounds::of(&frame);
        assert_eq!(grounds.all.len(), 2);
        assert_eq!(grounds.all[1].bounds, Rect::new(21, 21, 78, 24));
    }

    #[test]
    fn a_focus_ring_around_the_text_does_not_divide_a_wide_button() {
        let mut frame = Frame::new(Size::new(300, 100));
        frame.fill(frame.bounds(), 0xeeeeee);
        bordered(&mut frame, Rect::new(20, 20, 180, 26), 0x7a8a99, 0xb8cfe5);
        bordered(&mut frame, Rect::new(85, 25, 50, 16), 0x6382bf, 0xb8cfe5);
        let grounds = Grounds::of(&frame);
        assert_eq!(grounds.all.len(), 2);
        assert_eq!(grounds.all[1].bounds, Rect::new(21, 21, 178, 24));
    }

    #[test]
    fn a_button_goes_on_behind_a_ring_that_touches_its_corners() {
        let mut frame = Frame::new(Size::new(200, 100));
        frame.fill(frame.bounds(), 0xeeeeee);
        bordered(&mut frame, Rect::new(20, 20, 60, 30), 0x7a8a99, 0xffffff);
        bordered(&mut frame, Rect::new(24, 24, 52, 22), 0x6382bf, 0xffffff);
        for (x, y) in [(20, 20), (76, 20), (20, 46), (76, 46)] {
            frame.fill(Rect::new(x, y, 4, 4), 0x7a8a99);
        }
        let grounds = Grounds::of(&frame);
        assert_eq!(grounds.all[1].bounds, Rect::new(21, 21, 58, 28));
    }

    /// `ND` in a font whose bold letters touch.
    #[test]
    fn two_bold_letters_that_touch_are_no_ground() {
        let picture = [
            "######....#################....",
            "..####......##....####...####..",
            "..#####.....##....####....####.",
            "..######.....#....####.....####",
            "..##.####....#....####.....####",
            "..##.#####...#....####.....####",
            "..##..#####..#....####.....####",
            "..##...#####.#....####.....####",
            "..##....####.#....####.....####",
            "..##.....#####....####.....####",
            "..##......####....####.....###.",
            "..##......####....####....####.",
            "..##.......###....####...####..",
            "######......##..###########....",
        ];
        let mut frame = Frame::new(Size::new(200, 60));
        frame.fill(frame.bounds(), 0x3c3f41);
        for (y, row) in (20..).zip(picture) {
            for (x, _) in row.bytes().enumerate().filter(|(_, dot)| *dot == b'#') {
                frame.fill(Rect::new(80 + x as i32, y, 1, 1), 0xbbbbbb);
            }
        }
        assert_eq!(Grounds::of(&frame).all.len(), 1);
    }

    #[test]
    fn noise_has_one_ground() {
        let mut frame = Frame::new(Size::new(64, 64));
        let mut seed = 1u32;
        for pixel in frame.pixels_mut() {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *pixel = seed >> 8;
        }
        assert_eq!(Grounds::of(&frame).all.len(), 1);
    }
}
