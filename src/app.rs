//! The only wiring: what starts in which order, who hears of what, and how it all stops.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::agent::{Agent, Event, Policy, State};
use crate::config::{Config, OnRefusal, OnTimeout};
use crate::dialogs::{Catalogue, RuleError};
use crate::exit::ExitCode;
use crate::gateway::{self, GatewayError};
use crate::journal::{EventLog, Evidence, Governor, GovernorError};
use crate::pilot::{Command, Eyes, Hands, Pilot, PilotError, Report};
use crate::relay;
use crate::supervisor::{
    self, Leftovers, LeftoversError, OutputStream, Reaper, Redaction, Service, Signals, SpawnError, StopPolicy,
};
use crate::vnc;
use crate::x11::{DisplayAddress, VirtualServer, X11Error};

/// Xvfb answers within a second, or not at all.
const DISPLAY_LIMIT: Duration = Duration::from_secs(15);
/// Once ready, the API is asked this often whether it still answers. With the retries below, the only timers of an idle
/// gatehand.
const PROBE_INTERVAL: Duration = Duration::from_secs(30);
/// Pause between two probes of an API that does not answer yet.
const PROBE_RETRY: Duration = Duration::from_millis(500);
/// A gateway that is closed through its window saves its settings first.
const GATEWAY_STOP: StopPolicy =
    StopPolicy { asked: Some(Duration::from_secs(20)), terminated: Duration::from_secs(5) };
const DISPLAY_STOP: StopPolicy = StopPolicy { asked: None, terminated: Duration::from_secs(3) };
