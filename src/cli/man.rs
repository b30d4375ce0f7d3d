//! `gatehand man`: the manual pages.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_mangen::{Man, generate_to};

use super::{Cli, Failure, print};
use crate::exit::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// Write the page and one for each subcommand into this folder, instead of printing the first
    folder: Option<PathBuf>,
}

pub(super) fn execute(options: &Options) -> Result<ExitCode, Failure> {
    match &options.folder {
        Some(folder) => generate_to(Cli::command(), folder).map_err(|error| {
            let folder = folder.display();
            Failure::unavailable(format!(
                "{folder}: {error}; name a folder that is there, and writable"
            ))
        })?,
        None => {
            let mut page = Vec::new();
            Man::new(Cli::command())
                .render(&mut page)
                .map_err(|error| Failure::new(ExitCode::Bug, error))?;
            print::write_all(&page)?;
        }
    }
    Ok(ExitCode::Stopped)
}
