//! The SSH tunnel of one gateway.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::{Forward, Instance, TunnelSettings, VncSettings};
use crate::config::error::ConfigError;
use crate::config::settings::Tunnel;
use crate::config::values::{TradingMode, TunnelUse};
use crate::config::written::RawSettings;

/// The tunnel, when there is to be one. Of two gateways each has its own: a port that is named is the live one's.
pub(super) fn tunnel(
    tunnel: Tunnel,
    of: Instance,
    api_port: u16,
    vnc: Option<&VncSettings>,
    raw: &RawSettings,
    faults: &mut Vec<ConfigError>,
) -> Option<Arc<TunnelSettings>> {
    let beside_relay = match tunnel.ssh_tunnel {
        TunnelUse::No => return None,
        TunnelUse::Alone => false,
        TunnelUse::BesideRelay => true,
    };
    let Some(server) = tunnel.ssh_user_tunnel else {
        if !raw.is_given("ssh_user_tunnel") {
            faults.push(ConfigError::NoTunnelServer(raw.origin("ssh_tunnel")));
        }
        return None;
    };
    let is_second = of.is_one_of_two && of.mode == TradingMode::Paper;
    let named = tunnel.ssh_remote_port.filter(|_| !is_second);
    let mut forwards = vec![Forward {
        remote: named.map_or(api_port, |port| port.0),
        local: SocketAddr::from((Ipv4Addr::LOCALHOST, api_port)),
    }];
    if let (Some(port), Some(listen)) = (tunnel.ssh_vnc_port, vnc.and_then(|vnc| vnc.listen)) {
        let remote = SocketAddr::from((Ipv4Addr::LOCALHOST, port.0));
        forwards.push(Forward {
            remote: of.listen(remote, "ssh_vnc_port", raw, faults).port(),
            local: reachable(listen),
        });
    }
    Some(Arc::new(TunnelSettings {
        beside_relay,
        server: server.0,
        options: tunnel.ssh_options.map_or_else(Vec::new, |words| words.0),
        alive_interval: tunnel.ssh_alive_interval.0,
        alive_count: tunnel.ssh_alive_count.0,
        passphrase: tunnel.ssh_passphrase,
        forwards,
        restart: tunnel.ssh_restart.0,
    }))
}

/// Where something can be reached from here that listens there.
fn reachable(listen: SocketAddr) -> SocketAddr {
    match listen {
        SocketAddr::V4(_) if listen.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, listen.port()).into(),
        SocketAddr::V6(_) if listen.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, listen.port()).into(),
        _ => listen,
    }
}
