//! `gatehand replay`: today's agent over a recording, or the recording as pictures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::print::say;
use super::{Failure, rules};
use crate::agent::Seen;
use crate::exit::ExitCode;
use crate::journal::recorder::{PlayError, Played, Recording, replay};
use crate::screen::{Frame, Rect, Size};
use crate::vision::gif::Gif;
use crate::vision::png;

/// A picture shows no longer than this in a GIF, however long nothing happened.
const LONGEST: Duration = Duration::from_secs(2);
const BACKGROUND: u32 = 0x0030_3030;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// The recording: `recorder` in the state folder.
    folder: PathBuf,
    /// Decide by these rule files instead of the recorded ones.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["to_gif", "to_png"])]
    rules: Option<PathBuf>,
    /// Write the recording as an animated GIF, and decide nothing.
    #[arg(long, value_name = "FILE", conflicts_with = "to_png")]
    to_gif: Option<PathBuf>,
    /// Write the recording as one PNG for each change, and decide nothing. Their names are times, in ms since 1970.
    #[arg(long, value_name = "DIR")]
    to_png: Option<PathBuf>,
}

pub(super) fn execute(options: &Options) -> Result<ExitCode, Failure> {
    let mut recording = Recording::open(&options.folder).map_err(Failure::unavailable)?;
    let outcome = match (&options.to_gif, &options.to_png) {
        (Some(file), _) => to_gif(&options.folder, file),
        (None, Some(folder)) => to_png(&mut recording, folder),
        (None, None) => decide(&mut recording, options.rules.as_deref()),
    };
    for damage in recording.damage() {
        eprintln!("gatehand: {damage}");
    }
    outcome
}

fn decide(recording: &mut Recording, folder: Option<&Path>) -> Result<ExitCode, Failure> {
    let rules = match folder {
        Some(folder) => Some(rules::catalogue(Some(folder))?),
        None => None,
    };
    let replayed = replay(recording, rules.as_ref(), Instant::now()).map_err(Failure::configuration)?;
    for difference in &replayed.differences {
        say(difference)?;
    }
    say(format_args!(
        "{} runs, {} decisions, {} would be others today",
        replayed.runs,
        replayed.decisions,
        replayed.differences.len()
    ))?;
    Ok(if replayed.differences.is_empty() {
        ExitCode::Stopped
    } else {
        ExitCode::Differs
    })
}

/// The screens of a recording, each with its time in ms since 1970, as far as they differ.
fn screens(
    recording: impl Iterator<Item = Result<Played, PlayError>>,
    mut show: impl FnMut(u64, &[Seen]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut began = 0;
    for played in recording {
        match played.map_err(Failure::unavailable)? {
            Played::Begin { head, .. } => began = head.began,
            Played::Observed { at, screen } => show(began + at / 1_000_000, &screen)?,
            Played::Told { .. } | Played::Act { .. } | Played::Idle { .. } => {}
        }
    }
    Ok(())
}

/// All windows where they were, the lowest first.
fn painted(screen: &[Seen], size: Size) -> Frame {
    let mut picture = Frame::new(size);
    picture.fill(picture.bounds(), BACKGROUND);
    for seen in screen {
        let Some(view) = &seen.view else { continue };
        let place = seen.window.geometry;
        let visible = Rect::new(
            place.x,
            place.y,
            view.frame.size().width,
            view.frame.size().height,
        )
        .intersection(&picture.bounds());
        for y in visible.y..visible.bottom() {
            let row = view.frame.row((y - place.y) as u32);
            let from = (visible.x - place.x) as usize;
            let target = &mut picture.row_mut(y as u32)[visible.x as usize..visible.right() as usize];
            target.copy_from_slice(&row[from..from + visible.width as usize]);
        }
    }
    picture
}

/// The extent of a screen, from its windows.
fn extent(screen: &[Seen]) -> Size {
    let right = screen.iter().map(|seen| seen.window.geometry.right()).max();
    let bottom = screen.iter().map(|seen| seen.window.geometry.bottom()).max();
    let limited = |edge: Option<i32>| edge.unwrap_or(1).clamp(1, 8192) as u32;
    Size::new(limited(right), limited(bottom))
}

fn to_png(recording: &mut Recording, folder: &Path) -> Result<ExitCode, Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        Failure::unavailable(format!(
            "{}: {error}; name a folder that can be written",
            path.display()
        ))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut last = None;
    let mut names: BTreeMap<u64, u32> = BTreeMap::new();
    let mut written = 0;
    screens(recording, |time, screen| {
        let picture = painted(screen, extent(screen));
        if last.as_ref() == Some(&picture) {
            return Ok(());
        }
        let same = names.entry(time).or_default();
        let path = folder.join(format!("{time}-{same:02}.png"));
        *same += 1;
        png::write(&path, &picture).map_err(|error| failed(&path, error))?;
        last = Some(picture);
        written += 1;
        Ok(())
    })?;
    say(format_args!("{written} pictures in {}", folder.display()))?;
    Ok(ExitCode::Stopped)
}

fn to_gif(folder: &Path, file: &Path) -> Result<ExitCode, Failure> {
    let failed = |error: std::io::Error| {
        Failure::unavailable(format!(
            "{}: {error}; name a file that can be written",
            file.display()
        ))
    };
    // All pictures of a GIF have one size: the recording is played once to find it.
    let mut size = Size::new(1, 1);
    let open = || Recording::open(folder).map_err(Failure::unavailable);
    screens(open()?, |_, screen| {
        let here = extent(screen);
        size = Size::new(size.width.max(here.width), size.height.max(here.height));
        Ok(())
    })?;
    let mut gif = Gif::create(file).map_err(failed)?;
    let mut last: Option<(u64, Frame)> = None;
    let mut written = 0;
    screens(open()?, |time, screen| {
        let picture = painted(screen, size);
        match last.take() {
            Some((since, shown)) if shown == picture => last = Some((since, shown)),
            Some((since, shown)) => {
                let long = Duration::from_millis(time.saturating_sub(since)).min(LONGEST);
                gif.add(&shown, long).map_err(failed)?;
                written += 1;
                last = Some((time, picture));
            }
            None => last = Some((time, picture)),
        }
        Ok(())
    })?;
    if let Some((_, shown)) = last {
        gif.add(&shown, LONGEST).map_err(failed)?;
        written += 1;
    }
    say(format_args!("{written} pictures in {}", file.display()))?;
    Ok(ExitCode::Stopped)
}
