//! The `gatehand` program as a user starts it, with a stand-in gateway, in folders of its own.

use std::fs::{self, File};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc::{F_WRLCK, SEEK_SET, flock};
use serde_json::Value;
use tempfile::TempDir;

use super::gateway::{Journal, installation};
use super::wait_for;

/// How many lines of its log are shown where a test fails.
const LAST_WORDS: usize = 60;

/// Ports below those that the kernel gives to connections.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port that nobody listens on, and that no other test on this machine is given before this process has ended.
pub fn free_port() -> u16 {
    let given = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(std::env::temp_dir().join("gatehand-test-port-numbers"))
        .unwrap();
    let first = std::process::id() as usize * 64;
    let port = PORTS
        .cycle()
        .skip(first % PORTS.len())
        .take(PORTS.len())
        .find(|port| lock_byte(&given, *port) && TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap();
    // The lock ends with the process.
    std::mem::forget(given);
    port
}

/// Locks the byte of the file that stands for a port, unless it is locked through another open file.
fn lock_byte(file: &File, port: u16) -> bool {
    let byte = flock {
        l_type: F_WRLCK.try_into().unwrap(),
        l_whence: SEEK_SET.try_into().unwrap(),
        l_start: port.into(),
        l_len: 1,
        l_pid: 0,
    };
    fcntl(file, FcntlArg::F_OFD_SETLK(&byte)).is_ok()
}

/// A started `gatehand run`, or a `gatehand attach`.
pub struct Program {
    child: Option<Child>,
    folder: TempDir,
    pub api_port: u16,
    pub relay_port: u16,
    pub journal: Journal,
    environment: Vec<(String, String)>,
    input: String,
}

impl Program {
    /// `gatehand run` for the user and password that the scenario accepts, or `edemo` and `demouser`.
    pub fn run(scenario: Value) -> Self {
        Self::prepare(scenario).start(&["-v", "run"])
    }

    /// Folders, ports and environment, with nothing started yet.
    pub fn prepare(mut scenario: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("settings");
        fs::create_dir(&settings).unwrap();
        let (api_port, relay_port) = (free_port(), free_port());
        scenario["api_port"] = api_port.into();
        fs::write(settings.join("scenario.json"), scenario.to_string()).unwrap();
        let text = |key: &str, default: &str| scenario[key].as_str().unwrap_or(default).to_owned();
        let environment = [
            ("PATH", std::env::var("PATH").unwrap()),
            ("HOME", folder.path().display().to_string()),
            ("TWS_PATH", installation().display().to_string()),
            ("TWS_SETTINGS_PATH", settings.display().to_string()),
            (
                "GATEHAND_STATE_DIR",
                folder.path().join("state").display().to_string(),
            ),
            ("GATEHAND_API_PORT", api_port.to_string()),
            ("TWS_PORT", relay_port.to_string()),
            ("GATEHAND_HTTP_LISTEN", "none".to_owned()),
            ("TRADING_MODE", "paper".to_owned()),
            ("TWS_USERID", text("user", "edemo")),
            ("TWS_PASSWORD", text("password", "demouser")),
        ];
        Self {
            child: None,
            api_port,
            relay_port,
            journal: Journal::in_folder(&settings),
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            input: String::new(),
            folder,
        }
    }

    /// Sets a variable for the next start.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// The same, of a program that was started before.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// What the next start finds on its standard input; nothing, else.
    pub fn with_input(mut self, input: &str) -> Self {
        input.clone_into(&mut self.input);
        self
    }

    /// Starts the program; its log goes to a file.
    pub fn start(mut self, arguments: &[&str]) -> Self {
        self.restart(arguments);
        self
    }

    pub fn restart(&mut self, arguments: &[&str]) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatehand"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(super::profile())
            .envs(self.environment.iter().cloned());
        command
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let mut child = command.spawn().unwrap();
        let input = std::mem::take(&mut self.input);
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        self.child = Some(child);
    }

    /// Another program that has the running one to ask.
    pub fn asker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatehand"));
        command
            .args(arguments)
            .env_clear()
            .envs(super::profile())
            .envs(self.environment.iter().cloned());
        command
    }

    /// Asks the running program by another one: what that says, or its error.
    pub fn ask(&self, arguments: &[&str]) -> Result<String, String> {
        let asked = self.asker(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if asked.status.success() {
            Ok(text(asked.stdout))
        } else {
            Err(text(asked.stderr))
        }
    }

    /// The gateway, which has a control port, ends and leaves the token of an automatic restart.
    pub fn let_gateway_restart(&self) {
        let token = self.path("settings/4711");
        fs::create_dir(&token).unwrap();
        fs::write(token.join("autorestart"), "").unwrap();
        let port = self.journal.all("control")[0]["port"].as_u64().unwrap();
        let mut control = TcpStream::connect(("127.0.0.1", port as u16)).unwrap();
        control.write_all(b"quit\n").unwrap();
    }

    /// A path in the folder of this run: `log`, `settings`, `state`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Keeps the log, the journal, the state folder and what shows on the display now in the target folder's `tmp/NAME`.
    pub fn keep(&self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let log = self.log();
        let display = log
            .lines()
            .find_map(|line| line.split("display=").nth(1)?.split_whitespace().next());
        if let Some(display) = display.map(|name| name.trim_matches('"')) {
            let authority = find(&self.path("state"), "authority");
            let mut command = Command::new(env!("CARGO_BIN_EXE_gatehand"));
            command.arg("snapshot").arg(&folder).args(["--display", display]);
            if let Some(authority) = authority {
                command.env("XAUTHORITY", authority);
            }
            let _ = command.output();
        }
        let copied = Command::new("cp")
            .arg("-r")
            .args(["log", "settings", "state"].map(|part| self.path(part)))
            .arg(&folder)
            .status();
        assert!(
            copied.is_ok_and(|status| status.success()),
            "{}",
            folder.display()
        );
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the program was started").id()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The events file, as far as it is complete.
    pub fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("state/events.jsonl")).unwrap_or_default();
        let complete = text.rfind('\n').map_or("", |end| &text[..=end]);
        complete
            .lines()
            .map(|line| serde_json::from_str(line).expect("events are JSON"))
            .collect()
    }

    /// Waits for an event that fulfils `condition`; shows the log when none comes.
    /// Neither log nor events hold the text.
    pub fn tells_nowhere(&self, needle: &str) {
        let events = fs::read_to_string(self.path("state/events.jsonl")).unwrap();
        let log = self.log();
        assert!(!events.contains(needle) && !log.contains(needle), "{log}");
    }

    pub fn wait_for_event(&mut self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        self.wait_while_running(what, |program| program.events().into_iter().find(&condition))
    }

    /// Waits until the log holds `text`.
    pub fn wait_for_log(&mut self, text: &str) {
        self.wait_while_running(text, |program| program.log().contains(text).then_some(()));
    }

    fn wait_while_running<T>(&mut self, what: &str, condition: impl Fn(&Self) -> Option<T>) -> T {
        let deadline = std::time::Instant::now() + super::PATIENCE * 2;
        loop {
            if let Some(found) = condition(self) {
                return found;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(
                ended.is_none() && std::time::Instant::now() < deadline,
                "waited in vain for {what} (ended: {ended:?})\n{}\njournal: {:#?}",
                self.log(),
                self.journal.entries()
            );
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    pub fn wait_for_state(&mut self, state: &str) -> Value {
        self.wait_for_event(state, |event| {
            event["event"] == "state" && event["state"] == state
        })
    }

    /// Sends a signal by name, as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.pid().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits until the program has ended.
    pub fn ended(&mut self) -> ExitStatus {
        let child = self.child.as_mut().expect("the program was started");
        let status = wait_for("the program to end", || child.try_wait().unwrap());
        self.child = None;
        status
    }

    /// Asks it to stop, and returns its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        self.signal("TERM");
        self.ended().code()
    }

    /// This process and all that came of it.
    pub fn processes(&self) -> Vec<u32> {
        family(self.pid())
    }
}

/// A process and all that came of it.
pub fn family(pid: u32) -> Vec<u32> {
    let mut family = vec![pid];
    let mut next = 0;
    while next < family.len() {
        let path = format!("/proc/{0}/task/{0}/children", family[next]);
        let children = fs::read_to_string(path).unwrap_or_default();
        family.extend(
            children
                .split_ascii_whitespace()
                .map(|pid| pid.parse::<u32>().unwrap()),
        );
        next += 1;
    }
    family
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let skipped = log.lines().count().saturating_sub(LAST_WORDS);
            let last: Vec<&str> = log.lines().skip(skipped).collect();
            eprintln!("gatehand's last words:\n{}", last.join("\n"));
        }
        let Some(mut child) = self.child.take() else {
            return;
        };
        for pid in family(child.id()) {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        }
        let _ = child.wait();
    }
}

/// The first file below `folder` whose name contains `part`.
fn find(folder: &Path, part: &str) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).ok()?.flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if entry.file_name().to_string_lossy().contains(part) {
                return Some(entry.path());
            }
        }
    }
    None
}
