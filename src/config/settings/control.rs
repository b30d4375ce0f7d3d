//! IBC's command server.

use std::net::IpAddr;

use crate::config::values::{HostList, PortOrOff};

settings! {
    Control

    command_port: PortOrOff {
        variables: ["GATEHAND_COMMAND_PORT"],
        ini: ["CommandServerPort"],
        secret: false,
        default: "0",
        help: "Port of a command server that speaks as IBC's does: EXIT STOP PAUSE RESTART RECONNECTDATA RECONNECTACCOUNT ENABLEAPI. 0: there is none.",
    }
    command_address: IpAddr {
        variables: ["GATEHAND_COMMAND_ADDRESS"],
        ini: ["BindAddress"],
        secret: false,
        default: "0.0.0.0",
        help: "Address that the command server listens on.",
    }
    control_from: Option<HostList> {
        variables: ["GATEHAND_CONTROL_FROM"],
        ini: ["ControlFrom"],
        secret: false,
        help: "Who may command beside this machine itself.",
    }
    command_prompt: Option<String> {
        variables: ["GATEHAND_COMMAND_PROMPT"],
        ini: ["CommandPrompt"],
        secret: false,
        help: "What the command server says before each command. Default: nothing.",
    }
    suppress_info_messages: bool {
        variables: ["GATEHAND_SUPPRESS_INFO_MESSAGES"],
        ini: ["SuppressInfoMessages"],
        secret: false,
        default: "yes",
        help: "Leave out the command server's lines that begin with INFO.",
    }
}
