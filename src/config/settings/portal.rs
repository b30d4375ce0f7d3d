//! The Client Portal Gateway.

use std::path::PathBuf;

use crate::config::secret::Secret;
use crate::config::values::{
    AllowedAddresses, FernetKey, LoginCount, OnCompeting, PemFile, PortalAddress, PortalListen, Reauthentications, Route,
    Seconds, Words,
};

settings! {
    Portal

    portal: bool {
        variables: ["GATEHAND_PORTAL"],
        ini: [],
        secret: false,
        default: "no",
        help: "Have `gatehand run` start the Client Portal Gateway as well, beside the gateway with windows, with one budget of logins and pushes for both.",
    }
    portal_url: Option<PortalAddress> {
        variables: ["GATEHAND_PORTAL_URL", "IBEAM_GATEWAY_BASE_URL"],
        ini: [],
        secret: false,
        help: "Address of the Client Portal Gateway. Without it, the one that its `conf.yaml` gives it, or `https://localhost:5000`.",
    }
    portal_certificate: Option<PemFile> {
        variables: ["GATEHAND_PORTAL_CERTIFICATE"],
        ini: [],
        secret: false,
        help: "Certificate that the Client Portal Gateway shows, or that of its CA, in the place of the one that IBKR ships with it.",
    }
    portal_request_limit: Seconds {
        variables: ["GATEHAND_PORTAL_REQUEST_LIMIT", "IBEAM_REQUEST_TIMEOUT"],
        ini: [],
        secret: false,
        default: "15",
        help: "Seconds for each request to the Client Portal Gateway: without IBKR behind it, it never answers.",
    }
    portal_user: Option<String> {
        variables: ["GATEHAND_PORTAL_USER", "IBEAM_ACCOUNT"],
        ini: [],
        secret: false,
        help: "User name for the Client Portal Gateway, when it is not `user`. Without one, the login is left to a human at the gateway's own page.",
    }
    portal_password: Option<Secret> {
        variables: ["GATEHAND_PORTAL_PASSWORD", "IBEAM_PASSWORD"],
        ini: [],
        secret: true,
        help: "Password that goes with `portal_user`.",
    }
    portal_key: Option<FernetKey> {
        variables: ["GATEHAND_PORTAL_KEY", "IBEAM_KEY"],
        ini: [],
        secret: true,
        help: "Fernet key with which `portal_password` is encrypted. It protects only where it stands apart from it.",
    }
    portal_folder: PathBuf {
        variables: ["GATEHAND_PORTAL_FOLDER", "IBEAM_GATEWAY_DIR"],
        ini: [],
        secret: false,
        default: "/srv/clientportal.gw",
        help: "Folder of the Client Portal Gateway, as its archive unpacks. Nothing is written there.",
    }
    portal_java: Option<PathBuf> {
        variables: ["GATEHAND_PORTAL_JAVA"],
        ini: [],
        secret: false,
        help: "Program that runs the Client Portal Gateway. Without it, `java` in JAVA_HOME or in PATH.",
    }
    portal_jvm_options: Words {
        variables: ["GATEHAND_PORTAL_JVM_OPTIONS"],
        ini: [],
        secret: false,
        default: "-Xmx96m -XX:+UseSerialGC",
        help: "Options of the virtual machine that runs the Client Portal Gateway, as a shell splits them.",
    }
    portal_inputs: PathBuf {
        variables: ["GATEHAND_PORTAL_INPUTS", "IBEAM_INPUTS_DIR"],
        ini: [],
        secret: false,
        default: "/srv/inputs",
        help: "Folder of files for the Client Portal Gateway: `conf.yaml`, which is used as it is, the key store that it names, and `cacert.pem`, the certificate that is then believed.",
    }
    portal_allow: AllowedAddresses {
        variables: ["GATEHAND_PORTAL_ALLOW"],
        ini: [],
        secret: false,
        default: "none",
        help: "Addresses that the Client Portal Gateway serves beside those of this machine and of the network's gateway, with commas between them; `*` stands for any part, as in `10.*.*.*`.",
    }
    portal_startup_limit: Seconds {
        variables: ["GATEHAND_PORTAL_STARTUP_LIMIT", "IBEAM_GATEWAY_STARTUP"],
        ini: [],
        secret: false,
        default: "20",
        help: "Seconds for the Client Portal Gateway to listen after its start, before it is started anew.",
    }
    portal_interval: Seconds {
        variables: ["GATEHAND_PORTAL_INTERVAL", "IBEAM_MAINTENANCE_INTERVAL"],
        ini: [],
        secret: false,
        default: "60",
        help: "Seconds from one question for the session to the next. IBKR ends a session that nobody asks for within some minutes.",
    }
    portal_session_limit: Seconds {
        variables: ["GATEHAND_PORTAL_SESSION_LIMIT", "IBEAM_MAX_STATUS_CHECK_RETRIES"],
        ini: [],
        secret: false,
        default: "120",
        help: "Seconds for a brokerage session to come after it was asked for.",
    }
    portal_silence_limit: Seconds {
        variables: ["GATEHAND_PORTAL_SILENCE_LIMIT"],
        ini: [],
        secret: false,
        default: "600",
        help: "Seconds without an answer from IBKR before the Client Portal Gateway is started anew, as requests that were never answered may keep it from asking again. By then IBKR has ended the session anyway.",
    }
    portal_reauthentications: Reauthentications {
        variables: ["GATEHAND_PORTAL_REAUTHENTICATIONS", "IBEAM_MAX_REAUTHENTICATE_RETRIES"],
        ini: [],
        secret: false,
        default: "3",
        help: "How often a brokerage session is asked for anew before the Client Portal Gateway is started anew.",
    }
    portal_competing: OnCompeting {
        variables: ["GATEHAND_PORTAL_COMPETING"],
        ini: [],
        secret: false,
        default: "wait",
        help: "What to do when the user has a brokerage session elsewhere: `wait` for its end, `take-over`, at most twice within an hour, or `give-up`, which ends this one.",
    }
    portal_failed_logins: LoginCount {
        variables: ["GATEHAND_PORTAL_FAILED_LOGINS", "IBEAM_MAX_FAILED_AUTH"],
        ini: [],
        secret: false,
        default: "5",
        help: "Logins in a row that come to no end that tells anything, before a human is waited for. Credentials that are refused are never submitted twice.",
    }
    portal_start_active: bool {
        variables: ["GATEHAND_PORTAL_START_ACTIVE", "IBEAM_START_ACTIVE"],
        ini: [],
        secret: false,
        default: "yes",
        help: "Start the Client Portal Gateway at once; else when it is activated.",
    }
    portal_listen: PortalListen {
        variables: ["GATEHAND_PORTAL_LISTEN", "IBEAM_HEALTH_SERVER_PORT"],
        ini: [],
        secret: false,
        default: "127.0.0.1:5001",
        help: "Address and port of what IBeam serves: `/livez`, `/readyz`, `/activate`, `/deactivate`. A port alone is one on all addresses.",
    }
    portal_open_activation: bool {
        variables: ["GATEHAND_PORTAL_OPEN_ACTIVATION"],
        ini: [],
        secret: false,
        default: "no",
        help: "Take `GET /activate` and `GET /deactivate` there without a token, as IBeam does: whoever reaches the port can then end the session. Else they are `POST`, with the token of the HTTP port.",
    }
    portal_route_tickle: Route {
        variables: ["GATEHAND_PORTAL_ROUTE_TICKLE", "IBEAM_ROUTE_TICKLE"],
        ini: [],
        secret: false,
        default: "/v1/api/tickle",
        help: "Where the Client Portal Gateway is asked for its session.",
    }
    portal_route_validate: Route {
        variables: ["GATEHAND_PORTAL_ROUTE_VALIDATE", "IBEAM_ROUTE_VALIDATE"],
        ini: [],
        secret: false,
        default: "/v1/portal/sso/validate",
        help: "Where it is asked whether the login is valid.",
    }
    portal_route_initialise: Route {
        variables: ["GATEHAND_PORTAL_ROUTE_INITIALISE", "IBEAM_ROUTE_INITIALISE"],
        ini: [],
        secret: false,
        default: "/v1/api/iserver/auth/ssodh/init",
        help: "Where it is asked for a brokerage session.",
    }
    portal_route_reauthenticate: Route {
        variables: ["GATEHAND_PORTAL_ROUTE_REAUTHENTICATE", "IBEAM_ROUTE_REAUTHENTICATE"],
        ini: [],
        secret: false,
        default: "/v1/portal/iserver/reauthenticate?force=true",
        help: "Where it is asked for one anew.",
    }
    portal_route_logout: Route {
        variables: ["GATEHAND_PORTAL_ROUTE_LOGOUT", "IBEAM_ROUTE_LOGOUT"],
        ini: [],
        secret: false,
        default: "/v1/api/logout",
        help: "Where it is asked for the end of the session.",
    }
}
