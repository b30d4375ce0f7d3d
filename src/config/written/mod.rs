//! The settings as written: which value counts, and where it stands.

mod environment;
mod files;
mod ini;
mod own_file;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::checked::Folders;
use super::elsewhere::{Elsewhere, SecretManager};
use super::error::{ConfigError, Origin, Warning, nearest};
use super::form::Form;
use super::secret::Secret;
use super::settings::{self, SETTINGS, Setting};
use super::values::Value;
use super::{Argument, Sources};

/// One value as it counts. Every text is held as a secret, so that none survives in memory or in a message by
/// oversight.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) text: Secret,
    pub(super) origin: Origin,
}

/// One value as given, in any form.
#[derive(Debug)]
struct Given {
    form: Form,
    /// The value, or what leads to it.
    text: Secret,
    /// The place of `text`.
    origin: Origin,
}

/// What counts, by key, and what the user should know.
#[derive(Debug, Default)]
pub(super) struct RawSettings {
    /// What was given, by key, the strongest first.
    given: BTreeMap<&'static str, Vec<Given>>,
    written: BTreeMap<&'static str, Written>,
    /// What was given, but could not be read.
    broken: BTreeSet<&'static str>,
    pub(super) warnings: Vec<Warning>,
}

impl RawSettings {
    /// Collects all sources in the order of their precedence. What is wrong is added to `faults`, and left out.
    pub(super) fn collect(sources: Sources, folders: &Folders, faults: &mut Vec<ConfigError>) -> Self {
        let mut raw = Self::default();
        raw.add_arguments(sources.arguments, faults);
        raw.add_environment(sources.environment, sources.secrets, faults);
        if let Some((name, path)) = raw.file_named_by("config") {
            raw.add_own_file(&name, &path, faults);
        }
        if settings::parse_sources(&raw).is_some_and(|values| values.custom_config) {
            raw.add_custom_config(folders, faults);
        }
        if let Some((name, path)) = raw.file_named_by("ibc_ini") {
            raw.add_ibc_ini(&name, &path, faults);
        }
        raw.add_secret_files(&sources.secret_folders);
        raw.resolve(sources.elsewhere, faults);
        raw
    }

    pub(super) fn get(&self, key: &str) -> Option<&Written> {
        self.written.get(key)
    }

    /// Whether there is a value, or would be one if it could be read.
    pub(super) fn is_given(&self, key: &str) -> bool {
        self.written.contains_key(key) || self.broken.contains(key)
    }

    /// The origin of a setting's value.
    pub(super) fn origin(&self, key: &str) -> Origin {
        self.get(key)
            .map_or(Origin::Default, |written| written.origin.clone())
    }

    /// Takes what is given by a source that is weaker than those before. An empty value means unset.
    fn add(&mut self, setting: &'static Setting, given: Given, faults: &mut Vec<ConfigError>) {
        if given.text.is_empty() {
            return;
        }
        if given.form == Form::Stdin {
            match bool::parse(given.text.expose()) {
                Ok(true) => {}
                Ok(false) => return,
                Err(allowed) => {
                    // What was put here by mistake may be the secret itself.
                    let value = "the value".to_owned();
                    let origin = given.origin;
                    return faults.push(ConfigError::NotAllowed {
                        origin,
                        value,
                        allowed,
                    });
                }
            }
        }
        if setting.is_for_the_start() {
            let Given { text, origin, .. } = given;
            self.written
                .entry(setting.key)
                .or_insert(Written { text, origin });
        } else {
            self.given.entry(setting.key).or_default().push(given);
        }
    }

    fn add_arguments(&mut self, arguments: Vec<Argument>, faults: &mut Vec<ConfigError>) {
        let mut earlier: BTreeMap<&str, Form> = BTreeMap::new();
        for argument in arguments {
            let Argument { setting, form, value } = argument;
            let option = |form: Form| format!("--{}", form.option(setting.key));
            if let Some(before) = earlier.insert(setting.key, form).filter(|before| *before != form) {
                faults.push(two_forms(form, before, option));
            }
            let given = Given {
                form,
                text: Secret::new(value),
                origin: Origin::Argument(option(form)),
            };
            self.add(setting, given, faults);
        }
    }

    /// Secrets lie in files with a known name, where containers mount them.
    fn add_secret_files(&mut self, folders: &[PathBuf]) {
        for setting in SETTINGS.iter() {
            let Some(name) = setting.secret_file else { continue };
            let paths = folders
                .iter()
                .flat_map(|folder| [folder.join(name), folder.join(format!("{name}.secret"))]);
            if let Some(path) = paths.into_iter().find(|path| path.is_file()) {
                self.given.entry(setting.key).or_default().push(Given {
                    form: Form::File,
                    text: Secret::new(path.display().to_string()),
                    origin: Origin::Found(name),
                });
            }
        }
    }

    /// Names the IBC file that stands where the images that know this setting have it.
    fn add_custom_config(&mut self, folders: &Folders, faults: &mut Vec<ConfigError>) {
        let origin = self.origin("custom_config");
        match folders.home("GATEHAND_IBC_INI") {
            Ok(home) => {
                let path = home.join("ibc/config.ini");
                let text = Secret::new(path.display().to_string());
                self.written.entry("ibc_ini").or_insert(Written { text, origin });
            }
            Err(fault) => faults.push(fault),
        }
    }

    /// The file of settings that `key` names, and what named it.
    fn file_named_by(&self, key: &str) -> Option<(String, PathBuf)> {
        let Written { text, origin } = self.get(key)?;
        Some((origin.to_string(), PathBuf::from(text.expose())))
    }

    /// Gets what stands somewhere else, in the order of the table: of each setting the first that is there.
    fn resolve(&mut self, elsewhere: Option<Box<dyn Elsewhere>>, faults: &mut Vec<ConfigError>) {
        let mut reach = Reach {
            elsewhere,
            services: None,
        };
        let mut given = std::mem::take(&mut self.given);
        for setting in SETTINGS.iter() {
            for given in given.remove(setting.key).unwrap_or_default() {
                match reach.value_of(given, self) {
                    Ok(written) if written.text.is_empty() => continue,
                    Ok(written) => drop(self.written.insert(setting.key, written)),
                    Err(fault) => {
                        self.broken.insert(setting.key);
                        faults.push(fault);
                    }
                }
                break;
            }
        }
    }
}

/// How values are got.
struct Reach {
    elsewhere: Option<Box<dyn Elsewhere>>,
    services: Option<(SecretManager, Duration)>,
}

impl Reach {
    fn value_of(&mut self, given: Given, known: &RawSettings) -> Result<Written, ConfigError> {
        let Given { form, text, origin } = given;
        let got = match form {
            Form::Plain => return Ok(Written { text, origin }),
            Form::File => return files::content_of(origin.to_string(), PathBuf::from(text.expose())),
            Form::Command | Form::Stdin | Form::SecretManager => self.get(form, text.expose(), known),
        };
        let name = origin.to_string();
        let by = match form {
            Form::Stdin => "standard input",
            // Its name is not shown: it may be the secret itself, by mistake.
            Form::SecretManager => "Google Secret Manager",
            Form::Plain | Form::File | Form::Command => "a command",
        };
        match got {
            Ok(mut text) => {
                text.drop_line_end();
                let origin = Origin::Held { name, by };
                Ok(Written { text, origin })
            }
            Err(why) => Err(ConfigError::NotHad { name, why }),
        }
    }

    fn get(&mut self, form: Form, text: &str, known: &RawSettings) -> Result<Secret, String> {
        if self.services.is_none() {
            self.services = services(known);
        }
        let (Some(elsewhere), Some((secret_manager, limit))) =
            (self.elsewhere.as_deref_mut(), &self.services)
        else {
            return Err("this value cannot be had here; write it, or name a file".to_owned());
        };
        match form {
            Form::Command => elsewhere.run(text, *limit),
            Form::SecretManager => elsewhere.access(secret_manager, text, *limit),
            Form::Plain | Form::File | Form::Stdin => elsewhere.read_line(),
        }
    }
}

/// Where Secret Manager is, and how long a value may take. The settings that say so stand first in the table and are
/// known by now; what is wrong with them is told with the rest.
fn services(known: &RawSettings) -> Option<(SecretManager, Duration)> {
    let values = settings::parse_sources(known)?;
    let host = values.gcp_metadata_host.map(|host| host.0);
    let secret_manager = SecretManager {
        url: values.gcp_secrets_url.0,
        metadata_host: host.unwrap_or_else(|| "metadata.google.internal".to_owned()),
    };
    Some((secret_manager, values.secret_limit.0))
}

/// The known name that looks most like `name`, in the same form when its setting has that one. `known` tells the name of
/// a setting, `spell` that of a form of it.
fn nearest_setting(
    name: &str,
    known: impl Fn(&Setting) -> &'static str,
    spell: impl Fn(Form, &str) -> String,
) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let endings = Form::ALL.iter().rev();
    let form = endings.copied().find(|form| lower.ends_with(form.ending()))?;
    let base = &name[..name.len() - form.ending().len()];
    let nearest = nearest(base, SETTINGS.iter().map(|setting| known(setting)))?;
    let setting = SETTINGS.iter().find(|setting| known(setting) == nearest)?;
    let form = if setting.forms().contains(&form) {
        form
    } else {
        Form::Plain
    };
    Some(spell(form, &nearest))
}

/// One value is given in two forms; `name` tells the name of a form.
fn two_forms(one: Form, other: Form, name: impl Fn(Form) -> String) -> ConfigError {
    ConfigError::TwoForms {
        one: name(one.min(other)),
        other: name(one.max(other)),
    }
}
