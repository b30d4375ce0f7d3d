//! What the agent believes, with its evidence, and what it tells about it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Where the gateway is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// No window of the gateway yet, or its splash.
    Starting,
    /// The login form shows.
    LoginShown,
    /// The login button was pressed; no answer yet.
    SubmittedCredentials,
    /// A second factor is asked for.
    SecondFactor,
    /// The main window is there; the API has not answered yet.
    LoggedIn,
    /// Logged in; the gateway's own settings are being looked at, and set.
    Configuring,
    /// Logged in and the API handshake was answered.
    Ready,
    /// Logged in before, but the API no longer answers.
    Disconnected,
    /// A dialog without a rule is in the way.
    UnknownDialog,
    /// A human uses the viewer, or has to log in there: the agent waits.
    HandsOff,
    /// The credentials were refused, or too many attempts were made: nothing is submitted.
    LockedOut,
    /// The settings contradict what the gateway asks: a human has to decide.
    Failed,
    /// The gateway is gone, and is started again.
    Restarting,
    /// The gateway is gone.
    Stopped,
}

impl State {
    /// All of them.
    pub const ALL: [Self; Self::Stopped as usize + 1] = [
        Self::Starting,
        Self::LoginShown,
        Self::SubmittedCredentials,
        Self::SecondFactor,
        Self::LoggedIn,
        Self::Configuring,
        Self::Ready,
        Self::Disconnected,
        Self::UnknownDialog,
        Self::HandsOff,
        Self::LockedOut,
        Self::Failed,
        Self::Restarting,
        Self::Stopped,
    ];
}

/// How a gateway ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// What happened to it.
    pub why: String,
    /// Whether it is started again without being asked to.
    pub comes_back: bool,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "Starting",
            Self::LoginShown => "LoginShown",
            Self::SubmittedCredentials => "SubmittedCredentials",
            Self::SecondFactor => "SecondFactor",
            Self::LoggedIn => "LoggedIn",
            Self::Configuring => "Configuring",
            Self::Ready => "Ready",
            Self::Disconnected => "Disconnected",
            Self::UnknownDialog => "UnknownDialog",
            Self::HandsOff => "HandsOff",
            Self::LockedOut => "LockedOut",
            Self::Failed => "Failed",
            Self::Restarting => "Restarting",
            Self::Stopped => "Stopped",
        })
    }
}

/// Something worth telling: for the log, the events file and whoever waits for a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The state changed.
    State {
        /// The new state.
        state: State,
        /// What it rests on.
        evidence: String,
    },
    /// A dialog was recognised and its button pressed.
    Pressed {
        /// The rule.
        rule: String,
        /// The button's label.
        label: String,
    },
    /// A dialog that was pressed is gone.
    Answered {
        /// The rule.
        rule: String,
        /// From first sight to the window's end, in ms.
        #[serde(rename = "ms", serialize_with = "as_millis")]
        after: Duration,
    },
    /// The gateway names a day by which something has to be done: this version's end, the password's.
    Expires {
        /// The rule.
        rule: String,
        /// ISO 8601: `2026-12-31`, or `--12-31` when no year is named.
        #[serde(skip_serializing_if = "Option::is_none")]
        day: Option<String>,
        /// The days that are left, when it says so.
        #[serde(skip_serializing_if = "Option::is_none")]
        days: Option<u32>,
        /// Its words.
        text: String,
    },
    /// A known dialog that the settings leave to a human.
    LeftToHuman {
        /// The rule.
        rule: String,
        /// The window's title.
        title: String,
    },
    /// A dialog that no rule knows, or that several claim.
    UnknownDialog {
        /// The window's title.
        title: String,
        /// Why it is not answered.
        why: String,
    },
    /// A picture and a text were kept.
    Evidence {
        /// The folder.
        folder: PathBuf,
    },
    /// An act that did not work and is given up.
    GivenUp {
        /// What was tried, and what came of it.
        what: String,
    },
    /// A second factor is asked for.
    SecondFactorAsked {
        /// The rule, which tells the kind.
        rule: String,
        /// Only a human can give it: at the viewer, or on the phone.
        by_hand: bool,
    },
    /// A window has a field for a one-time code that the agent cannot make.
    CodeWanted,
    /// The user's rule files were read again.
    RulesRead {
        /// All rules, with the built-in ones.
        rules: usize,
    },
    /// The user's rule files changed, but cannot be used: the rules from before stay.
    RulesKept {
        /// What is wrong, with file, line and column.
        why: String,
    },
    /// The second factor's window went without a login: nobody confirmed.
    SecondFactorMissed,
    /// The session was left to another program.
    GaveWay,
    /// Another program and this one take the session from each other: it is left to a human.
    SessionFight,
    /// The token of an automatic restart was refused. The credentials were not judged.
    TokenRefused {
        /// The gateway's words.
        text: String,
    },
    /// A step of the login was verified.
    Verified {
        /// What, and by which evidence.
        what: String,
    },
    /// The gateway's own settings are as they should be, but for those that were told before.
    Configured {
        /// The settings that were changed.
        changed: Vec<String>,
    },
    /// A setting of the gateway's own that is not as it should be.
    NotConfigured {
        /// The setting.
        setting: String,
        /// Why.
        why: String,
    },
    /// The gateway has no menu item that restarts it: its automatic restart was set to a time that is near.
    RestartScheduled {
        /// The time, by the gateway's clock.
        time: String,
        /// What the menus lack.
        why: String,
        /// What was set before. It is put back after the restart, or what the settings want.
        before: String,
    },
    /// A command was carried out.
    CarriedOut {
        /// The command.
        command: String,
    },
    /// A submission was not permitted.
    Denied {
        /// Why.
        why: String,
        /// When it is asked for again, in ms. Without, the state is [`State::LockedOut`].
        #[serde(rename = "retry_after_ms", serialize_with = "some_as_millis")]
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<Duration>,
    },
}

fn as_millis<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

fn some_as_millis<S: serde::Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    as_millis(&duration.unwrap_or_default(), serializer)
}
