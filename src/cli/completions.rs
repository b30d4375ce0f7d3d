//! `gatehand completions`: what a shell reads to complete its command lines.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::{Cli, Failure, print};
use crate::exit::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// The shell
    shell: Shell,
}

pub(super) fn execute(options: &Options) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    generate(options.shell, &mut Cli::command(), "gatehand", &mut script);
    print::write_all(&script)?;
    Ok(ExitCode::Stopped)
}
