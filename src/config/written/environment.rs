//! Settings from environment variables.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::{Given, RawSettings, nearest_setting, two_forms};
use crate::config::error::{ConfigError, Origin, Warning};
use crate::config::form::Form;
use crate::config::recognised::RECOGNISED;
use crate::config::secret::Secret;
use crate::config::settings::{self, SETTINGS, Setting};
use crate::config::values::SecretsSource;

/// What the names of our own variables begin with.
const OWN: &str = "GATEHAND_";

impl RawSettings {
    pub(super) fn add_environment(
        &mut self,
        plain: Vec<(OsString, OsString)>,
        secrets: Vec<(String, Secret)>,
        faults: &mut Vec<ConfigError>,
    ) {
        let mut environment = Environment::new(plain, secrets);
        for setting in SETTINGS.iter() {
            let mut named: Vec<Given> = Vec::new();
            for name in setting.variables {
                let Some(mut given) = environment.take(name, setting, &mut self.broken, faults) else {
                    continue;
                };
                if given.form == Form::Plain && setting.is_credential() {
                    given.form = self.form_of_credentials();
                    // What is no path may be the secret itself, and is not shown as a path that cannot be read.
                    if given.form == Form::File && !given.text.expose().starts_with('/') {
                        self.broken.insert(setting.key);
                        faults.push(ConfigError::NotAllowed {
                            origin: given.origin,
                            value: "the value".to_owned(),
                            allowed: "the absolute path of a file, as the secrets' source is fs",
                        });
                        continue;
                    }
                }
                if let Some(first) = named.first()
                    && (first.form, first.text.expose()) != (given.form, given.text.expose())
                {
                    self.warnings.push(Warning::Overruled {
                        by: first.origin.clone(),
                        ignored: given.origin.clone(),
                    });
                }
                named.push(given);
            }
            for given in named {
                self.add(setting, given, faults);
            }
        }
        for recognised in RECOGNISED {
            for name in recognised.variables {
                match (environment.take_name(name, recognised.idle), recognised.cure) {
                    (Some(origin), Some(allowed)) => faults.push(ConfigError::NotAllowed {
                        origin,
                        value: "the value".to_owned(),
                        allowed,
                    }),
                    (Some(origin), None) => self.warnings.push(Warning::NoEffect(origin)),
                    (None, _) => {}
                }
            }
        }
        for name in environment.0.into_keys().filter(|name| name.starts_with(OWN)) {
            let nearest = nearest_setting(&name, |setting| setting.variables[0], Form::variable);
            self.warnings.push(Warning::Unknown {
                origin: Origin::Environment(name),
                nearest,
            });
        }
    }

    /// What a variable of a user name or a secret holds.
    fn form_of_credentials(&self) -> Form {
        // What does not parse is told with the rest.
        match settings::parse_sources(self).map(|values| values.secrets_source) {
            Some(SecretsSource::Files) => Form::File,
            Some(SecretsSource::SecretManager) => Form::SecretManager,
            Some(SecretsSource::Environment) | None => Form::Plain,
        }
    }
}

/// The variables that could concern us, by name, without the empty ones; `None` is not UTF-8.
struct Environment(BTreeMap<String, Option<Secret>>);

impl Environment {
    fn new(plain: Vec<(OsString, OsString)>, secrets: Vec<(String, Secret)>) -> Self {
        let plain = plain.into_iter().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| is_ours(name))?;
            Some((name, value.into_string().ok().map(Secret::new)))
        });
        let secrets = secrets.into_iter().map(|(name, value)| (name, Some(value)));
        let mut variables: BTreeMap<_, _> = plain.chain(secrets).collect();
        variables.retain(|_, value| value.as_ref().is_none_or(|value| !value.is_empty()));
        Self(variables)
    }

    /// What `name` gives, in any of the setting's forms.
    fn take(
        &mut self,
        name: &str,
        setting: &Setting,
        broken: &mut BTreeSet<&'static str>,
        faults: &mut Vec<ConfigError>,
    ) -> Option<Given> {
        let mut found: Option<Given> = None;
        for form in setting.forms() {
            let variable = form.variable(name);
            let Some(text) = self.0.remove(&variable) else {
                continue;
            };
            let Some(text) = text else {
                faults.push(ConfigError::NotText { name: variable });
                broken.insert(setting.key);
                continue;
            };
            match &found {
                Some(first) => faults.push(two_forms(first.form, *form, |form| form.variable(name))),
                None => {
                    found = Some(Given {
                        form: *form,
                        text,
                        origin: Origin::Environment(variable),
                    });
                }
            }
        }
        found
    }

    /// Where `name` is set to something that asks for an effect, in any form.
    fn take_name(&mut self, name: &str, idle: &[&str]) -> Option<Origin> {
        let mut found = None;
        for form in Form::ALL {
            let variable = form.variable(name);
            if let Some(value) = self.0.remove(&variable)
                && (form != Form::Plain || value.is_none_or(|value| !is_idle(value.expose(), idle)))
            {
                found = found.or(Some(Origin::Environment(variable)));
            }
        }
        found
    }
}

pub(super) fn is_idle(value: &str, idle: &[&str]) -> bool {
    idle.iter().any(|word| word.eq_ignore_ascii_case(value))
}

fn is_ours(name: &str) -> bool {
    let known = |names: &[&str]| {
        names.iter().any(|known| {
            name.strip_prefix(known)
                .is_some_and(|rest| Form::ALL.iter().any(|form| form.variable("") == rest))
        })
    };
    name.starts_with(OWN)
        || SETTINGS.iter().any(|setting| known(setting.variables))
        || RECOGNISED.iter().any(|recognised| known(recognised.variables))
}
