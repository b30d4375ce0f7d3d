//! What the answer to `/tickle` proves. Pure.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::client::Reply;

/// Where the gateway stands with IBKR.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Nobody listens, or whoever does is not the gateway: why.
    Down(String),
    /// The gateway listens and gives no answer: it gets none from IBKR. A login would not get one either.
    UpstreamDown(String),
    /// The gateway serves only the addresses in its list, and ours is none of them.
    NotAllowed,
    /// Nobody is logged in.
    NoSession,
    /// Somebody is logged in, without a brokerage session.
    NotAuthenticated(Session),
    /// The user has a brokerage session elsewhere.
    Competing(Session),
    /// Logged in, connected, and the only session.
    Ready(Session),
    /// An answer that tells nothing: what it was.
    Unclear(String),
}

/// A session, as the gateway tells it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Session {
    /// Whether it reaches the brokerage's server.
    pub connected: bool,
    /// How long it lasts without another `/tickle`.
    pub expires_in: Option<Duration>,
    /// The server and its version.
    pub server: Option<String>,
    /// What the gateway says beside that.
    pub message: Option<String>,
}

impl Standing {
    /// What the reply to `/tickle` proves.
    #[must_use]
    pub fn of(reply: &Reply) -> Self {
        let (status, body) = match reply {
            Reply::Unreachable(why) => return Self::Down(why.clone()),
            Reply::Silent(limit) => {
                return Self::UpstreamDown(format!("no answer within {} s", limit.as_secs()));
            }
            Reply::Answer { status, body } => (*status, body.as_slice()),
        };
        match status {
            200 => Self::told(body),
            401 => Self::NoSession,
            404 if contains(body, "Access Denied") => Self::NotAllowed,
            500..=599 => Self::UpstreamDown(format!("HTTP status {status}")),
            _ => Self::Unclear(format!("HTTP status {status}")),
        }
    }

    fn told(body: &[u8]) -> Self {
        let Ok(told) = serde_json::from_slice::<Tickle>(body) else {
            return Self::Unclear("an answer that is no JSON of /tickle".into());
        };
        if let Some(error) = told.error {
            return match error.as_str() {
                "no session" => Self::NoSession,
                _ => Self::Unclear(format!("the error {error:?}")),
            };
        }
        let status = told.iserver.and_then(|iserver| iserver.status);
        let Some(status) = status else {
            return match told.session {
                Some(_) => Self::NotAuthenticated(Session::default()),
                None => Self::Unclear("an answer without a session".into()),
            };
        };
        let session = Session {
            connected: status.connected,
            expires_in: told.expires.map(Duration::from_millis),
            server: status.server.and_then(|server| server.version),
            message: Some(status.message).filter(|message| !message.is_empty()),
        };
        match (status.competing, status.authenticated && status.connected) {
            (true, _) => Self::Competing(session),
            (false, true) => Self::Ready(session),
            (false, false) => Self::NotAuthenticated(session),
        }
    }

    /// Its name, as settings and programs know it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Down(_) => "down",
            Self::UpstreamDown(_) => "upstream-down",
            Self::NotAllowed => "not-allowed",
            Self::NoSession => "no-session",
            Self::NotAuthenticated(_) => "not-authenticated",
            Self::Competing(_) => "competing",
            Self::Ready(_) => "ready",
            Self::Unclear(_) => "unclear",
        }
    }

    /// What the gateway tells of the session, when there is one.
    #[must_use]
    pub const fn session(&self) -> Option<&Session> {
        match self {
            Self::NotAuthenticated(session) | Self::Competing(session) | Self::Ready(session) => {
                Some(session)
            }
            _ => None,
        }
    }
}

/// What is so, and what to do about it.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down(why) => write!(f, "{why}; is the gateway started, and is this its address?"),
            Self::UpstreamDown(why) => {
                write!(f, "the gateway runs and does not reach IBKR ({why}); it goes on by itself once it does")
            }
            Self::NotAllowed => f.write_str(
                "the gateway denies access to this address; add it to ips.allow in its conf.yaml (in a container also the bridge's address, in a swarm that of docker_gwbridge)",
            ),
            Self::NoSession => f.write_str("nobody is logged in"),
            Self::NotAuthenticated(session) if session.connected => {
                f.write_str("logged in, without a brokerage session")
            }
            Self::NotAuthenticated(_) => f.write_str("logged in, not connected to the brokerage"),
            Self::Competing(_) => {
                f.write_str("the user has a brokerage session elsewhere; end that one, or have this one take over")
            }
            Self::Ready(_) => f.write_str("logged in, with the brokerage session"),
            Self::Unclear(what) => write!(f, "{what}; is this a Client Portal Gateway?"),
        }
    }
}

fn contains(body: &[u8], wanted: &str) -> bool {
    body.windows(wanted.len()).any(|part| part == wanted.as_bytes())
}

/// The answer to `/tickle`, of which every part may be missing.
#[derive(Deserialize)]
struct Tickle {
    session: Option<serde_json::Value>,
    error: Option<String>,
    /// In milliseconds.
    #[serde(rename = "ssoExpires")]
    expires: Option<u64>,
    iserver: Option<Iserver>,
}

#[derive(Deserialize)]
struct Iserver {
    #[serde(rename = "authStatus")]
    status: Option<AuthStatus>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct AuthStatus {
    authenticated: bool,
    competing: bool,
    connected: bool,
    message: String,
    #[serde(rename = "serverInfo")]
    server: Option<Server>,
}

#[derive(Deserialize)]
struct Server {
    #[serde(rename = "serverVersion")]
    version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Standing {
        Standing::of(&Reply::Answer {
            status,
            body: body.as_bytes().to_vec(),
        })
    }

    fn told(authenticated: bool, connected: bool, competing: bool) -> Standing {
        let body = format!(
            r#"{{"session":"9fe1","ssoExpires":444936,"collission":false,"hmds":{{"error":"no bridge"}},"iserver":{{"authStatus":
                {{"authenticated":{authenticated},"connected":{connected},"competing":{competing},"message":"","MAC":"F4:1",
                "serverInfo":{{"serverName":"x","serverVersion":"Build 10.33.1f"}}}}}}}}"#
        );
        answer(200, &body)
    }

    /// Only all three flags together are a session that can trade.
    #[test]
    fn nothing_but_the_whole_answer_is_ready() {
        for flags in 0..8 {
            let [authenticated, connected, competing] = [1, 2, 4].map(|bit| flags & bit != 0);
            let name = told(authenticated, connected, competing).name();
            let wanted = match (authenticated && connected, competing) {
                (_, true) => "competing",
                (true, false) => "ready",
                (false, false) => "not-authenticated",
            };
            assert_eq!(name, wanted, "{authenticated} {connected} {competing}");
        }
        let ready = told(true, true, false);
        let session = ready.session().expect("a session");
        assert_eq!(session.expires_in, Some(Duration::from_millis(444_936)));
        assert_eq!(session.server.as_deref(), Some("Build 10.33.1f"));
    }

    #[test]
    fn what_looks_like_success_and_is_none() {
        for (status, body, name) in [
            (401, "Access Denied", "no-session"),
            (200, r#"{"error":"no session"}"#, "no-session"),
            (404, "Access Denied", "not-allowed"),
            (404, "not found", "unclear"),
            (302, "", "unclear"),
            (500, "", "upstream-down"),
            (503, "", "upstream-down"),
            // What the gateway says for every redirection of the login.
            (200, "Client login succeeds", "unclear"),
            (200, "{}", "unclear"),
            (200, r#"{"iserver":{"authStatus":{}}}"#, "not-authenticated"),
            (200, r#"{"session":"9fe1","iserver":{}}"#, "not-authenticated"),
            (200, r#"{"session":"9fe1"}"#, "not-authenticated"),
            (200, r#"{"error":"something else"}"#, "unclear"),
            (200, "\u{0}", "unclear"),
        ] {
            assert_eq!(answer(status, body).name(), name, "{status} {body}");
        }
        let silent = Standing::of(&Reply::Silent(Duration::from_secs(15)));
        assert_eq!(silent.name(), "upstream-down");
        let refused = Standing::of(&Reply::Unreachable("connection refused".into()));
        assert_eq!(refused.name(), "down");
    }
}
