//! What a command prints: for values that a program of the user's gives.

use std::ffi::OsString;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use zeroize::{Zeroize, Zeroizing};

use super::process::prepare;
use crate::config::Secret;

/// The most that a command may print.
const LIMIT: usize = 64 * 1024;

/// Why a command gave nothing. What it printed is in none of the texts.
#[derive(Debug, thiserror::Error)]
pub enum PrintedError {
    /// It could not be started or read.
    #[error("the command could not be run: {0}; is there a /bin/sh?")]
    System(#[from] io::Error),
    /// It took too long.
    #[error("the command was ended: it took longer than {} s; see GATEHAND_SECRET_LIMIT", .0.as_secs())]
    TooLong(Duration),
    /// It failed.
    #[error("the command failed ({0}); try it by hand, in the same environment")]
    Failed(ExitStatus),
    /// It printed more than a value can be.
    #[error("the command printed more than {LIMIT} bytes; print the value alone")]
    TooMuch,
    /// It printed something else than text.
    #[error("the command printed something that is not UTF-8; print the value as UTF-8 text")]
    NotText,
    /// It printed nothing.
    #[error("the command printed nothing; print the value on standard output")]
    Nothing,
}

/// Has `/bin/sh` run `command` in `environment` and takes what it prints on standard output. Its standard error is
/// ours, its standard input empty. It runs in a session of its own, which is ended when it takes longer than `limit`.
///
/// Waits, so it is not for a thread that serves others; and for the same reason not for a time when a
/// [`Reaper`](super::Reaper) waits for children.
///
/// # Errors
///
/// When it fails, takes too long, or prints nothing that can be a value.
pub fn printed(
    command: &str,
    environment: &[(OsString, OsString)],
    limit: Duration,
) -> Result<Secret, PrintedError> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env_clear();
    shell.envs(environment.iter().map(|(name, value)| (name, value)));
    prepare(&mut shell);
    let child = shell.stderr(Stdio::inherit()).spawn()?;
    let session = i32::try_from(child.id()).map(Pid::from_raw);
    let (tell, told) = mpsc::channel();
    // Only the receiver's end, below, can be gone before it is told.
    thread::spawn(move || drop(tell.send(output(child))));
    match told.recv_timeout(limit) {
        Ok(outcome) => outcome,
        Err(_) => {
            if let Ok(session) = session {
                // It may have ended just now.
                let _ = killpg(session, Signal::SIGKILL);
            }
            Err(PrintedError::TooLong(limit))
        }
    }
}

fn output(mut child: Child) -> Result<Secret, PrintedError> {
    // Room for all at once: a vector that grows leaves copies of a secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 64));
    let read = match child.stdout.take() {
        Some(stdout) => stdout.take((LIMIT + 1) as u64).read_to_end(&mut bytes),
        None => Ok(0),
    };
    let status = child.wait()?;
    read?;
    if bytes.len() > LIMIT {
        return Err(PrintedError::TooMuch);
    }
    if !status.success() {
        return Err(PrintedError::Failed(status));
    }
    if bytes.is_empty() {
        return Err(PrintedError::Nothing);
    }
    let text = String::from_utf8(std::mem::take(&mut bytes)).map_err(|error| {
        error.into_bytes().zeroize();
        PrintedError::NotText
    })?;
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn run(command: &str) -> Result<Secret, PrintedError> {
        printed(command, &[("GIVEN".into(), "a b".into())], LONG)
    }

    #[test]
    fn the_output_is_the_value() {
        assert_eq!(run("printf '%s\\n' \"$GIVEN\"").unwrap().expose(), "a b\n");
        let environment = run("env").unwrap();
        let names = environment
            .expose()
            .lines()
            .filter_map(|line| line.split('=').next());
        let inherited: Vec<&str> = names
            .filter(|name| !["GIVEN", "PWD", "_", "SHLVL", "OLDPWD"].contains(name))
            .collect();
        assert!(inherited.is_empty(), "{inherited:?}");
    }

    #[test]
    fn what_gives_no_value() {
        for (command, why) in [
            ("echo needle; exit 3", "the command failed (exit status: 3)"),
            ("true", "the command printed nothing"),
            (
                "printf '\\377'",
                "the command printed something that is not UTF-8",
            ),
            (
                "head -c 70000 /dev/zero",
                "the command printed more than 65536 bytes",
            ),
            (
                "exec gatehand-has-no-such-command 2>/dev/null",
                "the command failed (exit status: 127)",
            ),
        ] {
            let error = run(command).unwrap_err().to_string();
            assert!(error.starts_with(why), "{command}: {error}");
            assert!(!error.contains("needle"), "{error}");
        }
    }

    #[test]
    fn a_command_that_hangs_is_ended_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        // The one in the background holds the fifo open for as long as it lives.
        let command = format!("sleep 600 >{} & wait", path.display());
        let reader = thread::spawn(move || std::fs::read(path));
        let error = printed(
            &command,
            &[("PATH".into(), "/usr/bin:/bin".into())],
            Duration::from_millis(500),
        );
        assert!(matches!(error, Err(PrintedError::TooLong(_))), "{error:?}");
        assert_eq!(reader.join().unwrap().unwrap(), b"");
    }
}
