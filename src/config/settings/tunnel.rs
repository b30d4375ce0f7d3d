//! The SSH tunnel.

use crate::config::secret::Secret;
use crate::config::values::{AliveCount, Port, Seconds, TunnelUse, Words};

settings! {
    Tunnel

    ssh_tunnel: TunnelUse {
        variables: ["GATEHAND_SSH_TUNNEL", "SSH_TUNNEL"],
        ini: [],
        secret: false,
        default: "no",
        help: "Have the system's `ssh` open a port on an SSH server that leads to the gateway's API, with the keys in `~/.ssh`. `yes`: instead of the relay; `both`: beside it.",
    }
    ssh_user_tunnel: Option<Words> {
        variables: ["GATEHAND_SSH_USER_TUNNEL", "SSH_USER_TUNNEL"],
        ini: [],
        secret: false,
        help: "The SSH server, as `user@server`.",
    }
    ssh_remote_port: Option<Port> {
        variables: ["GATEHAND_SSH_REMOTE_PORT", "SSH_REMOTE_PORT"],
        ini: [],
        secret: false,
        help: "The port on the SSH server, at its 127.0.0.1. Of two gateways it is that of the live one. Default: the gateway's API port.",
    }
    ssh_vnc_port: Option<Port> {
        variables: ["GATEHAND_SSH_VNC_PORT", "SSH_VNC_PORT"],
        ini: [],
        secret: false,
        help: "Port on the SSH server that leads to the viewer endpoint, when there is one; of two gateways, the paper one has the next port. Default: none does.",
    }
    ssh_options: Option<Words> {
        variables: ["GATEHAND_SSH_OPTIONS", "SSH_OPTIONS"],
        ini: [],
        secret: false,
        help: "More options for `ssh`, quoted as for a shell. The server's key must be in `~/.ssh/known_hosts`, unless one says otherwise.",
    }
    ssh_passphrase: Option<Secret> {
        variables: ["GATEHAND_SSH_PASSPHRASE", "SSH_PASSPHRASE"],
        ini: [],
        secret: true,
        help: "Pass phrase of the keys.",
    }
    ssh_alive_interval: Seconds {
        variables: ["GATEHAND_SSH_ALIVE_INTERVAL", "SSH_ALIVE_INTERVAL"],
        ini: [],
        secret: false,
        default: "20",
        help: "How long the SSH server may be silent before it is asked whether it is there.",
    }
    ssh_alive_count: AliveCount {
        variables: ["GATEHAND_SSH_ALIVE_COUNT", "SSH_ALIVE_COUNT"],
        ini: [],
        secret: false,
        default: "3",
        help: "How often it is asked in vain before the tunnel is taken for broken.",
    }
    ssh_restart: Seconds {
        variables: ["GATEHAND_SSH_RESTART", "SSH_RESTART"],
        ini: [],
        secret: false,
        default: "5",
        help: "Pause before a tunnel that broke is opened again.",
    }
}
