//! Values that stand elsewhere: on standard input, in the output of a command, in Google Secret Manager.

mod code_request;
mod secret_manager;
mod stdin;

use std::ffi::OsString;
use std::time::Duration;

use crate::config::{Elsewhere, Secret, SecretManager};
use crate::supervisor;

pub use code_request::{CodeRequestError, request_code};

/// Gets them, for [`config`](crate::config).
#[derive(Debug)]
pub struct Fetcher {
    environment: Vec<(OsString, OsString)>,
}

impl Fetcher {
    /// Commands run in this environment, which should hold no secrets.
    #[must_use]
    pub const fn new(environment: Vec<(OsString, OsString)>) -> Self {
        Self { environment }
    }
}

impl Elsewhere for Fetcher {
    fn read_line(&mut self) -> Result<Secret, String> {
        stdin::read_line()
    }

    fn run(&mut self, command: &str, limit: Duration) -> Result<Secret, String> {
        supervisor::printed(command, &self.environment, limit).map_err(|error| error.to_string())
    }

    fn access(&mut self, services: &SecretManager, name: &str, limit: Duration) -> Result<Secret, String> {
        secret_manager::access(services, name, limit).map_err(|error| error.to_string())
    }
}
