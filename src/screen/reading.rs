//! What was read from one window's picture: flat regions and lines of text, in window coordinates.

use serde::{Deserialize, Serialize};

use super::Rect;

/// A hash of a window's pixels: equal pixels have equal fingerprints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub u64);

/// What a region looks like. A look is a hint: text and geometry decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegionKind {
    /// A framed or coloured box around one short centred line: a button or a toggle.
    Button,
    /// A small square or disc left of a line: a check box or radio button.
    Check,
    /// A framed, flat, wide box: a text field.
    Field,
    /// A plain area that holds other things.
    Panel,
    /// A coloured bar the height of one line: the selected row of a list, tree or table.
    Row,
}

/// An area that stands out from what is around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its place.
    pub bounds: Rect,
    /// Its most frequent colour, `0x00RRGGBB`.
    pub background: u32,
    /// What it looks like.
    pub kind: RegionKind,
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The text, trimmed.
    pub text: String,
    /// The ink's bounding box.
    pub bounds: Rect,
    /// 0 (a guess) to 100 (certain).
    pub confidence: u8,
    /// The innermost region that it stands in, as an index into [`Reading::regions`].
    pub region: Option<usize>,
}

/// All that was read from one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The pixels that this was read from.
    pub fingerprint: Fingerprint,
    /// Width and height of the picture.
    pub size: super::Size,
    /// Regions, outer ones before those inside them.
    pub regions: Vec<Region>,
    /// Lines from top to bottom, then from left to right.
    pub lines: Vec<Line>,
    /// Places with ink like a text's that nothing was read from.
    pub unread: Vec<Rect>,
}

impl Reading {
    /// The region that `line` stands in.
    pub fn region_of(&self, line: &Line) -> Option<&Region> {
        line.region.and_then(|index| self.regions.get(index))
    }

    /// All lines as one text, one per row.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.text.as_str()).collect();
        lines.join("\n")
    }
}
