//! `gatehand snapshot DIR`.

use std::path::PathBuf;

use clap::Args;

use super::print::say;
use super::{Failure, display};
use crate::exit::ExitCode;
use crate::journal;
use crate::screen::Window;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// Folder for the fixtures; one folder per window is made in it.
    folder: PathBuf,
    /// The display.
    #[arg(long, value_name = ":N")]
    display: Option<String>,
}

pub(super) fn execute(options: &Options) -> Result<ExitCode, Failure> {
    let seen = display::look(&display::address(options.display.as_deref())?)?;
    let windows: Vec<Window> = seen.iter().map(|(window, ..)| window.clone()).collect();
    for (index, (window, frame, reading)) in seen.iter().enumerate() {
        let folder = options
            .folder
            .join(format!("{index}-{}", folder_name(&window.title)));
        std::fs::create_dir_all(&folder)
            .and_then(|()| journal::write_case(&folder, "snapshot", window, frame, reading, &windows))
            .map_err(|error| Failure::unavailable(format!("{}: {error}", folder.display())))?;
        say(folder.display())?;
    }
    Ok(ExitCode::Stopped)
}

/// A title as a folder's name.
fn folder_name(title: &str) -> String {
    let name: String = title
        .trim()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    if name.is_empty() {
        "untitled".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::folder_name;

    #[test]
    fn a_title_cannot_leave_the_folder() {
        assert_eq!(folder_name("../../etc/passwd"), "------etc-passwd");
        assert_eq!(folder_name(" "), "untitled");
        assert_eq!(folder_name("IBKR Gateway"), "ibkr-gateway");
    }
}
