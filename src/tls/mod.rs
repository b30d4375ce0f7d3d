//! TLS towards clients: a server's files, and a certificate of our own for those who have none.

mod files;
mod own;
mod server;

pub use files::{TlsError, TlsFiles, TlsSettings};
pub use own::{OwnCertificate, OwnCertificateError};
pub use server::TlsServer;
