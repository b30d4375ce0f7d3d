//! What a viewer says it understands besides pixels.

/// One thing that a viewer may understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// Areas that moved (CopyRect).
    Copy,
    /// The pointer's picture (Cursor).
    Cursor,
    /// The pointer's picture with what shines through (Cursor With Alpha).
    AlphaCursor,
    /// A screen that changes its size (DesktopSize).
    Resize,
    /// The same, and asking for it (ExtendedDesktopSize).
    ExtendedResize,
    /// Updates whose number of rectangles is not known beforehand (LastRect).
    OpenUpdate,
    /// A desktop that changes its name (DesktopName).
    Name,
    /// Questions that are answered in their order (Fence).
    Fence,
    /// Updates without a request for each (ContinuousUpdates).
    ContinuousUpdates,
    /// Keys with their scan codes (QEMU Extended Key Event).
    ScanCodes,
    /// More than eight buttons (Extended Mouse Buttons).
    ExtendedButtons,
    /// Clipboard texts in Unicode (Extended Clipboard).
    ExtendedClipboard,
}

/// A set of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Abilities(u16);

impl Abilities {
    /// Whether `ability` is in the set.
    pub(crate) const fn has(self, ability: Ability) -> bool {
        self.0 >> ability as u16 & 1 == 1
    }

    /// Adds `ability`; whether it is new.
    pub(crate) const fn add(&mut self, ability: Ability) -> bool {
        let new = !self.has(ability);
        self.0 |= 1 << ability as u16;
        new
    }
}
