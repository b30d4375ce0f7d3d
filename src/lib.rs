//! gatehand runs Interactive Brokers' gateways unattended, from their pixels and window titles alone.
//!
//! # Reading order
//!
//! 1. [`screen`]: the values that everything else speaks of: pictures, windows, readings.
//! 2. [`vision`]: from pixels to a reading. 3. [`dialogs`]: from a reading to a rule.
//! 4. [`agent`]: from rules, settings and history to acts: a pure machine.
//! 5. [`x11`]: the display: windows, capture, input. 6. [`gateway`], [`supervisor`]: the processes;
//!    [`portal`]: what is asked of the Client Portal Gateway.
//! 7. [`life`]: when it is started, closed, started again: the second pure machine. [`control`]: what is asked of it;
//!    [`http`]: the same over HTTP.
//! 8. [`relay`], [`tunnel`], [`vnc`]: the ports; [`ports`]: what they have in common; [`tls`]. 9. [`journal`]: what is kept on disk; [`logging`], [`notify`]: what
//!    is told to others. 10. [`config`], [`cli`]: what the user says; [`secrets`]: what stands elsewhere.
//!
//! # In a program of your own
//!
//! The program `gatehand` is one user of this crate. Another needs these parts: rules, an agent that goes by them, and a
//! pilot, which is the agent's thread with eyes and hands on a display. The rules may be about any program's dialogs:
//!
//! ```no_run
//! use std::path::Path;
//!
//! use gatehand::agent::{Agent, Policy};
//! use gatehand::dialogs::{Catalogue, RuleFile};
//! use gatehand::journal::EventLog;
//! use gatehand::pilot::{Eyes, Hands, Pilot, RecordedAgent};
//! use gatehand::x11::DisplayAddress;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let backup = RuleFile {
//!     path: "backup.toml".into(),
//!     text: r#"
//!         built-in-rules = false
//!
//!         [[rule]]
//!         name = "backup"
//!         title = ["Backup"]
//!         text = ["Where should the backup go?"]
//!         fill = [{ field = ["Folder"], value = "/srv/backup" }]
//!         press = ["Start"]
//!     "#
//!     .into(),
//! };
//! let agent = Agent::new(Catalogue::with_files(&[backup])?, Policy::default());
//! let folder = Path::new("/var/lib/backup-answerer");
//! let (reports, mut told) = tokio::sync::mpsc::unbounded_channel();
//! let _pilot = Pilot::start(
//!     &DisplayAddress::new(":1"),
//!     Eyes::open(folder.to_path_buf())?,
//!     RecordedAgent::new(agent, None),
//!     Hands::new(folder),
//!     EventLog::open(folder)?,
//!     reports,
//! )?;
//! while let Some(report) = told.blocking_recv() {
//!     println!("{report:?}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `examples/` has more: `watch_display` only looks, `answer_dialogs` goes by a folder of rules and has a password to
//! type, `serve_display` lets VNC viewers in. What a rule may say is in [`dialogs`].

pub mod agent;
pub mod app;
pub mod cli;
pub mod config;
pub mod control;
pub mod dialogs;
pub mod exit;
pub mod gateway;
pub mod http;
mod http_client;
pub mod journal;
pub mod life;
pub mod logging;
pub mod notify;
pub mod pilot;
pub mod portal;
pub mod ports;
pub mod relay;
pub mod screen;
pub mod secrets;
pub mod supervisor;
pub mod tls;
pub mod tunnel;
pub mod vision;
pub mod vnc;
pub mod x11;
