//! The Remote Framebuffer protocol (RFC 6143), server side, as pure machines.
//!
//! Nothing here opens a socket, reads a clock, starts a thread or looks at the environment: bytes and `now` come in,
//! bytes and events go out.

pub mod framebuffer;
pub mod geometry;
