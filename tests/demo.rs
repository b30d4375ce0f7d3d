//! `gatehand demo` from its start to Ctrl-C, on ports that are free.

mod common;

use std::io::Read;
use std::net::TcpStream;
use std::os::unix::fs::symlink;

use common::gateway::installation;
use common::program::{Program, free_port};
use common::wait_for;
use serde_json::json;

#[test]
fn the_demo_ends_with_a_summary_and_ctrl_c_stops_everything() {
    let viewers = format!("127.0.0.1:{}", free_port());
    let program = Program::prepare(json!({})).with("GATEHAND_VNC_LISTEN", &viewers);
    let jts = program.path("Jts");
    std::fs::create_dir(&jts).unwrap();
    symlink(installation().join("ibgateway"), jts.join("ibgateway")).unwrap();
    let mut program = program.start(&["demo", "--tws-path", &jts.display().to_string()]);

    program.wait_for_log("Ctrl-C stops everything.\n\n");
    let log = program.log();
    let after = |label: &str| {
        let line = log.lines().find_map(|line| line.strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label}: {log}")).to_owned()
    };
    assert_eq!(after("  state  "), "Ready");
    assert_eq!(after("  API    "), format!("127.0.0.1:{}", program.relay_port));
    let vnc = after("  VNC    ");
    let (address, password) = vnc.split_once("  password ").unwrap();
    assert_eq!(address, viewers);
    assert_eq!(password.len(), 8);
    assert_eq!(log.matches(password).count(), 1, "shown once: {log}");
    // It is opened by the same word that prints the summary.
    wait_for("the relay", || {
        TcpStream::connect(("127.0.0.1", program.relay_port)).ok()
    });
    let mut greeting = [0; 12];
    TcpStream::connect(&viewers)
        .unwrap()
        .read_exact(&mut greeting)
        .unwrap();
    assert_eq!(&greeting, b"RFB 003.008\n");
    for progress in [
        "the display is up",
        "LoginShown",
        "SubmittedCredentials",
        "LoggedIn",
        "the API answers",
    ] {
        assert!(log.contains(progress), "{progress}: {log}");
    }

    let processes = program.processes();
    assert!(processes.len() >= 3, "gatehand, Xvfb, gateway: {processes:?}");
    program.signal("INT");
    assert_eq!(program.ended().code(), Some(0), "{}", program.log());
    for pid in processes {
        assert!(
            !std::path::Path::new(&format!("/proc/{pid}")).exists(),
            "process {pid} is left"
        );
    }
    assert!(
        program.log().ends_with("Everything is stopped.\n"),
        "{}",
        program.log()
    );
    assert!(TcpStream::connect(("127.0.0.1", program.relay_port)).is_err());
    assert!(TcpStream::connect(&viewers).is_err());
}
