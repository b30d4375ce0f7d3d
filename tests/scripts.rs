//! The user's start scripts: when they run, what they know, and that none of them is in the way.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::path::Path;

use common::program::Program;
use common::wait_for;
use serde_json::json;

/// A folder `name` in the program's home, with these scripts.
fn folder(program: &Program, name: &str, scripts: &[(&str, &str)]) {
    let folder = program.path(name);
    fs::create_dir(&folder).unwrap();
    for (script, text) in scripts {
        fs::write(folder.join(script), text).unwrap();
    }
}

fn lives(pid: &str) -> bool {
    // A zombie does not.
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[test]
fn each_folder_at_its_time_and_without_secrets() {
    let program = Program::prepare(json!({}))
        .with("START_SCRIPTS", "init")
        .with("X_SCRIPTS", "x")
        .with("IBC_SCRIPTS", "gateway");
    let tell = "echo \"$(basename \"$0\") $TRADING_MODE ${DISPLAY:-none} ${XAUTHORITY:+cookie}\" >>~/order; env >>~/environments\n";
    let first = format!("{tell}echo a line of a script\n");
    folder(
        &program,
        "init",
        &[
            ("20-b.sh", tell),
            ("10-a.sh", &first),
            ("15-fails.sh", "echo oh no >&2; exit 3"),
            ("notes", "exit 9"),
        ],
    );
    let daemon =
        format!("#!/bin/bash\n{tell}test -r \"$XAUTHORITY\" || exit 9\nsleep 1000 & echo $! >~/daemon\n");
    folder(&program, "x", &[("x.sh", &daemon)]);
    folder(
        &program,
        "gateway",
        &[("gateway.sh", &format!("{tell}echo $$ >~/hangs\nsleep 1000\n"))],
    );
    let mut program = program.start(&["run"]);
    program.wait_for_state("ready");
    wait_for("the last script", || {
        fs::read_to_string(program.path("hangs")).ok()
    });

    let order = fs::read_to_string(program.path("order")).unwrap();
    let display = order
        .lines()
        .find_map(|line| line.strip_prefix("x.sh paper ")?.strip_suffix(" cookie"))
        .expect("the display and its cookie");
    let expected = format!(
        "10-a.sh paper none \n20-b.sh paper none \nx.sh paper {display} cookie\ngateway.sh paper none \n"
    );
    assert_eq!(order, expected);
    let environments = fs::read_to_string(program.path("environments")).unwrap();
    assert!(
        environments.contains("HOME=") && !environments.contains("demouser"),
        "{environments}"
    );
    let log = program.log();
    for part in [
        "START_SCRIPTS 10-a.sh",
        "a line of a script",
        "START_SCRIPTS 15-fails.sh",
        "oh no",
    ] {
        assert!(log.contains(part), "{part}\n{log}");
    }
    assert!(
        log.contains("a start script failed") && log.contains("exit code 3"),
        "{log}"
    );

    let pid = |name| fs::read_to_string(program.path(name)).unwrap().trim().to_owned();
    let left = ["daemon", "hangs"].map(pid);
    assert!(
        left.iter().all(|pid| lives(pid)),
        "what a script leaves in the background goes on"
    );
    assert_eq!(program.stop(), Some(0));
    assert!(!left.iter().any(|pid| lives(pid)), "and ends with gatehand");
}

#[test]
fn a_script_that_hangs_does_not_hold_up_a_stop() {
    let program = Program::prepare(json!({})).with("START_SCRIPTS", "init");
    folder(
        &program,
        "init",
        &[(
            "a.sh",
            "trap '' TERM; echo here it hangs; while :; do sleep 1000; done",
        )],
    );
    let mut program = program.start(&["run"]);
    program.wait_for_log("here it hangs");
    assert_eq!(program.stop(), Some(0));
    assert!(
        program.journal.all("started").is_empty(),
        "there was no gateway yet"
    );
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let mut program = Program::prepare(json!({}))
        .with("X_SCRIPTS", "nowhere")
        .start(&["run"]);
    program.wait_for_log("there are no start scripts to run");
    program.wait_for_state("ready");
}
