//! A small X program for tests: windows with known pixels.

use std::fs;
use std::os::unix::net::UnixStream;

use gatehand::screen::{Rect, WindowId};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ConfigureWindowAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, PropMode, Rectangle,
    StackMode, WindowClass,
};
use x11rb::rust_connection::{DefaultStream, RustConnection};
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT};

use crate::common::TestDisplay;

/// A client of its own.
pub(crate) struct Painter {
    pub(crate) connection: RustConnection,
    pub(crate) root: u32,
}

impl Painter {
    pub(crate) fn connect(display: &TestDisplay) -> Self {
        let address = &display.address;
        let authority = fs::read(address.authority.as_ref().unwrap()).unwrap();
        let cookie = authority[authority.len() - 16..].to_vec();
        let socket = format!("/tmp/.X11-unix/X{}", address.name.trim_start_matches(':'));
        let (stream, _) = DefaultStream::from_unix_stream(UnixStream::connect(socket).unwrap()).unwrap();
        let protocol = b"MIT-MAGIC-COOKIE-1".to_vec();
        let connection =
            RustConnection::connect_to_stream_with_auth_info(stream, 0, protocol, cookie).unwrap();
        let root = connection.setup().roots[0].root;
        Self { connection, root }
    }

    /// A window that is not shown yet.
    pub(crate) fn create(&self, title: &str, place: Rect, colour: u32) -> WindowId {
        let id = self.connection.generate_id().unwrap();
        self.connection
            .create_window(
                COPY_DEPTH_FROM_PARENT,
                id,
                self.root,
                place.x as i16,
                place.y as i16,
                place.width as u16,
                place.height as u16,
                0,
                WindowClass::INPUT_OUTPUT,
                COPY_FROM_PARENT,
                &CreateWindowAux::new().background_pixel(colour),
            )
            .unwrap();
        self.set_title(WindowId(id), title);
        // Flags USPosition and USSize (ICCCM §4.1.2.3): the place is meant.
        let mut hints = [0u32; 18];
        hints[0] = 3;
        self.connection
            .change_property32(
                PropMode::REPLACE,
                id,
                AtomEnum::WM_NORMAL_HINTS,
                AtomEnum::WM_SIZE_HINTS,
                &hints,
            )
            .unwrap();
        WindowId(id)
    }

    pub(crate) fn show(&self, title: &str, place: Rect, colour: u32) -> WindowId {
        let id = self.create(title, place, colour);
        self.connection.map_window(id.0).unwrap();
        self.sync();
        id
    }

    pub(crate) fn set_title(&self, id: WindowId, title: &str) {
        self.connection
            .change_property8(
                PropMode::REPLACE,
                id.0,
                AtomEnum::WM_NAME,
                AtomEnum::STRING,
                title.as_bytes(),
            )
            .unwrap();
        self.sync();
    }

    pub(crate) fn fill(&self, id: u32, rect: Rect, colour: u32) {
        let gc = self.connection.generate_id().unwrap();
        self.connection
            .create_gc(gc, id, &CreateGCAux::new().foreground(colour))
            .unwrap();
        let rectangle = Rectangle {
            x: rect.x as i16,
            y: rect.y as i16,
            width: rect.width as u16,
            height: rect.height as u16,
        };
        self.connection.poly_fill_rectangle(id, gc, &[rectangle]).unwrap();
        self.connection.free_gc(gc).unwrap();
        self.sync();
    }

    pub(crate) fn raise(&self, id: WindowId) {
        let aux = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        self.connection.configure_window(id.0, &aux).unwrap();
        self.sync();
    }

    /// Whether a window manager put the window into a frame.
    pub(crate) fn is_framed(&self, id: WindowId) -> bool {
        let tree = self.connection.query_tree(id.0).unwrap().reply().unwrap();
        tree.parent != self.root
    }

    /// Everything asked for until now is done when this returns.
    pub(crate) fn sync(&self) {
        self.connection.sync().unwrap();
    }
}
