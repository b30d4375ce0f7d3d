//! The API relay.

use std::net::IpAddr;

use crate::config::values::{ClientCount, Networks, PemFile, Port, Seconds, WhenNotReady};

settings! {
    Relay

    relay_address: IpAddr {
        variables: ["GATEHAND_RELAY_ADDRESS"],
        ini: [],
        secret: false,
        default: "127.0.0.1",
        help: "Address on which the relay serves the API to others. Whoever reaches it can trade.",
    }
    relay_port: Option<Port> {
        variables: ["GATEHAND_RELAY_PORT", "TWS_PORT"],
        ini: [],
        secret: false,
        help: "Port on which the relay serves the API to others. Default: 4003 live, 4004 paper (TWS: 7498, 7499).",
    }
    relay_allow: Option<Networks> {
        variables: ["GATEHAND_RELAY_ALLOW"],
        ini: [],
        secret: false,
        help: "Who may connect to the relay. Default: everybody who reaches it. This machine is let in only if it is named, too.",
    }
    relay_when_not_ready: WhenNotReady {
        variables: ["GATEHAND_RELAY_WHEN_NOT_READY"],
        ini: [],
        secret: false,
        default: "refuse",
        help: "What becomes of API clients that connect while the gateway is not ready: refused, or held until it is.",
    }
    relay_hold_limit: Seconds {
        variables: ["GATEHAND_RELAY_HOLD_LIMIT"],
        ini: [],
        secret: false,
        default: "300",
        help: "The longest that an API client is held.",
    }
    relay_max_clients: ClientCount {
        variables: ["GATEHAND_RELAY_MAX_CLIENTS"],
        ini: [],
        secret: false,
        default: "1024",
        help: "The most API clients at a time, those that are held included. The Gateway itself serves 32.",
    }
    relay_tls_certificate: Option<PemFile> {
        variables: ["GATEHAND_RELAY_TLS_CERTIFICATE"],
        ini: [],
        secret: false,
        help: "Certificate of the relay, with those between it and its CA behind it. With certificate and key, API clients must speak TLS.",
    }
    relay_tls_key: Option<PemFile> {
        variables: ["GATEHAND_RELAY_TLS_KEY"],
        ini: [],
        secret: false,
        help: "Key of the relay's certificate, not encrypted.",
    }
    relay_tls_client_ca: Option<PemFile> {
        variables: ["GATEHAND_RELAY_TLS_CLIENT_CA"],
        ini: [],
        secret: false,
        help: "CA of the API clients' certificates. With it, only clients with such a certificate are served.",
    }
}
