//! The gateway's installation and process.

use std::path::PathBuf;

use crate::config::values::{ClientId, HeapSize, Port, TimeZone, Version};

settings! {
    Gateway

    tws_path: Option<PathBuf> {
        variables: ["GATEHAND_TWS_PATH", "TWS_PATH"],
        ini: [],
        secret: false,
        help: "Folder that holds the installation, `ibgateway/VERSION` or `VERSION`; without it there, `/opt/Jts` is looked into. Default: `~/Jts`.",
    }
    version: Option<Version> {
        variables: ["GATEHAND_VERSION", "TWS_MAJOR_VRSN", "IB_GATEWAY_VERSION"],
        ini: [],
        secret: false,
        help: "Installed version to run. Default: the newest.",
    }
    settings_path: Option<PathBuf> {
        variables: ["GATEHAND_SETTINGS_PATH", "TWS_SETTINGS_PATH"],
        ini: ["IbDir"],
        secret: false,
        help: "Folder for the gateway's settings. Default: that of `tws_path`.",
    }
    java_heap_size: Option<HeapSize> {
        variables: ["GATEHAND_JAVA_HEAP_SIZE", "JAVA_HEAP_SIZE"],
        ini: [],
        secret: false,
        help: "Heap of the gateway's JVM in MiB. Default: as in the installation, normally 768; less where a memory limit, such as a container has, leaves less.",
    }
    time_zone: Option<TimeZone> {
        variables: ["GATEHAND_TIME_ZONE", "TIME_ZONE", "TZ", "IB_TIMEZONE"],
        ini: [],
        secret: false,
        help: "Time zone of the gateway. Default: as in `jts.ini`, and `Etc/UTC` in a new one.",
    }
    api_port: Option<Port> {
        variables: ["GATEHAND_API_PORT"],
        ini: ["OverrideTwsApiPort"],
        secret: false,
        help: "Port on which the gateway serves its API: it is moved there when its configuration window shows another one. Default: 4001 live, 4002 paper (TWS: 7496, 7497), and no port is moved.",
    }
    probe_client_id: Option<ClientId> {
        variables: ["GATEHAND_PROBE_CLIENT_ID"],
        ini: [],
        secret: false,
        help: "Client id with which gatehand itself stays connected to the API, to know accounts and time, and at once when the connection is lost. One that no client of yours has. Default: none, and a handshake every 30 s.",
    }
}
