//! The Client Portal Gateway.

use super::instance::note;
use super::{Folders, PortalSettings};
use crate::config::error::ConfigError;
use crate::config::settings::Portal;
use crate::config::values::PemFile;
use crate::tls::Trust;

/// What names the file of its certificate.
const CERTIFICATE: &str = "GATEHAND_PORTAL_CERTIFICATE";

pub(super) fn portal(portal: Portal, folders: &Folders, faults: &mut Vec<ConfigError>) -> PortalSettings {
    let file = portal
        .portal_certificate
        .and_then(|PemFile(path)| note(folders.expand(path, CERTIFICATE), faults));
    PortalSettings {
        address: portal.portal_url,
        trust: file.map(|path| Trust::File {
            setting: CERTIFICATE,
            path,
        }),
        request_limit: portal.portal_request_limit.0,
    }
}
