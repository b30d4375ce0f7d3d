//! What the ports that others connect to have in common: HTTP with TLS or without, waits for those who guess, and bounds on
//! what strangers can make the log say.

mod back_off;
mod quiet;
mod web;

use std::io;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::TcpStream;

pub(crate) use back_off::{BackOff, network};
pub(crate) use quiet::Quiet;
pub use web::{Caller, HangUp, serve_web};

/// A pause when the system cannot accept a connection, so that a lack of file descriptors does not become a busy loop.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Small messages go out at once, and a peer that vanished is noticed.
pub(crate) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(60))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(15))?;
    sockopt::set_tcp_keepcnt(stream, 4)?;
    Ok(())
}

/// The host in `host[:port]`, an IPv6 address without its brackets.
pub(crate) fn host_name(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    }
}
