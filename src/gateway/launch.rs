//! One gateway, found and ready to be started any number of times.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

use super::command::{Start, child_environment, jvm_command};
use super::folders::Folders;
use super::installation::{Installation, InstallationError, JavaFallback, SYSTEM_PATH, find_installation};
use super::jts_ini::{JtsIni, JtsIniError, Zone, prepare_jts_ini, second_factor};
use super::memory::{heap_below, memory_limit};
use super::restart_token::{Left, find_restart_token};
use crate::config::{GatewaySettings, Secret};
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
    /// Folders for the JVM cannot be made.
    #[error("folder for the gateway's JVM in {}: {source}; name a writable one with GATEHAND_STATE_DIR", path.display())]
    JvmFolder {
        /// The state folder.
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
    folders: Folders,
    environment: Vec<(OsString, OsString)>,
}

impl Launch {
    /// The version of the gateway.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.installation.version
    }

    /// Looks for the installation. Nothing is written.
    ///
    /// # Errors
    /// When there is none, or no JRE for it.
    pub fn find(
        settings: &GatewaySettings,
        environment: Vec<(OsString, OsString)>,
    ) -> Result<Self, InstallationError> {
        let variable = |wanted| value_of(&environment, wanted);
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
            &[&settings.tws_path, Path::new(SYSTEM_PATH)],
            settings.version.as_deref(),
            &fallback,
        )?;
        Ok(Self {
            installation,
            settings_path: settings.settings_path.clone(),
            heap_megabytes: settings.heap_megabytes,
            folders: Folders::default(),
            environment,
        })
    }

    /// Chooses what the JVM may take of this machine, which it shares with others of `gateways`: a heap that fits below a
    /// memory limit, unless the user chose one, and folders that serve it, below `state_dir` if need be.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn adapt(&mut self, state_dir: &Path, gateways: usize) -> Result<(), LaunchError> {
        if let (None, Some(limit)) = (self.heap_megabytes, memory_limit()) {
            self.heap_megabytes = heap_below(limit, &self.installation.vmoptions, gateways as u64);
            if let Some(heap) = self.heap_megabytes {
                tracing::warn!(
                    limit_mib = limit >> 20,
                    heap_mib = heap,
                    "the gateway gets a smaller heap than its installation asks for, because memory is limited: raise the limit, or choose the heap with JAVA_HEAP_SIZE"
                );
            }
        }
        let home = value_of(&self.environment, "HOME").map(OsString::as_os_str);
        self.folders = Folders::choose(home, state_dir).map_err(|source| LaunchError::JvmFolder {
            path: state_dir.to_owned(),
            source,
        })?;
        Ok(())
    }

    /// Makes the settings folder and `jts.ini` what they must be before the gateway starts. `token` is that of a
    /// second-factor device.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn prepare(&self, time_zone: Option<&str>, token: Option<&Secret>) -> Result<(), LaunchError> {
        std::fs::create_dir_all(&self.settings_path).map_err(|source| self.folder_failed(source))?;
        let zone = time_zone.map_or(Zone::IfMissing(DEFAULT_ZONE), Zone::Exactly);
        let second_factor = token.map(second_factor);
        let wanted = JtsIni {
            zone,
            second_factor: second_factor.as_ref(),
        };
        if prepare_jts_ini(&self.settings_path, &wanted)? {
            tracing::info!(folder = %self.settings_path.display(), "jts.ini written");
        }
        Ok(())
    }

    /// What the gateway left in order to be started again without a login.
    ///
    /// # Errors
    /// When the settings folder cannot be read.
    pub fn left(&self) -> Result<Left, LaunchError> {
        find_restart_token(&self.settings_path).map_err(|source| self.folder_failed(source))
    }

    /// Removes what was left: the login is a full one.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn drop_tokens(&self) -> Result<(), LaunchError> {
        let paths = match self.left()? {
            Left::Nothing => Vec::new(),
            Left::Token(token) => vec![token.path],
            Left::SeveralTokens(paths) => paths,
        };
        let removed = paths.iter().try_for_each(std::fs::remove_file);
        removed.map_err(|source| self.folder_failed(source))
    }

    fn folder_failed(&self, source: io::Error) -> LaunchError {
        LaunchError::SettingsFolder {
            path: self.settings_path.clone(),
            source,
        }
    }

    /// The command that starts it on `display`: with the id of a restart token, it logs in by itself.
    pub fn command(&self, display: &DisplayAddress, restart: Option<&str>) -> Command {
        let start = Start {
            settings_path: &self.settings_path,
            heap_megabytes: self.heap_megabytes,
            restart,
            home: self.folders.home.as_deref(),
            temporary: self.folders.temporary.as_deref(),
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

fn value_of<'a>(environment: &'a [(OsString, OsString)], wanted: &str) -> Option<&'a OsString> {
    let found = environment.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value)
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
