//! Commands from outside while gatehand runs: over a socket in the state folder, and as IBC's command server took them.

mod board;
mod command_server;
mod health;
mod ibc;
pub mod metrics;
mod pulse;
mod socket;
mod status;

use std::fmt;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

pub use board::Board;
pub use command_server::{CommandServer, CommandServerSettings};
pub use health::{Health, Standing, Verdict};
pub use pulse::Pulse;
pub use socket::{Follower, News, SOCKET, SocketError, Sources, ask, close, private_socket, serve};
pub use status::{
    ApiStatus, Attempts, Down, Planned, ProcessStatus, SecondFactorStatus, Status, Statuses, Versions,
    seconds,
};

/// What may be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// What gatehand believes, and why.
    Status,
    /// A picture of the display without what stands in fields: a PNG file in base64.
    Screenshot,
    /// Close the gateway and end.
    Stop,
    /// Restart the gateway through its own menu or time: no login follows.
    Restart,
    /// Close the gateway and log in anew.
    ColdRestart,
    /// Connect to the market data anew.
    ReconnectData,
    /// Connect to the account server anew.
    ReconnectAccount,
    /// Save the gateway's settings.
    SaveSettings,
    /// Have TWS serve its API, by its configuration.
    EnableApi,
    /// Close the gateway, so that somebody else may have the session.
    Yield,
    /// Take the session back.
    Reclaim,
    /// Let the agent act again: a human at a viewer is done.
    Resume,
    /// Type this one-time code into the window that asks for one.
    Code(OneTimeCode),
    /// Let the credentials of this user name, or of all, be submitted again.
    Unlock(Option<String>),
    /// Log by this filter, in the words of `tracing_subscriber::EnvFilter`.
    Log(String),
}

/// A one-time code that a human gives. It is shown by nothing, and zeroed when it goes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OneTimeCode(Zeroizing<String>);

impl OneTimeCode {
    /// The digits or letters.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OneTimeCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = Zeroizing::new(text);
        let code: Zeroizing<String> = Zeroizing::new(text.split_whitespace().collect());
        let plain = code.chars().all(|c| c.is_ascii_alphanumeric());
        if plain && (4..=16).contains(&code.len()) {
            Ok(Self(code))
        } else {
            Err("a one-time code is 4 to 16 letters and digits")
        }
    }
}

impl From<OneTimeCode> for String {
    fn from(code: OneTimeCode) -> Self {
        code.expose().to_owned()
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode")
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Whether it is done, or begun.
    pub ok: bool,
    /// What came of it, or why nothing did.
    pub text: String,
}

impl Reply {
    /// It is done, or begun.
    pub fn ok(text: impl Into<String>) -> Self {
        Self {
            ok: true,
            text: text.into(),
        }
    }

    /// It cannot be done.
    pub fn refused(text: impl Into<String>) -> Self {
        Self {
            ok: false,
            text: text.into(),
        }
    }
}

/// A request with the way back.
#[derive(Debug)]
pub struct Asked {
    /// What is asked for.
    pub request: Request,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Reply>,
}

/// What is said when credentials were unlocked.
pub const UNLOCKED: &str = "unlocked: the credentials may be submitted again";
/// What is said when there was nothing to unlock.
pub const NOTHING_LOCKED: &str = "nothing was locked";

/// Who hears of requests.
pub type Requests = mpsc::Sender<Asked>;

/// Has a request answered.
pub async fn put(requests: &Requests, request: Request) -> Reply {
    let (answer, answered) = oneshot::channel();
    let gone = || Reply::refused("gatehand is stopping");
    if requests.send(Asked { request, answer }).await.is_err() {
        return gone();
    }
    answered.await.unwrap_or_else(|_| gone())
}
