//! The API relay.

use std::net::SocketAddr;

use super::instance::note;
use super::ports::ApiPorts;
use super::{Folders, RelaySettings};
use crate::config::error::ConfigError;
use crate::config::settings::Relay;
use crate::config::values::{PemFile, WhenNotReady};
use crate::config::written::RawSettings;
use crate::relay::{Hold, TlsFiles};

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
    let mut needs = |key: &str, missing: &'static str| {
        faults.push(ConfigError::HalfTls {
            present: raw.origin(key),
            missing,
        });
    };
    let pair = match (relay.relay_tls_certificate, relay.relay_tls_key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (Some(_), None) => {
            needs("relay_tls_certificate", "GATEHAND_RELAY_TLS_KEY");
            None
        }
        (None, key) => {
            let client_ca = relay.relay_tls_client_ca.as_ref().map(|_| "relay_tls_client_ca");
            if let Some(present) = key.map(|_| "relay_tls_key").or(client_ca) {
                needs(present, "GATEHAND_RELAY_TLS_CERTIFICATE");
            }
            None
        }
    };
    let mut path = |PemFile(path): PemFile, setting| note(folders.expand(path, setting), faults);
    let tls = pair.and_then(|(certificate, key)| {
        let client_ca = relay.relay_tls_client_ca;
        Some(TlsFiles {
            certificate: path(certificate, "GATEHAND_RELAY_TLS_CERTIFICATE")?,
            key: path(key, "GATEHAND_RELAY_TLS_KEY")?,
            client_ca: client_ca.and_then(|file| path(file, "GATEHAND_RELAY_TLS_CLIENT_CA")),
        })
    });
    RelaySettings {
        listen: SocketAddr::new(relay.relay_address, ports.outside),
        allow: relay.relay_allow.map_or_else(Vec::new, |networks| networks.0),
        hold: (relay.relay_when_not_ready == WhenNotReady::Hold).then_some(hold),
        max_clients: relay.relay_max_clients.0,
        tls,
    }
}
