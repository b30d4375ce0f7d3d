//! The HTTP port.

use std::path::PathBuf;

use crate::config::values::{BearerToken, Hosts, HttpListen};

settings! {
    Http

    http_listen: HttpListen {
        variables: ["GATEHAND_HTTP_LISTEN"],
        ini: [],
        secret: false,
        default: "127.0.0.1:6080",
        help: "Address and port of health checks, status, events, commands and the viewer page over HTTP, for all gateways of this process.",
    }
    http_token: Option<BearerToken> {
        variables: ["GATEHAND_HTTP_TOKEN"],
        ini: [],
        secret: true,
        help: "Token for everything there but the health checks. Without it, nothing else is told, and nobody can sign in at the page.",
    }
    http_hosts: Option<Hosts> {
        variables: ["GATEHAND_HTTP_HOSTS"],
        ini: [],
        secret: false,
        help: "What callers may call this host in a request, beside addresses, names without a dot and localhost: a page cannot reach the port by a name of its own.",
    }
    http_open_metrics: bool {
        variables: ["GATEHAND_HTTP_OPEN_METRICS"],
        ini: [],
        secret: false,
        default: "no",
        help: "Tell `/metrics` to everybody who reaches the port, without the token.",
    }
    novnc: PathBuf {
        variables: ["GATEHAND_NOVNC"],
        ini: [],
        secret: false,
        default: "/usr/share/novnc",
        help: "Folder of noVNC, which shows the screen on the viewer page.",
    }
}
