//! What is believed of the gateway and its session.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::agent;

/// Where the gateway and its session are.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The gateway does not run, or takes no connection: it is started again.
    Down,
    /// It was started and does not listen yet.
    Starting,
    /// It runs and gets no answer from IBKR.
    UpstreamDown,
    /// Nobody is logged in.
    NoSession,
    /// Somebody is logged in, without a brokerage session.
    NotAuthenticated,
    /// The user has a brokerage session elsewhere.
    Competing,
    /// Logged in, connected, and the only session.
    Ready,
    /// Nothing is submitted before a human did something.
    LockedOut,
    /// The gateway is not to run.
    Inactive,
}

impl State {
    /// What the states of a gateway with windows call this.
    #[must_use]
    pub const fn as_agent(self) -> agent::State {
        match self {
            Self::Down => agent::State::Restarting,
            Self::Starting => agent::State::Starting,
            Self::UpstreamDown | Self::Competing => agent::State::Disconnected,
            Self::NoSession => agent::State::LoginShown,
            Self::NotAuthenticated => agent::State::LoggedIn,
            Self::Ready => agent::State::Ready,
            Self::LockedOut => agent::State::LockedOut,
            Self::Inactive => agent::State::Stopped,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Down => "down",
            Self::Starting => "starting",
            Self::UpstreamDown => "upstream-down",
            Self::NoSession => "no-session",
            Self::NotAuthenticated => "not-authenticated",
            Self::Competing => "competing",
            Self::Ready => "ready",
            Self::LockedOut => "locked-out",
            Self::Inactive => "inactive",
        })
    }
}

/// A state, and what it rests on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Belief {
    /// The state.
    pub state: State,
    /// What it rests on.
    pub evidence: String,
}

impl Belief {
    pub(super) fn new(state: State, evidence: impl Into<String>) -> Self {
        let evidence = evidence.into();
        Self { state, evidence }
    }
}
