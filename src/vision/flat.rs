//! Connected areas of one colour, with the slow vertical gradients that buttons are painted with.

use std::collections::HashMap;

use crate::screen::{Frame, Rect};

/// Neighbours in a row belong together up to this difference of a colour channel.
const SAME: u32 = 3;
/// Over two pixels the colour of one area changes by this at most, from column to column.
const SLOPE: u32 = 4;
/// Steps in one direction that are no smoothed edge.
const LONG: usize = 4;
/// Neighbours in a column belong together up to this difference where the colour is already changing from row to row.
const GRADIENT: u32 = 14;

/// The largest difference of the three colour channels of two pixels.
pub(super) fn distance(a: u32, b: u32) -> u32 {
    if a == b {
        return 0;
    }
    let channel = |shift: u32| ((a >> shift) & 0xff).abs_diff((b >> shift) & 0xff);
    channel(16).max(channel(8)).max(channel(0))
}

/// The colour of most of its pixels; of two that are as many, the larger number.
pub(super) fn dominant(part: &Frame) -> u32 {
    let mut counts: HashMap<u32, u32> = HashMap::new();
    for &pixel in part.pixels() {
        *counts.entry(pixel).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|&(pixel, count)| (count, pixel))
        .map_or(0, |(pixel, _)| pixel)
}

/// The sum of a pixel's channels.
pub(super) const fn lightness(pixel: u32) -> u32 {
    (pixel >> 16 & 0xff) + (pixel >> 8 & 0xff) + (pixel & 0xff)
}

/// One connected area.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flat {
    /// Smallest rectangle around it.
    pub(super) bounds: Rect,
    /// Number of its pixels.
    pub(super) area: u32,
    /// Side of the largest square of its pixels, up to 255.
    pub(super) square: u8,
}

impl Flat {
    const NOTHING: Self = Self {
        bounds: Rect::new(0, 0, 0, 0),
        area: 0,
        square: 0,
    };
}

/// Every pixel's area.
#[derive(Debug, Default)]
pub(super) struct FlatMap {
    width: usize,
    /// Index into `areas`, row by row.
    pub(super) labels: Vec<u32>,
    /// The areas.
    pub(super) areas: Vec<Flat>,
}

impl FlatMap {
    /// Divides `frame` into its connected areas.
    pub(super) fn of(frame: &Frame) -> Self {
        let (mut labels, mut sets) = provisional(frame);
        let areas = measure(frame, &mut labels, &mut sets);
        Self {
            width: frame.size().width as usize,
            labels,
            areas,
        }
    }

    /// Makes the area `other` a part of the area `one`.
    pub(super) fn unite(&mut self, one: u32, other: u32) {
        let part = std::mem::replace(&mut self.areas[other as usize], Flat::NOTHING);
        let whole = &mut self.areas[one as usize];
        whole.bounds = whole.bounds.union(&part.bounds);
        whole.area += part.area;
        whole.square = whole.square.max(part.square);
        let Rect { x, y, width, height } = part.bounds;
        for row in self
            .labels
            .chunks_exact_mut(self.width)
            .skip(y as usize)
            .take(height as usize)
        {
            for label in &mut row[x as usize..][..width as usize] {
                if *label == other {
                    *label = one;
                }
            }
        }
    }
}

fn provisional(frame: &Frame) -> (Vec<u32>, Sets) {
    let width = frame.size().width as usize;
    let height = frame.size().height as usize;
    let pixels = frame.pixels();
    let mut labels = vec![0u32; pixels.len()];
    let mut sets = Sets::default();
    for y in 0..height {
        let start = y * width;
        for x in 0..width {
            let at = start + x;
            let left = x > 0 && joins_left(&pixels[start..start + width], x);
            let up = y > 0 && joins_up(pixels, at, width);
            labels[at] = match (left, up) {
                (false, false) => sets.make(),
                (true, false) => labels[at - 1],
                (false, true) => labels[at - width],
                (true, true) if labels[at - 1] == labels[at - width] => labels[at - 1],
                (true, true) => sets.unite(labels[at - 1], labels[at - width]),
            };
        }
    }
    (labels, sets)
}

/// A short slope is the smoothed edge between two areas, where the corner of a pale button is rounded; a long one is the
/// shade at a button's end.
fn joins_left(row: &[u32], x: usize) -> bool {
    if row[x] == row[x - 1] {
        return true;
    }
    let ahead = x + 1 < row.len() && is_slope(row[x - 1], row[x], row[x + 1]);
    let behind = x > 1 && is_slope(row[x - 2], row[x - 1], row[x]);
    distance(row[x], row[x - 1]) <= SAME && (is_long_slope(row, x) || !(ahead || behind))
}

/// Whether the step to the left of `x` is one of many small ones in the same direction.
fn is_long_slope(row: &[u32], x: usize) -> bool {
    let falls = lightness(row[x]) < lightness(row[x - 1]);
    let goes_on = |&right: &usize| {
        let (before, after) = (row[right - 1], row[right]);
        before != after && distance(before, after) <= SLOPE && (lightness(after) < lightness(before)) == falls
    };
    let ahead = (x..row.len().min(x + LONG)).take_while(goes_on).count();
    let behind = (1..x).rev().take(LONG).take_while(goes_on).count();
    ahead + behind >= LONG
}

fn is_slope(first: u32, middle: u32, last: u32) -> bool {
    distance(first, last) > SLOPE && distance(first, middle) <= SAME && distance(middle, last) <= SAME
}

/// A step between two flat areas is a border, however low; one of at least three alike in a row is of a gradient, where
/// they go on for a few columns: in the rounded corner of a button they do not.
fn joins_up(pixels: &[u32], at: usize, width: usize) -> bool {
    let up = at - width;
    let step = distance(pixels[at], pixels[up]);
    if step <= SAME {
        return true;
    }
    if step > GRADIENT {
        return false;
    }
    let x = at % width;
    let level = |at: usize| {
        let left = if x == 0 { at } else { at - 1 };
        let right = if x + 1 == width { at } else { at + 1 };
        let beside = [left, right];
        beside
            .iter()
            .all(|&beside| distance(pixels[at], pixels[beside]) <= SAME)
            && (distance(pixels[left], pixels[right]) <= SLOPE || {
                let start = at - x;
                x > 0 && is_long_slope(&pixels[start..start + width], x)
            })
    };
    // Whether the step between the rows so far below these two is about the same.
    let goes_on = |far: isize| {
        let row = |at: usize| at.checked_add_signed(far * width as isize);
        let rows = row(up).zip(row(at)).filter(|&(_, low)| low < pixels.len());
        rows.is_some_and(|(high, low)| {
            let other = distance(pixels[high], pixels[low]);
            other > 0 && other <= GRADIENT && step <= 2 * other + 2 && other <= 2 * step + 2
        })
    };
    let [far_before, before, after, far_after] = [-2, -1, 1, 2].map(goes_on);
    (before && (far_before || after) || after && far_after) && level(at) && level(up)
}

fn measure(frame: &Frame, labels: &mut [u32], sets: &mut Sets) -> Vec<Flat> {
    let width = frame.size().width as usize;
    let mut number = vec![u32::MAX; sets.len()];
    let mut edges: Vec<[i32; 4]> = Vec::new();
    let mut areas: Vec<(u32, u8)> = Vec::new();
    let mut squares_above = vec![0u8; width];
    let mut squares = vec![0u8; width];
    for y in 0..frame.size().height as usize {
        for x in 0..width {
            let at = y * width + x;
            let root = sets.find(labels[at]) as usize;
            if number[root] == u32::MAX {
                number[root] = areas.len() as u32;
                areas.push((0, 0));
                edges.push([x as i32, y as i32, x as i32, y as i32]);
            }
            let label = number[root];
            labels[at] = label;
            let edge = &mut edges[label as usize];
            edge[0] = edge[0].min(x as i32);
            edge[2] = edge[2].max(x as i32);
            edge[3] = y as i32;
            let inside = x > 0
                && y > 0
                && labels[at - 1] == label
                && labels[at - width] == label
                && labels[at - width - 1] == label;
            squares[x] = if inside {
                squares[x - 1]
                    .min(squares_above[x])
                    .min(squares_above[x - 1])
                    .saturating_add(1)
            } else {
                1
            };
            let area = &mut areas[label as usize];
            area.0 += 1;
            area.1 = area.1.max(squares[x]);
        }
        std::mem::swap(&mut squares, &mut squares_above);
    }
    edges
        .into_iter()
        .zip(areas)
        .map(|(edge, (area, square))| Flat {
            bounds: Rect::from_edges(edge[0], edge[1], edge[2] + 1, edge[3] + 1),
            area,
            square,
        })
        .collect()
}

/// Disjoint sets of labels.
#[derive(Debug, Default)]
pub(super) struct Sets {
    parents: Vec<u32>,
}

impl Sets {
    /// A new set of one label.
    pub(super) fn make(&mut self) -> u32 {
        let label = self.parents.len() as u32;
        self.parents.push(label);
        label
    }

    /// Number of labels.
    pub(super) const fn len(&self) -> usize {
        self.parents.len()
    }

    /// The label that stands for the set of `label`.
    pub(super) fn find(&mut self, mut label: u32) -> u32 {
        while self.parents[label as usize] != label {
            let above = self.parents[self.parents[label as usize] as usize];
            self.parents[label as usize] = above;
            label = above;
        }
        label
    }

    /// Joins two sets; the label that now stands for both.
    pub(super) fn unite(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.find(a), self.find(b));
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        self.parents[high as usize] = low;
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    #[test]
    fn a_gradient_is_one_area_and_a_low_step_is_two() {
        let mut frame = Frame::new(Size::new(10, 12));
        for y in 0..12 {
            let grey = 100 + 8 * y as u32;
            frame.fill(Rect::new(0, y, 10, 1), grey << 16 | grey << 8 | grey);
        }
        assert_eq!(FlatMap::of(&frame).areas.len(), 1);

        frame.fill(Rect::new(0, 0, 10, 6), 0x2b2b2b);
        frame.fill(Rect::new(0, 6, 10, 6), 0x323232);
        let map = FlatMap::of(&frame);
        assert_eq!(map.areas.len(), 2);
        assert_eq!(map.areas[1].bounds, Rect::new(0, 6, 10, 6));
        assert_eq!(map.areas[1].square, 6);
        assert_eq!(map.areas[1].area, 60);
    }

    /// A button with a shade at its end, in a border: all inside the border is one area. The smoothed edge between two
    /// areas is as steep, and short.
    #[test]
    fn a_shade_at_the_end_belongs_to_the_area_and_a_smoothed_edge_does_not() {
        let grey = |level: u32| level << 16 | level << 8 | level;
        let mut frame = Frame::new(Size::new(60, 22));
        frame.fill(Rect::new(0, 0, 60, 22), grey(0x80));
        for y in 1..21 {
            for x in 1..59 {
                let shade = if x > 46 { (5 * (x as u32 - 46)) / 2 } else { 0 };
                let level = 0xf0 - (5 * y as u32) / 2 - shade - u32::from(x > 54);
                frame.fill(Rect::new(x, y, 1, 1), grey(level));
            }
        }
        let map = FlatMap::of(&frame);
        let inside = map.labels[5 * 60 + 5];
        assert_eq!(map.areas[inside as usize].bounds, Rect::new(1, 1, 58, 20));
        assert_eq!(map.areas[inside as usize].area, 58 * 20);

        let mut frame = Frame::new(Size::new(40, 10));
        frame.fill(Rect::new(0, 0, 40, 10), grey(0xf0));
        frame.fill(Rect::new(20, 0, 20, 10), grey(0xe7));
        frame.fill(Rect::new(20, 0, 1, 10), grey(0xed));
        frame.fill(Rect::new(21, 0, 1, 10), grey(0xea));
        let map = FlatMap::of(&frame);
        assert_ne!(map.labels[0], map.labels[39]);
    }

    #[test]
    fn an_arch_is_one_area() {
        let mut frame = Frame::new(Size::new(7, 5));
        frame.fill(Rect::new(0, 0, 7, 5), 0xffffff);
        frame.fill(Rect::new(2, 0, 3, 4), 0);
        let map = FlatMap::of(&frame);
        assert_eq!(map.areas.len(), 2);
        assert_eq!(map.labels[0], map.labels[6]);
    }
}
