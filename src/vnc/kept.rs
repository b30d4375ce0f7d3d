//! What the viewers' port keeps in a folder from one start to the next: its RSA key, and a password that it made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use protocol::security::ra2::{KeyError, ServerKey};
use zeroize::Zeroizing;

use crate::journal::{make_private_folder, write_private};

/// Letters and digits that cannot be taken for one another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789z";

/// What is kept cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The folder is of no use.
    #[error("{}: {source}; name a writable state folder with GATEHAND_STATE_DIR", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key cannot be made or read.
    #[error("{}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What to do.
        source: KeyError,
    },
    /// There is no password in the file.
    #[error("{}: the file holds no password of one line; remove it, and another one is made", path.display())]
    Password {
        /// The file.
        path: PathBuf,
    },
    /// The system has no random numbers.
    #[error("no random numbers for a password: {0}")]
    Random(#[from] getrandom::Error),
}

/// The RSA key in `folder`, made when there is none. Viewers remember it, and warn their user of another: one that cannot
/// be written serves all the same, until the end of the program.
///
/// # Errors
/// It cannot be made, read or used.
pub fn server_key(folder: &Path) -> Result<ServerKey, KeptError> {
    let path = folder.join("rsa.der");
    let of_key = |source| KeptError::Key {
        path: path.clone(),
        source,
    };
    let der = match read(&path)? {
        Some(der) => der,
        None => {
            let made = ServerKey::generate().map_err(of_key)?;
            if let Err(error) = write(folder, &path, &made) {
                tracing::warn!("viewers will be asked about another RSA key after the next start: {error}");
            }
            made
        }
    };
    ServerKey::from_pkcs8(&der).map_err(of_key)
}

/// Where [`generated_password`] keeps it.
#[must_use]
pub fn password_file(folder: &Path) -> PathBuf {
    folder.join("password")
}

/// The password in `folder`, made when there is none.
///
/// # Errors
/// It cannot be made, written or read.
pub fn generated_password(folder: &Path) -> Result<Zeroizing<String>, KeptError> {
    let path = password_file(folder);
    let bytes = match read(&path)? {
        Some(bytes) => bytes,
        None => {
            let mut line = random_password()?;
            line.push('\n');
            let made = Zeroizing::new(std::mem::take(&mut *line).into_bytes());
            write(folder, &path, &made)?;
            made
        }
    };
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim_end();
    if text.is_empty() || text.contains(char::is_control) {
        return Err(KeptError::Password { path });
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// Eight random characters: VNC authentication compares no more.
///
/// # Errors
/// The system has no random numbers.
pub fn random_password() -> Result<Zeroizing<String>, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 8]);
    getrandom::fill(&mut *bytes)?;
    // Room for the end of the line: a text that grows leaves a copy behind.
    let mut password = Zeroizing::new(String::with_capacity(bytes.len() + 1));
    let letters = bytes
        .iter()
        .map(|byte| ALPHABET[usize::from(*byte) % ALPHABET.len()]);
    password.extend(letters.map(char::from));
    Ok(password)
}

/// What the file holds; `None` when there is no such file.
fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, KeptError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KeptError::File {
            path: path.to_path_buf(),
            source,
        }),
    }
}

fn write(folder: &Path, path: &Path, content: &[u8]) -> Result<(), KeptError> {
    let written = make_private_folder(folder).and_then(|()| write_private(path, content));
    written.map_err(|source| KeptError::File {
        path: path.to_path_buf(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn a_key_is_made_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("viewers");
        let fingerprint = server_key(&folder).expect("made").fingerprint();
        assert_eq!(server_key(&folder).expect("kept").fingerprint(), fingerprint);
        let path = folder.join("rsa.der");
        assert_eq!(mode(&path), 0o600);
        fs::write(&path, "damaged").expect("written");
        let said = server_key(&folder).expect_err("damaged").to_string();
        assert!(
            said.starts_with(&path.display().to_string()) && said.contains("remove it"),
            "{said}"
        );
        let nowhere = Path::new("/proc/nowhere");
        assert!(server_key(nowhere).is_ok(), "it need not last");
        let said = generated_password(nowhere)
            .expect_err("nobody would know it")
            .to_string();
        assert!(said.contains("GATEHAND_STATE_DIR"), "{said}");
    }

    #[test]
    fn a_password_is_made_once_and_is_not_always_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let password = generated_password(folder.path()).expect("made");
        assert_eq!(password.len(), 8);
        assert_eq!(generated_password(folder.path()).expect("kept"), password);
        let path = password_file(folder.path());
        assert_eq!(mode(&path), 0o600);
        assert_eq!(
            fs::read_to_string(&path).expect("there"),
            format!("{}\n", *password)
        );
        fs::write(&path, "\n").expect("written");
        assert!(generated_password(folder.path()).is_err());
        assert_ne!(
            random_password().expect("random"),
            random_password().expect("random")
        );
    }
}
