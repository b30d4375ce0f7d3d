//! The viewers' port: who gets in, one task per viewer, and the screen that they share. The protocol itself is the
//! `protocol` crate's.

mod back_off;
mod display;
mod scan_code;
mod screen;
mod serve;
mod viewer;
mod worker;

pub use protocol::security::Security;
pub use protocol::security::vnc_auth::{Password, Passwords};
pub use screen::{Display, DisplayEvent, DisplayLost, Screen, Waker};
pub use serve::{ServeError, Settings, serve};
