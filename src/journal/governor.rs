//! The governor: an account must never be locked out by wrong passwords that were sent again.
//!
//! Every attempt is written down, durably, before it is made; its outcome after. What was refused is not submitted
//! again, also not after a restart of the container, until the secret changes. User name and password are kept only as
//! Argon2id hashes with a salt of this folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Attempts in a row whose outcome is not known (killed, power lost) before a human has to look.
const MAX_OPEN_ATTEMPTS: u32 = 3;
/// 8 MiB, 2 passes: some 10 ms, paid once at start.
const HASH_COST: (u32, u32) = (8 * 1024, 2);

/// The book cannot be read or written: nothing may be submitted.
#[derive(Debug, Error)]
pub enum GovernorError {
    /// Reading or writing failed.
    #[error("governor {}: {source}; make the state folder writable (GATEHAND_STATE_DIR)", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what was written.
    #[error(
        "governor {}: damaged ({why}); earlier refusals are unknown: check the password, then run `gatehand unlock`",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The hash could not be made.
    #[error("governor: {0}")]
    Hash(String),
}

/// Whether an attempt may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Permitted,
    /// Not before this long.
    Wait {
        /// Why.
        why: String,
        /// How long.
        remaining: Duration,
    },
    /// Not until a human changed something.
    Locked {
        /// Why, and the cure.
        why: String,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// Of the secret that was last submitted.
    fingerprint: String,
    /// Attempts since the last known outcome.
    open_attempts: u32,
    /// Unix seconds of the refusal of this secret.
    refused_at: Option<u64>,
    /// Unix seconds.
    lock_until: Option<u64>,
    last_attempt: Option<u64>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    salt: String,
    users: BTreeMap<String, Record>,
}

/// The book, opened for one user name and secret.
#[derive(Debug)]
pub struct Governor {
    path: PathBuf,
    book: Book,
    user: String,
    fingerprint: String,
}

impl Governor {
    /// Opens the book in `folder`, or begins one.
    ///
    /// # Errors
    /// When it is there and cannot be read, or a new one cannot be written.
    pub fn open(folder: &Path, user_name: &str, password: &str) -> Result<Self, GovernorError> {
        let path = folder.join("governor.json");
        let book = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| GovernorError::Damaged {
                path: path.clone(),
                why: error.to_string(),
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Book {
                salt: new_salt()?,
                ..Book::default()
            },
            Err(source) => return Err(GovernorError::Io { path, source }),
        };
        let user = hash(&book.salt, "user", user_name)?;
        let fingerprint = hash(&book.salt, user_name, password)?;
        let governor = Self {
            path,
            book,
            user,
            fingerprint,
        };
        governor.save()?;
        Ok(governor)
    }

    /// Forgets refusals and open attempts of every user.
    ///
    /// # Errors
    /// When the file is there and cannot be removed.
    pub fn unlock(folder: &Path) -> Result<bool, GovernorError> {
        let path = folder.join("governor.json");
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(GovernorError::Io { path, source }),
        }
    }

    /// Whether these credentials may be submitted now.
    pub fn may_submit(&self, now: SystemTime) -> Verdict {
        let Some(record) = self.book.users.get(&self.user) else {
            return Verdict::Permitted;
        };
        let now = unix(now);
        if let Some(until) = record.lock_until.filter(|&until| now < until) {
            let remaining = Duration::from_secs(until - now);
            let why = format!("the gateway asked to wait; {} s to go", remaining.as_secs());
            return Verdict::Wait { why, remaining };
        }
        if record.fingerprint != self.fingerprint {
            return Verdict::Permitted;
        }
        if record.refused_at.is_some() {
            let why = "these credentials were refused before; change the password, or run `gatehand unlock`";
            return Verdict::Locked { why: why.into() };
        }
        if record.open_attempts >= MAX_OPEN_ATTEMPTS {
            let why = format!(
                "{} attempts in a row ended without an answer; look at the gateway, then run `gatehand unlock`",
                record.open_attempts
            );
            return Verdict::Locked { why };
        }
        Verdict::Permitted
    }

    /// Writes an attempt down before it is made.
    ///
    /// # Errors
    /// When it could not be made durable: do not submit.
    pub fn begin(&mut self, now: SystemTime) -> Result<Verdict, GovernorError> {
        let verdict = self.may_submit(now);
        if verdict != Verdict::Permitted {
            return Ok(verdict);
        }
        let fingerprint = self.fingerprint.clone();
        self.change(|record| {
            if record.fingerprint != fingerprint {
                *record = Record {
                    fingerprint,
                    ..Record::default()
                };
            }
            record.open_attempts += 1;
            record.last_attempt = Some(unix(now));
        })?;
        Ok(Verdict::Permitted)
    }

    /// The attempt was not made after all.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn withdraw(&mut self) -> Result<(), GovernorError> {
        self.change(|record| record.open_attempts = record.open_attempts.saturating_sub(1))
    }

    /// The attempt led to the main window.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn logged_in(&mut self) -> Result<(), GovernorError> {
        self.change(|record| {
            record.open_attempts = 0;
            record.refused_at = None;
        })
    }

    /// The gateway refused the credentials. Without an open attempt of ours, somebody else typed them.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn refused(&mut self, now: SystemTime) -> Result<(), GovernorError> {
        self.change(|record| {
            if record.open_attempts > 0 {
                record.open_attempts = 0;
                record.refused_at = Some(unix(now));
            }
        })
    }

    /// The gateway asked to wait.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn throttled(&mut self, now: SystemTime, wait: Duration) -> Result<(), GovernorError> {
        self.change(|record| {
            record.open_attempts = record.open_attempts.saturating_sub(1);
            record.lock_until = Some(unix(now) + wait.as_secs());
        })
    }

    fn change(&mut self, edit: impl FnOnce(&mut Record)) -> Result<(), GovernorError> {
        edit(self.book.users.entry(self.user.clone()).or_default());
        self.save()
    }

    /// A new file, synced, then renamed over the old one, then the folder synced: before or after, never between.
    fn save(&self) -> Result<(), GovernorError> {
        let failed = |source| GovernorError::Io {
            path: self.path.clone(),
            source,
        };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let temporary = self.path.with_extension("json.new");
        let text = serde_json::to_vec_pretty(&self.book).map_err(|error| failed(error.into()))?;
        let mut options = File::options();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(failed)?;
        file.write_all(&text)
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        fs::rename(&temporary, &self.path).map_err(failed)?;
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)
    }
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn new_salt() -> Result<String, GovernorError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| GovernorError::Hash(error.to_string()))?;
    Ok(hex(&salt))
}

fn hash(salt: &str, context: &str, text: &str) -> Result<String, GovernorError> {
    let failed = |error: argon2::Error| GovernorError::Hash(error.to_string());
    let (memory, passes) = HASH_COST;
    let params = Params::new(memory, passes, 1, Some(32)).map_err(failed)?;
    let mut out = [0; 32];
    let salt = format!("{salt}{context}");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(text.as_bytes(), salt.as_bytes(), &mut out)
        .map_err(failed)?;
    Ok(hex(&out))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: SystemTime = UNIX_EPOCH;

    fn after(seconds: u64) -> SystemTime {
        T0 + Duration::from_secs(seconds)
    }

    fn open(folder: &Path, password: &str) -> Governor {
        Governor::open(folder, "trader", password).expect("the book opens")
    }

    #[test]
    fn a_refusal_outlives_a_restart_and_ends_with_a_new_secret() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut governor = open(folder.path(), "wrong");
        assert_eq!(governor.begin(T0).expect("written"), Verdict::Permitted);
        governor.refused(T0).expect("written");
        let again = open(folder.path(), "wrong").may_submit(after(1_000_000));
        assert!(matches!(again, Verdict::Locked { .. }), "{again:?}");
        assert_eq!(open(folder.path(), "right").may_submit(T0), Verdict::Permitted);
    }

    #[test]
    fn unlock_forgets_a_refusal() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut governor = open(folder.path(), "wrong");
        governor.begin(T0).expect("written");
        governor.refused(T0).expect("written");
        assert!(Governor::unlock(folder.path()).expect("unlocked"));
        assert!(!Governor::unlock(folder.path()).expect("nothing there"));
        assert_eq!(open(folder.path(), "wrong").may_submit(T0), Verdict::Permitted);
    }

    #[test]
    fn attempts_without_an_answer_are_bounded_and_success_clears_them() {
        let folder = tempfile::tempdir().expect("a folder");
        for _ in 0..MAX_OPEN_ATTEMPTS {
            assert_eq!(
                open(folder.path(), "p").begin(T0).expect("written"),
                Verdict::Permitted
            );
        }
        let mut governor = open(folder.path(), "p");
        assert!(matches!(
            governor.begin(T0).expect("read"),
            Verdict::Locked { .. }
        ));
        governor.logged_in().expect("written");
        assert_eq!(governor.may_submit(T0), Verdict::Permitted);
    }

    #[test]
    fn a_withdrawn_attempt_does_not_count_and_somebody_elses_refusal_is_not_ours() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut governor = open(folder.path(), "p");
        governor.begin(T0).expect("written");
        governor.withdraw().expect("written");
        governor.refused(T0).expect("written");
        assert_eq!(governor.may_submit(T0), Verdict::Permitted);
    }

    #[test]
    fn a_wait_is_obeyed_to_the_second_whatever_the_secret() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut governor = open(folder.path(), "p");
        governor.begin(T0).expect("written");
        governor
            .throttled(after(100), Duration::from_secs(50))
            .expect("written");
        let other = open(folder.path(), "q");
        assert!(
            matches!(other.may_submit(after(149)), Verdict::Wait { remaining, .. } if remaining.as_secs() == 1)
        );
        assert_eq!(other.may_submit(after(150)), Verdict::Permitted);
    }

    #[test]
    fn nothing_readable_is_kept_and_damage_is_not_taken_for_a_clean_sheet() {
        let folder = tempfile::tempdir().expect("a folder");
        open(folder.path(), "secret-word").begin(T0).expect("written");
        let path = folder.path().join("governor.json");
        let text = fs::read_to_string(&path).expect("readable");
        assert!(
            !text.contains("secret-word") && !text.contains("trader"),
            "{text}"
        );
        fs::write(&path, &text[..text.len() / 2]).expect("cut");
        let error = Governor::open(folder.path(), "trader", "p")
            .expect_err("damaged")
            .to_string();
        assert!(
            error.contains("governor.json") && error.contains("damaged"),
            "{error}"
        );
    }
}
