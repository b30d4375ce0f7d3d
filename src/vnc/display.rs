//! An X display as the viewers' screen.

use protocol::encoding::Cursor;
use protocol::scroll::Look;
use protocol::session::ResizeStatus;

use super::screen::{Display, DisplayEvent, DisplayLost, Waker};
use crate::screen::{Point, Rect, Size};
use crate::x11::{Screen, ScreenEvent, X11Error};

impl From<X11Error> for DisplayLost {
    fn from(error: X11Error) -> Self {
        Self {
            reason: error.to_string(),
        }
    }
}

impl Display for Screen {
    fn waker(&self) -> Waker {
        let waker = Self::waker(self);
        Box::new(move || waker.wake())
    }

    fn size(&self) -> Size {
        Self::size(self)
    }

    fn watch(&mut self, on: bool) -> Result<(), DisplayLost> {
        Ok(Self::watch(self, on)?)
    }

    fn next_event(&mut self) -> Result<DisplayEvent, DisplayLost> {
        Ok(match Self::next_event(self)? {
            ScreenEvent::Damaged(region) => DisplayEvent::Damaged(region),
            ScreenEvent::Resized(size) => DisplayEvent::Resized(size),
            ScreenEvent::CursorChanged => DisplayEvent::CursorChanged,
            ScreenEvent::TextSelected(text) => DisplayEvent::TextSelected(text),
            ScreenEvent::Woken => DisplayEvent::Woken,
        })
    }

    fn resize(&mut self, size: Size) -> Result<ResizeStatus, DisplayLost> {
        Ok(match Self::resize(self, size) {
            Ok(true) => ResizeStatus::Done,
            Ok(false) => ResizeStatus::InvalidLayout,
            Err(error @ X11Error::Gone { .. }) => return Err(error.into()),
            Err(error) => {
                tracing::info!("the display cannot be resized: {error}");
                ResizeStatus::OutOfResources
            }
        })
    }

    fn look(&mut self, area: Rect) -> Result<Option<Look<'_>>, DisplayLost> {
        match Self::look(self, area) {
            Ok((area, pixels)) => Ok(Look::new(area, pixels)),
            // The part is outside by now.
            Err(X11Error::Request(_)) => Ok(None),
            Err(lost) => Err(lost.into()),
        }
    }

    fn cursor(&mut self) -> Result<Cursor, DisplayLost> {
        let image = Self::cursor(self)?;
        Ok(Cursor::new(image.size, image.hotspot, image.pixels).unwrap_or_default())
    }

    fn key(&mut self, keysym: u32, down: bool) -> Result<(), DisplayLost> {
        Ok(Self::key(self, keysym, down)?)
    }

    fn pointer(&mut self, at: Point, buttons: u16) -> Result<(), DisplayLost> {
        Ok(Self::pointer(self, at, buttons)?)
    }

    fn share_clipboard(&mut self, on: bool) -> Result<(), DisplayLost> {
        Ok(Self::share_clipboard(self, on)?)
    }

    fn offer_text(&mut self, text: String) -> Result<(), DisplayLost> {
        Ok(Self::offer_text(self, text)?)
    }
}
