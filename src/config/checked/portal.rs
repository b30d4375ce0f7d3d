//! The Client Portal Gateway.

use std::sync::Arc;

use super::account::Pair;
use super::instance::note;
use super::{Credentials, Folders, PortalSettings};
use crate::config::error::ConfigError;
use crate::config::secret::Secret;
use crate::config::settings::Portal;
use crate::config::values::{FernetKey, PemFile};
use crate::config::written::RawSettings;
use crate::portal::{Policy, Routes};
use crate::tls::Trust;

/// What names the file of its certificate.
const CERTIFICATE: &str = "GATEHAND_PORTAL_CERTIFICATE";

/// `usual` are the credentials of the gateway beside it, which count where it has none of its own.
pub(super) fn portal(
    mut portal: Portal,
    usual: Option<&Arc<Credentials>>,
    raw: &RawSettings,
    folders: &Folders,
    faults: &mut Vec<ConfigError>,
) -> PortalSettings {
    let certificate = portal.portal_certificate.take();
    let file = certificate.and_then(|PemFile(path)| note(folders.expand(path, CERTIFICATE), faults));
    let password = portal.portal_password.take();
    let own = Pair {
        user: portal.portal_user.take(),
        password: match portal.portal_key.take() {
            Some(key) => decrypted(password, &key, raw, faults),
            None => password,
        },
        keys: ["portal_user", "portal_password"],
        usual: ["IBEAM_ACCOUNT", "IBEAM_PASSWORD"],
    };
    let has_own = own.is_given(raw);
    let own = own.complete(raw, faults).map(Arc::new);
    let credentials = if has_own { own } else { usual.cloned() };
    let mut expand = |path, setting| note(folders.expand(path, setting), faults);
    PortalSettings {
        beside: portal.portal,
        address: portal.portal_url,
        trust: file.map(|path| Trust::File {
            setting: CERTIFICATE,
            path,
        }),
        request_limit: portal.portal_request_limit.0,
        folder: expand(portal.portal_folder, "GATEHAND_PORTAL_FOLDER").unwrap_or_default(),
        java: portal
            .portal_java
            .and_then(|path| expand(path, "GATEHAND_PORTAL_JAVA")),
        jvm_options: portal.portal_jvm_options.0,
        inputs: expand(portal.portal_inputs, "GATEHAND_PORTAL_INPUTS").unwrap_or_default(),
        allow: portal.portal_allow.0,
        policy: Policy {
            interval: portal.portal_interval.0,
            startup_limit: portal.portal_startup_limit.0,
            session_limit: portal.portal_session_limit.0,
            silence_limit: portal.portal_silence_limit.0,
            reauthentications: portal.portal_reauthentications.0,
            competing: portal.portal_competing,
            failures: portal.portal_failed_logins.0,
            logs_in: credentials.is_some(),
            starts_active: portal.portal_start_active,
        },
        credentials,
        listen: portal.portal_listen.0,
        activation_is_open: portal.portal_open_activation,
        routes: Routes {
            tickle: portal.portal_route_tickle.0,
            validate: portal.portal_route_validate.0,
            initialise: portal.portal_route_initialise.0,
            reauthenticate: portal.portal_route_reauthenticate.0,
            logout: portal.portal_route_logout.0,
        },
    }
}

/// The password of an encrypted one.
fn decrypted(
    password: Option<Secret>,
    key: &FernetKey,
    raw: &RawSettings,
    faults: &mut Vec<ConfigError>,
) -> Option<Secret> {
    const KEY: &str = "portal_key";
    let (name, why) = match password.as_ref().map(|token| key.decrypt(token.expose())) {
        Some(Ok(password)) => return Some(password),
        Some(Err(why)) => (
            "portal_password",
            format!(
                "{why}; encrypt the password with the key in {}, or unset that and give the password itself",
                raw.origin(KEY)
            ),
        ),
        // One that is there but faulty is told elsewhere.
        None if raw.is_given("portal_password") => return None,
        None => (
            KEY,
            "there is no password for it; set GATEHAND_PORTAL_PASSWORD, or unset the key".to_owned(),
        ),
    };
    faults.push(ConfigError::NotHad {
        name: raw.origin(name).to_string(),
        why,
    });
    None
}
