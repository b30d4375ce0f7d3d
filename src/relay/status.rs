//! What the relay does, for whoever asks.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// What the relay has done so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct RelayStatus {
    /// Where it listens; `None` while it does not.
    pub listening: Option<SocketAddr>,
    /// Clients connected now.
    pub clients: usize,
    /// Those of them that wait for the gateway.
    pub held: usize,
    /// Clients accepted since the start.
    pub accepted: u64,
    /// Clients refused because of their address.
    pub refused: u64,
    /// Clients turned away because there were too many.
    pub turned_away: u64,
    /// How often the gateway could not be reached for a client.
    pub unreached: u64,
    /// Bytes from clients to the gateway, as they go. Nobody who watches is woken for them.
    pub bytes_up: u64,
    /// Bytes from the gateway to clients, as they go. Nobody who watches is woken for them.
    pub bytes_down: u64,
}
