//! Codes that a service, a command or a human gives, for the login page.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

use serde_json::Value;

use super::house::{House, Kind};
use super::upstream::Factor;

/// A page that takes this code alone.
fn with_code(code: &str) -> House {
    House::new(Kind::StandIn).ibkr(|ibkr| ibkr.user.factor = Factor::Code(vec![code.into()]))
}

/// As IBeam's names say it.
#[test]
fn a_service_gives_the_code() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let head = BufReader::new(&stream).lines().map(Result::unwrap);
            head.take_while(|line| !line.is_empty()).for_each(drop);
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n314159";
            (&stream).write_all(answer.as_bytes()).unwrap();
        }
    });
    let mut house = with_code("314159")
        .with("IBEAM_TWO_FA_HANDLER", "EXTERNAL_REQUEST")
        .with("IBEAM_EXTERNAL_REQUEST_URL", &format!("http://{address}/code"))
        .start();
    house.wait_for("ready", "");
    assert_eq!((house.logins(), house.upstream.state().codes.len()), (1, 1));
    house.program.tells_nowhere("314159");
}

/// The login stands there until its time is over.
#[test]
fn a_human_gives_the_code_that_a_command_could_not() {
    let mut house = with_code("271828")
        .with("GATEHAND_CODE_COMMAND", "echo no signal >&2; exit 3")
        .start();
    house.program.wait_for_log("(exit code 3): no signal");
    house.program.wait_for_log("give it by `gatehand portal code`");
    let told = house.program.ask(&["portal", "status", "--json"]).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    let status = &told["gateways"][0];
    assert_eq!(status["second_factor"]["code_wanted"], true, "{told}");
    let left = status["attempts"]["left"].as_u64().unwrap();
    house.program.ask(&["portal", "code", "271828"]).unwrap();
    house.wait_for("ready", "");
    let told = house.program.ask(&["portal", "status", "--json"]).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    let status = &told["gateways"][0];
    assert_eq!(status["second_factor"], Value::Null, "{told}");
    assert!(status["attempts"]["left"].as_u64().unwrap() > left, "{told}");
    assert_eq!((house.logins(), house.upstream.state().codes.len()), (1, 1));
    house.program.tells_nowhere("271828");
    let refused = house.program.ask(&["portal", "code", "271828"]).unwrap_err();
    assert!(refused.contains("no login asks for a code now"), "{refused}");
}
