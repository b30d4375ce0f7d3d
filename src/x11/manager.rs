//! The window manager's role (ICCCM §4, EWMH 1.5): taken when nobody has it, given up when somebody asks for it.
//!
//! Its name is `LG3D`: Java knows that manager as one that puts no frames around windows, and then believes what the
//! server says about their places. Focus is offered with `WM_TAKE_FOCUS`, never forced on a window that sets its own:
//! Java loses its focus owner over that.

use std::collections::HashMap;

use x11rb::connection::Connection as _;
use x11rb::errors::ReplyError;
use x11rb::properties::WmSizeHints;
use x11rb::protocol::ErrorKind;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConfigureNotifyEvent, ConfigureRequestEvent,
    ConfigureWindowAux, ConnectionExt as _, CreateWindowAux, EventMask, InputFocus, PropMode, StackMode,
    Timestamp, WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT};

use super::X11Error;
use super::link::Link;
use super::placement::{place, successor};
use super::window_list::{Traits, WindowList};
use crate::screen::{Point, Rect, Size, WindowId, WindowKind};

/// The events of the root window that are always wanted.
pub(super) const ROOT_EVENTS: [EventMask; 3] = [
    EventMask::SUBSTRUCTURE_NOTIFY,
    EventMask::STRUCTURE_NOTIFY,
    EventMask::PROPERTY_CHANGE,
];

/// `NormalState` (ICCCM §4.1.3.1).
const NORMAL_STATE: u32 = 1;
/// `WithdrawnState` (ICCCM §4.1.3.1).
const WITHDRAWN_STATE: u32 = 0;

/// The name that is announced.
const NAME: &[u8] = b"LG3D";

/// Who manages the windows, and what is kept while it is us.
#[derive(Default)]
pub(super) struct Manager {
    /// Our window that owns `WM_S0`, while the role is ours.
    window: Option<u32>,
    /// The window that stands for another manager, watched for its end.
    watched: Option<u32>,
    /// Managed windows, and the owner of each.
    managed: HashMap<u32, Option<WindowId>>,
    /// A managed window closed; the focus may have gone with it.
    closed: Option<Closed>,
    /// The client list as it was told last. Told only when it differs: every telling is an event for us and others.
    told: Vec<u32>,
}

/// The window that closed last.
struct Closed {
    owner: Option<WindowId>,
}

impl Manager {
    /// Whether the role is ours.
    pub(super) const fn is_ours(&self) -> bool {
        self.window.is_some()
    }

    /// Takes the role if nobody has it; tells whether it did. [`Self::settle`] is to follow.
    pub(super) fn take(&mut self, link: &Link, time: Timestamp) -> Result<bool, X11Error> {
        if self.is_ours() {
            return Ok(false);
        }
        let wire = &link.connection;
        let taken = wire.get_selection_owner(link.atoms.WM_S0)?.reply()?.owner != x11rb::NONE;
        if taken || !redirect(link)? {
            self.watch(link)?;
            return Ok(false);
        }
        let window = wire.generate_id()?;
        wire.create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            link.root,
            -1,
            -1,
            1,
            1,
            0,
            WindowClass::INPUT_ONLY,
            COPY_FROM_PARENT,
            &CreateWindowAux::new().override_redirect(1),
        )?;
        wire.set_selection_owner(window, link.atoms.WM_S0, time)?;
        let message = [time, link.atoms.WM_S0, window, 0, 0];
        let message = ClientMessageEvent::new(32, link.root, link.atoms.MANAGER, message);
        wire.send_event(false, link.root, EventMask::STRUCTURE_NOTIFY, message)?;
        announce(link, window)?;
        self.window = Some(window);
        self.watched = None;
        self.managed.clear();
        self.told.clear();
        // Whoever had the focus under the former manager may have lost it with that.
        self.closed = Some(Closed { owner: None });
        Ok(true)
    }

    /// Gives the role up: somebody else asked for it by taking `WM_S0`.
    pub(super) fn resign(&mut self, link: &Link) -> Result<(), X11Error> {
        let Some(window) = self.window.take() else {
            return Ok(());
        };
        self.managed.clear();
        self.closed = None;
        let atoms = &link.atoms;
        let wire = &link.connection;
        wire.change_window_attributes(link.root, &root_events(false))?;
        for property in [
            atoms._NET_SUPPORTED,
            atoms._NET_SUPPORTING_WM_CHECK,
            atoms._NET_CLIENT_LIST,
            atoms._NET_CLIENT_LIST_STACKING,
            atoms._NET_ACTIVE_WINDOW,
        ] {
            wire.delete_property(link.root, property)?;
        }
        // The new manager waits for this window's end.
        wire.destroy_window(window)?;
        link.flush()
    }

    /// Watches the window that another manager announces.
    pub(super) fn watch(&mut self, link: &Link) -> Result<(), X11Error> {
        if self.is_ours() {
            return Ok(());
        }
        let found = link.window_property(link.root, link.atoms._NET_SUPPORTING_WM_CHECK)?;
        if let Some(window) = found
            && self.watched != found
        {
            let events = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
            link.connection.change_window_attributes(window, &events)?;
        }
        self.watched = found;
        Ok(())
    }

    /// A window wants to be shown: places it, shows it, and offers it the focus.
    pub(super) fn map(
        &mut self,
        link: &Link,
        window: u32,
        time: Timestamp,
        list: &WindowList,
    ) -> Result<(), X11Error> {
        let wire = &link.connection;
        let geometry = wire.get_geometry(window)?;
        let screen = wire.get_geometry(link.root)?;
        let hints = WmSizeHints::get_normal_hints(&*link.connection, window)?;
        let traits = Traits::read(link, WindowId(window))?;
        let (hints, screen) = (hints.reply_unchecked()?, screen.reply()?);
        let Some(geometry) = geometry.reply_unchecked()? else {
            return Ok(());
        };
        let asked = Rect::new(
            geometry.x.into(),
            geometry.y.into(),
            geometry.width.into(),
            geometry.height.into(),
        );
        let owner = traits
            .transient_for
            .and_then(|owner| list.window(owner))
            .map(|owner| owner.geometry);
        let chosen = hints.is_some_and(|hints| hints.position.is_some());
        let screen = Size::new(screen.width.into(), screen.height.into());
        let to = place(asked, chosen, owner, screen);
        let aux = ConfigureWindowAux::new()
            .x(to.x)
            .y(to.y)
            .stack_mode(StackMode::ABOVE);
        wire.configure_window(window, &aux)?;
        wire.map_window(window)?;
        notify_place(link, window)?;
        self.adopt(link, WindowId(window), traits.transient_for)?;
        self.offer_focus(link, WindowId(window), &traits, time)?;
        link.flush()
    }

    fn adopt(&mut self, link: &Link, id: WindowId, owner: Option<WindowId>) -> Result<(), X11Error> {
        self.managed.insert(id.0, owner);
        set_state(link, id.0, NORMAL_STATE)?;
        set_extents(link, id.0)
    }

    /// A window was unmapped or destroyed.
    pub(super) fn forget(&mut self, link: &Link, window: u32, destroyed: bool) -> Result<(), X11Error> {
        if let Some(owner) = self.managed.remove(&window) {
            self.closed = Some(Closed { owner });
            if !destroyed {
                set_state(link, window, WITHDRAWN_STATE)?;
            }
        }
        Ok(())
    }

    /// A window wants another place or size: it gets what it asks for, and is told what it has.
    pub(super) fn configure(&self, link: &Link, request: &ConfigureRequestEvent) -> Result<(), X11Error> {
        let aux = ConfigureWindowAux::from_configure_request(request);
        link.connection.configure_window(request.window, &aux)?;
        notify_place(link, request.window)?;
        link.flush()
    }

    /// After the windows were read anew: adopts those that are there already, tells the list, and hands on a focus that nobody has.
    pub(super) fn settle(
        &mut self,
        link: &Link,
        time: impl FnOnce() -> Result<Timestamp, X11Error>,
        list: &WindowList,
    ) -> Result<(), X11Error> {
        if !self.is_ours() {
            return Ok(());
        }
        for window in list.windows() {
            if window.kind != WindowKind::Popup && !self.managed.contains_key(&window.id.0) {
                self.adopt(link, window.id, window.transient_for)?;
            }
        }
        self.publish(link, list)?;
        if let Some(closed) = self.closed.take()
            && focus_window(link)?.is_none()
            && let Some(next) = successor(closed.owner, list.windows())
            && let Some(traits) = list.traits(next)
        {
            self.offer_focus(link, next, traits, time()?)?;
        }
        link.flush()
    }

    /// Offers the focus in the way that the window wants (ICCCM §4.1.7).
    pub(super) fn offer_focus(
        &self,
        link: &Link,
        id: WindowId,
        traits: &Traits,
        time: Timestamp,
    ) -> Result<(), X11Error> {
        if traits.takes_focus {
            send_protocol(link, id, link.atoms.WM_TAKE_FOCUS, time)?;
        } else if traits.splash || !traits.input {
            return Ok(());
        }
        let wire = &link.connection;
        if traits.input {
            wire.set_input_focus(InputFocus::POINTER_ROOT, id.0, time)?;
        }
        if self.is_ours() {
            let active = link.atoms._NET_ACTIVE_WINDOW;
            wire.change_property32(PropMode::REPLACE, link.root, active, AtomEnum::WINDOW, &[id.0])?;
        }
        Ok(())
    }

    fn publish(&mut self, link: &Link, list: &WindowList) -> Result<(), X11Error> {
        let clients: Vec<u32> = list
            .windows()
            .iter()
            .filter(|window| window.kind != WindowKind::Popup)
            .map(|window| window.id.0)
            .collect();
        if clients == self.told {
            return Ok(());
        }
        for property in [link.atoms._NET_CLIENT_LIST, link.atoms._NET_CLIENT_LIST_STACKING] {
            link.connection.change_property32(
                PropMode::REPLACE,
                link.root,
                property,
                AtomEnum::WINDOW,
                &clients,
            )?;
        }
        self.told = clients;
        Ok(())
    }
}

/// The window that has the focus; `None` when no window has it, and keys go nowhere or where the pointer is.
pub(super) fn focus_window(link: &Link) -> Result<Option<u32>, X11Error> {
    let focus = link.connection.get_input_focus()?.reply()?.focus;
    let nowhere = [
        x11rb::NONE,
        u32::from(u8::from(InputFocus::POINTER_ROOT)),
        link.root,
    ];
    Ok(Some(focus).filter(|focus| !nowhere.contains(focus)))
}

/// Sends a `WM_PROTOCOLS` message (ICCCM §4.2.8).
pub(super) fn send_protocol(
    link: &Link,
    id: WindowId,
    protocol: u32,
    time: Timestamp,
) -> Result<(), X11Error> {
    let message = ClientMessageEvent::new(32, id.0, link.atoms.WM_PROTOCOLS, [protocol, time, 0, 0, 0]);
    link.connection
        .send_event(false, id.0, EventMask::NO_EVENT, message)?;
    Ok(())
}

/// Puts a window on top of the others.
pub(super) fn raise(link: &Link, id: WindowId) -> Result<(), X11Error> {
    let aux = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
    link.connection.configure_window(id.0, &aux)?;
    Ok(())
}

/// Moves a window, and tells it.
pub(super) fn move_to(link: &Link, id: WindowId, to: Point) -> Result<(), X11Error> {
    let aux = ConfigureWindowAux::new().x(to.x).y(to.y);
    link.connection.configure_window(id.0, &aux)?;
    notify_place(link, id.0)
}

/// Tells a window where it is (ICCCM §4.1.5). Without this, Java answers a manager's move by asking for its old place.
fn notify_place(link: &Link, window: u32) -> Result<(), X11Error> {
    let wire = &link.connection;
    let Some(geometry) = wire.get_geometry(window)?.reply_unchecked()? else {
        return Ok(());
    };
    let event = ConfigureNotifyEvent {
        response_type: x11rb::protocol::xproto::CONFIGURE_NOTIFY_EVENT,
        sequence: 0,
        event: window,
        window,
        above_sibling: x11rb::NONE,
        x: geometry.x,
        y: geometry.y,
        width: geometry.width,
        height: geometry.height,
        border_width: geometry.border_width,
        override_redirect: false,
    };
    wire.send_event(false, window, EventMask::STRUCTURE_NOTIFY, event)?;
    Ok(())
}

/// Tells a window that it has no frame.
pub(super) fn set_extents(link: &Link, window: u32) -> Result<(), X11Error> {
    link.connection.change_property32(
        PropMode::REPLACE,
        window,
        link.atoms._NET_FRAME_EXTENTS,
        AtomEnum::CARDINAL,
        &[0; 4],
    )?;
    Ok(())
}

fn set_state(link: &Link, window: u32, state: u32) -> Result<(), X11Error> {
    let atom = link.atoms.WM_STATE;
    link.connection
        .change_property32(PropMode::REPLACE, window, atom, atom, &[state, x11rb::NONE])?;
    Ok(())
}

/// The root window's events, with those that make a window manager or without.
pub(super) fn root_events(managing: bool) -> ChangeWindowAttributesAux {
    let mut mask = ROOT_EVENTS
        .into_iter()
        .fold(EventMask::NO_EVENT, |mask, event| mask | event);
    if managing {
        mask |= EventMask::SUBSTRUCTURE_REDIRECT;
    }
    ChangeWindowAttributesAux::new().event_mask(mask)
}

/// Asks for the events that only one client may have; tells whether that is us now.
fn redirect(link: &Link) -> Result<bool, X11Error> {
    match link
        .connection
        .change_window_attributes(link.root, &root_events(true))?
        .check()
    {
        Ok(()) => Ok(true),
        Err(ReplyError::X11Error(error)) if error.error_kind == ErrorKind::Access => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Sets what tells programs about the manager (EWMH: root window properties).
fn announce(link: &Link, window: u32) -> Result<(), X11Error> {
    let atoms = &link.atoms;
    let wire = &link.connection;
    for holder in [link.root, window] {
        wire.change_property32(
            PropMode::REPLACE,
            holder,
            atoms._NET_SUPPORTING_WM_CHECK,
            AtomEnum::WINDOW,
            &[window],
        )?;
    }
    wire.change_property8(
        PropMode::REPLACE,
        window,
        atoms._NET_WM_NAME,
        atoms.UTF8_STRING,
        NAME,
    )?;
    let supported = [
        atoms._NET_ACTIVE_WINDOW,
        atoms._NET_CLIENT_LIST,
        atoms._NET_CLIENT_LIST_STACKING,
        atoms._NET_CLOSE_WINDOW,
        atoms._NET_FRAME_EXTENTS,
        atoms._NET_REQUEST_FRAME_EXTENTS,
        atoms._NET_SUPPORTED,
        atoms._NET_SUPPORTING_WM_CHECK,
        atoms._NET_WM_NAME,
        atoms._NET_WM_PID,
        atoms._NET_WM_WINDOW_TYPE,
        atoms._NET_WM_WINDOW_TYPE_DIALOG,
        atoms._NET_WM_WINDOW_TYPE_NORMAL,
        atoms._NET_WM_WINDOW_TYPE_SPLASH,
    ];
    wire.change_property32(
        PropMode::REPLACE,
        link.root,
        atoms._NET_SUPPORTED,
        AtomEnum::ATOM,
        &supported,
    )?;
    Ok(())
}
