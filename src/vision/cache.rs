//! What was read before: lines by their exact bitmap, whole windows by their fingerprint.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::binarise::LineBitmap;
use super::fingerprint::Mixer;
use super::ocr::ReadText;
use crate::screen::{Fingerprint, Reading};

/// Lines that are kept.
const LINES: usize = 20_000;
/// Whole readings that are kept.
const READINGS: usize = 64;
/// A longer text is no line of a window.
const LONGEST: usize = 400;
/// Changes whenever the same bitmap could be read differently: the file of another version is not used.
const VERSION: u32 = 2;
/// The file's name in its folder.
const FILE: &str = "lines.json";
/// A larger file is not ours.
const LARGEST: u64 = 16 << 20;

/// Why a cache could not be loaded or saved. Nothing is lost but time.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The file cannot be read or written.
    #[error("cache of read lines {}: {cause}; check the folder's owner and free space", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file holds something else.
    #[error("cache of read lines {}: {cause}; it starts empty and the file is written anew", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
}

/// 128 bits of a bitmap's size and pixels: enough that two lines never share them by accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key(u64, u64);

impl Key {
    fn of(bitmap: &LineBitmap) -> Self {
        let size = u64::from(bitmap.width) << 32 | u64::from(bitmap.height);
        let words: Vec<u32> = bitmap
            .levels
            .chunks(8)
            .map(|chunk| chunk.iter().fold(0, |word, &level| word << 4 | u32::from(level)))
            .collect();
        let half = |seed: u64| {
            let mut hash = Mixer::new(seed);
            hash.pixels(&words);
            hash.finish()
        };
        Self(half(size), half(!size.rotate_left(9)))
    }
}

struct Entry {
    read: ReadText,
    /// Stays in memory: what users type is not written to disk.
    private: bool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    lines: Vec<(u64, u64, u8, String)>,
}

/// Bounded memory of lines and whole readings.
#[derive(Default)]
pub struct Cache {
    lines: HashMap<Key, Entry>,
    order: VecDeque<Key>,
    readings: VecDeque<Arc<Reading>>,
}

impl Cache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// The cache that was saved in `folder`; empty when there is none, or with an error when it is of no use.
    pub fn load(folder: &Path) -> (Self, Option<CacheError>) {
        let path = folder.join(FILE);
        let content = |cause: String| CacheError::Content {
            path: path.clone(),
            cause,
        };
        let file = |cause| CacheError::File {
            path: path.clone(),
            cause,
        };
        let mut cache = Self::new();
        let bytes = match fs::metadata(&path).and_then(|about| {
            if about.len() > LARGEST {
                Ok(None)
            } else {
                fs::read(&path).map(Some)
            }
        }) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return (cache, Some(content(format!("larger than {LARGEST} bytes")))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (cache, None),
            Err(error) => return (cache, Some(file(error))),
        };
        let stored: Stored = match serde_json::from_slice(&bytes) {
            Ok(stored) => stored,
            Err(error) => return (cache, Some(content(error.to_string()))),
        };
        if stored.version == VERSION {
            for (high, low, confidence, text) in stored.lines {
                if text.len() <= LONGEST && confidence <= 100 {
                    cache.put(
                        Key(high, low),
                        Entry {
                            read: ReadText { text, confidence },
                            private: false,
                        },
                    );
                }
            }
        }
        (cache, None)
    }

    /// Writes the lines to `folder`: a new file beside the old one, then renamed over it.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), CacheError> {
        let path = folder.join(FILE);
        let beside = folder.join(format!("{FILE}.{}.new", std::process::id()));
        let lines = self.order.iter().filter_map(|key| {
            let entry = self.lines.get(key).filter(|entry| !entry.private)?;
            Some((key.0, key.1, entry.read.confidence, entry.read.text.clone()))
        });
        let stored = Stored {
            version: VERSION,
            lines: lines.collect(),
        };
        let write = || -> std::io::Result<()> {
            let mut file = fs::File::create(&beside)?;
            file.write_all(&serde_json::to_vec(&stored)?)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|cause| {
            // Best effort: the error that is reported is the first one.
            let _ = fs::remove_file(&beside);
            CacheError::File { path, cause }
        })
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// What `bitmap` was read as.
    pub fn line(&self, bitmap: &LineBitmap) -> Option<&ReadText> {
        self.lines.get(&Key::of(bitmap)).map(|entry| &entry.read)
    }

    /// Remembers what `bitmap` was read as; a `private` one is never written to disk.
    pub fn insert_line(&mut self, bitmap: &LineBitmap, read: ReadText, private: bool) {
        if read.text.len() <= LONGEST {
            self.put(Key::of(bitmap), Entry { read, private });
        }
    }

    fn put(&mut self, key: Key, entry: Entry) {
        if self.lines.insert(key, entry).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > LINES {
            if let Some(oldest) = self.order.pop_front() {
                self.lines.remove(&oldest);
            }
        }
    }

    /// The reading of a window that looked exactly like this.
    pub fn reading(&mut self, fingerprint: Fingerprint, size: crate::screen::Size) -> Option<Arc<Reading>> {
        let at = self
            .readings
            .iter()
            .position(|reading| reading.fingerprint == fingerprint && reading.size == size)?;
        let reading = self.readings.remove(at)?;
        self.readings.push_back(Arc::clone(&reading));
        Some(reading)
    }

    /// Remembers a whole window; the one used longest ago is forgotten.
    pub fn insert_reading(&mut self, reading: Arc<Reading>) {
        self.readings.push_back(reading);
        if self.readings.len() > READINGS {
            self.readings.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    fn bitmap(level: u8) -> LineBitmap {
        LineBitmap {
            width: 3,
            height: 2,
            levels: vec![level; 6],
        }
    }

    fn read(text: &str) -> ReadText {
        ReadText {
            text: text.to_owned(),
            confidence: 90,
        }
    }

    #[test]
    fn survives_a_restart_but_for_what_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::new();
        cache.insert_line(&bitmap(1), read("Log In"), false);
        cache.insert_line(&bitmap(2), read("edemo"), true);
        cache.save(folder.path()).unwrap();
        let (loaded, error) = Cache::load(folder.path());
        assert!(error.is_none());
        assert_eq!(loaded.line(&bitmap(1)), Some(&read("Log In")));
        assert_eq!(loaded.line(&bitmap(2)), None);
        assert_eq!(cache.line(&bitmap(2)), Some(&read("edemo")));
        let files = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 1, "nothing but the cache is left behind");
    }

    #[test]
    fn a_corrupt_file_starts_empty_with_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Cache::load(folder.path()).1.is_none());
        fs::write(folder.path().join(FILE), b"{\"version\":2,\"lines\":[[1").unwrap();
        let (cache, error) = Cache::load(folder.path());
        assert!(cache.is_empty());
        assert!(error.unwrap().to_string().contains(FILE));
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_at_saving() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Cache::new().save(&folder.path().join("none")).is_err());
    }

    #[test]
    fn readings_used_longest_ago_are_forgotten() {
        let mut cache = Cache::new();
        let reading = |number: u64| {
            Arc::new(Reading {
                fingerprint: Fingerprint(number),
                ..Reading::default()
            })
        };
        for number in 0..=READINGS as u64 {
            cache.insert_reading(reading(number));
            assert!(cache.reading(Fingerprint(0), Size::default()).is_some());
        }
        assert!(cache.reading(Fingerprint(1), Size::default()).is_none());
        assert!(cache.reading(Fingerprint(2), Size::default()).is_some());
    }

    #[test]
    fn lines_are_bounded() {
        let mut cache = Cache::new();
        for number in 0..LINES as u32 + 5 {
            let levels = (0..8)
                .map(|nibble| (number >> (4 * nibble) & 0xf) as u8)
                .collect();
            cache.insert_line(
                &LineBitmap {
                    width: 8,
                    height: 1,
                    levels,
                },
                read("x"),
                false,
            );
        }
        assert_eq!(cache.len(), LINES);
    }
}
