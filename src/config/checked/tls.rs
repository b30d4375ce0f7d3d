//! The files of a TLS server.

use super::Folders;
use super::instance::note;
use crate::config::error::ConfigError;
use crate::config::values::PemFile;
use crate::config::written::RawSettings;
use crate::tls::{TlsFiles, TlsSettings};

/// The files, when there is a pair of certificate and key. Each part without the others is a fault.
pub(super) fn files(
    settings: TlsSettings,
    certificate: Option<PemFile>,
    key: Option<PemFile>,
    client_ca: Option<PemFile>,
    raw: &RawSettings,
    folders: &Folders,
    faults: &mut Vec<ConfigError>,
) -> Option<TlsFiles> {
    let mut needs = |present: &str, missing: &'static str| {
        faults.push(ConfigError::HalfTls {
            present: raw.origin(&own_key(present)),
            missing,
        });
    };
    let (certificate, key) = match (certificate, key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => {
            needs(settings.certificate, settings.key);
            return None;
        }
        (None, key) => {
            let client_ca = client_ca.map(|_| settings.client_ca);
            if let Some(present) = key.map(|_| settings.key).or(client_ca) {
                needs(present, settings.certificate);
            }
            return None;
        }
    };
    let mut path = |PemFile(path): PemFile, setting| note(folders.expand(path, setting), faults);
    Some(TlsFiles {
        certificate: path(certificate, settings.certificate)?,
        key: path(key, settings.key)?,
        client_ca: client_ca.and_then(|file| path(file, settings.client_ca)),
        settings,
    })
}

/// The key of the setting with this variable.
fn own_key(variable: &str) -> String {
    variable.trim_start_matches("GATEHAND_").to_ascii_lowercase()
}
