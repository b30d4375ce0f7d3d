//! Whether the gateway is ready, as the relay is told.

use tokio::sync::watch;

/// Open while the gateway is ready. A gate whose keeper is gone is shut for good.
#[derive(Clone, Debug)]
pub(super) struct Gate(watch::Receiver<bool>);

impl Gate {
    pub(super) const fn new(ready: watch::Receiver<bool>) -> Self {
        Self(ready)
    }

    pub(super) fn is_open(&self) -> bool {
        // The last value outlives its sender.
        *self.0.borrow() && self.0.has_changed().is_ok()
    }

    /// Waits until it is open.
    pub(super) async fn opens(&mut self) {
        let answered = self.0.wait_for(|open| *open).await.is_ok();
        if !answered || !self.is_open() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until it is shut.
    pub(super) async fn shuts(&mut self) {
        // An error is a keeper that is gone.
        let _ = self.0.wait_for(|open| !*open).await;
    }
}
