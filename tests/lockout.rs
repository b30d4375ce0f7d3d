//! The governor's book in real files: its process is killed at each system call, and started many times at once.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::program::Program;
use gatehand::journal::{Clocks, Governor, Limits, StateFolder, Verdict};
use serde_json::{Value, json};

/// System calls before each of which the process is killed, as often as it makes them. Those with `?` are not on every
/// machine.
const CALLS: [&str; 7] = ["openat", "read", "write", "fsync", "?rename", "renameat", "close"];
const FOLDER: &str = "GATEHAND_TEST_FOLDER";
const PART: &str = "GATEHAND_TEST_PART";

fn now() -> Clocks {
    Clocks {
        wall: 1_795_000_000,
        up: 5_000,
        boot: "this".into(),
    }
}

fn open(folder: &Path, pushes_per_hour: Option<u32>) -> Governor {
    let limits = Limits {
        pushes_per_hour,
        ..Limits::default()
    };
    Governor::open(folder, "trader", "password", limits).expect("the book opens")
}

/// Tells the test what happens in the world outside the disk; a line is told as a whole or not at all.
fn tell(line: &str) {
    println!("> {line}");
    std::io::stdout().flush().unwrap();
}

/// The process that is killed: it plays one part, and tells what it does.
#[test]
#[ignore = "the others start it as a process of its own"]
fn process() {
    let folder = std::env::var_os(FOLDER).expect("only the other tests start this");
    let folder = Path::new(&folder);
    let part = std::env::var(PART).unwrap();
    if part == "hold" {
        match StateFolder::take(folder) {
            Ok(_held) => {
                tell("held");
                // Until the test closes it.
                std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
            }
            Err(error) => tell(&error.kind().to_string()),
        }
        return;
    }
    let mut governor = open(folder, (part == "pushed").then_some(1));
    match governor.begin(&now()).unwrap() {
        Verdict::Permitted => {}
        Verdict::Wait { .. } => return tell("told to wait"),
        Verdict::Locked { .. } => return tell("locked"),
    }
    tell("submitted");
    match part.as_str() {
        "refused" => governor.refused(),
        "throttled" => governor.throttled(&now(), Duration::from_secs(300)),
        "pushed" => governor.pushed(&now()).and_then(|()| governor.logged_in()),
        other => panic!("no such part: {other}"),
    }
    .unwrap();
    tell("written");
}

/// The process, to be started by the program that `prefix` names, if it does.
fn process_of(prefix: &[&str], folder: &Path, part: &str) -> Command {
    let this = std::env::current_exe().unwrap();
    let mut command = match prefix {
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(this);
            command
        }
        [] => Command::new(this),
    };
    command
        .args([
            "--exact",
            "process",
            "--ignored",
            "--nocapture",
            "--test-threads",
            "1",
        ])
        .env(FOLDER, folder)
        .env(PART, part);
    command
}

fn start(folder: &Path, part: &str) -> Child {
    process_of(&[], folder, part)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn told(output: &[u8]) -> Vec<String> {
    let output = String::from_utf8_lossy(output);
    let lines = output.lines().filter_map(|line| line.split_once("> "));
    lines.map(|(_, line)| line.to_owned()).collect()
}

/// The lines that it tells, as they come.
fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines = lines.map_while(Result::ok);
    lines.filter_map(|line| line.split_once("> ").map(|(_, told)| told.to_owned()))
}

/// Whether this machine lets a process trace another: a container may forbid it.
fn may_trace() -> bool {
    let traced = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .output();
    traced
        .expect("strace is installed: run scripts/setup.sh test")
        .status
        .success()
}

/// What the process tells before it is killed on its way into the `count`th such call; `None` when it ends before.
fn killed_at(folder: &Path, part: &str, call: &str, count: usize) -> Option<Vec<String>> {
    let inject = format!("inject={call}:signal=SIGKILL:when={count}");
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
    let output = process_of(&strace, folder, part).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    match (output.status.signal(), output.status.success()) {
        (Some(9), _) => Some(told(&output.stdout)),
        (None, true) => None,
        _ => panic!("{call} {count}: {}: {stderr}", output.status),
    }
}

/// The same as soon as it has told its `count`th line, wherever it is by then: all that can be done without a trace.
fn killed_after(folder: &Path, part: &str, count: usize) -> Option<Vec<String>> {
    let mut child = start(folder, part);
    let told: Vec<String> = lines(&mut child).take(count).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    (told.len() == count).then_some(told)
}

/// Kills it everywhere. Each time `folder` makes the folder that it begins with, and `judge` gets what it told and the
/// folder that it left.
fn kill_everywhere(part: &str, folder: impl Fn() -> tempfile::TempDir, judge: impl Fn(&[String], &Path)) {
    let kill_all = |kill: &dyn Fn(&Path, usize) -> Option<Vec<String>>| {
        let kills = (1..).map_while(|count| {
            let folder = folder();
            let told = kill(folder.path(), count)?;
            judge(&told, folder.path());
            Some(())
        });
        kills.count()
    };
    if !may_trace() {
        println!(
            "no process may be traced here: it is killed after each line that it tells, not at each system call"
        );
        assert_eq!(kill_all(&|folder, count| killed_after(folder, part, count)), 2);
        return;
    }
    let kills = CALLS.map(|call| {
        (
            call,
            kill_all(&|folder, count| killed_at(folder, part, call, count)),
        )
    });
    let of = |wanted: &str| -> usize {
        let kills = kills.iter().filter(|(call, _)| call.contains(wanted));
        kills.map(|(_, count)| count).sum()
    };
    // Opened, begun, and what came of it: each writes, syncs file and folder, renames.
    assert!(
        of("fsync") >= 6 && of("rename") >= 3 && of("write") >= 5 && of("open") >= 6,
        "{kills:?}"
    );
}

/// In memory, where that can be: a kill is no power cut, and a disk that is synced 1000 times takes its time.
fn empty() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// A folder whose password was accepted before.
fn proven() -> tempfile::TempDir {
    let folder = empty();
    let mut governor = open(folder.path(), None);
    assert_eq!(governor.begin(&now()).unwrap(), Verdict::Permitted);
    governor.logged_in().unwrap();
    folder
}

/// What the next processes on this folder tell that nobody kills, up to two of them.
fn afterwards(folder: &Path, part: &str) -> Vec<String> {
    let again = || {
        let output = process_of(&[], folder, part).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        told(&output.stdout)
    };
    [again(), again()].concat()
}

fn count(told: &[String], line: &str) -> usize {
    told.iter().filter(|other| *other == line).count()
}

#[test]
fn killed_at_every_step_a_wrong_password_is_submitted_once_also_one_that_was_right_before() {
    for folder in [empty, proven] {
        kill_everywhere("refused", folder, |told, folder| {
            let after = afterwards(folder, "refused");
            let all = [told, &after].concat();
            assert!(count(&all, "submitted") <= 1, "{told:?} {after:?}");
            assert_eq!(after.last().unwrap(), "locked", "{told:?} {after:?}");
        });
    }
}

#[test]
fn killed_at_every_step_a_wait_is_not_forgotten() {
    kill_everywhere("throttled", proven, |told, folder| {
        waits_or_is_locked("throttled", told, folder);
    });
}

#[test]
fn killed_at_every_step_a_push_counts() {
    kill_everywhere("pushed", proven, |told, folder| {
        waits_or_is_locked("pushed", told, folder);
    });
}

/// A submission whose ending was written down is followed by a wait; one whose ending was not may have been refused.
fn waits_or_is_locked(part: &str, told: &[String], folder: &Path) {
    let after = afterwards(folder, part);
    let all = [told, &after].concat();
    assert!(count(&all, "submitted") <= 1, "{told:?} {after:?}");
    let end = after.last().unwrap();
    assert!(
        end == "told to wait" || (end == "locked" && count(told, "written") == 0),
        "{told:?} {after:?}"
    );
}

#[test]
fn of_many_that_start_at_once_one_has_the_state_folder_until_it_is_killed() {
    let folder = empty();
    let start = || start(folder.path(), "hold");
    let mut many: Vec<_> = (0..8).map(|_| start()).collect();
    let mut said: Vec<_> = many.iter_mut().map(lines).collect();
    let first: Vec<String> = said.iter_mut().map(|lines| lines.next().unwrap()).collect();
    let holder = first.iter().position(|line| line == "held").expect("one has it");
    assert_eq!(count(&first, "held"), 1, "{first:?}");
    assert_eq!(count(&first, "operation would block"), 7, "{first:?}");
    many[holder].kill().unwrap();
    many[holder].wait().unwrap();
    let mut next = start();
    assert_eq!(lines(&mut next).next().unwrap(), "held");
    many.push(next);
    for mut child in many {
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}

/// A folder that goes with the container, or with the machine's next start, is told once and shown by `status`.
#[test]
fn a_state_folder_on_no_volume_is_told() {
    let in_memory = tempfile::tempdir_in("/dev/shm").expect("a file system in memory");
    for folder in [None, Some(in_memory.path().join("state"))] {
        let mut program = Program::prepare(json!({"start": "main"}));
        if let Some(folder) = &folder {
            program.set("GATEHAND_STATE_DIR", &folder.display().to_string());
        }
        let mut program = program.start(&["run"]);
        program.wait_for_log("the display is up");
        let status = common::wait_for("its status", || program.ask(&["status", "--json"]).ok());
        let status: Value = serde_json::from_str(&status).unwrap();
        let status = &status["gateways"][0];
        let kind = Command::new("stat")
            .args(["-f", "-c", "%T"])
            .arg(folder.unwrap_or_else(|| program.path("state")))
            .output()
            .unwrap();
        let kind = String::from_utf8(kind.stdout).unwrap();
        let lasts = !["overlayfs", "tmpfs", "ramfs"].contains(&kind.trim());
        assert_eq!(status["state_folder_lasts"], lasts, "{kind}");
        let lines = program.log().matches("the state folder is on no volume").count();
        assert_eq!(lines, usize::from(!lasts), "{}", program.log());
        assert_eq!(program.stop(), Some(0));
    }
}
