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

/// Serves viewers until `shutdown` is ready; those that are there are then disconnected.
///
/// # Errors
/// The display is lost.
pub async fn serve(
    listeners: Vec<Listener>,
    door: Door,
    entry: Entry,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let mut viewers = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            lost = door.screen().lost() => return Err(lost.into()),
            Some(_) = viewers.join_next(), if !viewers.is_empty() => continue,
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
