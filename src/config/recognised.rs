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
        variables: &["IBEAM_MAX_PRESUBMIT_BUFFER"],
        ini: &[],
        secret: false,
        idle: &["30"],
        why: "Credentials that were refused are not submitted again, so no pause grows.",
    },
    Recognised {
        variables: &["IBEAM_MAX_IMMEDIATE_ATTEMPTS"],
        ini: &[],
        secret: false,
        idle: &["10"],
        why: "One login submits the credentials once, and once more for a user of the other mode.",
    },
    Recognised {
        variables: &["IBEAM_PYOTP_EXPIRY_BUFFER_SECONDS"],
        ini: &[],
        secret: false,
        idle: &["8"],
        why: "A code that is about to change is never typed.",
    },
    Recognised {
        variables: &["IBEAM_PYOTP_RETRY_DELAY_SECONDS"],
        ini: &[],
        secret: false,
        idle: &["2"],
        why: "Another code is typed as soon as there is one: the same one would be refused again.",
    },
    Recognised {
        variables: &["IBEAM_TWO_FA_EL_ID"],
        ini: &[],
        secret: false,
        idle: &["ID@@twofactbase"],
        why: "The field, the list and the notice are looked for themselves, not what is around them.",
    },
    Recognised {
        variables: &["IBEAM_CUSTOM_TWO_FA_HANDLER"],
        ini: &[],
        secret: false,
        idle: &["custom_two_fa_handler.CustomTwoFaHandler"],
        why: "Classes of Python are not run: `GATEHAND_CODE_COMMAND` gives codes.",
    },
    Recognised {
        variables: &[
            "IBEAM_GOOG_QR_CODE_CLASS",
            "IBEAM_GOOG_QR_CODE_DATA",
            "IBEAM_GOOG_AUTH_REMEMBER_CLASS",
            "IBEAM_GOOG_MESSAGES_LIST_CLASS",
            "IBEAM_GOOG_2FA_HEADING",
            "IBEAM_GOOG_MESSAGE_CLICK_RETRIES",
        ],
        ini: &[],
        secret: false,
        idle: &[],
        why: "Messages are not read in a second browser: `GATEHAND_CODE_COMMAND` gives codes.",
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
