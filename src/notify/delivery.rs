//! One notice on its way to one target.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ureq::{Agent, RequestBuilder};
use zeroize::Zeroizing;

use super::notice::{Notice, PICTURE, header};
use super::outbox::Outcome;
use crate::config::{HIDDEN, NotifyTarget, Secret};
use crate::http_client;
use crate::supervisor::Reaper;

/// How long a service may take to answer.
const ANSWER: Duration = Duration::from_secs(20);
/// How long a command may run.
const COMMAND: Duration = Duration::from_secs(60);
/// The largest picture that is attached, in bytes.
const LARGEST: u64 = 4 << 20;

/// Why a target did not take a notice. The text holds nothing of its address or of what was sent.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Refusal {
    why: String,
    /// Whether it may take the same one later.
    passes: bool,
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        match refusal.passes {
            true => Self::Failed(refusal.why),
            false => Self::Refused(refusal.why),
        }
    }
}

/// Who brings notices to targets.
#[derive(Clone, Debug)]
pub struct Courier {
    /// What notices come from, as they tell it.
    pub sender: String,
    /// What starts commands.
    pub reaper: Arc<Reaper>,
    /// Their environment, which holds no secrets.
    pub environment: Vec<(OsString, OsString)>,
}

impl Courier {
    /// Brings one; tells what the target says when it takes it.
    ///
    /// # Errors
    /// When it does not.
    pub async fn bring(
        &self,
        target: Arc<NotifyTarget>,
        notice: Arc<Notice>,
        with_picture: bool,
        dropped: usize,
    ) -> Result<String, Refusal> {
        let picture = with_picture
            .then(|| picture(notice.evidence.as_deref()))
            .flatten();
        if let NotifyTarget::Command(command) = &*target {
            let json = notice.json(&self.sender, dropped, picture.as_deref());
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", command]).env_clear();
            shell.envs(self.environment.iter().cloned());
            let run = self
                .reaper
                .run("the notification command", &mut shell, json.as_bytes(), COMMAND);
            return match run.await {
                Ok(_) => Ok("exit code 0".to_owned()),
                Err(error) => Err(Refusal {
                    why: error.to_string(),
                    passes: true,
                }),
            };
        }
        let sender = self.sender.clone();
        let asking = tokio::task::spawn_blocking(move || {
            let picture = picture.as_deref();
            match &*target {
                NotifyTarget::Webhook { url, headers } => {
                    post(url, headers, &notice.json(&sender, dropped, picture))
                }
                NotifyTarget::Ntfy { topic, token } => {
                    publish(topic, token.as_ref(), notice.ntfy(&sender, dropped), picture)
                }
                // It was run above.
                NotifyTarget::Command(_) => Ok(String::new()),
            }
        });
        asking.await.unwrap_or_else(|error| {
            Err(Refusal {
                why: error.to_string(),
                passes: true,
            })
        })
    }
}

impl NotifyTarget {
    /// Which it is, without its address.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Ntfy { .. } => "ntfy",
            Self::Command(_) => "command",
        }
    }
}

/// The picture that was kept of a dialog, its fields painted over.
fn picture(evidence: Option<&Path>) -> Option<Vec<u8>> {
    let path = evidence?.join("window.png");
    let size = path.metadata().ok()?.len();
    let read = (size <= LARGEST).then(|| std::fs::read(&path))?;
    read.inspect_err(
        |error| tracing::warn!(%error, path = %path.display(), "a notification goes without its picture"),
    )
    .ok()
}

fn agent() -> Agent {
    http_client::config(ANSWER).build().into()
}

fn post(url: &Secret, headers: &[(String, Secret)], json: &str) -> Result<String, Refusal> {
    let mut asking = agent()
        .post(url.expose())
        .header("Content-Type", "application/json");
    for (name, value) in headers {
        asking = asking.header(name, value.expose());
    }
    answered(url, asking.send(json))
}

/// Sources: "Publishing" in the documentation of ntfy: title, priority and tags are headers; the body is the text, or an
/// attached file, whose text is a header then.
fn publish(
    topic: &Secret,
    token: Option<&Secret>,
    (headers, text): (Vec<(&'static str, String)>, String),
    picture: Option<&[u8]>,
) -> Result<String, Refusal> {
    let agent = agent();
    let with_headers = |asking: RequestBuilder<ureq::typestate::WithBody>| {
        let mut asking = headers
            .iter()
            .fold(asking, |asking, (name, value)| asking.header(*name, value));
        if let Some(token) = token {
            let bearer = Zeroizing::new(format!("Bearer {}", token.expose()));
            asking = asking.header("Authorization", bearer.as_str());
        }
        asking
    };
    let sent = match picture {
        None => with_headers(agent.post(topic.expose())).send(text),
        Some(picture) => with_headers(agent.put(topic.expose()))
            .header("Filename", PICTURE)
            .header("Message", header(&text))
            .send(picture),
    };
    answered(topic, sent)
}

fn answered(
    address: &Secret,
    sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<String, Refusal> {
    let status = match sent {
        Ok(response) => response.status(),
        Err(error) => {
            return Err(Refusal {
                why: format!(
                    "no answer: {}",
                    error.to_string().replace(address.expose(), HIDDEN)
                ),
                passes: true,
            });
        }
    };
    let code = status.as_u16();
    match code {
        200..=299 => Ok(status.to_string()),
        // Request Timeout, Too Early, Too Many Requests.
        408 | 425 | 429 | 500.. => Err(Refusal {
            why: format!("it answers {status}"),
            passes: true,
        }),
        _ => {
            let cure = match code {
                300..=399 => "give the address that it leads to",
                401 | 403 => "check its token or headers",
                404 | 410 => "check its address",
                _ => "see what it takes",
            };
            Err(Refusal {
                why: format!("it answers {status}; {cure}"),
                passes: false,
            })
        }
    }
}
