//! Chromium without a display, driven by the protocol of its developer tools.

use std::io::BufRead as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64ct::{Base64, Encoding as _};
use gatehand::screen::{Frame, Size};
use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use crate::common::{PATIENCE, wait_for};

/// noVNC's files, from Debian's package.
const NOVNC: &str = "/usr/share/novnc";

/// A server of noVNC's pages, on another port than the viewers'.
pub(crate) struct Pages {
    server: Child,
    port: u16,
}

impl Pages {
    pub(crate) fn start() -> Self {
        assert!(
            PathBuf::from(NOVNC).join("vnc.html").exists(),
            "{NOVNC} is missing: run `scripts/setup.sh test`"
        );
        Self::of(Path::new(NOVNC))
    }

    /// The files of another folder.
    pub(crate) fn of(folder: &Path) -> Self {
        let mut server = Command::new("python3")
            .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"])
            .arg("--directory")
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // "Serving HTTP on 127.0.0.1 port 8000 (...) ..."
        let mut line = String::new();
        std::io::BufReader::new(server.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line.split("port ").nth(1).unwrap();
        let port = port.split(' ').next().unwrap().parse().unwrap();
        Self { server, port }
    }

    /// One of its pages.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// noVNC as people open it, with these parameters.
    pub(crate) fn novnc(&self, parameters: &str) -> String {
        self.address(&format!("/vnc.html?autoconnect=1&{parameters}"))
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub(crate) struct Browser {
    process: Child,
    page: WebSocket<MaybeTlsStream<TcpStream>>,
    last_id: u64,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Opens a page in a window of 1000x800. Certificates are taken as they come.
    pub(crate) fn open(url: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let process = Command::new("chromium")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            // The sandbox is not there for root, nor in most containers; neither is much shared memory.
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
            ])
            .args([
                "--no-first-run",
                "--password-store=basic",
                "--disable-background-networking",
            ])
            .args(["--remote-debugging-port=0", "--remote-allow-origins=*"])
            .args([
                "--ignore-certificate-errors",
                "--window-size=1000,800",
                "about:blank",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromium: {error}; install it with scripts/setup.sh test"));
        let port_file = profile.path().join("DevToolsActivePort");
        let address = wait_for("Chromium's port", || {
            let written = std::fs::read_to_string(&port_file).ok()?;
            let (port, path) = written.split_once('\n')?;
            Some(format!("ws://127.0.0.1:{port}{}", path.trim()))
        });
        let page = connect(&address);
        let mut browser = Self {
            process,
            page,
            last_id: 0,
            _profile: profile,
        };
        let created = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let (root, _) = address.split_once("/devtools/").unwrap();
        let id = created["targetId"].as_str().unwrap();
        browser.page = connect(&format!("{root}/devtools/page/{id}"));
        let size = json!({"width": 1000, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        browser.ask("Emulation.setDeviceMetricsOverride", size);
        browser.ask("Page.navigate", json!({"url": url}));
        browser
    }

    /// Sends a command, and waits for its result.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let command = json!({"id": self.last_id, "method": method, "params": params});
        self.page.send(Message::text(command.to_string())).unwrap();
        loop {
            let Message::Text(text) = self.page.read().unwrap() else {
                continue;
            };
            let mut answer: Value = serde_json::from_str(&text).unwrap();
            if answer["id"] == self.last_id {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
        }
    }

    /// What an expression of JavaScript is worth.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true});
        self.ask("Runtime.evaluate", params)["result"]["value"].take()
    }

    /// Presses and releases keys, one for each character.
    pub(crate) fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            let key = character.to_string();
            for kind in ["keyDown", "keyUp"] {
                let params = json!({"type": kind, "key": key, "code": code(character)});
                self.ask("Input.dispatchKeyEvent", params);
            }
        }
    }

    /// Presses and releases a key that is no character.
    pub(crate) fn press(&mut self, key: &str) {
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let code = if key == "Tab" { 9 } else { 13 };
            let params =
                json!({"type": kind, "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code});
            self.ask("Input.dispatchKeyEvent", params);
        }
    }

    /// Types into what has the focus.
    pub(crate) fn insert(&mut self, text: &str) {
        self.ask("Input.insertText", json!({"text": text}));
    }

    /// The page as a phone shows it whose user prefers dark colours.
    pub(crate) fn become_a_dark_phone(&mut self) {
        let size = json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true});
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let dark = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
        self.ask("Emulation.setEmulatedMedia", dark);
    }

    /// Clicks in the page.
    pub(crate) fn click(&mut self, x: i32, y: i32) {
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1});
            self.ask("Input.dispatchMouseEvent", params);
        }
    }

    /// The page as it shows.
    pub(crate) fn screenshot(&mut self) -> Frame {
        self.screenshot_named("")
    }

    /// The same; with `more` in the name of the file that it is kept in.
    pub(crate) fn screenshot_named(&mut self, more: &str) -> Frame {
        let shot = self.ask("Page.captureScreenshot", json!({"format": "png"}));
        let png = Base64::decode_vec(shot["data"].as_str().unwrap()).unwrap();
        if let Some(folder) = std::env::var_os("GATEHAND_TEST_SHOTS") {
            let name = std::thread::current().name().unwrap_or("shot").replace("::", "-");
            std::fs::write(PathBuf::from(folder).join(format!("{name}{more}.png")), &png).unwrap();
        }
        let image = image::load_from_memory(&png).unwrap().into_rgb8();
        let size = Size::new(image.width(), image.height());
        let pixels = image
            .pixels()
            .map(|pixel| u32::from_be_bytes([0, pixel[0], pixel[1], pixel[2]]));
        Frame::from_pixels(size, pixels.collect()).unwrap()
    }
}

/// The key that makes a character on a keyboard of the United States.
fn code(character: char) -> String {
    match character {
        letter if letter.is_ascii_alphabetic() => format!("Key{}", letter.to_ascii_uppercase()),
        digit if digit.is_ascii_digit() => format!("Digit{digit}"),
        ' ' => "Space".into(),
        other => panic!("no key for {other:?}"),
    }
}

fn connect(address: &str) -> WebSocket<MaybeTlsStream<TcpStream>> {
    let (socket, _) = tungstenite::connect(address).unwrap();
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    socket
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
