//! The servers that are compared, each started anew on a display of its own, and what the system says that they use.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use protocol::security::vnc_auth::Password;
use tempfile::TempDir;

pub const WIDTH: u32 = 1280;
pub const HEIGHT: u32 = 1024;
pub const PASSWORD: &str = "to look!";
/// The key that every VNC server hides its password file with.
const FILE_KEY: [u8; 8] = [23, 82, 107, 6, 35, 78, 88, 7];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Gatehand,
    X11vnc,
    X0tigervnc,
    /// An X server itself, which knows what is drawn: nothing that looks at another's pixels gets nearer.
    Xtigervnc,
    /// `mapped.c`.
    Mapped,
}

impl Peer {
    pub const ALL: [Self; 5] = [
        Self::Gatehand,
        Self::X11vnc,
        Self::X0tigervnc,
        Self::Xtigervnc,
        Self::Mapped,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Gatehand => "gatehand vnc",
            Self::X11vnc => "x11vnc",
            Self::X0tigervnc => "x0tigervncserver",
            Self::Xtigervnc => "Xtigervnc",
            Self::Mapped => "libvncserver",
        }
    }
}

/// A port that nobody listens on now.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A process that ends with this value.
pub struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Process {
    /// The folders of its threads.
    fn threads(&self) -> Vec<String> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        threads
            .map(|thread| thread.unwrap().path().display().to_string())
            .collect()
    }

    /// Time on a CPU so far.
    pub fn cpu(&self) -> Duration {
        let of = |thread: String| {
            let text = fs::read_to_string(format!("{thread}/schedstat")).unwrap_or_default();
            text.split(' ')
                .next()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0)
        };
        Duration::from_nanos(self.threads().into_iter().map(of).sum())
    }

    /// How often it has gone to sleep so far.
    pub fn sleeps(&self) -> u64 {
        let of = |thread: String| {
            let text = fs::read_to_string(format!("{thread}/status")).unwrap_or_default();
            value(&text, "voluntary_ctxt_switches:") as u64
        };
        self.threads().into_iter().map(of).sum()
    }

    /// MB that belong to it, shared pages divided among those who share them.
    pub fn memory(&self) -> f64 {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.0.id())).unwrap();
        value(&text, "Pss:") / 1024.0
    }
}

/// The number after `key`.
fn value(text: &str, key: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let word = line.and_then(|line| line.split_whitespace().next());
    word.map_or(0.0, |word| word.parse().unwrap())
}

/// A display with a server of a peer's.
pub struct Served {
    pub server: Process,
    /// The X server, where it is another process.
    pub x_server: Option<Process>,
    pub display: String,
    pub port: u16,
    pub started: Instant,
    _folder: TempDir,
}

impl Served {
    /// Starts `peer` and does not wait for it: the display is there, the port may not be.
    pub fn start(peer: Peer, mapped: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("plain"), PASSWORD).unwrap();
        fs::write(path("hidden"), hidden()).unwrap();
        let port = free_port();
        let started = Instant::now();
        if peer == Peer::Xtigervnc {
            let (server, display) = x_server(Command::new("Xtigervnc").args([
                "-geometry",
                &format!("{WIDTH}x{HEIGHT}"),
                "-depth",
                "24",
                "-localhost",
                "-SecurityTypes=VncAuth",
                &format!("-rfbport={port}"),
                &format!("-rfbauth={}", path("hidden")),
            ]));
            return Self {
                server,
                x_server: None,
                display,
                port,
                started,
                _folder: folder,
            };
        }
        let mut xvfb = Command::new("Xvfb");
        xvfb.args(["-screen", "0", &format!("{WIDTH}x{HEIGHT}x24"), "-noreset"]);
        if peer == Peer::Mapped {
            // A file: the system writes it back from time to time, and each page that is painted anew faults.
            xvfb.arg("-fbdir").arg(folder.path());
        }
        let (x_server, display) = x_server(&mut xvfb);
        let mut command = match peer {
            Peer::Gatehand => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_gatehand"));
                command
                    .args(["vnc", "--display", &display, "--listen"])
                    .arg(format!("127.0.0.1:{port}"))
                    .args(["--vnc-password-file", &path("plain")]);
                command
            }
            Peer::X11vnc => {
                let mut command = Command::new("x11vnc");
                command
                    .args(["-display", &display, "-forever", "-shared", "-localhost"])
                    .args(["-passwdfile", &path("plain"), "-rfbport", &port.to_string()]);
                command
            }
            Peer::X0tigervnc => {
                let mut command = Command::new("X0tigervnc");
                command.args([
                    &format!("-display={display}"),
                    "-localhost",
                    "-SecurityTypes=VncAuth",
                    &format!("-rfbport={port}"),
                    &format!("-PasswordFile={}", path("hidden")),
                ]);
                command
            }
            Peer::Mapped | Peer::Xtigervnc => {
                let mut command = Command::new(mapped);
                command.args([&display, &path("Xvfb_screen0"), &port.to_string(), PASSWORD]);
                command
            }
        };
        let started = Instant::now();
        let quiet = command
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self {
            server: Process(
                quiet
                    .spawn()
                    .expect("the server is there: run scripts/setup.sh bench"),
            ),
            x_server: Some(x_server),
            display,
            port,
            started,
            _folder: folder,
        }
    }

    /// Time on a CPU of all that the server needs, the X server's work included.
    pub fn cpu_of_all(&self) -> Duration {
        let x_server = self.x_server.as_ref().map_or(Duration::ZERO, Process::cpu);
        self.server.cpu() + x_server
    }
}

/// Starts an X server that chooses its display and lets everybody in who is on this machine.
fn x_server(command: &mut Command) -> (Process, String) {
    command.args(["-displayfd", "1", "-ac", "-nolisten", "tcp"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the X server is there: run scripts/setup.sh bench");
    let mut number = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut number)
        .unwrap();
    (Process(child), format!(":{}", number.trim()))
}

/// The password as TigerVNC's programs want it in a file.
fn hidden() -> Vec<u8> {
    let mut block = [0; 16];
    block[..8].copy_from_slice(PASSWORD.as_bytes());
    Password::new(&FILE_KEY).unwrap().answer(&block)[..8].to_vec()
}

/// Builds `mapped.c` in `folder`.
pub fn build_mapped(folder: &Path) -> std::path::PathBuf {
    let program = folder.join("mapped");
    let built = Command::new("cc")
        .args(["-O2", "-o"])
        .arg(&program)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/viewers/mapped.c"))
        .args(["-lvncserver", "-lX11", "-lXtst", "-lXdamage", "-lXfixes"])
        .status();
    assert!(
        built.unwrap().success(),
        "libvncserver is there: run scripts/setup.sh bench"
    );
    program
}
