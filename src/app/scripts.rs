//! The user's start scripts: `*.sh` of a folder, one after the other, in the order of their names.
//!
//! A script that fails is told and stops nothing, as in the image that the settings come from: what it does is beside the
//! gateway, which is worth more running. What it leaves in the background goes on until gatehand ends.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::Instrument;

use super::Shared;
use crate::config::TradingMode;
use crate::supervisor::{self, Exit, Group, Reaper, Redaction, Service, StopPolicy};
use crate::x11::DisplayAddress;

/// A script is asked once.
const STOP: StopPolicy = StopPolicy {
    asked: None,
    terminated: Duration::from_millis(500),
};
/// Longest first line that names an interpreter, as of the kernel (execve(2)).
const MAX_INTERPRETER: u64 = 255;

/// The scripts of one folder, while they run.
#[derive(Debug)]
pub(super) struct Scripts {
    end: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Scripts {
    /// Begins to run the scripts of `folder` in `environment`. `setting` is what named it.
    pub(super) fn start(
        setting: &'static str,
        folder: &Path,
        environment: Vec<(OsString, OsString)>,
        reaper: Arc<Reaper>,
    ) -> Self {
        let (end, told) = oneshot::channel();
        let scripts = scripts(folder).unwrap_or_else(|error| {
            tracing::warn!(setting, folder = %folder.display(), %error, "there are no start scripts to run");
            Vec::new()
        });
        let running = run_each(setting, scripts, environment, reaper, told);
        let task = tokio::spawn(running.in_current_span());
        Self { end: Some(end), task }
    }

    /// Waits until all have run. May be dropped while it waits.
    pub(super) async fn ended(&mut self) {
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "the start scripts");
        }
    }

    /// Ends the one that runs, and with it all.
    pub(super) async fn stop(mut self) {
        drop(self.end.take());
        if !self.task.is_finished() {
            self.ended().await;
        }
    }
}

/// Runs the scripts of a folder to their end, or until all is to end.
pub(super) async fn run(
    setting: &'static str,
    folder: &Path,
    environment: Vec<(OsString, OsString)>,
    shared: &Shared,
) {
    let mut scripts = Scripts::start(setting, folder, environment, Arc::clone(&shared.reaper));
    tokio::select! {
        () = scripts.ended() => {}
        () = shared.stopped() => scripts.stop().await,
    }
}

/// The environment of scripts, of those for one gateway in `mode`: ours, which holds no secrets any more. A display is
/// theirs only when it is named: whoever has its cookie sees every key.
pub(super) fn environment(
    ours: &[(OsString, OsString)],
    mode: Option<TradingMode>,
    display: Option<&DisplayAddress>,
) -> Vec<(OsString, OsString)> {
    let replaced = |name: &OsStr| {
        name == "DISPLAY" || name == "XAUTHORITY" || (name == "TRADING_MODE" && mode.is_some())
    };
    let mut environment: Vec<_> = ours.iter().filter(|(name, _)| !replaced(name)).cloned().collect();
    environment.extend(mode.map(|mode| ("TRADING_MODE".into(), mode.name().into())));
    if let Some(display) = display {
        environment.push(("DISPLAY".into(), display.name.clone().into()));
        // The user's own cookie, for a display that was there.
        let inherited = || ours.iter().find(|(name, _)| name == "XAUTHORITY").cloned();
        let cookie = display.authority.as_ref();
        let cookie = cookie.map(|path| ("XAUTHORITY".into(), path.into()));
        environment.extend(cookie.or_else(inherited));
    }
    environment
}

/// The scripts of a folder, by name.
fn scripts(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension() == Some(OsStr::new("sh")) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

async fn run_each(
    setting: &'static str,
    scripts: Vec<PathBuf>,
    environment: Vec<(OsString, OsString)>,
    reaper: Arc<Reaper>,
    mut end: oneshot::Receiver<()>,
) {
    for script in scripts {
        let name = script.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{setting} {name}");
        let mut command = command(&script);
        command.env_clear();
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let output = supervisor::log_output(&name, Redaction::default());
        let child = match reaper.spawn_group(&name, &mut command, output, Group::Stays) {
            Ok(child) => child,
            Err(error) => {
                tracing::warn!(%error, "a start script is left out");
                continue;
            }
        };
        let mut service = Service::new(&name, child, STOP);
        tokio::select! {
            exit = service.ended() => if exit != Exit::Code(0) {
                tracing::warn!(script = %script.display(), %exit, "a start script failed; the start goes on");
            },
            _ = &mut end => {
                service.stop(|| {}).await;
                return;
            }
        }
    }
}

/// The command for a script, which need not be executable: by the interpreter that its first line names, else by the
/// system's sh.
fn command(script: &Path) -> Command {
    let interpreter = interpreter(script).unwrap_or_else(|| vec!["/bin/sh".into()]);
    let mut words = interpreter.into_iter();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).arg(script);
    command
}

/// The interpreter and its argument, of which there is one at most (execve(2)).
fn interpreter(script: &Path) -> Option<Vec<OsString>> {
    let mut line = Vec::new();
    let file = fs::File::open(script).ok()?.take(MAX_INTERPRETER);
    BufReader::new(file).read_until(b'\n', &mut line).ok()?;
    let line = line.strip_prefix(b"#!")?.trim_ascii();
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    let (program, argument) = line.split_at(end);
    let words = [program, argument.trim_ascii()].into_iter();
    let words: Vec<OsString> = words
        .filter(|word| !word.is_empty())
        .map(|word| OsString::from_vec(word.to_vec()))
        .collect();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.sh", "a.sh", "10.sh", "2.sh", ".hidden.sh", "read.me", "sh"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("folder.sh")).unwrap();
        let found = scripts(folder.path()).unwrap();
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(names, ["10.sh", "2.sh", "a.sh", "b.sh"]);
        assert!(scripts(&folder.path().join("none")).is_err());
    }

    #[test]
    fn the_first_line_names_the_interpreter() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("a b.sh");
        for (text, expected) in [
            ("echo hello\n", &["/bin/sh"][..]),
            ("#!/bin/bash\necho", &["/bin/bash"]),
            ("#! /usr/bin/env  bash -x \r\n", &["/usr/bin/env", "bash -x"]),
            ("#!\n", &["/bin/sh"]),
            ("", &["/bin/sh"]),
        ] {
            fs::write(&script, text).unwrap();
            let command = command(&script);
            let mut words = vec![command.get_program()];
            words.extend(command.get_args());
            let expected: Vec<_> = expected
                .iter()
                .map(OsStr::new)
                .chain([script.as_os_str()])
                .collect();
            assert_eq!(words, expected, "{text:?}");
        }
    }

    #[test]
    fn the_display_is_for_those_that_are_given_it() {
        let ours = [
            ("PATH", "/bin"),
            ("DISPLAY", ":0"),
            ("XAUTHORITY", "/own"),
            ("TRADING_MODE", "both"),
        ]
        .map(|(name, value)| (name.into(), value.into()));
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(OsString, OsString)> {
            pairs
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect()
        };
        let without = environment(&ours, Some(TradingMode::Live), None);
        assert_eq!(without, pairs(&[("PATH", "/bin"), ("TRADING_MODE", "live")]));
        let display = DisplayAddress {
            authority: Some("/cookie".into()),
            ..DisplayAddress::new(":7")
        };
        let with = environment(&ours, Some(TradingMode::Paper), Some(&display));
        let expected = [
            ("PATH", "/bin"),
            ("TRADING_MODE", "paper"),
            ("DISPLAY", ":7"),
            ("XAUTHORITY", "/cookie"),
        ];
        assert_eq!(with, pairs(&expected));
        let all = environment(&ours, None, None);
        assert_eq!(all, pairs(&[("PATH", "/bin"), ("TRADING_MODE", "both")]));
        let there = environment(&ours, Some(TradingMode::Paper), Some(&DisplayAddress::new(":7")));
        assert!(there.contains(&("XAUTHORITY".into(), "/own".into())));
    }
}
