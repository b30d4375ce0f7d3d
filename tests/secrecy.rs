//! Secrets from every source, in a whole run: in no argument, environment, log, state folder or core file.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::google::Google;
use common::program::Program;
use serde_json::json;

const PASSWORD: &str = "S3cret-needle";
const GOOGLE: &[(&str, &str)] = &[("password/versions/1", "UzNjcmV0LW5lZWRsZQ==")];

/// Where the password stands.
#[derive(Clone, Copy, Debug)]
enum Source {
    Environment,
    File,
    Command,
    Input,
    Google,
    IbcIni,
    Toml,
}

/// A program that finds the password in that place. What holds it lies in `folder`, outside that of the run.
fn program(source: Source, folder: &Path, google: &Google) -> Program {
    let keep = |name: &str, content: &str| {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let mut program =
        Program::prepare(json!({"user": "edemo", "password": PASSWORD, "after_login": ["unknown"]}))
            .with("TWS_PASSWORD", "")
            .with("GATEHAND_VNC_LISTEN", "127.0.0.1:0")
            .with("GATEHAND_VNC_PASSWORD", "needl-1")
            .with("TWOFACTOR_CODE", "NEEDLENEEDLENEEDLE")
            .with("SSH_PASSPHRASE", "needle of SSH");
    program = match source {
        Source::Environment => program.with("TWS_PASSWORD", PASSWORD),
        Source::File => program.with("TWS_PASSWORD_FILE", &keep("password", &format!("{PASSWORD}\n"))),
        Source::Command => {
            let file = keep("password", PASSWORD);
            program.with("TWS_PASSWORD_COMMAND", &format!("cat '{file}'"))
        }
        Source::Input => program
            .with("TWS_PASSWORD_STDIN", "yes")
            .with_input(&format!("{PASSWORD}\n")),
        Source::Google => program
            .with(
                "TWS_PASSWORD_GCP_SECRET",
                "projects/p/secrets/password/versions/1",
            )
            .with("GATEHAND_GCP_SECRETS_URL", &google.url())
            .with("GCE_METADATA_HOST", &google.address),
        Source::IbcIni => program.with(
            "GATEHAND_IBC_INI",
            &keep("config.ini", &format!("IbPassword={PASSWORD}\n")),
        ),
        Source::Toml => program.with(
            "GATEHAND_CONFIG",
            &keep("own.toml", &format!("password = \"{PASSWORD}\"\n")),
        ),
    };
    program.start(&["-vv", "run"])
}

fn holds_a_secret(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    text.contains("needl")
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files
}

fn look_at_processes(program: &Program, source: Source) {
    let processes = program.processes();
    assert!(processes.len() >= 3, "gatehand, Xvfb, gateway: {processes:?}");
    for pid in processes {
        let read = |name: &str| fs::read(format!("/proc/{pid}/{name}"));
        // Its own are closed to all but root, which is better still.
        let (arguments, environment) = (read("cmdline").unwrap(), read("environ").unwrap_or_default());
        assert!(
            !holds_a_secret(&arguments) && !holds_a_secret(&environment),
            "{source:?}: {}",
            String::from_utf8_lossy(&[arguments, environment].concat())
        );
        let limits = String::from_utf8(read("limits").unwrap()).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size"));
        let size: Vec<&str> = core.unwrap().split_whitespace().skip(4).take(2).collect();
        assert_eq!(size, ["0", "0"], "{source:?}: {pid}: {limits}");
        for entry in fs::read_dir(format!("/proc/{pid}/fd"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let target = fs::read_link(entry.path()).unwrap_or_default();
            let target = target.display().to_string();
            assert!(
                !target.contains("gatehand-secrets"),
                "{source:?}: {pid} has {target}"
            );
        }
    }
}

fn look_at_files(program: &Program, source: Source) {
    let mut looked_at = 0;
    for path in files(&program.path("")) {
        if path.ends_with("settings/scenario.json") {
            continue;
        }
        looked_at += 1;
        let bytes = fs::read(&path).unwrap();
        assert!(!holds_a_secret(&bytes), "{source:?}: {}", path.display());
    }
    assert!(
        looked_at >= 6,
        "log, events, governor, evidence, jts.ini: {looked_at}"
    );
    let is_open = |path: &PathBuf| path.metadata().unwrap().permissions().mode() & 0o077 != 0;
    let mut open = files(&program.path("state"));
    open.retain(is_open);
    assert!(open.is_empty(), "{source:?}: others may read {open:?}");
}

#[test]
fn a_secret_stays_secret_wherever_it_stood() {
    let sources = [
        Source::Environment,
        Source::File,
        Source::Command,
        Source::Input,
        Source::Google,
        Source::IbcIni,
        Source::Toml,
    ];
    let google = Google::with_secrets(GOOGLE);
    for source in sources {
        let folder = tempfile::tempdir().unwrap();
        let mut program = program(source, folder.path(), &google);
        program.wait_for_event("evidence", |event| event["event"] == "evidence");
        let submitted = &program.journal.all("submitted")[0];
        assert_eq!(submitted["password_matches"], true, "{source:?}: {submitted}");
        look_at_processes(&program, source);
        // What a crash would leave behind.
        program.signal("ABRT");
        program.ended();
        assert!(program.log().contains("acting"), "the log is at its loudest");
        look_at_files(&program, source);
    }
}
