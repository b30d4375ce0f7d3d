//! The display: its server, its windows and their pictures, and the hands that click and type. The only user of the
//! X protocol.
//!
//! [`Desktop`] is the agent's, [`Screen`] the viewers'; each has a connection of its own.

mod address;
mod clipboard;
mod damage;
mod desktop;
mod error;
mod event_queue;
mod field;
mod hands;
mod keyboard;
mod keyboards;
mod keymap;
mod label;
mod link;
mod manager;
mod picture;
mod placement;
mod pointer;
mod resolution;
mod screen;
mod selection;
mod server;
mod typing;
mod window_list;

pub use address::DisplayAddress;
pub use desktop::{Desktop, DesktopEvent, DesktopOptions};
pub use error::X11Error;
pub use field::{FieldText, FillOptions, FillOutcome};
pub use screen::{CursorImage, Screen, ScreenEvent, ScreenWaker};
pub use server::{VirtualServer, clear_leftovers, read_display_number};
