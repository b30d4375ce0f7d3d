//! The keyboard by XTEST: strokes, chords, bindings of spare keycodes, locks.

use x11rb::connection::Connection as _;
use x11rb::errors::ConnectionError;
use x11rb::protocol::xkb::{ConnectionExt as _, Group, ID};
use x11rb::protocol::xproto::{ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, ModMask};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use super::X11Error;
use super::keyboards::renew_map;
use super::keymap::{Batch, Keymap, Stroke, keysym};

/// The keyboard of one display.
#[derive(Default)]
pub(super) struct Keyboard {
    map: Keymap,
    /// Spare keycodes that have a symbol from here.
    bound: Vec<u8>,
}

impl Keyboard {
    /// Reads the map as it is now, after taking back what was bound before.
    pub(super) fn load(&mut self, connection: &RustConnection) -> Result<(), X11Error> {
        self.unbind(connection)?;
        self.map = read_map(connection)?;
        Ok(())
    }

    /// The map, as of the last [`Self::load`].
    pub(super) const fn map(&self) -> &Keymap {
        &self.map
    }

    /// Gives the spare keycodes of `batch` their symbols, and takes those of an earlier batch back.
    pub(super) fn bind(&mut self, connection: &RustConnection, batch: &Batch) -> Result<(), X11Error> {
        let kept = |keycode: &u8| batch.bindings.iter().any(|(bound, _)| bound == keycode);
        let dropped: Vec<(u8, u32)> = (self.bound.iter().filter(|keycode| !kept(keycode)))
            .map(|&keycode| (keycode, x11rb::NO_SYMBOL))
            .collect();
        change_map(connection, &dropped)?;
        bind_keys(connection, &batch.bindings)?;
        self.bound = batch.bindings.iter().map(|&(keycode, _)| keycode).collect();
        Ok(())
    }

    /// Takes back what was bound. Programs must have handled the keys by then: they look at the map only when they do.
    pub(super) fn unbind(&mut self, connection: &RustConnection) -> Result<(), X11Error> {
        self.bind(connection, &Batch::default())
    }

    /// Ends what would change the meaning of keys: locks but for `NumLock`, latches, a second layout, held modifiers.
    pub(super) fn neutralise(&self, connection: &RustConnection) -> Result<(), X11Error> {
        let locks = ModMask::LOCK
            | ModMask::SHIFT
            | ModMask::CONTROL
            | ModMask::M1
            | ModMask::M3
            | ModMask::M4
            | ModMask::M5;
        let none = ModMask::from(0u8);
        connection.xkb_latch_lock_state(
            ID::USE_CORE_KBD.into(),
            locks,
            none,
            true,
            Group::M1,
            locks,
            true,
            0,
        )?;
        let modifiers = connection.get_modifier_mapping()?;
        let down = connection.query_keymap()?;
        let (modifiers, down) = (modifiers.reply()?, down.reply()?);
        for keycode in modifiers.keycodes.into_iter().filter(|&keycode| keycode != 0) {
            if down.keys[usize::from(keycode / 8)] & (1 << (keycode % 8)) != 0 {
                key(connection, keycode, false)?;
            }
        }
        Ok(())
    }

    /// Presses and releases one key after the other; holds no modifier afterwards.
    pub(super) fn type_strokes(
        &self,
        connection: &RustConnection,
        strokes: &[Stroke],
    ) -> Result<(), X11Error> {
        let mut modifiers = Modifiers::default();
        let result = strokes.iter().try_for_each(|stroke| {
            modifiers.set(self, connection, stroke.shift, stroke.level3)?;
            key(connection, stroke.keycode, true)?;
            key(connection, stroke.keycode, false)?;
            Ok(())
        });
        modifiers.set(self, connection, false, false)?;
        connection.flush()?;
        result
    }

    /// Presses keys in order and releases them in the opposite one.
    pub(super) fn press_chord(
        &self,
        connection: &RustConnection,
        strokes: &[Stroke],
    ) -> Result<(), X11Error> {
        let mut modifiers = Modifiers::default();
        if let Some(last) = strokes.last() {
            modifiers.set(self, connection, last.shift, last.level3)?;
        }
        for stroke in strokes {
            key(connection, stroke.keycode, true)?;
        }
        for stroke in strokes.iter().rev() {
            key(connection, stroke.keycode, false)?;
        }
        modifiers.set(self, connection, false, false)?;
        connection.flush()?;
        Ok(())
    }
}

/// The modifiers that are held for the next stroke.
#[derive(Default)]
struct Modifiers {
    shift: bool,
    level3: bool,
}

impl Modifiers {
    fn set(
        &mut self,
        keyboard: &Keyboard,
        connection: &RustConnection,
        shift: bool,
        level3: bool,
    ) -> Result<(), X11Error> {
        for (held, wanted, symbol) in [
            (&mut self.shift, shift, keysym::SHIFT),
            (&mut self.level3, level3, keysym::LEVEL3_SHIFT),
        ] {
            if *held != wanted {
                let stroke = keyboard.map.stroke(symbol).ok_or_else(|| {
                    X11Error::Request(format!("the keyboard map has no key for modifier {symbol:#x}"))
                })?;
                key(connection, stroke.keycode, wanted)?;
                *held = wanted;
            }
        }
        Ok(())
    }
}

/// The keyboard map as it is now.
pub(super) fn read_map(connection: &RustConnection) -> Result<Keymap, X11Error> {
    let (first, last) = (connection.setup().min_keycode, connection.setup().max_keycode);
    let reply = connection
        .get_keyboard_mapping(first, last - first + 1)?
        .reply()?;
    Ok(Keymap::new(
        first,
        reply.keysyms_per_keycode.into(),
        reply.keysyms,
    ))
}

/// Gives each keycode its symbol on both levels: with one level, a letter would get a capital. One request for each row
/// of neighbours, since a request names adjacent keycodes only and rewriting those between would lose their types.
pub(super) fn change_map(connection: &RustConnection, bindings: &[(u8, u32)]) -> Result<(), ConnectionError> {
    for row in bindings.chunk_by(|left, right| left.0 + 1 == right.0) {
        let symbols: Vec<u32> = row.iter().flat_map(|&(_, symbol)| [symbol, symbol]).collect();
        connection.change_keyboard_mapping(row.len() as u8, row[0].0, 2, &symbols)?;
    }
    Ok(())
}

/// Gives each keycode its symbol, so that programs know it when they handle the next key.
pub(super) fn bind_keys(connection: &RustConnection, bindings: &[(u8, u32)]) -> Result<(), X11Error> {
    if bindings.is_empty() {
        return Ok(());
    }
    change_map(connection, bindings)?;
    renew_map(connection)
}

/// Presses or releases one key.
pub(super) fn key(connection: &RustConnection, keycode: u8, down: bool) -> Result<(), ConnectionError> {
    let kind = if down { KEY_PRESS_EVENT } else { KEY_RELEASE_EVENT };
    connection.xtest_fake_input(kind, keycode, 0, x11rb::NONE, 0, 0, 0)?;
    Ok(())
}
