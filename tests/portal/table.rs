//! What the gateway answers to whom, the same for the stand-in and the real one: statuses, and what stands in the bodies.

use super::house::{House, Kind, WEBSOCKET, curl};
use super::upstream::Trouble;

/// An answer: its status, 0 for none, and what its body, or its `Location`, begins with.
type Answer = (u16, &'static str);
const NONE: Answer = (0, "");
const DENIED: Answer = (401, "Access Denied");

/// Method, path; the answers without IBKR, without a session, and with one.
const TABLE: [(&str, &str, [Answer; 3]); 13] = [
    ("GET", "/", [(302, "/sso/Login?forwardTo=22&RL=1&ip2loc=US"); 3]),
    (
        "GET",
        "/sso/Login?forwardTo=22&RL=1",
        [NONE, (200, "<!DOCTYPE html>"), (200, "<!DOCTYPE html>")],
    ),
    ("POST", "/v1/api/tickle", [NONE, DENIED, (200, "{\"")]),
    ("GET", "/v1/api/tickle", [NONE, DENIED, (200, "{\"")]),
    ("GET", "/v1/api/iserver/auth/status", [NONE, DENIED, (200, "{\"")]),
    ("GET", "/v1/api/one/user", [NONE, DENIED, (200, "{\"")]),
    ("GET", "/v1/portal/sso/validate", [NONE, DENIED, (200, "{\"")]),
    (
        "POST",
        "/v1/api/iserver/auth/ssodh/init",
        [NONE, DENIED, (200, "{\"")],
    ),
    (
        "POST",
        "/v1/portal/iserver/reauthenticate?force=true",
        [
            (200, "{\"error\":\"not logged in\"}"),
            (200, "{\"error\":\"not logged in\"}"),
            (200, "{\"message\":\"triggered\"}"),
        ],
    ),
    ("GET", "/clear", [(200, "cleared"), (200, "cleared"), NOT_ASKED]),
    ("GET", "/demo/", [(200, "<"), (200, "<"), (200, "<")]),
    ("GET", "/elsewhere", [(302, "https://localhost:"); 3]),
    // Ends the session: the last of them.
    (
        "POST",
        "/v1/api/logout",
        [NONE, DENIED, (200, "{\"status\":true}")],
    ),
];
/// It would end the session for the rows that follow.
const NOT_ASKED: Answer = (1, "");

#[test]
fn stand_in() {
    every_answer_is_that_of_the_table(Kind::StandIn);
}

#[test]
fn real() {
    match std::env::var_os("GATEHAND_TEST_CPG") {
        Some(_) => every_answer_is_that_of_the_table(Kind::Real),
        None => eprintln!("skipped: GATEHAND_TEST_CPG=1 fetches the real gateway and tries it"),
    }
}

fn every_answer_is_that_of_the_table(kind: Kind) {
    let names = ["IBEAM_ACCOUNT", "IBEAM_PASSWORD", "TWS_USERID", "TWS_PASSWORD"];
    let by_hand = names
        .into_iter()
        .fold(House::new(kind), |house, name| house.with(name, ""));
    // Its own questions would take the answers' places.
    let mut house = by_hand.with("IBEAM_MAINTENANCE_INTERVAL", "600").start();
    house.wait_for("no-session", "log in at the gateway's own page");
    let url = house.url.clone();
    let check = |column: usize| {
        for (method, path, answers) in TABLE {
            let (status, begin) = answers[column];
            if answers[column] == NOT_ASKED {
                continue;
            }
            let told = ask(&url, method, path);
            assert_eq!(
                told.0, status,
                "{kind:?} {method} {path} in column {column}: {}",
                told.1
            );
            assert!(
                told.1.starts_with(begin),
                "{kind:?} {method} {path} in column {column}: {}",
                told.1
            );
        }
    };
    check(1);
    // A redirection is a success to the gateway, wherever it leads.
    let told = ask(&url, "GET", "/sso/Dispatcher");
    assert_eq!((told.0, told.1.as_str()), (200, "Client login succeeds"));
    assert_eq!(ask(&url, "POST", "/v1/api/tickle").0, 401);
    let user = house.upstream.state().user.clone();
    let login =
        serde_json::json!({"step": "login", "user": user.name, "password": user.password, "paper": false});
    let (status, body) = curl(&["--data", &login.to_string(), &format!("{url}/sso/Authenticator")]);
    assert_eq!((status, body.contains("done")), (200, true), "{body}");
    assert_eq!(ask(&url, "POST", "/sso/Dispatcher").0, 200);
    check(2);
    assert_eq!(ask(&url, "POST", "/v1/api/tickle").0, 401);
    house.upstream.state().trouble = Trouble::Away;
    // One that knows of no login.
    house.program.ask(&["portal", "stop"]).unwrap();
    house.wait_for("inactive", "");
    house.program.ask(&["portal", "start"]).unwrap();
    house.wait_for("upstream-down", "no answer");
    check(0);
    house.upstream.state().trouble = Trouble::None;
    let (status, _) = curl(&[&WEBSOCKET[..], &[&format!("{url}/v1/api/ws")]].concat());
    assert_eq!(status, 101, "also where IBKR has none");
}

/// Status and body; in the place of an empty body what `Location` says.
fn ask(url: &str, method: &str, path: &str) -> (u16, String) {
    let mut arguments = vec!["--request", method, "--include"];
    let content = ["--header", "Content-Length: 0"];
    if method == "POST" {
        arguments.extend(content);
    }
    let url = format!("{url}{path}");
    arguments.push(&url);
    let (status, told) = curl(&arguments);
    let (head, body) = told.split_once("\r\n\r\n").unwrap_or((&told, ""));
    let location = head.lines().find_map(|line| {
        line.strip_prefix("Location: ")
            .or_else(|| line.strip_prefix("location: "))
    });
    let told = if body.is_empty() {
        location.unwrap_or_default()
    } else {
        body
    };
    (status, told.to_owned())
}
