//! The processes that gatehand runs: how they start, are watched, and end. The only user of nix.
//!
//! # Reading order
//!
//! [`isolate`] comes first in `main`. [`Reaper`] starts a process as the leader of its own session and tells
//! how it ended. [`Unit`] is the pure machine behind an ordered stop, [`Service`] the shell around one process.
//! [`Leftovers`] ends what an earlier gatehand left behind when it crashed. [`Signals`] says when to stop.
//! [`printed`] runs a command for what it prints, before anything else runs, [`Reaper::run`] beside everything else.
//! [`let_go_of_the_program`] gives pages of the program back that only its start, or its last viewer, needed.
//!
//! Processes must be started from a thread that lives as long as the program, because the kernel's parent-death
//! signal fires when the thread ends that started them; a current-thread runtime on the main thread does.

mod clock;
mod isolation;
mod leftovers;
mod open_files;
mod output;
mod printed;
mod process;
mod reaper;
mod residence;
mod run;
mod service;
mod signals;
mod unit;
mod usage;

pub use clock::clock_is_synchronised;
pub use isolation::{Isolated, IsolationError, isolate};
pub use leftovers::{Leftovers, LeftoversError};
pub use open_files::allow_open_files;
pub use output::{Output, OutputStream, Redaction, log_output};
pub use printed::{PrintedError, printed};
pub use process::{Exit, Identity, SpawnError, session_of};
pub use reaper::{Child, Group, Orphans, Reaper};
pub use residence::{let_go_of_the_program, use_large_pages};
pub use run::RunError;
pub use service::Service;
pub use signals::{Signals, StopSignal};
pub use unit::{Action, State, StopPolicy, Unit};
pub use usage::Usage;
