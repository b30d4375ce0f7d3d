//! Files of the log, a new one each day, under the names that IBeam gives them.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::LogError;

/// The files in one folder.
#[derive(Debug)]
pub(super) struct DayFiles {
    folder: PathBuf,
    zone: TimeZone,
    /// The file of the day; none after one that could not be written, until the next day.
    today: Mutex<(Date, Option<File>)>,
}

impl DayFiles {
    /// Opens that of today.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn open(folder: PathBuf, zone: TimeZone) -> Result<Self, LogError> {
        let today = zone.to_datetime(Timestamp::now()).date();
        let file = file(&folder, today)?;
        Ok(Self {
            folder,
            zone,
            today: Mutex::new((today, Some(file))),
        })
    }

    /// Writes a line to the file of today. What cannot be written is told on standard error, once a day.
    pub(super) fn write(&self, line: &[u8]) {
        self.write_on(self.zone.to_datetime(Timestamp::now()).date(), line);
    }

    fn write_on(&self, day: Date, line: &[u8]) {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fault = None;
        if today.0 != day {
            *today = match file(&self.folder, day) {
                Ok(file) => (day, Some(file)),
                Err(error) => {
                    fault = Some(error.to_string());
                    (day, None)
                }
            };
        }
        if let Some(file) = &mut today.1
            && let Err(error) = file.write_all(line)
        {
            fault = Some(error.to_string());
            today.1 = None;
        }
        drop(today);
        if let Some(fault) = fault {
            eprintln!("gatehand: the log's file of {day} is not written any more: {fault}");
        }
    }
}

/// The file of a day, which nobody else may read.
fn file(folder: &std::path::Path, day: Date) -> Result<File, LogError> {
    let path = folder.join(format!("ibeam_log__{day}.txt"));
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    std::fs::create_dir_all(folder)
        .and_then(|()| options.open(&path))
        .map_err(|source| LogError::File { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_has_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("outputs");
        let files = DayFiles::open(path.clone(), TimeZone::UTC).expect("files");
        let day = Date::constant(2040, 2, 29);
        files.write_on(day, b"first\n");
        files.write_on(day, b"second\n");
        files.write_on(Date::constant(2040, 3, 1), b"third\n");
        let of = |name: &str| std::fs::read_to_string(path.join(name)).expect(name);
        assert_eq!(of("ibeam_log__2040-02-29.txt"), "first\nsecond\n");
        assert_eq!(of("ibeam_log__2040-03-01.txt"), "third\n");
    }
}
