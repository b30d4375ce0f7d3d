//! Whose turn it is at the display: while the agent acts, what viewers type and click waits, and no text passes between
//! programs and viewers.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

#[derive(Default)]
pub(super) struct Turns {
    /// Viewers wait.
    pub(super) closed: bool,
    /// The agent has touched the display since it was closed.
    pub(super) acting: bool,
    /// How often it was closed to act.
    pub(super) acts: u64,
    /// Somebody waits for it to be opened.
    pub(super) awaited: bool,
}

#[derive(Default)]
struct Inner {
    turns: Mutex<Turns>,
    opened: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// Between viewers and the display. It is open until an agent closes it.
#[derive(Clone, Default)]
pub struct Gate(Arc<Inner>);

impl Gate {
    /// It is the agent's turn: all that viewers did until now has reached the display, and nothing will before
    /// [`Self::open`].
    pub fn close(&self) {
        self.turns().closed = true;
    }

    /// The agent is about to touch the display: what programs select from now on is not for viewers.
    pub fn act(&self) {
        let mut turns = self.turns();
        turns.closed = true;
        if !std::mem::replace(&mut turns.acting, true) {
            turns.acts += 1;
        }
    }

    /// The viewers' turn: what they did meanwhile reaches the display now.
    pub fn open(&self) {
        let mut turns = self.turns();
        turns.closed = false;
        let acted = std::mem::take(&mut turns.acting);
        let awaited = std::mem::take(&mut turns.awaited);
        drop(turns);
        if (acted || awaited)
            && let Some(opened) = self.0.opened.get()
        {
            opened();
        }
    }

    /// Calls `hook` whenever it was opened and there is something to be done then.
    pub(super) fn on_open(&self, hook: impl Fn() + Send + Sync + 'static) {
        self.0.opened.get_or_init(|| Box::new(hook));
    }

    /// Whose turn it is, and stays as long as this is held. Whoever panicked meanwhile left flags, all of them valid.
    pub(super) fn turns(&self) -> MutexGuard<'_, Turns> {
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("closed", &self.turns().closed)
            .finish_non_exhaustive()
    }
}
