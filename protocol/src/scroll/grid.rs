//! The tile rows of an area: which of them changed, and what they look like.

use std::ops::Range;

use super::{COLUMN, Look, MIN_ROWS, colours, part, same, same_bytes};
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::region::{MAX_RECTS, Region};

/// Rows that are told together.
pub(super) const BAND: usize = 16;
/// Columns with fewer changed rows have not scrolled.
const MIN_CHANGED: usize = 4;
/// One column of so many votes, so that every pane that is worth it has a voter.
const VOTER: usize = 4;

/// Tile rows by column, then by row, from the top-left corner of `bounds`.
pub(super) struct Grid {
    bounds: Rect,
    rows: usize,
    changed: Vec<bool>,
    /// Of every [`VOTER`]th column, in the rows where something changed.
    hashes: Vec<Option<Hashes>>,
}

/// Of one tile row.
#[derive(Clone, Copy)]
pub(super) struct Hashes {
    pub(super) old: u64,
    pub(super) new: u64,
}

impl Grid {
    /// Compares inside `bounds`, which were looked at; `hashed` when [`Self::voters`] is to be asked.
    pub(super) fn new(old: &Framebuffer, new: Look<'_>, bounds: Rect, hashed: bool) -> Self {
        let rows = bounds.height as usize;
        let columns = bounds.width.div_ceil(COLUMN) as usize;
        let mut changed = vec![false; columns * rows];
        let mut hashes = vec![None; if hashed { columns.div_ceil(VOTER) * rows } else { 0 }];
        // Row by row, as the pixels lie in memory.
        for row in 0..rows {
            let y = bounds.y + row as i32;
            let before = part(old, y, bounds.x, bounds.right());
            let now = new.row(y, bounds.x, bounds.right());
            if same_bytes(before, now) {
                continue;
            }
            let tiles = before.chunks(COLUMN as usize).zip(now.chunks(COLUMN as usize));
            for (column, (before, now)) in tiles.enumerate() {
                let differs = !same(before, now);
                changed[column * rows + row] = differs;
                // While they are at hand: to fetch them again takes longer than to hash them.
                if hashed && column % VOTER == 0 {
                    let old = hash(before.iter().copied());
                    let new = if differs {
                        hash(now.iter().copied().map(colours))
                    } else {
                        old
                    };
                    hashes[column / VOTER * rows + row] = Some(Hashes { old, new });
                }
            }
        }
        Self {
            bounds,
            rows,
            changed,
            hashes,
        }
    }

    /// The same where most is new: what differs at the top of a band is taken to differ down to its end.
    pub(super) fn of_film(old: &Framebuffer, new: Look<'_>) -> Self {
        let bounds = new.area;
        let rows = bounds.height as usize;
        let columns = bounds.width.div_ceil(COLUMN) as usize;
        let mut grid = Self {
            bounds,
            rows,
            changed: vec![false; columns * rows],
            hashes: Vec::new(),
        };
        // Band by band, as the pixels lie in memory.
        for first in (0..rows).step_by(BAND) {
            let band = first..rows.min(first + BAND);
            for column in 0..columns {
                let (left, right) = grid.edges(column);
                let differs = |row: usize| {
                    let y = bounds.y + row as i32;
                    !same(part(old, y, left, right), new.row(y, left, right))
                };
                let tiles = &mut grid.changed[column * rows..][band.clone()];
                if differs(first) {
                    tiles.fill(true);
                } else {
                    for (changed, row) in tiles.iter_mut().zip(first..) {
                        *changed = differs(row);
                    }
                }
            }
        }
        grid
    }

    /// Which tile rows look as `dy` rows above before.
    fn same_tiles(&self, old: &Framebuffer, new: Look<'_>, dy: i32) -> Vec<bool> {
        let Rect { x, .. } = self.bounds;
        let mut tiles = vec![false; self.bounds.width.div_ceil(COLUMN) as usize * self.rows];
        let top = self.bounds.y.max(self.bounds.y + dy);
        let bottom = self.bounds.bottom().min(self.bounds.bottom() + dy);
        // Row by row, as the pixels lie in memory.
        for y in top..bottom {
            let before = part(old, y - dy, x, self.bounds.right());
            let now = new.row(y, x, self.bounds.right());
            let row = (y - self.bounds.y) as usize;
            let whole = same_bytes(before, now);
            let columns = before.chunks(COLUMN as usize).zip(now.chunks(COLUMN as usize));
            for (column, (before, now)) in columns.enumerate() {
                tiles[column * self.rows + row] = whole || same(before, now);
            }
        }
        tiles
    }

    /// Writes what changed.
    pub(super) fn write(&self, new: Look<'_>, frame: &mut Framebuffer) {
        for row in 0..self.rows {
            let y = self.bounds.y + row as i32;
            let mut columns = 0..self.columns();
            let changed = |column: &usize| self.changed[column * self.rows + row];
            while let Some(first) = columns.find(changed) {
                let end = columns.find(|column| !changed(column)).unwrap_or(self.columns());
                let (left, right) = (self.edges(first).0, self.edges(end - 1).1);
                new.paint_row(frame, y, left, right);
            }
        }
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// Pixels of the tile rows that changed.
    pub(super) fn changed(&self) -> usize {
        self.changed.iter().filter(|changed| **changed).count() * COLUMN as usize
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

    /// The columns that vote, of those that may have scrolled: from the first row that changed to the last.
    pub(super) fn voters(&self, old: &Framebuffer) -> Vec<Vec<Hashes>> {
        let voter = |(voter, hashes): (usize, &[Option<Hashes>])| {
            let changed = self.column(voter * VOTER);
            let first = changed.iter().position(|changed| *changed)?;
            let last = changed.iter().rposition(|changed| *changed)?;
            let (left, right) = self.edges(voter * VOTER);
            let unchanged = |row: usize| {
                let y = self.bounds.y + row as i32;
                let same = hash(part(old, y, left, right).iter().copied());
                Hashes { old: same, new: same }
            };
            let rows = first..last + 1;
            let all = |rows: Range<usize>| {
                rows.map(|row| hashes[row].unwrap_or_else(|| unchanged(row)))
                    .collect()
            };
            (rows.len() >= MIN_CHANGED).then(|| all(rows))
        };
        let columns = self.hashes.chunks(self.rows.max(1)).enumerate();
        columns.filter_map(voter).collect()
    }

    /// Areas on the screen that look as `dy` rows above before, and have changed.
    pub(super) fn matches(&self, old: &Framebuffer, new: Look<'_>, dy: i32) -> Vec<Rect> {
        let same = self.same_tiles(old, new, dy);
        let mut areas: Vec<Rect> = Vec::new();
        for column in 0..self.columns() {
            let (left, right) = self.edges(column);
            for (first, end) in self.runs(column, &same[column * self.rows..][..self.rows]) {
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

    /// The rows of one column that are `same`, as first and end, where there are enough of them and of changes.
    fn runs(&self, column: usize, same: &[bool]) -> Vec<(usize, usize)> {
        let changed = self.column(column);
        let mut runs = Vec::new();
        let mut first = 0;
        for run in same.chunk_by(|a, b| a == b) {
            let end = first + run.len();
            let moved = changed[first..end].iter().filter(|changed| **changed).count();
            if run[0] && run.len() >= MIN_ROWS as usize && moved >= MIN_CHANGED {
                runs.push((first, end));
            }
            first = end;
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

/// A sum of products: none waits for another, and several are made at once.
fn hash(pixels: impl Iterator<Item = u32>) -> u64 {
    static FACTORS: [u32; COLUMN as usize] = {
        let mut factors = [0; COLUMN as usize];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut index = 0;
        while index < factors.len() {
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            factors[index] = (state >> 32) as u32 | 1;
            index += 1;
        }
        factors
    };
    let products = pixels
        .zip(&FACTORS)
        .map(|(pixel, factor)| u64::from(pixel) * u64::from(*factor));
    products.fold(0, u64::wrapping_add)
}
