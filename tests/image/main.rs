//! The image, run as users run it. `make image-test` builds the demo target and runs these; they need podman or Docker.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod build;
#[path = "../common/mod.rs"]
mod common;
mod compose;
mod container;
mod content;
mod hardened;
mod ibeam;
mod lockout;
mod mounts;
mod portal;
mod ports;
mod stop;
mod surroundings;
#[path = "../../fixtures/portal/upstream.rs"]
mod upstream;
