//! The eyes: which windows there are, which of them stand still, and what they show.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::agent::{Seen, View};
use crate::journal::{BLANK, without_fields};
use crate::screen::{Frame, Rect, Size, Window, WindowId};
use crate::vision::{Cache, OcrError, Reader, Tesseract, fingerprint, outline};
use crate::x11::{Desktop, DesktopEvent, X11Error};

/// Without damage for this long, a window counts as still.
pub const SETTLE: Duration = Duration::from_millis(40);
/// A window that never stands still is read all the same, at first after this long, then ever more rarely.
const MAX_UNSETTLED: Duration = Duration::from_millis(400);
const MAX_PAUSE: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Tracked {
    /// First and last damage since the last look.
    dirty: Option<(Instant, Instant)>,
    /// How long it may move before it is read all the same.
    patience: Duration,
    view: Option<View>,
}

/// What is known of every window.
pub struct Eyes {
    reader: Reader<Tesseract>,
    folder: PathBuf,
    windows: HashMap<WindowId, Tracked>,
    begun: bool,
    changed: bool,
}

impl Eyes {
    /// Loads the text recognition, and what was read before from `folder`.
    ///
    /// # Errors
    /// When the recognition or its data is not installed.
    pub fn open(folder: PathBuf) -> Result<Self, OcrError> {
        let (cache, damage) = Cache::load(&folder);
        if let Some(error) = damage {
            tracing::warn!(%error, "beginning with an empty cache of read lines");
        }
        let reader = Reader::new(Tesseract::open(None)?, cache);
        Ok(Self {
            reader,
            folder,
            windows: HashMap::new(),
            begun: false,
            changed: true,
        })
    }

    /// Takes in what happened on the display. When there is something new: all windows, lowest first. Then there may be
    /// more at once; else not before the display wakes its owner, or [`Eyes::due`].
    ///
    /// # Errors
    /// When the display is gone.
    pub fn observe(&mut self, desktop: &mut Desktop) -> Result<Option<Vec<Seen>>, X11Error> {
        let mut windows_changed = !std::mem::replace(&mut self.begun, true);
        while let Some(event) = desktop.poll_event() {
            match event {
                DesktopEvent::WindowsChanged => windows_changed = true,
                DesktopEvent::Damaged { window } => self.damaged(Instant::now(), window),
                DesktopEvent::ManagerChanged { ours } => tracing::info!(ours, "the window manager changed"),
                DesktopEvent::Lost { reason } => return Err(X11Error::Gone { reason }),
            }
        }
        if windows_changed {
            self.windows_changed(Instant::now(), desktop.windows());
        }
        let news = self.look(Instant::now(), desktop)?;
        Ok(news.then(|| self.screen(desktop.windows())))
    }

    fn windows_changed(&mut self, now: Instant, windows: &[Window]) {
        self.windows
            .retain(|id, _| windows.iter().any(|window| window.id == *id));
        for window in windows {
            self.windows.entry(window.id).or_insert_with(|| Tracked {
                dirty: Some((now, now)),
                patience: MAX_UNSETTLED,
                view: None,
            });
        }
        self.changed = true;
    }

    fn damaged(&mut self, now: Instant, window: WindowId) {
        if let Some(tracked) = self.windows.get_mut(&window) {
            let first = tracked.dirty.map_or(now, |(first, _)| first);
            tracked.dirty = Some((first, now));
        }
    }

    /// When [`Eyes::observe`] has something to do, if nothing happens before.
    pub fn due(&self) -> Option<Instant> {
        self.windows.values().filter_map(Tracked::due).min()
    }

    /// Looks at the windows that stand still now, topmost first, and reads one of them at most: what is on top may be
    /// acted on before the rest is read. True when there is something new to observe.
    fn look(&mut self, now: Instant, desktop: &mut Desktop) -> Result<bool, X11Error> {
        let ids: Vec<WindowId> = desktop.windows().iter().rev().map(|window| window.id).collect();
        for id in ids {
            let Some(tracked) = self.windows.get_mut(&id) else {
                continue;
            };
            let Some((first, last)) = tracked.dirty else {
                continue;
            };
            let settled = tracked.due().is_some_and(|due| due <= now);
            // A window that was never read may be one that is known to the last pixel: then there is nothing to wait for.
            if !settled && tracked.view.is_some() {
                continue;
            }
            let frame = match desktop.capture(id) {
                Ok(frame) => frame,
                Err(X11Error::NoWindow(_)) => {
                    tracked.dirty = None;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let print = fingerprint(&frame, &[]);
            let seen = tracked
                .view
                .as_ref()
                .map(|view| (view.reading.fingerprint, view.reading.size));
            if seen == Some((print, frame.size())) {
                tracked.dirty = None;
                continue;
            }
            let known = self.reader.recall(print, frame.size());
            let is_known = known.is_some();
            let reading = match known {
                Some(reading) => reading,
                None if !settled => continue,
                None => match self.reader.read(&frame) {
                    Ok(reading) => reading,
                    // Without its text it is an unknown one, which is told; nothing at all would be told by nobody.
                    Err(error) => {
                        tracing::error!(%error, "reading a window");
                        Arc::new(outline(&frame))
                    }
                },
            };
            tracing::debug!(window = %id, lines = reading.lines.len(), known = is_known, "read");
            let quiet = last + SETTLE <= now;
            let patience = if quiet {
                MAX_UNSETTLED
            } else {
                (now - first).mul_f32(2.0)
            };
            tracked.patience = patience.clamp(MAX_UNSETTLED, MAX_PAUSE);
            tracked.dirty = None;
            tracked.view = Some(View {
                frame: Arc::new(frame),
                reading,
            });
            self.changed = true;
            if !is_known {
                break;
            }
        }
        Ok(std::mem::take(&mut self.changed))
    }

    fn screen(&self, windows: &[Window]) -> Vec<Seen> {
        windows
            .iter()
            .map(|window| Seen {
                window: window.clone(),
                view: self
                    .windows
                    .get(&window.id)
                    .and_then(|tracked| tracked.view.clone()),
            })
            .collect()
    }

    /// The last still picture of a window.
    pub(super) fn view(&self, window: WindowId) -> Option<&View> {
        self.windows.get(&window)?.view.as_ref()
    }

    /// The display as it was seen last, without what stands in fields. A window that was not read yet is not on it.
    pub(super) fn picture(&self, size: Size, windows: &[Window], typed: &[(WindowId, Rect)]) -> Frame {
        let mut picture = Frame::new(size);
        for window in windows {
            if let Some(view) = self.view(window.id) {
                let mut frame = without_fields(&view.frame, &view.reading);
                for (_, field) in typed.iter().filter(|(typed, _)| *typed == window.id) {
                    frame.fill(*field, BLANK);
                }
                put(&mut picture, &frame, &window.geometry);
            }
        }
        picture
    }

    /// Keeps what was learnt for the next start.
    pub fn save(&mut self) {
        if let Err(error) = self.reader.cache().save(&self.folder) {
            tracing::warn!(%error, "the cache of read lines could not be saved");
        }
    }
}

/// Copies `frame` to where `place` begins, as far as it is on the picture.
fn put(picture: &mut Frame, frame: &Frame, place: &Rect) {
    let bounds = Rect::of_size(frame.size()).offset(place.x, place.y);
    let shown = bounds.intersection(&picture.bounds());
    let frame = frame.crop(shown.offset(-place.x, -place.y));
    for y in 0..frame.size().height {
        let (from, width) = (shown.x as usize, shown.width as usize);
        picture.row_mut(shown.y as u32 + y)[from..from + width].copy_from_slice(frame.row(y));
    }
}

impl Tracked {
    fn due(&self) -> Option<Instant> {
        self.dirty
            .map(|(first, last)| (last + SETTLE).min(first + self.patience))
    }
}
