//! The tile rows of an area: which of them changed, and what they look like.

use super::{Before, COLUMN, MIN_ROWS};
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::region::{MAX_RECTS, Region};

/// Rows that are told together.
const BAND: usize = 16;
/// Columns with fewer changed rows have not scrolled.
const MIN_CHANGED: usize = 4;

/// Tile rows by column, then by row, from the top-left corner of `bounds`.
pub(super) struct Grid {
    bounds: Rect,
    rows: usize,
    changed: Vec<bool>,
}

/// The hashes of one column's tile rows, from row `top` of the grid on; empty when it has not scrolled.
#[derive(Default)]
pub(super) struct Hashes {
    pub(super) top: usize,
    pub(super) old: Vec<u64>,
    pub(super) new: Vec<u64>,
}

impl Grid {
    /// Compares inside `damage`, which is inside both pictures.
    pub(super) fn new(old: Before<'_>, new: &Framebuffer, damage: &Region) -> Self {
        let bounds = damage.bounds();
        let rows = bounds.height as usize;
        let columns = bounds.width.div_ceil(COLUMN) as usize;
        let mut grid = Self {
            bounds,
            rows,
            changed: vec![false; columns * rows],
        };
        for rect in damage.rects() {
            for y in rect.y..rect.bottom() {
                let before = old.row(y, rect.x, rect.right());
                let now = &new.row(y as u32)[rect.x as usize..rect.right() as usize];
                if before != now {
                    grid.compare_row(before, now, rect.x, y);
                }
            }
        }
        grid
    }

    /// Marks what differs between two rows of pixels that begin at `x`.
    fn compare_row(&mut self, before: &[u32], now: &[u32], x: i32, y: i32) {
        let row = (y - self.bounds.y) as usize;
        let mut from = 0;
        while from < now.len() {
            let offset = (x - self.bounds.x) as usize + from;
            let column = offset / COLUMN as usize;
            let to = now.len().min(from + COLUMN as usize - offset % COLUMN as usize);
            if before[from..to] != now[from..to] {
                self.changed[column * self.rows + row] = true;
            }
            from = to;
        }
    }

    pub(super) const fn bounds(&self) -> Rect {
        self.bounds
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the tile rows of a column changed, from the top.
    fn column(&self, column: usize) -> &[bool] {
        &self.changed[column * self.rows..][..self.rows]
    }

    fn columns(&self) -> usize {
        self.changed.len().checked_div(self.rows).unwrap_or(0)
    }

    /// The place of a column on the screen.
    fn edges(&self, column: usize) -> (i32, i32) {
        let left = self.bounds.x + (column as u32 * COLUMN) as i32;
        (left, (left + COLUMN as i32).min(self.bounds.right()))
    }

    /// The hashes of all columns.
    pub(super) fn hashes(&self, old: Before<'_>, new: &Framebuffer) -> Vec<Hashes> {
        let extent = |column| {
            let changed = self.column(column);
            let first = changed.iter().position(|changed| *changed)?;
            let last = changed.iter().rposition(|changed| *changed)?;
            (last - first + 1 >= MIN_CHANGED).then_some(first..last + 1)
        };
        let extents: Vec<_> = (0..self.columns())
            .map(|column| extent(column).unwrap_or_default())
            .collect();
        let mut hashes: Vec<Hashes> = extents
            .iter()
            .map(|extent| Hashes {
                top: extent.start,
                old: Vec::with_capacity(extent.len()),
                new: Vec::with_capacity(extent.len()),
            })
            .collect();
        // Row by row, as the pixels lie in memory.
        for row in 0..self.rows {
            let y = self.bounds.y + row as i32;
            let now = new.row(y as u32);
            for (column, extent) in extents.iter().enumerate() {
                if !extent.contains(&row) {
                    continue;
                }
                let (left, right) = self.edges(column);
                let after = hash(&now[left as usize..right as usize]);
                let before = if self.changed[column * self.rows + row] {
                    hash(old.row(y, left, right))
                } else {
                    after
                };
                hashes[column].new.push(after);
                hashes[column].old.push(before);
            }
        }
        hashes
    }

    /// Areas on the screen that look as `dy` rows above before, and have changed.
    pub(super) fn matches(&self, hashes: &[Hashes], dy: i32) -> Vec<Rect> {
        let mut areas: Vec<Rect> = Vec::new();
        for (column, hashes) in hashes.iter().enumerate() {
            let (left, right) = self.edges(column);
            for (first, end) in self.runs(column, hashes, dy) {
                let run = Rect::from_edges(
                    left,
                    self.bounds.y + first as i32,
                    right,
                    self.bounds.y + end as i32,
                );
                let beside = areas.iter_mut().find(|area| {
                    let shared = area.bottom().min(run.bottom()) - area.y.max(run.y);
                    area.right() == left && shared * 2 >= area.height.max(run.height) as i32
                });
                match beside {
                    Some(area) => {
                        let [top, bottom] = [area.y.max(run.y), area.bottom().min(run.bottom())];
                        *area = Rect::from_edges(area.x, top, right, bottom);
                    }
                    None => areas.push(run),
                }
            }
        }
        areas
    }

    /// The rows of one column that match, as first and end, where there are enough of them.
    fn runs(&self, column: usize, hashes: &Hashes, dy: i32) -> Vec<(usize, usize)> {
        let changed = self.column(column);
        let mut runs = Vec::new();
        let mut start = None;
        for index in 0..=hashes.new.len() {
            let source = usize::try_from(index as i64 - i64::from(dy)).ok();
            let before = source.and_then(|source| hashes.old.get(source));
            let same = before.is_some() && hashes.new.get(index) == before;
            match (same, start) {
                (true, None) => start = Some(index),
                (false, Some(from)) => {
                    start = None;
                    let (first, end) = (hashes.top + from, hashes.top + index);
                    let moved = changed[first..end].iter().filter(|changed| **changed).count();
                    if end - first >= MIN_ROWS as usize && moved >= MIN_CHANGED {
                        runs.push((first, end));
                    }
                }
                _ => {}
            }
        }
        runs
    }

    /// What is inside `rect` needs no more telling.
    pub(super) fn settle(&mut self, rect: &Rect) {
        for column in 0..self.columns() {
            let (left, right) = self.edges(column);
            if left < rect.x || right > rect.right() {
                continue;
            }
            let [top, bottom] = [rect.y - self.bounds.y, rect.bottom() - self.bounds.y];
            self.changed[column * self.rows..][top as usize..bottom as usize].fill(false);
        }
    }

    /// What changed, in at most as many rectangles as a region has.
    pub(super) fn region(&self) -> Region {
        let mut rects: Vec<Rect> = Vec::new();
        let mut coarse = Region::new();
        for band in (0..self.rows).step_by(BAND) {
            let mut runs: Vec<Rect> = Vec::new();
            for column in 0..self.columns() {
                let rows = &self.column(column)[band..self.rows.min(band + BAND)];
                let first = rows.iter().position(|changed| *changed);
                let last = rows.iter().rposition(|changed| *changed);
                let (Some(first), Some(last)) = (first, last) else {
                    continue;
                };
                let (left, right) = self.edges(column);
                let y = self.bounds.y + band as i32;
                let part = Rect::from_edges(left, y + first as i32, right, y + last as i32 + 1);
                match runs.last_mut() {
                    Some(run) if run.right() == left => *run = run.union(&part),
                    _ => runs.push(part),
                }
            }
            coarse.add(runs.iter().fold(Rect::default(), |all, run| all.union(run)));
            for run in runs {
                let above = rects
                    .iter_mut()
                    .rev()
                    .find(|above| (above.x, above.width) == (run.x, run.width) && above.bottom() == run.y);
                match above {
                    Some(above) => *above = above.union(&run),
                    None => rects.push(run),
                }
            }
        }
        if rects.len() > MAX_RECTS {
            coarse
        } else {
            rects.into_iter().collect()
        }
    }
}

/// A sum of products of pairs of pixels: no product waits for another.
fn hash(pixels: &[u32]) -> u64 {
    static FACTORS: [u64; COLUMN as usize / 2] = {
        let mut factors = [0; COLUMN as usize / 2];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut index = 0;
        while index < factors.len() {
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            factors[index] = (state ^ state >> 32) | 1;
            index += 1;
        }
        factors
    };
    let (pairs, last) = pixels.as_chunks::<2>();
    let mut sum = last.first().map_or(0, |pixel| u64::from(*pixel));
    for ([left, right], factor) in pairs.iter().zip(&FACTORS) {
        let pair = u64::from(*left) | u64::from(*right) << 32;
        sum = sum.wrapping_add(pair.wrapping_mul(*factor));
    }
    sum
}
