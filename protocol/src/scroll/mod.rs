//! What changed between two looks at a screen, and what of it only moved: text that scrolls travels as a copy.
//!
//! The screen is compared in tile rows: one row of pixels, [`COLUMN`] wide. Where some changed they are looked for in the
//! old picture by their hashes, and vote for the distance that they moved; what wins is compared pixel by pixel. First it
//! is asked whether what scrolled last went on.

mod again;
mod grid;
mod votes;

use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::region::Region;
use again::again;
use grid::Grid;
use votes::distances;

/// Pixels of a tile row.
const COLUMN: u32 = 32;
/// Less damage is not worth the search.
const MIN_DAMAGE: usize = 4096;
/// Fewer rows are cheaper sent than copied.
const MIN_ROWS: i32 = 8;
/// Where more of at least so many pixels change than stay, and nothing moved, a film may run.
const MIN_FILM: usize = 1 << 17;
/// After so many such looks in a row one does.
const MIN_FILMS: u32 = 16;
/// One look of so many at a film is searched, the more rarely the longer it runs: something that scrolls in its place is
/// seen that soon.
const SEARCHED_FILM: [u32; 2] = [4, 32];
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

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.copies.is_empty() && self.damage.is_empty()
    }

    /// Adds what happened in an area that overlaps none of those before.
    pub fn append(&mut self, mut other: Self) {
        self.copies.append(&mut other.copies);
        self.damage.union(&other.damage);
    }
}

/// What a display shows now in one area: rows of little-endian `0x00RRGGBB`, whatever the top byte is.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    area: Rect,
    pixels: &'a [[u8; 4]],
}

impl<'a> Look<'a> {
    /// The pixels of `area` of the screen, row by row; `None` when there are not as many bytes.
    pub fn new(area: Rect, bytes: &'a [u8]) -> Option<Self> {
        let (pixels, rest) = bytes.as_chunks();
        (rest.is_empty() && pixels.len() == area.area()).then_some(Self { area, pixels })
    }

    /// Writes the part that is inside `frame` to it, whatever was there.
    pub fn paint(&self, frame: &mut Framebuffer) {
        let area = self.area.intersection(&frame.bounds());
        for y in area.y..area.bottom() {
            self.paint_row(frame, y, area.x, area.right());
        }
    }

    /// The same for the pixels from `left` to `right` of row `y`, all inside.
    fn paint_row(&self, frame: &mut Framebuffer, y: i32, left: i32, right: i32) {
        let target = &mut frame.row_mut(y as u32)[left as usize..right as usize];
        for (pixel, now) in target.iter_mut().zip(self.row(y, left, right)) {
            *pixel = colours(*now);
        }
    }

    /// The pixels from `left` to `right` of row `y` of the screen, all inside.
    fn row(&self, y: i32, left: i32, right: i32) -> &'a [[u8; 4]] {
        let row = (y - self.area.y) as usize * self.area.width as usize;
        &self.pixels[row + (left - self.area.x) as usize..row + (right - self.area.x) as usize]
    }
}

const fn colours(pixel: [u8; 4]) -> u32 {
    u32::from_le_bytes(pixel) & 0x00ff_ffff
}

/// Whether as many pixels are the same. All are looked at, which takes less time than to stop early.
fn same(before: &[u32], now: &[[u8; 4]]) -> bool {
    const TILE: usize = COLUMN as usize;
    let differ = |differ, (before, now): (&u32, &[u8; 4])| differ | before ^ colours(*now);
    // Nearly all are whole tile rows, and the compiler makes the most of a number that it knows.
    if let (Ok(before), Ok(now)) = (<&[_; TILE]>::try_from(before), <&[_; TILE]>::try_from(now)) {
        return before.iter().zip(now).fold(0, differ) == 0;
    }
    before.iter().zip(now).fold(0, differ) == 0
}

/// Whether as many pixels are the same to the byte: the fastest question of all, for long rows. Most displays leave the
/// byte that is not colour alone; where one does not, "no" says nothing.
fn same_bytes(before: &[u32], now: &[[u8; 4]]) -> bool {
    cfg!(target_endian = "little") && bytemuck::cast_slice::<_, u8>(before) == now.as_flattened()
}

/// Looks at one screen, time after time.
#[derive(Debug, Default)]
pub struct Search {
    /// The largest area that scrolled when something did.
    last: Option<Copy>,
    /// Looks in a row in which most of a large area changed and nothing moved.
    films: u32,
}

impl Search {
    /// Brings `frame` up to date where the display was looked at, and tells how it came there. An area outside the frame,
    /// as when the display has another size by now, changes nothing.
    pub fn advance(&mut self, frame: &mut Framebuffer, look: Look<'_>) -> Changes {
        if look.area.is_empty() || !frame.bounds().contains_rect(&look.area) {
            return Changes::default();
        }
        if let Some(last) = self.last
            && let Some(changes) = again(frame, look, last)
        {
            let grown = changes.copies.iter().find(|copy| copy.to.area() > last.to.area());
            self.last = grown.copied().or(self.last);
            return changes;
        }
        let large = look.area.area() >= MIN_FILM;
        let [first, last] = SEARCHED_FILM;
        let pause = (self.films / (MIN_FILMS / 2))
            .next_power_of_two()
            .clamp(first, last);
        let skipped = large && self.films >= MIN_FILMS && !self.films.is_multiple_of(pause);
        let changes = if skipped {
            replace(frame, look)
        } else {
            advance(frame, look, look.area.area() >= MIN_DAMAGE)
        };
        if large {
            let film = changes.copies.is_empty() && changes.damage.area() * 2 > look.area.area();
            self.films = if film { self.films.wrapping_add(1) } else { 0 };
        }
        let largest = changes.copies.iter().max_by_key(|copy| copy.to.area());
        self.last = largest.copied().or(self.last);
        changes
    }
}

/// The same, whatever scrolled before; what moved is only told when it is `searched` for.
fn advance(frame: &mut Framebuffer, look: Look<'_>, searched: bool) -> Changes {
    let mut grid = Grid::new(frame, look, look.area, searched);
    let copies = if searched {
        find_copies(frame, look, &grid)
    } else {
        Vec::new()
    };
    grid.write(look, frame);
    for copy in &copies {
        grid.settle(&copy.to);
    }
    let mut damage = grid.region();
    for copy in &copies {
        damage.subtract_rect(&copy.to);
    }
    Changes { copies, damage }
}

/// The same of a film, of which nothing is asked but where it runs.
fn replace(frame: &mut Framebuffer, look: Look<'_>) -> Changes {
    let grid = Grid::of_film(frame, look);
    grid.write(look, frame);
    Changes {
        copies: Vec::new(),
        damage: grid.region(),
    }
}

/// The copies that pay.
fn find_copies(old: &Framebuffer, new: Look<'_>, grid: &Grid) -> Vec<Copy> {
    let mut found: Vec<Copy> = Vec::new();
    for dy in distances(grid.rows(), &grid.voters(old)) {
        for area in grid.matches(old, new, dy) {
            let to = extended(old, new, area, dy);
            found.push(Copy { to, dx: 0, dy });
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
    ordered(chosen)
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

/// `area`, whose pixels were `dy` rows above, as large as that holds.
fn extended(old: &Framebuffer, new: Look<'_>, area: Rect, dy: i32) -> Rect {
    let bounds = new.area;
    // Up to one tile row on both sides, as far as all rows go on.
    let margin = COLUMN as i32 - 1;
    let mut left = (area.x - margin).max(bounds.x);
    let mut right = (area.right() + margin).min(bounds.right());
    for y in area.y..area.bottom() {
        let row = |from: i32, to: i32| new.row(y, from, to).iter().zip(part(old, y - dy, from, to));
        let differs = |(now, before): (&[u8; 4], &u32)| colours(*now) != *before;
        if let Some(place) = row(left, area.x).rposition(differs) {
            left += place as i32 + 1;
        }
        if let Some(place) = row(area.right(), right).position(differs) {
            right = area.right() + place as i32;
        }
    }
    let same_row = |y: i32| {
        let inside = y >= bounds.y && y < bounds.bottom() && y - dy >= bounds.y && y - dy < bounds.bottom();
        inside && same(part(old, y - dy, left, right), new.row(y, left, right))
    };
    let [mut top, mut bottom] = [area.y, area.bottom()];
    while same_row(top - 1) {
        top -= 1;
    }
    while same_row(bottom) {
        bottom += 1;
    }
    Rect::from_edges(left, top, right, bottom)
}

/// The pixels from `left` to `right` of row `y`, all inside.
fn part(picture: &Framebuffer, y: i32, left: i32, right: i32) -> &[u32] {
    &picture.row(y as u32)[left as usize..right as usize]
}

#[cfg(test)]
mod tests;
