//! What each gateway's notifier is made of, and its trial.

use std::ffi::OsString;
use std::sync::Arc;

use jiff::Timestamp;

use super::instance::quiet_hours;
use super::{AppError, Shared, block_on};
use crate::config::Config;
use crate::notify::{Bounds, Codes, Courier, Kind, Notice, Notifier, Refusal};
use crate::supervisor::{Orphans, Reaper};

/// Starts the notifier of the gateway with this name.
pub(super) fn start(config: &Config, gateway: &str, shared: &Shared) -> Notifier {
    let notify = &config.notify;
    let bounds = Bounds {
        per_hour: notify.per_hour,
        quiet_hours: notify.quiet_hours.map(|span| quiet_hours(config, span)),
        in_quiet_hours: notify.in_quiet_hours.clone(),
        without_pictures: !notify.picture,
    };
    let factor = &config.second_factor;
    let codes = Codes {
        made: factor.totp_key.is_some(),
        fetched: factor.codes.source.is_some(),
    };
    let courier = Courier {
        sender: sender(config, gateway),
        reaper: Arc::clone(&shared.reaper),
        environment: shared.environment.clone(),
    };
    Notifier::start(&notify.targets, bounds, codes, courier)
}

/// Each gateway names itself.
fn sender(config: &Config, gateway: &str) -> String {
    format!("{} {gateway}", config.notify.name)
}

/// What a target says.
#[derive(Debug)]
pub struct Trial {
    /// Which it is.
    pub target: &'static str,
    /// What it says when it takes the notification, or why it does not.
    pub said: Result<String, Refusal>,
}

/// What each target says to a notification that is sent at once.
///
/// # Errors
/// When none can be sent at all.
pub fn try_notifications(
    config: &Config,
    environment: &[(OsString, OsString)],
) -> Result<Vec<Trial>, AppError> {
    block_on(async {
        let reaper = Reaper::start(Orphans::Leave).map_err(AppError::Runtime)?;
        let courier = Courier {
            sender: sender(config, config.mode.name()),
            reaper: Arc::new(reaper),
            environment: environment.to_vec(),
        };
        let notice = Arc::new(Notice::new(Timestamp::now(), Kind::Test, "a test: all is well"));
        let mut answers = Vec::new();
        for target in &config.notify.targets {
            let target = &target.target;
            let brought = courier.bring(Arc::clone(target), Arc::clone(&notice), false, 0);
            answers.push(Trial {
                target: target.name(),
                said: brought.await,
            });
        }
        Ok(answers)
    })
}
