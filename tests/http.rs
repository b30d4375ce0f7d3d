//! The HTTP port of a running gatehand, as curl, Kubernetes and a browser's page meet it.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use common::http::{Port, TOKEN, bearer};
use common::program::{Program, free_port};
use common::{PATIENCE, wait_for};
use gatehand::control::metrics::METRICS;
use serde_json::{Value, json};

/// The samples of `/metrics`, without the label that is the same in all.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let name = name
            .replace("gateway=\"paper\"", "")
            .replace("{,", "{")
            .replace(",}", "}");
        (name.replace("{}", ""), value.parse().unwrap())
    };
    samples.map(sample).collect()
}

/// Debian's promtool has nothing to find fault with.
fn is_accepted_by_promtool(text: &str) {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool of the Debian package prometheus");
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}

/// The lines of a stream of events, which sends one every now and then even if nothing happens.
fn lines_of(stream: TcpStream) -> impl Iterator<Item = String> {
    let begun = Instant::now();
    BufReader::new(stream).lines().map(move |line| {
        assert!(begun.elapsed() < PATIENCE, "what is waited for does not come");
        line.unwrap()
    })
}

/// Sends a command to the stand-in's control port.
fn control(program: &Program, command: &str) {
    let entry = program.journal.all("control").pop().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", entry["port"].as_u64().unwrap() as u16)).unwrap();
    stream.write_all(format!("{command}\n").as_bytes()).unwrap();
    let mut answer = [0; 3];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"ok\n", "{command}");
}

fn program(scenario: Value) -> (Program, Port) {
    Port::of(Program::prepare(scenario))
}

/// With TLS nothing that the token opens is told without it, and nobody has to serve viewers for that.
#[test]
fn where_tls_is_set_the_token_is_taken_through_it_alone() {
    let (program, port) = program(json!({}));
    let mut program = program.with("GATEHAND_VNC_TLS", "yes").start(&["-v", "run"]);
    program.wait_for_state("ready");
    let certificate = program.path("state/viewers/tls.pem").display().to_string();
    let by_tls = |path: &str| -> (String, String) {
        let output = Command::new("curl")
            .args([
                "--silent",
                "--show-error",
                "--noproxy",
                "*",
                "--cacert",
                &certificate,
            ])
            .args(["--header", bearer().trim_end(), "--write-out", "\n%{http_code}"])
            .arg(format!("https://localhost:{}{path}", port.0))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\n{}", program.log());
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, code) = text.rsplit_once('\n').unwrap();
        (body.to_owned(), code.to_owned())
    };
    let (status, code) = by_tls("/status");
    assert_eq!(code, "200");
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["gateways"][0]["state"], "ready");

    for (method, path) in GUARDED {
        let answer = port.ask(method, path, &bearer(), "");
        assert_eq!(answer.code, 403, "{path}");
        assert!(answer.text().contains("https://"), "{path}: {}", answer.text());
    }
    let sign_in = json!({"token": TOKEN}).to_string();
    assert_eq!(port.ask("POST", "/session", "", &sign_in).code, 403);
    let page = port.ask("GET", "/", "", "");
    assert_eq!(
        (page.code, page.header("location")),
        (307, Some("https://localhost/"))
    );
    assert_eq!(port.health(), (true, true, true), "probes need no certificate");
}

const GUARDED: [(&str, &str); 20] = [
    ("GET", "/metrics"),
    ("GET", "/status"),
    ("GET", "/screenshot.png"),
    ("GET", "/events"),
    ("GET", "/dialogs/unknown"),
    ("GET", "/dialogs/unknown/1-unknown-dialog"),
    ("GET", "/dialogs/unknown/1-unknown-dialog/window.png"),
    ("POST", "/dialogs/unknown/1-unknown-dialog/teach"),
    ("POST", "/commands/stop"),
    ("POST", "/commands/restart"),
    ("POST", "/commands/reconnect-data"),
    ("POST", "/commands/reconnect-account"),
    ("POST", "/commands/save-settings"),
    ("POST", "/commands/enable-api"),
    ("POST", "/commands/pause"),
    ("POST", "/commands/yield"),
    ("POST", "/commands/reclaim"),
    ("POST", "/commands/resume"),
    ("POST", "/commands/code"),
    ("POST", "/commands/unlock"),
];

#[test]
fn each_path_answers_those_who_may_ask_and_nobody_else() {
    let (program, port) = program(json!({}));
    let viewers = free_port();
    let mut program = program
        .with("GATEHAND_VNC_PASSWORD", "12345678")
        .with("GATEHAND_VNC_LISTEN", &viewers.to_string())
        .start(&["-v", "run"]);
    program.wait_for_state("ready");
    for (method, path) in GUARDED {
        let answer = port.ask(method, path, "", "");
        assert_eq!(
            (answer.code, answer.header("www-authenticate")),
            (401, Some("Bearer")),
            "{path}"
        );
        let stranger = format!("Host: rebound.example.org\r\n{}", bearer());
        assert_eq!(port.ask(method, path, &stranger, "").code, 403, "{path}");
    }
    let page = format!("Origin: https://evil.example.org\r\n{}", bearer());
    assert_eq!(port.ask("POST", "/commands/stop", &page, "").code, 403);
    assert_eq!(port.health(), (true, true, true));

    let status = &port.get("/status").json()["gateways"][0];
    let by_socket: Value = serde_json::from_str(&program.ask(&["status", "--json"]).unwrap()).unwrap();
    let by_socket = &by_socket["gateways"][0];
    for key in [
        "gateway", "state", "evidence", "since", "versions", "attempts", "health",
    ] {
        assert_eq!(status[key], by_socket[key], "{key}");
    }
    assert_eq!(
        (&status["state"], &status["gateway"]),
        (&json!("ready"), &json!("paper"))
    );
    assert!(
        status["process"]["resident_bytes"].as_u64().unwrap() > 10 << 20,
        "{status}"
    );
    assert_eq!(status["attempts"]["left"], 1, "{status}");
    the_metrics_are_those_that_are_described(&port);
    what_is_carried_is_counted(&port, program.relay_port, viewers);
    let picture = port.get("/screenshot.png");
    assert_eq!(
        (picture.code, picture.header("content-type")),
        (200, Some("image/png"))
    );
    assert!(picture.body.starts_with(b"\x89PNG"));

    for (path, body, code) in [
        ("/commands/code", r#"{"code": "123456"}"#, 409),
        ("/commands/code", r#"{"code": "1"}"#, 400),
        ("/commands/restart", r#"{"cold": "yes"}"#, 400),
        ("/commands/stop?of=live", "", 404),
        ("/commands/stop?of=both", "", 400),
        ("/commands/enable-api", "", 409),
        ("/commands/unlock", "", 200),
        ("/commands/save-settings", "", 200),
        ("/commands/sell", "", 404),
        (
            "/dialogs/unknown/1-unknown-dialog/teach",
            r#"{"button": "OK"}"#,
            404,
        ),
        ("/dialogs/unknown/1-unknown-dialog/teach", "OK", 400),
    ] {
        let answer = port.post(path, body);
        assert_eq!(answer.code, code, "{path}: {}", answer.text());
        assert_eq!(answer.json()["ok"], code == 200, "{path}");
    }
    assert_eq!(port.get("/dialogs/unknown").json(), json!({"dialogs": []}));
    assert_eq!(port.get("/dialogs/unknown/..%2fx/window.png").code, 404);
    program.journal.wait("settings_saved", |_| true);
    assert_eq!(port.get("/commands/stop").code, 405);

    for _ in 0..5 {
        let guess = port.ask("GET", "/status", "Authorization: Bearer guess\r\n", "");
        assert_eq!(guess.code, 401);
    }
    let wait = port.get("/status");
    assert_eq!(wait.code, 429, "{}", wait.text());
    assert!(wait.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    assert!(!program.log().contains(TOKEN));
    assert_eq!(program.stop(), Some(0));
}

fn the_metrics_are_those_that_are_described(port: &Port) {
    let answer = port.get("/metrics");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4"));
    let text = answer.text();
    is_accepted_by_promtool(text);
    let served = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let served: BTreeMap<&str, &str> = served.filter_map(|line| line.split_once(' ')).collect();
    let described = METRICS.iter().map(|metric| (metric.name, metric.kind.name()));
    let mut described: BTreeMap<&str, &str> = described.collect();
    // Of what is not there now: dialogs, an outage, a lock-out.
    for absent in [
        "gatehand_dialogs_total",
        "gatehand_login_locked_until_timestamp_seconds",
        "gatehand_planned_outage_end_timestamp_seconds",
    ] {
        assert!(described.remove(absent).is_some(), "{absent}");
    }
    assert_eq!(served, described);
    let samples = samples(text);
    for (name, value) in [
        ("gatehand_state{state=\"ready\"}", 1.0),
        ("gatehand_state{state=\"starting\"}", 0.0),
        ("gatehand_ready", 1.0),
        ("gatehand_login_submissions_total", 1.0),
        ("gatehand_logins_total{outcome=\"logged-in\"}", 1.0),
        ("gatehand_logins_total{outcome=\"refused\"}", 0.0),
        ("gatehand_login_duration_seconds_count", 1.0),
        ("gatehand_login_attempts_left", 1.0),
        ("gatehand_relay_listening", 1.0),
    ] {
        assert_eq!(samples.get(name), Some(&value), "{name}: {text}");
    }
    assert!(samples["gatehand_gateway_resident_memory_bytes"] > 1e7, "{text}");
    assert!(
        samples["gatehand_api_answer_duration_seconds_count"] > 0.0,
        "{text}"
    );
    assert!(!text.contains("U1234567"), "{text}");
}

fn what_is_carried_is_counted(port: &Port, relay: u16, viewers: u16) {
    let counted = |name: &str| samples(port.get("/metrics").text())[name];
    let moved = [
        ("gatehand_relay_bytes_total{direction=\"to-gateway\"}", 17.0),
        ("gatehand_relay_bytes_total{direction=\"to-client\"}", 7.0),
        ("gatehand_relay_connections_total{outcome=\"accepted\"}", 1.0),
        ("gatehand_viewer_bytes_total{direction=\"to-viewer\"}", 12.0),
        ("gatehand_viewer_bytes_total{direction=\"from-viewer\"}", 12.0),
    ];
    for (name, _) in moved {
        assert_eq!(counted(name), 0.0, "{name}");
    }
    let mut client = TcpStream::connect(("127.0.0.1", relay)).unwrap();
    client.write_all(b"API\0\0\0\0\x09v100..187").unwrap();
    client.read_exact(&mut [0; 7]).unwrap();
    let mut viewer = TcpStream::connect(("127.0.0.1", viewers)).unwrap();
    viewer.read_exact(&mut [0; 12]).unwrap();
    viewer.write_all(b"RFB 003.008\n").unwrap();
    for (name, least) in moved {
        wait_for(name, || (counted(name) >= least).then_some(()));
    }
    assert_eq!(counted("gatehand_viewers"), 1.0);
}

#[test]
fn without_a_token_there_are_health_checks_only() {
    let (mut program, port) = program(json!({}));
    program.set("GATEHAND_HTTP_TOKEN", "");
    program.set("GATEHAND_HTTP_OPEN_METRICS", "yes");
    let mut program = program.start(&["run"]);
    program.wait_for_log("HTTP is served");
    for (method, path) in GUARDED.into_iter().filter(|(_, path)| *path != "/metrics") {
        let answer = port.ask(method, path, "Authorization: Bearer \r\n", "");
        assert_eq!(answer.code, 403, "{path}: {}", answer.text());
    }
    assert_eq!(port.ask("GET", "/livez", "", "").code, 200);
    let opened = port.ask("GET", "/metrics", "", "");
    assert!(
        opened.text().contains("gatehand_live{gateway=\"paper\"} 1"),
        "{}",
        opened.text()
    );
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn events_come_as_they_happen_and_what_was_missed_comes_first() {
    let (program, port) = program(json!({}));
    let mut program = program.start(&["run"]);
    program.wait_for_log("HTTP is served");
    let stream = port.send("GET", "/events", &bearer(), "");
    let mut lines = lines_of(stream);
    let mut id = String::new();
    let ready = lines.by_ref().find(|line| {
        if let Some(new) = line.strip_prefix("id: ") {
            new.clone_into(&mut id);
        }
        line.starts_with("data: ") && line.contains(r#""state":"ready""#)
    });
    let event: Value = serde_json::from_str(&ready.unwrap()["data: ".len()..]).unwrap();
    assert_eq!(event["gateway"], "paper");
    drop(lines);

    let again = port.send("GET", "/events?last=1", &bearer(), "");
    let mut lines = lines_of(again);
    let last = lines.find(|line| line.starts_with("data: ")).unwrap();
    let last: Value = serde_json::from_str(&last["data: ".len()..]).unwrap();
    assert_eq!(last["ts"], program.events().last().unwrap()["ts"]);

    let from_begin = format!("Last-Event-ID: 0\r\n{}", bearer());
    let all = port.send("GET", "/events", &from_begin, "");
    let data = lines_of(all);
    let first = data.into_iter().find(|line| line.starts_with("data: ")).unwrap();
    assert!(first.contains(&program.events()[0]["ts"].to_string()), "{first}");
    assert_eq!(program.stop(), Some(0));
}

/// Asks the health checks again and again, as Kubernetes does, and keeps what changed.
struct Prober {
    ends: Arc<AtomicBool>,
    probing: JoinHandle<Vec<(bool, bool, bool)>>,
}

impl Prober {
    fn start(port: u16) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let probing = thread::spawn(move || {
            let mut seen = Vec::new();
            while !told.load(Ordering::Relaxed) {
                let now = Port(port).health();
                if seen.last() != Some(&now) {
                    seen.push(now);
                }
            }
            seen
        });
        Self { ends, probing }
    }

    /// What was seen, from the beginning to now.
    fn end(self) -> Vec<(bool, bool, bool)> {
        self.ends.store(true, Ordering::Relaxed);
        self.probing.join().unwrap()
    }
}

#[test]
fn health_follows_a_restart_as_planned_and_a_lost_api() {
    let (program, port) = program(json!({"control_port": 0}));
    // A connection that stays tells at once that it is lost.
    let program = program.with("GATEHAND_PROBE_CLIENT_ID", "4711");
    let mut program = program.start(&["-v", "run"]);
    program.wait_for_log("HTTP is served");
    assert_eq!(port.health(), (true, false, false), "the gateway starts");
    let prober = Prober::start(port.0);
    wait_for("a ready gateway", || port.health().1.then_some(()));

    program.let_gateway_restart();
    program.wait_for_state("restarting");
    let not_ready = wait_for("an API that is away", || {
        let answer = port.ask("GET", "/readyz", "", "");
        (answer.code == 503).then_some(answer)
    });
    assert!(not_ready.header("retry-after").is_some(), "{}", not_ready.text());
    assert_eq!(port.ask("GET", "/livez", "", "").code, 200);
    wait_for("an API that is back", || port.health().1.then_some(()));

    control(&program, "api off");
    wait_for("a lost API", || {
        (port.health() == (true, false, true)).then_some(())
    });
    assert!(
        port.ask("GET", "/readyz", "", "")
            .text()
            .starts_with("Disconnected")
    );
    control(&program, "api on");
    wait_for("an API that answers again", || port.health().1.then_some(()));
    let away = (true, false, true);
    let there = (true, true, true);
    let seen = prober.end();
    let expected = [(true, false, false), away, there, away, there, away, there];
    // The first window may have come before the first look.
    assert!(
        seen.len() >= 6 && expected.ends_with(&seen),
        "start, restart, lost API: {seen:?}"
    );
    let metrics = port.get("/metrics");
    let samples = samples(metrics.text());
    for (name, value) in [
        ("gatehand_restarts_total", 1.0),
        ("gatehand_disconnections_total", 1.0),
        ("gatehand_outage_duration_seconds_count", 2.0),
        ("gatehand_logins_total{outcome=\"logged-in\"}", 2.0),
    ] {
        assert_eq!(samples.get(name), Some(&value), "{name}: {}", metrics.text());
    }
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn a_second_factor_that_is_waited_for_is_live_and_not_ready() {
    let factor = json!({"kind": "totp", "secret": "JBSWY3DPEHPK3PXP", "approved_after_ms": -1});
    let (program, port) = program(json!({"second_factor": factor}));
    let mut program = program.start(&["-v", "run"]);
    program.wait_for_state("second-factor");
    wait_for("its health", || {
        (port.health() == (true, false, true)).then_some(())
    });
    let ready = port.ask("GET", "/readyz", "", "");
    assert!(ready.text().starts_with("SecondFactor: "), "{}", ready.text());
    assert_eq!(ready.header("retry-after"), Some("30"));
    let status = &port.get("/status").json()["gateways"][0];
    assert!(status["second_factor"]["by_hand"].is_boolean(), "{status}");
    assert_eq!(program.stop(), Some(0));
}

#[test]
fn schemathesis_finds_nothing_between_the_description_and_what_is_served() {
    let (program, port) = program(json!({"start": "main"}));
    let mut program = program.start(&["run"]);
    program.wait_for_state("ready");
    let output = Command::new(common::python().with_file_name("schemathesis"))
        .args(["run", &format!("http://127.0.0.1:{}/openapi.json", port.0)])
        .args(["--header", bearer().trim()])
        // One ends gatehand, the other does not end.
        .args(["--exclude-path", "/commands/stop", "--exclude-path", "/events"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "3"])
        .args(["--seed", "1", "--generation-deterministic"])
        // A 503 is an answer here; one that is not described is found all the same.
        .args(["--exclude-checks", "not_a_server_error"])
        .args(["--no-color", "--suppress-health-check", "all"])
        .current_dir(program.path("."))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{error}\n{}", program.log());
    assert!(said.contains("Test cases:"), "{said}");
    assert!(port.health().0);
    assert_eq!(program.stop(), Some(0));
}
