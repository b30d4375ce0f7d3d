//! One-time codes that a command or a service gives, and what is left to a human when they do not.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use common::program::Program;
use common::totp::{TOTP, totp};
use serde_json::{Value, json};

const KEY: &str = "JBSWY3DPEHPK3PXP";
/// A gateway that wants the code of an app, and a program that has no key for it.
fn prepare() -> Program {
    let factor = json!({"kind": "totp", "secret": KEY, "approved_after_ms": -1});
    let program = Program::prepare(json!({"second_factor": factor}));
    fs::write(program.path("totp.py"), TOTP).unwrap();
    program
}

#[test]
fn a_command_gives_the_code_that_a_window_asks_for() {
    let command = format!("echo run >>~/runs; python3 ~/totp.py {KEY} | tee ~/code; cat ~/code >&2");
    let mut program = prepare()
        .with("GATEHAND_CODE_COMMAND", &command)
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    assert_eq!(fs::read_to_string(program.path("runs")).unwrap(), "run\n");
    program.tells_nowhere(fs::read_to_string(program.path("code")).unwrap().trim());
}

#[test]
fn a_command_that_fails_is_told_and_a_human_may_give_the_code() {
    let mut program = prepare()
        .with("GATEHAND_CODE_COMMAND", "echo no signal >&2; exit 3")
        .start(&["run"]);
    program.wait_for_log("the command failed (exit code 3): no signal");
    program.ask(&["code", &totp(KEY)]).unwrap();
    program.wait_for_state("ready");
}

#[test]
fn a_service_gives_the_code() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let mut reading = BufReader::new(&stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(reading.read_line(&mut head).unwrap(), 0, "{head}");
            }
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reading.read_exact(&mut body).unwrap();
            let code = totp(KEY);
            write!(
                &stream,
                "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n{code}\n"
            )
            .unwrap();
            let _ = tell.send((head, String::from_utf8(body).unwrap(), code));
        }
    });
    let text = |value: Value| value.to_string();
    // The names of the image that has them.
    let mut program = prepare()
        .with(
            "IBEAM_EXTERNAL_REQUEST_URL",
            &format!("http://{address}/next/needle-of-the-address"),
        )
        .with("IBEAM_EXTERNAL_REQUEST_METHOD", "POST")
        .with("IBEAM_EXTERNAL_REQUEST_TIMEOUT", "20")
        .with(
            "IBEAM_EXTERNAL_REQUEST_PARAMS",
            &text(json!({"account": "a&b", "n": 5})),
        )
        .with(
            "IBEAM_EXTERNAL_REQUEST_HEADERS",
            &text(json!({"Authorization": "Bearer needle-of-a-header"})),
        )
        .with(
            "IBEAM_EXTERNAL_REQUEST_DATA",
            &text(json!({"kind": "needle of the form"})),
        )
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    let (head, body, code) = told.try_recv().unwrap();
    assert!(
        head.starts_with("POST /next/needle-of-the-address?account=a%26b&n=5 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.to_lowercase()
            .contains("authorization: bearer needle-of-a-header\r\n"),
        "{head}"
    );
    assert_eq!(body.replace("%20", "+"), "kind=needle+of+the+form");
    assert!(told.try_recv().is_err(), "one request for one code");
    program.tells_nowhere(&code);
    program.tells_nowhere("needle");
}

#[test]
fn a_service_that_has_none_is_told_without_its_secrets() {
    let nobody = common::program::free_port();
    let url = format!("http://127.0.0.1:{nobody}/needle");
    let mut program = prepare().with("GATEHAND_CODE_URL", &url).start(&["run"]);
    program.wait_for_log("the service of GATEHAND_CODE_URL does not answer");
    program.ask(&["code", &totp(KEY)]).unwrap();
    program.wait_for_state("ready");
    program.tells_nowhere("needle");
}

/// The kernel's word for it, by another program: `None` when that may not ask.
fn clock_is_kept() -> Option<bool> {
    // struct timex of 64-bit Linux: `status` is the int at 40, STA_UNSYNC its bit 0x40, and TIME_ERROR is 5.
    let script = "import ctypes,struct
state=ctypes.create_string_buffer(512)
verdict=ctypes.CDLL(None).adjtimex(state)
print(verdict, struct.unpack_from('i',state,40)[0] & 0x40)";
    let asked = Command::new("python3").args(["-c", script]).output().unwrap();
    match String::from_utf8(asked.stdout).unwrap().trim() {
        refused if refused.starts_with('-') => None,
        kept => Some(!kept.starts_with('5') && kept.ends_with(" 0")),
    }
}

#[test]
fn a_clock_that_nobody_keeps_right_is_told_to_those_whose_codes_depend_on_it() {
    let wrong = clock_is_kept() == Some(false);
    for (key, told) in [(KEY, wrong), ("", false)] {
        let mut program = prepare().with("TWOFACTOR_CODE", key).start(&["run"]);
        program.wait_for_log("the display is up");
        let warned = program
            .log()
            .contains("the system's clock is not known to be synchronised");
        assert_eq!(warned, told, "{}", program.log());
    }
}
