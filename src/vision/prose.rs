//! Where a window's running text stands: what is scrolled to read all of it.

use std::collections::BTreeMap;

use crate::screen::{Reading, Rect, RegionKind};

/// The ground with most of the text, without buttons, fields and boxes; `None` when the window says nothing.
pub fn area(reading: &Reading) -> Option<Rect> {
    // Ground -> how high its lines are together, and where they stand.
    let mut grounds: BTreeMap<Option<usize>, (u32, Rect)> = BTreeMap::new();
    for line in &reading.lines {
        let kind = reading.region_of(line).map(|region| region.kind);
        if matches!(
            kind,
            Some(RegionKind::Button | RegionKind::Field | RegionKind::Check)
        ) {
            continue;
        }
        let (height, place) = grounds.entry(line.region).or_default();
        *height += line.bounds.height;
        *place = if place.is_empty() {
            line.bounds
        } else {
            place.union(&line.bounds)
        };
    }
    let (ground, (_, place)) = grounds.into_iter().max_by_key(|(_, (height, _))| *height)?;
    let region = ground.and_then(|index| reading.regions.get(index));
    Some(region.map_or(place, |region| region.bounds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Line, Region, Size};

    #[test]
    fn the_ground_with_most_text_is_what_is_scrolled() {
        let region = |bounds, kind| Region {
            bounds,
            background: 0xff_ffff,
            kind,
        };
        let line = |y: i32, region| Line {
            text: "words".to_owned(),
            bounds: Rect::new(20, y, 100, 10),
            confidence: 90,
            region,
        };
        let pane = Rect::new(10, 30, 300, 120);
        let mut reading = Reading {
            size: Size::new(320, 240),
            regions: vec![
                region(pane, RegionKind::Panel),
                region(Rect::new(10, 200, 80, 20), RegionKind::Button),
            ],
            lines: vec![
                line(10, None),
                line(40, Some(0)),
                line(60, Some(0)),
                line(205, Some(1)),
            ],
            ..Reading::default()
        };
        assert_eq!(area(&reading), Some(pane));
        reading.lines.truncate(1);
        assert_eq!(
            area(&reading),
            Some(Rect::new(20, 10, 100, 10)),
            "no ground of its own"
        );
        reading.lines.clear();
        assert_eq!(area(&reading), None);
    }
}
