//! What changed between two looks at a screen, and what of it only moved: text that scrolls travels as a copy.
//!
//! The screen is compared in tile rows: one row of pixels, [`COLUMN`] wide. Where some changed they are looked for in the
//! old picture by their hashes, and vote for the distance that they moved; whatever wins is compared pixel by pixel
//! before it counts.

mod grid;
mod votes;

use crate::framebuffer::Framebuffer;
use crate::geometry::{Point, Rect};
use crate::region::Region;
use grid::Grid;
use votes::distances;

/// Pixels of a tile row.
const COLUMN: u32 = 32;
/// Less damage is not worth the search.
const MIN_DAMAGE: usize = 4096;
/// Fewer rows are cheaper sent than copied.
const MIN_ROWS: i32 = 8;
/// A smaller area is cheaper sent than copied.
const MIN_COPY: usize = 1024;

/// An area whose pixels are what they were in another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Where they are now.
    pub to: Rect,
    /// How far they moved to the right.
    pub dx: i32,
    /// How far they moved down.
    pub dy: i32,
}

impl Copy {
    /// Where the pixels were.
    pub const fn source(&self) -> Rect {
        self.to.offset(-self.dx, -self.dy)
    }
}

/// The way from the old picture to the new one: first the copies, in their order, then the pixels of the damage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// No one reads what an earlier one wrote.
    pub copies: Vec<Copy>,
    /// What is different besides, or part of a rectangle around it.
    pub damage: Region,
}

/// What the screen showed before, as far as it matters: the part of it whose top-left corner is at `at`.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// Its pixels.
    pub picture: &'a Framebuffer,
    /// Where it lies on the screen.
    pub at: Point,
}

impl Before<'_> {
    const fn bounds(&self) -> Rect {
        self.picture.bounds().offset(self.at.x, self.at.y)
    }

    /// The pixels from `left` to `right` of row `y` of the screen, all inside.
    fn row(&self, y: i32, left: i32, right: i32) -> &[u32] {
        &self.picture.row((y - self.at.y) as u32)[(left - self.at.x) as usize..(right - self.at.x) as usize]
    }
}

/// Compares the screen inside `damage` with what it was. What was not there before is damaged as it is.
pub fn compare(old: Before<'_>, new: &Framebuffer, damage: &Region) -> Changes {
    let known = damage
        .intersection_rect(&old.bounds())
        .intersection_rect(&new.bounds());
    let mut unknown = damage.clone();
    unknown.subtract(&known);
    let mut grid = Grid::new(old, new, &known);
    let copies = if known.area() < MIN_DAMAGE {
        Vec::new()
    } else {
        find_copies(old, new, &mut grid)
    };
    let mut rest = grid.region();
    for copy in &copies {
        rest.subtract_rect(&copy.to);
    }
    rest.union(&unknown);
    Changes { copies, damage: rest }
}

/// The copies that pay; what they cover is changed no more.
fn find_copies(old: Before<'_>, new: &Framebuffer, grid: &mut Grid) -> Vec<Copy> {
    let hashes = grid.hashes(old, new);
    let mut found: Vec<Copy> = Vec::new();
    for dy in distances(grid.rows(), &hashes) {
        for area in grid.matches(&hashes, dy) {
            let to = exact(old, new, grid.bounds(), area, dy);
            found.extend(to.map(|to| Copy { to, dx: 0, dy }));
        }
    }
    // What is blank seems to have moved by any distance: the large ones tell what happened.
    found.sort_unstable_by_key(|copy| std::cmp::Reverse(copy.to.area()));
    let mut chosen: Vec<Copy> = Vec::new();
    for copy in found {
        let told: usize = chosen
            .iter()
            .map(|other| other.to.intersection(&copy.to).area())
            .sum();
        if copy.to.area() >= MIN_COPY + told * 2 {
            chosen.push(copy);
        }
    }
    let copies = ordered(chosen);
    for copy in &copies {
        grid.settle(&copy.to);
    }
    copies
}

/// The copies in an order in which none reads what an earlier one wrote; where there is none, the smallest are left out.
fn ordered(mut left: Vec<Copy>) -> Vec<Copy> {
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let harmless = left.iter().enumerate().position(|(index, copy)| {
            let mut others = left.iter().enumerate().filter(|(other, _)| *other != index);
            others.all(|(_, other)| !other.source().intersects(&copy.to))
        });
        match harmless {
            Some(index) => ordered.push(left.remove(index)),
            None => drop(left.pop()),
        }
    }
    ordered
}

/// `area` as large as its pixels are what they were `dy` rows above, inside `bounds`; `None` when they are not: two
/// hashes were equal by chance.
fn exact(old: Before<'_>, new: &Framebuffer, bounds: Rect, area: Rect, dy: i32) -> Option<Rect> {
    let same_row = |y: i32, left: i32, right: i32| {
        let inside = y >= bounds.y && y < bounds.bottom() && y - dy >= bounds.y && y - dy < bounds.bottom();
        inside && new.row(y as u32)[left as usize..right as usize] == *old.row(y - dy, left, right)
    };
    if !(area.y..area.bottom()).all(|y| same_row(y, area.x, area.right())) {
        return None;
    }
    // Up to one tile row on both sides, as far as all rows go on.
    let margin = COLUMN as i32 - 1;
    let mut left = (area.x - margin).max(bounds.x);
    let mut right = (area.right() + margin).min(bounds.right());
    for y in area.y..area.bottom() {
        let row = |from: i32, to: i32| {
            let now = &new.row(y as u32)[from as usize..to as usize];
            now.iter().zip(old.row(y - dy, from, to))
        };
        let differs = |(now, before): (&u32, &u32)| now != before;
        if let Some(place) = row(left, area.x).rposition(differs) {
            left += place as i32 + 1;
        }
        if let Some(place) = row(area.right(), right).position(differs) {
            right = area.right() + place as i32;
        }
    }
    let [mut top, mut bottom] = [area.y, area.bottom()];
    while same_row(top - 1, left, right) {
        top -= 1;
    }
    while same_row(bottom, left, right) {
        bottom += 1;
    }
    Some(Rect::from_edges(left, top, right, bottom))
}

#[cfg(test)]
mod tests;
