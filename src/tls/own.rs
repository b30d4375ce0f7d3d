//! A certificate of our own, for those who have none: made once, and kept, so that whoever trusts it need not be asked
//! again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::files::{TlsError, TlsFiles, TlsSettings, certificates};
use crate::journal::{make_private_folder, write_private};

/// Names of this machine to itself.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The certificate cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum OwnCertificateError {
    /// A name that no host has.
    #[error("{name}: no host name and no address; name the host as viewers name it")]
    Name {
        /// As given.
        name: String,
    },
    /// It cannot be made.
    #[error("no certificate can be made: {0}")]
    Make(#[from] rcgen::Error),
    /// It cannot be written.
    #[error("{}: {source}; name a writable state folder with GATEHAND_STATE_DIR", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is there is of no use.
    #[error("{source}; or remove {}: another is made", certificate.display())]
    Damaged {
        /// Where it lies.
        certificate: PathBuf,
        /// Why.
        source: Box<TlsError>,
    },
}

/// The certificate and its key, in files.
#[derive(Clone, Debug)]
pub struct OwnCertificate {
    /// The files; `tls.pem` is for everybody, `tls.key` is not.
    pub files: TlsFiles,
    /// SHA-256 of the certificate, as programs show it.
    pub fingerprint: String,
}

impl OwnCertificate {
    /// The one in `folder`, which is made when there is none for all of `names`. It is also for localhost, and for the
    /// host's name at that time. `setting` is what asked for it.
    ///
    /// # Errors
    /// It cannot be made, or what is there is of no use.
    pub fn keep(folder: &Path, names: &[String], setting: &'static str) -> Result<Self, OwnCertificateError> {
        let wanted = parse(names)?;
        let files = files(folder, setting);
        if !files.certificate.exists() {
            return Self::make(folder, names, setting);
        }
        let damaged = |source| OwnCertificateError::Damaged {
            certificate: files.certificate.clone(),
            source: Box::new(source),
        };
        files.load().map_err(damaged)?;
        let chain = certificates(setting, &files.certificate).map_err(damaged)?;
        // The file was loaded: it holds one.
        let Some(certificate) = chain.first() else {
            return Self::make(folder, names, setting);
        };
        let parsed = ParsedCertificate::try_from(certificate).map_err(|source| {
            damaged(TlsError::Unusable {
                setting,
                path: files.certificate.clone(),
                source,
            })
        })?;
        if let Some(missing) = wanted
            .iter()
            .find(|name| verify_server_name(&parsed, name).is_err())
        {
            tracing::warn!(
                "the certificate is made anew, because it is not for {}",
                missing.to_str()
            );
            return Self::make(folder, names, setting);
        }
        Ok(Self {
            fingerprint: fingerprint(certificate),
            files,
        })
    }

    /// Makes one, in place of what is in `folder`.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(folder: &Path, names: &[String], setting: &'static str) -> Result<Self, OwnCertificateError> {
        parse(names)?;
        let files = files(folder, setting);
        // Not to be had: then the certificate is not for it.
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = host.trim();
        let host = Some(host).filter(|host| ServerName::try_from(*host).is_ok());
        let all = HERE
            .into_iter()
            .chain(host)
            .chain(names.iter().map(String::as_str));
        let mut all: Vec<String> = all.map(str::to_owned).collect();
        all.sort_unstable();
        all.dedup();
        // It is valid as long as can be written: whoever trusts it, trusts this key and nobody behind it.
        let mut params = CertificateParams::new(all)?;
        let name = names.first().map_or(host, |name| Some(name));
        params
            .distinguished_name
            .push(DnType::CommonName, name.unwrap_or(HERE[0]));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let write = |path: &Path, content: &[u8]| {
            write_private(path, content).map_err(|source| OwnCertificateError::Write {
                path: path.to_path_buf(),
                source,
            })
        };
        make_private_folder(folder).map_err(|source| OwnCertificateError::Write {
            path: folder.to_path_buf(),
            source,
        })?;
        // The key first: a certificate that is there has its key.
        write(&files.key, Zeroizing::new(key.serialize_pem()).as_bytes())?;
        write(&files.certificate, certificate.pem().as_bytes())?;
        Ok(Self {
            fingerprint: fingerprint(certificate.der()),
            files,
        })
    }
}

fn parse(names: &[String]) -> Result<Vec<ServerName<'_>>, OwnCertificateError> {
    let mut parsed = Vec::new();
    for name in names {
        let unusable = |_| OwnCertificateError::Name { name: name.clone() };
        parsed.push(ServerName::try_from(name.as_str()).map_err(unusable)?);
    }
    Ok(parsed)
}

fn files(folder: &Path, setting: &'static str) -> TlsFiles {
    TlsFiles {
        certificate: folder.join("tls.pem"),
        key: folder.join("tls.key"),
        client_ca: None,
        settings: TlsSettings {
            certificate: setting,
            key: setting,
            client_ca: setting,
        },
    }
}

fn fingerprint(der: &[u8]) -> String {
    let bytes: Vec<String> = Sha256::digest(der)
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    bytes.join(":")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const SETTING: &str = "GATEHAND_VNC_TLS";

    #[test]
    fn it_is_made_once_and_again_for_another_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("viewers");
        let keep = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            OwnCertificate::keep(&folder, &names, SETTING)
        };
        let first = keep(&["vnc.example.org"]).expect("made");
        assert_eq!(first.fingerprint.len(), 32 * 3 - 1);
        let mode = fs::metadata(&first.files.key)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        for names in [&[][..], &["vnc.example.org", "localhost", "127.0.0.1", "::1"]] {
            assert_eq!(keep(names).expect("there").fingerprint, first.fingerprint);
        }
        let other = keep(&["192.0.2.7"]).expect("made anew");
        assert_ne!(other.fingerprint, first.fingerprint);
        assert_eq!(
            keep(&["192.0.2.7"]).expect("there").fingerprint,
            other.fingerprint
        );

        let refused = keep(&["no name"]).expect_err("no name");
        assert!(
            refused.to_string().starts_with("no name: no host name"),
            "{refused}"
        );
        fs::write(&first.files.certificate, "damaged").expect("written");
        let refused = keep(&[]).expect_err("damaged");
        let said = refused.to_string();
        assert!(
            said.contains("holds no certificate") && said.contains("or remove"),
            "{said}"
        );
    }
}
