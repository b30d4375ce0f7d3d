//! The stand-in gateway on a test's display, and its journal: the oracle of what was done to it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{TestDisplay, wait_for};

/// Where the stand-in is installed; `scripts/test.sh` does that.
pub fn installation() -> PathBuf {
    let folder = std::env::var("GATEHAND_TEST_JTS").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test/Jts"),
        PathBuf::from,
    );
    assert!(
        folder.join("ibgateway").is_dir(),
        "the stand-in is not installed in {}: run `make test`, or fixtures/gateway/install.sh {0}",
        folder.display()
    );
    folder
}

/// The JSON lines that the stand-in wrote.
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    pub fn in_folder(settings: &Path) -> Self {
        Self {
            path: settings.join("journal.jsonl"),
        }
    }

    /// All entries so far; a line that is not complete yet does not count.
    pub fn entries(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let complete = text.rfind('\n').map_or("", |end| &text[..=end]);
        complete
            .lines()
            .map(|line| serde_json::from_str(line).expect("the journal holds JSON"))
            .collect()
    }

    /// All entries of one kind so far.
    pub fn all(&self, event: &str) -> Vec<Value> {
        self.entries()
            .into_iter()
            .filter(|entry| entry["event"] == event)
            .collect()
    }

    /// Waits for an entry of this kind that fulfils `condition`.
    pub fn wait(&self, event: &str, condition: impl Fn(&Value) -> bool) -> Value {
        wait_for(event, || {
            self.all(event).into_iter().find(|entry| condition(entry))
        })
    }
}

/// A stand-in that a test started itself, with its control port.
pub struct StandIn {
    process: Child,
    pub settings: TempDir,
    pub journal: Journal,
    control: BufReader<TcpStream>,
}

impl StandIn {
    /// Starts it on `display`; `control_port` is added to the scenario.
    pub fn start(display: &TestDisplay, mut scenario: Value) -> Self {
        scenario["control_port"] = 0.into();
        // Any free one: two on their usual port would be in each other's way.
        if scenario["api_port"].is_null() {
            scenario["api_port"] = 0.into();
        }
        let settings = tempfile::tempdir().unwrap();
        fs::write(settings.path().join("scenario.json"), scenario.to_string()).unwrap();
        Self::launch(display, settings, &[])
    }

    /// Waits for its end, and starts it again with these options of the JVM.
    pub fn start_again(mut self, display: &TestDisplay, options: &[&str]) -> Self {
        self.process.wait().unwrap();
        let empty = tempfile::tempdir().unwrap();
        let settings = std::mem::replace(&mut self.settings, empty);
        Self::launch(display, settings, options)
    }

    fn launch(display: &TestDisplay, settings: TempDir, options: &[&str]) -> Self {
        let program = installation().join("ibgateway/1037");
        let class_path = format!("{0}/jars/*:{0}/.install4j/i4jruntime.jar", program.display());
        let journal = Journal::in_folder(settings.path());
        let before = journal.all("control").len();
        let mut command: Command = display.command("java");
        command
            .args(options)
            .args(["-cp", &class_path, "ibgateway.GWClient"])
            .arg(settings.path());
        let process = command
            .current_dir(settings.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let port = wait_for("its control port", || {
            journal
                .all("control")
                .get(before)
                .map(|entry| entry["port"].clone())
        });
        let port = port.as_u64().unwrap();
        let control = TcpStream::connect(("127.0.0.1", port as u16)).unwrap();
        Self {
            process,
            settings,
            journal,
            control: BufReader::new(control),
        }
    }

    /// Sends a command of the control port, and returns the answer.
    pub fn control(&mut self, command: &str) -> String {
        self.control
            .get_mut()
            .write_all(format!("{command}\n").as_bytes())
            .unwrap();
        let mut answer = String::new();
        self.control.read_line(&mut answer).unwrap();
        assert!(answer.starts_with("ok"), "{command}: {answer}");
        answer.trim().to_owned()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
