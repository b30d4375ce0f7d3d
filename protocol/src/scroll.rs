//! What changed between two looks at a screen, and what of it only moved.

use crate::geometry::Rect;

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
