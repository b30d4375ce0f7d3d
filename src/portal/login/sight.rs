//! The login page as its picture shows it, for when no script tells of it. Pure.
//!
//! Fields are known by their labels and placeholders at first, and by their place once something was typed. How much is in a field
//! is believed only when it can be seen: the user name read letter by letter, the password counted by its dots. What cannot be
//! seen so does not match, and is not submitted.

use std::collections::{BTreeMap, BTreeSet};

use super::dots::{self, Echo};
use super::page::{Element, Page};
use crate::portal::selectors::{Meaning, Part, Selectors, Way, says};
use crate::screen::{Frame, Line, Reading, Rect};
use crate::vision::text::Folded;
use crate::vision::{controls, options};

/// How a password's characters are read.
const ECHO: char = '\u{2022}';
/// The length of something that is not what it should be.
const WRONG: usize = 1_000_000;
/// How far a field's place may differ from one look to the next.
const SHIFT: u32 = 4;

/// What is typed, to be compared with what shows.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    /// The user name.
    pub user: &'a str,
    /// The one-time code.
    pub code: Option<&'a str>,
}

/// Looks at pictures of one page, and remembers.
#[derive(Debug, Default)]
pub struct Sight {
    /// Where fields were seen, and what stood in them before anything was typed.
    fields: BTreeMap<Part, (Rect, Option<String>)>,
    /// The field that was clicked last.
    focus: Option<Part>,
    /// The fields that told what they hold, and hold what was typed.
    confirmed: BTreeSet<Part>,
}

impl Sight {
    /// A place was clicked.
    pub fn clicked(&mut self, bounds: Rect) {
        let clicked = |(_, (field, _)): &(&Part, &(Rect, Option<String>))| field.contains(bounds.center());
        self.focus = self.fields.iter().find(clicked).map(|(part, _)| *part);
    }

    /// Something is typed into a field, which is not known to hold it.
    pub fn typing(&mut self, part: Part) {
        self.confirmed.remove(&part);
    }

    /// A field told that it holds what was typed.
    pub fn confirm(&mut self, part: Part) {
        self.confirmed.insert(part);
    }

    /// What has the focus is emptied.
    pub fn cleared(&mut self) {
        self.confirmed.clear();
    }

    /// The place of a field.
    pub fn field(&self, part: Part) -> Option<Rect> {
        self.fields.get(&part).map(|(bounds, _)| *bounds)
    }

    /// The fields that are known, which may hold secrets.
    pub fn fields(&self) -> impl Iterator<Item = Rect> {
        self.fields.values().map(|(bounds, _)| *bounds)
    }

    /// The page of a picture and its reading; `origin` is what it is taken to be at.
    pub fn page(
        &mut self,
        (frame, reading): (&Frame, &Reading),
        selectors: &Selectors,
        typed: Typed<'_>,
        origin: &str,
    ) -> Page {
        self.find_fields(reading, selectors);
        let mut page = Page {
            origin: origin.to_owned(),
            complete: true,
            error: error(reading, selectors),
            ..Page::default()
        };
        for (&part, (bounds, blank)) in &self.fields {
            let shown = shown(reading, *bounds);
            let is_confirmed = self.confirmed.contains(&part) && shown.is_some();
            let length = match (&shown, part) {
                (Some(_), Part::User) if is_confirmed => utf16(typed.user),
                (Some(_), Part::Code) if is_confirmed => typed.code.map_or(WRONG, utf16),
                (None, Part::Password) => echoes(frame, *bounds, None),
                (None, _) => 0,
                (Some(shown), _) if Some(shown) == blank.as_ref() => 0,
                (Some(shown), Part::Password) => echoes(frame, *bounds, Some(shown)),
                (Some(shown), Part::User) if Folded::of(shown) == Folded::of(typed.user) => utf16(typed.user),
                (Some(shown), Part::Code)
                    if typed
                        .code
                        .is_some_and(|code| Folded::of(shown) == Folded::of(code)) =>
                {
                    typed.code.map_or(WRONG, utf16)
                }
                _ => WRONG,
            };
            let element = Element {
                length: Some(length),
                focused: self.focus == Some(part),
                ..of(*bounds)
            };
            page.elements.insert(part, element);
        }
        let called = names(selectors, Part::Paper);
        let switch = options::states(frame, reading)
            .into_iter()
            .find(|(text, _, _)| called.iter().any(|name| says(text, name)));
        if let Some((_, bounds, checked)) = switch {
            let element = Element {
                checked: Some(checked),
                ..of(bounds)
            };
            page.elements.insert(Part::Paper, element);
        }
        for part in [Part::Submit, Part::Promo, Part::Resend] {
            let button = texts(selectors, part, true).find_map(|text| controls::button(reading, text));
            if let Some(button) = button {
                page.elements.insert(part, of(button.bounds));
            }
        }
        // That there is a list is all that a picture tells of it.
        if let Some(line) = names(selectors, Part::Device)
            .into_iter()
            .find_map(|name| said(reading, name))
        {
            page.elements.insert(Part::Device, of(line.bounds));
        }
        for part in [Part::Success, Part::Push] {
            if let Some(line) = texts(selectors, part, false).find_map(|text| said(reading, text)) {
                page.elements.insert(part, of(line.bounds));
            }
        }
        page
    }

    fn find_fields(&mut self, reading: &Reading, selectors: &Selectors) {
        let fields: Vec<Rect> = controls::fields(reading)
            .iter()
            .map(|field| field.bounds)
            .collect();
        // What was there and is not any more is another page's.
        self.fields
            .retain(|_, (known, _)| fields.iter().any(|field| is_same(*field, *known)));
        for part in [Part::Code, Part::User, Part::Password] {
            let Some(bounds) = named(reading, &fields, &names(selectors, part)) else {
                continue;
            };
            if self
                .fields
                .get(&part)
                .is_some_and(|(known, _)| is_same(*known, bounds))
            {
                continue;
            }
            // One place is one field: the new name counts.
            self.fields.retain(|_, (known, _)| !is_same(*known, bounds));
            self.fields.insert(part, (bounds, shown(reading, bounds)));
        }
        self.complete_form(reading, &fields);
        if self.focus.is_some_and(|focus| !self.fields.contains_key(&focus)) {
            self.focus = None;
        }
    }
}

impl Sight {
    /// The one field of the form that has no name is next to the one that has.
    fn complete_form(&mut self, reading: &Reading, fields: &[Rect]) {
        let known = |part| self.fields.get(&part).map(|(bounds, _)| *bounds);
        let free = |field: &&Rect| !self.fields.values().any(|(known, _)| is_same(*known, **field));
        let found = match (known(Part::User), known(Part::Password)) {
            (None, Some(password)) => {
                let above = fields
                    .iter()
                    .filter(free)
                    .filter(|field| field.bottom() <= password.y);
                above
                    .max_by_key(|field| field.y)
                    .map(|field| (Part::User, *field))
            }
            (Some(user), None) => {
                let below = fields
                    .iter()
                    .filter(free)
                    .filter(|field| field.y >= user.bottom());
                below
                    .min_by_key(|field| field.y)
                    .map(|field| (Part::Password, *field))
            }
            _ => None,
        };
        if let Some((part, bounds)) = found {
            self.fields.insert(part, (bounds, shown(reading, bounds)));
        }
    }
}

const fn of(bounds: Rect) -> Element {
    Element {
        bounds,
        length: None,
        enabled: true,
        focused: false,
        checked: None,
        reachable: true,
    }
}

/// How many echo characters a field shows. What was read counts only where they are of a kind that cannot be counted: a
/// reader may take two for one.
fn echoes(frame: &Frame, field: Rect, read: Option<&String>) -> usize {
    match (dots::count(frame, field), read) {
        (Echo::Empty, _) => 0,
        (Echo::Count(count), _) => count,
        (Echo::Other, Some(read)) if read.chars().all(|c| c == ECHO) => read.chars().count(),
        (Echo::Other, _) => WRONG,
    }
}

fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

fn is_same(one: Rect, other: Rect) -> bool {
    let near = |a: i32, b: i32| a.abs_diff(b) <= SHIFT;
    near(one.x, other.x)
        && near(one.y, other.y)
        && near(one.right(), other.right())
        && near(one.bottom(), other.bottom())
}

/// All that shows in a field.
fn shown(reading: &Reading, field: Rect) -> Option<String> {
    let lines = reading
        .lines
        .iter()
        .filter(|line| field.contains(line.bounds.center()));
    let texts: Vec<&str> = lines.map(|line| line.text.as_str()).collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

/// What a field is called.
fn names(selectors: &Selectors, part: Part) -> Vec<&str> {
    let ways = selectors.ways(part).iter().filter_map(|way| match way {
        Way::Placeholder(text) | Way::Label(text) => Some(text.as_str()),
        _ => None,
    });
    // The password's field is found by its kind otherwise.
    ways.chain((part == Part::Password).then_some("password"))
        .collect()
}

/// What a button or link is called, or what the page says.
fn texts(selectors: &Selectors, part: Part, of_buttons: bool) -> impl Iterator<Item = &str> {
    selectors.ways(part).iter().filter_map(move |way| match way {
        Way::Text(text) if of_buttons => Some(text.as_str()),
        Way::Says(text) if !of_buttons => Some(text.as_str()),
        _ => None,
    })
}

/// The field that has one of these names as its placeholder, or beside or above it.
fn named(reading: &Reading, fields: &[Rect], names: &[&str]) -> Option<Rect> {
    let is_name = |line: &&Line| names.iter().any(|name| says(&line.text, name));
    reading.lines.iter().filter(is_name).find_map(|line| {
        let within = fields.iter().find(|field| field.contains(line.bounds.center()));
        within
            .copied()
            .or_else(|| controls::field_labelled(reading, &[&line.text]).map(|field| field.bounds))
    })
}

/// The line that holds this.
fn said<'a>(reading: &'a Reading, text: &str) -> Option<&'a Line> {
    reading.lines.iter().find(|line| says(&line.text, text))
}

/// A line that says what an error says. Others are not told from what a page says otherwise.
fn error(reading: &Reading, selectors: &Selectors) -> Option<String> {
    let is_error = |line: &&Line| selectors.meaning(&line.text) != Meaning::Unknown;
    reading.lines.iter().find(is_error).map(|line| line.text.clone())
}
