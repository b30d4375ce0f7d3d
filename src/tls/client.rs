//! A TLS client that believes one server.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::files::{TlsError, certificates};

/// Which certificate of the server is believed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trust {
    /// The one with this SHA-256, whatever its names and dates say.
    Pinned([u8; 32]),
    /// The first in this PEM file itself, whatever its names and dates say; or one that it, or another there, issued for
    /// the server's name.
    File {
        /// What named it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
    },
}

/// The client's side of TLS.
#[derive(Clone)]
pub struct TlsClient {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl TlsClient {
    /// For the server of this name or address.
    ///
    /// # Errors
    /// The file of certificates cannot be used, or the name is none.
    pub fn new(host: &str, trust: &Trust) -> Result<Self, TlsClientError> {
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| TlsClientError::Name(host.to_owned()))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let believed = match trust {
            Trust::Pinned(pin) => Believed {
                pin: *pin,
                issuers: None,
                algorithms,
            },
            Trust::File { setting, path } => of_file(setting, path, &provider)?,
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsClientError::Unusable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(believed))
            .with_no_client_auth();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name,
        })
    }

    /// Goes through the handshake with the server.
    ///
    /// # Errors
    /// It is gone, shows another certificate, or does not do its part.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        self.connector.connect(self.name.clone(), stream).await
    }

    /// SHA-256 of the server's public key (its SubjectPublicKeyInfo, RFC 7469 §2.4), whose certificate is believed.
    ///
    /// # Errors
    /// Those of [`Self::connect`].
    pub async fn public_key<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<[u8; 32]> {
        let stream = self.connect(stream).await?;
        let (_, connection) = stream.get_ref();
        let certificate = connection.peer_certificates().and_then(<[_]>::first);
        let certificate = certificate.ok_or_else(|| io::Error::other("the server shows no certificate"))?;
        let parsed = ParsedCertificate::try_from(certificate).map_err(io::Error::other)?;
        Ok(Sha256::digest(parsed.subject_public_key_info()).into())
    }
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TlsClient").field(&self.name).finish()
    }
}

/// There can be no such client.
#[derive(Debug, thiserror::Error)]
pub enum TlsClientError {
    /// The server's name is none.
    #[error("{0:?} is no name or address of a host")]
    Name(String),
    /// The file of certificates.
    #[error(transparent)]
    File(#[from] TlsError),
    /// TLS cannot be spoken at all.
    #[error("TLS cannot be spoken: {0}")]
    Unusable(Error),
}

fn of_file(
    setting: &'static str,
    path: &Path,
    provider: &Arc<CryptoProvider>,
) -> Result<Believed, TlsClientError> {
    let unusable = |source| TlsError::Unusable {
        setting,
        path: path.to_path_buf(),
        source,
    };
    let all = certificates(setting, path)?;
    let pin = all
        .first()
        .map(|certificate| sha256(certificate))
        .unwrap_or_default();
    let mut roots = RootCertStore::empty();
    // One that is no issuer is believed for itself.
    roots.add_parsable_certificates(all);
    let issuers = if roots.is_empty() {
        None
    } else {
        let built =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
        Some(built.map_err(|error| unusable(Error::General(error.to_string())))?)
    };
    Ok(Believed {
        pin,
        issuers,
        algorithms: provider.signature_verification_algorithms,
    })
}

fn sha256(certificate: &CertificateDer<'_>) -> [u8; 32] {
    Sha256::digest(certificate).into()
}

/// Decides about the server's certificate.
#[derive(Debug)]
struct Believed {
    pin: [u8; 32],
    issuers: Option<Arc<WebPkiServerVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Believed {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if sha256(end_entity) == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.issuers {
            Some(issuers) => issuers.verify_server_cert(end_entity, intermediates, name, ocsp, now),
            None => Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            )),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
