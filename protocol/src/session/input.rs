//! What one viewer holds down, so that it comes up when the viewer goes.

use std::collections::VecDeque;

use super::Event;
use crate::geometry::Point;

/// How many keys one viewer can hold down; further ones are not pressed.
const MAX_HELD_KEYS: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    keysym: u32,
    scan_code: Option<u32>,
}

impl Key {
    /// The same key: what it means may change with the modifiers while it is held.
    fn is(&self, other: &Self) -> bool {
        match (self.scan_code, other.scan_code) {
            (Some(own), Some(other)) => own == other,
            _ => self.keysym == other.keysym,
        }
    }

    const fn event(self, down: bool) -> Event {
        Event::Key {
            down,
            keysym: self.keysym,
            scan_code: self.scan_code,
        }
    }
}

/// Keys and buttons.
#[derive(Default)]
pub(super) struct Input {
    keys: Vec<Key>,
    pointer: (Point, u16),
}

impl Input {
    pub(super) fn key(
        &mut self,
        down: bool,
        keysym: u32,
        scan_code: Option<u32>,
        events: &mut VecDeque<Event>,
    ) {
        let key = Key { keysym, scan_code };
        let held = self.keys.iter().position(|held| held.is(&key));
        match (down, held) {
            // It repeats.
            (true, Some(index)) => events.push_back(self.keys[index].event(true)),
            (true, None) if self.keys.len() < MAX_HELD_KEYS => {
                self.keys.push(key);
                events.push_back(key.event(true));
            }
            (false, Some(index)) => events.push_back(self.keys.swap_remove(index).event(false)),
            // A release of what is not held, or one key too many.
            _ => {}
        }
    }

    pub(super) fn pointer(&mut self, at: Point, buttons: u16, events: &mut VecDeque<Event>) {
        self.pointer = (at, buttons);
        events.push_back(Event::Pointer { at, buttons });
    }

    /// Everything comes up.
    pub(super) fn release(&mut self, events: &mut VecDeque<Event>) {
        events.extend(self.keys.drain(..).map(|key| key.event(false)));
        let (at, buttons) = std::mem::take(&mut self.pointer);
        if buttons != 0 {
            events.push_back(Event::Pointer { at, buttons: 0 });
        }
    }
}
