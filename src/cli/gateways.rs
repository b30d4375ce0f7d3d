//! The gateways that a gatehand runs, for whoever asks it about them.

use std::path::PathBuf;

use crate::app;
use crate::config::Config;

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Gateway {
    /// `live`, `paper` or `portal`.
    pub(super) name: &'static str,
    /// Its state folder.
    pub(super) folder: PathBuf,
}

/// Those with windows.
pub(super) fn with_windows(configs: &[Config]) -> Vec<Gateway> {
    let of = |config: &Config| Gateway {
        name: config.mode.name(),
        folder: config.state_dir.clone(),
    };
    configs.iter().map(of).collect()
}

/// The Client Portal Gateway, beside another or alone.
pub(super) fn portal(config: &Config) -> Gateway {
    Gateway {
        name: "portal",
        folder: app::portal_folder(config),
    }
}

/// All of them.
pub(super) fn all(configs: &[Config]) -> Vec<Gateway> {
    let beside = configs.first().filter(|config| config.portal.beside);
    with_windows(configs)
        .into_iter()
        .chain(beside.map(portal))
        .collect()
}
