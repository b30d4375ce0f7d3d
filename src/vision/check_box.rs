//! Check boxes and radio buttons by the labels to the right of them, and whether they are ticked.

use super::controls::{COLOURED, LIKENESS, pen, saturation};
use super::flat::{distance, dominant};
use super::text::Folded;
use super::texture::evened;
use crate::screen::{Frame, Reading, Rect, RegionKind, Size};

/// No box is this near to its label, in pixels.
const TOUCHING: i32 = 2;
/// A border of a box is no thicker than this.
const THICKEST: u32 = 6;
/// What differs from the ground by less is not seen as a border of its own.
const FAINTEST: u32 = 6;

/// A check box or radio button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckBox {
    /// The box or disc.
    pub bounds: Rect,
    /// Its label's ink; a click there toggles it too.
    pub label: Rect,
    /// Whether it is ticked, when that can be told.
    pub checked: Option<bool>,
}

/// The check box or radio button to the left of `label`; `None` also when two of them have that label.
pub fn check_box(frame: &Frame, reading: &Reading, label: &str) -> Option<CheckBox> {
    let wanted = Folded::of(label);
    let mut found: Option<(f32, CheckBox)> = None;
    let mut equals = 0;
    for line in &reading.lines {
        let kind = reading.region_of(line).map(|region| region.kind);
        if matches!(
            kind,
            Some(RegionKind::Button | RegionKind::Field | RegionKind::Row)
        ) {
            continue;
        }
        let Some(score) = Folded::of(&line.text).equals(&wanted, LIKENESS) else {
            continue;
        };
        let Some(bounds) = box_left_of(reading, &line.bounds) else {
            continue;
        };
        match &found {
            Some((best, _)) if *best > score => continue,
            Some((best, _)) if *best == score => equals += 1,
            _ => equals = 1,
        }
        let frame = &*evened(frame, bounds.union(&line.bounds).inflated(THICKEST as i32 + 2));
        // Of a short bold label there is more ink than paper.
        let ground = dominant(&frame.crop(line.bounds.inflated(4)));
        let bounds = whole_box(frame, bounds, ground);
        let (pen, contrast) = pen(frame, &line.bounds, ground);
        let (bounds, checked) = match box_around(frame, &bounds, ground, pen) {
            Tick::None => (bounds, is_ticked(frame, &bounds, ground, pen, contrast)),
            Tick::Boxed(whole) => (whole, Some(true)),
            Tick::Bare => (bounds, None),
        };
        found = Some((
            score,
            CheckBox {
                bounds,
                label: line.bounds,
                checked,
            },
        ));
    }
    found.filter(|_| equals == 1).map(|(_, check)| check)
}

pub(super) fn box_left_of(reading: &Reading, label: &Rect) -> Option<Rect> {
    let reach = 3 * label.height.max(8) as i32;
    let boxes = reading.regions.iter().filter(|region| {
        let bounds = region.bounds;
        // A box may stand lower than its label, and a label without descenders ends early.
        let overlap = bounds.bottom().min(label.bottom()) - bounds.y.max(label.y);
        let level = i64::from(overlap) * 2 + 1 >= i64::from(bounds.height.min(label.height));
        region.kind == RegionKind::Check && level && (0..=reach).contains(&(label.x - bounds.right()))
    });
    let boxes: Vec<Rect> = boxes.map(|region| region.bounds).collect();
    let nearest = *boxes
        .iter()
        .max_by_key(|bounds| (bounds.right(), bounds.area()))?;
    // Nearer to the label than any box is, with another one beside it: it may be the label's first letter.
    let touches = label.x - nearest.right() <= TOUCHING;
    let other = boxes.iter().any(|bounds| !bounds.intersects(&nearest));
    (!touches || !other).then_some(nearest)
}

/// The whole box of which `inner` was found, when that is only its paper or even its mark: it ends where `ground`, what
/// the label stands on, begins on all four sides.
fn whole_box(frame: &Frame, inner: Rect, ground: u32) -> Rect {
    let mut whole = inner;
    for _ in 0..THICKEST {
        let next = whole.inflated(1);
        let (right, bottom) = (next.right() - 1, next.bottom() - 1);
        let is_edge = |x: i32, y: i32| {
            frame
                .pixel(x, y)
                .is_some_and(|pixel| distance(pixel, ground) > FAINTEST)
        };
        let rows = |x: i32| (whole.y..whole.bottom()).filter(|&y| is_edge(x, y)).count();
        let columns = |y: i32| (whole.x..whole.right()).filter(|&x| is_edge(x, y)).count();
        let sides = [
            (rows(next.x), whole.height),
            (rows(right), whole.height),
            (columns(next.y), whole.width),
            (columns(bottom), whole.width),
        ];
        if !sides
            .iter()
            .all(|&(count, length)| count * 10 >= length as usize * 5)
        {
            break;
        }
        whole = next;
    }
    whole
}

/// What a solid block of the label's colour is: no box is filled with it.
enum Tick {
    /// There is none.
    None,
    /// The tick of this box.
    Boxed(Rect),
    /// Nobody knows.
    Bare,
}

/// The box around `inner`, when that is only its tick.
fn box_around(frame: &Frame, inner: &Rect, ground: u32, pen: u32) -> Tick {
    let block = frame.crop(*inner);
    let own = |pixel: &&u32| distance(**pixel, pen) < distance(**pixel, ground);
    if block.pixels().iter().filter(own).count() * 10 < inner.area() * 9 {
        return Tick::None;
    }
    let is_edge = |x: i32, y: i32| {
        let pixel = frame.pixel(x, y);
        pixel.is_some_and(|pixel| distance(pixel, ground) > FAINTEST)
    };
    let around = (2..=inner.width as i32)
        .map(|far| inner.inflated(far))
        .find(|whole| {
            let (rows, columns) = (whole.y..whole.bottom(), whole.x..whole.right());
            let sides = [
                rows.clone().filter(|&y| is_edge(whole.x, y)).count(),
                rows.filter(|&y| is_edge(whole.right() - 1, y)).count(),
                columns.clone().filter(|&x| is_edge(x, whole.y)).count(),
                columns.filter(|&x| is_edge(x, whole.bottom() - 1)).count(),
            ];
            // Its corners may be rounded, and its label begins beside it.
            sides
                .iter()
                .all(|count| count * 10 >= whole.width.min(whole.height) as usize * 6)
        });
    around.map_or(Tick::Bare, Tick::Boxed)
}

/// Looks for a tick or dot in the middle of a box: what differs, in its row, from the paper at both sides of it (papers
/// have vertical gradients), and as much as the label's contrast asks for (disabled boxes are pale). A box that is filled
/// with a colour and holds no mark says nothing, nor does a middle of one colour that is less like the label's than what
/// is around it: it may be the paper in a second ring, as the pointer over a box makes one.
fn is_ticked(frame: &Frame, bounds: &Rect, ground: u32, pen: u32, contrast: u32) -> Option<bool> {
    let side = bounds.width.min(bounds.height) as i32;
    if side < 6 || contrast < 8 {
        return None;
    }
    let inset = (side * 3 / 16).max(1);
    // Not higher: further up and down the border of a disc comes in from the sides.
    let (x, y) = (bounds.x + side / 4, bounds.y + side / 3);
    let middle = Rect::from_edges(x, y, bounds.right() - side / 4, bounds.bottom() - side / 3);
    let least = (contrast / 4).clamp(10, 60);
    let inside = frame.crop(middle);
    let usual = dominant(&inside);
    let (mut strong, mut like_pen) = (0, 0);
    for y in middle.y..middle.bottom() {
        let papers = [
            frame.pixel(bounds.x + inset, y)?,
            frame.pixel(bounds.right() - 1 - inset, y)?,
        ];
        like_pen += usize::from(
            papers
                .iter()
                .all(|&paper| distance(usual, pen) < distance(paper, pen)),
        );
        for x in middle.x..middle.right() {
            let pixel = frame.pixel(x, y)?;
            strong += usize::from(papers.iter().all(|&paper| distance(pixel, paper) >= least));
        }
    }
    let share = strong * 100 / middle.area().max(1);
    let filled = saturation(usual) > saturation(ground) + COLOURED;
    // Without its corners: in a disc they are beside the ring.
    let Size { width, height } = inside.size();
    let far = |at: u32, length: u32| (2 * at + 1).abs_diff(length) * 100 / length;
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let within: Vec<u32> = pixels
        .filter(|&(x, y)| far(x, width).pow(2) + far(y, height).pow(2) <= 100 * 100)
        .filter_map(|(x, y)| inside.pixel(x as i32, y as i32))
        .collect();
    let alike = within
        .iter()
        .filter(|&&pixel| distance(pixel, usual) < least)
        .count();
    let even = alike * 10 >= within.len() * 9;
    let is_ring = even && like_pen * 2 < middle.height as usize;
    match share {
        0..=4 if !filled => Some(false),
        14.. if is_ring => None,
        14.. => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUND: u32 = 0xc6_cfd1;
    const RING: u32 = 0xb0_b6b8;
    const PEN: u32 = 0x2e_2e2e;

    /// Whether a radio button is ticked that has a second ring, and this in its middle.
    fn is_chosen(middle: u32) -> Option<bool> {
        let mut frame = Frame::new(Size::new(30, 30));
        frame.fill(frame.bounds(), GROUND);
        let insets = [4, 2, 1, 1, 0, 0, 0, 0, 0, 1, 1, 2, 4];
        let mut disc = |far: i32, colour: u32| {
            for (y, inset) in (0..13).zip(insets) {
                if (far..13 - far).contains(&y) {
                    let (left, right) = (8 + inset.max(far), 21 - inset.max(far));
                    frame.fill(Rect::from_edges(left, 8 + y, right, 9 + y), colour);
                }
            }
        };
        disc(0, RING);
        disc(1, 0xff_ffff);
        disc(2, RING);
        disc(3, 0xff_ffff);
        for (x, y) in [
            (11, 11),
            (17, 11),
            (11, 17),
            (17, 17),
            (11, 12),
            (17, 12),
            (11, 16),
            (17, 16),
        ] {
            frame.fill(Rect::new(x, y, 1, 1), RING);
        }
        frame.fill(Rect::new(13, 13, 3, 3), middle);
        is_ticked(&frame, &Rect::new(8, 8, 13, 13), GROUND, PEN, 150)
    }

    #[test]
    fn the_paper_in_a_second_ring_is_no_dot() {
        assert_eq!(is_chosen(0xff_ffff), None);
        assert_eq!(is_chosen(PEN), Some(true));
    }
}
