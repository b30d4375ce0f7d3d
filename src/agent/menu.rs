//! Choosing an item of the main window's menus, which open inside that window or as windows of their own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Chord, Seen, View};
use super::policy::Policy;
use crate::screen::{Line, Rect, WindowId, WindowKind};
use crate::vision::menu;

/// How long a menu may take to open.
const OPENING: Duration = Duration::from_millis(1500);
/// Pause before a menu that did not open, or an item that did nothing, is tried again: both may be disabled at first.
const PAUSE: Duration = Duration::from_secs(1);
/// Times that a menu is opened, or is not closed by Escape.
const MAX_TRIES: u32 = 30;
/// Pause before looking again at a target that changed or was covered.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long the menu bar may stay unreadable.
const READABLE: Duration = Duration::from_secs(3);

/// A menu's title, and the item in it.
pub(super) type Way = (&'static str, &'static str);

#[derive(Debug)]
pub(super) enum MenuStep {
    Act(Action),
    Wait(Instant),
    /// The item was clicked then; whether it did anything is for the caller to see.
    Chosen(Instant),
    /// No menu has the item, or none could be read.
    Absent {
        why: String,
        /// Each menu opened, was read whole, and has no such item.
        certain: bool,
    },
}

#[derive(Debug)]
enum State {
    Closed,
    /// The title was clicked then; what the main window showed before.
    Opened {
        at: Instant,
        before: View,
    },
    /// The item was clicked then.
    Chosen {
        at: Instant,
        before: View,
    },
    /// The item did nothing, and its menu may still be open.
    Vain {
        before: View,
    },
}

/// One item to be chosen.
#[derive(Debug)]
pub(super) struct MenuChoice {
    /// Where the item may be; the programs differ in that.
    ways: &'static [Way],
    setting: &'static str,
    way: usize,
    state: State,
    tries: u32,
    /// Menus that opened without the item.
    absences: usize,
    /// Of those, the ones of which every item was read.
    certain: usize,
    not_before: Option<Instant>,
    /// Since when no title could be read.
    unread: Option<Instant>,
    /// The next result is that of Escape; what the main window showed before its menu was opened.
    closing: Option<View>,
    pressing: Option<(WindowId, View)>,
    /// The window whose menu is open, or may be.
    opened_in: Option<WindowId>,
}

impl MenuChoice {
    /// `setting` allows what its labels may do.
    pub(super) const fn new(ways: &'static [Way], setting: &'static str) -> Self {
        Self {
            ways,
            setting,
            way: 0,
            state: State::Closed,
            tries: 0,
            absences: 0,
            certain: 0,
            not_before: None,
            unread: None,
            closing: None,
            pressing: None,
            opened_in: None,
        }
    }

    /// The window in which a menu is open, or may be.
    pub(super) const fn opened_in(&self) -> Option<WindowId> {
        self.opened_in
    }

    /// What to do next. `main` is the main window, `screen` all windows.
    pub(super) fn next(&mut self, now: Instant, main: &Seen, view: &View, screen: &[Seen]) -> MenuStep {
        if let Some(time) = self.not_before.filter(|&time| now < time) {
            return MenuStep::Wait(time);
        }
        match &self.state {
            State::Chosen { at, .. } => MenuStep::Chosen(*at),
            State::Closed => self.open(now, main, view),
            State::Vain { before } => {
                let before = before.clone();
                let open = is_open(main, view, &before, screen);
                self.state = State::Closed;
                self.not_before = Some(now + PAUSE);
                if open {
                    return self.escape(main, before);
                }
                self.opened_in = None;
                MenuStep::Wait(now + PAUSE)
            }
            State::Opened { at, before } => {
                let (at, before) = (*at, before.clone());
                let title = self.ways[self.way].0;
                let mut items = self.ways.iter().filter(|way| way.0 == title);
                let found = items.find_map(|way| {
                    let (window, view, line) = find_item(main, view, &before, screen, way.1)?;
                    self.click(window, view, line.bounds, way.1)
                });
                if let Some(click) = found {
                    return MenuStep::Act(click);
                }
                if now < at + OPENING {
                    return MenuStep::Wait(at + OPENING);
                }
                let item = self.ways[self.way].1;
                self.absences += usize::from(shows_items(main, view, &before, screen));
                self.certain += usize::from(lacks(main, view, &before, screen, item));
                self.way = (self.way + 1) % self.ways.len().max(1);
                if self.is_certain() || self.absences == 4 * self.ways.len() {
                    self.tries = MAX_TRIES;
                }
                self.state = State::Vain { before };
                MenuStep::Wait(now)
            }
        }
    }

    fn escape(&mut self, main: &Seen, before: View) -> MenuStep {
        self.closing = Some(before);
        MenuStep::Act(Action::Press {
            window: main.window.id,
            keys: Chord::Escape,
        })
    }

    fn open(&mut self, now: Instant, main: &Seen, view: &View) -> MenuStep {
        if self.tries == MAX_TRIES {
            return self.absent();
        }
        let ways = (0..self.ways.len()).map(|step| (self.way + step) % self.ways.len());
        let found = ways
            .filter_map(|way| {
                let title = self.ways[way].0;
                Some((way, title, menu::title(&view.reading, title)?))
            })
            .next();
        let Some((way, title, bounds)) = found else {
            let since = *self.unread.get_or_insert(now);
            if now < since + READABLE {
                return MenuStep::Wait(since + READABLE);
            }
            return self.absent();
        };
        let Some(click) = self.click(main.window.id, view, bounds, title) else {
            return self.absent();
        };
        self.way = way;
        self.tries += 1;
        self.pressing = Some((main.window.id, view.clone()));
        MenuStep::Act(click)
    }

    /// None on a label that the setting does not allow.
    fn click(&self, window: WindowId, view: &View, bounds: Rect, label: &str) -> Option<Action> {
        Some(Action::Click {
            window,
            bounds,
            label: Policy::permit_act(self.setting).press(label)?,
            seen: Arc::clone(&view.frame),
            unchanged: Vec::new(),
        })
    }

    fn absent(&self) -> MenuStep {
        let names: Vec<String> = self
            .ways
            .iter()
            .map(|(title, item)| format!("\"{title} > {item}\""))
            .collect();
        MenuStep::Absent {
            why: format!("no menu offers {}", names.join(" or ")),
            certain: self.is_certain(),
        }
    }

    /// Each menu was seen twice without the item.
    const fn is_certain(&self) -> bool {
        self.certain >= 2 * self.ways.len()
    }

    /// Whether the item that was chosen still shows: it is disabled, or its menu has not closed yet.
    pub(super) fn is_still_open(&self, main: &Seen, view: &View, screen: &[Seen]) -> bool {
        let State::Chosen { before, .. } = &self.state else {
            return false;
        };
        // A menu of its own window may have no still picture.
        let mut items = self.ways.iter().map(|way| way.1);
        popups(main, screen).next().is_some()
            || items.any(|item| find_item(main, view, before, screen, item).is_some())
    }

    /// The item did nothing: it may be disabled. It is tried again after a pause.
    pub(super) fn retry(&mut self) {
        if let State::Chosen { before, .. } = &self.state {
            let before = before.clone();
            self.state = State::Vain { before };
        }
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) {
        if let Some(before) = self.closing.take() {
            if *result == ActResult::Done || self.tries == MAX_TRIES {
                self.opened_in = None;
            } else {
                self.tries += 1;
                self.state = State::Vain { before };
                self.not_before = Some(now + LOOK_AGAIN);
            }
            return;
        }
        let pressing = self.pressing.take();
        if *result != ActResult::Done {
            self.not_before = Some(now + LOOK_AGAIN);
            return;
        }
        match (pressing, std::mem::replace(&mut self.state, State::Closed)) {
            (Some((window, before)), _) => {
                self.opened_in = Some(window);
                self.state = State::Opened { at: now, before };
            }
            (None, State::Opened { before, .. }) => self.state = State::Chosen { at: now, before },
            (None, other) => self.state = other,
        }
    }
}

/// Windows of the same program that are menus.
fn popups<'a>(main: &'a Seen, screen: &'a [Seen]) -> impl Iterator<Item = &'a Seen> {
    screen
        .iter()
        .filter(|seen| seen.window.kind == WindowKind::Popup && seen.window.client == main.window.client)
}

/// The item, in a menu of its own window or where the main window changed since its title was clicked.
fn find_item<'a>(
    main: &'a Seen,
    view: &'a View,
    before: &View,
    screen: &'a [Seen],
    item: &str,
) -> Option<(WindowId, &'a View, &'a Line)> {
    for seen in popups(main, screen) {
        if let Some(view) = &seen.view
            && let Some(line) = menu::items(&view.reading, item).next()
        {
            return Some((seen.window.id, view, line));
        }
    }
    let changed = |line: &&Line| view.frame.crop(line.bounds) != before.frame.crop(line.bounds);
    let line = menu::items(&view.reading, item).find(changed)?;
    Some((main.window.id, view, line))
}

fn is_open(main: &Seen, view: &View, before: &View, screen: &[Seen]) -> bool {
    !view.same_as(before) || popups(main, screen).next().is_some()
}

/// Whether a menu shows, so that an item which is not in it is known to be absent.
fn shows_items(main: &Seen, view: &View, before: &View, screen: &[Seen]) -> bool {
    let popup = popups(main, screen).any(|seen| {
        let view = seen.view.as_ref();
        view.is_some_and(|view| !view.reading.lines.is_empty())
    });
    let fresh = |line: &Line| {
        let same = |old: &Line| old.text == line.text && old.bounds == line.bounds;
        !before.reading.lines.iter().any(same)
    };
    popup || view.reading.lines.iter().filter(|line| fresh(line)).count() >= 2
}

/// Whether the menu that shows was read whole, and none of its items may be `item`.
fn lacks(main: &Seen, view: &View, before: &View, screen: &[Seen], item: &str) -> bool {
    let changed = |bounds: &Rect| view.frame.crop(*bounds) != before.frame.crop(*bounds);
    let inside = view.reading.lines.iter().filter(|line| changed(&line.bounds));
    let unread = view.reading.unread.iter().filter(|place| changed(place));
    let mut lines: Vec<&Line> = inside.collect();
    let mut unread = unread.count();
    for popup in popups(main, screen) {
        let Some(view) = &popup.view else { return false };
        lines.extend(&view.reading.lines);
        unread += view.reading.unread.len();
    }
    unread == 0 && menu::lacks(&lines, item)
}
