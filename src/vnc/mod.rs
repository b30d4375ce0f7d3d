//! The viewers' port: who gets in, one task per viewer, and the screen that they share. The protocol itself is the
//! `protocol` crate's.

mod connection;
mod display;
mod door;
mod gate;
mod handshakes;
mod held;
mod kept;
mod listener;
mod scan_code;
mod screen;
mod serve;
mod term;
mod traffic;
mod transport;
mod viewer;
mod web;
mod worker;

pub use door::{Door, Entry, Peer, Settings};
pub use gate::Gate;
pub use kept::{KeptError, generated_password, password_file, random_password, server_key};
pub use listener::Listener;
pub use protocol::security::passwords::Passwords;
pub use protocol::security::vnc_auth::{Password, Passwords as VncAuthPasswords, unscrambled};
pub use protocol::security::{Between, Security};
pub use screen::{Display, DisplayEvent, DisplayLost, Screen, Waker};
pub use serve::{ServeError, serve};
pub use traffic::Traffic;
pub use transport::Stream;
pub use web::{PATH as WEB_PATH, Upgrade as WebUpgrade, WebDoor, WebEntry, router};
