//! The login at the Client Portal Gateway, in a browser.

use std::path::Path;

use super::instance::note;
use super::{CodeSource, Folders, PortalLoginSettings, SecondFactorSettings};
use crate::config::error::{ConfigError, Origin};
use crate::config::settings::PortalLogin;
use crate::config::values::FactorHandler;
use crate::config::written::RawSettings;
use crate::portal::{Part, Selectors};

/// The folder of pictures and logs in the state folder. Not the gateway's, which is made anew at each start.
const OUTPUTS: &str = "portal-outputs";
/// How often IBeam has a phone notified.
const IBEAM_RESENDS: u32 = 10;

pub(super) fn portal_login(
    login: PortalLogin,
    factor: &SecondFactorSettings,
    state_dir: &Path,
    raw: &RawSettings,
    folders: &Folders,
    faults: &mut Vec<ConfigError>,
) -> PortalLoginSettings {
    check_handler(login.portal_factor, factor, &raw.origin("portal_factor"), faults);
    let mut selectors = Selectors::default();
    if let Some(written) = login.portal_selectors
        && let Err(why) = selectors.take(&written.0)
    {
        faults.push(ConfigError::NotHad {
            name: raw.origin("portal_selectors").to_string(),
            why,
        });
    }
    let elements = [
        (Part::User, login.portal_user_element),
        (Part::Password, login.portal_password_element),
        (Part::Submit, login.portal_submit_element),
        (Part::Error, login.portal_error_element),
        (Part::Paper, login.portal_paper_element),
        (Part::Promo, login.portal_promo_element),
        (Part::Code, login.portal_code_element),
        (Part::Device, login.portal_device_element),
        (Part::Push, login.portal_push_element),
        (Part::Resend, login.portal_resend_element),
    ];
    for (part, element) in elements {
        if let Some(element) = element {
            selectors.prefer(part, element.0);
        }
    }
    if let Some(said) = login.portal_success_element {
        selectors.prefer(Part::Success, said.0);
    }
    let outputs = login
        .portal_outputs
        .and_then(|path| note(folders.expand(path, "GATEHAND_PORTAL_OUTPUTS"), faults));
    let outputs = outputs.unwrap_or_else(|| state_dir.join(OUTPUTS));
    let resends = login.portal_push_resends.map(|resends| resends.0);
    PortalLoginSettings {
        browser: login.portal_browser,
        report: login.portal_report,
        selectors,
        path: login.portal_login_path.0,
        paper: login.portal_paper,
        load_limit: login.portal_load_limit.0,
        answer_limit: login.portal_answer_limit.0,
        pause: login.portal_submit_pause.0,
        scale: login.portal_scale.0,
        screenshots: login.portal_screenshots.then(|| outputs.clone()),
        log_files: login.portal_log_to_file.then_some(outputs),
        code_tries: login.portal_code_tries.0,
        six_digits: login.portal_strict_code,
        device: login.portal_device.or_else(|| factor.device.clone()),
        resends: match login.portal_factor {
            FactorHandler::Resend => resends.unwrap_or(IBEAM_RESENDS),
            _ => resends.unwrap_or_default(),
        },
        resend_interval: login.portal_push_resend_interval.0,
    }
}

/// What is named must be there: else a login would wait for it in vain.
fn check_handler(
    handler: FactorHandler,
    factor: &SecondFactorSettings,
    origin: &Origin,
    faults: &mut Vec<ConfigError>,
) {
    let asks = matches!(factor.codes.source.as_deref(), Some(CodeSource::Request(_)));
    let why = match handler {
        FactorHandler::Any | FactorHandler::Resend => return,
        FactorHandler::Key if factor.totp_key.is_some() => return,
        FactorHandler::Request if asks => return,
        FactorHandler::Key => "PYOTP needs the key of the codes; set GATEHAND_TOTP_KEY or IBEAM_PYOTP_SECRET",
        FactorHandler::Request => {
            "EXTERNAL_REQUEST needs a service; set GATEHAND_CODE_URL or IBEAM_EXTERNAL_REQUEST_URL"
        }
        FactorHandler::Messages => {
            "messages are not read in a second browser; set GATEHAND_CODE_COMMAND to a command that prints the code"
        }
        FactorHandler::Custom => {
            "classes of Python are not run; set GATEHAND_CODE_COMMAND to a command that prints the code"
        }
    };
    faults.push(ConfigError::NotHad {
        name: origin.to_string(),
        why: why.to_owned(),
    });
}
