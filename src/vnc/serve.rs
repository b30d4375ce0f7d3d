//! The native port: the server speaks first, and at once.

use tokio::task::JoinSet;
use tracing::Instrument;

use super::door::{Door, Entry};
use super::listener::Listener;
use super::screen::DisplayLost;
use crate::ports::ACCEPT_PAUSE;

/// Why the port is not served any more.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The display went.
    #[error(transparent)]
    DisplayLost(#[from] DisplayLost),
}

/// How long the port is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stay {
    /// As long as the display is there.
    #[default]
    Forever,
    /// Until the last viewer has left, once there was one.
    Once,
}

/// Serves viewers until `shutdown` is ready, or as long as `stay` says; those that are there are then disconnected.
///
/// # Errors
/// The display is lost.
pub async fn serve(
    listeners: Vec<Listener>,
    door: Door,
    entry: Entry,
    stay: Stay,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let mut viewers = JoinSet::new();
    let mut was_one = false;
    tokio::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            lost = door.screen().lost() => return Err(lost.into()),
            Some(was_in) = viewers.join_next(), if !viewers.is_empty() => {
                was_one |= was_in.unwrap_or(false);
                if stay == Stay::Once && was_one && viewers.is_empty() {
                    tracing::info!("the last viewer has left");
                    break;
                }
                continue;
            }
            accepted = Listener::accept(&listeners) => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!("a viewer could not be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let (door, entry) = (door.clone(), entry.clone());
        let viewing = async move { door.admit(stream, peer, &entry).await };
        viewers.spawn(viewing.in_current_span());
    }
    viewers.shutdown().await;
    Ok(())
}
