//! The Remote Framebuffer protocol (RFC 6143), server side, as pure machines.
//!
//! Nothing here opens a socket, reads a clock, starts a thread or looks at the environment: bytes and `now` come in,
//! bytes and events go out.
//!
//! # Reading order
//!
//! 1. [`geometry`], [`framebuffer`], [`region`], [`pixel_format`]: pixels and where they are.
//! 2. [`session`]: one viewer from its first byte to its last; [`pacing`]: when it gets an update.
//! 3. `handshake`, [`security`], [`client_message`], `server_message`, `clipboard`: what the session reads and writes.
//! 4. [`encoding`]: how a rectangle of pixels travels; [`scroll`]: which ones need not travel.

pub mod client_message;
mod clipboard;
pub mod encoding;
pub mod error;
pub mod framebuffer;
pub mod geometry;
mod handshake;
pub mod pacing;
pub mod pixel_format;
pub mod region;
pub mod scroll;
pub mod security;
mod server_message;
pub mod session;
mod wire;
