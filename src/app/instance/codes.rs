//! One-time codes that a command or a service of the user's gives, when a window asks for one.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tracing::Instrument;

use super::Instance;
use crate::app::codes::{LastCode, fetch};
use crate::config::CodeSources;
use crate::control::{Request, put};
use crate::notify::Kind;
use crate::supervisor;

/// What fetches codes for one gateway.
#[derive(Debug, Default)]
pub(super) struct CodeFetcher {
    running: Option<JoinHandle<()>>,
    last: Arc<LastCode>,
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
            let outcome = match fetch(source, limit, &reaper, environment, &last).await {
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

/// Codes that are made here are refused when the clock is wrong.
pub(super) fn check_clock(makes_codes: bool) {
    if makes_codes && supervisor::clock_is_synchronised() == Some(false) {
        tracing::warn!(
            "the system's clock is not known to be synchronised: one-time codes are refused when it is off by half a minute; run a time service (NTP) on this machine"
        );
    }
}
