//! One supervised process: the shell that drives a [`Unit`] with a real process and a real clock.

use std::future::pending;
use std::time::Instant;

use tokio::time::sleep_until;
use tracing::Span;

use super::output::span_of;
use super::process::{Exit, Identity};
use super::reaper::Child;
use super::unit::{Action, State, StopPolicy, Unit};

/// A process and where it is in its life.
#[derive(Debug)]
pub struct Service {
    span: Span,
    child: Child,
    unit: Unit,
}

impl Service {
    /// Supervises a process that was just started.
    #[must_use]
    pub fn new(name: &str, child: Child, policy: StopPolicy) -> Self {
        let span = span_of(name);
        span.in_scope(|| tracing::info!(pid = child.identity().pid, "started"));
        Self {
            span,
            child,
            unit: Unit::new(policy),
        }
    }

    /// Which process it is.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.child.identity()
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.unit.state()
    }

    /// It has shown that it works.
    pub const fn mark_ready(&mut self) {
        self.unit.handle_ready();
    }

    /// Waits until it has ended. May be called again, and dropped while it waits.
    pub async fn ended(&mut self) -> Exit {
        let exit = self.child.wait().await;
        if !matches!(self.unit.state(), State::Stopped(_) | State::Failed(_)) {
            self.unit.handle_exit(exit);
            self.span.in_scope(|| tracing::info!(%exit, "ended"));
        }
        exit
    }

    /// Stops it in order: asks it by `ask`, then SIGTERM, then SIGKILL, each after the time that its policy gives;
    /// returns when it has ended. A process that has ended already is left as it is. Dropping the future leaves the
    /// stop where it is; calling it again goes on from there.
    pub async fn stop(&mut self, mut ask: impl FnMut()) -> Exit {
        self.unit.stop(Instant::now());
        loop {
            match self.unit.poll_action() {
                Some(Action::Ask) => {
                    self.span.in_scope(|| tracing::info!("asked to stop"));
                    ask();
                }
                Some(Action::Terminate) => {
                    self.span.in_scope(|| tracing::info!("SIGTERM"));
                    self.child.terminate();
                }
                Some(Action::Kill) => {
                    self.span
                        .in_scope(|| tracing::warn!("SIGKILL: it did not stop in time"));
                    self.child.kill();
                }
                None => {}
            }
            let deadline = self.unit.poll_timeout();
            let timeout = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline.into()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                exit = self.ended() => return exit,
                () = timeout => self.unit.handle_timeout(Instant::now()),
            }
        }
    }
}
