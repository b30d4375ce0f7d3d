//! A server of HTTP that keeps what it is sent, and answers as it is told.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use super::wait_within;

/// One request.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Method and path.
    pub line: String,
    /// The headers, in small letters as far as their names go.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Sent {
    pub fn header(&self, wanted: &str) -> &str {
        let found = self.headers.iter().find(|(name, _)| name == wanted);
        found.map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The server.
pub struct Receiver {
    pub address: SocketAddr,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Receiver {
    /// Answers the requests with these statuses, and those that come after with 200. 0: never.
    pub fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&sent);
        let mut statuses = VecDeque::from(statuses.to_vec());
        thread::spawn(move || {
            let mut unanswered = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = read(&mut BufReader::new(&stream)) else {
                    continue;
                };
                kept.lock().unwrap().push(request);
                match statuses.pop_front().unwrap_or(200) {
                    0 => unanswered.push(stream),
                    status => {
                        let answer =
                            format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                        let _ = stream.write_all(answer.as_bytes());
                    }
                }
            }
        });
        Self { address, sent }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn all(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// Waits for so many requests.
    pub fn wait(&self, count: usize) -> Vec<Sent> {
        wait_within(super::PATIENCE * 2, &format!("{count} requests"), || {
            Some(self.all()).filter(|sent| sent.len() >= count)
        })
    }
}

fn read(reading: &mut impl BufRead) -> Option<Sent> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reading.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let line = lines.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    let pairs = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
    let headers: Vec<_> = pairs
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
    reading.read_exact(&mut body).ok()?;
    Some(Sent { line, headers, body })
}
