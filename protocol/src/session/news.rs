//! What one viewer is to be told besides pixels: the screen's size, the pointer, the desktop's name, and what it may
//! send.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ResizeStatus;
use crate::encoding::{
    Abilities, Ability, Cursor, Monitor, put_cursor, put_cursor_with_alpha, put_desktop_name,
    put_desktop_size, put_extended_buttons_confirmed, put_extended_desktop_size, put_scan_codes_confirmed,
};
use crate::geometry::Size;
use crate::pixel_format::Translator;
use crate::server_message::put_update;

/// Why the size is told (rfbproto, "ExtendedDesktopSize").
const BY_SERVER: u16 = 0;
const BY_THIS_VIEWER: u16 = 1;

pub(super) struct News {
    size: Size,
    /// The size that the viewer knows.
    told_size: Size,
    monitor: Monitor,
    /// The viewer asked what the screen is like.
    layout_asked: bool,
    /// Answers to the viewer's wishes, in their order.
    answers: VecDeque<ResizeStatus>,
    cursor: Option<Arc<Cursor>>,
    cursor_due: bool,
    name: Option<String>,
    /// What the viewer was told that it may send.
    confirmed: Abilities,
}

impl News {
    pub(super) fn new(size: Size) -> Self {
        Self {
            size,
            told_size: size,
            monitor: Monitor::default(),
            layout_asked: false,
            answers: VecDeque::new(),
            cursor: None,
            cursor_due: false,
            name: None,
            confirmed: Abilities::default(),
        }
    }

    pub(super) const fn size(&self) -> Size {
        self.size
    }

    pub(super) const fn told_size(&self) -> Size {
        self.told_size
    }

    /// The viewer is told the size now, in another way.
    pub(super) const fn begin(&mut self) {
        self.told_size = self.size;
    }

    // From the screen.

    pub(super) const fn resized(&mut self, size: Size) {
        self.size = size;
    }

    pub(super) fn cursor_changed(&mut self, cursor: Arc<Cursor>) {
        self.cursor = Some(cursor);
        self.cursor_due = true;
    }

    pub(super) fn renamed(&mut self, name: &str) {
        self.name = Some(name.to_owned());
    }

    // From the viewer.

    /// The pointer must be told anew: in other pixels, or to a viewer that did not understand it before.
    pub(super) const fn repeat_cursor(&mut self) {
        self.cursor_due = true;
    }

    pub(super) const fn ask_layout(&mut self) {
        self.layout_asked = true;
    }

    pub(super) fn answer(&mut self, status: ResizeStatus, monitor: Monitor) {
        if status == ResizeStatus::Done {
            self.monitor = monitor;
        }
        self.answers.push_back(status);
    }

    pub(super) fn unanswered(&self) -> usize {
        self.answers.len()
    }

    /// Whether the viewer sends button masks of two bytes.
    pub(super) const fn buttons_confirmed(&self) -> bool {
        self.confirmed.has(Ability::ExtendedButtons)
    }

    // To the viewer.

    /// Whether something is to be told that has no place beside pixels.
    pub(super) fn is_layout_due(&self, abilities: Abilities) -> bool {
        let resized = self.size != self.told_size;
        if abilities.has(Ability::ExtendedResize) {
            resized || self.layout_asked || !self.answers.is_empty()
        } else {
            resized && abilities.has(Ability::Resize)
        }
    }

    pub(super) fn is_due(&self, abilities: Abilities) -> bool {
        self.is_layout_due(abilities)
            || self.due_cursor(abilities).is_some()
            || self.name.is_some() && abilities.has(Ability::Name)
            || [Ability::ScanCodes, Ability::ExtendedButtons]
                .iter()
                .any(|ability| abilities.has(*ability) && !self.confirmed.has(*ability))
    }

    fn due_cursor(&self, abilities: Abilities) -> Option<&Arc<Cursor>> {
        let known = abilities.has(Ability::Cursor) || abilities.has(Ability::AlphaCursor);
        self.cursor.as_ref().filter(|_| self.cursor_due && known)
    }

    /// Appends an update with the screen's size and nothing else, since it may undo every pixel. Whether it does.
    pub(super) fn put_layout(&mut self, abilities: Abilities, out: &mut Vec<u8>) -> bool {
        let resized = self.size != self.told_size;
        self.told_size = self.size;
        if !abilities.has(Ability::ExtendedResize) {
            put_update(1, out);
            put_desktop_size(self.size, out);
            return resized;
        }
        let told = self.answers.contains(&ResizeStatus::Done);
        let unasked = self.layout_asked || resized && !told;
        self.layout_asked = false;
        put_update(self.answers.len() as u16 + u16::from(unasked), out);
        for status in self.answers.drain(..) {
            put_extended_desktop_size(self.size, self.monitor, BY_THIS_VIEWER, status as u16, out);
        }
        if unasked {
            put_extended_desktop_size(self.size, self.monitor, BY_SERVER, 0, out);
        }
        resized
    }

    /// Appends all else that is due, as rectangles of an update, and returns their number.
    pub(super) fn put(&mut self, abilities: Abilities, pixels: &Translator, out: &mut Vec<u8>) -> u16 {
        let mut count = 0;
        if let Some(cursor) = self.due_cursor(abilities) {
            if abilities.has(Ability::AlphaCursor) {
                put_cursor_with_alpha(cursor, out);
            } else {
                put_cursor(cursor, pixels, out);
            }
            self.cursor_due = false;
            count += 1;
        }
        if let Some(name) = self.name.take_if(|_| abilities.has(Ability::Name)) {
            put_desktop_name(&name, out);
            count += 1;
        }
        if abilities.has(Ability::ScanCodes) && self.confirmed.add(Ability::ScanCodes) {
            put_scan_codes_confirmed(out);
            count += 1;
        }
        if abilities.has(Ability::ExtendedButtons) && self.confirmed.add(Ability::ExtendedButtons) {
            put_extended_buttons_confirmed(out);
            count += 1;
        }
        count
    }
}
