//! What an area shows. Drawn things (areas of one colour, few colours, text) have edges that must stay as they are;
//! pictures (photographs, video) are what JPEG was made for.

use super::palette::Palette;
use super::tiles;
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;

/// Judged one at a time: smaller ones tell too little, larger ones mix text and pictures.
const TILE: u32 = 64;
/// Fewer pixels are never worth JPEG's head.
const SMALLEST_PICTURE: usize = 1024;
/// Fewer colours are a palette.
const FEW_COLOURS: usize = 96;
/// A step from one pixel to the next, in the colour that changes most, that is an edge.
const EDGE: u8 = 72;
/// Joined areas have at most so many pixels.
const LARGEST: usize = 1 << 17;

/// A part of a rectangle that is a picture or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) rect: Rect,
    pub(super) picture: bool,
}

/// `rect` as areas, each a picture or drawn as a whole.
pub(super) fn areas(screen: &Framebuffer, rect: Rect) -> Vec<Area> {
    let mut palette = Palette::new();
    let mut areas: Vec<Area> = Vec::new();
    let mut band = Vec::new();
    for tile in tiles(rect, TILE, TILE) {
        let picture = is_picture(screen, tile, &mut palette);
        match band.last_mut() {
            Some(Area {
                rect: last,
                picture: same,
            }) if *same == picture => {
                *last = last.union(&tile);
            }
            _ => band.push(Area { rect: tile, picture }),
        }
        if tile.right() == rect.right() {
            for area in band.drain(..) {
                join_below(&mut areas, area);
            }
        }
    }
    areas
}

/// Adds `area`, to one that ends where it begins if there is one.
fn join_below(areas: &mut Vec<Area>, area: Area) {
    let above = areas.iter_mut().find(|above| {
        above.picture == area.picture
            && (above.rect.x, above.rect.width) == (area.rect.x, area.rect.width)
            && above.rect.bottom() == area.rect.y
            && above.rect.area() + area.rect.area() <= LARGEST
    });
    match above {
        Some(above) => above.rect = above.rect.union(&area.rect),
        None => areas.push(area),
    }
}

/// A picture has many colours that flow into each other: hardly two neighbours are equal, hardly any step is an edge.
/// What steps everywhere is noise, and no worse for being smoothed.
fn is_picture(screen: &Framebuffer, tile: Rect, palette: &mut Palette) -> bool {
    if tile.area() < SMALLEST_PICTURE {
        return false;
    }
    palette.clear();
    let (mut pairs, mut equal, mut edges, mut many) = (0, 0, 0, false);
    for y in tile.y..tile.bottom() {
        let row = &screen.row(y as u32)[tile.x as usize..tile.right() as usize];
        for pair in row.windows(2) {
            pairs += 1;
            if pair[0] == pair[1] {
                equal += 1;
                continue;
            }
            edges += usize::from(step(pair[0], pair[1]) >= EDGE);
            many = many || palette.index(pair[0], FEW_COLOURS).is_none();
        }
    }
    let sharp = edges * 25 > pairs && edges * 4 < pairs;
    many && equal * 5 < pairs * 2 && !sharp
}

/// The largest difference among red, green, blue.
fn step(a: u32, b: u32) -> u8 {
    let [a, b] = [a.to_be_bytes(), b.to_be_bytes()];
    let steps = a.into_iter().zip(b).map(|(a, b)| a.abs_diff(b));
    steps.max().unwrap_or(0)
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
            for area in areas(&screen, screen.bounds()) {
                assert_eq!(area.picture, picture, "{what}: {area:?}");
            }
        }
    }

    #[test]
    fn a_picture_beside_text_is_found_and_everything_is_covered_once() {
        let screen = screen(|x, y| if x < 128 { photo(x, y) } else { text(x, y) });
        let areas = areas(&screen, Rect::new(0, 0, 250, 190));
        let expected = [
            Area {
                rect: Rect::new(0, 0, 128, 190),
                picture: true,
            },
            Area {
                rect: Rect::new(128, 0, 122, 190),
                picture: false,
            },
        ];
        assert_eq!(areas, expected);
    }
}
