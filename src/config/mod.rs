//! What the user says: settings as written (command line, environment, files) made into one checked [`Config`].
//!
//! # Reading order
//!
//! [`settings`](SETTINGS) is the table of all settings. `written` collects what was written and which of it
//! counts: command line, environment, own file, imported IBC `config.ini`, default. `values` are the types.
//! `checked` looks at the values together, [`inspect`] goes through all of it. Nothing here looks at the environment or
//! the clock; files that a setting names are read, and values that stand elsewhere are the business of [`Elsewhere`].

mod arguments;
mod checked;
mod elsewhere;
mod error;
mod form;
mod ibc_ini;
mod inspection;
mod recognised;
mod reference;
mod secret;
mod settings;
mod values;
mod written;

use std::ffi::OsString;
use std::path::PathBuf;

pub use arguments::{Argument, Arguments};
pub use checked::{
    CodeRequest, CodeSource, CodeSources, CommandSettings, Config, Credentials, DayEnd, DialogSettings,
    DisplaySettings, Forward, GatewayOptions, GatewaySettings, HttpSettings, LogSettings, Notify,
    NotifySettings, NotifyTarget, PortalLoginSettings, PortalSettings, RelaySettings, RulesFolder,
    ScheduleSettings, ScriptSettings, SecondFactorSettings, TunnelSettings, ViewerTls, VncSettings,
};
pub use elsewhere::{Elsewhere, SecretManager};
pub use error::{ConfigError, Faults, Origin, Warning};
pub use form::Form;
pub use inspection::{Inspection, Resolved, Shown, inspect};
pub use recognised::{RECOGNISED, Recognised};
pub use reference::{env_sample, markdown, toml_sample};
pub use secret::{HIDDEN, Secret};
pub use settings::{SETTINGS, Setting};
pub use values::{
    AcceptIncoming, ClockTime, CryptoOrders, DaySpan, ExistingSession, LegacyPassword, LogFormat,
    LoginMessages, OnCompeting, OnRefusal, OnTimeout, OrderIdReset, PortalAddress, PortalBrowser, Program,
    ResetAnswer, SizesNotice, TotpKey, TradingMode, ViewerPassword, VncPassword, WeekTime, WriteAccess,
    parse_listen,
};

/// Everything that settings are read from.
#[derive(Debug, Default)]
pub struct Sources {
    /// Options of the command line, in their order.
    pub arguments: Vec<Argument>,
    /// The environment without the secrets.
    pub environment: Vec<(OsString, OsString)>,
    /// The secrets that stood in the environment.
    pub secrets: Vec<(String, Secret)>,
    /// Where file systems are mounted, from [`mount_points`].
    pub mount_points: Vec<PathBuf>,
    /// Where secrets may lie in files with a known name, the first that counts first.
    pub secret_folders: Vec<PathBuf>,
    /// What gets values that stand elsewhere.
    pub elsewhere: Option<Box<dyn Elsewhere>>,
}

/// Reads, parses and checks the settings, which must be those of one gateway.
///
/// # Errors
///
/// Everything that is wrong; each fault is one line that names the setting and the cure.
pub fn load(sources: Sources) -> Result<(Config, Vec<Warning>), Faults> {
    let (mut instances, warnings) = inspect(sources).for_one_gateway().finish()?;
    match instances.pop() {
        Some(config) => Ok((config, warnings)),
        None => Err(Faults::default()),
    }
}

/// Environment variables that hold a secret: those that must not stay in the environment.
pub fn secret_variables() -> impl Iterator<Item = &'static str> {
    let own = SETTINGS
        .iter()
        .filter(|setting| setting.secret)
        .flat_map(|setting| setting.variables);
    let others = RECOGNISED
        .iter()
        .filter(|recognised| recognised.secret)
        .flat_map(|recognised| recognised.variables);
    own.chain(others).copied()
}

/// The mount points in a text of the form of `/proc/self/mountinfo` (proc(5)).
#[must_use]
pub fn mount_points(mountinfo: &str) -> Vec<PathBuf> {
    mountinfo
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(|path| PathBuf::from(unescape_octal(path)))
        .collect()
}

/// Undoes the kernel's escapes for white space and backslash: three octal digits after a backslash.
fn unescape_octal(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part
            .get(..3)
            .and_then(|digits| u8::from_str_radix(digits, 8).ok())
        {
            Some(byte) => {
                plain.push(char::from(byte));
                plain.push_str(&part[3..]);
            }
            None => {
                plain.push('\\');
                plain.push_str(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_of_a_container() {
        let text = "\
            1 0 0:50 / / rw,relatime - overlay overlay rw\n\
            2 1 8:1 /var/lib/volumes/x /home/user/Jts rw - ext4 /dev/sda1 rw\n\
            3 1 8:1 / /with\\040space rw - ext4 /dev/sda1 rw\n\
            broken line\n";
        let expected: Vec<PathBuf> = ["/", "/home/user/Jts", "/with space"].map(PathBuf::from).into();
        assert_eq!(mount_points(text), expected);
    }

    #[test]
    fn secrets_are_known_by_name() {
        let names: Vec<_> = secret_variables().collect();
        for name in [
            "TWS_PASSWORD",
            "TWSPASSWORD",
            "TWOFACTOR_CODE",
            "VNC_SERVER_PASSWORD",
            "SSH_PASSPHRASE",
        ] {
            assert!(names.contains(&name), "{name}");
        }
        assert!(!names.contains(&"TWS_USERID"));
    }
}
