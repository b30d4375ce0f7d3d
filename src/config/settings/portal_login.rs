//! The login at the Client Portal Gateway, in a browser.

use crate::config::values::{PortalBrowser, Seconds};

settings! {
    PortalLogin

    portal_browser: PortalBrowser {
        variables: ["GATEHAND_PORTAL_BROWSER"],
        ini: [],
        secret: false,
        default: "surf",
        help: "Browser that shows the login page. It runs for the login alone.",
    }
    portal_login_path: String {
        variables: ["GATEHAND_PORTAL_LOGIN_PATH", "IBEAM_ROUTE_AUTH"],
        ini: [],
        secret: false,
        default: "/sso/Login?forwardTo=22&RL=1&ip2loc=on",
        help: "Path of the login page.",
    }
    portal_paper: bool {
        variables: ["GATEHAND_PORTAL_PAPER", "IBEAM_USE_PAPER_ACCOUNT"],
        ini: [],
        secret: false,
        default: "no",
        help: "Turn the login page's switch to paper trading.",
    }
    portal_load_limit: Seconds {
        variables: ["GATEHAND_PORTAL_LOAD_LIMIT", "IBEAM_PAGE_LOAD_TIMEOUT"],
        ini: [],
        secret: false,
        default: "30",
        help: "Seconds for the login page to show its form.",
    }
    portal_answer_limit: Seconds {
        variables: ["GATEHAND_PORTAL_ANSWER_LIMIT", "IBEAM_OAUTH_TIMEOUT"],
        ini: [],
        secret: false,
        default: "30",
        help: "Seconds for IBKR to answer what was submitted.",
    }
}
