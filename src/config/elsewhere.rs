//! Values that are neither written nor in a file.

use std::fmt::Debug;
use std::time::Duration;

use super::secret::Secret;

/// What gets a value that is neither written nor in a file. Every text of an error is one line that says what
/// happened and what to do, and holds nothing of the value.
pub trait Elsewhere: Debug {
    /// The next line of standard input, without its end.
    ///
    /// # Errors
    ///
    /// When there is none.
    fn read_line(&mut self) -> Result<Secret, String>;

    /// What the command prints.
    ///
    /// # Errors
    ///
    /// When it fails, or takes longer than `limit`.
    fn run(&mut self, command: &str, limit: Duration) -> Result<Secret, String>;

    /// The secret with this name in Google Secret Manager.
    ///
    /// # Errors
    ///
    /// When the metadata server gives no token, or Secret Manager no secret, within `limit`.
    fn access(&mut self, services: &SecretManager, name: &str, limit: Duration) -> Result<Secret, String>;
}

/// Where Google Secret Manager is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecretManager {
    /// What goes before the name of a secret.
    pub url: String,
    /// Host and port of the metadata server.
    pub metadata_host: String,
}
