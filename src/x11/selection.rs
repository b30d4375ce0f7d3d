//! The PRIMARY selection, by which a program tells what is selected in it (ICCCM §2). Every answer may be a secret.

use x11rb::protocol::xfixes::SelectionNotifyEvent as OwnerChange;
use x11rb::protocol::xproto::{
    Atom, ConnectionExt as _, EventMask, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent,
    Timestamp,
};
use zeroize::{Zeroize, Zeroizing};

use super::link::Link;
use super::{Desktop, X11Error};

/// Longest answer that is read, in units of 4 bytes: more than any field holds.
const LONGEST: u32 = 1 << 14;

/// The predefined atom `PRIMARY` (X11 protocol, appendix B).
const PRIMARY: Atom = 1;

/// What was heard about PRIMARY.
#[derive(Default)]
pub(super) struct Selection {
    /// The owner that took it last, if it is another program.
    owner: Option<Owner>,
    /// The answer to our question: the property that holds it, if there is one.
    answer: Option<Option<Atom>>,
}

/// Who took PRIMARY, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) window: u32,
    pub(super) since: Timestamp,
}

impl Selection {
    /// PRIMARY has another owner, or none.
    pub(super) fn owner_changed(&mut self, change: &OwnerChange) {
        self.owner = (change.owner != x11rb::NONE && change.owner != change.window).then_some(Owner {
            window: change.owner,
            since: change.selection_timestamp,
        });
    }

    /// The owner's program answered.
    pub(super) fn answered(&mut self, answer: &SelectionNotifyEvent) {
        if answer.selection == PRIMARY {
            self.answer = Some(Some(answer.property).filter(|&property| property != x11rb::NONE));
        }
    }

    /// Takes the owner that was heard of last, if `client` owns it and took it no earlier than `since`.
    pub(super) fn take_owner(&mut self, link: &Link, client: u32, since: Timestamp) -> Option<Owner> {
        let accepted =
            |owner: &Owner| link.client_of(owner.window) == client && !is_before(owner.since, since);
        self.owner.take_if(|owner| accepted(owner))
    }

    /// Takes the answer that came: its property, or `None` in it for a refusal.
    pub(super) const fn take_answer(&mut self) -> Option<Option<Atom>> {
        self.answer.take()
    }

    /// Tells a program that asks us that we have nothing to tell.
    pub(super) fn refuse(link: &Link, request: &SelectionRequestEvent) -> Result<(), X11Error> {
        let answer = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: x11rb::NONE,
        };
        link.connection
            .send_event(false, request.requestor, EventMask::NO_EVENT, answer)?;
        link.flush()
    }
}

/// Whether `time` is earlier than `other`; the server's clock starts again after 49 days (X11 protocol, `TIMESTAMP`).
const fn is_before(time: Timestamp, other: Timestamp) -> bool {
    time.wrapping_sub(other) > u32::MAX / 2
}

impl Desktop {
    /// Makes PRIMARY ours and empty; gives the time from which on another owner is a newer one.
    pub(super) fn take_primary(&mut self) -> Result<Timestamp, X11Error> {
        let time = self.events.server_time(&self.link)?;
        self.link
            .connection
            .set_selection_owner(self.link.own, PRIMARY, time)?;
        self.sync()?;
        self.selection = Selection::default();
        Ok(time)
    }

    /// Empties PRIMARY: nobody owns it afterwards.
    pub(super) fn empty_primary(&mut self) -> Result<(), X11Error> {
        let time = self.events.server_time(&self.link)?;
        let wire = &self.link.connection;
        wire.set_selection_owner(x11rb::NONE, PRIMARY, time)?;
        wire.delete_property(self.link.own, PRIMARY)?;
        self.selection = Selection::default();
        self.link.flush()
    }

    /// Asks the owner of PRIMARY for its text.
    pub(super) fn ask_primary(&mut self, owner: Owner) -> Result<(), X11Error> {
        self.selection.take_answer();
        self.link.connection.convert_selection(
            self.link.own,
            PRIMARY,
            self.link.atoms.UTF8_STRING,
            PRIMARY,
            owner.since,
        )?;
        self.link.flush()
    }

    /// Takes the text out of `property`, where the owner put it. `None` when it is not UTF-8, or too long.
    pub(super) fn take_text(&self, property: Atom) -> Result<Option<Zeroizing<String>>, X11Error> {
        let kind = self.link.atoms.UTF8_STRING;
        let reply = self
            .link
            .connection
            .get_property(true, self.link.own, property, kind, 0, LONGEST)?
            .reply()?;
        if reply.type_ != kind || reply.bytes_after != 0 {
            self.link.connection.delete_property(self.link.own, property)?;
            Zeroizing::new(reply.value);
            return Ok(None);
        }
        match String::from_utf8(reply.value) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) => {
                error.into_bytes().zeroize();
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_clock_may_wrap() {
        assert!(is_before(5, 6));
        assert!(!is_before(6, 6));
        assert!(!is_before(7, 6));
        assert!(is_before(u32::MAX, 3));
        assert!(!is_before(3, u32::MAX));
    }
}
