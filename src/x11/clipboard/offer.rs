//! A viewer's text, offered to programs: the owner's side of a selection (ICCCM §2.2), whole or in parts (§2.7.2).

use std::collections::VecDeque;
use std::sync::Arc;

use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Timestamp, Window,
};
use x11rb::wrapper::ConnectionExt as _;

use super::super::X11Error;
use super::super::link::Link;

/// Bytes that are given at once; longer texts go in parts of so many. Every server takes requests of this size.
const PART: usize = 64 << 10;
/// Programs that take a text in parts at the same time; who began first and does not go on makes room.
const MAX_TRANSFERS: usize = 16;

/// A text on its way to a program that takes it in parts.
struct Transfer {
    requestor: Window,
    property: Atom,
    kind: Atom,
    bytes: Arc<[u8]>,
    sent: usize,
    /// All parts are sent, and the empty one that ends them.
    ended: bool,
}

/// What is offered.
pub(super) struct Offer {
    selections: [Atom; 2],
    /// Which of the selections are owned.
    owned: [bool; 2],
    /// Since when; known once the server has told.
    since: Timestamp,
    utf_8: Arc<[u8]>,
    latin_1: Arc<[u8]>,
    transfers: VecDeque<Transfer>,
}

impl Offer {
    pub(super) fn new(selections: [Atom; 2]) -> Self {
        Self {
            selections,
            owned: [false; 2],
            since: x11rb::CURRENT_TIME,
            utf_8: Arc::default(),
            latin_1: Arc::default(),
            transfers: VecDeque::new(),
        }
    }

    /// Offers `text` from now on.
    pub(super) fn make(&mut self, link: &Link, text: &str) -> Result<(), X11Error> {
        self.utf_8 = text.as_bytes().into();
        // What programs from before Unicode have no letter for is a question mark.
        let latin_1 = text.chars().map(|letter| u8::try_from(u32::from(letter)));
        self.latin_1 = latin_1.map(|letter| letter.unwrap_or(b'?')).collect();
        self.owned = [true; 2];
        for selection in self.selections {
            link.connection
                .set_selection_owner(link.own, selection, x11rb::CURRENT_TIME)?;
        }
        Ok(())
    }

    /// The server tells since when it is offered.
    pub(super) const fn made(&mut self, since: Timestamp) {
        self.since = since;
    }

    /// Offers nothing any more.
    pub(super) fn withdraw(&mut self, link: &Link) -> Result<(), X11Error> {
        for (selection, owned) in self.selections.into_iter().zip(self.owned) {
            if owned {
                // At our own time: a new owner's stays.
                link.connection
                    .set_selection_owner(x11rb::NONE, selection, self.since)?;
            }
        }
        while let Some(transfer) = self.transfers.pop_front() {
            self.listen_no_more(link, transfer.requestor)?;
        }
        self.owned = [false; 2];
        self.forget();
        Ok(())
    }

    fn forget(&mut self) {
        (self.utf_8, self.latin_1) = Default::default();
    }

    /// Somebody else owns the selection.
    pub(super) fn lost(&mut self, selection: Atom) {
        for (own, owned) in self.selections.into_iter().zip(&mut self.owned) {
            *owned &= own != selection;
        }
        if self.owned == [false; 2] {
            self.forget();
        }
    }

    /// A program asks.
    pub(super) fn answer(&mut self, link: &Link, request: &SelectionRequestEvent) -> Result<(), X11Error> {
        // Programs from before the ICCCM leave the property to the owner (§2.2).
        let property = match request.property {
            x11rb::NONE => request.target,
            property => property,
        };
        let given = self.give(link, request, property)?;
        let notice = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: if given { property } else { x11rb::NONE },
        };
        link.connection
            .send_event(false, request.requestor, EventMask::NO_EVENT, notice)?;
        Ok(())
    }

    fn give(
        &mut self,
        link: &Link,
        request: &SelectionRequestEvent,
        property: Atom,
    ) -> Result<bool, X11Error> {
        let mut selections = self.selections.into_iter().zip(self.owned);
        let is_owned = selections.any(|(selection, owned)| owned && selection == request.selection);
        if !is_owned || request.requestor == link.own {
            return Ok(false);
        }
        let (atoms, wire, replace) = (&link.atoms, &link.connection, PropMode::REPLACE);
        let string = AtomEnum::STRING.into();
        let (kind, bytes) = match request.target {
            target if target == atoms.TARGETS => {
                let targets = [
                    atoms.TARGETS,
                    atoms.TIMESTAMP,
                    atoms.UTF8_STRING,
                    string,
                    atoms.TEXT,
                ];
                wire.change_property32(replace, request.requestor, property, AtomEnum::ATOM, &targets)?;
                return Ok(true);
            }
            target if target == atoms.TIMESTAMP => {
                let time = [self.since];
                wire.change_property32(replace, request.requestor, property, AtomEnum::INTEGER, &time)?;
                return Ok(true);
            }
            target if target == atoms.UTF8_STRING || target == atoms.TEXT => {
                (atoms.UTF8_STRING, Arc::clone(&self.utf_8))
            }
            target if target == string => (string, Arc::clone(&self.latin_1)),
            _ => return Ok(false),
        };
        if bytes.len() <= PART {
            wire.change_property8(replace, request.requestor, property, kind, &bytes)?;
            return Ok(true);
        }
        if self.transfers.len() == MAX_TRANSFERS
            && let Some(oldest) = self.transfers.pop_front()
        {
            self.listen_no_more(link, oldest.requestor)?;
        }
        let events = EventMask::PROPERTY_CHANGE | EventMask::STRUCTURE_NOTIFY;
        wire.change_window_attributes(
            request.requestor,
            &ChangeWindowAttributesAux::new().event_mask(events),
        )?;
        let length = [bytes.len() as u32];
        wire.change_property32(replace, request.requestor, property, atoms.INCR, &length)?;
        self.transfers
            .retain(|transfer| (transfer.requestor, transfer.property) != (request.requestor, property));
        self.transfers.push_back(Transfer {
            requestor: request.requestor,
            property,
            kind,
            bytes,
            sent: 0,
            ended: false,
        });
        Ok(true)
    }

    /// A program has taken what was in its property: the next part is due, if it takes a text in parts.
    pub(super) fn taken(&mut self, link: &Link, requestor: Window, property: Atom) -> Result<(), X11Error> {
        let is_it = |transfer: &Transfer| (transfer.requestor, transfer.property) == (requestor, property);
        let Some(index) = self.transfers.iter().position(is_it) else {
            return Ok(());
        };
        let transfer = &mut self.transfers[index];
        if transfer.ended {
            self.transfers.remove(index);
            return self.listen_no_more(link, requestor);
        }
        let rest = &transfer.bytes[transfer.sent..];
        let part = &rest[..rest.len().min(PART)];
        link.connection
            .change_property8(PropMode::REPLACE, requestor, property, transfer.kind, part)?;
        transfer.ended = part.is_empty();
        transfer.sent += part.len();
        Ok(())
    }

    /// A program that may have been in the middle of a text has closed its window.
    pub(super) fn requestor_gone(&mut self, window: Window) {
        self.transfers.retain(|transfer| transfer.requestor != window);
    }

    fn listen_no_more(&self, link: &Link, requestor: Window) -> Result<(), X11Error> {
        if self
            .transfers
            .iter()
            .all(|transfer| transfer.requestor != requestor)
        {
            let none = ChangeWindowAttributesAux::new().event_mask(EventMask::NO_EVENT);
            link.connection.change_window_attributes(requestor, &none)?;
        }
        Ok(())
    }
}
