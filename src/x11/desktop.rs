//! The agent's eyes and hands on one display: windows, their pictures and changes; used from one thread.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::composite::{ConnectionExt as _, Redirect};
use x11rb::protocol::xfixes::{ConnectionExt as _, SelectionEventMask};
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, EventMask,
};

use super::event_queue::EventQueue;
use super::field::SelectAll;
use super::keyboard::Keyboard;
use super::link::Link;
use super::manager::{self, Manager};
use super::picture::Camera;
use super::selection::Selection;
use super::window_list::WindowList;
use super::{DisplayAddress, X11Error};
use crate::screen::{Frame, Point, Rect, Size, Window, WindowId};

/// What [`Desktop::connect`] may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DesktopOptions {
    /// Pictures come through shared memory where the server can do that; else over the wire, some 10 times slower.
    pub shared_memory: bool,
    /// Takes the window manager's role whenever nobody has it.
    pub manage_windows: bool,
}

impl Default for DesktopOptions {
    fn default() -> Self {
        Self {
            shared_memory: true,
            manage_windows: true,
        }
    }
}

/// What happened on the display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesktopEvent {
    /// [`Desktop::windows`] is different now.
    WindowsChanged,
    /// Something was painted in a window; it may be what was there before.
    Damaged {
        /// The window.
        window: WindowId,
    },
    /// Another program manages the windows now, or gatehand does.
    ManagerChanged {
        /// Whether it is gatehand.
        ours: bool,
    },
    /// The connection ended: nothing more can be done with this [`Desktop`].
    Lost {
        /// What the connection said.
        reason: String,
    },
}

/// One display, as the agent sees and uses it. Every method may fail with [`X11Error::Gone`] when the server goes.
pub struct Desktop {
    pub(super) link: Link,
    pub(super) events: EventQueue,
    pub(super) list: WindowList,
    pub(super) keyboard: Keyboard,
    pub(super) selection: Selection,
    manager: Manager,
    manage: bool,
    camera: Camera,
    told: VecDeque<DesktopEvent>,
    /// Windows whose damage was not told yet.
    damaged: BTreeSet<WindowId>,
    /// How often the window that is typed into was painted.
    pub(super) paints: Paints,
    pub(super) select_all: SelectAll,
    lost: bool,
}

/// The window that is watched for being painted, and how often it was.
#[derive(Default)]
pub(super) struct Paints {
    pub(super) window: Option<WindowId>,
    pub(super) count: u64,
}

impl Desktop {
    /// Connects. `wake` is called from another thread when [`Self::poll_event`] should be called; it may be called
    /// once too often. On a display where nothing happens it is never called.
    ///
    /// # Errors
    /// The display cannot be reached, refuses us, lacks an extension, or has another pixel format.
    pub fn connect(
        address: &DisplayAddress,
        options: DesktopOptions,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, X11Error> {
        let link = Link::open(address)?;
        let camera = Camera::new(&link.connection, options.shared_memory)?;
        let wire = &link.connection;
        wire.change_window_attributes(link.root, &manager::root_events(false))?;
        // Covered windows keep their pixels from here on.
        wire.composite_redirect_subwindows(link.root, Redirect::AUTOMATIC)?
            .check()?;
        let watched = SelectionEventMask::SET_SELECTION_OWNER
            | SelectionEventMask::SELECTION_WINDOW_DESTROY
            | SelectionEventMask::SELECTION_CLIENT_CLOSE;
        for selection in [AtomEnum::PRIMARY.into(), link.atoms.WM_S0] {
            wire.xfixes_select_selection_input(link.own, selection, watched)?;
        }
        let events = EventQueue::start(link.connection.clone(), wake)?;
        let mut desktop = Self {
            link,
            events,
            list: WindowList::default(),
            keyboard: Keyboard::default(),
            selection: Selection::default(),
            manager: Manager::default(),
            manage: options.manage_windows,
            camera,
            told: VecDeque::new(),
            damaged: BTreeSet::new(),
            paints: Paints::default(),
            select_all: SelectAll::default(),
            lost: false,
        };
        desktop.list.invalidate_frames();
        desktop.list.refresh(&desktop.link, true)?;
        desktop.take_manager_role()?;
        desktop.refresh()?;
        Ok(desktop)
    }

    /// What happened since the last call, one event at a time. After `None`, wait for `wake`. Window changes and
    /// damage that happen together are told once.
    pub fn poll_event(&mut self) -> Option<DesktopEvent> {
        while !self.lost
            && let Err(error) = self.drain()
        {
            match error {
                X11Error::Gone { reason } => self.lose(reason),
                // A window went away while it was asked for; the event that says so is here or on its way.
                other => {
                    tracing::debug!(%other, "a request about a window failed");
                    self.list.invalidate();
                    if self.events.is_empty() {
                        break;
                    }
                }
            }
        }
        if !self.lost
            && let Some(reason) = self.events.lost()
        {
            self.lose(reason);
        }
        if let Some(event) = self.told.pop_front() {
            return Some(event);
        }
        let window = self.damaged.pop_first()?;
        Some(DesktopEvent::Damaged { window })
    }

    fn lose(&mut self, reason: String) {
        self.lost = true;
        self.damaged.clear();
        self.told.push_back(DesktopEvent::Lost { reason });
    }

    /// The client windows that are mapped, lowest first, as of the last [`Self::poll_event`] or act.
    pub fn windows(&self) -> &[Window] {
        self.list.windows()
    }

    /// Whether gatehand is the window manager.
    pub const fn manages_windows(&self) -> bool {
        self.manager.is_ours()
    }

    /// Width and height of the root window.
    ///
    /// # Errors
    /// [`X11Error::Gone`].
    pub fn size(&self) -> Result<Size, X11Error> {
        let root = self.link.connection.get_geometry(self.link.root)?.reply()?;
        Ok(Size::new(root.width.into(), root.height.into()))
    }

    /// The whole picture of a window, also of parts that are covered or off the screen.
    ///
    /// # Errors
    /// [`X11Error::NoWindow`] when it is not shown.
    pub fn capture(&mut self, id: WindowId) -> Result<Frame, X11Error> {
        let toplevel = self.list.toplevel(id).ok_or(X11Error::NoWindow(id))?;
        match self.capture_in(id, toplevel) {
            // Unmapped, resized or put into a frame in between.
            Err(X11Error::Request(_)) => {
                self.drain()?;
                let toplevel = self.list.toplevel(id).ok_or(X11Error::NoWindow(id))?;
                self.capture_in(id, toplevel).map_err(|error| match error {
                    X11Error::Request(_) => X11Error::NoWindow(id),
                    other => other,
                })
            }
            other => other,
        }
    }

    fn capture_in(&mut self, id: WindowId, toplevel: u32) -> Result<Frame, X11Error> {
        let wire = &*self.link.connection;
        let pixmap = wire.generate_id()?;
        let named = wire.composite_name_window_pixmap(toplevel, pixmap)?;
        let whole = wire.get_geometry(pixmap)?;
        let outer = wire.get_geometry(toplevel)?;
        let inner = wire.get_geometry(id.0)?;
        let origin = wire.translate_coordinates(id.0, toplevel, 0, 0)?;
        named.check()?;
        let result = (|| {
            let (whole, outer, inner) = (whole.reply()?, outer.reply()?, inner.reply()?);
            let origin = origin.reply()?;
            let border = i32::from(outer.border_width);
            let area = Rect::new(
                i32::from(origin.dst_x) + border,
                i32::from(origin.dst_y) + border,
                inner.width.into(),
                inner.height.into(),
            );
            let there = Rect::new(0, 0, whole.width.into(), whole.height.into());
            let visible = area.intersection(&there);
            let mut frame = Frame::new(area.size());
            let to = ((visible.x - area.x) as u32, (visible.y - area.y) as u32);
            self.camera.copy(wire, pixmap, visible, &mut frame, to)?;
            Ok(frame)
        })();
        wire.free_pixmap(pixmap)?;
        result
    }

    /// Asks a window to close, as its close button would (`WM_DELETE_WINDOW`).
    ///
    /// # Errors
    /// [`X11Error::NoWindow`] when it is not shown.
    pub fn close_window(&mut self, id: WindowId) -> Result<(), X11Error> {
        self.drain()?;
        if self.list.window(id).is_none() {
            return Err(X11Error::NoWindow(id));
        }
        self.ask_to_close(id)
    }

    fn ask_to_close(&self, id: WindowId) -> Result<(), X11Error> {
        if self.list.traits(id).is_some_and(|traits| traits.deletes) {
            let time = self.events.server_time(&self.link)?;
            manager::send_protocol(&self.link, id, self.link.atoms.WM_DELETE_WINDOW, time)?;
        }
        self.link.flush()
    }

    /// Raises a window and offers it the focus.
    ///
    /// # Errors
    /// [`X11Error::NoWindow`] when it is not shown.
    pub fn activate(&mut self, id: WindowId) -> Result<(), X11Error> {
        self.drain()?;
        self.raise(id)?;
        self.focus(id)
    }

    pub(super) fn focus(&self, id: WindowId) -> Result<(), X11Error> {
        let traits = self.list.traits(id).ok_or(X11Error::NoWindow(id))?;
        let time = self.events.server_time(&self.link)?;
        self.manager.offer_focus(&self.link, id, traits, time)?;
        self.link.flush()
    }

    /// Puts a window on top of the others; another manager is asked to do it.
    pub(super) fn raise(&self, id: WindowId) -> Result<(), X11Error> {
        manager::raise(&self.link, id)?;
        if !self.manager.is_ours() {
            let time = self.events.server_time(&self.link)?;
            // Source 2: a pager, that is, by order of the user (EWMH `_NET_ACTIVE_WINDOW`).
            let message =
                ClientMessageEvent::new(32, id.0, self.link.atoms._NET_ACTIVE_WINDOW, [2, time, 0, 0, 0]);
            let to_manager = EventMask::SUBSTRUCTURE_NOTIFY | EventMask::SUBSTRUCTURE_REDIRECT;
            self.link
                .connection
                .send_event(false, self.link.root, to_manager, message)?;
        }
        self.link.flush()
    }

    /// Puts the top-left corner of a window at `to` on the screen. Its program may move it back: look again.
    ///
    /// # Errors
    /// [`X11Error::NoWindow`] when it is not shown.
    pub fn move_window(&mut self, id: WindowId, to: Point) -> Result<(), X11Error> {
        self.drain()?;
        self.list.window(id).ok_or(X11Error::NoWindow(id))?;
        manager::move_to(&self.link, id, to)?;
        self.link.flush()
    }

    /// Makes a window cover the whole screen. Its program may choose another size: look again.
    ///
    /// # Errors
    /// [`X11Error::NoWindow`] when it is not shown.
    pub fn cover_screen(&mut self, id: WindowId) -> Result<(), X11Error> {
        self.drain()?;
        self.list.window(id).ok_or(X11Error::NoWindow(id))?;
        let size = self.size()?;
        let aux = ConfigureWindowAux::new()
            .x(0)
            .y(0)
            .width(size.width)
            .height(size.height);
        self.link.connection.configure_window(id.0, &aux)?;
        self.link.flush()
    }

    /// Handles every event that the server sent until now.
    pub(super) fn sync(&mut self) -> Result<(), X11Error> {
        self.events.server_time(&self.link)?;
        self.drain()
    }

    /// Handles the events that are in the queue.
    pub(super) fn drain(&mut self) -> Result<(), X11Error> {
        loop {
            while let Some(event) = self.events.pop() {
                self.dispatch(event)?;
            }
            if !self.refresh()? {
                return Ok(());
            }
        }
    }

    /// Handles the next event, waiting for it until `deadline`; false when none came.
    pub(super) fn wait(&mut self, deadline: Instant) -> Result<bool, X11Error> {
        let Some(event) = self.events.pop_until(deadline) else {
            return match self.events.lost() {
                Some(reason) => Err(X11Error::Gone { reason }),
                None => Ok(false),
            };
        };
        self.dispatch(event)?;
        self.drain()?;
        Ok(true)
    }

    /// Reads the windows again if something about them changed; tells whether they differ.
    fn refresh(&mut self) -> Result<bool, X11Error> {
        let changed = self.list.refresh(&self.link, !self.manager.is_ours())?;
        let time = || self.events.server_time(&self.link);
        self.manager.settle(&self.link, time, &self.list)?;
        if changed && !self.told.contains(&DesktopEvent::WindowsChanged) {
            self.told.push_back(DesktopEvent::WindowsChanged);
        }
        Ok(changed)
    }

    fn take_manager_role(&mut self) -> Result<(), X11Error> {
        if !self.manage || self.manager.is_ours() {
            return Ok(());
        }
        let time = self.events.server_time(&self.link)?;
        if self.manager.take(&self.link, time)? {
            self.list.invalidate_frames();
            self.tell_manager();
        }
        Ok(())
    }

    fn tell_manager(&mut self) {
        let ours = self.manager.is_ours();
        self.told.push_back(DesktopEvent::ManagerChanged { ours });
    }

    fn dispatch(&mut self, event: Event) -> Result<(), X11Error> {
        let link = &self.link;
        match event {
            Event::MapRequest(request) => {
                let time = self.events.server_time(link)?;
                self.manager.map(link, request.window, time, &self.list)?;
            }
            Event::ConfigureRequest(request) => self.manager.configure(link, &request)?,
            Event::MapNotify(_)
            | Event::ConfigureNotify(_)
            | Event::CirculateNotify(_)
            | Event::GravityNotify(_) => self.list.invalidate(),
            Event::ReparentNotify(_) => self.list.invalidate_frames(),
            Event::UnmapNotify(unmapped) => {
                self.list.invalidate();
                self.manager.forget(link, unmapped.window, false)?;
            }
            Event::DestroyNotify(destroyed) => {
                self.list.invalidate();
                self.manager.forget(link, destroyed.window, true)?;
                // It may have been the last sign of another manager.
                self.take_manager_role()?;
            }
            Event::PropertyNotify(change) if change.window == link.root => {
                if change.atom == link.atoms._NET_SUPPORTING_WM_CHECK {
                    self.manager.watch(link)?;
                } else if change.atom == link.atoms._NET_CLIENT_LIST && !self.manager.is_ours() {
                    self.list.invalidate_frames();
                }
            }
            Event::PropertyNotify(change) => self.list.invalidate_property(&change, link),
            Event::DamageNotify(damage) => {
                let window = WindowId(damage.drawable);
                self.list.rearm_damage(link, window)?;
                link.flush()?;
                if self.paints.window == Some(window) {
                    self.paints.count += 1;
                }
                self.damaged.insert(window);
            }
            Event::ClientMessage(message) => self.handle_message(&message)?,
            Event::SelectionClear(cleared)
                if cleared.selection == link.atoms.WM_S0 && self.manager.is_ours() =>
            {
                self.manager.resign(link)?;
                self.list.invalidate_frames();
                self.tell_manager();
            }
            Event::XfixesSelectionNotify(change)
                if change.selection == link.atoms.WM_S0 && change.owner == x11rb::NONE =>
            {
                self.take_manager_role()?;
            }
            Event::XfixesSelectionNotify(change) if change.selection != link.atoms.WM_S0 => {
                self.selection.owner_changed(link, &change);
            }
            Event::SelectionNotify(answer) => self.selection.answered(&answer),
            Event::Error(error) => tracing::debug!(?error, "the display reports a failed request"),
            _ => {}
        }
        Ok(())
    }

    fn handle_message(&self, message: &ClientMessageEvent) -> Result<(), X11Error> {
        let atoms = &self.link.atoms;
        if !self.manager.is_ours() {
            return Ok(());
        }
        let id = WindowId(message.window);
        if message.type_ == atoms._NET_REQUEST_FRAME_EXTENTS {
            manager::set_extents(&self.link, id.0)?;
        } else if message.type_ == atoms._NET_CLOSE_WINDOW {
            self.ask_to_close(id)?;
        } else if message.type_ == atoms._NET_ACTIVE_WINDOW && self.list.window(id).is_some() {
            self.raise(id)?;
            self.focus(id)?;
        }
        self.link.flush()
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // What is not told to a server that is gone needs no telling.
        let _ = self.keyboard.unbind(&self.link.connection);
        self.camera.close(&self.link.connection);
        let _ = self.link.flush();
    }
}
