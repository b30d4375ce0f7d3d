//! What the Client Portal Gateway is told, and where it is asked.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rustls::pki_types::ServerName;

use super::network::parse_listen;
use super::{Value, words};

/// The gateway's usual port.
const DEFAULT_PORT: u16 = 5000;

/// Where a Client Portal Gateway listens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PortalAddress {
    /// Whether it speaks TLS (`listenSsl`).
    pub encrypted: bool,
    /// A name, or an IP address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Where one listens that nobody told otherwise.
impl Default for PortalAddress {
    fn default() -> Self {
        Self {
            encrypted: true,
            host: "localhost".to_owned(),
            port: DEFAULT_PORT,
        }
    }
}

impl Value for PortalAddress {
    const ALLOWED: &'static str =
        "https://HOST:PORT or http://HOST:PORT without a path, for instance https://localhost:5000";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (encrypted, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(Self::ALLOWED),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let after_host = rest.rfind(']').map_or(0, |end| end + 1);
        let (host, port) = match rest[after_host..].split_once(':') {
            Some((between, port)) => (&rest[..after_host + between.len()], port.parse().ok()),
            None => (rest, Some(DEFAULT_PORT)),
        };
        let bare = host
            .strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'))
            .unwrap_or(host);
        match port {
            Some(port @ 1..) if ServerName::try_from(bare).is_ok() => Ok(Self {
                encrypted,
                host: bare.to_owned(),
                port,
            }),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// As a URL.
impl fmt::Display for PortalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl PortalAddress {
    /// Host and port, as a request names them (RFC 9110 §7.2).
    #[must_use]
    pub fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

words! {
    /// What to do about a brokerage session of the same user elsewhere.
    pub OnCompeting: "wait, take-over or give-up" {
        /// Wait for its end.
        Wait = "wait",
        /// Take it over.
        TakeOver = "take-over",
        /// End the session here.
        GiveUp = "give-up",
    }
}

/// Addresses in the notation of the gateway's own list, where `*` stands for any part.
#[derive(Clone, Debug)]
pub(in crate::config) struct AllowedAddresses(pub(in crate::config) Vec<String>);

impl Value for AllowedAddresses {
    const ALLOWED: &'static str = "IP addresses with commas between them, with `*` for any part, for instance 10.*.*.*; none: no further ones";

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self(Vec::new()));
        }
        let addresses: Vec<String> = text.split(',').map(|part| part.trim().to_owned()).collect();
        let is_address = |text: &String| {
            let concrete = text.replace('*', "0");
            concrete.parse::<IpAddr>().is_ok()
        };
        if addresses.iter().all(is_address) {
            Ok(Self(addresses))
        } else {
            Err(Self::ALLOWED)
        }
    }
}

/// Where the routes of IBeam are served.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct PortalListen(pub(in crate::config) Option<SocketAddr>);

impl Value for PortalListen {
    const ALLOWED: &'static str =
        "ADDRESS:PORT, for instance 127.0.0.1:5001, or a port on all addresses; none: no port";

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self(None));
        }
        if let Ok(port) = text.parse() {
            return Ok(Self(Some(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port))));
        }
        let parsed = parse_listen(text, 5001).map_err(|_| <Self as Value>::ALLOWED)?;
        Ok(Self(Some(parsed)))
    }
}

/// A path with its question.
#[derive(Clone, Debug)]
pub(in crate::config) struct Route(pub(in crate::config) String);

impl Value for Route {
    const ALLOWED: &'static str = "a path of the gateway, with its question, for instance /v1/api/tickle";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let is_path = |c: char| c.is_ascii_graphic() && !"\"#<>\\^`{|}".contains(c);
        if text.starts_with('/') && text.chars().all(is_path) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Self::ALLOWED)
        }
    }
}

/// How often something is asked for anew.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Reauthentications(pub(in crate::config) u32);

impl Value for Reauthentications {
    const ALLOWED: &'static str = "a whole number, 0 to 100";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(times @ 0..=100) => Ok(Self(times)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// How many logins in a row may come to nothing.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct LoginCount(pub(in crate::config) u32);

impl Value for LoginCount {
    const ALLOWED: &'static str = "a whole number, 1 to 20";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(times @ 1..=20) => Ok(Self(times)),
            _ => Err(Self::ALLOWED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port() {
        for (text, shown) in [
            ("https://localhost:5000", "https://localhost:5000"),
            ("https://localhost/", "https://localhost:5000"),
            ("http://127.0.0.1:5010", "http://127.0.0.1:5010"),
            ("https://[::1]:5001/", "https://[::1]:5001"),
            ("https://[::1]", "https://[::1]:5000"),
            ("https://portal.example.org:443", "https://portal.example.org:443"),
        ] {
            let parsed = PortalAddress::parse(text).expect(text);
            assert_eq!(parsed.to_string(), shown);
        }
        for text in [
            "localhost:5000",
            "https://",
            "https://localhost:0",
            "https://localhost:70000",
            "https://localhost:5000/v1/api",
            "https://user@localhost:5000",
            "https://::1:5000",
            "https://local host",
            "ftp://localhost",
        ] {
            assert!(PortalAddress::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_gateways_own_list() {
        let parsed = AllowedAddresses::parse("10.*.*.*, ::1,192.168.1.7").expect("addresses");
        assert_eq!(parsed.0, ["10.*.*.*", "::1", "192.168.1.7"]);
        assert!(AllowedAddresses::parse("none").expect("none").0.is_empty());
        for text in ["10.*", "localhost", "", "10.0.0.0/8", "1.2.3.4,"] {
            assert!(AllowedAddresses::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_port_alone_is_one_on_all_addresses() {
        for (text, listen) in [
            ("5001", Some("0.0.0.0:5001")),
            ("127.0.0.1:5002", Some("127.0.0.1:5002")),
            ("127.0.0.1", Some("127.0.0.1:5001")),
            ("none", None),
        ] {
            let parsed = PortalListen::parse(text).expect(text).0;
            assert_eq!(parsed.map(|address| address.to_string()).as_deref(), listen);
        }
        assert!(PortalListen::parse("70000").is_err());
    }

    #[test]
    fn a_route_is_a_path() {
        assert!(Route::parse("/v1/portal/iserver/reauthenticate?force=true").is_ok());
        for text in ["v1/api/tickle", "https://elsewhere/", "/a b", ""] {
            assert!(Route::parse(text).is_err(), "{text}");
        }
    }
}
