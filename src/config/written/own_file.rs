//! Settings from gatehand's own configuration file: a flat TOML table of keys, each in one of its setting's forms.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::files::{FILE_LIMIT, read_text};
use super::{Given, RawSettings, nearest_setting, two_forms};
use crate::config::error::{ConfigError, Origin};
use crate::config::form::Form;
use crate::config::secret::Secret;
use crate::config::settings::{SETTINGS, Setting};

impl RawSettings {
    /// Adds the file at `path`, which `name` names.
    pub(super) fn add_own_file(&mut self, name: &str, path: &Path, faults: &mut Vec<ConfigError>) {
        let text = match read_text(name, path, FILE_LIMIT) {
            Ok(text) => text,
            Err(fault) => return faults.push(fault),
        };
        let text = text.expose();
        let line_of = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
        let syntax = |line, what: &str| ConfigError::Syntax {
            path: path.to_owned(),
            line,
            what: what.to_owned(),
        };
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(e) => {
                let line = e.span().map_or(1, |span| line_of(span.start));
                return faults.push(syntax(line, e.message()));
            }
        };
        let mut forms: BTreeMap<&str, Form> = BTreeMap::new();
        for (key, value) in table.get_ref() {
            let line = line_of(key.span().start);
            let key: &str = key.get_ref();
            let Some((setting, form)) = find_key(key) else {
                faults.push(ConfigError::UnknownKey {
                    path: path.to_owned(),
                    line,
                    key: key.to_owned(),
                    nearest: nearest_setting(key, |setting| setting.key, Form::key),
                });
                continue;
            };
            if setting.is_for_the_start() {
                let what = "a file cannot name this one; use the command line or the environment";
                faults.push(syntax(line, what));
                continue;
            }
            if let Some(before) = forms.insert(setting.key, form) {
                faults.push(two_forms(before, form, |form| form.key(setting.key)));
                continue;
            }
            let text = match value.get_ref() {
                DeValue::String(text) => text.clone().into_owned(),
                DeValue::Integer(number) => number.as_str().to_owned(),
                DeValue::Boolean(flag) => if *flag { "yes" } else { "no" }.to_owned(),
                _ => {
                    self.broken.insert(setting.key);
                    let what = format!("{key} must be a text, a whole number, true or false");
                    faults.push(syntax(line, &what));
                    continue;
                }
            };
            // A path is relative to the file that names it.
            let text = if form == Form::File && !text.is_empty() {
                let folder = path.parent().unwrap_or(Path::new(""));
                folder.join(text).display().to_string()
            } else {
                text
            };
            let given = Given {
                form,
                text: Secret::new(text),
                origin: Origin::File {
                    path: path.to_owned(),
                    line,
                    key: key.to_owned(),
                },
            };
            self.add(setting, given, faults);
        }
    }
}

/// The setting and the form that a key stands for.
fn find_key(key: &str) -> Option<(&'static Setting, Form)> {
    SETTINGS.iter().find_map(|setting| {
        let ending = key.strip_prefix(setting.key)?;
        let form = setting.forms().iter().find(|form| form.ending() == ending)?;
        Some((*setting, *form))
    })
}
