//! The API relay as the settings want it.

use std::net::SocketAddr;

use crate::config::Config;
use crate::relay::{Limits, Relay};
use crate::supervisor;

/// Files that gatehand has open beside those of API clients.
const OTHER_FILES: u64 = 512;

/// The relay of a gateway.
pub(super) fn relay(config: &Config) -> Relay {
    let settings = &config.relay;
    make_room(settings.max_clients);
    Relay {
        listen: settings.listen,
        target: SocketAddr::from(([127, 0, 0, 1], config.gateway.api_port)),
        hold: settings.hold,
        allow: settings.allow.clone(),
        tls: settings.tls.clone(),
        limits: Limits {
            clients: settings.max_clients,
            ..Limits::default()
        },
    }
}

/// Each client has a connection to the relay and one to the gateway. Two gateways may share this process.
fn make_room(max_clients: usize) {
    let wanted = 2 * 2 * max_clients as u64 + OTHER_FILES;
    match supervisor::allow_open_files(wanted) {
        Ok(allowed) if allowed >= wanted => {}
        Ok(allowed) => tracing::warn!(
            allowed,
            wanted,
            "too few open files are allowed for all API clients; raise the hard limit of `ulimit -n`, or lower GATEHAND_RELAY_MAX_CLIENTS"
        ),
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}
