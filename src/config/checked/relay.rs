//! The API relay.

use std::net::SocketAddr;

use super::ports::ApiPorts;
use super::{Folders, RelaySettings, tls};
use crate::config::error::ConfigError;
use crate::config::settings::Relay;
use crate::config::values::WhenNotReady;
use crate::config::written::RawSettings;
use crate::relay::{Hold, TLS_SETTINGS};

/// The relay of one gateway, whose ports are known.
pub(super) fn relay(
    relay: Relay,
    ports: &ApiPorts,
    raw: &RawSettings,
    folders: &Folders,
    faults: &mut Vec<ConfigError>,
) -> RelaySettings {
    let hold = Hold {
        limit: relay.relay_hold_limit.0,
        from_start: !ports.outside_is_own,
    };
    let tls = tls::files(
        TLS_SETTINGS,
        relay.relay_tls_certificate,
        relay.relay_tls_key,
        relay.relay_tls_client_ca,
        raw,
        folders,
        faults,
    );
    RelaySettings {
        listen: SocketAddr::new(relay.relay_address, ports.outside),
        allow: relay.relay_allow.map_or_else(Vec::new, |networks| networks.0),
        hold: (relay.relay_when_not_ready == WhenNotReady::Hold).then_some(hold),
        max_clients: relay.relay_max_clients.0,
        tls,
    }
}
