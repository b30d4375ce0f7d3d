//! The `gatehand` program run to its end.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::gateway::installation;

/// How the program ended, and what it said.
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// The program with nothing in its environment but PATH, a home folder of its own, and what is given. A start that
/// succeeds by mistake would go on for ever, so it has 20 seconds.
pub fn gatehand(home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("/usr/bin/timeout")
        .args(["--kill-after=5", "20", env!("CARGO_BIN_EXE_gatehand")])
        .args(arguments)
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .envs(super::profile())
        .envs(environment.iter().copied())
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Outcome {
    /// Asserts the code, and that all but lines of the log is one line that holds `parts` in their order.
    pub fn refuses(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        let levels = [" TRACE ", " DEBUG ", "  INFO ", "  WARN ", " ERROR "];
        let logged = |line: &&str| {
            levels
                .iter()
                .any(|level| line.get(27..).is_some_and(|rest| rest.starts_with(level)))
        };
        let said: Vec<&str> = self.stderr.lines().filter(|line| !logged(line)).collect();
        let [line] = said[..] else {
            panic!("not one line: {}", self.stderr)
        };
        assert_eq!(self.stderr.lines().last(), Some(line));
        let mut rest = line
            .strip_prefix("gatehand: ")
            .unwrap_or_else(|| panic!("{line}"));
        for part in parts {
            let at = rest
                .find(part)
                .unwrap_or_else(|| panic!("{part:?} is not in {line:?}, or not in this order"));
            rest = &rest[at + part.len()..];
        }
    }
}

/// A home folder in which `gatehand run` would start, were it not for the fault.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Runs with an installation and free ports.
    pub fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
        let jts = installation().display().to_string();
        let (settings, state) = (self.path("settings"), self.path("state"));
        let (api, relay) = (
            super::program::free_port().to_string(),
            super::program::free_port().to_string(),
        );
        let mut all = vec![
            ("TWS_PATH", jts.as_str()),
            ("TWS_SETTINGS_PATH", &settings),
            ("GATEHAND_STATE_DIR", &state),
            ("GATEHAND_API_PORT", &api),
            ("TWS_PORT", &relay),
            ("GATEHAND_HTTP_LISTEN", "none"),
        ];
        all.retain(|(name, _)| environment.iter().all(|(other, _)| name != other));
        all.extend(environment);
        gatehand(self.0.path(), arguments, &all)
    }
}
