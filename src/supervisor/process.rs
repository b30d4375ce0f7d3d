//! Starting one process, and telling it from any other.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid, getppid, getsid, setsid};

use super::isolation::restore_mask;
use crate::exit::ExitCode;

/// How a process ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(number) => match Signal::try_from(*number) {
                Ok(signal) => write!(f, "killed by {signal}"),
                Err(_) => write!(f, "killed by signal {number}"),
            },
        }
    }
}

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Identity {
    /// The process id; also that of its session and process group when we started it.
    pub pid: i32,
    /// When it started, in clock ticks since boot (proc(5), `/proc/PID/stat` field 22).
    pub start_time: u64,
}

impl Identity {
    /// The process that has this id now; `None` when there is none.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self {
            pid,
            start_time: start_time(&stat)?,
        })
    }
}

/// Field 22. The name in field 2 stands in brackets and may hold anything, so counting begins after the last one.
fn start_time(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// The session that a process belongs to, which has the number of the process that began it; `None` when there is no such
/// process.
#[must_use]
pub fn session_of(pid: i32) -> Option<i32> {
    getsid(Some(Pid::from_raw(pid))).ok().map(Pid::as_raw)
}

/// A process could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {unit} ({program}): {source}; {}", cure(.source))]
pub struct SpawnError {
    /// What was to be started.
    pub unit: String,
    /// The program.
    pub program: String,
    /// Why not.
    pub source: io::Error,
}

fn cure(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "is it installed, and does the folder it is to run in exist?",
        io::ErrorKind::PermissionDenied => "make it executable for this user",
        _ => "see the limits on processes and memory",
    }
}

impl SpawnError {
    /// The exit code that goes with it.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        ExitCode::Unavailable
    }
}

/// Makes the process the leader of its own session, have it end when we do, inherit only its standard streams, and
/// write those to pipes.
pub(super) fn prepare(command: &mut Command) {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let parent = getpid();
    // SAFETY: between fork and exec the closure makes only async-signal-safe system calls and does not allocate.
    unsafe {
        command.pre_exec(move || enter_session(parent));
    }
}

fn enter_session(parent: Pid) -> io::Result<()> {
    setsid()?;
    restore_mask();
    prctl::set_pdeathsig(Signal::SIGTERM)?;
    if getppid() != parent {
        // The parent died before the signal was set, so it would never come.
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // Not closed at once: the standard library reports a failing exec through a descriptor of its own.
    let (first, last) = (3, libc::c_uint::MAX);
    // SAFETY: the call takes plain numbers and only sets a flag on descriptors.
    let result = unsafe { libc::close_range(first, last, libc::CLOSE_RANGE_CLOEXEC as libc::c_int) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_time_behind_any_name() {
        let stat = "7 (a) b) (c)) S 1 7 7 0 -1 4194560 100 0 0 0 1 2 3 4 20 0 1 0 12345 1000 50 18446744073709551615";
        assert_eq!(start_time(stat), Some(12345));
        assert_eq!(start_time("7 (x"), None);
        assert_eq!(start_time("7 (x) S 1"), None);
    }

    #[test]
    fn own_identity() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert_eq!(Identity::of(own), Identity::of(own));
        assert!(Identity::of(own).is_some());
        assert_eq!(Identity::of(i32::MAX), None);
    }

    #[test]
    fn exits_read_well() {
        assert_eq!(Exit::Code(3).to_string(), "exit code 3");
        assert_eq!(Exit::Signal(9).to_string(), "killed by SIGKILL");
        assert_eq!(Exit::Signal(64).to_string(), "killed by signal 64");
    }
}
