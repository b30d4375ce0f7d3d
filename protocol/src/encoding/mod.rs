//! How a rectangle of pixels travels (RFC 6143 §7.7). To add an encoding: one file and one line in [`ENCODINGS`].

mod ability;
mod content;
mod copy_rect;
mod cursor;
mod deflate;
mod hextile;
mod jpeg;
mod palette;
mod pseudo;
mod raw;
mod run_length;
mod tight;
mod trle;
mod zlib;
mod zrle;

pub(crate) use ability::Abilities;
pub use ability::Ability;
pub(crate) use copy_rect::put_copy;
pub use cursor::Cursor;
pub(crate) use cursor::{put_cursor, put_cursor_with_alpha};
pub use jpeg::SharedPictures;
pub(crate) use jpeg::quality_asked_by;
pub(crate) use pseudo::{
    Monitor, put_desktop_name, put_desktop_size, put_extended_buttons_confirmed, put_extended_desktop_size,
    put_last_rect, put_scan_codes_confirmed,
};
pub(crate) use raw::RAW;

use std::sync::Arc;

use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::pixel_format::Translator;

/// Every encoding that is served.
pub const ENCODINGS: &[Encoding] = &[
    raw::ENCODING,
    copy_rect::ENCODING,
    hextile::ENCODING,
    zlib::ENCODING,
    tight::ENCODING,
    tight::PNG,
    trle::ENCODING,
    zrle::ENCODING,
    cursor::CURSOR,
    cursor::WITH_ALPHA,
    pseudo::DESKTOP_SIZE,
    pseudo::EXTENDED_DESKTOP_SIZE,
    pseudo::LAST_RECT,
    pseudo::DESKTOP_NAME,
    pseudo::FENCE,
    pseudo::CONTINUOUS_UPDATES,
    pseudo::SCAN_CODES,
    pseudo::EXTENDED_BUTTONS,
    pseudo::EXTENDED_CLIPBOARD,
];

/// One line of [`ENCODINGS`].
#[derive(Debug)]
pub struct Encoding {
    /// Its registered number (RFC 6143 §8.4.2; rfbproto for what is not there).
    pub number: i32,
    /// Its registered name.
    pub name: &'static str,
    /// What a viewer that lists it gets.
    pub role: Role,
}

/// What an encoding is for.
#[derive(Debug)]
pub enum Role {
    /// It carries pixels; a new encoder for one viewer.
    Pixels(NewEncoder),
    /// It tells that the viewer understands something else.
    Ability(Ability),
}

/// Makes an encoder for one viewer.
pub type NewEncoder = fn() -> Box<dyn Encoder>;

/// How one viewer wants its pixels.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Its pixel format.
    pub pixels: Translator,
    /// What of a picture may be lost to save bytes: JPEG's quality, 1 to 100; `None` when nothing may.
    pub quality: Option<u8>,
    /// Whether Tight may send differences to a guess (its gradient filter).
    pub gradient: bool,
    /// JPEG files that others may have made or may want.
    pub pictures: Arc<SharedPictures>,
}

/// Writes pixels for one viewer; what it must remember between rectangles (a compressed stream) lives as long as the
/// viewer's session.
pub trait Encoder: Send {
    /// Appends `rect`, which is inside `picture` and not empty, as one or more rectangles with their heads, and returns
    /// how many.
    fn encode(&mut self, picture: &Framebuffer, rect: Rect, wishes: &Wishes, out: &mut Vec<u8>) -> u16;

    /// Where pixels went with loss since this was asked last.
    fn take_lossy(&mut self) -> Vec<Rect> {
        Vec::new()
    }
}

impl Encoding {
    /// The encoding of that number.
    pub fn find(number: i32) -> Option<&'static Self> {
        ENCODINGS.iter().find(|encoding| encoding.number == number)
    }
}

/// Replaces `values` with those of `rect`, row by row.
fn gather(picture: &Framebuffer, rect: Rect, pixels: &Translator, values: &mut Vec<u32>) {
    values.clear();
    for y in rect.y..rect.bottom() {
        pixels.values(
            &picture.row(y as u32)[rect.x as usize..rect.right() as usize],
            values,
        );
    }
}

/// `rect` in parts of at most `width` by `height`, from left to right, then down.
fn tiles(rect: Rect, width: u32, height: u32) -> impl Iterator<Item = Rect> {
    let rows = (rect.y..rect.bottom()).step_by(height as usize);
    rows.flat_map(move |y| {
        let columns = (rect.x..rect.right()).step_by(width as usize);
        columns.map(move |x| Rect::new(x, y, width, height).intersection(&rect))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique() {
        for (index, encoding) in ENCODINGS.iter().enumerate() {
            let same = ENCODINGS[index + 1..]
                .iter()
                .find(|other| other.number == encoding.number);
            assert!(same.is_none(), "{} has the number of {same:?}", encoding.name);
        }
    }

    #[test]
    fn tiles_cover_everything_once() {
        let rect = Rect::new(3, 5, 130, 65);
        let parts: Vec<Rect> = tiles(rect, 64, 64).collect();
        assert_eq!(parts.len(), 6);
        assert_eq!(parts.iter().map(Rect::area).sum::<usize>(), rect.area());
        assert_eq!(parts[2], Rect::new(131, 5, 2, 64));
        assert_eq!(parts[5], Rect::new(131, 69, 2, 1));
    }
}
