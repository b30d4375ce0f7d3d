//! What an area shows. Areas of one colour need no more than that; drawn things (few colours, text) have edges that must
//! stay as they are; pictures (photographs, video) are what JPEG was made for.

use super::palette::Palette;
use super::tiles;
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;

/// Judged one at a time: smaller ones tell too little, larger ones mix text and pictures.
const TILE: u32 = 64;
/// Rows of a cell: what lies between two lines of text is seen.
const CELL_ROWS: u32 = 16;
/// Fewer pixels are never worth JPEG's head.
const SMALLEST_PICTURE: usize = 1024;
/// Less of one colour, or of two, is not worth a rectangle of its own.
const SMALLEST_PLAIN: usize = 8192;
const SMALLEST_OF_TWO: usize = 4096;
/// Fewer colours are a palette.
const FEW_COLOURS: usize = 96;
/// A step from one pixel to the next, in the colour that changes most, that is an edge.
const EDGE: u8 = 72;
/// Joined areas that are no plain ones have at most so many pixels.
const LARGEST: usize = 1 << 17;
/// Every so many rows of a tile are asked whether it is a picture.
const SAMPLED: usize = 3;

/// What a part of a rectangle shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// One colour, `0x00RRGGBB`.
    Plain(u32),
    /// Two, as most text.
    TwoColours(u32, u32),
    Drawn,
    Picture,
}

impl Content {
    /// Whether it can be told as if it were `other`.
    fn is_part_of(self, other: Self) -> bool {
        let has_colour = |colour| matches!(other, Self::TwoColours(a, b) if a == colour || b == colour);
        self == other || matches!(self, Self::Plain(colour) if has_colour(colour))
    }
}

/// A part of a rectangle that shows one kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) rect: Rect,
    pub(super) content: Content,
}

/// `rect`, which is inside `screen` and not empty, in parts; without pictures unless there may be `pictures`.
pub(super) fn areas(screen: &Framebuffer, rect: Rect, pictures: bool) -> Vec<Area> {
    let mut cells = Cells::new(screen, rect, pictures);
    let mut areas = Vec::new();
    // What is left of the large areas of few colours is drawn like what is around.
    cells.take_all(
        SMALLEST_PLAIN,
        |content| matches!(content, Content::Plain(_)),
        &mut areas,
    );
    cells.take_all(
        SMALLEST_OF_TWO,
        |content| matches!(content, Content::TwoColours(..)),
        &mut areas,
    );
    for content in cells.contents.iter_mut().flatten() {
        if *content != Content::Picture {
            *content = Content::Drawn;
        }
    }
    cells.take_all(0, |_| true, &mut areas);
    areas.sort_unstable_by_key(|area| (area.rect.y, area.rect.x));
    areas
}

/// A rectangle as cells of [`TILE`] by [`CELL_ROWS`], row by row.
struct Cells {
    rect: Rect,
    columns: usize,
    /// `None` for those that are taken.
    contents: Vec<Option<Content>>,
}

impl Cells {
    fn new(screen: &Framebuffer, rect: Rect, pictures: bool) -> Self {
        let columns = rect.width.div_ceil(TILE) as usize;
        let rows = rect.height.div_ceil(CELL_ROWS) as usize;
        let mut cells = Self {
            rect,
            columns,
            contents: vec![None; columns * rows],
        };
        let mut palette = Palette::new();
        for tile in tiles(rect, TILE, TILE) {
            let other = if pictures && is_picture(screen, tile, &mut palette) {
                Content::Picture
            } else {
                Content::Drawn
            };
            for cell in tiles(tile, TILE, CELL_ROWS) {
                let row = ((cell.y - rect.y) as u32 / CELL_ROWS) as usize;
                let place = row * columns + ((cell.x - rect.x) as u32 / TILE) as usize;
                let few = (other == Content::Drawn)
                    .then(|| few_colours(screen, cell))
                    .flatten();
                cells.contents[place] = few.or(Some(other));
            }
        }
        cells
    }

    /// Moves the areas that are `wanted` and have so many pixels to `areas`.
    fn take_all(&mut self, smallest: usize, wanted: impl Fn(Content) -> bool, areas: &mut Vec<Area>) {
        for place in 0..self.contents.len() {
            let Some(content) = self.contents[place].filter(|content| wanted(*content)) else {
                continue;
            };
            let (columns, rows) = self.extent(place, content);
            let rect = self.area(place, columns, rows);
            if rect.area() >= smallest {
                for row in 0..rows {
                    self.contents[place + row * self.columns..][..columns].fill(None);
                }
                areas.push(Area { rect, content });
            }
        }
    }

    /// How many columns and rows from `place` on can be told as `content`, to the right first.
    fn extent(&self, place: usize, content: Content) -> (usize, usize) {
        let bound = if matches!(content, Content::Plain(_)) {
            usize::MAX
        } else {
            LARGEST / (TILE * CELL_ROWS) as usize
        };
        let in_row = &self.contents[place..][..self.columns - place % self.columns];
        let fits = |cell: &Option<Content>| cell.is_some_and(|cell| cell.is_part_of(content));
        let columns = in_row.iter().take_while(|cell| fits(cell)).count();
        let below = (place..self.contents.len()).step_by(self.columns);
        let whole = |start: &usize| self.contents[*start..][..columns].iter().all(fits);
        let rows = below.take(bound / columns).take_while(whole).count();
        (columns, rows.max(1))
    }

    /// The pixels of so many cells.
    fn area(&self, place: usize, columns: usize, rows: usize) -> Rect {
        let [column, row] = [place % self.columns, place / self.columns].map(|number| number as u32);
        let x = self.rect.x + (column * TILE) as i32;
        let y = self.rect.y + (row * CELL_ROWS) as i32;
        Rect::new(x, y, columns as u32 * TILE, rows as u32 * CELL_ROWS).intersection(&self.rect)
    }
}

/// The colour of all pixels of `cell`, if there is one.
pub(super) fn plain_colour(screen: &Framebuffer, cell: Rect) -> Option<u32> {
    let row = |y: i32| &screen.row(y as u32)[cell.x as usize..cell.right() as usize];
    let colour = row(cell.y)[0];
    (cell.y..cell.bottom())
        .all(|y| is_plain(row(y), colour))
        .then_some(colour)
}

/// One colour or two, if `cell` has no more.
fn few_colours(screen: &Framebuffer, cell: Rect) -> Option<Content> {
    if let Some(colour) = plain_colour(screen, cell) {
        return Some(Content::Plain(colour));
    }
    let row = |y: i32| &screen.row(y as u32)[cell.x as usize..cell.right() as usize];
    let first = row(cell.y)[0];
    let others = (cell.y..cell.bottom()).flat_map(row);
    let second = *others.into_iter().find(|pixel| **pixel != first)?;
    let known = |known: bool, pixel: &u32| known & ((*pixel == first) | (*pixel == second));
    let two = (cell.y..cell.bottom()).all(|y| row(y).iter().fold(true, known));
    two.then(|| Content::TwoColours(first.min(second), first.max(second)))
}

/// Whether all values are `value`. All are looked at, which takes less time than to stop early.
pub(super) fn is_plain(values: &[u32], value: u32) -> bool {
    values.iter().fold(0, |differ, other| differ | other ^ value) == 0
}

/// A picture has many colours that flow into each other: hardly two neighbours are equal, hardly any step is an edge.
/// What steps everywhere is noise, and no worse for being smoothed.
fn is_picture(screen: &Framebuffer, tile: Rect, palette: &mut Palette) -> bool {
    if tile.area() < SMALLEST_PICTURE {
        return false;
    }
    let rows = (tile.y..tile.bottom())
        .step_by(SAMPLED)
        .map(|y| &screen.row(y as u32)[tile.x as usize..tile.right() as usize]);
    // Cheap questions come first, each in a loop of its own that the compiler makes wide.
    let pairs: usize = rows.clone().map(|row| row.len() - 1).sum();
    if count(rows.clone(), |a, b| a == b) * 5 >= pairs * 2 {
        return false;
    }
    palette.clear();
    let mut colours = rows.clone().flatten();
    if colours.all(|colour| palette.index(*colour, FEW_COLOURS).is_some()) {
        return false;
    }
    let edges = count(rows, is_edge);
    let sharp = edges * 25 > pairs && edges * 4 < pairs;
    !sharp
}

/// Of how many neighbours in the same row that is true.
fn count<'a>(rows: impl Iterator<Item = &'a [u32]>, of: impl Fn(u32, u32) -> bool) -> usize {
    let in_row = |row: &[u32]| {
        let pairs = row.iter().zip(&row[1..]);
        pairs.map(|(a, b)| u32::from(of(*a, *b))).sum::<u32>()
    };
    rows.map(|row| in_row(row) as usize).sum()
}

/// Whether red, green or blue changes much.
fn is_edge(a: u32, b: u32) -> bool {
    let [a, b] = [a.to_ne_bytes(), b.to_ne_bytes()];
    let far = |colour: usize| a[colour].abs_diff(b[colour]) >= EDGE;
    far(0) | far(1) | far(2) | far(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    fn noise(x: u32, y: u32) -> u32 {
        let mixed = ((x * 7919) ^ y.wrapping_mul(104_729) ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b1);
        (mixed ^ mixed >> 15).wrapping_mul(0x85eb_ca6b) >> 8
    }

    /// Soft shapes with some grain.
    fn photo(x: u32, y: u32) -> u32 {
        let wave = |scale: f64, phase: f64| {
            let shade = (f64::from(x) / scale + phase).sin() * (f64::from(y) / scale / 1.3).cos();
            (128.0 + 90.0 * shade) as u32
        };
        let grain = noise(x, y) % 12;
        (wave(37.0, 0.0) + grain) << 16 | (wave(53.0, 1.0) + grain) << 8 | (wave(71.0, 2.0) + grain)
    }

    /// Letters with smoothed edges on a slope of colours, the hardest of what is drawn.
    fn text(x: u32, y: u32) -> u32 {
        let paper = 180 + (x + y) % 64;
        let ink = if y % 12 < 8 && noise(x / 2, y / 3).is_multiple_of(3) {
            20 + noise(x, y) % 60
        } else {
            paper
        };
        ink << 16 | ink << 8 | ink
    }

    fn screen(colour: impl Fn(u32, u32) -> u32) -> Framebuffer {
        let size = Size::new(256, 192);
        let places = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
        Framebuffer::from_pixels(size, places.map(|(x, y)| colour(x, y)).collect()).unwrap()
    }

    #[test]
    fn only_pictures_are_pictures() {
        for (what, colour, picture) in [
            ("one colour", (|_, _| 0x00d4_d0c8) as fn(u32, u32) -> u32, false),
            ("two colours", |x, y| (noise(x, y) & 1) * 0x00ff_ffff, false),
            ("slope of a title bar", |_, y| y << 16 | y, false),
            ("slope both ways", |x, y| x << 16 | y, true),
            ("text", text, false),
            ("photo", photo, true),
            ("noise", noise, true),
        ] {
            let screen = screen(colour);
            for area in areas(&screen, screen.bounds(), true) {
                assert_eq!(area.content == Content::Picture, picture, "{what}: {area:?}");
            }
        }
    }

    #[test]
    fn a_picture_beside_text_is_found_and_everything_is_covered_once() {
        let screen = screen(|x, y| if x < 128 { photo(x, y) } else { text(x, y) });
        let areas = areas(&screen, Rect::new(0, 0, 250, 190), true);
        let expected = [
            Area {
                rect: Rect::new(0, 0, 128, 190),
                content: Content::Picture,
            },
            Area {
                rect: Rect::new(128, 0, 122, 190),
                content: Content::Drawn,
            },
        ];
        assert_eq!(areas, expected);
    }
    #[test]
    fn large_plain_areas_are_told_apart() {
        let rect = Rect::new(3, 5, 250, 180);
        let colours = |x: u32, y: u32| match (x, y) {
            (_, 101..) => 0x00ff_ffff,
            (131.., _) => text(x, y),
            _ => 0x00d4_d0c8,
        };
        let areas = areas(&screen(colours), rect, true);
        let plain = |colour: u32| areas.iter().find(|area| area.content == Content::Plain(colour));
        assert_eq!(plain(0x00d4_d0c8).unwrap().rect, Rect::new(3, 5, 128, 96));
        assert_eq!(plain(0x00ff_ffff).unwrap().rect, Rect::new(3, 101, 250, 84));
        let covered: usize = areas.iter().map(|area| area.rect.area()).sum();
        assert_eq!((areas.len(), covered), (3, rect.area()));
    }
}
