//! Commands from outside while gatehand runs: over a socket in the state folder, and as IBC's command server took them.

mod command_server;
mod ibc;
mod socket;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

pub use command_server::{CommandServer, CommandServerSettings};
pub use socket::{SOCKET, SocketError, ask, serve};

/// What may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// What gatehand believes, and why.
    Status,
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
    /// Close the gateway, so that somebody else may have the session.
    Yield,
    /// Take the session back.
    Reclaim,
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

/// Who hears of requests.
pub type Requests = mpsc::Sender<Asked>;

/// Has a request answered.
async fn put(requests: &Requests, request: Request) -> Reply {
    let (answer, answered) = oneshot::channel();
    let gone = || Reply::refused("gatehand is stopping");
    if requests.send(Asked { request, answer }).await.is_err() {
        return gone();
    }
    answered.await.unwrap_or_else(|_| gone())
}
