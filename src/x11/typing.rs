//! Keys for whatever has the focus. Nothing is read back: `Desktop::fill` does that.

use std::time::{Duration, Instant};

use x11rb::protocol::xproto::ConnectionExt as _;

use super::keymap::keysym_of;
use super::manager::focus_window;
use super::{Desktop, X11Error};
use crate::screen::WindowId;

/// How long a window may take to accept the focus.
const FOCUS: Duration = Duration::from_secs(2);

impl Desktop {
    /// Types into whatever has the focus. Nothing is read back.
    ///
    /// # Errors
    /// [`X11Error::ControlCharacter`], and [`X11Error::KeymapFull`] when the text has more characters that the
    /// keyboard map lacks than there are spare keycodes: [`Desktop::fill`] can type those.
    pub fn type_text(&mut self, text: &str) -> Result<(), X11Error> {
        refuse_control(text)?;
        self.type_symbols(text.chars().map(keysym_of), false)
    }

    /// Whether the focus is on a window or inside it.
    pub(super) fn has_focus(&self, id: WindowId) -> Result<bool, X11Error> {
        let mut focus = focus_window(&self.link)?;
        while let Some(window) = focus {
            if window == id.0 {
                return Ok(true);
            }
            let tree = self.link.connection.query_tree(window)?.reply_unchecked()?;
            focus = tree
                .map(|tree| tree.parent)
                .filter(|&parent| parent != x11rb::NONE && parent != self.link.root);
        }
        Ok(false)
    }

    /// Presses keys together in a window, once it has the focus; false when it does not take it.
    ///
    /// # Errors
    /// Those of [`Desktop::activate`] and [`Desktop::press_chord`].
    pub fn press_in(&mut self, window: WindowId, keysyms: &[u32]) -> Result<bool, X11Error> {
        self.sync()?;
        if !self.has_focus(window)? {
            self.activate(window)?;
            let deadline = Instant::now() + FOCUS;
            while !self.has_focus(window)? {
                if !self.wait(deadline)? {
                    return Ok(false);
                }
            }
        }
        self.press_chord(keysyms)?;
        Ok(true)
    }

    /// Presses keys together: each in order, then released in the opposite one.
    ///
    /// # Errors
    /// [`X11Error::KeymapFull`].
    pub fn press_chord(&mut self, keysyms: &[u32]) -> Result<(), X11Error> {
        self.type_symbols(keysyms.iter().copied(), true)
    }

    fn type_symbols(&mut self, keysyms: impl Iterator<Item = u32>, together: bool) -> Result<(), X11Error> {
        let connection = &self.link.connection;
        self.keyboard.load(connection)?;
        let batches = self.keyboard.map().plan(keysyms, &[]).unwrap_or_default();
        let [batch] = batches.as_slice() else {
            return Err(X11Error::KeymapFull {
                spare: self.keyboard.map().spare().len(),
            });
        };
        self.keyboard.neutralise(connection)?;
        self.keyboard.bind(connection, batch)?;
        if together {
            self.keyboard.press_chord(connection, &batch.strokes)
        } else {
            self.keyboard.type_strokes(connection, &batch.strokes)
        }
    }
}

pub(super) fn refuse_control(text: &str) -> Result<(), X11Error> {
    match text.chars().position(char::is_control) {
        Some(position) => Err(X11Error::ControlCharacter { position }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_refused_by_place() {
        assert!(refuse_control("aé €").is_ok());
        let error = refuse_control("é\n").unwrap_err();
        assert!(matches!(error, X11Error::ControlCharacter { position: 1 }));
    }
}
