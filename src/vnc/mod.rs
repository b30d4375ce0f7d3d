//! The viewers' port: who gets in, one task per viewer, and the screen that they share. The protocol itself is the
//! `protocol` crate's.

mod back_off;
mod connection;
mod display;
mod door;
mod scan_code;
mod screen;
mod serve;
mod transport;
mod viewer;
mod worker;

pub use door::{Door, Entry, Peer, Settings};
pub use protocol::security::Security;
pub use protocol::security::vnc_auth::{Password, Passwords};
pub use screen::{Display, DisplayEvent, DisplayLost, Screen, Waker};
pub use serve::{Listener, ServeError, serve};
pub use transport::Stream;
