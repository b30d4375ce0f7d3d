//! Whether the API answers, asked as long as the main window shows.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::control::{ApiStatus, Board};
use crate::gateway::{self, ApiAnswer, ApiSession, ProbeError};
use crate::relay::RelayStatus;

/// Once ready, the API is asked this often whether it still answers. With the pauses below, the only timers of an idle
/// gatehand.
const PROBE_INTERVAL: Duration = Duration::from_secs(30);
/// Pause between two probes of an API that does not answer yet.
const PROBE_RETRY: Duration = Duration::from_millis(500);
/// Pause before an API is asked again that did not answer this time.
const PROBE_DOUBT: Duration = Duration::from_secs(2);
/// A handshake that takes longer is no answer.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// So many lost answers in a row are more than bad luck.
const LOST_IN_A_ROW: u32 = 3;

impl ApiStatus {
    fn learnt(answer: &ApiAnswer, accounts: &[String], time: Option<i64>) -> Self {
        Self {
            server_version: answer.server_version,
            connection_time: answer.connection_time.clone(),
            accounts: accounts.iter().map(|account| masked(account)).collect(),
            time,
        }
    }
}

/// The kind of an account and its last digits.
fn masked(account: &str) -> String {
    let letters: Vec<char> = account.chars().collect();
    match letters[..] {
        [first, second, .., last_but_one, last] if letters.len() > 6 => {
            format!("{first}{second}\u{2022}\u{2022}\u{2022}{last_but_one}{last}")
        }
        _ => "\u{2022}\u{2022}\u{2022}".to_owned(),
    }
}

/// What is believed of the API. It answers from its first answer on, until several in a row are lost.
#[derive(Debug, Default)]
struct Belief {
    answers: bool,
    lost: u32,
}

impl Belief {
    /// Takes the outcome of a probe; whether that changes what is believed.
    const fn take(&mut self, answered: bool) -> bool {
        self.lost = if answered { 0 } else { self.lost + 1 };
        let answers = answered || self.answers && self.lost < LOST_IN_A_ROW;
        let changes = answers != self.answers;
        self.answers = answers;
        changes
    }

    const fn is_in_doubt(&self) -> bool {
        self.lost > 0
    }

    const fn pause(&self) -> Duration {
        match (self.answers, self.lost) {
            (false, _) => PROBE_RETRY,
            (true, 0) => PROBE_INTERVAL,
            (true, _) => PROBE_DOUBT,
        }
    }
}

/// One who asks the API.
pub(super) struct Probe {
    address: SocketAddr,
    client_id: Option<u32>,
    /// Where it is counted how long the API takes.
    board: Arc<Board>,
    /// The connection with the client id, while there is one.
    session: Option<ApiSession>,
    told_that_id_is_taken: bool,
}

impl Probe {
    /// Of the API on this port; with a client id, by a connection that stays.
    pub(super) fn new(port: u16, client_id: Option<u32>, board: Arc<Board>) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            client_id,
            board,
            session: None,
            told_that_id_is_taken: false,
        }
    }

    /// Asks as long as the agent sees the main window, and tells when what is believed changes: what the API told, or
    /// that it does not answer. Clients of the `relay` that find no gateway are a reason to ask.
    pub(super) async fn run(
        mut self,
        mut logged_in: watch::Receiver<bool>,
        mut relay: watch::Receiver<RelayStatus>,
        answers: mpsc::UnboundedSender<Option<ApiStatus>>,
    ) {
        let mut belief = Belief::default();
        loop {
            if logged_in.wait_for(|&logged_in| logged_in).await.is_err() {
                return;
            }
            let begun = Instant::now();
            let outcome = self.ask().await;
            if outcome.is_ok() {
                self.board.tally.api_answered(begun.elapsed());
            }
            let changes = belief.take(outcome.is_ok());
            match &outcome {
                Ok(learnt) if changes => tracing::info!(
                    version = learnt.server_version,
                    accounts = learnt.accounts.join(","),
                    "the API answers"
                ),
                Err(error) if changes => tracing::warn!(%error, "the API does not answer any more"),
                Err(error) if belief.answers => tracing::warn!(%error, "the API did not answer this time"),
                Err(error) => tracing::debug!(%error, "the API does not answer yet"),
                Ok(_) => {}
            }
            if changes && answers.send(outcome.ok()).is_err() {
                return;
            }
            let unreached = relay.borrow_and_update().unreached;
            tokio::select! {
                () = tokio::time::sleep(belief.pause()) => {}
                news = news(&mut self.session) => if news.is_err() {
                    self.session = None;
                },
                _ = relay.wait_for(|relay| relay.unreached != unreached), if belief.answers && !belief.is_in_doubt() => {}
                // Logged out: what was answered before says nothing about the next login.
                gone = logged_in.wait_for(|&logged_in| !logged_in) => {
                    let answered = std::mem::take(&mut belief).answers;
                    self.session = None;
                    if gone.is_err() || answered && answers.send(None).is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn ask(&mut self) -> Result<ApiStatus, ProbeError> {
        let Some(client_id) = self.client_id else {
            return self.shake_hands().await;
        };
        if self.session.is_none() {
            match ApiSession::open(self.address, client_id, PROBE_LIMIT).await {
                Ok(session) => self.session = Some(session),
                // The API answers, only not to this id.
                Err(ProbeError::ClientIdTaken) => {
                    if !std::mem::replace(&mut self.told_that_id_is_taken, true) {
                        tracing::warn!(
                            client_id,
                            "another client has the probe's client id; set GATEHAND_PROBE_CLIENT_ID to one that is free"
                        );
                    }
                    return self.shake_hands().await;
                }
                Err(error) => return Err(error),
            }
        }
        self.told_that_id_is_taken = false;
        let Some(session) = &mut self.session else {
            return Err(ProbeError::Closed);
        };
        match session.time(PROBE_LIMIT).await {
            Ok(time) => Ok(ApiStatus::learnt(
                session.answer(),
                session.accounts(),
                Some(time),
            )),
            // It tells when the broker is back.
            Err(ProbeError::NoBroker) => Err(ProbeError::NoBroker),
            Err(error) => {
                self.session = None;
                Err(error)
            }
        }
    }

    async fn shake_hands(&self) -> Result<ApiStatus, ProbeError> {
        let answer = gateway::probe(self.address, PROBE_LIMIT).await?;
        Ok(ApiStatus::learnt(&answer, &[], None))
    }
}

/// What the connection with the client id has to tell; without one nothing.
async fn news(session: &mut Option<ApiSession>) -> Result<(), ProbeError> {
    match session {
        Some(session) => session.news().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn one_lost_answer_is_bad_luck_and_one_good_one_is_enough() {
        let mut belief = Belief::default();
        assert!(!belief.take(false), "it did not answer before");
        assert_eq!(belief.pause(), PROBE_RETRY);
        assert!(belief.take(true) && belief.answers);
        for _ in 0..5 {
            assert_eq!(belief.pause(), PROBE_INTERVAL);
            assert!(!belief.take(false) && !belief.take(false) && belief.answers);
            assert_eq!(belief.pause(), PROBE_DOUBT);
            assert!(!belief.take(true), "a good one counts for all");
        }
        assert!(!belief.take(false) && !belief.take(false));
        assert!(belief.take(false) && !belief.answers, "the third in a row");
        assert_eq!(belief.pause(), PROBE_RETRY);
        assert!(belief.take(true) && belief.answers);
    }

    #[tokio::test]
    async fn a_client_id_that_another_has_closes_nothing() {
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = gateway.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            for refusal in [&b"\0\0\0\x0b4\x002\0-1\x00326\0"[..], b""] {
                let (mut client, _) = gateway.accept().await.unwrap();
                client.read_exact(&mut [0; 17]).await.unwrap();
                client.write_all(b"\0\0\0\x06176\0x\0").await.unwrap();
                if !refusal.is_empty() {
                    client.read_u8().await.unwrap();
                    client.write_all(refusal).await.unwrap();
                }
            }
        });
        let (_logged_in, main_window) = watch::channel(true);
        let (answers, mut told) = mpsc::unbounded_channel();
        let relay = watch::Sender::<RelayStatus>::default();
        let board = Arc::new(Board::new(
            "paper",
            "/nowhere".into(),
            "/nowhere/rules".into(),
            None,
        ));
        let probe = Probe::new(port, Some(7), board).run(main_window, relay.subscribe(), answers);
        let probing = tokio::spawn(probe);
        let learnt = told.recv().await.unwrap().unwrap();
        assert_eq!((learnt.server_version, learnt.accounts.len()), (176, 0));
        serving.await.unwrap();
        probing.abort();
    }

    #[test]
    fn an_account_is_known_by_its_owner_only() {
        assert_eq!(masked("DU1234567"), "DU\u{2022}\u{2022}\u{2022}67");
        assert_eq!(masked("U12345"), "\u{2022}\u{2022}\u{2022}");
        assert_eq!(masked(""), "\u{2022}\u{2022}\u{2022}");
    }
}
