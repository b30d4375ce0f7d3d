//! The SSH tunnel, against a real server on loopback: pass phrases, traffic, a client that dies.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use common::program::{Program, free_port};
use common::ssh::Server;
use common::wait_for;
use serde_json::json;

const PASSPHRASE: &str = "needle in a haystack";

/// The API answers at this port.
fn answers(port: u16) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    runtime
        .block_on(gatehand::gateway::probe(address, Duration::from_secs(5)))
        .is_ok()
}

/// The processes of the program with this name.
fn named(program: &Program, name: &str) -> Vec<u32> {
    let comm = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let all = program.processes().into_iter();
    all.filter(|pid| comm(pid).trim() == name).collect()
}

fn kill(pid: u32) {
    let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    assert!(killed.unwrap().success());
}

/// Where the text stands that must stand nowhere: arguments, environments, the log, the state folder.
fn leaks(program: &Program, needle: &str) -> Vec<String> {
    let mut files: Vec<PathBuf> = vec![program.path("log")];
    for pid in program.processes() {
        files.extend(["cmdline", "environ"].map(|name| format!("/proc/{pid}/{name}").into()));
    }
    let mut folders = vec![program.path("state")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => files.push(path),
            }
        }
    }
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(needle.len()).any(|part| part == needle.as_bytes())
    };
    let found = files.iter().filter(|path| holds(path));
    found.map(|path| path.display().to_string()).collect()
}

#[test]
fn a_tunnel_with_a_pass_phrase_comes_back_and_replaces_the_relay() {
    let server = Server::start(PASSPHRASE);
    let remote = free_port();
    let mut program = server
        .tunnel(Program::prepare(json!({})), remote)
        .with("SSH_TUNNEL", "yes")
        .with("SSH_PASSPHRASE", PASSPHRASE);
    // Nobody asks whether the relay's port is free.
    let _taken = TcpListener::bind(("127.0.0.1", program.relay_port)).unwrap();
    program.restart(&["-v", "run"]);
    program.wait_for_log("the SSH tunnel is up");
    program.wait_for_state("ready");
    assert!(answers(remote), "through the tunnel");
    assert!(program.log().contains("there is no relay"), "{}", program.log());
    assert_eq!(leaks(&program, PASSPHRASE), [""; 0]);

    let ssh = named(&program, "ssh");
    assert_eq!(ssh.len(), 1);
    kill(ssh[0]);
    wait_for("the tunnel again", || {
        (program.log().matches("the SSH tunnel is up").count() == 2).then_some(())
    });
    assert!(
        program.log().contains("the SSH tunnel is down"),
        "{}",
        program.log()
    );
    assert!(answers(remote), "through the second tunnel");
    assert_eq!(leaks(&program, PASSPHRASE), [""; 0]);
    let ssh = named(&program, "ssh")[0];
    assert_eq!(program.stop(), Some(0));
    assert!(!Path::new("/proc").join(ssh.to_string()).exists());
    assert!(
        TcpListener::bind(("127.0.0.1", remote)).is_ok(),
        "its port is free again"
    );
}

#[test]
fn a_wrong_pass_phrase_is_told_and_not_tried_twice() {
    let server = Server::start("another one");
    let mut program = server
        .tunnel(Program::prepare(json!({})), free_port())
        .with("SSH_TUNNEL", "both")
        .with("SSH_PASSPHRASE", PASSPHRASE)
        .start(&["run"]);
    let key = server.path("key").display().to_string();
    program.wait_for_log(&format!(
        "the pass phrase does not open key '{key}'; set SSH_PASSPHRASE"
    ));
    program.wait_for_log("Permission denied");
    program.wait_for_state("ready");
    // It listens once it hears that the gateway is ready.
    wait_for("the relay, all the same", || {
        answers(program.relay_port).then_some(())
    });
    assert_eq!(leaks(&program, PASSPHRASE), [""; 0]);
}

#[test]
fn a_tunnel_beside_the_relay_to_a_server_that_must_be_known() {
    let server = Server::start("");
    let remote = free_port();
    let known = fs::read(server.path("known_hosts")).unwrap();
    fs::write(server.path("known_hosts"), "").unwrap();
    let mut program = server
        .tunnel(Program::prepare(json!({})), remote)
        .with("SSH_TUNNEL", "both")
        .start(&["run"]);
    program.wait_for_log("Host key verification failed");
    assert!(TcpStream::connect(("127.0.0.1", remote)).is_err());
    fs::write(server.path("known_hosts"), known).unwrap();
    program.wait_for_log("the SSH tunnel is up");
    program.wait_for_state("ready");
    wait_for("the tunnel and the relay", || {
        (answers(remote) && answers(program.relay_port)).then_some(())
    });
}
