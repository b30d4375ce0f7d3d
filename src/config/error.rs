//! What can be wrong with the settings, and where a value came from.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::values::TradingMode;
use crate::exit::ExitCode;

/// Where a value was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A command-line option, with its dashes.
    Argument(String),
    /// An environment variable.
    Environment(String),
    /// The file that an option or a variable names.
    ContentOf {
        /// The option or variable.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// Standard input, a command or Google Secret Manager, as an option, a variable or a key says.
    Held {
        /// The option, variable or key.
        name: String,
        /// What holds the value.
        by: &'static str,
    },
    /// A file with a name that is looked for by itself.
    Found(&'static str),
    /// A key of gatehand's own configuration file or of an imported IBC `config.ini`.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
    },
    /// IBC's default: nobody wrote it, and this `config.ini` of IBC is imported.
    IbcDefault(PathBuf),
    /// The default: nobody wrote it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(option) => f.write_str(option),
            Self::Environment(name) => f.write_str(name),
            Self::ContentOf { name, path } => write!(f, "{name} ({})", path.display()),
            Self::Held { name, by } => write!(f, "{name} ({by})"),
            Self::Found(name) => f.write_str(name),
            Self::File { path, line, key } => write!(f, "{key} ({}:{line})", path.display()),
            Self::IbcDefault(path) => write!(f, "IBC's default ({})", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Why the settings cannot be used. Each message is one line that names the setting and the cure.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value that does not parse.
    #[error("{origin}: {value} is not allowed; use {allowed}")]
    NotAllowed {
        /// Where it was written.
        origin: Origin,
        /// The value in quotes, or `the value` for a secret.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// Two forms of one name are set, such as `X` and `X_FILE`.
    #[error("{one} and {other} are both set; unset one of them")]
    TwoForms {
        /// One name.
        one: String,
        /// The other.
        other: String,
    },
    /// A value that stands elsewhere could not be had.
    #[error("{name}: {why}")]
    NotHad {
        /// What says where it stands.
        name: String,
        /// What happened and what to do.
        why: String,
    },
    /// A file cannot be read.
    #[error("{name}: cannot read {}: {source}; check the path and its permissions", path.display())]
    Unreadable {
        /// What named the file.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is larger than any value or configuration.
    #[error("{name}: {} is larger than {limit} bytes; is it the right file?", path.display())]
    TooLarge {
        /// What named the file.
        name: String,
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// A value that is not UTF-8.
    #[error("{name}: the value is not valid UTF-8; write it in UTF-8")]
    NotText {
        /// The variable, option or file.
        name: String,
    },
    /// A configuration file that is not well formed.
    #[error("{}:{line}: {what}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, without quoting the line, which may hold a secret.
        what: String,
    },
    /// A key of gatehand's own file that no setting has.
    #[error("{}:{line}: there is no setting `{key}`{}", path.display(), did_you_mean(.nearest.as_deref()))]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// Both modes, where one gateway is meant.
    #[error("{0}: there are two gateways; name the one that is meant with --of live or --of paper")]
    BothModes(
        /// Where they were asked for.
        Origin,
    ),
    /// A gateway that is not there was asked for.
    #[error("--of {}: there is no such gateway; {origin} names another", mode.name())]
    OtherMode {
        /// Where the mode is said.
        origin: Origin,
        /// The mode that was asked for.
        mode: TradingMode,
    },
    /// One thing for two gateways.
    #[error("{origin} names one {what} for two gateways; unset it, or run one mode")]
    OneForBoth {
        /// What set it.
        origin: Origin,
        /// What cannot be shared.
        what: &'static str,
    },
    /// Both modes with a user for only one of them.
    #[error("{mode} is both, but there is no {missing} user; set {user} and {password}")]
    OneOfBoth {
        /// Where both modes were asked for.
        mode: Origin,
        /// The mode without a user.
        missing: &'static str,
        /// What gives its user name.
        user: &'static str,
        /// What gives its password.
        password: &'static str,
    },
    /// A FIX login with nothing but the pair for its market data.
    #[error(
        "{0} asks for FIX CTCI, but its user name and password are not set; set FIXLoginId and FIXPassword (GATEHAND_FIX_USER, GATEHAND_FIX_PASSWORD)"
    )]
    NoFixCredentials(
        /// Where FIX was asked for.
        Origin,
    ),
    /// A user name without its password, or the other way round.
    #[error("{present} is set but {missing} is not; set both, or neither to log in by hand")]
    HalfCredentials {
        /// The one that is there.
        present: Origin,
        /// The usual name of the one that is not.
        missing: &'static str,
    },
    /// A part of TLS without the others.
    #[error("{present} is set but {missing} is not; set both, or neither to serve without TLS")]
    HalfTls {
        /// The one that is there.
        present: Origin,
        /// The usual name of the one that is not.
        missing: &'static str,
    },
    /// A part of a notification's target without the target.
    #[error("{present} is set but {missing} is not: nobody would be told; set both, or neither")]
    NobodyToTell {
        /// The part.
        present: Origin,
        /// The usual name of the target.
        missing: &'static str,
    },
    /// The relay would listen on the gateway's own port.
    #[error(
        "{origin}: the relay cannot listen on {port}, the gateway's own API port; choose another, for instance {other}"
    )]
    RelayOnApiPort {
        /// What set the relay's port.
        origin: Origin,
        /// The port.
        port: u16,
        /// A free choice.
        other: u16,
    },
    /// A tunnel that leads nowhere.
    #[error(
        "{0} asks for an SSH tunnel, but there is no server for it; set SSH_USER_TUNNEL, for instance to user@server"
    )]
    NoTunnelServer(
        /// Where it was asked for.
        Origin,
    ),
    /// One password for two kinds of viewer.
    #[error("{one} and {other} hold the same password; a viewer could not be told apart: choose two")]
    SamePasswords {
        /// What set the one.
        one: Origin,
        /// What set the other.
        other: Origin,
    },
    /// Two passwords for VNC authentication.
    #[error(
        "{legacy} and {truncates} each say what VNC authentication takes in the place of a long password; unset one of them"
    )]
    TwoShortPasswords {
        /// The password of its own.
        legacy: Origin,
        /// What asks for the beginning of the long one.
        truncates: Origin,
    },
    /// A password for those alone that know no better.
    #[error(
        "{0} is set but VNC_SERVER_PASSWORD is not: viewers that know more than VNC authentication would get in by none; \
         set both, or that one alone"
    )]
    LegacyPasswordAlone(
        /// What set it.
        Origin,
    ),
    /// A password that nobody would be asked for.
    #[error("{none} lets viewers in without a password, but {password} is set; unset one of them")]
    PasswordNotNeeded {
        /// What says that none is needed.
        none: Origin,
        /// The password.
        password: Origin,
    },
    /// Everybody on the network could log in.
    #[error("{none} would let everybody in who reaches {listen}; listen on 127.0.0.1, or set a password")]
    OpenToAll {
        /// What says that no password is needed.
        none: Origin,
        /// Where viewers would connect.
        listen: SocketAddr,
    },
    /// Any page that a browser shows could use the screen.
    #[error(
        "{none} would let every page in a browser reach the screen through {web}; set a password, or leave {web} out"
    )]
    WebWithoutPassword {
        /// What says that no password is needed.
        none: Origin,
        /// What names the port.
        web: Origin,
    },
    /// A default under the home folder, and no home folder.
    #[error("HOME is not set, so there is no default for {setting}; set {setting} or HOME")]
    NoHome {
        /// The setting whose default needs it.
        setting: &'static str,
    },
}

/// Everything that is wrong with the settings. Prints as one line: the first fault, and how many more there are.
#[derive(Debug, Default)]
pub struct Faults(pub(super) Vec<ConfigError>);

impl Faults {
    /// The exit code that goes with them.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        ExitCode::Configuration
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, more)) = self.0.split_first() else {
            return f.write_str("nothing is wrong");
        };
        write!(f, "{first}")?;
        match more.len() {
            0 => Ok(()),
            1 => f.write_str("; 1 more fault: see gatehand config check"),
            more => write!(f, "; {more} more faults: see gatehand config check"),
        }
    }
}

impl std::error::Error for Faults {}

/// Something in the settings that the user should know, and that stops nothing. Prints as one line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Warning {
    /// Recognised, but it does nothing yet.
    NoEffect(Origin),
    /// A name that nobody knows.
    Unknown {
        /// Where it stands.
        origin: Origin,
        /// The known name that looks most like it.
        nearest: Option<String>,
    },
    /// Two names of one setting say different things.
    Overruled {
        /// The one that counts.
        by: Origin,
        /// The one that does not.
        ignored: Origin,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEffect(origin) => write!(f, "{origin} is recognised but has no effect yet"),
            Self::Unknown { origin, nearest } => {
                write!(f, "{origin} is not a setting{}", did_you_mean(nearest.as_deref()))
            }
            Self::Overruled { by, ignored } => {
                write!(
                    f,
                    "{ignored} is ignored: {by} sets the same thing to another value"
                )
            }
        }
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

/// The candidate with the smallest edit distance to `name`, when it is near enough to be a slip.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .map(|candidate| {
            (
                strsim::levenshtein(&name.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_is_near() {
        let known = ["GATEHAND_STATE_DIR", "GATEHAND_LOG", "GATEHAND_LOG_FORMAT"];
        assert_eq!(
            nearest("GATEHAND_STATEDIR", known.into_iter()).as_deref(),
            Some("GATEHAND_STATE_DIR")
        );
        assert_eq!(
            nearest("gatehand_log", known.into_iter()).as_deref(),
            Some("GATEHAND_LOG")
        );
        assert_eq!(nearest("SOMETHING_ELSE", known.into_iter()), None);
    }
}
