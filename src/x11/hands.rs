//! Keys and buttons as people press them, one at a time, turned into what the display's keyboard has.

use std::collections::{HashMap, VecDeque};

use x11rb::errors::ConnectionError;
use x11rb::rust_connection::RustConnection;

use super::X11Error;
use super::keyboard::{bind_keys, change_map, key, read_map};
use super::keymap::{Keymap, Stroke, keysym};
use super::pointer::{button, motion};
use crate::screen::Point;

/// Every pointer has these: three buttons, four directions of the wheel, back and forward.
const BUTTONS: u8 = 9;

/// What viewers hold down, and what was bound for them.
pub(super) struct Hands {
    map: Keymap,
    /// Keycodes that are held, by the symbol that they were pressed for.
    held: HashMap<u32, u8>,
    buttons: u16,
    /// Spare keycodes and their symbols, the one bound first in front.
    bound: VecDeque<(u8, u32)>,
}

impl Hands {
    pub(super) fn new(connection: &RustConnection) -> Result<Self, X11Error> {
        Ok(Self {
            map: read_map(connection)?,
            held: HashMap::new(),
            buttons: 0,
            bound: VecDeque::new(),
        })
    }

    /// Reads the map again, after it changed.
    pub(super) fn reload(&mut self, connection: &RustConnection) -> Result<(), X11Error> {
        self.map = read_map(connection)?;
        let map = &self.map;
        // Another layout takes the bindings away.
        self.bound
            .retain(|&(keycode, symbol)| map.stroke(symbol).is_some_and(|stroke| stroke.keycode == keycode));
        Ok(())
    }

    /// Presses or releases the key for a symbol; one that no key can have is left out.
    pub(super) fn key(
        &mut self,
        connection: &RustConnection,
        symbol: u32,
        down: bool,
    ) -> Result<(), X11Error> {
        if keysym::LOCKS.contains(&symbol) {
            return Ok(());
        }
        if !down {
            if let Some(keycode) = self.held.remove(&symbol) {
                key(connection, keycode, false)?;
            }
            return Ok(());
        }
        // The server leaves out a press of what is down; modifiers do not repeat.
        let repeated = self.held.get(&symbol).copied();
        if repeated.is_some() && is_modifier(symbol) {
            return Ok(());
        }
        let Some(stroke) = self.stroke_for(connection, symbol)? else {
            return Ok(());
        };
        // Only for characters: Shift with an arrow or a function key is meant.
        let changes = if is_character(symbol) {
            self.modifier_changes(stroke)
        } else {
            Vec::new()
        };
        for &(keycode, pressed) in &changes {
            key(connection, keycode, pressed)?;
        }
        if let Some(keycode) = repeated {
            key(connection, keycode, false)?;
        }
        key(connection, stroke.keycode, true)?;
        for &(keycode, pressed) in changes.iter().rev() {
            key(connection, keycode, !pressed)?;
        }
        self.held.insert(symbol, stroke.keycode);
        Ok(())
    }

    /// The stroke for a symbol; binds it to a spare keycode if no key has it.
    fn stroke_for(&mut self, connection: &RustConnection, symbol: u32) -> Result<Option<Stroke>, X11Error> {
        if let Some(stroke) = self.map.stroke(symbol) {
            return Ok(Some(stroke));
        }
        // A keycode that was never bound is the safest: programs look at the map when they handle keys, and keys
        // pressed before may still wait there.
        let fresh = self.map.spare().first().copied();
        let keycode = fresh.or_else(|| {
            let unused = |&(keycode, _): &(u8, u32)| !self.held.values().any(|&held| held == keycode);
            let oldest = self.bound.iter().position(unused)?;
            self.bound.remove(oldest).map(|(keycode, _)| keycode)
        });
        let Some(keycode) = keycode else {
            return Ok(None);
        };
        bind_keys(connection, &[(keycode, symbol)])?;
        self.bound.push_back((keycode, symbol));
        self.map = read_map(connection)?;
        Ok(self.map.stroke(symbol))
    }

    /// Modifier keys to press (true) or release around a stroke, so that it makes its symbol with what is held.
    fn modifier_changes(&self, stroke: Stroke) -> Vec<(u8, bool)> {
        let mut changes = Vec::new();
        for (symbols, wanted) in [
            (keysym::SHIFTS.as_slice(), stroke.shift),
            (keysym::LEVEL3_SHIFTS.as_slice(), stroke.level3),
        ] {
            let held: Vec<u8> = symbols
                .iter()
                .filter_map(|symbol| self.held.get(symbol).copied())
                .collect();
            if !wanted {
                changes.extend(held.into_iter().map(|keycode| (keycode, false)));
            } else if held.is_empty()
                && let Some(modifier) = self.map.stroke(symbols[0])
            {
                changes.push((modifier.keycode, true));
            }
        }
        changes
    }

    /// Moves the pointer and makes the buttons those of `buttons`, the left one in bit 0.
    pub(super) fn pointer(
        &mut self,
        connection: &RustConnection,
        root: u32,
        to: Point,
        buttons: u16,
    ) -> Result<(), ConnectionError> {
        motion(connection, root, to)?;
        self.set_buttons(connection, buttons)
    }

    fn set_buttons(&mut self, connection: &RustConnection, buttons: u16) -> Result<(), ConnectionError> {
        for bit in 0..BUTTONS {
            let mask = 1 << bit;
            if (self.buttons ^ buttons) & mask != 0 {
                button(connection, bit + 1, buttons & mask != 0)?;
            }
        }
        self.buttons = buttons;
        Ok(())
    }

    /// Releases all that is held.
    pub(super) fn release_all(&mut self, connection: &RustConnection) -> Result<(), ConnectionError> {
        for (_, keycode) in self.held.drain() {
            key(connection, keycode, false)?;
        }
        self.set_buttons(connection, 0)
    }

    /// Takes the bindings back.
    pub(super) fn unbind(&mut self, connection: &RustConnection) -> Result<(), ConnectionError> {
        let freed: Vec<(u8, u32)> = self
            .bound
            .drain(..)
            .map(|(keycode, _)| (keycode, x11rb::NO_SYMBOL))
            .collect();
        change_map(connection, &freed)
    }
}

/// Whether a symbol is a character (Latin, or Unicode by number) or the mark for one, as a dead key is, rather than a
/// function or modifier key.
const fn is_character(symbol: u32) -> bool {
    symbol < 0xfe00 || symbol >= 0x0100_0000 || is_dead(symbol)
}

/// Whether a symbol changes what other keys do while it is held (X11's `XKB_KEY_Shift_L` to `Hyper_R`, and those of
/// [`keysym::LEVEL3_SHIFTS`]).
fn is_modifier(symbol: u32) -> bool {
    matches!(symbol, 0xffe1..=0xffee) || keysym::LEVEL3_SHIFTS.contains(&symbol)
}

/// Whether a symbol changes the character that is typed next (X11's `XKB_KEY_dead_grave` to `dead_greek`).
const fn is_dead(symbol: u32) -> bool {
    matches!(symbol, 0xfe50..=0xfe93)
}
