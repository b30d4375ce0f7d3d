//! The one place that waits for processes.
//!
//! As PID 1 every orphan becomes our child, and `waitpid(-1)` takes the status of whatever has ended; so there must
//! be one reaper, and all processes must be started through it.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::process::{ChildStderr, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::output::{Output, OutputStream, read_lines};
use super::process::{Exit, Identity, SpawnError, prepare};
use super::run::RunError;

/// What to do about processes that somebody else started and left to us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Orphans {
    /// Become their parent and reap them, as PID 1 must. Takes the status of every child of this process, also of
    /// those that were not started here.
    Adopt,
    /// Wait only for what was started here.
    Leave,
}

/// What becomes of the others in a process group when its leader has ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Group {
    /// They are killed.
    Ends,
    /// They go on, as orphans.
    Stays,
}

/// Starts processes and tells how each of them ended. Stops when dropped.
#[derive(Debug)]
pub struct Reaper {
    table: Arc<Mutex<Table>>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Table {
    orphans: Orphans,
    children: HashMap<i32, Entry>,
}

#[derive(Debug)]
struct Entry {
    group: Group,
    exit: watch::Sender<Option<Exit>>,
}

impl Reaper {
    /// Begins to reap, on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// When the kernel refuses to deliver SIGCHLD or to give us the orphans.
    pub fn start(orphans: Orphans) -> io::Result<Self> {
        if orphans == Orphans::Adopt {
            prctl::set_child_subreaper(true)?;
        }
        let table = Arc::new(Mutex::new(Table {
            orphans,
            children: HashMap::new(),
        }));
        let task = tokio::spawn(reap_forever(signal(SignalKind::child())?, Arc::clone(&table)));
        Ok(Self { table, task })
    }

    /// Starts `command` as the leader of a new session and process group. It gets SIGTERM when the calling thread
    /// ends, inherits nothing but its standard streams, and what it prints goes to `output` line by line.
    ///
    /// # Errors
    ///
    /// When the program cannot be executed.
    pub fn spawn(&self, unit: &str, command: &mut Command, output: Output) -> Result<Child, SpawnError> {
        self.spawn_group(unit, command, output, Group::Ends)
    }

    /// The same; `group` tells what becomes of what it leaves running.
    ///
    /// # Errors
    ///
    /// When the program cannot be executed.
    pub fn spawn_group(
        &self,
        unit: &str,
        command: &mut Command,
        output: Output,
        group: Group,
    ) -> Result<Child, SpawnError> {
        self.spawn_from(unit, command, Stdio::null(), output, group)
    }

    /// The same as [`spawn`](Self::spawn), with `input` on its standard input.
    pub(super) fn spawn_with_input(
        &self,
        unit: &str,
        command: &mut Command,
        input: &[u8],
        output: Output,
    ) -> Result<Child, RunError> {
        // In memory, as a pipe would have to be filled while the process reads.
        let kept =
            memfd_create(c"input", MFdFlags::MFD_CLOEXEC).map_err(|error| RunError::Input(error.into()))?;
        let mut kept = File::from(kept);
        kept.write_all(input)
            .and_then(|()| kept.rewind())
            .map_err(RunError::Input)?;
        Ok(self.spawn_from(unit, command, kept.into(), output, Group::Ends)?)
    }

    fn spawn_from(
        &self,
        unit: &str,
        command: &mut Command,
        input: Stdio,
        output: Output,
        group: Group,
    ) -> Result<Child, SpawnError> {
        prepare(command);
        command.stdin(input);
        let failed = |command: &Command, source| SpawnError {
            unit: unit.to_owned(),
            program: command.get_program().to_string_lossy().into_owned(),
            source,
        };
        // Held until the child is in the table, or its status could be taken for an orphan's.
        let mut table = lock(&self.table);
        let mut process = command.spawn().map_err(|source| failed(command, source))?;
        let pid = process.id().cast_signed();
        let (sender, exit) = watch::channel(None);
        let entry = Entry { group, exit: sender };
        table.children.insert(pid, entry);
        drop(table);
        // It cannot be gone yet, even if it has ended: only the reaper takes its status.
        let identity = Identity::of(pid).unwrap_or(Identity { pid, start_time: 0 });
        if let Err(source) = watch_output(process.stdout.take(), process.stderr.take(), output) {
            signal_group(&self.table, pid, Signal::SIGKILL);
            return Err(failed(command, source));
        }
        Ok(Child {
            identity,
            exit,
            table: Arc::clone(&self.table),
        })
    }

    /// Ends all that was left to us: SIGTERM, and SIGKILL after `grace`. Returns when nothing is left, or will not go.
    /// Where orphans are left to others, there is nothing to do.
    ///
    /// # Errors
    ///
    /// When the kernel refuses to deliver SIGCHLD.
    pub async fn end_orphans(&self, grace: Duration) -> io::Result<()> {
        if lock(&self.table).orphans == Orphans::Leave {
            return Ok(());
        }
        let mut ended = signal(SignalKind::child())?;
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            let mut told = HashSet::new();
            let gone = async {
                while !tell_orphans(&mut lock(&self.table), signal, &mut told) {
                    ended.recv().await;
                }
            };
            if timeout(grace, gone).await.is_ok() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Signals those orphans that were not told yet, who may have come since; true when there is none left.
fn tell_orphans(table: &mut Table, signal: Signal, told: &mut HashSet<i32>) -> bool {
    // Under the lock nobody else reaps: no number can become another's.
    reap(table);
    let left: Vec<i32> = own_children()
        .into_iter()
        .filter(|pid| !table.children.contains_key(pid))
        .collect();
    for pid in left.iter().filter(|pid| told.insert(**pid)) {
        tracing::debug!(pid, %signal, "ending what was left behind");
        if let Err(error) = kill(Pid::from_raw(*pid), signal) {
            tracing::debug!(pid, %signal, %error, "an orphan cannot be signalled");
        }
    }
    left.is_empty()
}

/// All children of this process, orphans that were left to it among them (proc(5), `/proc/PID/task/TID/children`).
fn own_children() -> Vec<i32> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let pids = lists.flat_map(|list| {
        let words = list.split_ascii_whitespace().map(str::to_owned);
        words.collect::<Vec<_>>()
    });
    pids.filter_map(|pid| pid.parse().ok()).collect()
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    // The table is never left half changed, so a panic elsewhere does not spoil it.
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch_output(stdout: Option<ChildStdout>, stderr: Option<ChildStderr>, output: Output) -> io::Result<()> {
    let output = Arc::new(Mutex::new(output));
    let streams = [
        (OutputStream::Stdout, stdout.map(std::os::fd::OwnedFd::from)),
        (OutputStream::Stderr, stderr.map(std::os::fd::OwnedFd::from)),
    ];
    for (kind, stream) in streams {
        let Some(stream) = stream else { continue };
        let receiver = pipe::Receiver::from_owned_fd(stream)?;
        let output = Arc::clone(&output);
        tokio::spawn(read_lines(receiver, move |line| {
            output.lock().unwrap_or_else(PoisonError::into_inner)(kind, line);
        }));
    }
    Ok(())
}

async fn reap_forever(mut ended: SignalStream, table: Arc<Mutex<Table>>) {
    loop {
        reap(&mut lock(&table));
        if ended.recv().await.is_none() {
            return;
        }
    }
}

/// Takes the status of everything that has ended: signals merge, so one may stand for many.
fn reap(table: &mut Table) {
    let pids: Vec<(i32, Group)> = table
        .children
        .iter()
        .map(|(pid, entry)| (*pid, entry.group))
        .collect();
    for (pid, group) in pids {
        // Looked at first, taken later: while the leader is a zombie its number stands for its group and no other.
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        let exit = match waitid(Id::Pid(Pid::from_raw(pid)), look) {
            Ok(status) => match exit_of(status) {
                Some(exit) => exit,
                None => continue,
            },
            Err(Errno::EINTR) => continue,
            Err(error) => {
                tracing::error!(pid, %error, "cannot tell how a process ended; did somebody else wait for it?");
                Exit::Code(-1)
            }
        };
        if group == Group::Ends {
            end_group(pid);
        }
        if let Err(error) = waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG)) {
            tracing::debug!(pid, %error, "not reaped");
        }
        if let Some(entry) = table.children.remove(&pid) {
            entry.exit.send_replace(Some(exit));
        }
    }
    if table.orphans == Orphans::Adopt {
        reap_orphans(table);
    }
}

/// Kills what the leader of a group left behind in it.
fn end_group(pid: i32) {
    match killpg(Pid::from_raw(pid), Signal::SIGKILL) {
        // The zombie itself counts as a member, so success says nothing.
        Ok(()) | Err(Errno::ESRCH | Errno::EPERM) => {}
        Err(error) => tracing::warn!(pid, %error, "cannot end the process group"),
    }
}

fn reap_orphans(table: &Table) {
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while let Ok(status) = waitid(Id::All, look) {
        let Some(pid) = status.pid().filter(|_| exit_of(status).is_some()) else {
            return;
        };
        if table.children.contains_key(&pid.as_raw()) {
            // It ended since the loop over the known ones; its own SIGCHLD is on the way.
            return;
        }
        tracing::debug!(pid = pid.as_raw(), "reaped an orphan");
        if waitpid(pid, Some(WaitPidFlag::WNOHANG)).is_err() {
            return;
        }
    }
}

fn exit_of(status: WaitStatus) -> Option<Exit> {
    match status {
        WaitStatus::Exited(_, code) => Some(Exit::Code(code)),
        WaitStatus::Signaled(_, signal, _) => Some(Exit::Signal(signal as i32)),
        _ => None,
    }
}

/// Sends a signal to a group unless its leader has been reaped, after which the number may be another's.
fn signal_group(table: &Mutex<Table>, pid: i32, signal: Signal) {
    let table = lock(table);
    if !table.children.contains_key(&pid) {
        return;
    }
    if let Err(error) = killpg(Pid::from_raw(pid), signal) {
        tracing::warn!(pid, %signal, %error, "cannot signal the process group");
    }
}

/// A process that [`Reaper::spawn`] started. Dropping it neither ends nor forgets the process.
#[derive(Debug)]
pub struct Child {
    identity: Identity,
    exit: watch::Receiver<Option<Exit>>,
    table: Arc<Mutex<Table>>,
}

impl Child {
    /// Which process it is.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// Waits until the process has ended and been reaped. May be called again, and dropped while it waits.
    pub async fn wait(&mut self) -> Exit {
        match self.exit.wait_for(Option::is_some).await.map(|exit| *exit) {
            Ok(Some(exit)) => exit,
            // The reaper is gone with the runtime; nobody can know.
            _ => std::future::pending().await,
        }
    }

    /// Asks the process and its group to end (SIGTERM).
    pub fn terminate(&self) {
        signal_group(&self.table, self.identity.pid, Signal::SIGTERM);
    }

    /// Ends the process and its group at once (SIGKILL).
    pub fn kill(&self) {
        signal_group(&self.table, self.identity.pid, Signal::SIGKILL);
    }
}
