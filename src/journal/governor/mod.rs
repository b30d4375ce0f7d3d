//! The governor: an account must never be locked out by wrong passwords that were sent again.
//!
//! Every attempt is written down, durably, before it is made; its outcome after. What was refused is not submitted
//! again, also not after a restart of the container, until the secret changes. An attempt whose ending nobody saw may
//! have been refused as well: it is the last one, unless the user allows more to a secret that was accepted before.
//! Accepted is what led to the main window, or to a question for a second factor or about another session: the gateway
//! asks those only when the password is right. User name and password are kept only as Argon2id hashes with a salt of this folder.

mod book;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use book::Clocks;
use book::Record;

use crate::life::Weekly;

/// 8 MiB, 2 passes: some 10 ms, paid once at start.
#[cfg(not(test))]
const HASH_COST: (u32, u32) = (8 * 1024, 2);
/// Tests open it thousands of times.
#[cfg(test)]
const HASH_COST: (u32, u32) = (8, 1);
/// How long a login waits for another one of its user.
const OTHER_FIRST: Duration = Duration::from_secs(10);
/// Of the salt, in bytes.
const SALT_SIZE: usize = 16;

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

/// What is kept of the humans who confirm on their phones.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// How often in an hour somebody may be asked.
    pub pushes_per_hour: Option<u32>,
    /// When nobody may be asked.
    pub quiet_hours: Option<QuietHours>,
    /// Further attempts of a secret that was accepted before, after one whose ending nobody saw.
    pub unanswered_retries: u32,
}

/// A span of every day, in a time zone; it may go over midnight.
#[derive(Clone, Debug)]
pub struct QuietHours {
    /// Its first minute.
    pub from: Time,
    /// The minute after its last.
    pub until: Time,
    /// Where.
    pub zone: TimeZone,
}

impl Limits {
    /// Seconds until the end of the quiet hours, while they last.
    fn quiet_for(&self, now: u64) -> Option<u64> {
        let now = Timestamp::from_second(i64::try_from(now).ok()?).ok()?;
        Some(self.quiet_hours.as_ref()?.remaining(now)?.as_secs())
    }
}

impl QuietHours {
    /// How long they go on, while they last.
    #[must_use]
    pub fn remaining(&self, now: Timestamp) -> Option<Duration> {
        let daily = |time| Weekly { day: None, time };
        let end = daily(self.until).after(now, &self.zone)?;
        let begin = daily(self.from).after(now, &self.zone)?;
        (end < begin).then(|| end.duration_since(now).unsigned_abs())
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    salt: String,
    users: BTreeMap<String, Record>,
    /// Which governor of this process has an attempt of a user under way: the other one of that user waits for its end.
    #[serde(skip)]
    under_way: BTreeMap<String, usize>,
}

/// Governors so far.
static OPENED: AtomicUsize = AtomicUsize::new(0);
/// Books that are open: who has the same one open goes by the same refusals and the same budget of pushes.
static OPEN: Mutex<BTreeMap<PathBuf, Weak<Mutex<Book>>>> = Mutex::new(BTreeMap::new());

/// The book, opened for one user name and secret.
#[derive(Debug)]
pub struct Governor {
    path: PathBuf,
    /// Which of those it is that have the book open.
    number: usize,
    book: Arc<Mutex<Book>>,
    user: String,
    fingerprint: String,
    limits: Limits,
}

impl Governor {
    /// Opens the book in `folder`, or begins one.
    ///
    /// # Errors
    /// When it is there and cannot be read, or a new one cannot be written.
    pub fn open(
        folder: &Path,
        user_name: &str,
        password: &str,
        limits: Limits,
    ) -> Result<Self, GovernorError> {
        let path = folder.join("governor.json");
        let book = Book::open(&path)?;
        let salt = locked(&book).salt.clone();
        let user = hash(&salt, "user", user_name)?;
        let fingerprint = hash(&salt, user_name, password)?;
        let governor = Self {
            path,
            number: OPENED.fetch_add(1, Ordering::Relaxed),
            book,
            user,
            fingerprint,
            limits,
        };
        locked(&governor.book).save(&governor.path)?;
        Ok(governor)
    }

    /// Forgets what is written about one user name, or about all; tells whether there was something.
    ///
    /// # Errors
    /// When the file is there and cannot be removed; for one user name also when it cannot be read.
    pub fn unlock(folder: &Path, user_name: Option<&str>) -> Result<bool, GovernorError> {
        let path = folder.join("governor.json");
        if let Some(user_name) = user_name {
            let Some(mut book) = Book::read(&path)? else {
                return Ok(false);
            };
            let user = hash(&book.salt, "user", user_name)?;
            let known = book.users.remove(&user).is_some();
            if known {
                book.save(&path)?;
            }
            return Ok(known);
        }
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(GovernorError::Io { path, source }),
        }
    }

    /// The same for a governor that is open. `true` when something was known.
    ///
    /// # Errors
    /// When it could not be made durable: what was known still holds.
    pub fn forget(&mut self, user_name: Option<&str>) -> Result<bool, GovernorError> {
        let mut book = locked(&self.book);
        let mut left = book.users.clone();
        match user_name {
            Some(user_name) => drop(left.remove(&hash(&book.salt, "user", user_name)?)),
            None => left.clear(),
        }
        let before = std::mem::replace(&mut book.users, left);
        let known = before.len() > book.users.len();
        if known && let Err(error) = book.save(&self.path) {
            book.users = before;
            return Err(error);
        }
        Ok(known)
    }

    /// Whether these credentials may be submitted now.
    #[must_use]
    pub fn may_submit(&self, now: &Clocks) -> Verdict {
        let book = locked(&self.book);
        if let Some(wait) = self.other_first(&book) {
            return wait;
        }
        let record = book.users.get(&self.user).cloned().unwrap_or_default();
        record.may_submit(now, &self.fingerprint, &self.limits)
    }

    /// Whether somebody may be asked on a phone once more, beyond what came with the attempt.
    #[must_use]
    pub fn may_push(&self, now: &Clocks) -> Verdict {
        self.look(|record| record.may_push(now, &self.limits))
    }

    /// How many attempts in a row whose ending nobody sees these credentials still have.
    #[must_use]
    pub fn attempts_left(&self) -> usize {
        self.look(|record| record.attempts_left(&self.fingerprint, &self.limits))
    }

    /// Writes an attempt down before it is made.
    ///
    /// # Errors
    /// When it could not be made durable: do not submit.
    pub fn begin(&mut self, now: &Clocks) -> Result<Verdict, GovernorError> {
        let mut book = locked(&self.book);
        if let Some(wait) = self.other_first(&book) {
            return Ok(wait);
        }
        let record = book.users.get(&self.user).cloned().unwrap_or_default();
        let verdict = record.may_submit(now, &self.fingerprint, &self.limits);
        if verdict == Verdict::Permitted {
            let before = book.users.clone();
            let record = book.users.entry(self.user.clone()).or_default();
            record.begin(now, &self.fingerprint, &self.limits);
            if let Err(error) = book.save(&self.path) {
                book.users = before;
                return Err(error);
            }
            book.under_way.insert(self.user.clone(), self.number);
        }
        Ok(verdict)
    }

    /// The attempt was not made after all.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn withdraw(&mut self) -> Result<(), GovernorError> {
        self.end(Record::withdraw)
    }

    /// The gateway has accepted the credentials, and the login goes on.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn accepted(&mut self) -> Result<(), GovernorError> {
        self.change(Record::accepted)
    }

    /// The attempt led to the main window.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn logged_in(&mut self) -> Result<(), GovernorError> {
        self.end(Record::logged_in)
    }

    /// The gateway sent the login away, and did not say that it is because of the credentials.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn rebuffed(&mut self) -> Result<(), GovernorError> {
        self.end(Record::rebuffed)
    }

    /// The gateway refused the credentials. Without an open attempt of ours, somebody else typed them.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn refused(&mut self) -> Result<(), GovernorError> {
        self.end(Record::refused)
    }

    /// The gateway asked to wait.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn throttled(&mut self, now: &Clocks, wait: Duration) -> Result<(), GovernorError> {
        self.end(|record| record.throttled(now, wait))
    }

    /// Somebody was asked to confirm on a phone.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn pushed(&mut self, now: &Clocks) -> Result<(), GovernorError> {
        let limits = self.limits.clone();
        self.change(|record| record.pushed(now, &limits))
    }

    /// The step (RFC 6238 §4.2) of the last one-time code that was typed: it is good once, also after a restart.
    #[must_use]
    pub fn code_step(&self) -> Option<u64> {
        locked(&self.book).users.get(&self.user)?.code_step
    }

    /// The code of this step was typed.
    ///
    /// # Errors
    /// When the book cannot be written: do not send it.
    pub fn code_typed(&mut self, step: u64) -> Result<(), GovernorError> {
        self.change(|record| record.code_step = Some(step))
    }

    fn look<T>(&self, at: impl FnOnce(&Record) -> T) -> T {
        match locked(&self.book).users.get(&self.user) {
            Some(record) => at(record),
            None => at(&Record::default()),
        }
    }

    /// An attempt of the same user at another gateway: nobody knows yet what comes of it.
    fn other_first(&self, book: &Book) -> Option<Verdict> {
        let other = book
            .under_way
            .get(&self.user)
            .filter(|number| **number != self.number);
        other.map(|_| Verdict::Wait {
            why: "another login of this user is under way".to_owned(),
            remaining: OTHER_FIRST,
        })
    }

    /// The attempt is over.
    fn end(&mut self, edit: impl FnOnce(&mut Record)) -> Result<(), GovernorError> {
        self.leave();
        self.change(edit)
    }

    fn leave(&self) {
        let mut book = locked(&self.book);
        if book.under_way.get(&self.user) == Some(&self.number) {
            book.under_way.remove(&self.user);
        }
    }

    fn change(&mut self, edit: impl FnOnce(&mut Record)) -> Result<(), GovernorError> {
        let mut book = locked(&self.book);
        edit(book.users.entry(self.user.clone()).or_default());
        book.save(&self.path)
    }
}

/// What became of an attempt that is under way is not seen by anybody then, and nobody waits for it.
impl Drop for Governor {
    fn drop(&mut self) {
        self.leave();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Book {
    /// The book in this file: the one that is open already, the one that is read, or a new one.
    fn open(path: &Path) -> Result<Arc<Mutex<Self>>, GovernorError> {
        let mut open = locked(&OPEN);
        if let Some(book) = open.get(path).and_then(Weak::upgrade) {
            return Ok(book);
        }
        let book = match Self::read(path)? {
            Some(book) => book,
            None => Self {
                salt: new_salt()?,
                ..Self::default()
            },
        };
        let book = Arc::new(Mutex::new(book));
        open.retain(|_, book| book.strong_count() > 0);
        open.insert(path.to_owned(), Arc::downgrade(&book));
        Ok(book)
    }

    /// The book in this file, if there is one.
    fn read(path: &Path) -> Result<Option<Self>, GovernorError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(GovernorError::Io {
                    path: path.to_path_buf(),
                    source,
                });
            }
        };
        let damaged = |why: String| GovernorError::Damaged {
            path: path.to_path_buf(),
            why,
        };
        let book: Self = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if book.salt.len() != 2 * SALT_SIZE {
            return Err(damaged("its salt is none".into()));
        }
        Ok(Some(book))
    }

    /// A new file, synced, then renamed over the old one, then the folder synced: before or after, never between.
    fn save(&self, path: &Path) -> Result<(), GovernorError> {
        let failed = |source| GovernorError::Io {
            path: path.to_path_buf(),
            source,
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        let temporary = path.with_extension("json.new");
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
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
        fs::rename(&temporary, path).map_err(failed)?;
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)
    }
}

fn new_salt() -> Result<String, GovernorError> {
    let mut salt = [0; SALT_SIZE];
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
mod tests;
