//! A question to the owner of a selection. Its answer is read up to [`LONGEST`] bytes; one that is longer, of another
//! kind, or not to this question, is none. One that never comes waits for the next owner and holds nobody up.

use x11rb::protocol::xproto::{Atom, AtomEnum, ConnectionExt as _, SelectionNotifyEvent, Timestamp};

use super::super::X11Error;
use super::super::link::Link;
use super::LONGEST;

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Asked {
        target: Atom,
        time: Timestamp,
    },
    /// It comes in parts (ICCCM §2.7.2).
    Coming {
        target: Atom,
        bytes: Vec<u8>,
    },
}

/// What is asked about one selection.
pub(super) struct Inquiry {
    selection: Atom,
    state: State,
}

impl Inquiry {
    pub(super) const fn new(selection: Atom) -> Self {
        Self {
            selection,
            state: State::Idle,
        }
    }

    pub(super) const fn selection(&self) -> Atom {
        self.selection
    }

    /// Whatever comes is not wanted any more.
    pub(super) fn abandon(&mut self) {
        self.state = State::Idle;
    }

    /// Asks who owns the selection since `time`; who was asked before may be silent.
    pub(super) fn begin(&mut self, link: &Link, time: Timestamp) -> Result<(), X11Error> {
        self.ask(link, link.atoms.UTF8_STRING, time)
    }

    fn ask(&mut self, link: &Link, target: Atom, time: Timestamp) -> Result<(), X11Error> {
        let wire = &link.connection;
        wire.delete_property(link.own, self.selection)?;
        wire.convert_selection(link.own, self.selection, target, self.selection, time)?;
        self.state = State::Asked { target, time };
        Ok(())
    }

    /// The owner answered; returns its text if it is whole.
    pub(super) fn answered(
        &mut self,
        link: &Link,
        answer: &SelectionNotifyEvent,
    ) -> Result<Option<String>, X11Error> {
        let State::Asked { target, time } = self.state else {
            return Ok(None);
        };
        if answer.requestor != link.own || answer.target != target || answer.time != time {
            return Ok(None);
        }
        self.state = State::Idle;
        if answer.property == x11rb::NONE {
            // A program from before Unicode.
            if target == link.atoms.UTF8_STRING {
                self.ask(link, AtomEnum::STRING.into(), time)?;
            }
            return Ok(None);
        }
        if answer.property != self.selection {
            return Ok(None);
        }
        Ok(match self.take(link, LONGEST)? {
            Some((kind, _)) if kind == link.atoms.INCR => {
                self.state = State::Coming {
                    target,
                    bytes: Vec::new(),
                };
                None
            }
            Some((kind, bytes)) if kind == target => Some(decode(link, target, bytes)),
            _ => None,
        })
    }

    /// The property has a new value: the next part, if it comes in parts.
    pub(super) fn continued(&mut self, link: &Link) -> Result<Option<String>, X11Error> {
        // What comes before the answer is not a part.
        let State::Coming { target, bytes } = &mut self.state else {
            return Ok(None);
        };
        let (target, mut bytes) = (*target, std::mem::take(bytes));
        self.state = State::Idle;
        match self.take(link, LONGEST - bytes.len())? {
            Some((kind, part)) if kind == target && part.is_empty() => {
                return Ok(Some(decode(link, target, bytes)));
            }
            Some((kind, part)) if kind == target => {
                bytes.extend_from_slice(&part);
                self.state = State::Coming { target, bytes };
            }
            _ => {}
        }
        Ok(None)
    }

    /// Takes the property's value and its type; `None` for what is longer than `limit`, or does not consist of bytes.
    fn take(&self, link: &Link, limit: usize) -> Result<Option<(Atom, Vec<u8>)>, X11Error> {
        let longs = limit.div_ceil(4) as u32;
        let wire = &link.connection;
        let reply = wire
            .get_property(true, link.own, self.selection, AtomEnum::ANY, 0, longs)?
            .reply()?;
        if reply.bytes_after != 0 {
            wire.delete_property(link.own, self.selection)?;
            return Ok(None);
        }
        let is_text = reply.format == 8 && reply.value.len() <= limit;
        Ok((is_text || reply.type_ == link.atoms.INCR).then_some((reply.type_, reply.value)))
    }
}

/// The text in what an owner sent: UTF-8, or Latin-1 for a STRING.
fn decode(link: &Link, target: Atom, bytes: Vec<u8>) -> String {
    if target == link.atoms.UTF8_STRING {
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    } else {
        bytes.into_iter().map(char::from).collect()
    }
}
