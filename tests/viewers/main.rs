//! Real viewers against a real display: what they show is what is there, and what they type gets there.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../x11/painter.rs"]
#[allow(dead_code, reason = "shared by test programs that each use a part")]
mod painter;

#[expect(dead_code, reason = "the test of the page needs more of it")]
mod browser;
mod clipboard;
mod encrypted;
mod endpoint;
mod hostile;
mod input;
mod libvncclient;
mod limits;
mod novnc;
mod pattern;
mod program;
#[path = "../../protocol/tests/viewer/ra2.rs"]
mod ra2;
mod raw_client;
mod remmina;
mod replacement;
mod rust_client;
mod security;
mod server;
mod shot;
mod slow_line;
mod tigervnc;
mod vncdotool;
mod web;
