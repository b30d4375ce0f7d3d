//! `events.jsonl` in the state folder: one JSON object per event, with the time in ms since 1970.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::agent::Event;

/// The file's name in the state folder.
pub const EVENTS: &str = "events.jsonl";
/// Above this size, in bytes, the file is put aside as `events.jsonl.1` before the next start.
const MAX_SIZE: u64 = 8 << 20;

/// The open events file.
#[derive(Debug)]
pub struct EventLog {
    file: File,
}

#[derive(Serialize)]
struct Entry<'a> {
    ts: u64,
    #[serde(flatten)]
    event: &'a Event,
}

impl EventLog {
    /// Opens the file in `folder` to append.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(EVENTS);
        if path.metadata().is_ok_and(|meta| meta.len() > MAX_SIZE) {
            std::fs::rename(&path, folder.join("events.jsonl.1"))?;
        }
        Ok(Self {
            file: File::options().create(true).append(true).open(path)?,
        })
    }

    /// Appends one event, in one write.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn append(&mut self, now: SystemTime, event: &Event) -> io::Result<()> {
        let ts = now
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() as u64);
        let mut line = serde_json::to_vec(&Entry { ts, event })?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_with_its_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let event = Event::LeftToHuman {
            rule: "paper-notice".into(),
            title: "a \"b\"\nc".into(),
        };
        let time = UNIX_EPOCH + std::time::Duration::from_millis(1_500);
        for _ in 0..2 {
            EventLog::open(folder.path())
                .expect("opens")
                .append(time, &event)
                .expect("written");
        }
        let text = std::fs::read_to_string(folder.path().join("events.jsonl")).expect("readable");
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["ts"], 1500);
        assert_eq!(lines[0]["event"], "left-to-human");
    }
}
