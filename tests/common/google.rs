//! A stand-in of the two services of Google's that give a secret.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::json;

const TOKEN: &str = "ya29.token-needle";

/// Google's two services on one port: the metadata server, and Secret Manager below `/v1`.
pub struct Google {
    pub address: String,
    pub requests: Receiver<String>,
}

impl Google {
    /// `answer` gives status and body for a request for a secret, by its path.
    pub fn start(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, requests) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let request = read_request(&stream);
                let (status, body) = respond(&request, &answer);
                // A test that has seen enough is gone.
                let _ = tell.send(request);
                let _ = write!(
                    &stream,
                    "HTTP/1.1 {status} X\r\nLocation: /elsewhere\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { address, requests }
    }

    /// The service, with a secret under every name that begins with `projects/p/secrets/`.
    pub fn with_secrets(secrets: &'static [(&'static str, &'static str)]) -> Self {
        Self::start(move |path| {
            let name = path
                .strip_prefix("/v1/projects/p/secrets/")
                .and_then(|rest| rest.strip_suffix(":access"));
            match secrets.iter().find(|(known, _)| Some(*known) == name) {
                Some((name, data)) => (
                    200,
                    json!({"name": name, "payload": {"data": data, "dataCrc32c": "1"}}).to_string(),
                ),
                None => (404, json!({"error": "needle"}).to_string()),
            }
        })
    }

    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

fn read_request(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map(|line| line.unwrap());
    let lines: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    lines.join("\n")
}

fn respond(request: &str, answer: &impl Fn(&str) -> (u16, String)) -> (u16, String) {
    let path = request.split(' ').nth(1).unwrap();
    let has = |header: &str| request.lines().any(|line| line.eq_ignore_ascii_case(header));
    if path == "/computeMetadata/v1/instance/service-accounts/default/token" {
        if has("Metadata-Flavor: Google") {
            let token = json!({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"});
            return (200, token.to_string());
        }
        return (403, String::new());
    }
    if !has(&format!("Authorization: Bearer {TOKEN}")) {
        return (401, String::new());
    }
    answer(path)
}
