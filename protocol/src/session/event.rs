//! What comes out of a session, and what of it is answered.

use crate::error::Error;
use crate::geometry::{Point, Size};
use crate::security::Access;

/// What became of a viewer's wish for another screen (rfbproto, "ExtendedDesktopSize").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ResizeStatus {
    /// The screen is as the viewer wished.
    Done = 0,
    /// It is not for viewers to say.
    Prohibited = 1,
    /// The display could not do it.
    OutOfResources = 2,
    /// Such a screen cannot be.
    InvalidLayout = 3,
}

/// What a viewer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It has proved who it is.
    Authenticated(Access),
    /// It pressed or released a key.
    Key {
        /// Pressed.
        down: bool,
        /// An X11 keysym; 0 when only the key is known.
        keysym: u32,
        /// Which key it was, when the viewer tells: a scan code of the PC/XT keyboard, that of an extended key with 0x80
        /// added.
        scan_code: Option<u32>,
    },
    /// It moved the pointer or pressed a button.
    Pointer {
        /// On the screen.
        at: Point,
        /// Pressed buttons; bit 0 is the left one.
        buttons: u16,
    },
    /// It has a new clipboard text.
    CutText(String),
    /// It would like a screen of this size: to be answered with [`answer_resize`](super::Session::answer_resize). Only when
    /// [`resizable`](super::Settings::resizable) says so.
    Resize(Size),
    /// The server ends the session: send what [`transmit`](super::Session::transmit) still has, then close.
    Closed(Error),
}
