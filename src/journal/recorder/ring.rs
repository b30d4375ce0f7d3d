//! The files of a recording on disk: the oldest go when all together reach the limit.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::framing::MAGIC;

/// A recording is this many files, so that it loses little at once.
const PARTS: u64 = 8;
const ENDING: &str = "flight";

/// The files of a recording.
#[derive(Debug)]
pub(super) struct Ring {
    folder: PathBuf,
    /// Bytes that all files may take.
    limit: u64,
    /// Number of the run: its start in ms since 1970.
    run: u64,
    next: u32,
    current: Option<(File, u64)>,
}

impl Ring {
    /// A recording of a new run in `folder`, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(super) fn open(folder: &Path, limit: u64, run: u64) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            limit,
            run,
            next: 0,
            current: None,
        })
    }

    /// Whether `length` more bytes belong into a new file.
    pub(super) fn is_full(&self, length: usize) -> bool {
        match &self.current {
            None => true,
            Some((_, size)) => size + length as u64 > self.limit / PARTS,
        }
    }

    /// Begins a new file with its first record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn begin(&mut self, head: &[u8]) -> io::Result<()> {
        let path = self
            .folder
            .join(format!("{:014}-{:06}.{ENDING}", self.run, self.next));
        self.next += 1;
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        self.current = Some((file, 0));
        self.write(MAGIC)?;
        self.append(head)
    }

    /// Appends a record in one write, after the oldest files made room for it. False: it is larger than the limit.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&mut self, record: &[u8]) -> io::Result<bool> {
        if !self.make_room(record.len() as u64)? {
            return Ok(false);
        }
        if let Some((file, size)) = &mut self.current {
            file.write_all(record)?;
            *size += record.len() as u64;
        }
        Ok(true)
    }

    fn append(&mut self, record: &[u8]) -> io::Result<()> {
        match self.write(record)? {
            true => Ok(()),
            false => Err(io::Error::other(
                "the rules alone are larger than the recording may be",
            )),
        }
    }

    fn make_room(&self, length: u64) -> io::Result<bool> {
        let mut files = Vec::new();
        for path in files_of(&self.folder)? {
            files.push((path.metadata()?.len(), path));
        }
        let mut total: u64 = files.iter().map(|(size, _)| size).sum();
        // The newest is the one that is written.
        files.pop();
        for (size, path) in files {
            if total + length <= self.limit {
                break;
            }
            fs::remove_file(path)?;
            total -= size;
        }
        Ok(total + length <= self.limit)
    }
}

/// The files of a recording, oldest first.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == ENDING) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Run and number of a file, from its name.
pub(super) fn place_of(file: &Path) -> Option<(u64, u32)> {
    let (run, number) = file.file_stem()?.to_str()?.split_once('-')?;
    Some((run.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn total(folder: &Path) -> u64 {
        let sizes = files_of(folder).expect("readable").into_iter();
        sizes.map(|file| file.metadata().expect("there").len()).sum()
    }

    #[test]
    fn the_oldest_files_go_and_the_limit_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("recorder");
        let mut ring = Ring::open(&folder, 8000, 7).expect("open");
        for number in 0..200_u32 {
            let record = vec![number as u8; 100];
            if ring.is_full(record.len()) {
                ring.begin(b"head").expect("begun");
            }
            assert!(ring.write(&record).expect("written"));
            assert!(total(&folder) <= 8000);
        }
        assert!(total(&folder) > 6000, "{}", total(&folder));
        let files = files_of(&folder).expect("readable");
        let numbers: Vec<u32> = files
            .iter()
            .map(|file| place_of(file).expect("a place").1)
            .collect();
        assert!(
            numbers[0] > 0 && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "{numbers:?}"
        );
        let newest = fs::read(&files[files.len() - 1]).expect("readable");
        assert!(newest.starts_with(MAGIC) && newest.ends_with(&[199; 100]));
        for path in files.iter().chain([&folder]) {
            let mode = path.metadata().expect("there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
    }

    #[test]
    fn a_record_larger_than_the_limit_is_not_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut ring = Ring::open(folder.path(), 1000, 7).expect("open");
        ring.begin(b"head").expect("begun");
        assert!(!ring.write(&[0; 1000]).expect("no error"));
        assert!(ring.write(&[0; 500]).expect("written"));
        assert!(total(folder.path()) <= 1000);
    }
}
