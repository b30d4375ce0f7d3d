//! The login page as it is known: from what the script tells, or from its picture.

use std::collections::BTreeMap;

use crate::portal::selectors::Part;
use crate::screen::Rect;

/// One part of the page, in the coordinates of its window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Element {
    /// Its place.
    pub bounds: Rect,
    /// How much is in the field, in units of UTF-16; none: it is no field, or that is not known.
    pub length: Option<usize>,
    /// Whether it takes anything.
    pub enabled: bool,
    /// Whether keys go there.
    pub focused: bool,
    /// Whether the switch is on, if it is one.
    pub checked: Option<bool>,
    /// Whether a click in its middle reaches it.
    pub reachable: bool,
}

/// The page.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Page {
    /// Another one is another load of the page.
    pub document: u64,
    /// Scheme, host and port.
    pub origin: String,
    /// The path of its address.
    pub path: String,
    /// Whether all of it is loaded.
    pub complete: bool,
    /// What is visible.
    pub elements: BTreeMap<Part, Element>,
    /// The error that it shows. It is IBKR's text, or anybody's.
    pub error: Option<String>,
    /// The list of second-factor devices.
    pub devices: Vec<String>,
    /// Which of them is chosen.
    pub chosen: Option<usize>,
}

impl Page {
    /// A part, if it is visible.
    #[must_use]
    pub fn element(&self, part: Part) -> Option<&Element> {
        self.elements.get(&part)
    }

    /// Whether a part is visible.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        self.elements.contains_key(&part)
    }

    /// Whether user name and password are asked for.
    #[must_use]
    pub fn has_form(&self) -> bool {
        self.has(Part::User) && self.has(Part::Password)
    }
}
