//! The login at the Client Portal Gateway, in a browser.

use std::time::Duration;

use super::PortalLoginSettings;
use crate::config::settings::PortalLogin;
use crate::portal::Selectors;

pub(super) fn portal_login(login: PortalLogin) -> PortalLoginSettings {
    PortalLoginSettings {
        browser: login.portal_browser,
        selectors: Selectors::default(),
        path: login.portal_login_path,
        paper: login.portal_paper,
        load_limit: login.portal_load_limit.0,
        answer_limit: login.portal_answer_limit.0,
        pause: Duration::ZERO,
        scale: 1.0,
        screenshots: None,
        code_tries: 3,
        six_digits: true,
        device: None,
        resends: 0,
        resend_interval: Duration::from_secs(10),
    }
}
