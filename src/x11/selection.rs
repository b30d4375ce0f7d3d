//! The PRIMARY selection, by which a program tells what is selected in it (ICCCM §2). Every answer may be a secret.

use x11rb::protocol::xfixes::SelectionNotifyEvent as OwnerChange;
use x11rb::protocol::xproto::{Atom, ConnectionExt as _, SelectionNotifyEvent, Timestamp};
use zeroize::{Zeroize, Zeroizing};

use super::link::Link;
use super::{Desktop, X11Error};

/// Longest answer that is read, in units of 4 bytes: more than any field holds.
const LONGEST: u32 = 1 << 14;

/// The predefined atom `PRIMARY` (X11 protocol, appendix B).
const PRIMARY: Atom = 1;

/// What is heard about PRIMARY.
#[derive(Default)]
pub(super) struct Selection {
    /// The program that is listened to, and from when on.
    watched: Option<(u32, Timestamp)>,
    /// How often that program took PRIMARY.
    taken: usize,
    /// When it did so last.
    since: Timestamp,
    /// The answer to our question: the property that holds it, if there is one.
    answer: Option<Option<Atom>>,
}

impl Selection {
    /// Counts from now on how often `client` takes PRIMARY, no earlier than `since`.
    pub(super) fn watch(client: u32, since: Timestamp) -> Self {
        Self {
            watched: Some((client, since)),
            ..Self::default()
        }
    }

    /// PRIMARY has another owner, or none, or the same one took it again.
    pub(super) fn owner_changed(&mut self, link: &Link, change: &OwnerChange) {
        if let Some((client, since)) = self.watched
            && change.owner != x11rb::NONE
            && link.client_of(change.owner) == client
            && !is_before(change.selection_timestamp, since)
        {
            self.taken += 1;
            self.since = change.selection_timestamp;
        }
    }

    /// How often the watched program took PRIMARY.
    pub(super) const fn taken(&self) -> usize {
        self.taken
    }

    /// The owner's program answered.
    pub(super) fn answered(&mut self, answer: &SelectionNotifyEvent) {
        if answer.selection == PRIMARY {
            self.answer = Some(Some(answer.property).filter(|&property| property != x11rb::NONE));
        }
    }

    /// Takes the answer that came: its property, or `None` in it for a refusal.
    pub(super) const fn take_answer(&mut self) -> Option<Option<Atom>> {
        self.answer.take()
    }
}

/// Whether `time` is earlier than `other`; the server's clock starts again after 49 days (X11 protocol, `TIMESTAMP`).
const fn is_before(time: Timestamp, other: Timestamp) -> bool {
    time.wrapping_sub(other) > u32::MAX / 2
}

impl Desktop {
    /// Empties PRIMARY: nobody owns it afterwards.
    pub(super) fn empty_primary(&mut self) -> Result<(), X11Error> {
        let time = self.events.server_time(&self.link)?;
        let wire = &self.link.connection;
        wire.set_selection_owner(x11rb::NONE, PRIMARY, time)?;
        wire.delete_property(self.link.own, PRIMARY)?;
        self.link.flush()
    }

    /// Asks the owner of PRIMARY for its text.
    pub(super) fn ask_primary(&mut self) -> Result<(), X11Error> {
        self.selection.answer = None;
        self.link.connection.convert_selection(
            self.link.own,
            PRIMARY,
            self.link.atoms.UTF8_STRING,
            PRIMARY,
            self.selection.since,
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
