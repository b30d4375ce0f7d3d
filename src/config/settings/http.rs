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
        help: "Address and port of health checks, status, metrics, events and commands over HTTP, for all gateways of this process.",
    }
    http_token: Option<BearerToken> {
        variables: ["GATEHAND_HTTP_TOKEN"],
        ini: [],
        secret: true,
        help: "Token for everything there but the health checks. Without it, nothing else is served.",
    }
    http_open_metrics: bool {
        variables: ["GATEHAND_HTTP_OPEN_METRICS"],
        ini: [],
        secret: false,
        default: "no",
        help: "Whether `/metrics` is served without the token.",
    }
    http_hosts: Option<Hosts> {
        variables: ["GATEHAND_HTTP_HOSTS"],
        ini: [],
        secret: false,
        help: "What callers may call this host in a request, beside addresses, names without a dot and localhost: a page cannot reach the port by a name of its own.",
    }
    novnc: PathBuf {
        variables: ["GATEHAND_NOVNC"],
        ini: [],
        secret: false,
        default: "/usr/share/novnc",
        help: "Folder of noVNC, which shows the screen on the viewer page.",
    }
}
