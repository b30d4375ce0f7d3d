//! The address of a Client Portal Gateway.

use std::fmt;

use rustls::pki_types::ServerName;

use super::Value;

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
}
