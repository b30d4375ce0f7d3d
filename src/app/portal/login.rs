//! A login: a display and a browser for as long as it takes, the governor who permits it, and what comes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};
use tracing::Instrument as _;

use super::codes::CodeWanted;
use super::{AppError, Portal};
use crate::agent::{Event, Outcome as Judgement};
use crate::app::codes::LastCode;
use crate::app::instance::limits;
use crate::config::Config;
use crate::control::SecondFactorStatus;
use crate::journal::{Governor, GovernorError, Limits, Verdict};
use crate::notify::Kind;
use crate::pilot::clocks;
use crate::portal::login::{Ending as End, Outcome};
use crate::portal::{Ending, Question, Visit, VisitError};

/// A book that cannot be written is tried again after this long: a disk that is full, or gone, may come back.
const BOOK_RETRY: Duration = Duration::from_secs(60);

/// A login that is under way.
#[derive(Debug)]
pub(super) struct Job {
    visit: JoinHandle<Result<Outcome, VisitError>>,
    stop: Option<oneshot::Sender<()>>,
    questions: mpsc::UnboundedReceiver<Question>,
    /// Why something was not permitted, if so.
    denied: Option<Ending>,
    /// Who waits for a code that a human gives.
    pub(super) code: Option<CodeWanted>,
    /// Whether a phone was notified.
    pushed: bool,
}

/// What a job tells.
#[derive(Debug)]
pub(super) enum News {
    Question(Question),
    Ended(Result<Result<Outcome, VisitError>, JoinError>),
}

impl Job {
    /// What a human is to do for it.
    pub(super) fn second_factor(&self) -> Option<SecondFactorStatus> {
        let code_wanted = self.code.is_some();
        let rule = match (code_wanted, self.pushed) {
            (true, _) => "portal-code",
            (false, true) => "portal-notification",
            (false, false) => return None,
        };
        Some(SecondFactorStatus {
            rule: rule.to_owned(),
            by_hand: true,
            code_wanted,
        })
    }

    /// The next thing that it asks or tells; never, without a job.
    pub(super) async fn next(job: &mut Option<Self>) -> News {
        let Some(job) = job else {
            return std::future::pending().await;
        };
        tokio::select! {
            // What was told before the end is heard before it.
            biased;
            Some(question) = job.questions.recv() => News::Question(question),
            ended = &mut job.visit => News::Ended(ended),
        }
    }
}

/// Who logs in, and whether it may.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) governor: Governor,
    /// Whether the last attempt's end is not known yet.
    open: bool,
    pub(super) last_code: Arc<LastCode>,
    /// The step of the code that was made last.
    pub(super) used_step: Option<u64>,
}

impl Authority {
    /// That of the portal's credentials; `None` without any.
    ///
    /// # Errors
    /// The governor's book cannot be used.
    pub(super) fn of(config: &Config) -> Result<Option<Self>, GovernorError> {
        let Some(credentials) = &config.portal.credentials else {
            return Ok(None);
        };
        let usual = limits(config);
        let limits = Limits {
            unanswered_retries: usual.unanswered_retries.max(config.portal.policy.failures - 1),
            ..usual
        };
        let governor = Governor::open(
            &config.state_dir,
            &credentials.user,
            credentials.password.expose(),
            limits,
        )?;
        Ok(Some(Self {
            used_step: governor.code_step(),
            governor,
            open: false,
            last_code: Arc::default(),
        }))
    }

    /// A login begins. What became of the last one will not be known any more: it stays in the book.
    const fn begin(&mut self) {
        self.open = false;
    }

    /// Permission to submit the credentials, written down before it is given.
    fn submission(&mut self) -> Result<(), Ending> {
        if std::mem::take(&mut self.open) {
            // They are to be submitted in another way, as IBKR asked for.
            self.governor.rebuffed().map_err(unwritten)?;
        }
        let verdict = self.governor.begin(&clocks()).map_err(unwritten)?;
        permitted(verdict)?;
        self.open = true;
        Ok(())
    }

    /// The session is there: so the credentials were right. `true` when a login of ours led to it.
    pub(super) fn session_came(&mut self) -> bool {
        let ours = std::mem::take(&mut self.open);
        if ours {
            written(self.governor.logged_in());
        }
        ours
    }

    /// What an outcome says of the credentials.
    fn judge(&mut self, outcome: &Outcome) {
        if !self.open {
            return;
        }
        let accepts = matches!(
            outcome.ending,
            End::NotConfirmed | End::NeedsCode(_) | End::NoDevice(_) | End::CodeRefused(_)
        );
        if outcome.submissions == 0 {
            self.open = false;
            return written(self.governor.withdraw());
        }
        if accepts || outcome.pushes > 0 {
            written(self.governor.accepted());
        }
        match outcome.ending {
            End::Refused(_) => {
                self.open = false;
                written(self.governor.refused());
            }
            End::WrongMode(_) => {
                self.open = false;
                written(self.governor.rebuffed());
            }
            // Told, and not proven; or nobody knows.
            _ => self.open = !accepts,
        }
    }
}

fn permitted(verdict: Verdict) -> Result<(), Ending> {
    match verdict {
        Verdict::Permitted => Ok(()),
        Verdict::Wait { why, remaining } => Err(Ending::Denied { why, wait: remaining }),
        Verdict::Locked { why } => Err(Ending::Locked(why)),
    }
}

fn unwritten(error: GovernorError) -> Ending {
    Ending::Denied {
        why: error.to_string(),
        wait: BOOK_RETRY,
    }
}

pub(super) fn written(result: Result<(), GovernorError>) {
    if let Err(error) = result {
        tracing::error!(%error, "what became of the login could not be written down");
    }
}

impl Portal {
    /// Begins a login, if there may be one.
    pub(super) async fn log_in(&mut self) {
        let now = Instant::now();
        let Some(authority) = &mut self.authority else {
            let why = "there are no credentials".to_owned();
            return self.keeper.login_ended(now, Ending::Locked(why));
        };
        // Asked again before anything is submitted; what is known now needs no browser.
        if let Err(denied) = permitted(authority.governor.may_submit(&clocks())) {
            return self.login_denied(denied);
        }
        authority.begin();
        tracing::info!("No active sessions, logging in...");
        if let Err(error) = self.start_visit().await {
            self.keeper
                .login_ended(now, Ending::Failed(format!("the login could not begin: {error}")));
        }
    }

    async fn start_visit(&mut self) -> Result<(), AppError> {
        let config = Arc::clone(&self.config);
        let Some(credentials) = config.portal.credentials.clone() else {
            return Ok(());
        };
        let display = self.set_stage().await?;
        self.try_viewers().await;
        let gate = self.stage.gate();
        let (asks, questions) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let folder = self.state_dir.join("browser");
        let gateway = self.launch.address.clone();
        let trust = self.launch.trust.clone();
        let (reaper, environment) = (Arc::clone(&self.shared.reaper), self.shared.environment.clone());
        let visit = async move {
            let visit = Visit {
                reaper: &reaper,
                display: &display,
                gate,
                address: &gateway,
                trust: &trust,
                credentials,
                settings: &config.portal_login,
                code_limit: config.second_factor.codes.limit,
                push_limit: config.second_factor.limit,
                folder,
                environment: &environment,
                questions: asks,
            };
            // Without anybody who could stop it, it goes on.
            let stop = async move {
                if stopped.await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            visit.go(stop).await
        };
        self.login = Some(Job {
            visit: tokio::spawn(visit.in_current_span()),
            stop: Some(stop),
            questions,
            denied: None,
            code: None,
            pushed: false,
        });
        Ok(())
    }

    /// Ends the login that is under way, if one is.
    pub(super) async fn end_login(&mut self) {
        if let Some(stop) = self.login.as_mut().and_then(|job| job.stop.take()) {
            // It may have ended by itself.
            let _ = stop.send(());
        }
        while self.login.is_some() {
            let news = Job::next(&mut self.login).await;
            self.login_news(news).await;
        }
    }

    /// Answers a login, or takes its end.
    pub(super) async fn login_news(&mut self, news: News) {
        match news {
            News::Question(question) => self.answer_login(question),
            News::Ended(ended) => {
                let Some(job) = self.login.take() else {
                    return;
                };
                let denied = job.denied;
                self.leave_stage().await;
                match ended {
                    Ok(Ok(outcome)) => self.login_ended(&outcome, denied),
                    Ok(Err(error)) => self
                        .keeper
                        .login_ended(Instant::now(), Ending::Failed(error.to_string())),
                    Err(fault) if fault.is_panic() => std::panic::resume_unwind(fault.into_panic()),
                    Err(_) => {}
                }
            }
        }
    }

    fn answer_login(&mut self, question: Question) {
        let (Some(authority), Some(job)) = (&mut self.authority, &mut self.login) else {
            return;
        };
        match question {
            Question::Started(identity) => {
                if let Err(error) = self.leftovers.add("browser", identity) {
                    tracing::warn!(%error, "the list of processes");
                }
            }
            Question::Ended(identity) => {
                if let Err(error) = self.leftovers.remove(identity) {
                    tracing::warn!(%error, "the list of processes");
                }
            }
            Question::Submission(reply) => {
                let permitted = authority.submission();
                reply.give(permitted.is_ok());
                job.denied = permitted.err();
            }
            Question::Push(reply) => {
                let permitted = permitted(authority.governor.may_push(&clocks()));
                reply.give(permitted.is_ok());
                job.denied = permitted.err();
            }
            Question::Pushed => {
                job.pushed = true;
                written(authority.governor.pushed(&clocks()));
                self.board.tally.login(Judgement::Pushed, Instant::now());
                self.notices
                    .tell(Kind::SecondFactor, "confirm the login on your phone".to_owned());
            }
            Question::Code(reply) => self.give_code(reply),
        }
    }

    fn login_ended(&mut self, outcome: &Outcome, denied: Option<Ending>) {
        if let Some(authority) = &mut self.authority {
            authority.judge(outcome);
        }
        let judgement = match outcome.ending {
            End::Refused(_) => Some(Judgement::Refused),
            End::WrongMode(_) => Some(Judgement::Rebuffed),
            _ if outcome.submissions == 0 => Some(Judgement::Withdrawn),
            _ => None,
        };
        if let Some(judgement) = judgement {
            self.board.tally.login(judgement, Instant::now());
        }
        let why = outcome.ending.to_string();
        let (submissions, pushes) = (outcome.submissions, outcome.pushes);
        match outcome.ending {
            End::SuccessText => tracing::info!(submissions, pushes, "Authentication process succeeded"),
            _ => tracing::warn!(submissions, pushes, "the login came to no session: {why}"),
        }
        let ending = match &outcome.ending {
            End::SuccessText => Ending::Told,
            End::Refused(_) => Ending::Refused(why),
            // Each needs a human who changes something.
            End::WrongMode(_) | End::CodeRefused(_) | End::NoDevice(_) => Ending::Locked(why),
            End::NotPermitted => denied.unwrap_or(Ending::Failed(why)),
            End::NeedsCode(_)
            | End::NotConfirmed
            | End::Distrusted
            | End::TimedOut(_)
            | End::Broken(_)
            | End::BrowserDied(_)
            | End::Stopped => Ending::Failed(why),
        };
        if outcome.ending == End::NotConfirmed {
            self.publish(&Event::SecondFactorMissed);
        }
        match ending {
            denied @ Ending::Denied { .. } => self.login_denied(denied),
            ending => self.keeper.login_ended(Instant::now(), ending),
        }
    }

    /// A login may not be made, now or before a human did something.
    fn login_denied(&mut self, denied: Ending) {
        if let Ending::Denied { why, wait } = &denied
            && self.last_denied.replace(why.clone()).as_ref() != Some(why)
        {
            self.publish(&Event::Denied {
                why: why.clone(),
                retry_after: Some(*wait),
            });
        }
        self.keeper.login_ended(Instant::now(), denied);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(folder: &std::path::Path) -> Authority {
        let limits = Limits {
            unanswered_retries: 2,
            ..Limits::default()
        };
        Authority {
            governor: Governor::open(folder, "trader01", "secret", limits).unwrap(),
            open: false,
            last_code: Arc::default(),
            used_step: None,
        }
    }

    fn ended(ending: End) -> Outcome {
        Outcome {
            ending,
            submissions: 1,
            pushes: 0,
        }
    }

    #[test]
    fn logins_without_a_clear_end_are_counted_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let mut it = authority(folder.path());
        it.begin();
        assert_eq!(it.submission(), Ok(()));
        assert!(it.session_came());

        for left in [2, 1] {
            it.begin();
            assert_eq!(it.submission(), Ok(()));
            it.judge(&ended(End::TimedOut("no answer".into())));
            assert_eq!(it.governor.attempts_left(), left);
        }
        drop(it);
        let mut it = authority(folder.path());
        it.begin();
        assert_eq!(it.submission(), Ok(()));
        it.judge(&ended(End::TimedOut("no answer".into())));
        it.begin();
        assert!(matches!(it.submission(), Err(Ending::Locked(_))));
    }

    #[test]
    fn the_same_credentials_for_the_other_mode_belong_to_the_same_login() {
        let folder = tempfile::tempdir().unwrap();
        let mut it = authority(folder.path());
        it.begin();
        assert_eq!(it.submission(), Ok(()));
        // IBKR said that they are for paper trading: they were read, and not refused.
        assert_eq!(it.submission(), Ok(()));
        it.judge(&ended(End::TimedOut("no answer".into())));
        it.begin();
        assert!(matches!(it.submission(), Err(Ending::Locked(_))));
    }
}
