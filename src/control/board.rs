//! The board of one gateway: what others may know without asking, and the way to ask. It is there before the gateway, and
//! stays when that is started anew.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use super::health::Standing;
use super::metrics::Tally;
use super::{Pulse, Reply, Request, Requests, put};
use crate::vnc::WebDoor;

/// The board.
#[derive(Debug)]
pub struct Board {
    /// `live` or `paper`.
    pub gateway: &'static str,
    /// Where its events are.
    pub state_dir: PathBuf,
    /// The folder of the user's rules.
    pub rules: PathBuf,
    /// The user name, which is not learnt when a dialog is taught.
    pub user: Option<String>,
    /// What was counted since the start.
    pub tally: Tally,
    standing: watch::Sender<Standing>,
    events: watch::Sender<u64>,
    pulse: Mutex<Option<Pulse>>,
    requests: Mutex<Option<Requests>>,
    viewers: Mutex<Option<WebDoor>>,
}

impl Board {
    /// A board with nothing on it yet.
    #[must_use]
    pub fn new(gateway: &'static str, state_dir: PathBuf, rules: PathBuf, user: Option<String>) -> Self {
        Self {
            gateway,
            state_dir,
            rules,
            user,
            tally: Tally::new(gateway),
            standing: watch::Sender::default(),
            events: watch::Sender::default(),
            pulse: Mutex::default(),
            requests: Mutex::default(),
            viewers: Mutex::default(),
        }
    }

    /// Changes what is believed. Who watches is told when it is something else afterwards.
    pub fn change(&self, change: impl FnOnce(&mut Standing)) {
        self.standing.send_if_modified(|standing| {
            let before = standing.clone();
            change(standing);
            *standing != before
        });
    }

    /// Changes whenever something else is believed.
    #[must_use]
    pub fn beliefs(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// The gateway is down, and may be started anew.
    pub fn went_down(&self, why: String) {
        self.change(|standing| {
            let has_shown = standing.has_shown;
            *standing = Standing {
                down: Some(why),
                has_shown,
                ..Standing::default()
            };
        });
    }

    /// What is believed.
    #[must_use]
    pub fn standing(&self, now: Instant) -> Standing {
        let pulse = self.pulse.lock().unwrap_or_else(PoisonError::into_inner);
        Standing {
            at_step_for: pulse.as_ref().and_then(|pulse| pulse.at_step_for(now)),
            ..self.standing.borrow().clone()
        }
    }

    /// The agent whose pulse counts from now on.
    pub fn take_pulse(&self, pulse: Pulse) {
        *self.pulse.lock().unwrap_or_else(PoisonError::into_inner) = Some(pulse);
    }

    /// There is one more event in the file.
    pub fn event_came(&self) {
        self.events.send_modify(|count| *count += 1);
    }

    /// Changes whenever there is a new event in the file.
    #[must_use]
    pub fn events(&self) -> watch::Receiver<u64> {
        self.events.subscribe()
    }

    /// Where requests go from now on; nowhere: the gateway is down.
    pub fn take_requests(&self, requests: Option<Requests>) {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner) = requests;
    }

    /// Where viewers in browsers come in from now on; nowhere: the gateway is down.
    pub fn take_viewers(&self, viewers: Option<WebDoor>) {
        *self.viewers.lock().unwrap_or_else(PoisonError::into_inner) = viewers;
    }

    /// Where viewers in browsers come in.
    #[must_use]
    pub fn viewers(&self) -> Option<WebDoor> {
        let viewers = self.viewers.lock().unwrap_or_else(PoisonError::into_inner);
        viewers.clone()
    }

    /// Whether there is a gateway that could answer.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.requests().is_some()
    }

    fn requests(&self) -> Option<Requests> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.clone()
    }

    /// Has a request answered.
    pub async fn ask(&self, request: Request) -> Reply {
        match self.requests() {
            Some(requests) => put(&requests, request).await,
            None => Reply::refused("gatehand is starting, or has no gateway now"),
        }
    }
}
