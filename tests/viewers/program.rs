//! An X program that shows a window and writes down what reaches it.

use std::sync::mpsc::{Receiver, channel};
use std::thread;

use gatehand::screen::Rect;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, InputFocus};

use crate::common::{PATIENCE, TestDisplay};
use crate::painter::Painter;

/// What arrived, in words: `+h`, `-h` for keys by the character of their unshifted or shifted symbol, `+1 at 10,20` for
/// buttons in window coordinates.
pub(crate) struct Program {
    heard: Receiver<String>,
}

impl Program {
    /// Shows a window with the input focus.
    pub(crate) fn start(display: &TestDisplay, place: Rect) -> Self {
        let painter = Painter::connect(display);
        let window = painter.create("program", place, 0x00ff_ffff);
        let events = EventMask::KEY_PRESS
            | EventMask::KEY_RELEASE
            | EventMask::BUTTON_PRESS
            | EventMask::BUTTON_RELEASE
            | EventMask::EXPOSURE;
        let wire = &painter.connection;
        let attributes = ChangeWindowAttributesAux::new().event_mask(events);
        wire.change_window_attributes(window.0, &attributes).unwrap();
        wire.map_window(window.0).unwrap();
        painter.sync();
        // Focus can only be given to a window that is shown.
        while !matches!(wire.wait_for_event().unwrap(), Event::Expose(_)) {}
        wire.set_input_focus(InputFocus::POINTER_ROOT, window.0, x11rb::CURRENT_TIME)
            .unwrap();
        painter.sync();
        let (tell, heard) = channel();
        thread::spawn(move || {
            while let Ok(event) = painter.connection.wait_for_event() {
                if let Some(word) = word(&painter, &event)
                    && tell.send(word).is_err()
                {
                    return;
                }
            }
        });
        Self { heard }
    }

    /// The next thing that arrives.
    pub(crate) fn next(&self) -> String {
        self.heard.recv_timeout(PATIENCE).expect("nothing arrives")
    }

    /// The characters of the next keys pressed, until there are `count`; modifiers do not count.
    pub(crate) fn typed(&self, count: usize) -> String {
        let mut text = String::new();
        while text.chars().count() < count {
            if let Some(key) = self.next().strip_prefix('+')
                && key.chars().count() == 1
            {
                text.push_str(key);
            }
        }
        text
    }
}

fn word(painter: &Painter, event: &Event) -> Option<String> {
    match event {
        Event::KeyPress(key) => Some(format!("+{}", symbol(painter, key.detail, key.state.into()))),
        Event::KeyRelease(key) => Some(format!("-{}", symbol(painter, key.detail, key.state.into()))),
        Event::ButtonPress(button) => {
            let (button, x, y) = (button.detail, button.event_x, button.event_y);
            Some(format!("+button {button} at {x},{y}"))
        }
        Event::ButtonRelease(button) => {
            let (button, x, y) = (button.detail, button.event_x, button.event_y);
            Some(format!("-button {button} at {x},{y}"))
        }
        _ => None,
    }
}

/// The key's symbol, as a character if it is one.
fn symbol(painter: &Painter, keycode: u8, state: u16) -> String {
    let map = painter
        .connection
        .get_keyboard_mapping(keycode, 1)
        .unwrap()
        .reply()
        .unwrap();
    let column = usize::from(state & 1 == 1 && map.keysyms.get(1).is_some_and(|symbol| *symbol != 0));
    let symbol = map.keysyms[column];
    match symbol {
        0x20..=0x7e | 0xa0..=0xff => char::from(symbol as u8).to_string(),
        0x0100_0100..=0x0110_ffff => {
            char::from_u32(symbol - 0x0100_0000).map_or_else(String::new, String::from)
        }
        other => format!("{other:#x}"),
    }
}
