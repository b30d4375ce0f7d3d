//! One connection to a display with what never changes on it: root window, pixel format, atoms, our own window.

use std::sync::Arc;

use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::ConnectionError;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, GetPropertyReply, ImageOrder, Window,
    WindowClass,
};
use x11rb::protocol::{composite, damage, randr, shm, xfixes, xkb, xtest};
use x11rb::rust_connection::RustConnection;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT};

use composite::ConnectionExt as _;
use damage::ConnectionExt as _;
use randr::ConnectionExt as _;
use shm::ConnectionExt as _;
use xfixes::ConnectionExt as _;
use xkb::ConnectionExt as _;
use xtest::ConnectionExt as _;

use super::{DisplayAddress, X11Error};

x11rb::atom_manager! {
    /// The atoms in use.
    pub(super) Atoms: AtomsCookie {
        CLIPBOARD,
        GATEHAND,
        INCR,
        MANAGER,
        TARGETS,
        TEXT,
        TIMESTAMP,
        UTF8_STRING,
        WM_DELETE_WINDOW,
        WM_PROTOCOLS,
        WM_S0,
        WM_STATE,
        WM_TAKE_FOCUS,
        _NET_ACTIVE_WINDOW,
        _NET_CLIENT_LIST,
        _NET_CLIENT_LIST_STACKING,
        _NET_CLOSE_WINDOW,
        _NET_FRAME_EXTENTS,
        _NET_REQUEST_FRAME_EXTENTS,
        _NET_SUPPORTED,
        _NET_SUPPORTING_WM_CHECK,
        _NET_WM_NAME,
        _NET_WM_PID,
        _NET_WM_WINDOW_TYPE,
        _NET_WM_WINDOW_TYPE_DIALOG,
        _NET_WM_WINDOW_TYPE_NORMAL,
        _NET_WM_WINDOW_TYPE_SPLASH,
    }
}

/// A connection, and what never changes on it.
pub(super) struct Link {
    pub(super) connection: Arc<RustConnection>,
    pub(super) atoms: Atoms,
    pub(super) root: Window,
    /// A window of ours, 1x1 and never shown: owner of selections and of the property that tells the server's time.
    pub(super) own: Window,
    /// Bits of a resource id that a client chooses; the others tell the client.
    client_bits: u32,
}

impl Link {
    /// Connects, and checks that the display can do what is needed.
    pub(super) fn open(address: &DisplayAddress) -> Result<Self, X11Error> {
        let (connection, screen) = address.open()?;
        let setup = connection.setup();
        let screen = &setup.roots[screen];
        let (root, depth) = (screen.root, screen.root_depth);
        let wide = setup
            .pixmap_formats
            .iter()
            .any(|format| format.depth == depth && format.bits_per_pixel == 32);
        let red_first = screen
            .allowed_depths
            .iter()
            .flat_map(|allowed| &allowed.visuals)
            .any(|visual| visual.visual_id == screen.root_visual && visual.red_mask == 0x00ff_0000);
        if !wide
            || !red_first
            || setup.image_byte_order != ImageOrder::LSB_FIRST
            || cfg!(target_endian = "big")
        {
            return Err(X11Error::PixelFormat { depth });
        }
        let client_bits = setup.resource_id_mask;
        require_extensions(&connection)?;
        let atoms = Atoms::new(&connection)?.reply()?;
        let own = connection.generate_id()?;
        connection.create_window(
            COPY_DEPTH_FROM_PARENT,
            own,
            root,
            -1,
            -1,
            1,
            1,
            0,
            WindowClass::INPUT_OUTPUT,
            COPY_FROM_PARENT,
            &CreateWindowAux::new()
                .override_redirect(1)
                .event_mask(EventMask::PROPERTY_CHANGE),
        )?;
        Ok(Self {
            connection: Arc::new(connection),
            atoms,
            root,
            own,
            client_bits,
        })
    }

    /// The X client that made `resource`: equal for all resources of one client.
    pub(super) const fn client_of(&self, resource: u32) -> u32 {
        resource & !self.client_bits
    }

    /// Sends what is buffered.
    pub(super) fn flush(&self) -> Result<(), X11Error> {
        Ok(self.connection.flush()?)
    }

    /// Asks for a property of up to 256 KiB; a missing one has no value, a missing window gives an error.
    pub(super) fn property(
        &self,
        window: Window,
        property: impl Into<Atom>,
        kind: impl Into<Atom>,
    ) -> Result<PropertyCookie<'_>, ConnectionError> {
        let connection: &RustConnection = &self.connection;
        let cookie = connection.get_property(false, window, property, kind, 0, 1 << 16)?;
        Ok(PropertyCookie(cookie))
    }

    /// The window that a property of the root names, if there is one.
    pub(super) fn window_property(&self, window: Window, property: Atom) -> Result<Option<Window>, X11Error> {
        let values = self.property(window, property, AtomEnum::WINDOW)?.values()?;
        Ok(values.first().copied().filter(|&found| found != x11rb::NONE))
    }
}

/// An answer with a property's value that is on its way.
pub(super) struct PropertyCookie<'a>(x11rb::cookie::Cookie<'a, RustConnection, GetPropertyReply>);

impl PropertyCookie<'_> {
    /// The value as 32-bit numbers; none when the window is gone, or the property is missing or of another format.
    pub(super) fn values(self) -> Result<Vec<u32>, ConnectionError> {
        let reply = self.0.reply_unchecked()?;
        Ok(reply
            .and_then(|reply| reply.value32().map(Iterator::collect))
            .unwrap_or_default())
    }

    /// The value as bytes; `None` when the window is gone, or the property is missing or of another format.
    pub(super) fn bytes(self) -> Result<Option<Vec<u8>>, ConnectionError> {
        let reply = self.0.reply_unchecked()?;
        Ok(reply.filter(|reply| reply.format == 8).map(|reply| reply.value))
    }
}

/// Negotiates the extensions' versions; a server wants that before any of their requests.
fn require_extensions(connection: &RustConnection) -> Result<(), X11Error> {
    for name in [
        composite::X11_EXTENSION_NAME,
        damage::X11_EXTENSION_NAME,
        randr::X11_EXTENSION_NAME,
        xfixes::X11_EXTENSION_NAME,
        xkb::X11_EXTENSION_NAME,
        xtest::X11_EXTENSION_NAME,
    ] {
        connection.prefetch_extension_information(name)?;
    }
    connection.prefetch_extension_information(shm::X11_EXTENSION_NAME)?;
    for name in [
        composite::X11_EXTENSION_NAME,
        damage::X11_EXTENSION_NAME,
        randr::X11_EXTENSION_NAME,
        xfixes::X11_EXTENSION_NAME,
        xkb::X11_EXTENSION_NAME,
        xtest::X11_EXTENSION_NAME,
    ] {
        if connection.extension_information(name)?.is_none() {
            return Err(X11Error::MissingExtension { name });
        }
    }
    let composite = connection.composite_query_version(0, 4)?;
    let damage = connection.damage_query_version(1, 1)?;
    let randr = connection.randr_query_version(1, 3)?;
    let xfixes = connection.xfixes_query_version(5, 0)?;
    let xkb = connection.xkb_use_extension(1, 0)?;
    let xtest = connection.xtest_get_version(2, 2)?;
    composite.reply()?;
    damage.reply()?;
    randr.reply()?;
    xfixes.reply()?;
    xtest.reply()?;
    if !xkb.reply()?.supported {
        return Err(X11Error::MissingExtension {
            name: xkb::X11_EXTENSION_NAME,
        });
    }
    Ok(())
}

/// Whether the server takes shared memory as a file descriptor (MIT-SHM 1.2; never over TCP).
pub(super) fn shares_memory(connection: &RustConnection) -> Result<bool, X11Error> {
    if connection
        .extension_information(shm::X11_EXTENSION_NAME)?
        .is_none()
    {
        return Ok(false);
    }
    let version = connection.shm_query_version()?.reply()?;
    Ok((version.major_version, version.minor_version) >= (1, 2))
}
