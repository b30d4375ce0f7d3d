//! A web server that wants a password (RFC 7617), and a browser that a user would open it with.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use super::common::TestDisplay;

/// A request: its path, and its `Authorization` header if it had one.
type Request = (String, Option<String>);

/// A server on this machine that shows its page for one `Authorization` header only, and remembers who asked.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Serves until the test ends.
    pub(crate) fn start(right: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let book = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let book = Arc::clone(&book);
                // A browser opens connections ahead of time: one must not wait for the other.
                std::thread::spawn(move || serve(&stream, right, &book));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The headers with which the page was asked for, in their order.
    pub(crate) fn attempts(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let pages = requests.iter().filter(|(path, _)| path == "/");
        pages.filter_map(|(_, header)| header.clone()).collect()
    }

    /// Asks for a path, as any other client would.
    pub(crate) fn ask_for(&self, path: &str) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\n\r\n").unwrap();
    }

    pub(crate) fn was_asked_for(&self, path: &str) -> bool {
        self.requests
            .lock()
            .unwrap()
            .iter()
            .any(|(other, _)| other == path)
    }
}

/// One request per connection.
fn serve(mut stream: &TcpStream, right: &str, book: &Mutex<Vec<Request>>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(path) = lines
        .next()
        .and_then(|line| line.split(' ').nth(1).map(str::to_owned))
    else {
        return;
    };
    let header = lines
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix("Authorization: ").map(str::to_owned));
    let is_right = header.as_deref() == Some(right);
    book.lock().unwrap().push((path, header));
    let (status, page) = if is_right {
        ("200 OK", "<title>Inside the gate</title>Welcome")
    } else {
        (
            "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"gate\"",
            "Not without a password",
        )
    };
    // A browser that went away misses nothing.
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
}

/// A Chromium with a profile of its own.
pub(crate) struct Browser {
    process: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub(crate) fn start(display: &TestDisplay, url: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let process = display
            .command("chromium")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--app={url}"))
            // The sandbox is not there for root, nor in most containers; neither is much shared memory.
            .args(["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"])
            .args([
                "--no-first-run",
                "--password-store=basic",
                "--disable-background-networking",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromium: {error}; install it with scripts/setup.sh test"));
        Self {
            process,
            _profile: profile,
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
