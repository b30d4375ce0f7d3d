//! `gatehand vnc` on a test display.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use crate::common::{PATIENCE, TestDisplay, profile, wait_for};

pub(crate) struct Endpoint {
    child: Child,
    lines: Receiver<String>,
    log: Arc<Mutex<String>>,
}

/// A state folder that may outlast an endpoint.
pub(crate) struct State(TempDir);

impl State {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A file of what is kept for viewers.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("viewers").join(name)
    }

    /// A command of the program that keeps its things here.
    pub(crate) fn gatehand(&self, display: &TestDisplay) -> Command {
        let mut command = display.command(env!("CARGO_BIN_EXE_gatehand"));
        let kept = ["DISPLAY", "XAUTHORITY"].map(|name| {
            let value = command.get_envs().find(|(key, _)| *key == name);
            (name, value.unwrap().1.unwrap().to_owned())
        });
        command
            .env_clear()
            .envs(kept)
            .envs(profile())
            .env("HOME", self.0.path())
            .env("GATEHAND_STATE_DIR", self.0.path());
        command
    }
}

impl Endpoint {
    /// On any port of this machine, unless the arguments name another place.
    pub(crate) fn start(
        display: &TestDisplay,
        state: &State,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = state.gatehand(display);
        command
            .arg("vnc")
            .args(arguments)
            .envs(environment.iter().copied());
        if !arguments
            .iter()
            .any(|argument| ["--listen", "--unix-socket"].contains(argument))
        {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (tell, lines) = channel();
        let log = Arc::new(Mutex::new(String::new()));
        let (printed, kept) = (child.stderr.take().unwrap(), Arc::clone(&log));
        thread::spawn(move || {
            for line in BufReader::new(printed).lines().map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
                drop(log);
                // The test may be over.
                let _ = tell.send(line);
            }
        });
        Self { child, lines, log }
    }

    /// The next line of the log with these words.
    pub(crate) fn line(&self, words: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return line,
                Ok(_) => {}
                Err(_) => panic!("{words:?} is not in the log:\n{}", self.log()),
            }
        }
    }

    /// All that was logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Where viewers connect, once they can.
    pub(crate) fn address(&self) -> SocketAddr {
        address_in(&self.line("viewers are served"))
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        wait_for("the end of gatehand vnc", || self.child.try_wait().unwrap())
    }

    /// Asks it to stop.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        assert!(self.ended().success(), "{}", self.log());
    }
}

/// The address that a line of the log tells.
pub(crate) fn address_in(line: &str) -> SocketAddr {
    let address = line.split("address=").nth(1).unwrap();
    address.split(' ').next().unwrap().parse().unwrap()
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
