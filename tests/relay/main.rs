//! The API relay between real sockets.

#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "what fails here fails the test"
)]

#[path = "../common/mod.rs"]
mod common;

mod admission;
mod carrying;
mod harness;
mod holding;
mod listening;
mod load;
mod tls;
