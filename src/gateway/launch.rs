//! One gateway, found and ready to be started any number of times.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use thiserror::Error;

use super::command::{Start, child_environment, jvm_command};
use super::installation::{Installation, InstallationError, JavaFallback, find_installation};
use super::jts_ini::{JtsIni, JtsIniError, Zone, prepare_jts_ini};
use super::restart_token::{RestartToken, find_restart_token};
use crate::config::GatewaySettings;
use crate::x11::DisplayAddress;

/// The time zone of a new `jts.ini`.
const DEFAULT_ZONE: &str = "Etc/UTC";

/// Why the gateway cannot be started.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// There is nothing to start.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// Its settings file cannot be prepared.
    #[error(transparent)]
    JtsIni(#[from] JtsIniError),
    /// The settings folder cannot be used.
    #[error("settings folder {}: {source}; name a writable one with TWS_SETTINGS_PATH", path.display())]
    SettingsFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What is needed to start the gateway.
#[derive(Debug)]
pub struct Launch {
    installation: Installation,
    settings_path: PathBuf,
    heap_megabytes: Option<u32>,
    environment: Vec<(OsString, OsString)>,
}

impl Launch {
    /// Looks for the installation. Nothing is written.
    ///
    /// # Errors
    /// When there is none, or no JRE for it.
    pub fn find(
        settings: &GatewaySettings,
        environment: Vec<(OsString, OsString)>,
    ) -> Result<Self, InstallationError> {
        let variable = |wanted: &str| {
            environment
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value)
        };
        let fallback = JavaFallback {
            java_home: variable("JAVA_HOME")
                .filter(|home| !home.is_empty())
                .map(PathBuf::from),
            path: variable("PATH")
                .map(|path| std::env::split_paths(path).collect())
                .unwrap_or_default(),
        };
        let installation = find_installation(
            settings.program,
            &settings.tws_path,
            settings.version.as_deref(),
            &fallback,
        )?;
        Ok(Self {
            installation,
            settings_path: settings.settings_path.clone(),
            heap_megabytes: settings.heap_megabytes,
            environment,
        })
    }

    /// Makes the settings folder and `jts.ini` what they must be before the gateway starts.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn prepare(&self, time_zone: Option<&str>) -> Result<(), LaunchError> {
        std::fs::create_dir_all(&self.settings_path).map_err(|source| LaunchError::SettingsFolder {
            path: self.settings_path.clone(),
            source,
        })?;
        let zone = time_zone.map_or(Zone::IfMissing(DEFAULT_ZONE), Zone::Exactly);
        if prepare_jts_ini(&self.settings_path, &JtsIni { zone })? {
            tracing::info!(folder = %self.settings_path.display(), "jts.ini written");
        }
        Ok(())
    }

    /// The id of the token that the gateway left in order to be started again without a login; none when it simply
    /// ended. Several tokens contradict each other: they are deleted, and the login is a full one.
    ///
    /// # Errors
    /// When the settings folder cannot be read.
    pub fn take_restart(&self) -> Result<Option<Restart>, LaunchError> {
        let failed = |source| LaunchError::SettingsFolder {
            path: self.settings_path.clone(),
            source,
        };
        match find_restart_token(&self.settings_path).map_err(failed)? {
            RestartToken::None => Ok(None),
            RestartToken::One { id, .. } => Ok(Some(Restart::WithToken(id))),
            RestartToken::Several(paths) => {
                paths.iter().try_for_each(std::fs::remove_file).map_err(failed)?;
                Ok(Some(Restart::FullLogin))
            }
        }
    }

    /// The command that starts it on `display`.
    pub fn command(&self, display: &DisplayAddress, restart: Option<&Restart>) -> Command {
        let restart = match restart {
            Some(Restart::WithToken(id)) => Some(id.as_str()),
            Some(Restart::FullLogin) | None => None,
        };
        let start = Start {
            settings_path: &self.settings_path,
            heap_megabytes: self.heap_megabytes,
            restart,
            scratch: None,
        };
        let jvm = jvm_command(&self.installation, &start);
        let mut command = Command::new(jvm.java);
        command.args(jvm.arguments).current_dir(jvm.directory).env_clear();
        command.envs(child_environment(
            &self.environment,
            &display.name,
            display.authority.as_deref(),
        ));
        command
    }
}

/// How a gateway that ended by itself is to be started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restart {
    /// The tokens were of no use.
    FullLogin,
    /// With this token's id: no login dialog will come.
    WithToken(String),
}

impl fmt::Display for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Installation {
            version,
            folder,
            java,
            ..
        } = &self.installation;
        write!(f, "version {version} in {}, {}", folder.display(), java.display())
    }
}
