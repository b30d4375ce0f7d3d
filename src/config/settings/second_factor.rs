//! The second factor.

use crate::config::values::{CodeMethod, DeviceToken, OnTimeout, Pairs, Seconds, TotpKey, Url};

settings! {
    SecondFactor

    totp_key: Option<TotpKey> {
        variables: ["GATEHAND_TOTP_KEY", "TWOFACTOR_CODE", "TOTP_KEY", "IBEAM_PYOTP_SECRET"],
        ini: [],
        secret: true,
        help: "Key of the time-based codes for the second factor.",
    }
    code_command: Option<String> {
        variables: ["GATEHAND_CODE_COMMAND"],
        ini: [],
        secret: false,
        help: "A command that prints a one-time code, run by `/bin/sh` when a window asks for a code and no key makes it, up to three times for one window.",
    }
    code_url: Option<Url> {
        variables: ["GATEHAND_CODE_URL", "IBEAM_EXTERNAL_REQUEST_URL"],
        ini: [],
        secret: true,
        help: "A service that answers such a request with a one-time code, as text. Use https: whoever reads the code on its way may log in.",
    }
    code_method: CodeMethod {
        variables: ["GATEHAND_CODE_METHOD", "IBEAM_EXTERNAL_REQUEST_METHOD"],
        ini: [],
        secret: false,
        default: "GET",
        help: "How the service is asked.",
    }
    code_params: Option<Pairs> {
        variables: ["GATEHAND_CODE_PARAMS", "IBEAM_EXTERNAL_REQUEST_PARAMS"],
        ini: [],
        secret: true,
        help: "What is added to the service's address, behind the question mark.",
    }
    code_headers: Option<Pairs> {
        variables: ["GATEHAND_CODE_HEADERS", "IBEAM_EXTERNAL_REQUEST_HEADERS"],
        ini: [],
        secret: true,
        help: "Headers of the request to the service, for instance its authorization.",
    }
    code_data: Option<Pairs> {
        variables: ["GATEHAND_CODE_DATA", "IBEAM_EXTERNAL_REQUEST_DATA"],
        ini: [],
        secret: true,
        help: "A form that is sent to the service, by POST.",
    }
    code_limit: Seconds {
        variables: ["GATEHAND_CODE_LIMIT", "IBEAM_EXTERNAL_REQUEST_TIMEOUT"],
        ini: [],
        secret: false,
        default: "300",
        help: "Time for the command or the service to give a code.",
    }
    second_factor_device: Option<String> {
        variables: ["GATEHAND_SECOND_FACTOR_DEVICE", "TWOFA_DEVICE"],
        ini: ["SecondFactorDevice"],
        secret: false,
        help: "Second-factor device: the text of its row in the list.",
    }
    second_factor_token: Option<DeviceToken> {
        variables: ["GATEHAND_SECOND_FACTOR_TOKEN"],
        ini: [],
        secret: true,
        secret_file: "ib_token_2fa",
        help: "Token of the second-factor device that was chosen once, as `gatehand twofa-token` prints it: it is written into `jts.ini` at the start.",
    }
    prefer_ib_key: bool {
        variables: ["GATEHAND_PREFER_IB_KEY", "IB_PREFER_IBKEY"],
        ini: [],
        secret: false,
        default: "no",
        help: "Choose the device `IB Key`, when no other is named.",
    }
    second_factor_limit: Seconds {
        variables: ["GATEHAND_SECOND_FACTOR_LIMIT"],
        ini: ["SecondFactorAuthenticationTimeout"],
        secret: false,
        default: "180",
        help: "Time to confirm the second factor.",
    }
    second_factor_grace: Seconds {
        variables: ["GATEHAND_SECOND_FACTOR_GRACE", "TWOFA_EXIT_INTERVAL"],
        ini: ["SecondFactorAuthenticationExitInterval"],
        secret: false,
        default: "60",
        help: "Time after the confirmation for the login to complete.",
    }
    second_factor_on_timeout: OnTimeout {
        variables: ["GATEHAND_SECOND_FACTOR_ON_TIMEOUT", "TWOFA_TIMEOUT_ACTION"],
        ini: [],
        secret: false,
        default: "exit",
        help: "What to do when nobody confirmed the second factor in time.",
    }
    second_factor_relogin: bool {
        variables: ["GATEHAND_SECOND_FACTOR_RELOGIN", "RELOGIN_AFTER_TWOFA_TIMEOUT"],
        ini: ["ReloginAfterSecondFactorAuthenticationTimeout"],
        secret: false,
        default: "no",
        help: "Log in again in the same gateway when nobody confirmed the second factor in time.",
    }
    read_only_login: bool {
        variables: ["GATEHAND_READ_ONLY_LOGIN"],
        ini: ["ReadOnlyLogin"],
        secret: false,
        default: "no",
        help: "Press `Enter Read Only` instead of giving a second factor, where TWS offers it.",
    }
}
