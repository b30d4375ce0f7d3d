//! Addresses and ports.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use rustls::pki_types::ServerName;

use super::{Value, words};

/// A TCP port.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Port(pub(in crate::config) u16);

impl Value for Port {
    const ALLOWED: &'static str = "a port, 1 to 65535";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(port @ 1..) => Ok(Self(port)),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// A TCP port, or none.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct PortOrOff(pub(in crate::config) Option<u16>);

impl Value for PortOrOff {
    const ALLOWED: &'static str = "a port, 1 to 65535; 0: none";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(0) => Ok(Self(None)),
            Ok(port) => Ok(Self(Some(port))),
            Err(_) => Err(Self::ALLOWED),
        }
    }
}

/// Addresses and names of hosts.
#[derive(Clone, Debug)]
pub(in crate::config) struct HostList(pub(in crate::config) Vec<String>);

impl Value for HostList {
    const ALLOWED: &'static str = "IP addresses and host names with commas between them";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let hosts: Vec<String> = text.split(',').map(|host| host.trim().to_owned()).collect();
        let plain = |host: &String| {
            let mut letters = host.chars();
            !host.is_empty() && letters.all(|c| c.is_ascii_alphanumeric() || ".:-_%".contains(c))
        };
        if !hosts.iter().all(plain) {
            return Err(Self::ALLOWED);
        }
        Ok(Self(hosts))
    }
}

impl Value for IpAddr {
    const ALLOWED: &'static str = "an IP address, for instance 127.0.0.1, 0.0.0.0 or ::";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let bare = text
            .strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'))
            .unwrap_or(text);
        if text.eq_ignore_ascii_case("localhost") {
            return Ok(Self::V4(Ipv4Addr::LOCALHOST));
        }
        bare.parse().map_err(|_| Self::ALLOWED)
    }
}

/// An address and port to listen on, or none.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct ListenOrNot(pub(in crate::config) Option<SocketAddr>);

/// Parses `ADDRESS:PORT`, `ADDRESS`, or `PORT` (then on 127.0.0.1); an IPv6 address stands in brackets.
///
/// # Errors
///
/// A text that says what is allowed.
pub fn parse_listen(text: &str, default_port: u16) -> Result<SocketAddr, &'static str> {
    const ALLOWED: &str = "ADDRESS:PORT, for instance 127.0.0.1:5900 or [::]:5900";
    if let Ok(port) = text.parse() {
        return Ok(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    }
    if let Ok(address) = IpAddr::parse(text) {
        return Ok(SocketAddr::new(address, default_port));
    }
    let (address, port) = text.rsplit_once(':').ok_or(ALLOWED)?;
    if address.contains(':') && !address.starts_with('[') {
        return Err(ALLOWED);
    }
    let address = IpAddr::parse(address).map_err(|_| ALLOWED)?;
    Ok(SocketAddr::new(address, port.parse().map_err(|_| ALLOWED)?))
}

impl Value for ListenOrNot {
    const ALLOWED: &'static str = "ADDRESS:PORT, for instance 127.0.0.1:5900 or [::]:5900; none: no port";

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self(None));
        }
        match parse_listen(text, 5900) {
            Ok(address) => Ok(Self(Some(address))),
            Err(_) => Err(<Self as Value>::ALLOWED),
        }
    }
}

/// An address and port of the HTTP server, or none.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct HttpListen(pub(in crate::config) Option<SocketAddr>);

impl Value for HttpListen {
    const ALLOWED: &'static str = "ADDRESS:PORT, for instance 127.0.0.1:6080 or [::]:6080; none: no port";

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self(None));
        }
        let parsed = parse_listen(text, 6080).map_err(|_| <Self as Value>::ALLOWED)?;
        Ok(Self(Some(parsed)))
    }
}

/// What a host is called.
#[derive(Clone, Debug)]
pub(in crate::config) struct Hosts(pub(in crate::config) Vec<String>);

impl Value for Hosts {
    const ALLOWED: &'static str = "host names and IP addresses with commas between them";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let hosts: Vec<String> = text.split(',').map(|host| host.trim().to_owned()).collect();
        let is_host = |host: &String| ServerName::try_from(host.as_str()).is_ok();
        if hosts.iter().all(is_host) {
            Ok(Self(hosts))
        } else {
            Err(Self::ALLOWED)
        }
    }
}

/// The address of a service that is asked for secrets: they travel encrypted, or do not leave the machine.
#[derive(Clone, Debug)]
pub(in crate::config) struct ServiceUrl(pub(in crate::config) String);

impl Value for ServiceUrl {
    const ALLOWED: &'static str = "an https:// address (http:// only for 127.0.0.1, [::1] or localhost)";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (host, encrypted) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (rest, true),
            (_, Some(rest)) => (rest, false),
            _ => return Err(<Self as Value>::ALLOWED),
        };
        let host = host.split('/').next().unwrap_or_default();
        let here = ["127.0.0.1", "[::1]", "localhost"];
        let is_here = here.iter().any(|name| {
            host.strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        });
        if host.is_empty() || !(encrypted || is_here) || !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err(<Self as Value>::ALLOWED);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// Networks, and addresses of single machines.
#[derive(Clone, Debug)]
pub(in crate::config) struct Networks(pub(in crate::config) Vec<IpNet>);

impl Value for Networks {
    const ALLOWED: &'static str =
        "networks and IP addresses with commas between them, for instance 10.0.0.0/8,192.168.1.7,fd00::/8";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let network = |text: &str| {
            let single = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse().or_else(|_| single()).map_err(|_| Self::ALLOWED)
        };
        text.split(',')
            .map(str::trim)
            .map(network)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// A file of TLS.
#[derive(Clone, Debug)]
pub(in crate::config) struct PemFile(pub(in crate::config) PathBuf);

impl Value for PemFile {
    const ALLOWED: &'static str = "the path of a PEM file";

    fn parse(text: &str) -> Result<Self, &'static str> {
        // Not what stands in the file, by mistake.
        if text.chars().any(char::is_control) {
            return Err(<Self as Value>::ALLOWED);
        }
        Ok(Self(text.into()))
    }
}

words! {
    /// What becomes of API clients while the gateway is not ready.
    pub(in crate::config) WhenNotReady: "refuse or hold" {
        /// Nobody listens.
        Refuse = "refuse",
        /// They wait until it is ready.
        Hold = "hold",
    }
}

/// Host and port of Google's metadata server, which speaks http.
#[derive(Clone, Debug)]
pub(in crate::config) struct MetadataHost(pub(in crate::config) String);

impl Value for MetadataHost {
    const ALLOWED: &'static str = "HOST or HOST:PORT, for instance 169.254.169.254";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if text.chars().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(<Self as Value>::ALLOWED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_addresses() {
        for (text, parsed) in [
            ("5901", Ok("127.0.0.1:5901")),
            ("0.0.0.0", Ok("0.0.0.0:5900")),
            ("localhost:1", Ok("127.0.0.1:1")),
            ("[::]:5902", Ok("[::]:5902")),
            ("::1", Ok("[::1]:5900")),
            ("nonsense", Err(())),
            ("127.0.0.1:port", Err(())),
            ("127.0.0.1:70000", Err(())),
        ] {
            let expected = parsed.map(|address| address.parse::<SocketAddr>().unwrap());
            assert_eq!(parse_listen(text, 5900).map_err(|_| ()), expected, "{text}");
        }
    }

    #[test]
    fn hosts_have_names() {
        assert!(Hosts::parse("vnc.example.org, 192.0.2.7,::1").is_ok());
        assert!(Hosts::parse("vnc.example.org,").is_err() && Hosts::parse("a b").is_err());
        assert!(matches!(ListenOrNot::parse("None"), Ok(ListenOrNot(None))));
    }

    #[test]
    fn bounds_hold() {
        assert!(Port::parse("0").is_err() && Port::parse("65536").is_err() && Port::parse("65535").is_ok());
    }

    #[test]
    fn networks_and_single_addresses() {
        let parsed = Networks::parse("10.0.0.0/8, 192.168.1.7,fd00::/8,::1").unwrap();
        let shown: Vec<String> = parsed.0.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.0/8", "192.168.1.7/32", "fd00::/8", "::1/128"]);
        for text in [
            "10.0.0.0/33",
            "10.0.0/8",
            "localhost",
            "10.0.0.0/8,",
            "10.0.0.0/8 ::1",
        ] {
            assert!(Networks::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn secrets_travel_encrypted() {
        for (text, allowed) in [
            ("https://secretmanager.googleapis.com/v1/", true),
            ("http://127.0.0.1:8080/v1", true),
            ("http://localhost", true),
            ("http://localhost.example.org", false),
            ("http://secretmanager.googleapis.com/v1", false),
            ("secretmanager.googleapis.com", false),
            ("https:///v1", false),
        ] {
            assert_eq!(ServiceUrl::parse(text).is_ok(), allowed, "{text}");
        }
        assert!(MetadataHost::parse("127.0.0.1:80").is_ok() && MetadataHost::parse("http://x").is_err());
    }
}
