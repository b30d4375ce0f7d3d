//! `gatehand unlock`: of all user names, or of the one that `--user` names; by the gatehand that holds the state folder, or
//! in the folder itself while none does.

use std::io::ErrorKind;

use super::print::say;
use super::{Context, Failure};
use crate::config::{Argument, Arguments};
use crate::control::{self, NOTHING_LOCKED, Request, UNLOCKED};
use crate::exit::ExitCode;
use crate::journal::{Governor, StateFolder};

pub(super) fn execute(settings: Arguments, context: Context) -> Result<ExitCode, Failure> {
    // Not a setting here: the name comes without its password.
    let is_user = |argument: &Argument| argument.setting.key == "user";
    let (mut users, settings): (Vec<_>, Vec<_>) = settings.0.into_iter().partition(is_user);
    let user = users.pop().map(|argument| argument.value);
    let config = context.configure(settings, &[])?;
    let folder = &config.state_dir;
    let said = match StateFolder::take(folder) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            let reply = control::ask(folder, Request::Unlock(user)).map_err(Failure::unavailable)?;
            if !reply.ok {
                return Err(Failure::unavailable(reply.text));
            }
            reply.text
        }
        // Without a folder there is nothing in it.
        Err(error) if error.kind() == ErrorKind::NotFound => NOTHING_LOCKED.to_owned(),
        Err(error) => {
            let why = format!(
                "state folder {}: {error}; name the folder of the gatehand that is locked, writable for this user \
                 (GATEHAND_STATE_DIR)",
                folder.display()
            );
            return Err(Failure::unavailable(why));
        }
        Ok(_held) => match Governor::unlock(folder, user.as_deref()).map_err(Failure::unavailable)? {
            true => UNLOCKED.to_owned(),
            false => NOTHING_LOCKED.to_owned(),
        },
    };
    say(format_args!("{said} ({})", folder.display()))?;
    Ok(ExitCode::Stopped)
}
