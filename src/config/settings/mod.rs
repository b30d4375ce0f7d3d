//! The table of all settings: names, default, meaning and type, each in one place.
//!
//! To add a setting, add one entry to the file of its group. The entry gives the option, the key of the configuration
//! file, the environment variables, the IBC key, the parser, the row of `docs/settings.md` and those of the samples.

use std::sync::LazyLock;

use super::error::{ConfigError, Origin};
use super::form::Form;
use super::values::Value;
use super::written::{RawSettings, Written};

/// One setting as users know it.
#[derive(Debug)]
pub struct Setting {
    /// The key in gatehand's own configuration file; with dashes, the option.
    pub key: &'static str,
    /// Environment variables, the one that counts first.
    pub variables: &'static [&'static str],
    /// Keys of IBC's `config.ini`.
    pub ini: &'static [&'static str],
    /// Whether the value is a secret.
    pub secret: bool,
    /// The value when nobody wrote one.
    pub default: Option<&'static str>,
    /// The value when nobody wrote one and an IBC `config.ini` is imported: IBC's own default, where it is another.
    pub ini_default: Option<&'static str>,
    /// The file that holds the value, where secrets are mounted or in the working directory, with or without the
    /// ending `.secret`.
    pub secret_file: Option<&'static str>,
    /// What is allowed.
    pub allowed: &'static str,
    /// What it does.
    pub help: &'static str,
}

impl Setting {
    /// The ways in which its value can be given.
    #[must_use]
    pub fn forms(&self) -> &'static [Form] {
        match self.key {
            // What names the sources must be known before any of them is read.
            "config" | "ibc_ini" | "custom_config" | "secrets_source" => &[Form::Plain],
            _ if self.is_credential() => &Form::ALL,
            _ => &[Form::Plain, Form::File],
        }
    }

    /// Whether it is a secret, or the user name that goes with one.
    pub(super) fn is_credential(&self) -> bool {
        self.secret || self.key == "user" || self.key.ends_with("_user")
    }

    /// Whether only the command line and the environment can give it.
    #[must_use]
    pub fn is_for_the_start(&self) -> bool {
        self.forms() == [Form::Plain]
    }
}

/// A setting's field in its group: a type with a default, or an `Option` without.
pub(super) trait Field: Sized {
    const ALLOWED: &'static str;

    /// Parses a text that is not empty. `Err` says what is allowed instead.
    fn parse(text: &str) -> Result<Self, &'static str>;

    /// The value when there is none.
    fn absent(setting: &Setting) -> Option<Self>;
}

impl<T: Value> Field for T {
    const ALLOWED: &'static str = <T as Value>::ALLOWED;

    fn parse(text: &str) -> Result<Self, &'static str> {
        <T as Value>::parse(text)
    }

    fn absent(setting: &Setting) -> Option<Self> {
        setting
            .default
            .and_then(|default| <T as Value>::parse(default).ok())
    }
}

impl<T: Value> Field for Option<T> {
    const ALLOWED: &'static str = <T as Value>::ALLOWED;

    fn parse(text: &str) -> Result<Self, &'static str> {
        <T as Value>::parse(text).map(Some)
    }

    fn absent(_: &Setting) -> Option<Self> {
        Some(None)
    }
}

/// Parses what was written. A fault is noted, and the default takes the place of the value: so all faults are found.
pub(super) struct Parsing<'a> {
    written: &'a RawSettings,
    faults: &'a mut Vec<ConfigError>,
}

impl Parsing<'_> {
    fn field<T: Field>(&mut self, setting: &'static Setting) -> Option<T> {
        let written = self.written.get(setting.key);
        match written.map(|written| (written, T::parse(written.text.expose()))) {
            Some((_, Ok(value))) => return Some(value),
            Some((written, Err(allowed))) => self.faults.push(ConfigError::NotAllowed {
                origin: written.origin.clone(),
                value: shown(setting, written),
                allowed,
            }),
            None => {}
        }
        T::absent(setting)
    }
}

/// The value as an error may show it: no secret, and no content of a file, which may be the wrong one.
fn shown(setting: &Setting, written: &Written) -> String {
    const LIMIT: usize = 60;
    let text = written.text.expose();
    match (&written.origin, text.char_indices().nth(LIMIT)) {
        (Origin::ContentOf { .. } | Origin::Held { .. }, _) => "its content".to_owned(),
        // Nor a key in the place of its path.
        _ if setting.secret || text.contains("PRIVATE KEY") => "the value".to_owned(),
        (_, None) => format!("{text:?}"),
        (_, Some((end, _))) => format!("{:?}...", &text[..end]),
    }
}

macro_rules! or_none {
    () => {
        None
    };
    ($value:literal) => {
        Some($value)
    };
}

/// The settings of one group: their table and the type that holds their values.
macro_rules! settings {
    ($group:ident $($key:ident: $type:ty {
        variables: $variables:tt,
        ini: $ini:tt,
        secret: $secret:literal,
        $(default: $default:literal,)?
        $(ini_default: $ini_default:literal,)?
        $(secret_file: $secret_file:literal,)?
        help: $help:literal,
    })+) => {
        pub(super) static TABLE: &[&super::Setting] = &[$(&row::$key),+];

        #[expect(non_upper_case_globals, reason = "each row bears the name of its field")]
        mod row {
            use super::*;
            use crate::config::settings::{Field, Setting};

            $(pub(super) static $key: Setting = Setting {
                key: stringify!($key),
                variables: &$variables,
                ini: &$ini,
                secret: $secret,
                default: or_none!($($default)?),
                ini_default: or_none!($($ini_default)?),
                secret_file: or_none!($($secret_file)?),
                allowed: <$type as Field>::ALLOWED,
                help: $help,
            };)+
        }

        /// The values of the group, parsed but not yet checked against the others.
        pub(in crate::config) struct $group {
            $(pub(in crate::config) $key: $type,)+
        }

        impl $group {
            pub(super) fn parse(parsing: &mut super::Parsing<'_>) -> Option<Self> {
                // All of them before the first that has no value.
                $(let $key = parsing.field(&row::$key);)+
                Some(Self { $($key: $key?,)+ })
            }
        }
    };
}

macro_rules! groups {
    ($($group:ident: $type:ident,)+) => {
        $(mod $group;)+

        /// Every setting, in the order of the reference page.
        pub static SETTINGS: LazyLock<Vec<&'static Setting>> = LazyLock::new(|| [$($group::TABLE),+].concat());

        /// Every setting's value, parsed but not yet checked against the others.
        pub(super) struct Values {
            $(pub(super) $group: $group::$type,)+
        }

        impl Values {
            /// Parses what was written. `None` is a default that its own type does not allow.
            pub(super) fn parse(written: &RawSettings, faults: &mut Vec<ConfigError>) -> Option<Self> {
                let mut parsing = Parsing { written, faults };
                $(let $group = $group::$type::parse(&mut parsing);)+
                Some(Self { $($group: $group?,)+ })
            }
        }
    };
}

/// The values that say where other values are to be had.
pub(super) fn parse_sources(written: &RawSettings) -> Option<Sources> {
    let faults = &mut Vec::new();
    Sources::parse(&mut Parsing { written, faults })
}

pub(super) use account::Account;
pub(super) use gateway::Gateway;
pub(super) use notifications::Notifications;
pub(super) use portal::Portal;
pub(super) use portal_login::PortalLogin;
pub(super) use relay::Relay;
pub(super) use second_factor::SecondFactor;
pub(super) use service::Service;
use sources::Sources;
pub(super) use tunnel::Tunnel;
pub(super) use viewers::Viewers;

groups! {
    sources: Sources,
    account: Account,
    second_factor: SecondFactor,
    dialogs: Dialogs,
    gateway: Gateway,
    options: Options,
    schedule: Schedule,
    scripts: Scripts,
    relay: Relay,
    viewers: Viewers,
    service: Service,
    tunnel: Tunnel,
    control: Control,
    http: Http,
    notifications: Notifications,
    portal: Portal,
    portal_login: PortalLogin,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::recognised::RECOGNISED;
    use super::*;

    #[test]
    fn own_names_follow_from_keys() {
        for setting in SETTINGS.iter() {
            assert_eq!(
                setting.variables[0],
                format!("GATEHAND_{}", setting.key.to_uppercase())
            );
        }
    }

    #[test]
    fn every_name_means_one_thing() {
        let variables = SETTINGS.iter().flat_map(|s| s.variables);
        let variables = variables.chain(RECOGNISED.iter().flat_map(|r| r.variables));
        let mut seen = BTreeSet::new();
        for name in variables {
            for form in Form::ALL {
                let name = form.variable(name);
                assert!(seen.insert(name.clone()), "{name} twice");
            }
        }
        let keys = SETTINGS
            .iter()
            .flat_map(|s| Form::ALL.map(|form| form.key(s.key)));
        let mut seen = BTreeSet::new();
        for key in keys {
            assert!(seen.insert(key.clone()), "{key} twice");
        }
        let mut seen = BTreeSet::new();
        for key in SETTINGS
            .iter()
            .flat_map(|s| s.ini)
            .chain(RECOGNISED.iter().flat_map(|r| r.ini))
        {
            assert!(seen.insert(key.to_lowercase()), "{key} twice");
        }
    }

    #[test]
    fn every_default_is_allowed() {
        let mut faults = Vec::new();
        assert!(Values::parse(&RawSettings::default(), &mut faults).is_some());
        assert!(faults.is_empty(), "{faults:?}");
    }
}
