//! Whether the API answers, asked as long as the main window shows.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::gateway;

/// Once ready, the API is asked this often whether it still answers. With the retries below, the only timers of an idle
/// gatehand.
const PROBE_INTERVAL: Duration = Duration::from_secs(30);
/// Pause between two probes of an API that does not answer yet.
const PROBE_RETRY: Duration = Duration::from_millis(500);
/// A handshake that takes longer is no answer.
const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// Asks the API whether it answers, as long as the agent sees the main window.
pub(super) async fn probe(
    port: u16,
    mut logged_in: watch::Receiver<bool>,
    answers: mpsc::UnboundedSender<bool>,
) {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut answered = false;
    loop {
        if logged_in.wait_for(|&logged_in| logged_in).await.is_err() {
            return;
        }
        let outcome = gateway::probe(address, PROBE_LIMIT).await;
        match &outcome {
            Ok(answer) if !answered => tracing::info!(version = answer.server_version, "the API answers"),
            Err(error) if answered => tracing::warn!(%error, "the API does not answer any more"),
            Err(error) => tracing::debug!(%error, "the API does not answer yet"),
            Ok(_) => {}
        }
        if answered != outcome.is_ok() {
            answered = outcome.is_ok();
            if answers.send(answered).is_err() {
                return;
            }
        }
        let pause = if answered { PROBE_INTERVAL } else { PROBE_RETRY };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Logged out: what was answered before says nothing about the next login.
            gone = logged_in.wait_for(|&logged_in| !logged_in) => {
                if gone.is_err() || std::mem::take(&mut answered) && answers.send(false).is_err() {
                    return;
                }
            }
        }
    }
}
