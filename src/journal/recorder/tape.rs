//! Turns what the agent was told and what it did into records: masked, and only what changed. Pure.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::framing;
use super::mask::Masks;
use super::record::{Begin, Head, Input, Place, ReadingRecord, Record, SeenRecord, ViewRecord};
use crate::agent::{ActResult, Seen, State, View};
use crate::dialogs::{Catalogue, RuleFile};
use crate::screen::{Frame, Rect, WindowId};

/// Rows that are compared as one.
const BAND: u32 = 16;

/// Something to be recorded.
#[derive(Debug)]
pub(super) enum Moment {
    /// Something that needs no masking.
    Told(Input),
    Observed(Vec<Seen>),
    Result(ActResult),
    Rules(Vec<RuleFile>),
    /// An action, and the field that it types a secret into.
    Act {
        window: Option<WindowId>,
        secret: Option<Rect>,
        act: String,
    },
    Idle(State),
}

/// The last recorded picture of a window.
#[derive(Debug)]
struct Last {
    /// What it was made from.
    view: View,
    frame: Frame,
    reading: ReadingRecord,
}

/// The recording as it grows.
#[derive(Debug)]
pub(super) struct Tape {
    head: Head,
    masks: Masks,
    last: BTreeMap<WindowId, Last>,
}

impl Tape {
    pub(super) const fn new(head: Head, masks: Masks) -> Self {
        Self {
            head,
            masks,
            last: BTreeMap::new(),
        }
    }

    /// The first record of a file. Every picture after it is there whole, so that the file stands alone.
    pub(super) fn head(&mut self, begin: Begin) -> io::Result<Vec<u8>> {
        self.head.begin = begin;
        self.last.clear();
        pack(&Record::Head(self.head.clone()), &[])
    }

    /// The record of one moment, `at` ns since the run began.
    pub(super) fn record(&mut self, at: u64, moment: &Moment) -> io::Result<Vec<u8>> {
        let mut pixels = Vec::new();
        let record = match moment {
            Moment::Observed(screen) => {
                let input = Input::Observed(self.observed(screen, &mut pixels));
                Record::Told { at, input }
            }
            Moment::Result(result) => Record::Told {
                at,
                input: Input::Result(self.without_secrets(result)),
            },
            Moment::Rules(rules) => {
                self.head.rules.clone_from(rules);
                if let Ok(catalogue) = Catalogue::with_files(rules) {
                    self.masks.set_catalogue(catalogue);
                }
                let input = Input::Rules(rules.clone());
                Record::Told { at, input }
            }
            Moment::Told(input) => {
                if let Input::ApiAnswered(answered) = input {
                    self.head.api_answers = *answered;
                }
                let input = input.clone();
                Record::Told { at, input }
            }
            Moment::Act { window, secret, act } => {
                if let (Some(window), Some(field)) = (window, secret) {
                    self.masks.typed(*window, *field);
                }
                Record::Act {
                    at,
                    window: *window,
                    act: self.masks.text(act),
                }
            }
            Moment::Idle(state) => Record::Idle {
                at,
                state: state.to_string(),
            },
        };
        pack(&record, &pixels)
    }

    fn observed(&mut self, screen: &[Seen], pixels: &mut Vec<u8>) -> Vec<SeenRecord> {
        let shown = |id: WindowId| screen.iter().any(|seen| seen.window.id == id);
        self.masks.retain(shown);
        self.last.retain(|&id, _| shown(id));
        screen.iter().map(|seen| self.seen(seen, pixels)).collect()
    }

    fn seen(&mut self, seen: &Seen, pixels: &mut Vec<u8>) -> SeenRecord {
        let mut window = seen.window.clone();
        let record = match &seen.view {
            None => ViewRecord::None,
            Some(view) => self.view(seen, view, pixels),
        };
        window.title = self.masks.text(&window.title);
        SeenRecord::new(window, record)
    }

    fn view(&mut self, seen: &Seen, view: &View, pixels: &mut Vec<u8>) -> ViewRecord {
        let last = self.last.get(&seen.window.id);
        if last.is_some_and(|last| Arc::ptr_eq(&last.view.frame, &view.frame)) {
            return ViewRecord::Same;
        }
        let (frame, reading) = self.masks.view(&seen.window, view);
        let reading = ReadingRecord::from(&reading);
        let parts = match last {
            Some(last) if last.frame.size() == frame.size() => changes(&last.frame, &frame),
            _ => vec![frame.bounds()],
        };
        for part in &parts {
            for pixel in frame.crop(*part).pixels() {
                pixels.extend_from_slice(&pixel.to_be_bytes()[1..]);
            }
        }
        let same_reading = last.is_some_and(|last| last.reading == reading);
        let size = frame.size();
        let record = ViewRecord::Changed {
            size: (size.width, size.height),
            parts: parts.into_iter().map(Place::from).collect(),
            reading: (!same_reading).then(|| reading.clone()),
        };
        self.last.insert(
            seen.window.id,
            Last {
                view: view.clone(),
                frame,
                reading,
            },
        );
        record
    }

    fn without_secrets(&self, result: &ActResult) -> ActResult {
        let mut result = result.clone();
        match &mut result {
            ActResult::Denied { why, .. }
            | ActResult::Failed { why }
            | ActResult::NotVerified { why, .. } => {
                *why = self.masks.text(why);
            }
            _ => {}
        }
        result
    }
}

fn pack(record: &Record, pixels: &[u8]) -> io::Result<Vec<u8>> {
    framing::pack(&serde_json::to_vec(record)?, pixels)
}

/// Where two pictures of one size differ: one rectangle for neighbouring bands of rows.
fn changes(old: &Frame, new: &Frame) -> Vec<Rect> {
    let size = new.size();
    let mut changes: Vec<Rect> = Vec::new();
    for top in (0..size.height).step_by(BAND as usize) {
        let bottom = (top + BAND).min(size.height);
        let mut columns: Option<(usize, usize)> = None;
        for y in top..bottom {
            let (old, new) = (old.row(y), new.row(y));
            if old == new {
                continue;
            }
            let differs = |(a, b): (&u32, &u32)| a != b;
            let first = old.iter().zip(new).position(differs).unwrap_or(0);
            let last = old.iter().zip(new).rposition(differs).unwrap_or(0);
            let (left, right) = columns.unwrap_or((first, last));
            columns = Some((left.min(first), right.max(last)));
        }
        let Some((left, right)) = columns else { continue };
        let band = Rect::from_edges(left as i32, top as i32, right as i32 + 1, bottom as i32);
        match changes.last_mut() {
            Some(above) if above.bottom() == band.y => *above = above.union(&band),
            _ => changes.push(band),
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    #[test]
    fn changes_cover_every_pixel_that_differs_and_little_else() {
        let old = Frame::new(Size::new(100, 90));
        let mut new = old.clone();
        new.fill(Rect::new(10, 3, 2, 2), 1);
        new.fill(Rect::new(90, 80, 10, 10), 2);
        let parts = changes(&old, &new);
        assert_eq!(parts, [Rect::new(10, 0, 2, 16), Rect::new(90, 80, 10, 10)]);
        assert_eq!(changes(&new, &new), []);
        assert_eq!(changes(&Frame::default(), &Frame::default()), []);
    }
}
