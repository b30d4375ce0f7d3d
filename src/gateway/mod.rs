//! The gateway as a program: where it is installed, how its JVM is started, its settings file, and whether its API
//! answers.

mod api_probe;
mod api_session;
mod command;
mod folders;
mod installation;
mod jts_ini;
mod launch;
mod memory;
mod restart_token;
mod wall_clock;

pub use api_probe::{ApiAnswer, ProbeError, probe};
pub use api_session::ApiSession;
pub use command::{JvmCommand, Start, child_environment, jvm_command};
pub use installation::{Installation, InstallationError, JavaFallback, find_installation};
pub use jts_ini::{
    JtsIni, JtsIniError, Zone, prepare_jts_ini, second_factor, second_factor_token, time_zone,
};
pub use launch::{Launch, LaunchError};
pub use restart_token::{Left, RestartToken, find_restart_token};
pub use wall_clock::WallClock;
