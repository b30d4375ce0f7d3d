//! TLS towards the clients: the files, read again when they change.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{Error, InconsistentKeys, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// The files of TLS, each in PEM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// The relay's certificate, followed by those between it and its CA.
    pub certificate: PathBuf,
    /// The key of the certificate, not encrypted.
    pub key: PathBuf,
    /// The CA of the clients' certificates; without one, clients need none.
    pub client_ca: Option<PathBuf>,
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
    #[error("{KEY}: {} is not the key of the certificate in {}; name the key that it was made with", key.display(), certificate.display())]
    NotAPair {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
}

const CERTIFICATE: &str = "GATEHAND_RELAY_TLS_CERTIFICATE";
const KEY: &str = "GATEHAND_RELAY_TLS_KEY";
const CLIENT_CA: &str = "GATEHAND_RELAY_TLS_CLIENT_CA";

impl TlsFiles {
    fn paths(&self) -> impl Iterator<Item = &Path> {
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
        let chain = certificates(CERTIFICATE, &self.certificate)?;
        let text = read(KEY, &self.key)?;
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| TlsError::Absent {
            setting: KEY,
            path: self.key.clone(),
            wanted: "private key, at least none that is not encrypted,",
        })?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|source| self.unusable(source))?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => builder.with_client_cert_verifier(verifier(path, provider)?),
        };
        builder
            .with_single_cert(chain, key)
            .map_err(|source| match source {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::NotAPair {
                    key: self.key.clone(),
                    certificate: self.certificate.clone(),
                },
                source => self.unusable(source),
            })
    }

    fn unusable(&self, source: Error) -> TlsError {
        TlsError::Unusable {
            setting: CERTIFICATE,
            path: self.certificate.clone(),
            source,
        }
    }
}

fn verifier(
    path: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, TlsError> {
    let unusable = |source| TlsError::Unusable {
        setting: CLIENT_CA,
        path: path.to_path_buf(),
        source,
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(CLIENT_CA, path)? {
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

fn certificates(setting: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
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

/// What tells one content of a file from the next.
#[derive(Debug, Eq, PartialEq)]
struct Stamp {
    inode: u64,
    length: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self {
            inode: found.ino(),
            length: found.len(),
            changed: (found.mtime(), found.mtime_nsec()),
        }
    }
}

/// TLS as the files say, today's files: a certificate is renewed more often than gatehand is started.
pub(super) struct Tls {
    files: TlsFiles,
    stamps: Vec<Option<Stamp>>,
    acceptor: TlsAcceptor,
}

impl Tls {
    pub(super) fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        // Looked at before they are read: no change is missed.
        let stamps = stamps(files);
        Ok(Self {
            files: files.clone(),
            stamps,
            acceptor: TlsAcceptor::from(Arc::new(files.load()?)),
        })
    }

    /// For the next client. Files that were changed and cannot be used, for instance because only one of two was
    /// changed yet, leave everything as it was.
    pub(super) fn acceptor(&mut self) -> TlsAcceptor {
        let stamps = stamps(&self.files);
        if stamps != self.stamps {
            self.stamps = stamps;
            match self.files.load() {
                Ok(config) => {
                    self.acceptor = TlsAcceptor::from(Arc::new(config));
                    tracing::info!("the API relay goes by its changed TLS files");
                }
                Err(error) => tracing::warn!(%error, "the API relay goes on with the TLS files as they were"),
            }
        }
        self.acceptor.clone()
    }
}

fn stamps(files: &TlsFiles) -> Vec<Option<Stamp>> {
    let stamp = |path: &Path| fs::metadata(path).ok().map(|found| Stamp::of(&found));
    files.paths().map(stamp).collect()
}
