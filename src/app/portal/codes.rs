//! One-time codes for the login page: made, fetched, or given by a human.

use std::sync::Arc;
use std::time::SystemTime;

use tracing::Instrument as _;

use super::Portal;
use super::login::written;
use crate::app::codes::fetch;
use crate::control::OneTimeCode;
use crate::notify::Kind;
use crate::pilot::one_time_code;
use crate::portal::Answer;

/// Who waits for a one-time code.
pub(super) type CodeWanted = Answer<Result<OneTimeCode, String>>;

/// What becomes of a code that was asked for.
#[derive(Debug)]
pub(super) enum CodeNews {
    /// It was asked for too early, and can be made now.
    Due(CodeWanted),
    /// It could not be fetched: why.
    NotHad(CodeWanted, String),
}

impl Portal {
    /// Makes a code, has one fetched, or waits for a human to give one.
    pub(super) fn give_code(&mut self, wanted: CodeWanted) {
        let Some(authority) = &mut self.authority else {
            return;
        };
        let factor = &self.config.second_factor;
        if let Some(key) = &factor.totp_key {
            match one_time_code(key.expose(), SystemTime::now(), authority.used_step) {
                Ok((code, step)) => {
                    authority.used_step = Some(step);
                    written(authority.governor.code_typed(step));
                    wanted.give(OneTimeCode::try_from(code.to_string()).map_err(str::to_owned));
                }
                // The next one is due in a moment, and this question with it.
                Err(wait) => {
                    let news = self.code_news_to.clone();
                    tokio::spawn(async move {
                        tokio::time::sleep(wait).await;
                        // Whoever listens asks no more when the login has ended.
                        let _ = news.send(CodeNews::Due(wanted));
                    });
                }
            }
            return;
        }
        let Some(source) = factor.codes.source.clone() else {
            return self.ask_human(wanted, "the login page asks for a one-time code");
        };
        let limit = factor.codes.limit;
        let (reaper, environment) = (Arc::clone(&self.shared.reaper), self.shared.environment.clone());
        let (last, news) = (Arc::clone(&authority.last_code), self.code_news_to.clone());
        tracing::info!("a one-time code is fetched");
        let fetching = async move {
            match fetch(source, limit, &reaper, environment, &last).await {
                Ok(code) => wanted.give(Ok(code)),
                // The same.
                Err(why) => drop(news.send(CodeNews::NotHad(wanted, why))),
            }
        };
        tokio::spawn(fetching.in_current_span());
    }

    /// It is time for a code, or there is none to be had without a human.
    pub(super) fn code_news(&mut self, news: CodeNews) {
        match news {
            CodeNews::Due(wanted) => self.give_code(wanted),
            CodeNews::NotHad(wanted, why) => {
                self.ask_human(wanted, &format!("no one-time code could be fetched: {why}"));
            }
        }
    }

    fn ask_human(&mut self, wanted: CodeWanted, why: &str) {
        if let Some(job) = &mut self.login {
            tracing::warn!("{why}; give it by `gatehand portal code`");
            self.notices
                .tell(Kind::SecondFactor, format!("{why}: `gatehand portal code`"));
            job.code = Some(wanted);
        }
    }

    /// A human gives a code; `false` when nobody waits for one.
    pub(super) fn take_code(&mut self, code: OneTimeCode) -> bool {
        match self.login.as_mut().and_then(|job| job.code.take()) {
            Some(wanted) => {
                wanted.give(Ok(code));
                true
            }
            None => false,
        }
    }
}
