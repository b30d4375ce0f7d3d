//! The settings as written: which value counts, and where it stands.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use zeroize::Zeroize;

use super::error::{ConfigError, Origin, Warning, nearest};
use super::recognised::RECOGNISED;
use super::secret::Secret;
use super::settings::{SETTINGS, Setting};
use super::{Argument, Sources, ibc_ini};

/// The most that is read of a file that holds one value.
const VALUE_LIMIT: u64 = 64 * 1024;
/// The most that is read of a configuration file.
const FILE_LIMIT: u64 = 1024 * 1024;
/// What the names of our own variables begin with.
const OWN: &str = "GATEHAND_";

/// One value as written. Every text is held as a secret, so that none survives in memory or in a message by
/// oversight.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) text: Secret,
    pub(super) origin: Origin,
}

impl Written {
    pub(super) fn default_of(setting: &Setting) -> Self {
        Self {
            text: Secret::new(setting.default.unwrap_or_default().to_owned()),
            origin: Origin::Default,
        }
    }
}

/// What counts, by key, and what the user should know.
#[derive(Debug, Default)]
pub(super) struct RawSettings {
    written: BTreeMap<&'static str, Written>,
    pub(super) warnings: Vec<Warning>,
}

impl RawSettings {
    /// Collects all sources in the order of their precedence.
    pub(super) fn collect(sources: Sources) -> Result<Self, ConfigError> {
        let mut raw = Self::default();
        raw.add_arguments(sources.arguments)?;
        raw.add_environment(Environment::new(sources.environment, sources.secrets)?)?;
        if let Some(written) = raw.get("config") {
            let path = PathBuf::from(written.text.expose());
            let name = written.origin.to_string();
            raw.add_own_file(&name, &path)?;
        }
        if let Some(written) = raw.get("ibc_ini") {
            let path = PathBuf::from(written.text.expose());
            let name = written.origin.to_string();
            raw.add_ibc_ini(&name, &path)?;
        }
        Ok(raw)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Written> {
        self.written.get(key)
    }

    /// The origin of a setting's value.
    pub(super) fn origin(&self, key: &str) -> Origin {
        self.get(key)
            .map_or(Origin::Default, |written| written.origin.clone())
    }

    /// Takes a value unless a stronger source has set one. An empty value means unset.
    fn add(&mut self, setting: &'static Setting, written: Written) {
        if !written.text.is_empty() {
            self.written.entry(setting.key).or_insert(written);
        }
    }

    fn add_arguments(&mut self, arguments: Vec<Argument>) -> Result<(), ConfigError> {
        let mut earlier: BTreeMap<&str, bool> = BTreeMap::new();
        for Argument {
            setting,
            is_file,
            value,
        } in arguments
        {
            let option = format!("--{}", setting.key.replace('_', "-"));
            if earlier
                .insert(setting.key, is_file)
                .is_some_and(|before| before != is_file)
            {
                return Err(ConfigError::TwoForms {
                    file: format!("{option}-file"),
                    plain: option,
                });
            }
            let written = if is_file {
                content_of(format!("{option}-file"), PathBuf::from(value))?
            } else {
                Written {
                    text: Secret::new(value),
                    origin: Origin::Argument(option),
                }
            };
            self.add(setting, written);
        }
        Ok(())
    }

    fn add_environment(&mut self, mut environment: Environment) -> Result<(), ConfigError> {
        for setting in SETTINGS {
            let mut counts: Option<Written> = None;
            for name in setting.variables {
                let Some(written) = environment.take(name, !setting.names_a_file())? else {
                    continue;
                };
                match &counts {
                    None => counts = Some(written),
                    Some(first) if first.text.expose() != written.text.expose() => {
                        self.warnings.push(Warning::Overruled {
                            by: first.origin.clone(),
                            ignored: written.origin,
                        });
                    }
                    Some(_) => {}
                }
            }
            if let Some(written) = counts {
                self.add(setting, written);
            }
        }
        for recognised in RECOGNISED {
            for name in recognised.variables {
                let Some(origin) = environment.take_name(name, recognised.idle) else {
                    continue;
                };
                self.warnings.push(Warning::NoEffect(origin));
            }
        }
        let own = || SETTINGS.iter().map(|setting| setting.variables[0]);
        for name in environment.0.into_keys().filter(|name| name.starts_with(OWN)) {
            let nearest = nearest(&name, own());
            self.warnings.push(Warning::Unknown {
                origin: Origin::Environment(name),
                nearest,
            });
        }
        Ok(())
    }

    /// Our own file: a flat TOML table of keys; `KEY_file` names a file that holds the value.
    fn add_own_file(&mut self, name: &str, path: &Path) -> Result<(), ConfigError> {
        let text = read_text(name, path, FILE_LIMIT)?;
        let text = text.expose();
        let line_of = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
        let syntax = |line, what: &str| ConfigError::Syntax {
            path: path.to_owned(),
            line,
            what: what.to_owned(),
        };
        let table = DeTable::parse(text)
            .map_err(|e| syntax(e.span().map_or(1, |span| line_of(span.start)), e.message()))?;
        let mut forms: BTreeMap<&str, bool> = BTreeMap::new();
        for (key, value) in table.get_ref() {
            let line = line_of(key.span().start);
            let key: &str = key.get_ref();
            let (setting, is_file) = find_key(key).ok_or_else(|| ConfigError::UnknownKey {
                path: path.to_owned(),
                line,
                key: key.to_owned(),
                nearest: nearest(key, SETTINGS.iter().map(|setting| setting.key)),
            })?;
            if setting.names_a_file() {
                return Err(syntax(
                    line,
                    "a file cannot name this one; use the command line or the environment",
                ));
            }
            if forms.insert(setting.key, is_file).is_some() {
                return Err(ConfigError::TwoForms {
                    plain: setting.key.to_owned(),
                    file: format!("{}_file", setting.key),
                });
            }
            let text = match value.get_ref() {
                DeValue::String(text) => text.clone().into_owned(),
                DeValue::Integer(number) => number.as_str().to_owned(),
                DeValue::Boolean(flag) => if *flag { "yes" } else { "no" }.to_owned(),
                _ => {
                    return Err(syntax(
                        line,
                        &format!("{key} must be a text, a whole number, true or false"),
                    ));
                }
            };
            let origin = Origin::File {
                path: path.to_owned(),
                line,
                key: key.to_owned(),
            };
            let written = if is_file && !text.is_empty() {
                let folder = path.parent().unwrap_or(Path::new(""));
                content_of(origin.to_string(), folder.join(text))?
            } else {
                Written {
                    text: Secret::new(text),
                    origin,
                }
            };
            self.add(setting, written);
        }
        Ok(())
    }

    fn add_ibc_ini(&mut self, name: &str, path: &Path) -> Result<(), ConfigError> {
        let text = match read_text(name, path, FILE_LIMIT) {
            // Java reads the file as ISO 8859-1, so an old one may be nothing else.
            Err(ConfigError::NotText { .. }) => latin1(name, path)?,
            other => other?,
        };
        let before = self.warnings.len();
        // A key that stands twice counts where it stands last.
        for entry in ibc_ini::parse(text.expose()).into_iter().rev() {
            if entry.value.is_empty() {
                continue;
            }
            let is_key = |key: &&&str| key.eq_ignore_ascii_case(&entry.key);
            let origin = Origin::File {
                path: path.to_owned(),
                line: entry.line,
                key: entry.key.clone(),
            };
            if let Some(setting) = SETTINGS
                .iter()
                .find(|setting| setting.ini.iter().any(|key| is_key(&key)))
            {
                self.add(
                    setting,
                    Written {
                        text: entry.value,
                        origin,
                    },
                );
            } else if let Some(recognised) = RECOGNISED.iter().find(|r| r.ini.iter().any(|key| is_key(&key)))
            {
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
        Ok(())
    }
}

/// The setting with this key, and whether the key is its `_file` form.
fn find_key(key: &str) -> Option<(&'static Setting, bool)> {
    let by = |key: &str| SETTINGS.iter().find(|setting| setting.key == key).copied();
    by(key).map(|setting| (setting, false)).or_else(|| {
        key.strip_suffix("_file")
            .and_then(by)
            .map(|setting| (setting, true))
    })
}

fn is_idle(value: &str, idle: &[&str]) -> bool {
    idle.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// The variables that could concern us, by name, without the empty ones.
struct Environment(BTreeMap<String, Secret>);

impl Environment {
    fn new(
        plain: impl IntoIterator<Item = (OsString, OsString)>,
        secrets: Vec<(String, Secret)>,
    ) -> Result<Self, ConfigError> {
        let mut variables = BTreeMap::new();
        for (name, value) in plain {
            let Some(name) = name.to_str().filter(|name| is_ours(name)) else {
                continue;
            };
            let value = value.into_string().map_err(|_| ConfigError::NotText {
                name: name.to_owned(),
            })?;
            variables.insert(name.to_owned(), Secret::new(value));
        }
        variables.extend(secrets);
        variables.retain(|_, value| !value.is_empty());
        Ok(Self(variables))
    }

    /// The value of `name`, or, if it has that form, the content of the file that `name_FILE` names.
    fn take(&mut self, name: &str, has_file_form: bool) -> Result<Option<Written>, ConfigError> {
        let file_name = format!("{name}_FILE");
        let file = if has_file_form {
            self.0.remove(&file_name)
        } else {
            None
        };
        match (self.0.remove(name), file) {
            (Some(_), Some(_)) => Err(ConfigError::TwoForms {
                plain: name.to_owned(),
                file: file_name,
            }),
            (Some(text), None) => Ok(Some(Written {
                text,
                origin: Origin::Environment(name.to_owned()),
            })),
            (None, Some(path)) => {
                let written = content_of(file_name, PathBuf::from(path.expose()))?;
                Ok((!written.text.is_empty()).then_some(written))
            }
            (None, None) => Ok(None),
        }
    }

    /// Where `name` or `name_FILE` is set to something that asks for an effect.
    fn take_name(&mut self, name: &str, idle: &[&str]) -> Option<Origin> {
        let file_name = format!("{name}_FILE");
        if self.0.remove(&file_name).is_some() {
            return Some(Origin::Environment(file_name));
        }
        let value = self.0.remove(name)?;
        (!is_idle(value.expose(), idle)).then(|| Origin::Environment(name.to_owned()))
    }
}

fn is_ours(name: &str) -> bool {
    let bare = name.strip_suffix("_FILE").unwrap_or(name);
    let known = |names: &[&str]| names.contains(&name) || names.contains(&bare);
    name.starts_with(OWN)
        || SETTINGS.iter().any(|setting| known(setting.variables))
        || RECOGNISED.iter().any(|recognised| known(recognised.variables))
}

fn content_of(name: String, path: PathBuf) -> Result<Written, ConfigError> {
    let mut text = read_text(&name, &path, VALUE_LIMIT)?;
    text.drop_line_end();
    Ok(Written {
        text,
        origin: Origin::ContentOf { name, path },
    })
}

fn read_text(name: &str, path: &Path, limit: u64) -> Result<Secret, ConfigError> {
    let bytes = read_bytes(name, path, limit)?;
    String::from_utf8(bytes).map(Secret::new).map_err(|e| {
        e.into_bytes().zeroize();
        ConfigError::NotText {
            name: format!("{name} ({})", path.display()),
        }
    })
}

fn latin1(name: &str, path: &Path) -> Result<Secret, ConfigError> {
    let mut bytes = read_bytes(name, path, FILE_LIMIT)?;
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(bytes.iter().map(|byte| char::from(*byte)));
    bytes.zeroize();
    Ok(Secret::new(text))
}

fn read_bytes(name: &str, path: &Path, limit: u64) -> Result<Vec<u8>, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable {
        name: name.to_owned(),
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len().min(limit);
    // Room for all at once: a vector that grows leaves copies of a secret behind.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 32);
    let read = file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(read).is_ok_and(|read| read > limit) {
        bytes.zeroize();
        return Err(ConfigError::TooLarge {
            name: name.to_owned(),
            path: path.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}
