//! Settings that users bring along from other images and from IBC and that do nothing here yet.

/// A setting that is known from elsewhere but does nothing here yet.
#[derive(Debug)]
pub struct Recognised {
    /// Environment variables.
    pub variables: &'static [&'static str],
    /// Keys of IBC's `config.ini`.
    pub ini: &'static [&'static str],
    /// Whether the value is a secret.
    pub secret: bool,
    /// Values that ask for nothing, and so need no warning.
    pub idle: &'static [&'static str],
    /// Why nothing goes by it.
    pub why: &'static str,
}

/// All of them, in the order of the reference page.
pub static RECOGNISED: &[Recognised] = &[
    Recognised {
        variables: &[],
        ini: &["ExitAfterSecondFactorAuthenticationTimeout"],
        secret: false,
        idle: &["no", "false"],
        why: "IBC's own has given way to `TWOFA_TIMEOUT_ACTION`.",
    },
    Recognised {
        variables: &[],
        ini: &["StoreSettingsOnServer"],
        secret: false,
        idle: &["no", "false"],
        why: "A check box of TWS's login form, which stays as it is: only what is typed there is verified.",
    },
    Recognised {
        variables: &[],
        ini: &["MinimizeMainWindow"],
        secret: false,
        idle: &["no", "false"],
        why: "The main window tells whether the gateway is connected, and must be seen for that.",
    },
    Recognised {
        variables: &[],
        ini: &["ShowAllTrades"],
        secret: false,
        idle: &["no", "false"],
        why: "What TWS shows of trades is for people; API clients ask for executions.",
    },
    Recognised {
        variables: &["IBEAM_KEY"],
        ini: &[],
        secret: true,
        idle: &[],
        why: "For the Client Portal Gateway, which is not run yet.",
    },
    Recognised {
        variables: &["IBEAM_PYOTP_SECRET"],
        ini: &[],
        secret: true,
        idle: &[],
        why: "For the Client Portal Gateway, which is not run yet.",
    },
    Recognised {
        variables: &["IBEAM_CHROME_DRIVER_PATH"],
        ini: &[],
        secret: false,
        idle: &[],
        why: "No driver is needed: the browser is looked at and worked like any window.",
    },
    Recognised {
        variables: &["IBEAM_GATEWAY_PROCESS_MATCH"],
        ini: &[],
        secret: false,
        idle: &[],
        why: "The gateway is started and ended as a process of gatehand's own; no other is looked for.",
    },
    Recognised {
        variables: &["IBEAM_SPAWN_NEW_PROCESSES"],
        ini: &[],
        secret: false,
        idle: &["no", "false"],
        why: "How IBeam runs its own jobs.",
    },
    Recognised {
        variables: &["IBEAM_REQUEST_RETRIES"],
        ini: &[],
        secret: false,
        idle: &["2"],
        why: "A question that was not answered is asked again when it matters, not at once.",
    },
    Recognised {
        variables: &["IBEAM_RESTART_FAILED_SESSIONS"],
        ini: &[],
        secret: false,
        idle: &["yes", "true"],
        why: "A session that does not come is asked for anew, then the gateway is started anew.",
    },
    Recognised {
        variables: &["IBEAM_RESTART_WAIT"],
        ini: &[],
        secret: false,
        idle: &["15"],
        why: "The gateway's process is known to have ended before the next one is started.",
    },
    Recognised {
        variables: &["IBEAM_ROUTE_AUTH_STATUS"],
        ini: &[],
        secret: false,
        idle: &["/v1/api/iserver/auth/status"],
        why: "Only the answer to `/tickle` counts, as for IBeam itself.",
    },
    Recognised {
        variables: &["IBEAM_MANUAL_INPUT_VARIABLES"],
        ini: &[],
        secret: false,
        idle: &["[]"],
        why: "IBeam looks it up under a name that nothing sets.",
    },
    Recognised {
        variables: &[],
        ini: &["LogStructureScope"],
        secret: false,
        idle: &["known"],
        why: "About Java components, of which gatehand sees the pixels only; evidence and the flight recorder are there instead.",
    },
    Recognised {
        variables: &[],
        ini: &["LogStructureWhen"],
        secret: false,
        idle: &["never"],
        why: "About Java components, of which gatehand sees the pixels only; evidence and the flight recorder are there instead.",
    },
    Recognised {
        variables: &[],
        ini: &["IncludeStackTraceForExceptions"],
        secret: false,
        idle: &["no", "false"],
        why: "IBC's own exceptions.",
    },
];
