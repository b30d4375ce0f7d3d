//! The selections PRIMARY and CLIPBOARD for people at viewers (ICCCM §2): texts that programs select go out, texts that
//! viewers copied are offered to programs. Nothing is asked for unless the server tells of a new owner, nothing waits
//! for a program's answer, and none costs more than [`LONGEST`].

mod inquiry;
mod offer;

use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{ConnectionExt as _, SelectionEventMask};
use x11rb::protocol::xproto::{Atom, AtomEnum, PropMode, Property};
use x11rb::wrapper::ConnectionExt as _;

use self::inquiry::Inquiry;
use self::offer::Offer;
use super::X11Error;
use super::link::Link;

/// Longer texts are neither read nor offered, bytes.
pub(super) const LONGEST: usize = 1 << 20;

/// Both selections.
pub(super) struct Clipboard {
    inquiries: [Inquiry; 2],
    offer: Offer,
    /// Changes of owner are heard of.
    watched: bool,
    /// Texts may pass.
    shared: bool,
    /// Marks that the server has not passed yet: what it tells before the last of them happened while none might pass.
    marks: usize,
    /// A viewer's text that may not be offered yet.
    pending: Option<String>,
    /// What passed last, so that nothing comes back as news.
    last: String,
}

impl Clipboard {
    pub(super) fn new(link: &Link) -> Self {
        let selections = [AtomEnum::PRIMARY.into(), link.atoms.CLIPBOARD];
        Self {
            inquiries: selections.map(Inquiry::new),
            offer: Offer::new(selections),
            watched: false,
            shared: true,
            marks: 0,
            pending: None,
            last: String::new(),
        }
    }

    /// Begins or ends listening. Afterwards nothing is offered any more either.
    pub(super) fn watch(&mut self, link: &Link, on: bool) -> Result<(), X11Error> {
        let events = if on {
            SelectionEventMask::SET_SELECTION_OWNER
        } else {
            SelectionEventMask::from(0u8)
        };
        for inquiry in &mut self.inquiries {
            inquiry.abandon();
            link.connection
                .xfixes_select_selection_input(link.own, inquiry.selection(), events)?;
        }
        self.watched = on;
        self.last.clear();
        if !on {
            self.pending = None;
            self.offer.withdraw(link)?;
        }
        Ok(())
    }

    /// Whether texts may pass, both ways. What is selected while they may not never goes out; a text that comes in is
    /// offered afterwards.
    pub(super) fn share(&mut self, link: &Link, on: bool) -> Result<(), X11Error> {
        self.shared = on;
        self.inquiries.iter_mut().for_each(Inquiry::abandon);
        if !on || !self.watched {
            return Ok(());
        }
        let mark = link.atoms.GATEHAND;
        link.connection
            .change_property8(PropMode::REPLACE, link.own, mark, AtomEnum::STRING, b"")?;
        self.marks += 1;
        match self.pending.take() {
            Some(text) => self.offer(link, text),
            None => Ok(()),
        }
    }

    /// Offers a viewer's text to programs as both selections.
    pub(super) fn offer(&mut self, link: &Link, text: String) -> Result<(), X11Error> {
        if !self.watched || text.len() > LONGEST {
            return Ok(());
        }
        if !self.shared {
            self.pending = Some(text);
            return Ok(());
        }
        self.last.clone_from(&text);
        self.offer.make(link, &text)
    }

    /// Takes in what the server tells; returns the text that a program selected, once it is whole and if it is news.
    pub(super) fn handle(&mut self, link: &Link, event: &Event) -> Result<Option<String>, X11Error> {
        let text = match event {
            Event::XfixesSelectionNotify(change) => {
                let (time, owner) = (change.selection_timestamp, change.owner);
                let passes = self.watched && self.shared && self.marks == 0;
                if owner == link.own {
                    self.offer.made(time);
                }
                if let Some(inquiry) = self.inquiry(change.selection) {
                    inquiry.abandon();
                    if passes && owner != link.own && owner != x11rb::NONE {
                        inquiry.begin(link, time)?;
                    }
                }
                None
            }
            Event::SelectionNotify(answer) => match self.inquiry(answer.selection) {
                Some(inquiry) => inquiry.answered(link, answer)?,
                None => None,
            },
            Event::PropertyNotify(change) if change.window == link.own => {
                if change.atom == link.atoms.GATEHAND {
                    self.marks = self.marks.saturating_sub(1);
                    None
                } else if change.state == Property::NEW_VALUE
                    && let Some(inquiry) = self.inquiry(change.atom)
                {
                    inquiry.continued(link)?
                } else {
                    None
                }
            }
            Event::PropertyNotify(change) if change.state == Property::DELETE => {
                self.offer.taken(link, change.window, change.atom)?;
                None
            }
            Event::SelectionRequest(request) => {
                self.offer.answer(link, request)?;
                None
            }
            Event::SelectionClear(lost) => {
                self.offer.lost(lost.selection);
                None
            }
            Event::DestroyNotify(gone) => {
                self.offer.requestor_gone(gone.window);
                None
            }
            _ => None,
        };
        let news = text.filter(|text| *text != self.last);
        if let Some(text) = &news {
            self.last.clone_from(text);
        }
        Ok(news)
    }

    /// What is asked about `selection`; its answers come in the property of the same name.
    fn inquiry(&mut self, selection: Atom) -> Option<&mut Inquiry> {
        self.inquiries
            .iter_mut()
            .find(|inquiry| inquiry.selection() == selection)
    }
}
