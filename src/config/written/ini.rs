//! Settings from an imported IBC `config.ini`.

use std::path::Path;

use super::environment::is_idle;
use super::files::{FILE_LIMIT, latin1, read_text};
use super::{Given, RawSettings};
use crate::config::error::{ConfigError, Origin, Warning, nearest};
use crate::config::form::Form;
use crate::config::ibc_ini;
use crate::config::recognised::RECOGNISED;
use crate::config::secret::Secret;
use crate::config::settings::{SETTINGS, Setting};

impl RawSettings {
    /// Adds the file at `path`, which `name` names.
    pub(super) fn add_ibc_ini(&mut self, name: &str, path: &Path, faults: &mut Vec<ConfigError>) {
        let text = match read_text(name, path, FILE_LIMIT) {
            // Java reads the file as ISO 8859-1, so an old one may be nothing else.
            Err(ConfigError::NotText { .. }) => latin1(name, path),
            other => other,
        };
        let text = match text {
            Ok(text) => text,
            Err(fault) => return faults.push(fault),
        };
        let before = self.warnings.len();
        // A key that stands twice counts where it stands last.
        for entry in ibc_ini::parse(text.expose()).into_iter().rev() {
            if entry.value.is_empty() {
                continue;
            }
            let is_key = |key: &&str| key.eq_ignore_ascii_case(&entry.key);
            let origin = Origin::File {
                path: path.to_owned(),
                line: entry.line,
                key: entry.key.clone(),
            };
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.ini.iter().any(is_key)) {
                let given = Given {
                    form: Form::Plain,
                    text: entry.value,
                    origin,
                };
                self.add(setting, given, faults);
            } else if let Some(recognised) = RECOGNISED.iter().find(|r| r.ini.iter().any(is_key)) {
                if !is_idle(entry.value.expose(), recognised.idle) {
                    self.warnings.push(Warning::NoEffect(origin));
                }
            } else {
                let known = SETTINGS
                    .iter()
                    .flat_map(|s| s.ini)
                    .chain(RECOGNISED.iter().flat_map(|r| r.ini));
                let nearest = nearest(&entry.key, known.copied());
                self.warnings.push(Warning::Unknown { origin, nearest });
            }
        }
        self.warnings[before..].reverse();
        let with_own_default = |setting: &&'static Setting| Some((*setting, setting.ini_default?));
        for (setting, default) in SETTINGS.iter().filter_map(with_own_default) {
            let given = Given {
                form: Form::Plain,
                text: Secret::new(default.to_owned()),
                origin: Origin::IbcDefault(path.to_owned()),
            };
            self.add(setting, given, faults);
        }
    }
}
