//! The Client Portal Gateway.

use crate::config::values::{PemFile, PortalAddress, Seconds};

settings! {
    Portal

    portal_url: PortalAddress {
        variables: ["GATEHAND_PORTAL_URL", "IBEAM_GATEWAY_BASE_URL"],
        ini: [],
        secret: false,
        default: "https://localhost:5000",
        help: "Address of the Client Portal Gateway.",
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
}
