//! What is asked of the gateway, beside everything else.

use std::sync::Arc;

use serde::Deserialize;
use tokio::task::JoinSet;

use crate::portal::{Action, Client, Reply, Standing};

/// What was answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// Whether it listens, or why not.
    Knocked(Result<(), String>),
    /// What `/tickle` proves.
    Standing(Standing),
    /// It was asked for something, of which the next `/tickle` tells.
    Asked,
    /// Whether IBKR takes the login for valid; `None`: it does not say.
    Valid(Option<bool>),
}

/// Questions under way. What was asked before the process ended is answered by nobody.
#[derive(Debug)]
pub(super) struct Asking {
    client: Arc<Client>,
    under_way: JoinSet<Answer>,
}

impl Asking {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client: Arc::new(client),
            under_way: JoinSet::new(),
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Asks, if the action is a question.
    pub(super) fn ask(&mut self, action: Action) {
        let client = Arc::clone(&self.client);
        self.under_way.spawn(async move {
            match action {
                Action::Knock => Answer::Knocked(client.knock().await),
                Action::Tickle => Answer::Standing(Standing::of(&client.tickle().await)),
                Action::Validate => Answer::Valid(valid(&client.validate().await)),
                Action::Open { compete } => asked("a brokerage session", &client.open(compete).await),
                _ => asked("the brokerage session anew", &client.reauthenticate().await),
            }
        });
    }

    /// The next answer; never, while nothing is asked.
    pub(super) async fn next(&mut self) -> Answer {
        match self.under_way.join_next().await {
            Some(Ok(answer)) => answer,
            Some(Err(fault)) if fault.is_panic() => std::panic::resume_unwind(fault.into_panic()),
            _ => std::future::pending().await,
        }
    }

    /// Nothing that was asked counts any more.
    pub(super) fn forget(&mut self) {
        self.under_way = JoinSet::new();
    }
}

fn asked(what: &str, reply: &Reply) -> Answer {
    match reply {
        Reply::Answer { status: 200, .. } => tracing::info!("asked for {what}"),
        Reply::Answer { status, .. } => tracing::warn!(status, "asked for {what}"),
        Reply::Unreachable(why) => tracing::warn!(why, "asked for {what}"),
        Reply::Silent(limit) => tracing::warn!("asked for {what}: no answer within {} s", limit.as_secs()),
    }
    Answer::Asked
}

fn valid(reply: &Reply) -> Option<bool> {
    /// The answer to `/sso/validate`.
    #[derive(Deserialize)]
    struct Validation {
        #[serde(rename = "RESULT")]
        result: Option<bool>,
    }

    match reply {
        Reply::Answer { status: 200, body } => serde_json::from_slice::<Validation>(body).ok()?.result,
        _ => None,
    }
}
