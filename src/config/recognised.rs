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
}

/// All of them, in the order of the reference page.
pub static RECOGNISED: &[Recognised] = &[
    Recognised {
        variables: &[],
        ini: &["ExitAfterSecondFactorAuthenticationTimeout"],
        secret: false,
        idle: &["no", "false"],
    },
    Recognised {
        variables: &["SAVE_TWS_SETTINGS"],
        ini: &["SaveTwsSettingsAt"],
        secret: false,
        idle: &[],
    },
    Recognised {
        variables: &[],
        ini: &["StoreSettingsOnServer"],
        secret: false,
        idle: &["no", "false"],
    },
    Recognised {
        variables: &[],
        ini: &["MinimizeMainWindow"],
        secret: false,
        idle: &["no", "false"],
    },
    Recognised {
        variables: &[],
        ini: &["ShowAllTrades"],
        secret: false,
        idle: &["no", "false"],
    },
    Recognised {
        variables: &["IBEAM_ACCOUNT"],
        ini: &[],
        secret: false,
        idle: &[],
    },
    Recognised {
        variables: &["IBEAM_PASSWORD"],
        ini: &[],
        secret: true,
        idle: &[],
    },
    Recognised {
        variables: &["IBEAM_KEY"],
        ini: &[],
        secret: true,
        idle: &[],
    },
    Recognised {
        variables: &["IBEAM_PYOTP_SECRET"],
        ini: &[],
        secret: true,
        idle: &[],
    },
    Recognised {
        variables: &[],
        ini: &["LogStructureScope"],
        secret: false,
        idle: &["known"],
    },
    Recognised {
        variables: &[],
        ini: &["LogStructureWhen"],
        secret: false,
        idle: &["never"],
    },
    Recognised {
        variables: &[],
        ini: &["IncludeStackTraceForExceptions"],
        secret: false,
        idle: &["no", "false"],
    },
];
