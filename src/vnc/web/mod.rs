//! Viewers in a browser, as noVNC: RFB in the binary messages of a WebSocket (RFC 6455), with TLS or without on the same
//! port. Here the client speaks first, so that looking at its first byte keeps nobody waiting.

mod handler;
mod stream;

pub use handler::{PATH, Upgrade, WebDoor, router};

use super::door::Entry;
use crate::ports::{Caller, host_name};

/// How viewers in browsers prove who they are.
#[derive(Clone, Debug)]
pub struct WebEntry {
    /// Without TLS. `None` when nothing is offered there: a password that VNC authentication cannot compare does not travel
    /// in plain sight.
    pub plain: Option<Entry>,
    /// Without TLS, from this machine, which a tunnel by ssh leads to as well; nobody where no password is needed.
    pub local: Option<Entry>,
    /// Through TLS; nobody when there is no certificate.
    pub encrypted: Option<Entry>,
    /// Hosts whose pages may connect, besides the one that is connected to.
    pub hosts: Vec<String>,
}

impl WebEntry {
    /// How the viewer at the other end proves who it is, if it can.
    fn way(&self, caller: Caller) -> Option<&Entry> {
        let way = if caller.encrypted {
            &self.encrypted
        } else if caller.peer.ip().to_canonical().is_loopback() {
            &self.local
        } else {
            &self.plain
        };
        way.as_ref()
    }

    /// Whether a page of this origin (RFC 6454) may connect to `host`, a value of the header of that name. A page that
    /// anybody could put anywhere must not try passwords from behind the user's firewall; which port it came from does not
    /// matter.
    fn admits(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        // Browsers always tell.
        let Some(origin) = origin else {
            return true;
        };
        let Some((_, origin)) = origin.split_once("://") else {
            return false;
        };
        let origin = host_name(origin);
        let is_same = host.is_some_and(|host| host_name(host).eq_ignore_ascii_case(origin));
        is_same || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vnc::Security;

    #[test]
    fn what_this_machine_is_offered_nobody_else_is() {
        let entry = WebEntry {
            plain: None,
            local: Some(Security::none().into()),
            encrypted: None,
            hosts: Vec::new(),
        };
        for (peer, encrypted, has_a_way) in [
            ("127.0.0.1:50000", false, true),
            ("127.9.9.9:50000", false, true),
            ("[::1]:50000", false, true),
            ("[::ffff:127.0.0.1]:50000", false, true),
            ("192.0.2.1:50000", false, false),
            ("[2001:db8::1]:50000", false, false),
            ("[::ffff:192.0.2.1]:50000", false, false),
            ("127.0.0.1:50000", true, false),
        ] {
            let peer = peer.parse().unwrap();
            let caller = Caller { peer, encrypted };
            assert_eq!(entry.way(caller).is_some(), has_a_way, "{caller:?}");
        }
    }

    #[test]
    fn pages_connect_to_where_they_come_from_and_to_where_they_may() {
        let entry = WebEntry {
            plain: None,
            local: None,
            encrypted: None,
            hosts: vec!["pages.example.org".into()],
        };
        for (origin, host, admitted) in [
            (None, Some("gateway:5800"), true),
            (Some("http://gateway:8000"), Some("gateway:5800"), true),
            (Some("https://Gateway"), Some("gateway:5800"), true),
            (Some("http://127.0.0.1:6080"), Some("127.0.0.1:5800"), true),
            (Some("http://[::1]:6080"), Some("[::1]:5800"), true),
            (Some("https://pages.example.org:8443"), Some("gateway"), true),
            (Some("https://example.org"), Some("gateway:5800"), false),
            (Some("https://gateway.example.org"), Some("gateway:5800"), false),
            (
                Some("https://gateway:5800.example.org"),
                Some("gateway:5800"),
                false,
            ),
            (Some("http://[::2]"), Some("[::1]:5800"), false),
            (Some("http://localhost"), Some("127.0.0.1:5800"), false),
            (Some("null"), Some("null"), false),
            (Some("https://gateway"), None, false),
        ] {
            assert_eq!(entry.admits(origin, host), admitted, "{origin:?} to {host:?}");
        }
    }
}
