//! The pointer by XTEST.

use std::time::{Duration, Instant};

use x11rb::errors::ConnectionError;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, MOTION_NOTIFY_EVENT,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::GrabServer;

use super::placement::reveal;
use super::{Desktop, X11Error};
use crate::screen::{Point, Rect, WindowId};

/// The left button.
const LEFT: u8 = 1;
/// The wheel, a notch a press.
const WHEEL_UP: u8 = 4;
const WHEEL_DOWN: u8 = 5;

/// How long another window manager may take to raise or move a window.
const ARRANGING: Duration = Duration::from_secs(1);

/// How far the pointer moves aside before a click.
const ASIDE: i32 = 8;

impl Desktop {
    /// Clicks at a point of a window, in its coordinates. The window is raised if another one covers the point, and
    /// moved if the point is off the screen, as most of a window that is larger than the screen may be. The last look at what is on top and the press are one step for the server: nothing can come between.
    ///
    /// # Errors
    /// [`X11Error::NoWindow`], [`X11Error::OffScreen`] for a point outside the window or when it does not stay where it
    /// is moved to, or [`X11Error::Covered`] when it cannot be raised above what covers it. Nothing is pressed then.
    pub fn click(&mut self, id: WindowId, at: Point) -> Result<(), X11Error> {
        let to = self.bring_up(id, at)?;
        // Java takes two clicks within half a second for a double click unless the pointer moved 4 pixels away in
        // between, inside the window.
        let aside = if at.x >= ASIDE { -ASIDE } else { ASIDE };
        motion(&self.link.connection, self.link.root, to.offset(aside, 0))?;
        motion(&self.link.connection, self.link.root, to)?;
        let off_screen = X11Error::OffScreen { window: id, at };
        let alone = GrabServer::grab(&*self.link.connection)?;
        let origin = self
            .link
            .connection
            .translate_coordinates(id.0, self.link.root, at.x as i16, at.y as i16)?
            .reply()
            .map_err(|_| X11Error::NoWindow(id))?;
        if Point::new(origin.dst_x.into(), origin.dst_y.into()) != to {
            // It moved since it was looked at.
            return Err(off_screen);
        }
        if let Some(by) = self.on_top(id, to)? {
            return Err(X11Error::Covered { window: id, by, at });
        }
        button(&self.link.connection, LEFT, true)?;
        button(&self.link.connection, LEFT, false)?;
        drop(alone);
        self.link.flush()
    }

    /// Turns the wheel by `notches` at a point of a window, in its coordinates. The window is raised or moved as for
    /// [`Desktop::click`].
    ///
    /// # Errors
    /// As [`Desktop::click`].
    pub fn turn_wheel(&mut self, id: WindowId, at: Point, down: bool, notches: u32) -> Result<(), X11Error> {
        let to = self.bring_up(id, at)?;
        motion(&self.link.connection, self.link.root, to)?;
        if let Some(by) = self.on_top(id, to)? {
            return Err(X11Error::Covered { window: id, by, at });
        }
        let wheel = if down { WHEEL_DOWN } else { WHEEL_UP };
        for _ in 0..notches {
            button(&self.link.connection, wheel, true)?;
            button(&self.link.connection, wheel, false)?;
        }
        self.link.flush()
    }

    /// The place on the screen of a point of a window, which is raised if another one covers it, and moved if it is off
    /// the screen.
    fn bring_up(&mut self, id: WindowId, at: Point) -> Result<Point, X11Error> {
        self.sync()?;
        let screen = self.size()?;
        let geometry = self.geometry(id)?;
        let off_screen = X11Error::OffScreen { window: id, at };
        if !Rect::of_size(geometry.size()).contains(at) {
            return Err(off_screen);
        }
        let on_screen = |window: Rect| {
            let to = at.offset(window.x, window.y);
            Rect::of_size(screen).contains(to).then_some(to)
        };
        if on_screen(geometry).is_none() {
            self.move_window(id, reveal(at, geometry, screen))?;
            let deadline = Instant::now() + ARRANGING;
            while on_screen(self.geometry(id)?).is_none() && self.wait(deadline)? {}
        }
        let to = on_screen(self.geometry(id)?).ok_or(off_screen)?;
        if self.on_top(id, to)?.is_some() {
            self.raise(id)?;
            let deadline = Instant::now() + ARRANGING;
            while self.on_top(id, to)?.is_some() && self.wait(deadline)? {}
        }
        Ok(to)
    }

    fn geometry(&self, id: WindowId) -> Result<Rect, X11Error> {
        let window = self.list.window(id).ok_or(X11Error::NoWindow(id))?;
        Ok(window.geometry)
    }

    /// Moves the pointer to the bottom-right corner of the screen, where it hovers over nothing.
    ///
    /// # Errors
    /// [`X11Error::Gone`].
    pub fn park_pointer(&mut self) -> Result<(), X11Error> {
        let size = self.size()?;
        let corner = Point::new(size.width as i32 - 1, size.height as i32 - 1);
        motion(&self.link.connection, self.link.root, corner)?;
        self.link.flush()
    }

    /// The window that covers `id` at a point of the screen; `None` when `id` itself is on top there.
    fn on_top(&self, id: WindowId, to: Point) -> Result<Option<WindowId>, X11Error> {
        let toplevel = self.list.toplevel(id).ok_or(X11Error::NoWindow(id))?;
        let found = self
            .link
            .connection
            .translate_coordinates(self.link.root, self.link.root, to.x as i16, to.y as i16)?
            .reply()?
            .child;
        Ok((found != toplevel).then(|| self.list.in_toplevel(found).unwrap_or(WindowId(found))))
    }
}

/// Moves the pointer to a point of the screen.
pub(super) fn motion(connection: &RustConnection, root: u32, to: Point) -> Result<(), ConnectionError> {
    connection.xtest_fake_input(MOTION_NOTIFY_EVENT, 0, 0, root, to.x as i16, to.y as i16, 0)?;
    Ok(())
}

/// Presses or releases a button: 1 left, 2 middle, 3 right, 4 to 7 the wheel.
pub(super) fn button(connection: &RustConnection, button: u8, down: bool) -> Result<(), ConnectionError> {
    let kind = if down {
        BUTTON_PRESS_EVENT
    } else {
        BUTTON_RELEASE_EVENT
    };
    connection.xtest_fake_input(kind, button, 0, x11rb::NONE, 0, 0, 0)?;
    Ok(())
}
