//! The HTTP port of a running gatehand, as its clients meet it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::Value;

use super::PATIENCE;
use super::program::{Program, free_port};

/// What opens it.
pub const TOKEN: &str = "a-token-of-the-tests-0123456789";

/// What a request was answered.
pub struct Answer {
    pub code: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

pub struct Port(pub u16);

impl Port {
    /// Has the program serve HTTP.
    pub fn of(program: Program) -> (Program, Self) {
        let port = free_port();
        let program = program
            .with("GATEHAND_HTTP_LISTEN", &port.to_string())
            .with("GATEHAND_HTTP_TOKEN", TOKEN);
        (program, Self(port))
    }

    /// Sends a request; `more` are further lines of its head.
    pub fn send(&self, method: &str, path: &str, more: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.0)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let host = if more.contains("Host:") {
            ""
        } else {
            "Host: localhost\r\n"
        };
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: {length}\r\n{more}\r\n{body}"
        )
        .unwrap();
        stream
    }

    pub fn ask(&self, method: &str, path: &str, more: &str, body: &str) -> Answer {
        let mut stream = self.send(method, path, more, body);
        let (mut all, mut part) = (Vec::new(), [0; 4096]);
        let begun = Instant::now();
        // A stream of events would never end.
        while let Some(read @ 1..) = Some(stream.read(&mut part).unwrap()) {
            assert!(begun.elapsed() < PATIENCE, "{method} {path} does not end");
            all.extend_from_slice(&part[..read]);
        }
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(all[..end].to_vec()).unwrap();
        Answer {
            code: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: all[end + 4..].to_vec(),
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &bearer(), "")
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &bearer(), body)
    }

    /// Whether it is live, ready and started.
    pub fn health(&self) -> (bool, bool, bool) {
        let ok = |path| match self.ask("GET", path, "", "").code {
            200 => true,
            503 => false,
            other => panic!("{path}: {other}"),
        };
        (ok("/livez"), ok("/readyz"), ok("/startupz"))
    }
}

/// The line of a head that shows the token.
pub fn bearer() -> String {
    format!("Authorization: Bearer {TOKEN}\r\n")
}
