//! Plays a recording back: its files one after the other, with the windows' pictures as they were recorded.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::framing::{Records, Unpacked};
use super::record::{Begin, Head, Input, Record, SeenRecord, ViewRecord};
use super::ring::{files_of, place_of};
use crate::agent::{Seen, View};
use crate::screen::{Frame, Rect, Size, WindowId};
use crate::vision::fingerprint;

/// What a window may hold: more is damage.
const MOST_PIXELS: u64 = 64 << 20;

/// A recording that cannot be played.
#[derive(Debug, Error)]
pub enum PlayError {
    /// The folder or a file cannot be read.
    #[error("recording {}: {source}; name the folder of a recording, for instance recorder in the state folder", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
    /// There is nothing in the folder.
    #[error("recording {}: no *.flight file; name the folder of a recording, for instance recorder in the state folder", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
}

/// What comes next on a recording. Times are ns since the run began.
#[derive(Debug)]
pub enum Played {
    /// A run begins, or what is left of it.
    Begin {
        /// What it began with.
        head: Box<Head>,
        /// Whether its begin is there.
        whole: bool,
    },
    /// The agent observed this.
    Observed {
        /// When.
        at: u64,
        /// Lowest window first.
        screen: Vec<Seen>,
    },
    /// The agent was told something else.
    Told {
        /// When.
        at: u64,
        /// What.
        input: Input,
    },
    /// The agent gave an action.
    Act {
        /// When.
        at: u64,
        /// The window that it is about.
        window: Option<WindowId>,
        /// The action in words.
        act: String,
    },
    /// The agent had no action.
    Idle {
        /// When.
        at: u64,
        /// Its state.
        state: String,
    },
}

/// A recording on disk, oldest first.
#[derive(Debug)]
pub struct Recording {
    files: VecDeque<PathBuf>,
    records: Option<(PathBuf, Records)>,
    /// Run and number of the file before this one, if all of it could be read.
    before: Option<(u64, u32)>,
    windows: BTreeMap<WindowId, View>,
    /// What is left of a run begins with its first whole observation.
    waits: bool,
    damage: Vec<String>,
}

impl Recording {
    /// Opens the recording in a folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(folder: &Path) -> Result<Self, PlayError> {
        let files = files_of(folder).map_err(|source| PlayError::Unreadable {
            path: folder.to_path_buf(),
            source,
        })?;
        if files.is_empty() {
            return Err(PlayError::Empty {
                folder: folder.to_path_buf(),
            });
        }
        Ok(Self {
            files: files.into(),
            records: None,
            before: None,
            windows: BTreeMap::new(),
            waits: false,
            damage: Vec::new(),
        })
    }

    /// What could not be read so far, a line for each file.
    pub fn damage(&self) -> &[String] {
        &self.damage
    }

    /// The next file's records; `None` after the last.
    fn turn_over(&mut self) -> Option<Result<(), PlayError>> {
        let path = self.files.pop_front()?;
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            // The oldest file of a run that goes on may go at any time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(Ok(())),
            Err(source) => return Some(Err(PlayError::Unreadable { path, source })),
        };
        match Records::of(bytes) {
            Some(records) => self.records = Some((path, records)),
            None => {
                self.before = None;
                let file = path.display();
                self.damage
                    .push(format!("{file}: not a recording of this version: left out"));
            }
        }
        Some(Ok(()))
    }

    fn leave_out(&mut self, path: &Path, why: &str) {
        self.damage.push(format!("{}: {why}", path.display()));
        self.before = None;
        self.records = None;
    }

    fn end_of_file(&mut self, path: &Path, damaged: usize) {
        if damaged > 0 {
            self.leave_out(
                path,
                &format!("its last {damaged} bytes are torn or damaged: left out"),
            );
        } else {
            self.before = place_of(path);
        }
        self.records = None;
    }

    fn understand(&mut self, path: &Path, unpacked: &Unpacked) -> Option<Played> {
        let record = match serde_json::from_slice(&unpacked.json) {
            Ok(record) => record,
            Err(error) => {
                self.leave_out(path, &format!("written by another version ({error}): left out"));
                return None;
            }
        };
        match record {
            Record::Head(head) => self.begin(path, head),
            _ if self.waits
                && !matches!(
                    &record,
                    Record::Told {
                        input: Input::Observed(_),
                        ..
                    }
                ) =>
            {
                None
            }
            Record::Told {
                at,
                input: Input::Observed(seen),
            } => {
                self.waits = false;
                match self.screen(seen, &unpacked.pixels) {
                    Some(screen) => Some(Played::Observed { at, screen }),
                    None => {
                        self.leave_out(
                            path,
                            "an observation that contradicts itself: the rest is left out",
                        );
                        None
                    }
                }
            }
            Record::Told { at, input } => Some(Played::Told { at, input }),
            Record::Act { at, window, act } => Some(Played::Act { at, window, act }),
            Record::Idle { at, state } => Some(Played::Idle { at, state }),
        }
    }

    fn begin(&mut self, path: &Path, head: Head) -> Option<Played> {
        self.windows.clear();
        let follows = match (self.before, place_of(path)) {
            (Some((run, number)), Some(place)) => place == (run, number + 1),
            _ => false,
        };
        if head.begin == Begin::Next && follows {
            return None;
        }
        let whole = head.begin == Begin::Run;
        self.waits = !whole;
        Some(Played::Begin {
            head: Box::new(head),
            whole,
        })
    }

    /// The windows as they were observed; `None` when the record makes no sense.
    fn screen(&mut self, seen: Vec<SeenRecord>, pixels: &[u8]) -> Option<Vec<Seen>> {
        let mut pixels = pixels;
        let mut screen = Vec::with_capacity(seen.len());
        for record in seen {
            let (window, view) = record.window();
            let view = match view {
                ViewRecord::None => None,
                ViewRecord::Same => Some(self.windows.get(&window.id)?.clone()),
                ViewRecord::Changed { size, parts, reading } => {
                    let last = self.windows.get(&window.id);
                    let size = Size::new(size.0, size.1);
                    if u64::from(size.width) * u64::from(size.height) > MOST_PIXELS {
                        return None;
                    }
                    let mut frame = match last {
                        Some(last) if last.frame.size() == size => (*last.frame).clone(),
                        _ => Frame::new(size),
                    };
                    for part in parts {
                        pixels = paste(&mut frame, part.into(), pixels)?;
                    }
                    let print = fingerprint(&frame, &[]);
                    let reading = match (reading, last) {
                        (Some(reading), _) => reading.reading(size, print),
                        (None, Some(last)) => {
                            let mut reading = (*last.reading).clone();
                            (reading.fingerprint, reading.size) = (print, size);
                            Arc::new(reading)
                        }
                        (None, None) => return None,
                    };
                    let view = View {
                        frame: Arc::new(frame),
                        reading,
                    };
                    self.windows.insert(window.id, view.clone());
                    Some(view)
                }
            };
            screen.push(Seen { window, view });
        }
        self.windows
            .retain(|&id, _| screen.iter().any(|seen| seen.window.id == id));
        Some(screen)
    }
}

/// Fills a part of the picture from pixels of three bytes; returns the pixels after them.
fn paste<'a>(frame: &mut Frame, part: Rect, pixels: &'a [u8]) -> Option<&'a [u8]> {
    if !frame.bounds().contains_rect(&part) {
        return None;
    }
    let (mine, rest) = pixels.split_at_checked(part.area() * 3)?;
    let mut rows = mine.chunks_exact((part.width as usize * 3).max(1));
    for y in part.y..part.bottom() {
        let row = frame.row_mut(y as u32);
        let row = &mut row[part.x as usize..part.right() as usize];
        for (pixel, bytes) in row.iter_mut().zip(rows.next()?.as_chunks::<3>().0) {
            *pixel = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        }
    }
    Some(rest)
}

impl Iterator for Recording {
    type Item = Result<Played, PlayError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((path, mut records)) = self.records.take() else {
                match self.turn_over()? {
                    Ok(()) => continue,
                    Err(error) => return Some(Err(error)),
                }
            };
            let Some(unpacked) = records.next() else {
                self.end_of_file(&path, records.damaged());
                continue;
            };
            self.records = Some((path.clone(), records));
            if let Some(played) = self.understand(&path, &unpacked) {
                return Some(Ok(played));
            }
        }
    }
}
