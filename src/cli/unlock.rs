//! `gatehand unlock`: of all user names, or of the one that `--user` names.

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
    let named = options.settings.0.iter();
    let user = named
        .filter(|argument| argument.setting.key == "user")
        .map(|argument| argument.value.clone())
        .next_back();
    let config = context.configure(options.settings.0, &[])?;
    let forgotten = Governor::unlock(&config.state_dir, user.as_deref()).map_err(Failure::unavailable)?;
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
