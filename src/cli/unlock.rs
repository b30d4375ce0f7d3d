//! `gatehand unlock`: of all user names, or of the one that `--user` names.

use clap::Args;

use super::{Context, Failure};
use crate::config::{Argument, Arguments};
use crate::exit::ExitCode;
use crate::journal::Governor;

#[derive(Args, Debug)]
pub(super) struct Options {
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: Options, context: Context) -> Result<ExitCode, Failure> {
    // Not a setting here: the name comes without its password.
    let is_user = |argument: &Argument| argument.setting.key == "user";
    let (mut users, settings): (Vec<_>, Vec<_>) = options.settings.0.into_iter().partition(is_user);
    let user = users.pop().map(|argument| argument.value);
    let config = context.configure(settings, &[])?;
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
