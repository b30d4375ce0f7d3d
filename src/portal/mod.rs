//! The Client Portal Gateway, which serves IBKR's web API: what is known of its session.
//!
//! [`Client`] asks it, through TLS with the one certificate that it may have, and never waits longer than it was told to.
//! [`Standing`] is what an answer proves. "Client login succeeds" on its page proves nothing, as it stands there for every
//! redirection of IBKR's login; neither does a port that answers. Only the answer to `/tickle` counts.

pub mod browser;
mod client;
mod conf;
mod keeper;
mod launch;
pub mod login;
mod selectors;
mod standing;
mod visit;

pub use client::{Client, Reply, Routes, SHIPPED};
pub use keeper::{Action, Belief, Ending, Keeper, Policy, State};
pub use launch::{PortalLaunch, PortalLaunchError};
pub use selectors::{Meaning, Part, Selectors, Way, WayError};
pub use standing::{Session, Standing};
pub use visit::{Question, Reply as Answer, Visit, VisitError};
