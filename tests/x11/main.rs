//! The display against a real X server and a real JVM.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "../common/mod.rs"]
mod common;
mod desktop;
mod painter;
mod screen;
mod typing;
