//! The files of a TLS server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{Error, InconsistentKeys, RootCertStore, ServerConfig};
use zeroize::Zeroizing;

/// The files of TLS, each in PEM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// The server's certificate, followed by those between it and its CA.
    pub certificate: PathBuf,
    /// The key of the certificate, not encrypted.
    pub key: PathBuf,
    /// The CA of the clients' certificates; without one, clients need none.
    pub client_ca: Option<PathBuf>,
    /// What named them.
    pub settings: TlsSettings,
}

/// The settings that name the files, for errors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TlsSettings {
    /// That of the certificate.
    pub certificate: &'static str,
    /// That of its key.
    pub key: &'static str,
    /// That of the CA of the clients' certificates.
    pub client_ca: &'static str,
}

/// The files of TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{setting}: cannot read {}: {source}; check the path and its permissions", path.display())]
    Unreadable {
        /// What named it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{setting}: {} holds no {wanted} in PEM; is it the right file?", path.display())]
    Absent {
        /// What named it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What should be there.
        wanted: &'static str,
    },
    /// A file holds what it should, but that is of no use.
    #[error("{setting}: {}: {source}; name another file", path.display())]
    Unusable {
        /// What named it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: Error,
    },
    /// Certificate and key are of two pairs.
    #[error("{setting}: {} is not the key of the certificate in {}; name the key that it was made with", key.display(), certificate.display())]
    NotAPair {
        /// What named the key.
        setting: &'static str,
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
}

impl TlsFiles {
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let client_ca = self.client_ca.as_deref();
        [self.certificate.as_path(), &self.key]
            .into_iter()
            .chain(client_ca)
    }

    /// Reads all of them.
    ///
    /// # Errors
    ///
    /// The first fault.
    pub fn load(&self) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = certificates(self.settings.certificate, &self.certificate)?;
        let text = read(self.settings.key, &self.key)?;
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| TlsError::Absent {
            setting: self.settings.key,
            path: self.key.clone(),
            wanted: "private key, at least none that is not encrypted,",
        })?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|source| self.unusable(source))?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                builder.with_client_cert_verifier(verifier(self.settings.client_ca, path, provider)?)
            }
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(|source| match source {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::NotAPair {
                    setting: self.settings.key,
                    key: self.key.clone(),
                    certificate: self.certificate.clone(),
                },
                source => self.unusable(source),
            })?;
        // TigerVNC's viewer (1.12) takes a ticket for the end of what there is to read, and waits for ever. Nobody connects
        // so often that resumption would pay.
        config.send_tls13_tickets = 0;
        Ok(config)
    }

    fn unusable(&self, source: Error) -> TlsError {
        TlsError::Unusable {
            setting: self.settings.certificate,
            path: self.certificate.clone(),
            source,
        }
    }
}

fn verifier(
    setting: &'static str,
    path: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, TlsError> {
    let unusable = |source| TlsError::Unusable {
        setting,
        path: path.to_path_buf(),
        source,
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(setting, path)? {
        roots.add(certificate).map_err(unusable)?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| unusable(Error::General(error.to_string())))
}

fn read(setting: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let read = fs::read(path).map(Zeroizing::new);
    read.map_err(|source| TlsError::Unreadable {
        setting,
        path: path.to_path_buf(),
        source,
    })
}

pub(super) fn certificates(
    setting: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(setting, path)?;
    // The texts of these errors quote the file, which may be that of the key by mistake.
    let all: Result<Vec<_>, PemError> = CertificateDer::pem_slice_iter(&text).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(TlsError::Absent {
            setting,
            path: path.to_path_buf(),
            wanted: "certificate",
        }),
    }
}
