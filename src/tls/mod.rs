//! TLS: towards clients a server's files, and a certificate of our own for those who have none; towards one server that is
//! known by its certificate.

mod client;
mod files;
mod own;
mod server;

pub use client::{TlsClient, TlsClientError, Trust};
pub use files::{TlsError, TlsFiles, TlsSettings};
pub use own::{OwnCertificate, OwnCertificateError};
pub use server::TlsServer;
