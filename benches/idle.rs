//! What waiting costs: voluntary context switches of every thread on a display where nothing happens, of `run` at
//! Ready and of `vnc`, each with an open viewer port and no viewer; `run` with HTTP as well.
//!
//! Over 60 s, or `GATEHAND_BENCH_SECONDS`. `run` has one documented timer, the API probe of every 30 s.

#![allow(clippy::unwrap_used, reason = "what fails here fails the bench")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::TestDisplay;
use common::program::{Program, free_port};
use serde_json::json;

fn main() {
    let seconds = std::env::var("GATEHAND_BENCH_SECONDS").map_or(60, |text| text.parse().unwrap());
    let time = Duration::from_secs(seconds);

    let mut program = Program::prepare(json!({}))
        .with("VNC_SERVER_PASSWORD", "to look!")
        .with("GATEHAND_VNC_LISTEN", "127.0.0.1:0")
        .with("GATEHAND_HTTP_LISTEN", "127.0.0.1:0")
        .with("GATEHAND_HTTP_TOKEN", "a-token-of-the-benchmark")
        .start(&["run"]);
    program.wait_for_state("ready");
    report("run, at Ready", program.pid(), time);
    drop(program);

    let display = TestDisplay::start(1024, 768);
    let port = free_port();
    let mut viewer = display
        .command(env!("CARGO_BIN_EXE_gatehand"))
        .args(["vnc", "--listen", &format!("127.0.0.1:{port}")])
        .env("VNC_SERVER_PASSWORD", "to look!")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    common::wait_for("the viewers' port", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    });
    report("vnc", viewer.id(), time);
    let asked = Command::new("kill").arg(viewer.id().to_string()).status();
    assert!(asked.unwrap().success());
    viewer.wait().unwrap();
}

/// Waits until what led here has come to rest, then counts.
fn report(what: &str, pid: u32, time: Duration) {
    std::thread::sleep(Duration::from_secs(3));
    let before = switches(pid);
    std::thread::sleep(time);
    let after = switches(pid);
    let total: u64 = after.values().sum::<u64>() - before.values().sum::<u64>();
    let threads: Vec<String> = after
        .iter()
        .map(|(name, count)| format!("{name} {}", count - before.get(name).unwrap_or(&0)))
        .collect();
    println!(
        "{what}: {total} voluntary context switches in {} s ({})",
        time.as_secs(),
        threads.join(", ")
    );
}

/// Voluntary context switches so far, by the name of the thread.
fn switches(pid: u32) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let value = |key: &str| {
            let line = status.lines().find(|line| line.starts_with(key)).unwrap();
            line.rsplit('\t').next().unwrap().trim().to_owned()
        };
        let name = value("Name:");
        *counts.entry(name).or_default() += value("voluntary_ctxt_switches:").parse::<u64>().unwrap();
    }
    counts
}
