//! The client windows on the display, read anew after each change that the server tells of.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use x11rb::connection::Connection as _;
use x11rb::errors::ConnectionError;
use x11rb::properties::WmHints;
use x11rb::protocol::damage::{ConnectionExt as _, Damage, ReportLevel};
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, MapState, PropertyNotifyEvent,
    WindowClass,
};

use super::X11Error;
use super::link::{Link, PropertyCookie};
use crate::screen::{Rect, Window, WindowId, WindowKind};

/// How deep in a window manager's frame a client may sit.
const FRAME_DEPTH: u32 = 4;

/// The class of Java's icon windows, which are none of the program's.
const ICON_CLASS: &str = "sun-awt-X11-XIconWindow";

/// The windows, and what is kept about each.
#[derive(Default)]
pub(super) struct WindowList {
    windows: Vec<Window>,
    known: HashMap<WindowId, Known>,
    /// What was found in each child of the root; forgotten when anything is reparented.
    clients: HashMap<u32, u32>,
    stale: bool,
}

/// What is kept about a listed window.
struct Known {
    /// The child of the root that it is in: itself, or a window manager's frame.
    toplevel: u32,
    damage: Damage,
    traits: Traits,
    /// A property changed since they were read.
    stale: bool,
}

/// What a window's properties say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits {
    pub(super) title: String,
    pub(super) class: String,
    pub(super) pid: Option<u32>,
    pub(super) transient_for: Option<WindowId>,
    pub(super) dialog: bool,
    pub(super) splash: bool,
    /// `WM_DELETE_WINDOW` is among its protocols.
    pub(super) deletes: bool,
    /// `WM_TAKE_FOCUS` is among its protocols.
    pub(super) takes_focus: bool,
    /// `WM_HINTS.input`: true when the window manager may set the focus on it.
    pub(super) input: bool,
}

impl WindowList {
    /// The windows, lowest first, as of the last [`Self::refresh`].
    pub(super) fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// The window `id`, if it is shown.
    pub(super) fn window(&self, id: WindowId) -> Option<&Window> {
        self.windows.iter().find(|window| window.id == id)
    }

    /// The child of the root that `id` is in.
    pub(super) fn toplevel(&self, id: WindowId) -> Option<u32> {
        self.known.get(&id).map(|known| known.toplevel)
    }

    /// The listed window that is in the child `toplevel` of the root.
    pub(super) fn in_toplevel(&self, toplevel: u32) -> Option<WindowId> {
        self.windows
            .iter()
            .map(|window| window.id)
            .find(|&id| self.toplevel(id) == Some(toplevel))
    }

    /// What the properties of `id` say.
    pub(super) fn traits(&self, id: WindowId) -> Option<&Traits> {
        self.known.get(&id).map(|known| &known.traits)
    }

    /// Something about the windows on the display changed.
    pub(super) const fn invalidate(&mut self) {
        self.stale = true;
    }

    /// Windows moved in or out of frames.
    pub(super) fn invalidate_frames(&mut self) {
        self.clients.clear();
        self.stale = true;
    }

    /// A property changed.
    pub(super) fn invalidate_property(&mut self, change: &PropertyNotifyEvent, link: &Link) {
        let atoms = &link.atoms;
        let told = [
            atoms._NET_WM_NAME,
            atoms._NET_WM_PID,
            atoms._NET_WM_WINDOW_TYPE,
            atoms.WM_PROTOCOLS,
            AtomEnum::WM_NAME.into(),
            AtomEnum::WM_CLASS.into(),
            AtomEnum::WM_HINTS.into(),
            AtomEnum::WM_TRANSIENT_FOR.into(),
        ];
        if told.contains(&change.atom)
            && let Some(known) = self.known.get_mut(&WindowId(change.window))
        {
            known.stale = true;
            self.stale = true;
        }
    }

    /// Reads the windows again if anything changed; tells whether they differ. With `framed`, another window manager
    /// may have put them into frames.
    pub(super) fn refresh(&mut self, link: &Link, framed: bool) -> Result<bool, X11Error> {
        if !self.stale {
            return Ok(false);
        }
        self.stale = false;
        let managed = if framed {
            link.property(link.root, link.atoms._NET_CLIENT_LIST, AtomEnum::WINDOW)?
                .values()?
        } else {
            Vec::new()
        };
        let mut found = Vec::new();
        for shown in shown_children(link)? {
            let client = if !framed || shown.popup {
                shown.id
            } else if let Some(&client) = self.clients.get(&shown.id) {
                client
            } else if let Some(client) = client_in(link, shown.id, &managed, FRAME_DEPTH)? {
                self.clients.insert(shown.id, client);
                client
            } else {
                // No client yet: a frame in the making, or a manager that tells nothing.
                shown.id
            };
            found.push((WindowId(client), shown));
        }
        let gone = |id: &WindowId| !found.iter().any(|(present, _)| present == id);
        for (_, known) in self.known.extract_if(|id, _| gone(id)) {
            link.connection.damage_destroy(known.damage)?;
        }
        let mut windows = Vec::with_capacity(found.len());
        for (id, shown) in found {
            if let Some(window) = self.describe(link, id, &shown, windows.len() as u32)? {
                windows.push(window);
            }
        }
        let changed = windows != self.windows;
        self.windows = windows;
        Ok(changed)
    }

    fn describe(
        &mut self,
        link: &Link,
        id: WindowId,
        shown: &Shown,
        stacking: u32,
    ) -> Result<Option<Window>, X11Error> {
        let geometry = if id.0 == shown.id {
            Some(shown.geometry)
        } else {
            geometry_on_root(link, id.0)?
        };
        let Some(geometry) = geometry else {
            return Ok(None);
        };
        let known = match self.known.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let events =
                    EventMask::PROPERTY_CHANGE | EventMask::STRUCTURE_NOTIFY | EventMask::FOCUS_CHANGE;
                link.connection
                    .change_window_attributes(id.0, &ChangeWindowAttributesAux::new().event_mask(events))?;
                let damage = link.connection.generate_id()?;
                link.connection
                    .damage_create(damage, id.0, ReportLevel::NON_EMPTY)?;
                entry.insert(Known {
                    toplevel: shown.id,
                    damage,
                    traits: Traits::read(link, id)?,
                    stale: false,
                })
            }
        };
        known.toplevel = shown.id;
        if known.stale {
            known.traits = Traits::read(link, id)?;
            known.stale = false;
        }
        let traits = &known.traits;
        if traits.class == ICON_CLASS {
            return Ok(None);
        }
        Ok(Some(Window {
            id,
            title: traits.title.clone(),
            class: traits.class.clone(),
            kind: traits.kind(shown.popup),
            transient_for: traits.transient_for,
            geometry,
            pid: traits.pid,
            client: link.client_of(id.0),
            stacking,
        }))
    }

    /// Lets the server report the next damage of `id`.
    pub(super) fn rearm_damage(&self, link: &Link, id: WindowId) -> Result<(), X11Error> {
        if let Some(known) = self.known.get(&id) {
            link.connection
                .damage_subtract(known.damage, x11rb::NONE, x11rb::NONE)?;
        }
        Ok(())
    }
}

impl Traits {
    /// Asks for all properties at once. Missing ones, also of a window that is gone, leave the defaults.
    pub(super) fn read(link: &Link, id: WindowId) -> Result<Self, ConnectionError> {
        let atoms = &link.atoms;
        let net_name = link.property(id.0, atoms._NET_WM_NAME, AtomEnum::ANY)?;
        let name = link.property(id.0, AtomEnum::WM_NAME, AtomEnum::ANY)?;
        let class = link.property(id.0, AtomEnum::WM_CLASS, AtomEnum::STRING)?;
        let pid = link.property(id.0, atoms._NET_WM_PID, AtomEnum::CARDINAL)?;
        let owner = link.property(id.0, AtomEnum::WM_TRANSIENT_FOR, AtomEnum::WINDOW)?;
        let kinds = link.property(id.0, atoms._NET_WM_WINDOW_TYPE, AtomEnum::ATOM)?;
        let protocols = link.property(id.0, atoms.WM_PROTOCOLS, AtomEnum::ATOM)?;
        let hints = WmHints::get(&*link.connection, id.0)?;

        let first = |cookie: PropertyCookie<'_>| cookie.values().map(|values| values.first().copied());
        let name = match net_name.bytes()? {
            Some(title) => {
                name.bytes()?;
                Some(title)
            }
            None => name.bytes()?,
        };
        let class = class.bytes()?.unwrap_or_default();
        let class = class.split(|&byte| byte == 0).nth(1).unwrap_or_default();
        let (pid, owner) = (first(pid)?, first(owner)?);
        let (kinds, protocols) = (kinds.values()?, protocols.values()?);
        let hints = hints.reply_unchecked()?;
        Ok(Self {
            title: name.map(decoded).unwrap_or_default(),
            class: decoded(class.to_vec()),
            pid,
            transient_for: owner.filter(|&owner| owner != x11rb::NONE).map(WindowId),
            dialog: kinds.contains(&atoms._NET_WM_WINDOW_TYPE_DIALOG),
            splash: kinds.contains(&atoms._NET_WM_WINDOW_TYPE_SPLASH) || protocols.is_empty(),
            deletes: protocols.contains(&atoms.WM_DELETE_WINDOW),
            takes_focus: protocols.contains(&atoms.WM_TAKE_FOCUS),
            input: hints.and_then(|hints| hints.input).unwrap_or(true),
        })
    }

    const fn kind(&self, popup: bool) -> WindowKind {
        if popup {
            WindowKind::Popup
        } else if self.dialog || self.transient_for.is_some() {
            WindowKind::Dialog
        } else if self.splash {
            WindowKind::Splash
        } else {
            WindowKind::Normal
        }
    }
}

/// UTF-8, or else the Latin-1 that `STRING` properties hold (ICCCM §2.6.2).
fn decoded(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| error.as_bytes().iter().map(|&byte| char::from(byte)).collect())
}

/// A child of the root that can be seen, or could be if nothing lay over it.
struct Shown {
    id: u32,
    /// Its place on the root, without border.
    geometry: Rect,
    /// Override-redirect: no window manager's business.
    popup: bool,
}

/// The mapped children of the root, lowest first, but for those that only take input or show next to nothing.
fn shown_children(link: &Link) -> Result<Vec<Shown>, X11Error> {
    let children = link.connection.query_tree(link.root)?.reply()?.children;
    let mut asked = Vec::with_capacity(children.len());
    for id in children {
        asked.push((
            id,
            link.connection.get_window_attributes(id)?,
            link.connection.get_geometry(id)?,
        ));
    }
    let mut shown = Vec::new();
    for (id, attributes, geometry) in asked {
        // A window that was destroyed in the meantime has neither.
        let (attributes, geometry) = (attributes.reply_unchecked()?, geometry.reply_unchecked()?);
        let (Some(attributes), Some(geometry)) = (attributes, geometry) else {
            continue;
        };
        let seen =
            attributes.map_state == MapState::VIEWABLE && attributes.class == WindowClass::INPUT_OUTPUT;
        if seen && geometry.width > 1 && geometry.height > 1 {
            let border = i32::from(geometry.border_width);
            shown.push(Shown {
                id,
                geometry: Rect::new(
                    i32::from(geometry.x) + border,
                    i32::from(geometry.y) + border,
                    geometry.width.into(),
                    geometry.height.into(),
                ),
                popup: attributes.override_redirect,
            });
        }
    }
    Ok(shown)
}

/// The client's window at or below `window`: the one that a window manager gave a `WM_STATE` (ICCCM §4.1.3.1) or put
/// into its list.
fn client_in(link: &Link, window: u32, managed: &[u32], depth: u32) -> Result<Option<u32>, X11Error> {
    if managed.contains(&window) {
        return Ok(Some(window));
    }
    let state = link
        .property(window, link.atoms.WM_STATE, AtomEnum::ANY)?
        .values()?;
    if !state.is_empty() {
        return Ok(Some(window));
    }
    if depth == 0 {
        return Ok(None);
    }
    let Some(tree) = link.connection.query_tree(window)?.reply_unchecked()? else {
        return Ok(None);
    };
    for child in tree.children {
        if let Some(client) = client_in(link, child, managed, depth - 1)? {
            return Ok(Some(client));
        }
    }
    Ok(None)
}

/// Where a window in a frame is on the root, without border.
fn geometry_on_root(link: &Link, window: u32) -> Result<Option<Rect>, X11Error> {
    let geometry = link.connection.get_geometry(window)?;
    let origin = link.connection.translate_coordinates(window, link.root, 0, 0)?;
    let (geometry, origin) = (geometry.reply_unchecked()?, origin.reply_unchecked()?);
    Ok(geometry.zip(origin).map(|(geometry, origin)| {
        Rect::new(
            origin.dst_x.into(),
            origin.dst_y.into(),
            geometry.width.into(),
            geometry.height.into(),
        )
    }))
}
