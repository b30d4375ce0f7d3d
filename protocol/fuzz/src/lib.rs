//! What the targets have in common: the viewer of the crate's tests, and a small screen that changes.

#![allow(
    clippy::unwrap_used,
    clippy::new_without_default,
    reason = "the viewer is that of the tests"
)]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use protocol::framebuffer::Framebuffer;
use protocol::geometry::{Rect, Size};
use protocol::scroll::{Look, Search};
use protocol::session::Session;

#[path = "../../tests/viewer/mod.rs"]
pub mod viewer;

/// The screen at first.
pub const SIZE: Size = Size::new(96, 72);

/// Scrolling is searched for in no fewer pixels.
const SEARCHED: usize = 4096;

/// A part of a screen, by numbers of which any will do.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Part {
    x: u8,
    y: u8,
    width: u8,
    height: u8,
}

impl Part {
    /// The rectangle on a screen of this size.
    #[must_use]
    pub fn on(self, size: Size) -> Rect {
        let [x, y] = [u32::from(self.x) % size.width, u32::from(self.y) % size.height];
        let width = 1 + u32::from(self.width) % (size.width - x);
        let height = 1 + u32::from(self.height) % (size.height - y);
        Rect::new(x as i32, y as i32, width, height)
    }
}

/// Something that happens to the screen.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Change {
    /// Pixels of so many colours in no order.
    Paint {
        /// Where.
        part: Part,
        /// One of the colours.
        colour: u32,
        /// How many there are.
        colours: u16,
    },
    /// Its pixels move up or down.
    Scroll {
        /// Where; all of the screen when that is too little to be looked for.
        part: Part,
        /// How far down.
        by: i8,
    },
    /// It has another size.
    Resize {
        /// One less.
        width: u8,
        /// One less.
        height: u8,
    },
}

impl Change {
    /// Changes `screen`, looks at it, and tells the session.
    pub fn happen(self, screen: &mut Framebuffer, search: &mut Search, session: &mut Session) {
        let size = screen.size();
        let before = screen.clone();
        let part = match self {
            Self::Paint {
                part,
                colour,
                colours,
            } => {
                let area = part.on(size);
                let kinds = u32::from(colours).max(1);
                for y in area.y..area.bottom() {
                    for x in area.x..area.right() {
                        let place = (x as u32 * 31 + y as u32 * 1013).wrapping_mul(0x9e37_79b1) >> 8;
                        let shade = (place % kinds).wrapping_mul(0x0001_0305);
                        screen.row_mut(y as u32)[x as usize] = colour.wrapping_add(shade) & 0x00ff_ffff;
                    }
                }
                area
            }
            Self::Scroll { part, by } => {
                let part = part.on(size);
                let area = if part.area() < SEARCHED {
                    screen.bounds()
                } else {
                    part
                };
                for y in area.y..area.bottom() {
                    let from = y - i32::from(by);
                    if (area.y..area.bottom()).contains(&from) {
                        let columns = area.x as usize..area.right() as usize;
                        let row = &before.row(from as u32)[columns.clone()];
                        screen.row_mut(y as u32)[columns].copy_from_slice(row);
                    }
                }
                area
            }
            Self::Resize { width, height } => {
                let size = Size::new(u32::from(width) + 1, u32::from(height) + 1);
                *screen = Framebuffer::new(size);
                return session.resized(size);
            }
        };
        let shown = screen.crop(part);
        let bytes: Vec<u8> = shown
            .pixels()
            .iter()
            .flat_map(|pixel| pixel.to_le_bytes())
            .collect();
        let look = Look::new(part, &bytes).unwrap();
        let mut frame = before;
        session.changed(&search.advance(&mut frame, look));
        assert!(frame == *screen, "all that changed was looked at");
    }
}
