//! Real processes: groups, orphans, parents that die, stops that escalate, secrets in the environment.
//!
//! Some tests need a process of their own. They run this test program again with one of the ignored `helper_` tests,
//! which does its part and speaks on standard output.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::os::fd::{FromRawFd, OwnedFd};
use std::path::Path;
use std::process::{Child as StdChild, Command, Stdio};
use std::time::Duration;

use gatehand::supervisor::{
    Child, Exit, Identity, Leftovers, Orphans, Output, Reaper, Service, Signals, State, StopPolicy,
    StopSignal, isolate,
};
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

/// Nothing here takes longer unless it hangs.
const LIMIT: Duration = Duration::from_secs(20);
const AT_ONCE: StopPolicy = StopPolicy {
    asked: None,
    terminated: Duration::from_millis(50),
};
const PATIENT: StopPolicy = StopPolicy {
    asked: None,
    terminated: Duration::from_secs(60),
};

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.expect("it hangs")
}

/// Waits until a process that may be anybody's child has ended; a zombie has.
async fn ended(pid: i32) {
    // SAFETY: the call takes plain numbers, and the descriptor it gives is nobody else's.
    let descriptor = unsafe {
        let number = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        if number < 0 {
            return;
        }
        OwnedFd::from_raw_fd(i32::try_from(number).unwrap())
    };
    // SAFETY: the descriptor is owned here, open, and never replaced.
    let process = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }.unwrap();
    soon(process.readable()).await.unwrap().retain_ready();
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn lines() -> (Output, mpsc::UnboundedReceiver<String>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (
        Box::new(move |_, line| drop(sender.send(line.to_owned()))),
        receiver,
    )
}

fn silent() -> Output {
    Box::new(|_, _| {})
}

async fn next_pid(lines: &mut mpsc::UnboundedReceiver<String>) -> i32 {
    soon(lines.recv())
        .await
        .expect("a line")
        .parse()
        .expect("a process id")
}

fn helper(name: &str, variables: &[(&str, &OsStr)]) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"])
        .envs(variables.iter().copied());
    command
        .env("HELPER", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// The value of the line `key: value` that a helper prints.
fn answer(helper: &mut BufReader<impl std::io::Read>, key: &str) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert_ne!(helper.read_line(&mut line).unwrap(), 0, "no answer for {key}");
        if let Some((_, value)) = line.split_once(&format!("{key}: ")) {
            return value.trim_end().to_owned();
        }
    }
}

fn reader(helper: &mut StdChild) -> BufReader<std::process::ChildStdout> {
    BufReader::new(helper.stdout.take().unwrap())
}

#[tokio::test]
async fn a_stop_reaches_the_whole_group() {
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let (output, mut printed) = lines();
    let child = reaper
        .spawn("parent", &mut shell("sleep 1000 & echo $!; wait"), output)
        .unwrap();
    let grandchild = next_pid(&mut printed).await;
    let mut service = Service::new("parent", child, PATIENT);
    assert_eq!(soon(service.stop(|| {})).await, Exit::Signal(libc::SIGTERM));
    assert_eq!(service.state(), State::Stopped(Exit::Signal(libc::SIGTERM)));
    ended(grandchild).await;
    assert_eq!(
        soon(service.stop(|| panic!("it has ended"))).await,
        Exit::Signal(libc::SIGTERM)
    );
}

#[tokio::test]
async fn a_leader_that_ends_takes_its_group_along() {
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let (output, mut printed) = lines();
    // The grandchild keeps no pipe of ours, or the end of its output would tell.
    let script = "sleep 1000 >/dev/null 2>&1 & echo $!; exit 3";
    let mut child = reaper.spawn("parent", &mut shell(script), output).unwrap();
    let grandchild = next_pid(&mut printed).await;
    assert_eq!(soon(child.wait()).await, Exit::Code(3));
    ended(grandchild).await;
    // Too late for any signal, and no harm done.
    child.terminate();
    child.kill();
}

#[tokio::test]
async fn what_does_not_stop_is_killed() {
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let (output, mut printed) = lines();
    let mut deaf = shell("trap '' TERM; echo $$; while :; do sleep 1000; done");
    let child = reaper.spawn("deaf", &mut deaf, output).unwrap();
    assert_eq!(next_pid(&mut printed).await, child.identity().pid);
    let mut service = Service::new(
        "deaf",
        child,
        StopPolicy {
            asked: Some(Duration::from_millis(50)),
            ..AT_ONCE
        },
    );
    let mut asked = 0;
    let exit = soon(service.stop(|| asked += 1)).await;
    assert_eq!((exit, asked), (Exit::Signal(libc::SIGKILL), 1));
}

#[tokio::test]
async fn a_process_that_stops_when_asked_sees_no_signal() {
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("ask");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut polite = shell("read word < \"$FIFO\"; exit 7");
    polite.env("FIFO", &fifo);
    let child = reaper.spawn("polite", &mut polite, silent()).unwrap();
    let mut service = Service::new(
        "polite",
        child,
        StopPolicy {
            asked: Some(LIMIT),
            ..PATIENT
        },
    );
    service.mark_ready();
    assert_eq!(service.state(), State::Running);
    assert_eq!(
        soon(service.stop(|| fs::write(&fifo, "stop\n").unwrap())).await,
        Exit::Code(7)
    );
}

#[tokio::test]
async fn an_end_by_itself_is_seen() {
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let child = reaper.spawn("brief", &mut shell("exit 5"), silent()).unwrap();
    let mut service = Service::new("brief", child, AT_ONCE);
    assert_eq!(soon(service.ended()).await, Exit::Code(5));
    assert_eq!(service.state(), State::Failed(Exit::Code(5)));
}

#[tokio::test]
async fn many_at_once_each_with_its_own_status() {
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let start = |code: i32| {
        reaper
            .spawn("one", &mut shell(&format!("exit {code}")), silent())
            .unwrap()
    };
    let mut children: Vec<Child> = (0..40).map(start).collect();
    for (code, child) in (0..).zip(&mut children) {
        assert_eq!(soon(child.wait()).await, Exit::Code(code));
    }
}

#[tokio::test]
async fn children_inherit_three_descriptors_and_no_more() {
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let leaky = fs::File::open("/dev/null").unwrap();
    nix::fcntl::fcntl(&leaky, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty())).unwrap();
    let (output, mut printed) = lines();
    let mut child = reaper.spawn("ls", &mut shell("ls /proc/$$/fd"), output).unwrap();
    assert_eq!(soon(child.wait()).await, Exit::Code(0));
    let mut seen = Vec::new();
    while let Some(line) = soon(printed.recv()).await {
        seen.push(line);
    }
    assert_eq!(seen, ["0", "1", "2"]);
}

#[tokio::test]
async fn a_program_that_is_not_there() {
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let error = reaper
        .spawn("display", &mut Command::new("/nowhere/Xvfb"), silent())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot start display (/nowhere/Xvfb): No such file or directory (os error 2); is it installed, and does the \
         folder it is to run in exist?"
    );
    assert_eq!(error.exit_code().number(), 69);
}

#[tokio::test]
async fn a_signal_to_stop_is_heard() {
    let mut signals = Signals::new().unwrap();
    for (signal, heard) in [
        (Signal::SIGTERM, StopSignal::Terminate),
        (Signal::SIGINT, StopSignal::Interrupt),
        (Signal::SIGHUP, StopSignal::Hangup),
    ] {
        kill(Pid::this(), signal).unwrap();
        assert_eq!(soon(signals.next()).await, heard);
    }
}

#[tokio::test]
async fn when_the_parent_is_killed_its_children_end() {
    let mut parent = helper("helper_parent", &[]).spawn().unwrap();
    let child: i32 = answer(&mut reader(&mut parent), "child").parse().unwrap();
    assert!(Identity::of(child).is_some());
    parent.kill().unwrap();
    parent.wait().unwrap();
    ended(child).await;
}

#[tokio::test]
#[ignore = "a part of when_the_parent_is_killed_its_children_end"]
async fn helper_parent() {
    if env::var_os("HELPER").is_none() {
        return;
    }
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let mut child = reaper
        .spawn("child", &mut shell("exec sleep 1000"), silent())
        .unwrap();
    println!("child: {}", child.identity().pid);
    child.wait().await;
}

#[test]
fn orphans_are_adopted_and_reaped() {
    let output = helper("helper_adopter", &[]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("adopted and reaped"),
        "{text}"
    );
}

#[tokio::test]
#[ignore = "a part of orphans_are_adopted_and_reaped"]
async fn helper_adopter() {
    if env::var_os("HELPER").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [parent_go, orphan_go] = ["parent", "orphan"].map(|name| {
        let fifo = folder.path().join(name);
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        fifo
    });
    let reaper = Reaper::start(Orphans::Adopt).unwrap();
    let (output, mut printed) = lines();
    // A session of its own, so that the end of its parent's group does not end it too.
    let mut parent =
        shell("setsid sh -c 'echo $$; read word < \"$ORPHAN\"' & read word < \"$PARENT\"; exit 4");
    parent.env("PARENT", &parent_go).env("ORPHAN", &orphan_go);
    let mut child = reaper.spawn("parent", &mut parent, output).unwrap();
    let orphan = next_pid(&mut printed).await;
    fs::write(&parent_go, "go\n").unwrap();
    assert_eq!(
        soon(child.wait()).await,
        Exit::Code(4),
        "its status is not taken for an orphan's"
    );
    let stat = fs::read_to_string(format!("/proc/{orphan}/stat")).unwrap();
    let parent_id = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .nth(1)
        .unwrap()
        .to_owned();
    assert_eq!(parent_id, std::process::id().to_string(), "we are its parent now");
    fs::write(&orphan_go, "go\n").unwrap();
    ended(orphan).await;
    soon(async {
        while Path::new(&format!("/proc/{orphan}")).exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    println!("adopted and reaped");
}

#[tokio::test]
async fn what_a_crash_left_behind_is_ended_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let mut crashed = helper("helper_crash", &[("STATE", state.as_os_str())])
        .spawn()
        .unwrap();
    let mut answers = reader(&mut crashed);
    let child: i32 = answer(&mut answers, "child").parse().unwrap();
    crashed.kill().unwrap();
    crashed.wait().unwrap();
    let before = Identity::of(child);
    assert!(
        before.is_some(),
        "it ignores SIGTERM, so its parent's death does not end it"
    );

    // An innocent process with the number of a leftover, but not its start time.
    let mut innocent = Command::new("sleep").arg("1000").spawn().unwrap();
    let list = state.join("processes");
    let mut text = fs::read_to_string(&list).unwrap();
    text.push_str(&format!("{} 1 innocent\n", innocent.id()));
    fs::write(&list, text).unwrap();

    soon(Leftovers::end(&state, Duration::from_millis(50)))
        .await
        .unwrap();
    ended(child).await;
    assert!(
        innocent.try_wait().unwrap().is_none(),
        "another process is left alone"
    );
    innocent.kill().unwrap();
    innocent.wait().unwrap();
    assert_eq!(
        fs::read_to_string(&list).unwrap().lines().count(),
        1,
        "the list begins anew"
    );
}

#[tokio::test]
#[ignore = "a part of what_a_crash_left_behind_is_ended_at_the_next_start"]
async fn helper_crash() {
    if env::var_os("HELPER").is_none() {
        return;
    }
    let folder = env::var_os("STATE").unwrap();
    let mut leftovers = Leftovers::end(Path::new(&folder), Duration::ZERO).await.unwrap();
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let (output, mut printed) = lines();
    let mut deaf = shell("trap '' TERM; echo $$; while :; do sleep 1000 >/dev/null 2>&1; done");
    let mut child = reaper.spawn("deaf", &mut deaf, output).unwrap();
    leftovers.add("deaf", child.identity()).unwrap();
    let brief = reaper.spawn("brief", &mut shell("exit 0"), silent()).unwrap();
    leftovers.add("brief", brief.identity()).unwrap();
    leftovers.remove(brief.identity()).unwrap();
    println!("child: {}", next_pid(&mut printed).await);
    child.wait().await;
}

#[test]
fn secrets_leave_the_environment() {
    let mut process = helper(
        "helper_isolated",
        &[
            ("X_SECRET", "hunter2=ü".as_ref()),
            ("X_PLAIN", "kept".as_ref()),
            ("OMP_THREAD_LIMIT", "8".as_ref()),
            ("MALLOC_TRIM_THRESHOLD_", "65536".as_ref()),
        ],
    )
    .spawn()
    .unwrap();
    let pid = process.id().to_string();
    let mut answers = reader(&mut process);
    assert_eq!(answer(&mut answers, "pid"), pid, "the process stays the same");
    assert_eq!(answer(&mut answers, "secret"), "X_SECRET=hunter2=ü");
    assert_eq!(
        answer(&mut answers, "given"),
        r#"[("MALLOC_TRIM_THRESHOLD_", "65536"), ("OMP_THREAD_LIMIT", "1"), ("X_PLAIN", "kept")]"#,
        "what the user chose for the allocator is for children too, what the program chose is not"
    );
    assert_eq!(answer(&mut answers, "allocator"), "2097152");
    assert_eq!(answer(&mut answers, "environ"), "clean");
    assert_eq!(answer(&mut answers, "name"), "gatehand");
    assert_eq!(answer(&mut answers, "core"), "0");
    assert_eq!(answer(&mut answers, "descriptors"), "0");
    std::io::copy(&mut answers, &mut std::io::sink()).unwrap();
    assert!(process.wait().unwrap().success());
}

#[test]
#[ignore = "a part of secrets_leave_the_environment"]
fn helper_isolated() {
    if env::var_os("HELPER").is_none() {
        return;
    }
    let isolated = isolate(&["X_SECRET", "X_OTHER"]).unwrap();
    println!("pid: {}", std::process::id());
    let [(name, secret)] = &isolated.secrets[..] else {
        panic!("{:?}", isolated.secrets)
    };
    println!("secret: {name}={}", secret.expose());
    let wanted = |name: &OsStr| {
        let name = name.to_string_lossy();
        let others = ["X_PLAIN", "OMP_THREAD_LIMIT"].contains(&&*name);
        others || name.contains("SECRET") || name.starts_with("MALLOC_")
    };
    let mut given = isolated.environment.clone();
    given.retain(|(name, _)| wanted(name));
    given.sort();
    println!("given: {given:?}");
    println!(
        "allocator: {}",
        env::var("MALLOC_MMAP_THRESHOLD_").unwrap_or_default()
    );
    // Only root may still read it, and root finds nothing.
    let leaked = fs::read("/proc/self/environ")
        .is_ok_and(|environ| environ.windows(7).any(|bytes| bytes == b"hunter2"));
    println!("environ: {}", if leaked { "leaks" } else { "clean" });
    println!(
        "name: {}",
        fs::read_to_string("/proc/thread-self/comm").unwrap().trim()
    );
    let (core, _) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_CORE).unwrap();
    println!("core: {core}");
    let secrets = fs::read_dir("/proc/self/fd").unwrap().filter(|entry| {
        fs::read_link(entry.as_ref().unwrap().path())
            .is_ok_and(|to| to.to_string_lossy().contains("memfd:gatehand"))
    });
    println!("descriptors: {}", secrets.count());
}

#[tokio::test]
async fn output_comes_by_stream() {
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let (sender, mut printed) = mpsc::unbounded_channel();
    let output: Output = Box::new(move |stream, line| drop(sender.send(format!("{stream:?} {line}"))));
    let _child = reaper
        .spawn("talker", &mut shell("echo out; echo err >&2"), output)
        .unwrap();
    let mut seen = Vec::new();
    while let Some(line) = soon(printed.recv()).await {
        seen.push(line);
    }
    seen.sort();
    assert_eq!(seen, ["Stderr err", "Stdout out"]);
}
