//! Evidence: what a window looked like when the agent did not know what to do.
//!
//! One folder per case: `window.png`, `window.toml` (title, class, place, text, the other windows). Text fields are
//! painted over and what stood in them is left out: a secret may have been typed there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::screen::{Frame, Line, Reading, Rect, RegionKind, Window, WindowId, WindowKind};
use crate::vision::png;

/// The folder of evidence in the state folder.
pub const EVIDENCE: &str = "evidence";
/// Cases kept; the oldest go first.
const MAX_CASES: usize = 50;
/// What a field is painted over with.
pub const BLANK: u32 = 0x0080_8080;

/// The folder of evidence.
#[derive(Debug)]
pub struct Evidence {
    folder: PathBuf,
}

/// `window.toml`: what belongs to the picture.
#[derive(Serialize)]
struct Case<'a> {
    reason: &'a str,
    title: &'a str,
    class: &'a str,
    kind: WindowKind,
    lines: Vec<&'a str>,
    windows: Vec<String>,
}

impl Evidence {
    /// Evidence below `folder`, which is made when the first case comes.
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps one case; returns its folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(
        &self,
        now: SystemTime,
        reason: &str,
        window: &Window,
        frame: &Frame,
        reading: &Reading,
        windows: &[Window],
    ) -> io::Result<PathBuf> {
        let stamp = now
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        let reason: String = reason
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        let folder = self.folder.join(format!("{stamp}-{reason}"));
        fs::create_dir_all(&folder)?;
        write_case(&folder, &reason, window, frame, reading, windows)?;
        self.drop_oldest()?;
        Ok(folder)
    }

    fn drop_oldest(&self) -> io::Result<()> {
        let mut cases: Vec<PathBuf> = fs::read_dir(&self.folder)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .collect();
        cases.sort();
        let surplus = cases.len().saturating_sub(MAX_CASES);
        cases.iter().take(surplus).try_for_each(fs::remove_dir_all)
    }
}

/// A picture that was kept cannot be read.
#[derive(Debug, Error)]
#[error("{}: {why}; give a PNG file, or a folder with window.png and window.toml", path.display())]
pub struct CaseError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// What `window.toml` has to say when it is read: it may have been written by hand.
#[derive(Debug, Deserialize)]
struct Description {
    #[serde(default)]
    title: String,
    #[serde(default)]
    class: String,
    #[serde(default = "dialog")]
    kind: WindowKind,
}

const fn dialog() -> WindowKind {
    WindowKind::Dialog
}

/// Reads a kept window: a folder with `window.png` and `window.toml`, or a picture, with its description beside it if
/// there is one (`x.toml` for `x.png`). A window without a description is a dialog without a title.
///
/// # Errors
/// When the picture or its description cannot be read.
pub fn read_case(path: &Path) -> Result<(Window, Frame), CaseError> {
    let picture = if path.is_dir() {
        path.join("window.png")
    } else {
        path.to_path_buf()
    };
    let failed = |path: &Path, why: String| CaseError {
        path: path.to_path_buf(),
        why,
    };
    let frame = png::read(&picture).map_err(|error| failed(&picture, error.to_string()))?;
    let description = picture.with_extension("toml");
    let described = match fs::read_to_string(&description) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(&description, error.to_string())),
    };
    let described: Description = toml::from_str(&described)
        .map_err(|error| failed(&description, error.message().replace('\n', " ")))?;
    let window = Window {
        id: WindowId(1),
        title: described.title,
        class: described.class,
        kind: described.kind,
        transient_for: None,
        geometry: Rect::of_size(frame.size()),
        pid: None,
        client: 0,
        stacking: 0,
    };
    Ok((window, frame))
}

/// A window's picture with its text fields blanked.
#[must_use]
pub fn without_fields(frame: &Frame, reading: &Reading) -> Frame {
    let mut picture = frame.clone();
    let regions = reading.regions.iter();
    for field in regions.filter(|region| region.kind == RegionKind::Field) {
        picture.fill(field.bounds.inflated(-1), BLANK);
    }
    picture
}

/// Writes `window.png` and `window.toml` into `folder`, with text fields blanked.
///
/// # Errors
/// When the files cannot be written.
pub fn write_case(
    folder: &Path,
    reason: &str,
    window: &Window,
    frame: &Frame,
    reading: &Reading,
    windows: &[Window],
) -> io::Result<()> {
    png::write(&folder.join("window.png"), &without_fields(frame, reading))?;
    let in_field = |line: &&Line| {
        reading
            .region_of(line)
            .is_some_and(|region| region.kind == RegionKind::Field)
    };
    let case = Case {
        reason,
        title: &window.title,
        class: &window.class,
        kind: window.kind,
        lines: reading
            .lines
            .iter()
            .filter(|line| !in_field(line))
            .map(|line| line.text.as_str())
            .collect(),
        windows: windows
            .iter()
            .map(|other| format!("{} {:?} {:?}", other.id, other.title, other.geometry))
            .collect(),
    };
    let text = toml::to_string_pretty(&case).map_err(io::Error::other)?;
    fs::write(folder.join("window.toml"), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Region, Size};

    #[test]
    fn fields_are_blanked_in_picture_and_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut frame = Frame::new(Size::new(40, 20));
        frame.fill(Rect::new(12, 8, 4, 4), 0x00ff_ffff);
        let field = Region {
            bounds: Rect::new(10, 5, 20, 10),
            background: 0,
            kind: RegionKind::Field,
        };
        let line = |text: &str, region| Line {
            text: text.into(),
            bounds: Rect::default(),
            confidence: 90,
            region,
        };
        let reading = Reading {
            size: frame.size(),
            regions: vec![field],
            lines: vec![line("hunter2", Some(0)), line("Agree?", None)],
            ..Reading::default()
        };
        let window = Window {
            id: WindowId(7),
            title: "Account Review".into(),
            class: "x".into(),
            kind: WindowKind::Dialog,
            transient_for: None,
            geometry: Rect::new(0, 0, 40, 20),
            pid: None,
            client: 0,
            stacking: 0,
        };
        let evidence = Evidence::new(folder.path().join("evidence"));
        let case = evidence
            .keep(
                UNIX_EPOCH,
                "unknown dialog",
                &window,
                &frame,
                &reading,
                std::slice::from_ref(&window),
            )
            .expect("kept");
        let text = fs::read_to_string(case.join("window.toml")).expect("readable");
        assert!(
            text.contains("Agree?") && text.contains("Account Review"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
        let picture = image::open(case.join("window.png")).expect("a picture").to_rgb8();
        assert_eq!(picture.get_pixel(13, 9).0, [0x80; 3]);
        assert_eq!(picture.get_pixel(1, 1).0, [0; 3]);
        let (read, frame) = read_case(&case).expect("readable");
        assert_eq!(
            (read.title, read.class, read.kind),
            (window.title, window.class, window.kind)
        );
        assert_eq!(frame.size(), Size::new(40, 20));
        let (bare, _) = read_case(&case.join("window.png")).expect("readable");
        assert_eq!(bare.title, "Account Review");
    }

    #[test]
    fn the_oldest_cases_go_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let evidence = Evidence::new(folder.path().to_path_buf());
        for case in 0..MAX_CASES + 2 {
            fs::create_dir(folder.path().join(format!("{case:04}"))).expect("made");
        }
        evidence.drop_oldest().expect("dropped");
        assert!(!folder.path().join("0001").exists());
        assert!(folder.path().join("0002").exists());
    }
}
