//! What is made of the settings before anything runs.

use std::io;
use std::path::Path;
use std::time::{Instant, SystemTime};

use zeroize::Zeroizing;

use super::{AppError, course};
use crate::agent::Policy;
use crate::config::{Config, RulesFolder};
use crate::dialogs::{Catalogue, RuleFile};
use crate::gateway::{self, WallClock};
use crate::journal::recorder::{Recorder, RecorderOptions};
use crate::journal::{self, Governor, StateFolder};
use crate::pilot::Hands;

pub(in crate::app) fn take_state_folder(path: &Path) -> Result<StateFolder, AppError> {
    if StateFolder::is_fleeting(path) {
        tracing::warn!(
            folder = %path.display(),
            "the state folder is on no volume: refused credentials are forgotten with it, and may be submitted again"
        );
    }
    StateFolder::take(path).map_err(|source| match source.kind() {
        io::ErrorKind::WouldBlock => AppError::StateFolderTaken {
            path: path.to_path_buf(),
        },
        _ => AppError::StateFolder {
            path: path.to_path_buf(),
            source,
        },
    })
}

pub(in crate::app) fn make_private_folder(path: &Path) -> Result<(), AppError> {
    let failed = |source| AppError::StateFolder {
        path: path.to_path_buf(),
        source,
    };
    journal::make_private_folder(path).map_err(failed)
}

/// The folder of the user's rules. One that the user named must be there.
///
/// # Errors
/// When it is ours, and cannot be made.
pub fn rules_folder(rules: &RulesFolder) -> Result<&Path, AppError> {
    if !rules.is_named {
        make_private_folder(&rules.path)?;
    }
    Ok(&rules.path)
}

/// The flight recorder, unless it is switched off. Without it, all else works.
pub(super) fn recorder(
    config: &Config,
    policy: &Policy,
    catalogue: &Catalogue,
    rules: Vec<RuleFile>,
) -> Option<Recorder> {
    let options = RecorderOptions {
        folder: config.state_dir.join("recorder"),
        limit: config.recorder_size?,
        users: [&config.credentials, &config.data_credentials]
            .into_iter()
            .flatten()
            .map(|credentials| credentials.user.clone())
            .collect(),
        policy: policy.clone(),
        catalogue: catalogue.clone(),
        rules,
    };
    let folder = options.folder.clone();
    Recorder::start(options, Instant::now(), SystemTime::now())
        .inspect_err(
            |error| tracing::warn!(%error, folder = %folder.display(), "there is no flight recorder"),
        )
        .ok()
}

/// The clock that the gateway goes by.
pub(super) fn wall_clock(config: &Config) -> Option<WallClock> {
    let settings = &config.gateway;
    let zone = settings
        .time_zone
        .clone()
        .or_else(|| gateway::time_zone(&settings.settings_path))?;
    let clock = WallClock::of(&zone);
    if clock.is_none() {
        tracing::warn!(
            zone,
            "no time zone has that name: nothing can be done at a time of the gateway's"
        );
    }
    clock
}

pub(super) fn hands(config: &Config, clock: Option<WallClock>) -> Result<Hands, AppError> {
    // One copy of each in memory, however often a gateway is started.
    let credentials = config.credentials.clone();
    let data_credentials = config.data_credentials.clone();
    let governor = match &credentials {
        Some(credentials) => {
            // A FIX login is refused for either password: a new one in either place is a new secret.
            let first = credentials.password.expose();
            let second = data_credentials
                .as_ref()
                .map_or("", |data| data.password.expose());
            let mut secret = Zeroizing::new(String::with_capacity(first.len() + second.len()));
            secret.push_str(first);
            secret.push_str(second);
            Some(Governor::open(
                &config.state_dir,
                &credentials.user,
                &secret,
                course::limits_by(config, clock.as_ref()),
            )?)
        }
        None => None,
    };
    Ok(Hands {
        clock,
        credentials,
        data_credentials,
        totp_key: config.second_factor.totp_key.clone(),
        used_step: governor.as_ref().and_then(Governor::code_step),
        governor,
        ..Hands::new(&config.state_dir)
    })
}
