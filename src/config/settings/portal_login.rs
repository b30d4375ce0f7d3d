//! The login at the Client Portal Gateway, in a browser.

use std::path::PathBuf;

use crate::config::values::{
    CodeTries, FactorHandler, PathOnServer, Pause, PortalBrowser, Resends, SaidText, Scale, Seconds, Selector,
    SelectorsText,
};

settings! {
    PortalLogin

    portal_browser: PortalBrowser {
        variables: ["GATEHAND_PORTAL_BROWSER"],
        ini: [],
        secret: false,
        default: "surf",
        help: "Browser that shows the login page. It runs for the login alone.",
    }
    portal_report: bool {
        variables: ["GATEHAND_PORTAL_REPORT"],
        ini: [],
        secret: false,
        default: "yes",
        help: "Have a script in the browser tell where on the login page what is, and how much stands in its fields. Without it the page is read from its picture, which does for a login with or without a one-time code, and for no list of devices.",
    }
    portal_selectors: Option<SelectorsText> {
        variables: ["GATEHAND_PORTAL_SELECTORS"],
        ini: [],
        secret: false,
        help: "What on the login page is where, as TOML like that of `src/portal/selectors.toml`; the parts that it names are not looked for otherwise. GATEHAND_PORTAL_SELECTORS_FILE names a file of it.",
    }
    portal_login_path: PathOnServer {
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
        help: "Seconds for the login page to show its form, and for the form to be filled in.",
    }
    portal_answer_limit: Seconds {
        variables: ["GATEHAND_PORTAL_ANSWER_LIMIT", "IBEAM_OAUTH_TIMEOUT"],
        ini: [],
        secret: false,
        default: "30",
        help: "Seconds for IBKR to answer what was submitted.",
    }
    portal_submit_pause: Pause {
        variables: ["GATEHAND_PORTAL_SUBMIT_PAUSE", "IBEAM_MIN_PRESUBMIT_BUFFER"],
        ini: [],
        secret: false,
        default: "0",
        help: "Seconds that a filled form waits before it is submitted.",
    }
    portal_scale: Scale {
        variables: ["GATEHAND_PORTAL_SCALE", "IBEAM_UI_SCALING"],
        ini: [],
        secret: false,
        default: "1",
        help: "How large the browser shows the page.",
    }
    portal_screenshots: bool {
        variables: ["GATEHAND_PORTAL_SCREENSHOTS", "IBEAM_ERROR_SCREENSHOTS"],
        ini: [],
        secret: false,
        default: "no",
        help: "Keep a picture of the page of a login that failed, without what stands in its fields.",
    }
    portal_outputs: Option<PathBuf> {
        variables: ["GATEHAND_PORTAL_OUTPUTS", "IBEAM_OUTPUTS_DIR"],
        ini: [],
        secret: false,
        help: "Folder for these pictures, and for the log's files; else `portal-outputs` in the state folder.",
    }
    portal_log_to_file: bool {
        variables: ["GATEHAND_PORTAL_LOG_TO_FILE", "IBEAM_LOG_TO_FILE"],
        ini: [],
        secret: false,
        default: "no",
        help: "Have `gatehand run` and `gatehand portal run` write the log to a file as well, a new one each day: `ibeam_log__DATE.txt` in `portal_outputs`. None of them is removed.",
    }
    portal_factor: FactorHandler {
        variables: ["GATEHAND_PORTAL_FACTOR", "IBEAM_TWO_FA_HANDLER"],
        ini: [],
        secret: false,
        default: "any",
        help: "What gives the second factor: `PYOTP` the key of the codes, `EXTERNAL_REQUEST` the service of `code_url`, `NOTIFICATION_RESEND` a phone that is notified up to ten times; `any` of what is set.",
    }
    portal_strict_code: bool {
        variables: ["GATEHAND_PORTAL_STRICT_CODE", "IBEAM_STRICT_TWO_FA_CODE"],
        ini: [],
        secret: false,
        default: "yes",
        help: "Take only six digits for a one-time code.",
    }
    portal_code_tries: CodeTries {
        variables: ["GATEHAND_PORTAL_CODE_TRIES", "IBEAM_PYOTP_MAX_RETRIES"],
        ini: [],
        secret: false,
        default: "3",
        help: "How many one-time codes are tried in one login, each another one.",
    }
    portal_device: Option<String> {
        variables: ["GATEHAND_PORTAL_DEVICE", "IBEAM_TWO_FA_SELECT_TARGET"],
        ini: [],
        secret: false,
        help: "Second-factor device, or a part of its name, where the page shows a list; else `second_factor_device`, or `IB Key` when `prefer_ib_key` is set.",
    }
    portal_push_resends: Option<Resends> {
        variables: ["GATEHAND_PORTAL_PUSH_RESENDS", "IBEAM_NOTIFICATION_RESEND_RETRIES"],
        ini: [],
        secret: false,
        help: "How often a phone is notified once more in one login, as far as `pushes_per_hour` and `quiet_hours` let it; else never, or 10 times with `NOTIFICATION_RESEND`.",
    }
    portal_push_resend_interval: Seconds {
        variables: ["GATEHAND_PORTAL_PUSH_RESEND_INTERVAL", "IBEAM_NOTIFICATION_RESEND_INTERVAL"],
        ini: [],
        secret: false,
        default: "10",
        help: "Seconds before it is notified once more.",
    }
    portal_user_element: Option<Selector> {
        variables: ["GATEHAND_PORTAL_USER_ELEMENT", "IBEAM_USER_NAME_EL"],
        ini: [],
        secret: false,
        help: "Where the field of the user name is looked for first.",
    }
    portal_password_element: Option<Selector> {
        variables: ["GATEHAND_PORTAL_PASSWORD_ELEMENT", "IBEAM_PASSWORD_EL"],
        ini: [],
        secret: false,
        help: "Where the field of the password is looked for first.",
    }
    portal_submit_element: Option<Selector> {
        variables: ["GATEHAND_PORTAL_SUBMIT_ELEMENT", "IBEAM_SUBMIT_EL"],
        ini: [],
        secret: false,
        help: "Where the button that logs in is looked for first.",
    }
    portal_error_element: Option<Selector> {
        variables: ["GATEHAND_PORTAL_ERROR_ELEMENT", "IBEAM_ERROR_EL"],
        ini: [],
        secret: false,
        help: "Where an error is looked for first.",
    }
    portal_success_element: Option<SaidText> {
        variables: ["GATEHAND_PORTAL_SUCCESS_ELEMENT", "IBEAM_SUCCESS_EL_TEXT"],
        ini: [],
        secret: false,
        help: "What the page says at the end of a login, as SAYS@@TEXT or TAG_NAME@@TEXT.",
    }
    portal_paper_element: Option<Selector> {
        variables: ["GATEHAND_PORTAL_PAPER_ELEMENT", "IBEAM_LIVE_PAPER_TOGGLE_EL"],
        ini: [],
        secret: false,
        help: "Where the switch to paper trading is looked for first.",
    }
    portal_promo_element: Option<Selector> {
        variables: ["GATEHAND_PORTAL_PROMO_ELEMENT", "IBEAM_IBKEY_PROMO_EL_CLASS"],
        ini: [],
        secret: false,
        help: "Where that which skips an advertisement is looked for first.",
    }
    portal_code_element: Option<Selector> {
        variables: ["GATEHAND_PORTAL_CODE_ELEMENT", "IBEAM_TWO_FA_INPUT_EL_ID"],
        ini: [],
        secret: false,
        help: "Where the field of the one-time code is looked for first.",
    }
    portal_device_element: Option<Selector> {
        variables: ["GATEHAND_PORTAL_DEVICE_ELEMENT", "IBEAM_TWO_FA_SELECT_EL_ID"],
        ini: [],
        secret: false,
        help: "Where the list of second-factor devices is looked for first.",
    }
    portal_push_element: Option<Selector> {
        variables: ["GATEHAND_PORTAL_PUSH_ELEMENT", "IBEAM_TWO_FA_NOTIFICATION_EL"],
        ini: [],
        secret: false,
        help: "Where the notice that a phone was notified is looked for first.",
    }
    portal_resend_element: Option<Selector> {
        variables: ["GATEHAND_PORTAL_RESEND_ELEMENT", "IBEAM_NOTIFICATION_RESEND_EL"],
        ini: [],
        secret: false,
        help: "Where that which has the phone notified once more is looked for first.",
    }
}
