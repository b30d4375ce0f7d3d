//! Reading the files that settings name.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroize;

use super::Written;
use crate::config::error::{ConfigError, Origin};
use crate::config::secret::Secret;

/// The most that is read of a file that holds one value.
const VALUE_LIMIT: u64 = 64 * 1024;
/// The most that is read of a file of settings.
pub(super) const FILE_LIMIT: u64 = 1024 * 1024;

/// The value that stands in a file of its own.
pub(super) fn content_of(name: String, path: PathBuf) -> Result<Written, ConfigError> {
    let mut text = read_text(&name, &path, VALUE_LIMIT)?;
    text.drop_line_end();
    Ok(Written {
        text,
        origin: Origin::ContentOf { name, path },
    })
}

pub(super) fn read_text(name: &str, path: &Path, limit: u64) -> Result<Secret, ConfigError> {
    let bytes = read_bytes(name, path, limit)?;
    String::from_utf8(bytes).map(Secret::new).map_err(|e| {
        e.into_bytes().zeroize();
        ConfigError::NotText {
            name: format!("{name} ({})", path.display()),
        }
    })
}

/// The text of a file in ISO 8859-1, in which every byte is a character.
pub(super) fn latin1(name: &str, path: &Path) -> Result<Secret, ConfigError> {
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
