//! A command of the user's that runs to its end, while others are served: what it is told, and what it prints.

use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::output::OutputStream;
use super::process::{Exit, SpawnError};
use super::reaper::Reaper;
use super::service::Service;
use super::unit::StopPolicy;
use crate::config::Secret;

/// A command that takes too long is asked once to end.
const STOP: StopPolicy = StopPolicy {
    asked: None,
    terminated: Duration::from_millis(500),
};
/// Most lines of a command's standard error that are kept, to tell why it failed.
const MAX_LINES: usize = 5;
/// How long what was printed may take to arrive after the command has ended.
const DRAIN: Duration = Duration::from_secs(1);

/// Why a command printed nothing that counts.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not be started.
    #[error(transparent)]
    NotStarted(#[from] SpawnError),
    /// What it is told could not be kept for it.
    #[error("what the command reads cannot be kept: {0}")]
    Input(io::Error),
    /// It took too long, and was ended.
    #[error("the command took longer than {} s", .0.as_secs())]
    TooLong(Duration),
    /// It failed.
    #[error("the command failed ({exit}): {said}")]
    Failed {
        /// How it ended.
        exit: Exit,
        /// The begin of its standard error.
        said: String,
    },
}

impl Reaper {
    /// Runs `command` with `input` on its standard input, and returns the first line that it prints. What it says on
    /// standard error is told only when it fails: until then it may hold a secret.
    ///
    /// # Errors
    /// When it cannot be started, fails, or takes longer than `limit`.
    pub async fn run(
        &self,
        unit: &str,
        command: &mut Command,
        input: &[u8],
        limit: Duration,
    ) -> Result<Secret, RunError> {
        let printed = Arc::new(Mutex::new((Zeroizing::new(String::new()), Vec::new())));
        let taken = Arc::clone(&printed);
        let (end_of_output, ended) = oneshot::channel::<()>();
        let output = Box::new(move |stream, line: &str| {
            // Goes with this closure, when both streams have ended.
            let _ = &end_of_output;
            let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
            match stream {
                OutputStream::Stdout if taken.0.is_empty() => *taken.0 = line.trim().to_owned(),
                OutputStream::Stderr if taken.1.len() < MAX_LINES => taken.1.push(line.trim().to_owned()),
                _ => {}
            }
        });
        let child = self.spawn_with_input(unit, command, input, output)?;
        let mut service = Service::new(unit, child, STOP);
        let Ok(exit) = timeout(limit, service.ended()).await else {
            service.stop(|| {}).await;
            return Err(RunError::TooLong(limit));
        };
        // Never a message: only its end.
        let _ = timeout(DRAIN, ended).await;
        let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
        if exit != Exit::Code(0) {
            let said = printed.1.join("; ");
            return Err(RunError::Failed { exit, said });
        }
        Ok(Secret::new(std::mem::take(&mut *printed.0)))
    }
}
