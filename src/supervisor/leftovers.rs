//! What an earlier gatehand left running when it was killed: remembered in the state folder, ended at the next start.
//!
//! Inside a container all processes go with PID 1; outside they would keep the display, the ports and the session.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::libc;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;

use super::process::Identity;
use crate::exit::ExitCode;

/// The file in the state folder.
const FILE: &str = "processes";

/// The list of running processes cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep the list of processes in {}: {source}; make the state folder writable", path.display())]
pub struct LeftoversError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl LeftoversError {
    /// The exit code that goes with it.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        ExitCode::Configuration
    }
}

/// The processes that must not outlive us, as a file: the first line names this boot and PID namespace, each other one
/// a process by its id, start time and name.
#[derive(Debug)]
pub struct Leftovers {
    path: PathBuf,
    epoch: String,
    running: Vec<(Identity, String)>,
}

impl Leftovers {
    /// Ends what an earlier gatehand with this state folder left, SIGTERM first and SIGKILL after `grace`, and begins
    /// an empty list. Creates the folder if it is not there. Must be called before anything is started.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written.
    pub async fn end(state_dir: &Path, grace: Duration) -> Result<Self, LeftoversError> {
        let path = state_dir.join(FILE);
        let failed = |source| LeftoversError {
            path: path.clone(),
            source,
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(state_dir)
            .map_err(failed)?;
        let earlier = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(error)),
        };
        let epoch = epoch().map_err(failed)?;
        for (identity, name) in parse(&earlier, &epoch) {
            if Identity::of(identity.pid) == Some(identity) {
                tracing::warn!(
                    unit = name,
                    pid = identity.pid,
                    "left behind by an earlier gatehand; ending it"
                );
                end_process(identity, grace).await.map_err(failed)?;
            }
        }
        let list = Self {
            path: path.clone(),
            epoch,
            running: Vec::new(),
        };
        list.write()?;
        Ok(list)
    }

    /// Remembers a process that was just started.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn add(&mut self, name: &str, identity: Identity) -> Result<(), LeftoversError> {
        self.running.push((identity, name.to_owned()));
        self.write()
    }

    /// Forgets a process that has ended.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn remove(&mut self, identity: Identity) -> Result<(), LeftoversError> {
        self.running.retain(|(running, _)| *running != identity);
        self.write()
    }

    fn write(&self) -> Result<(), LeftoversError> {
        let mut text = format!("{}\n", self.epoch);
        for (identity, name) in &self.running {
            text.push_str(&format!("{} {} {name}\n", identity.pid, identity.start_time));
        }
        let new = self.path.with_extension("new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &self.path))
            .map_err(|source| LeftoversError {
                path: self.path.clone(),
                source,
            })
    }
}

/// Names this boot and PID namespace: elsewhere the same numbers mean other processes.
fn epoch() -> io::Result<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let namespace = fs::read_link("/proc/self/ns/pid")?;
    Ok(format!("{} {}", boot.trim(), namespace.display()))
}

/// The processes of the list, if it is of this epoch. Lines that are not understood are skipped.
fn parse(text: &str, epoch: &str) -> Vec<(Identity, String)> {
    let mut lines = text.lines();
    if lines.next() != Some(epoch) {
        return Vec::new();
    }
    let entry = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let pid: i32 = words.next()?.parse().ok().filter(|pid| *pid > 1)?;
        let start_time = words.next()?.parse().ok()?;
        Some((Identity { pid, start_time }, words.next()?.to_owned()))
    };
    lines.filter_map(entry).collect()
}

/// Ends a process that is not our child, and its group. Another process cannot slip in: the descriptor is opened
/// before the start time is compared again, and it names one process for good.
async fn end_process(identity: Identity, grace: Duration) -> io::Result<()> {
    let Some(descriptor) = pidfd_open(identity.pid)? else {
        return Ok(());
    };
    if Identity::of(identity.pid) != Some(identity) {
        return Ok(());
    }
    // SAFETY: the descriptor is owned here, open, and never replaced.
    let ended = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }?;
    signal(&ended, identity.pid, Signal::SIGTERM);
    if timeout(grace, ended.readable()).await.is_err() {
        signal(&ended, identity.pid, Signal::SIGKILL);
        // SIGKILL cannot be refused; only a process in uninterruptible sleep keeps us here, and it holds what we need.
        drop(ended.readable().await?);
    }
    // Members of its group that outlived their leader.
    signal_group(identity.pid, Signal::SIGKILL);
    Ok(())
}

/// Signals the process by its descriptor and the group that it leads by number.
fn signal(process: &AsyncFd<OwnedFd>, pid: i32, signal: Signal) {
    // SAFETY: the descriptor is open, and without siginfo the call takes plain numbers only.
    unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            process.get_ref().as_raw_fd(),
            signal as libc::c_int,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        );
    }
    signal_group(pid, signal);
}

fn signal_group(pid: i32, signal: Signal) {
    if let Err(error) = killpg(Pid::from_raw(pid), signal) {
        tracing::debug!(pid, %signal, %error, "no group to signal");
    }
}

/// A descriptor that becomes readable when the process ends (pidfd_open(2)); `None` when there is no such process.
fn pidfd_open(pid: i32) -> io::Result<Option<OwnedFd>> {
    // SAFETY: the call takes plain numbers.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    match i32::try_from(result) {
        // SAFETY: the kernel just gave us this descriptor, and nobody else has it.
        Ok(number @ 0..) => Ok(Some(unsafe { OwnedFd::from_raw_fd(number) })),
        _ => match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ESRCH) => Ok(None),
            error => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_epoch_counts() {
        let text = "boot pid:[1]\n12 345 gateway\nnonsense\n1 5 init\n-3 1 x\n13 346 the display\n";
        let found: Vec<_> = parse(text, "boot pid:[1]")
            .into_iter()
            .map(|(id, name)| (id.pid, name))
            .collect();
        assert_eq!(
            found,
            [(12, "gateway".to_owned()), (13, "the display".to_owned())]
        );
        assert!(parse(text, "boot pid:[2]").is_empty());
        assert!(parse("", "boot pid:[1]").is_empty());
    }
}
