//! What a ground looks like: button, field, row, box or panel.

use super::flat::distance;
use super::ink::{Ink, Shape};
use super::lines::{InkLine, is_dots};
use super::regions::{Ground, Grounds, is_box};
use crate::screen::{Frame, Rect, RegionKind};

/// A button leaves at least this much beside its label.
const PADDING: i32 = 3;
/// More than a field leaves beside its text.
const ROOM: i32 = 8;

/// What was found on one ground.
#[derive(Default)]
struct Contents {
    lines: Vec<usize>,
    children: usize,
    ink: Rect,
}

/// The kind of each ground, in their order.
pub(super) fn kinds(frame: &Frame, grounds: &Grounds, ink: &Ink, lines: &[InkLine]) -> Vec<RegionKind> {
    let mut contents: Vec<Contents> = grounds.all.iter().map(|_| Contents::default()).collect();
    for (index, line) in lines.iter().enumerate() {
        contents[line.ground].lines.push(index);
    }
    for ground in &grounds.all {
        if let Some(parent) = ground.parent
            && !is_box(&ground.bounds)
        {
            contents[parent].children += 1;
        }
    }
    for blob in &ink.blobs {
        let inner = grounds.all[blob.ground].bounds.inflated(-3);
        let within = inner.contains_rect(&blob.bounds);
        let sizeable = blob.bounds.height > 3 && blob.bounds.width > 3;
        let inside = blob.bounds.inflated(-1);
        let own = &contents[blob.ground].lines;
        let is_ring = own.iter().any(|&line| inside.contains_rect(&lines[line].bounds));
        // An icon beside the label counts, what is left of a border does not.
        let counts = match blob.shape {
            Shape::Other => within && sizeable,
            _ => within || sizeable,
        };
        if counts && !is_ring {
            let content = &mut contents[blob.ground];
            content.ink = content.ink.union(&blob.bounds);
        }
    }
    grounds
        .all
        .iter()
        .zip(&contents)
        .enumerate()
        .map(|(index, (_, content))| match index {
            0 => RegionKind::Panel,
            _ => kind(frame, grounds, ink, index, content, lines),
        })
        .collect()
}

fn kind(
    frame: &Frame,
    grounds: &Grounds,
    ink: &Ink,
    index: usize,
    content: &Contents,
    lines: &[InkLine],
) -> RegionKind {
    let ground = &grounds.all[index];
    let bounds = ground.bounds;
    if is_box(&bounds) && content.children == 0 && content.lines.is_empty() {
        return RegionKind::Check;
    }
    if content.children > 0 || bounds.height > 80 || bounds.width < 14 {
        return RegionKind::Panel;
    }
    if has_neighbour(grounds, index) {
        return match content.lines[..] {
            [_] => RegionKind::Row,
            _ => RegionKind::Panel,
        };
    }
    match content.lines[..] {
        [] if bounds.height >= 12 && bounds.height <= 64 && bounds.width * 2 >= bounds.height * 5 => {
            RegionKind::Field
        }
        [line] if is_dots(ink, &lines[line]) => RegionKind::Field,
        [line] => {
            let line = &lines[line].bounds;
            let kind = kind_around(frame, grounds, ground, content, line);
            let full = line.x - bounds.x <= 5
                && bounds.right() - line.right() <= 5
                && bounds.height < 2 * line.height.max(8);
            let listed = ground
                .parent
                .is_some_and(|parent| parent > 0 && lines.iter().any(|line| line.ground == parent));
            if kind == RegionKind::Field && full && (listed || !is_framed(frame, ground)) {
                RegionKind::Row
            } else {
                kind
            }
        }
        _ => RegionKind::Panel,
    }
}

/// Whether another ground of the same width lies right above or below: the rows of a list do, controls do not.
fn has_neighbour(grounds: &Grounds, index: usize) -> bool {
    let bounds = grounds.all[index].bounds;
    grounds.all.iter().enumerate().skip(1).any(|(other, ground)| {
        let gap = (bounds.y - ground.bounds.bottom()).max(ground.bounds.y - bounds.bottom());
        let near = gap == 0
            || (0..=2).contains(&gap) && distance(ground.background, grounds.all[index].background) > 24;
        let aligned =
            ground.bounds.x.abs_diff(bounds.x) <= 3 && ground.bounds.right().abs_diff(bounds.right()) <= 3;
        other != index && near && aligned
    })
}

fn kind_around(
    frame: &Frame,
    grounds: &Grounds,
    ground: &Ground,
    content: &Contents,
    line: &Rect,
) -> RegionKind {
    let bounds = ground.bounds;
    let tall = bounds.height > 6 * line.height.max(8);
    if tall {
        return RegionKind::Panel;
    }
    let ink = content.ink.union(line).intersection(&bounds);
    let left = ink.x - bounds.x;
    let right = bounds.right() - ink.right();
    let centred = left.abs_diff(right) <= 4 + bounds.width / 16;
    let spans = ground
        .parent
        .is_some_and(|parent| parent > 0 && grounds.all[parent].bounds.width * 19 <= bounds.width * 20);
    let tight = bounds.height * 10 < line.height.max(8) * 20 && bounds.height <= line.height + 9;
    // Rows of a list and fields have no round ends.
    let framed = is_framed(frame, ground) || ground.rounding() * 4 >= bounds.height as i32;
    // Nobody centres a row's text to the pixel, with room on both sides; a list may fit its rows, but no window does.
    let on_window = ground.parent == Some(0) && left.abs_diff(right) <= 1 && left >= ROOM;
    let set = left.abs_diff(right) <= 2 && left >= line.height as i32 || on_window;
    let free = frame.bounds().inflated(-1).contains_rect(&bounds);
    if free && centred && left >= PADDING && (framed || set || !tight) && !spans {
        return RegionKind::Button;
    }
    if spans { RegionKind::Row } else { RegionKind::Field }
}

/// Whether a border runs around the ground: something that is neither its colour nor that of what lies outside.
pub(super) fn is_framed(frame: &Frame, ground: &Ground) -> bool {
    let bounds = ground.bounds;
    let differs = |x: i32, y: i32, out: (i32, i32)| -> bool {
        let paper = ground.row(y);
        let pixel = |far: i32| frame.pixel(x + out.0 * far, y + out.1 * far);
        let beyond = (2..=5).rev().find_map(pixel);
        (0..2)
            .filter_map(pixel)
            .any(|edge| distance(edge, paper) > 12 && beyond.is_none_or(|beyond| distance(edge, beyond) > 12))
    };
    let mut count = 0;
    let mut total = 0;
    let round = ground.rounding();
    for x in (bounds.x + round..bounds.right() - round).step_by(2) {
        total += 2;
        count +=
            usize::from(differs(x, bounds.y - 1, (0, -1))) + usize::from(differs(x, bounds.bottom(), (0, 1)));
    }
    let round = round.min(bounds.height as i32 / 2 - 2).max(0);
    for y in (bounds.y + round..bounds.bottom() - round).step_by(2) {
        total += 2;
        count +=
            usize::from(differs(bounds.x - 1, y, (-1, 0))) + usize::from(differs(bounds.right(), y, (1, 0)));
    }
    count * 10 >= total * 6
}
