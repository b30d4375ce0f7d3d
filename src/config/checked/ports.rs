//! Ports: the gateway's own, the relay's.

use super::Instance;
use crate::config::error::{ConfigError, Origin};
use crate::config::values::{Port, Program};
use crate::config::written::RawSettings;

/// Variables and files that tell which image a user comes from, and the port on which that one serves the API to
/// others, whatever the mode.
const PORTS_OF_IMAGES: [(&str, u16); 4] = [
    ("TWSUSERID", 4002),
    ("IB_LIVE_USERNAME", 4002),
    ("IB_PAPER_USERNAME", 4002),
    ("ib_username", 4003),
];

/// Where the API is: inside, and for others.
pub(super) struct ApiPorts {
    /// The gateway's own port.
    pub(super) inside: u16,
    /// The port to move the gateway to, when it is not to stay where it is.
    pub(super) moved: Option<u16>,
    /// The relay's.
    pub(super) outside: u16,
    /// Whether the relay's is the gateway's until that is moved.
    pub(super) outside_is_own: bool,
}

/// An outside port that is the gateway's own moves the gateway to the port of the other mode, unless that one was
/// asked for as well.
pub(super) fn api_ports(
    program: Program,
    of: Instance,
    (api, relay): (Option<Port>, Option<Port>),
    raw: &RawSettings,
    faults: &mut Vec<ConfigError>,
) -> ApiPorts {
    let Instance { mode, is_one_of_two } = of;
    let api = api.map(|port| port.0);
    let inside = api.unwrap_or(program.api_port(mode));
    let outside = relay.map_or_else(
        || {
            let of_image = || port_of_image(raw).filter(|_| program == Program::Gateway && !is_one_of_two);
            of_image().unwrap_or(program.relay_port(mode))
        },
        |port| port.0,
    );
    if inside != outside {
        return ApiPorts {
            inside,
            moved: api,
            outside,
            outside_is_own: api.is_some() && outside == program.api_port(mode),
        };
    }
    if api.is_some() {
        let origin = match raw.origin("relay_port") {
            Origin::Default => raw.origin("api_port"),
            written => written,
        };
        faults.push(ConfigError::RelayOnApiPort {
            origin,
            port: outside,
            other: if outside == 4004 { 4003 } else { 4004 },
        });
    }
    let inside = program.api_port(mode.other());
    ApiPorts {
        inside,
        moved: Some(inside),
        outside,
        outside_is_own: true,
    }
}

fn port_of_image(raw: &RawSettings) -> Option<u16> {
    let origins = ["user", "live_user", "paper_user"].map(|key| raw.origin(key));
    let named = |image: &str| {
        origins.iter().any(|origin| match origin {
            Origin::Environment(name) => name == image,
            Origin::ContentOf { name, .. } | Origin::Held { name, .. } => {
                name.strip_suffix("_FILE").unwrap_or(name) == image
            }
            _ => false,
        })
    };
    PORTS_OF_IMAGES
        .iter()
        .find(|(image, _)| named(image))
        .map(|(_, port)| *port)
}
