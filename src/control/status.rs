//! What is told of a gateway to whoever asks: the same value by the socket, over HTTP and in `gatehand status`.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::Reply;
#[cfg(doc)]
use super::Request;
use super::health::Health;
use crate::agent::State;
use crate::relay::RelayStatus;
use crate::supervisor::{Identity, Usage};

/// All that is known of one gateway. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// `live` or `paper`.
    pub gateway: String,
    /// Where it is in its life.
    pub state: State,
    /// What that rests on.
    pub evidence: String,
    /// Since when.
    pub since: u64,
    /// Whether a human at a viewer has it.
    pub taken_over: bool,
    /// What the health checks say.
    pub health: Health,
    /// What the API has told, while it answers.
    pub api: Option<ApiStatus>,
    /// The relay.
    pub relay: RelayStatus,
    /// Viewers of the screen now.
    pub viewers: usize,
    /// Until when the API is expected to be away, as planned.
    pub outage_until: Option<i64>,
    /// What is planned next.
    pub next: Option<Planned>,
    /// The second factor that is asked for now.
    pub second_factor: Option<SecondFactorStatus>,
    /// Whether the credentials may be submitted; none without credentials.
    pub attempts: Option<Attempts>,
    /// The gateway's process, while there is one.
    pub process: Option<ProcessStatus>,
    /// Versions.
    pub versions: Versions,
    /// Whether the state folder outlives its container.
    pub state_folder_lasts: bool,
}

impl Status {
    /// The answer to [`Request::Status`].
    #[must_use]
    pub fn reply(&self) -> Reply {
        match serde_json::to_string(self) {
            Ok(text) => Reply::ok(text),
            Err(error) => Reply::refused(error.to_string()),
        }
    }
}

/// What an API that answers has told of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiStatus {
    /// The version of its protocol.
    pub server_version: u32,
    /// When the gateway says that the connection began, in its words.
    pub connection_time: String,
    /// The accounts, only so much of each as its owner needs to know it by. None without a client id.
    pub accounts: Vec<String>,
    /// The broker's time. None without a client id.
    pub time: Option<i64>,
}

/// Something that the schedule wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// What: `start`, `cold-restart`, `close-down`, `log-off`, `save-settings`.
    pub what: String,
    /// When.
    pub at: i64,
}

/// A second factor that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorStatus {
    /// The rule that knows the window, which tells the kind.
    pub rule: String,
    /// Whether only a human can give it.
    pub by_hand: bool,
    /// Whether a code is waited for.
    pub code_wanted: bool,
}

/// What the governor allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Logins whose ending nobody saw that are still allowed in a row.
    pub left: usize,
    /// Why there is none now.
    pub why: Option<String>,
    /// Until when; none when a human has to do something.
    pub until: Option<u64>,
}

/// What the gateway's process takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessStatus {
    /// Its number.
    pub pid: i32,
    /// Memory that it occupies, bytes.
    pub resident_bytes: u64,
    /// Time of the processor that it has used, seconds.
    pub cpu_seconds: f64,
}

impl ProcessStatus {
    /// Of a process that is still there.
    #[must_use]
    pub fn of(identity: Identity) -> Option<Self> {
        let usage = Usage::of(identity)?;
        Some(Self {
            pid: identity.pid,
            resident_bytes: usage.resident_bytes,
            cpu_seconds: usage.cpu_seconds,
        })
    }
}

/// Versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// gatehand's.
    pub gatehand: String,
    /// The gateway's, when it was started here.
    pub gateway: Option<String>,
}

/// One document for all gateways.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Statuses {
    /// Those that answered.
    pub gateways: Vec<Status>,
    /// Those that are down.
    pub down: Vec<Down>,
}

/// A gateway of which there is nothing to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Down {
    /// `live` or `paper`.
    pub gateway: String,
    /// Why.
    pub why: String,
}

impl Statuses {
    /// Adds what a gateway answered to [`Request::Status`].
    pub fn add(&mut self, gateway: &str, reply: &Reply) {
        let why = match serde_json::from_str(&reply.text) {
            Ok(status) if reply.ok => return self.gateways.push(status),
            Err(error) if reply.ok => error.to_string(),
            _ => reply.text.clone(),
        };
        let gateway = gateway.to_owned();
        self.down.push(Down { gateway, why });
    }
}

/// A time as it is told.
#[must_use]
pub fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since: Duration| since.as_secs())
}
