//! The display against a real X server and a real JVM.

#[path = "../common/mod.rs"]
mod common;
mod desktop;
mod painter;
mod screen;
mod typing;
