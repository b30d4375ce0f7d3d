//! `gatehand unlock`.

use clap::Args;

use super::{Context, Failure};
use crate::config::Arguments;
use crate::exit::ExitCode;
use crate::journal::Governor;

#[derive(Args, Debug)]
pub(super) struct Options {
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: Options, context: Context) -> Result<ExitCode, Failure> {
    let config = context.configure(options.settings.0, &[])?;
    let forgotten = Governor::unlock(&config.state_dir).map_err(Failure::unavailable)?;
    let folder = config.state_dir.display();
    if forgotten {
        println!(
            "Unlocked: the credentials may be submitted again ({folder}). Restart a gatehand that is locked out."
        );
    } else {
        println!("Nothing was locked ({folder}).");
    }
    Ok(ExitCode::Stopped)
}
