//! A stand-in of the Client Portal Gateway, with the ways of the real one: it says nothing while it does not reach IBKR,
//! speaks no TLS 1.3, and answers 404 to whoever is not in its list.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// How it is with IBKR behind it.
#[derive(Clone, Debug)]
pub(crate) enum Upstream {
    /// It cannot be reached.
    Away,
    /// Nobody is logged in.
    NoSession,
    /// Somebody is: authenticated, connected, competing.
    Session([bool; 3]),
}

pub(crate) struct Gateway {
    pub(crate) port: u16,
    upstream: Arc<Mutex<Upstream>>,
    denies: Arc<Mutex<bool>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Gateway {
    /// One with this certificate; without TLS when there is none.
    pub(crate) fn start(certificate: Option<(&Path, &Path)>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let gateway = Self {
            port: listener.local_addr().unwrap().port(),
            upstream: Arc::new(Mutex::new(Upstream::NoSession)),
            denies: Arc::default(),
            requests: Arc::default(),
        };
        let tls = certificate.map(|(certificate, key)| Arc::new(tls(certificate, key)));
        let (upstream, denies) = (Arc::clone(&gateway.upstream), Arc::clone(&gateway.denies));
        let requests = Arc::clone(&gateway.requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (upstream, denies) = (Arc::clone(&upstream), Arc::clone(&denies));
                let (requests, tls) = (Arc::clone(&requests), tls.clone());
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    let told = |request: &str| {
                        requests.lock().unwrap().push(request.to_owned());
                        let denies = *denies.lock().unwrap();
                        answer(request, denies, &upstream.lock().unwrap())
                    };
                    match tls {
                        None => serve(stream, told),
                        Some(tls) => serve(
                            StreamOwned::new(ServerConnection::new(tls).unwrap(), stream),
                            told,
                        ),
                    }
                });
            }
        });
        gateway
    }

    pub(crate) fn be(&self, upstream: Upstream) {
        *self.upstream.lock().unwrap() = upstream;
    }

    /// From now on the caller's address is in no list.
    pub(crate) fn deny(&self) {
        *self.denies.lock().unwrap() = true;
    }

    /// The first lines of all requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn tls(certificate: &Path, key: &Path) -> ServerConfig {
    let chain = CertificateDer::pem_file_iter(certificate).unwrap();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    ServerConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            chain.map(Result::unwrap).collect(),
            PrivateKeyDer::from_pem_file(key).unwrap(),
        )
        .unwrap()
}

/// Answers one request, if it is one; waits for the client's end when there is no answer.
fn serve(stream: impl Read + Write, told: impl Fn(&str) -> Option<(u16, String)>) {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    // A client that does not like the certificate goes.
    if stream.read_line(&mut request).is_err() || request.is_empty() {
        return;
    }
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if stream.read_line(&mut line).unwrap() == 0 {
            return;
        }
    }
    match told(request.trim_end()) {
        Some((status, body)) => {
            let length = body.len();
            let head = format!("HTTP/1.1 {status} -\r\nContent-Length: {length}\r\nConnection: close\r\n");
            let location = if status == 302 {
                "Location: /sso/Login?forwardTo=22\r\n"
            } else {
                ""
            };
            write!(stream.get_mut(), "{head}{location}\r\n{body}").unwrap();
            stream.get_mut().flush().unwrap();
        }
        None => {
            let _ = stream.read(&mut [0]);
        }
    }
}

/// The answer to a request; none while there is nobody who could give one.
fn answer(request: &str, denies: bool, upstream: &Upstream) -> Option<(u16, String)> {
    if denies {
        return Some((404, "Access Denied".into()));
    }
    let path = request.split(' ').nth(1)?;
    if path == "/" {
        return Some((302, String::new()));
    }
    match upstream {
        Upstream::Away => None,
        // Whatever IBKR redirects to, the login page included.
        _ if path == "/sso/Dispatcher" => Some((200, "Client login succeeds".into())),
        Upstream::NoSession => Some((401, "Access Denied".into())),
        Upstream::Session(flags) if path == "/v1/api/tickle" => Some((200, tickle(flags).to_string())),
        Upstream::Session(_) => Some((404, "not found".into())),
    }
}

fn tickle([authenticated, connected, competing]: &[bool; 3]) -> Value {
    json!({
        "session": "9fe1d5b1f0e34a0f8f6a6b7a2c1d0e9f", "ssoExpires": 444_936, "collission": false, "userId": 132_329_622,
        "hmds": {"error": "no bridge"},
        "iserver": {"authStatus": {
            "authenticated": authenticated, "competing": competing, "connected": connected, "message": "", "MAC": "F4:00:00:00:00:01",
            "serverInfo": authenticated.then(|| json!({"serverName": "stand-in", "serverVersion": "Build 10.33.1f"})),
        }},
    })
}
