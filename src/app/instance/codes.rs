//! One-time codes that a command or a service of the user's gives, when a window asks for one.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::Instrument;
use zeroize::Zeroizing;

use super::Instance;
use crate::config::{CodeSource, CodeSources, Secret};
use crate::control::{OneTimeCode, Request, put};
use crate::secrets::request_code;
use crate::supervisor::{self, Exit, OutputStream, Reaper, Service, StopPolicy};

/// A command that takes too long is asked once to end.
const STOP: StopPolicy = StopPolicy {
    asked: None,
    terminated: Duration::from_millis(500),
};
/// Most lines of a command's standard error that are kept, to tell why it failed.
const MAX_LINES: usize = 5;
/// How long what was printed may take to arrive after the command has ended.
const DRAIN: Duration = Duration::from_secs(1);

/// What fetches codes for one gateway.
#[derive(Debug, Default)]
pub(super) struct CodeFetcher {
    running: Option<JoinHandle<()>>,
    /// The code that was fetched last: it was used, and is no good any more.
    last: Arc<Mutex<Option<OneTimeCode>>>,
}

impl CodeFetcher {
    fn is_running(&self) -> bool {
        self.running.as_ref().is_some_and(|task| !task.is_finished())
    }
}

impl Drop for CodeFetcher {
    fn drop(&mut self) {
        if let Some(task) = &self.running {
            task.abort();
        }
    }
}

impl Instance {
    /// Has a code fetched, and typed when a window still asks for it; the ways of a human stay open meanwhile.
    pub(super) fn fetch_code(&mut self) {
        let CodeSources { source, limit } = &self.config.second_factor.codes;
        let (Some(source), false) = (source.clone(), self.codes.is_running()) else {
            return;
        };
        let limit = *limit;
        let (reaper, environment) = (Arc::clone(&self.shared.reaper), self.shared.environment.clone());
        let (requests, last) = (self.own_requests.clone(), Arc::clone(&self.codes.last));
        tracing::info!("a one-time code is fetched");
        let fetching = async move {
            let fetched = match &*source {
                CodeSource::Command(command) => {
                    let mut shell = Command::new("/bin/sh");
                    shell.args(["-c", command]).env_clear().envs(environment);
                    run(&mut shell, &reaper, limit).await
                }
                CodeSource::Request(_) => request(Arc::clone(&source), limit).await,
            };
            let outcome = match fetched.and_then(|text| fresh(&text, &last)) {
                Ok(code) => {
                    let reply = put(&requests, Request::Code(code)).await;
                    if reply.ok { Ok(()) } else { Err(reply.text) }
                }
                Err(why) => Err(why),
            };
            if let Err(why) = outcome {
                tracing::warn!(
                    why,
                    "no one-time code was fetched; give one by `gatehand code`, or at the viewer"
                );
            }
        };
        self.codes.running = Some(tokio::spawn(fetching.in_current_span()));
    }
}

/// The code, if it is one and was not fetched before.
fn fresh(text: &Secret, last: &Mutex<Option<OneTimeCode>>) -> Result<OneTimeCode, String> {
    let code = OneTimeCode::try_from(text.expose().to_owned())?;
    let before = last
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .replace(code.clone());
    if before.as_ref() == Some(&code) {
        return Err("it is the code from before, which was used".to_owned());
    }
    Ok(code)
}

/// Codes that are made here are refused when the clock is wrong.
pub(super) fn check_clock(makes_codes: bool) {
    if makes_codes && supervisor::clock_is_synchronised() == Some(false) {
        tracing::warn!(
            "the system's clock is not known to be synchronised: one-time codes are refused when it is off by half a minute; run a time service (NTP) on this machine"
        );
    }
}

async fn request(source: Arc<CodeSource>, limit: Duration) -> Result<Secret, String> {
    let asking = tokio::task::spawn_blocking(move || match &*source {
        CodeSource::Request(request) => request_code(request, limit).map_err(|error| error.to_string()),
        CodeSource::Command(_) => Err("there is no service to ask".to_owned()),
    });
    asking.await.unwrap_or_else(|error| Err(error.to_string()))
}

/// What a command prints. What it says on standard error is told only when it fails: until then it may hold the code.
async fn run(command: &mut Command, reaper: &Reaper, limit: Duration) -> Result<Secret, String> {
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
    let child = reaper
        .spawn("the code command", command, output)
        .map_err(|error| error.to_string())?;
    let mut service = Service::new("the code command", child, STOP);
    let Ok(exit) = timeout(limit, service.ended()).await else {
        service.stop(|| {}).await;
        return Err(format!(
            "the command took longer than {} s; see GATEHAND_CODE_LIMIT",
            limit.as_secs()
        ));
    };
    // Never a message: only its end.
    let _ = timeout(DRAIN, ended).await;
    let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
    if exit != Exit::Code(0) {
        return Err(format!("the command failed ({exit}): {}", printed.1.join("; ")));
    }
    Ok(Secret::new(std::mem::take(&mut *printed.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_used_once() {
        let last = Mutex::default();
        let fresh = |text: &str| fresh(&Secret::new(text.to_owned()), &last);
        assert_eq!(fresh(" 123 456\n").unwrap().expose(), "123456");
        assert!(fresh("123456").unwrap_err().contains("from before"));
        assert!(fresh("no code here!").unwrap_err().contains("4 to 16"));
        assert!(
            fresh("654321").is_ok() && fresh("123456").is_ok(),
            "another one came between"
        );
    }
}
