//! The corpus of dialogs: its cases, how they are painted, and how they are judged.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the test and the bench use their parts; what fails here fails them"
)]

pub mod case;
pub mod painter;
pub mod style;
pub mod verdict;
