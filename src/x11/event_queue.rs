//! Events from the wire: one thread waits for them, the worker takes them out. Nothing is polled.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rustix::net::{Shutdown, shutdown};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{AtomEnum, PropMode, Timestamp};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::X11Error;
use super::link::Link;

/// The events of one connection, in the server's order.
pub(super) struct EventQueue {
    shared: Arc<Shared>,
    connection: Arc<RustConnection>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    /// Why the connection ended.
    lost: Option<String>,
}

impl Shared {
    /// Nothing that runs under this lock can leave the state half changed, so a panic elsewhere does not matter.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventQueue {
    /// Starts the thread. It calls `wake` when the queue stops being empty, and when the connection is lost.
    pub(super) fn start(
        connection: Arc<RustConnection>,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, X11Error> {
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new()
            .name("x11-events".to_owned())
            .spawn({
                let (shared, connection) = (Arc::clone(&shared), Arc::clone(&connection));
                move || receive(&connection, &shared, wake)
            })
            .map_err(|cause| X11Error::Io {
                what: "the display's event thread could not be started",
                cause,
            })?;
        Ok(Self {
            shared,
            connection,
            thread: Some(thread),
        })
    }

    /// The next event, if one is there.
    pub(super) fn pop(&self) -> Option<Event> {
        self.shared.lock().events.pop_front()
    }

    /// Whether no event is there.
    pub(super) fn is_empty(&self) -> bool {
        self.shared.lock().events.is_empty()
    }

    /// The next event; waits for it until `deadline`. `None` when that has passed or the connection is lost.
    pub(super) fn pop_until(&self, deadline: Instant) -> Option<Event> {
        self.take_until(Some(deadline), |_| true)
    }

    /// Why the connection was lost, if it was.
    pub(super) fn lost(&self) -> Option<String> {
        self.shared.lock().lost.clone()
    }

    /// The server's time. All that it sent before is in the queue when this returns.
    pub(super) fn server_time(&self, link: &Link) -> Result<Timestamp, X11Error> {
        let mark = link.atoms.GATEHAND;
        link.connection
            .change_property8(PropMode::REPLACE, link.own, mark, AtomEnum::STRING, b"")?;
        link.flush()?;
        let is_mark = |event: &Event| matches!(event, Event::PropertyNotify(change) if change.window == link.own && change.atom == mark);
        match self.take_until(None, is_mark) {
            Some(Event::PropertyNotify(change)) => Ok(change.time),
            _ => Err(X11Error::Gone {
                reason: self.lost().unwrap_or_default(),
            }),
        }
    }

    /// Takes the first event that `wanted` accepts out of the queue, and leaves the others as they are. Without a
    /// deadline it waits as long as the connection lasts.
    fn take_until(&self, deadline: Option<Instant>, wanted: impl Fn(&Event) -> bool) -> Option<Event> {
        let mut state = self.shared.lock();
        let mut seen = 0;
        loop {
            if let Some(found) = state.events.iter().skip(seen).position(&wanted) {
                return state.events.remove(seen + found);
            }
            seen = state.events.len();
            if state.lost.is_some() {
                return None;
            }
            let remaining = match deadline {
                Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                    Some(remaining) if !remaining.is_zero() => Some(remaining),
                    _ => return None,
                },
                None => None,
            };
            state = match remaining {
                Some(remaining) => {
                    self.shared
                        .changed
                        .wait_timeout(state, remaining)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self
                    .shared
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Drop for EventQueue {
    fn drop(&mut self) {
        // The thread sits in poll(); the end of the stream is what wakes it.
        let _ = self.connection.flush();
        let _ = shutdown(self.connection.stream(), Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn receive(connection: &RustConnection, shared: &Shared, wake: impl Fn()) {
    loop {
        let received = connection.wait_for_event();
        let ended = received.is_err();
        let first = {
            let mut state = shared.lock();
            let first = state.events.is_empty();
            match received {
                Ok(event) => state.events.push_back(event),
                Err(error) => state.lost = Some(error.to_string()),
            }
            first
        };
        shared.changed.notify_all();
        if first || ended {
            wake();
        }
        if ended {
            return;
        }
    }
}
