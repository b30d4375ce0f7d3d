//! What a running gatehand is asked for from outside, and what the gateway's journal says of it.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};

use common::program::{Program, free_port};
use common::wait_for;
use serde_json::{Value, json};

fn times(program: &Program, state: &str) -> usize {
    let events = program.events();
    events.iter().filter(|event| event["state"] == state).count()
}

/// A subcommand that goes on, and its lines.
struct Follower(Child, BufReader<ChildStdout>);

impl Follower {
    fn start(program: &Program, arguments: &[&str]) -> Self {
        let mut child = program
            .asker(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self(child, lines)
    }

    /// Reads on to a line with this in it.
    fn until(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(self.1.read_line(&mut line).unwrap() > 0, "no {text:?}");
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_running_gatehand_does_what_it_is_asked_for() {
    let mut program = Program::run(json!({}));
    program.wait_for_state("ready");
    let status = program.ask(&["status", "--json"]);
    let status: Value = serde_json::from_str(&status.unwrap()).unwrap();
    let status = &status["gateways"][0];
    assert!(program.ask(&["status"]).unwrap().contains("Ready for"));
    assert!(program.ask(&["health"]).unwrap().starts_with("paper: Ready"));
    let events = program.ask(&["events"]).unwrap();
    assert_eq!(events.lines().count(), program.events().len());
    assert_eq!(status["state"], "ready");
    assert!(
        status["evidence"].as_str().unwrap().contains("handshake"),
        "{status}"
    );

    let mut events_follow = Follower::start(&program, &["events", "--follow"]);
    let mut watched = Follower::start(&program, &["status", "--watch"]);
    events_follow.until(r#""state":"ready""#);
    watched.until("Ready for");

    program.ask(&["save-settings"]).unwrap();
    program.journal.wait("settings_saved", |_| true);
    program.ask(&["reconnect-data"]).unwrap();
    program
        .journal
        .wait("confirmed", |entry| entry["what"] == "Reconnect data");

    program.ask(&["yield"]).unwrap();
    program.journal.wait("exit", |entry| entry["tidy"] == true);
    wait_for("a closed gateway", || {
        (times(&program, "stopped") == 1).then_some(())
    });
    events_follow.until(r#""state":"stopped""#);
    watched.until("Stopped for");
    let refused = program.ask(&["reconnect-account"]).unwrap_err();
    assert!(refused.contains("not logged in"), "{refused}");
    program.ask(&["reclaim"]).unwrap();
    wait_for("a second login", || (times(&program, "ready") == 2).then_some(()));

    program.ask(&["restart", "--cold", "--wait"]).unwrap();
    assert_eq!(times(&program, "ready"), 3, "it waited for the third login");
    assert_eq!(program.journal.all("submitted").len(), 3);
    watched.until("Ready for");

    program.ask(&["stop", "--wait"]).unwrap();
    assert!(
        !program.path("state/control.sock").exists(),
        "it waited for the end"
    );
    assert_eq!(program.ended().code(), Some(0));
    watched.until("down: ");
    drop((events_follow, watched));
    let nobody = program.ask(&["status"]).unwrap_err();
    assert!(nobody.contains("is it running"), "{nobody}");
}

#[test]
fn the_command_server_speaks_as_that_of_ibc() {
    let port = free_port();
    let mut program = Program::prepare(json!({}))
        .with("GATEHAND_COMMAND_PORT", &port.to_string())
        .with("GATEHAND_COMMAND_PROMPT", "ready> ")
        .with("GATEHAND_SUPPRESS_INFO_MESSAGES", "no")
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut said = BufReader::new(stream.try_clone().unwrap());
    let mut hear = || {
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        line
    };
    let say = |line: &str| (&stream).write_all(line.as_bytes()).unwrap();
    assert_eq!(hear(), "INFO IBC Command Server\n");
    say("sell\n");
    assert_eq!(hear(), "ready> ERROR Command invalid\n");
    say("ENABLEAPI\n");
    assert_eq!(hear(), "ready> ERROR ENABLEAPI is not valid for the IB Gateway\n");
    say("reconnectaccount\r\n");
    assert_eq!(hear(), "ready> OK \n");
    program
        .journal
        .wait("confirmed", |entry| entry["what"] == "Reconnect account");
    say("STOP\n");
    assert_eq!(hear(), "ready> OK Shutting down\n");
    assert_eq!(program.ended().code(), Some(0));
    program.journal.wait("exit", |entry| entry["tidy"] == true);
}

/// The code of this moment by another program.
fn totp(key: &str) -> String {
    let script = "import base64,hmac,struct,sys,time\nk=base64.b32decode(sys.argv[1])\nh=hmac.new(k,struct.pack('>Q',int(time.time())//30),'sha1').digest()\no=h[-1]&15\nprint('%06d'%((struct.unpack('>I',h[o:o+4])[0]&0x7fffffff)%1000000))";
    let made = std::process::Command::new("python3")
        .args(["-c", script, key])
        .output()
        .unwrap();
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_code_that_a_human_gives_is_typed_into_the_window_that_asks_for_one() {
    let factor = json!({"kind": "totp", "secret": "JBSWY3DPEHPK3PXP", "approved_after_ms": -1});
    let mut program = Program::run(json!({"second_factor": factor}));
    program.wait_for_state("second-factor");
    let nonsense = program.ask(&["code", "12"]).unwrap_err();
    assert!(nonsense.contains("4 to 16"), "{nonsense}");
    program.ask(&["code", "12 34 56"]).unwrap();
    program
        .journal
        .wait("second_factor", |entry| entry["state"] == "refused");
    let code = totp("JBSWY3DPEHPK3PXP");
    program.ask(&["code", "--wait", &code]).unwrap();
    assert_eq!(times(&program, "logged-in"), 1, "it waited for the login");
    program.wait_for_state("ready");
    let events = std::fs::read_to_string(program.path("state/events.jsonl")).unwrap();
    assert!(!events.contains(&code) && !program.log().contains(&code));
}
