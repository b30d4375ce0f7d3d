//! A line of text on the root window, behind all windows: a screen on which nothing has opened yet looks broken without.

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateGCAux, Gcontext};

use super::X11Error;
use super::link::Link;
use crate::screen::Point;

/// The font that every X server has.
const FONT: &[u8] = b"fixed";
/// A grey, on black as the root window is.
const COLOUR: u32 = 0x00a4_a8ac;
/// Where it begins: its left end on the line that letters stand on.
const PLACE: Point = Point::new(12, 22);
/// What one request can paint, and more than fits on a line.
const LONGEST: usize = 255;

/// The line.
#[derive(Default)]
pub(super) struct Label {
    /// In Latin-1, as the font's letters are numbered.
    text: Vec<u8>,
    context: Option<Gcontext>,
}

impl Label {
    /// Replaces it; [`Self::paint`] shows it.
    pub(super) fn set(&mut self, text: &str) {
        let letters = text.chars().map(|letter| u8::try_from(u32::from(letter)));
        self.text = letters
            .map(|letter| letter.unwrap_or(b'?'))
            .take(LONGEST)
            .collect();
    }

    /// Paints it where no window is.
    pub(super) fn paint(&mut self, link: &Link) -> Result<(), X11Error> {
        if self.text.is_empty() {
            return Ok(());
        }
        let wire = &link.connection;
        let context = match self.context {
            Some(context) => context,
            None => *self.context.insert(context(link)?),
        };
        let (x, y) = (PLACE.x as i16, PLACE.y as i16);
        // What stood there before may have been longer.
        wire.clear_area(false, link.root, 0, 0, 0, 2 * PLACE.y as u16)?;
        wire.image_text8(link.root, context, x, y, &self.text)?;
        Ok(())
    }
}

fn context(link: &Link) -> Result<Gcontext, X11Error> {
    let wire = &link.connection;
    let (font, context) = (wire.generate_id()?, wire.generate_id()?);
    wire.open_font(font, FONT)?;
    let aux = CreateGCAux::new().foreground(COLOUR).background(0).font(font);
    wire.create_gc(context, link.root, &aux)?;
    wire.close_font(font)?;
    Ok(context)
}
