//! Real viewers against a real display: what they show is what is there, and what they type gets there.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../x11/painter.rs"]
#[allow(dead_code, reason = "shared by test programs that each use a part")]
mod painter;

mod limits;
mod pattern;
mod program;
mod raw_client;
mod rust_client;
mod server;
mod tigervnc;
mod vncdotool;
