//! The viewers' port.

use std::path::PathBuf;

use crate::config::values::{
    Hosts, LegacyPassword, ListenOrNot, PemFile, Seconds, ViewerCount, ViewerPassword, VncPassword,
};

settings! {
    Viewers

    vnc_password: Option<ViewerPassword> {
        variables: ["GATEHAND_VNC_PASSWORD", "VNC_SERVER_PASSWORD", "VNC_PASSWORD", "IBGA_VNC_PASSWORD"],
        ini: [],
        secret: true,
        help: "Password for viewers. Without any viewer password no viewer is served. `generate`: a random one, kept in `viewers/password` in the state folder.",
    }
    vnc_view_password: Option<VncPassword> {
        variables: ["GATEHAND_VNC_VIEW_PASSWORD"],
        ini: [],
        secret: true,
        help: "Password for viewers that may only look.",
    }
    vnc_legacy_password: Option<LegacyPassword> {
        variables: ["GATEHAND_VNC_LEGACY_PASSWORD", "VNC_LEGACY_PASSWORD"],
        ini: [],
        secret: true,
        help: "Password for viewers that know VNC authentication only, in the place of a longer one. No other way takes it.",
    }
    vnc_no_password: bool {
        variables: ["GATEHAND_VNC_NO_PASSWORD"],
        ini: [],
        secret: false,
        default: "no",
        help: "Whether everybody who reaches the port may look and type. Only where that is this machine alone.",
    }
    vnc_view_only: bool {
        variables: ["GATEHAND_VNC_VIEW_ONLY"],
        ini: [],
        secret: false,
        default: "no",
        help: "Whether no viewer may do more than look.",
    }
    vnc_legacy_truncate: bool {
        variables: ["GATEHAND_VNC_LEGACY_TRUNCATE"],
        ini: [],
        secret: false,
        default: "no",
        help: "Whether VNC authentication, which compares 8 bytes, serves for longer passwords as well. Other images do that without a word.",
    }
    vnc_listen: ListenOrNot {
        variables: ["GATEHAND_VNC_LISTEN"],
        ini: [],
        secret: false,
        default: "127.0.0.1:5900",
        help: "Address and port for viewers.",
    }
    vnc_web_listen: ListenOrNot {
        variables: ["GATEHAND_VNC_WEB_LISTEN"],
        ini: [],
        secret: false,
        default: "none",
        help: "Address and port for viewers in browsers, as noVNC: WebSocket at `/websockify`; `wss:` where viewers are offered TLS.",
    }
    vnc_web_hosts: Option<Hosts> {
        variables: ["GATEHAND_VNC_WEB_HOSTS"],
        ini: [],
        secret: false,
        help: "Hosts whose pages may connect to that port, beside the one that is connected to.",
    }
    vnc_socket: Option<PathBuf> {
        variables: ["GATEHAND_VNC_SOCKET"],
        ini: [],
        secret: false,
        help: "Socket for viewers in the file system, which only the same user can open.",
    }
    vnc_tls: bool {
        variables: ["GATEHAND_VNC_TLS"],
        ini: [],
        secret: false,
        default: "no",
        help: "Whether viewers are offered TLS with a certificate of gatehand's own, kept in `viewers/tls.pem` in the state folder.",
    }
    vnc_tls_names: Option<Hosts> {
        variables: ["GATEHAND_VNC_TLS_NAMES"],
        ini: [],
        secret: false,
        help: "What viewers call this host, beside localhost and its own name: the certificate is for these as well.",
    }
    vnc_tls_certificate: Option<PemFile> {
        variables: ["GATEHAND_VNC_TLS_CERTIFICATE"],
        ini: [],
        secret: false,
        help: "Certificate for viewers in the place of gatehand's own, with those between it and its CA behind it.",
    }
    vnc_tls_key: Option<PemFile> {
        variables: ["GATEHAND_VNC_TLS_KEY"],
        ini: [],
        secret: false,
        help: "Key of that certificate, not encrypted.",
    }
    vnc_take_over: Seconds {
        variables: ["GATEHAND_VNC_TAKE_OVER"],
        ini: [],
        secret: false,
        default: "30",
        help: "How long gatehand keeps its hands off after a key or click at a viewer. `gatehand resume` ends it at once.",
    }
    vnc_max_viewers: ViewerCount {
        variables: ["GATEHAND_VNC_MAX_VIEWERS"],
        ini: [],
        secret: false,
        default: "32",
        help: "The most viewers at a time.",
    }
    vnc_idle_limit: Option<Seconds> {
        variables: ["GATEHAND_VNC_IDLE_LIMIT"],
        ini: [],
        secret: false,
        help: "How long a viewer may stay without a key or the pointer. Default: as long as it likes.",
    }
    vnc_time_limit: Option<Seconds> {
        variables: ["GATEHAND_VNC_TIME_LIMIT"],
        ini: [],
        secret: false,
        help: "How long a viewer may stay. Default: as long as it likes.",
    }
}
