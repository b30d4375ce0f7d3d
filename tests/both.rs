//! `TRADING_MODE=both`: two gateways in one process, and what befalls one does not disturb the other.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use common::gateway::Journal;
use common::http::Port;
use common::program::{Program, family};
use common::{PATIENCE, wait_for};
use gatehand::gateway;
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

/// A program with two gateways, on the ports of the trading modes: one such program at a time on this machine.
struct Both {
    program: Program,
    http: Port,
    _ports: File,
}

impl Both {
    /// The paper account's password is right; `password` is that of the live one.
    fn start(password: &str) -> Self {
        let ports = File::create(std::env::temp_dir().join("gatehand-test-ports")).unwrap();
        flock(&ports, FlockOperation::LockExclusive).unwrap();
        let (program, http) = Port::of(Program::prepare(json!({})));
        let mut program = program
            .with("TRADING_MODE", "both")
            .with("GATEHAND_API_PORT", "")
            .with("TWS_PORT", "")
            .with("TWS_USERID", "alive")
            .with("TWS_PASSWORD", password)
            .with("TWS_USERID_PAPER", "paperus")
            .with("TWS_PASSWORD_PAPER", "paperpass")
            .with("VNC_SERVER_PASSWORD", "12345678");
        for (mode, user, password) in [("live", "alive", "livepass"), ("paper", "paperus", "paperpass")] {
            let folder = program.path(&format!("settings_{mode}"));
            fs::create_dir(&folder).unwrap();
            let scenario = json!({"user": user, "password": password, "trading_mode": "live"});
            fs::write(folder.join("scenario.json"), scenario.to_string()).unwrap();
        }
        program.restart(&["-v", "run"]);
        Self {
            program,
            http,
            _ports: ports,
        }
    }

    fn journal(&self, mode: &str) -> Journal {
        Journal::in_folder(&self.program.path(&format!("settings_{mode}")))
    }

    /// The states that the gateway of this mode was in.
    fn states(&self, mode: &str) -> Vec<String> {
        let events = self.program.path(&format!("state/{mode}/events.jsonl"));
        let text = fs::read_to_string(events).unwrap_or_default();
        let complete = text.rfind('\n').map_or("", |end| &text[..=end]);
        let events = complete
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        events
            .filter(|event| event["event"] == "state")
            .map(|event| event["state"].as_str().unwrap().to_owned())
            .collect()
    }

    fn wait_for_state(&self, mode: &str, state: &str, times: usize) {
        let deadline = Instant::now() + PATIENCE * 2;
        loop {
            let states = self.states(mode);
            if states.iter().filter(|found| *found == state).count() >= times {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{mode}: waited in vain for {state}: {states:?}\n{}",
                self.program.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether an API answers on the relay's port.
    fn answers(port: u16) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let address = ([127, 0, 0, 1], port).into();
        runtime
            .block_on(gateway::probe(address, Duration::from_secs(5)))
            .is_ok()
    }
}

fn command_line(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

#[test]
fn two_gateways_each_with_its_own_login_ports_and_display() {
    let mut both = Both::start("livepass");
    both.wait_for_state("live", "ready", 1);
    both.wait_for_state("paper", "ready", 1);
    for (mode, user) in [("live", "alive"), ("paper", "paperus")] {
        let submitted = both.journal(mode).all("submitted");
        assert_eq!(submitted.len(), 1, "{mode}");
        assert_eq!(submitted[0]["user"], user);
        assert_eq!(submitted[0]["password_matches"], true);
        assert_eq!(submitted[0]["trading_mode"], mode);
    }
    wait_for("both relays", || {
        (Both::answers(4003) && Both::answers(4004)).then_some(())
    });
    for port in [5900, 5901] {
        let mut version = [0; 12];
        let mut viewer = TcpStream::connect(("127.0.0.1", port)).unwrap();
        viewer.read_exact(&mut version).unwrap();
        assert_eq!(&version, b"RFB 003.008\n", "{port}");
        viewer.write_all(&version).unwrap();
        let mut types = [0; 4];
        viewer.read_exact(&mut types).unwrap();
        assert_eq!(types, [3, 129, 5, 2], "{port}");
    }
    // Each has a key of its own, which viewers remember.
    let keys = ["live", "paper"].map(|mode| {
        let path = both.program.path(&format!("state/{mode}/viewers/rsa.der"));
        fs::read(path).unwrap()
    });
    assert_ne!(keys[0], keys[1]);
    let status = both.program.ask(&["status", "--json"]).unwrap();
    let status: Value = serde_json::from_str(&status).unwrap();
    let modes = [0, 1].map(|at| status["gateways"][at]["gateway"].clone());
    assert_eq!(modes, ["live", "paper"], "{status}");
    let one = both.program.ask(&["status", "--of", "paper"]).unwrap();
    assert!(one.starts_with("paper ") && one.contains("Ready for"), "{one}");
    let which = both.program.ask(&["code", "123456"]).unwrap_err();
    assert!(which.contains("--of live or --of paper"), "{which}");
    one_port_tells_of_both(&both.http);
    // Every line of either gateway tells which.
    let log = both.program.log();
    for mode in ["live", "paper"] {
        for text in [
            "the API answers",
            "Forking",
            "viewers are served",
            "the display is up",
        ] {
            assert!(
                log.lines()
                    .any(|line| line.contains(&format!("{mode}: ")) && line.contains(text)),
                "{mode}: {text}\n{log}"
            );
        }
    }

    let asked = both.program.ask(&["stop"]).unwrap();
    assert!(asked.contains("stopping"), "{asked}");
    assert_eq!(both.program.ended().code(), Some(0));
    for mode in ["live", "paper"] {
        both.journal(mode).wait("exit", |exit| exit["tidy"] == true);
    }
}

fn one_port_tells_of_both(http: &Port) {
    let ready = http.get("/readyz");
    let lines: Vec<&str> = ready.text().lines().collect();
    assert_eq!((ready.code, lines.len()), (200, 2), "{lines:?}");
    assert!(
        lines[0].starts_with("live: Ready") && lines[1].starts_with("paper: Ready"),
        "{lines:?}"
    );
    let of = |query: &str| {
        let status = http.get(&format!("/status{query}")).json();
        let gateways = status["gateways"].as_array().unwrap().clone();
        gateways
            .into_iter()
            .map(|one| one["gateway"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(""), ["live", "paper"]);
    assert_eq!(of("?of=paper"), ["paper"]);
    let metrics = http.get("/metrics");
    let text = metrics.text();
    for line in [
        "gatehand_ready{gateway=\"live\"} 1",
        "gatehand_ready{gateway=\"paper\"} 1",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let types = text.lines().filter(|line| line.starts_with("# TYPE "));
    let mut seen = std::collections::BTreeSet::new();
    assert!(
        types.into_iter().all(|line| seen.insert(line)),
        "each family once: {text}"
    );
    for (path, code) in [
        ("/commands/save-settings", 400),
        ("/commands/save-settings?of=live", 200),
        ("/commands/save-settings?of=both", 400),
    ] {
        assert_eq!(http.post(path, "").code, code, "{path}");
    }
    assert_eq!(http.get("/screenshot.png").code, 400);
    assert_eq!(http.get("/screenshot.png?of=paper").code, 200);
}

#[test]
fn a_display_that_dies_takes_one_gateway_with_it_and_that_one_comes_back() {
    let mut both = Both::start("livepass");
    both.wait_for_state("live", "ready", 1);
    both.wait_for_state("paper", "ready", 1);
    let paper = both.journal("paper").all("started")[0]["pid"].as_u64().unwrap();
    let state = both.program.path("state/live/display").display().to_string();
    let display = family(both.program.pid())
        .into_iter()
        .find(|pid| command_line(*pid).contains(&state))
        .unwrap();
    let killed = Command::new("kill")
        .args(["-KILL", &display.to_string()])
        .status();
    assert!(killed.unwrap().success());

    both.wait_for_state("live", "ready", 2);
    assert!(
        both.program
            .log()
            .contains("this gateway is started again in 5 s"),
        "{}",
        both.program.log()
    );
    assert_eq!(both.journal("live").all("submitted").len(), 2);
    assert_eq!(both.states("paper").last().unwrap(), "ready");
    let started = both.journal("paper").all("started");
    assert_eq!(started.len(), 1);
    assert!(family(both.program.pid()).contains(&(paper as u32)));
    assert!(Both::answers(4004));

    let everybody = both.program.processes();
    assert_eq!(both.program.stop(), Some(0));
    let left: Vec<_> = everybody
        .into_iter()
        .map(command_line)
        .filter(|line| !line.is_empty())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn refused_credentials_lock_one_gateway_and_not_the_other() {
    let mut both = Both::start("wrong");
    both.wait_for_state("live", "locked-out", 1);
    both.wait_for_state("paper", "ready", 1);
    assert_eq!(both.journal("live").all("submitted").len(), 1);
    assert!(Both::answers(4004));
    assert!(!Both::answers(4003));
    let ready = both.http.get("/readyz");
    assert!(
        ready.code == 503 && ready.text().contains("live: LockedOut"),
        "{}",
        ready.text()
    );
    assert_eq!(both.http.get("/readyz?of=paper").code, 200);
    assert_eq!(both.http.get("/livez").code, 200);
    assert_eq!(both.program.stop(), Some(0));
}
