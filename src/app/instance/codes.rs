//! One-time codes that a command or a service of the user's gives, when a window asks for one.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::Instrument;

use super::Instance;
use crate::config::{CodeSource, CodeSources, Secret};
use crate::control::{OneTimeCode, Request, put};
use crate::notify::Kind;
use crate::secrets::request_code;
use crate::supervisor::{self, RunError};

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
        let notices = self.notices.clone();
        tracing::info!("a one-time code is fetched");
        let fetching = async move {
            let fetched = match &*source {
                CodeSource::Command(command) => {
                    let mut shell = Command::new("/bin/sh");
                    shell.args(["-c", command]).env_clear().envs(environment);
                    let run = reaper.run("the code command", &mut shell, &[], limit).await;
                    run.map_err(|error| match error {
                        RunError::TooLong(_) => format!("{error}; see GATEHAND_CODE_LIMIT"),
                        error => error.to_string(),
                    })
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
                notices.tell(Kind::SecondFactor, format!("no one-time code was fetched: {why}"));
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
