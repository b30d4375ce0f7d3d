//! What the documents say is so: outputs, log lines, names, links.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::program::{Program, free_port};
use common::settings::known_variables;
use gatehand::config::SETTINGS;
use gatehand::control::metrics::{METRICS, Metric};
use gatehand::exit::ExitCode;
use gatehand::notify::Kind;
use serde_json::json;

/// What stands before a block that is the output of a command.
const OUTPUT: &str = "<!-- $ gatehand ";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents for users, with their paths.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.extend(["README.md", "CONTRIBUTING.md"].map(|name| root().join(name)));
    assert!(paths.len() > 8, "{paths:?}");
    paths.sort();
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(path).unwrap());
    paths.into_iter().map(read).collect()
}

/// What `gatehand` prints, in an environment without any setting.
fn output(arguments: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let said = Command::new(env!("CARGO_BIN_EXE_gatehand"))
        .args(arguments.split_whitespace())
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home.path())
        .output()
        .unwrap();
    let text = [said.stdout, said.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

#[test]
fn outputs_are_what_the_program_prints() {
    let mut blocks = 0;
    for (path, text) in documents() {
        let mut made = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(OUTPUT) {
            let (command, after) = after.split_once(" -->\n```text\n").unwrap();
            let (_, after) = after.split_once("```\n").unwrap();
            made += &format!("{before}{OUTPUT}{command} -->\n```text\n{}```\n", output(command));
            rest = after;
            blocks += 1;
        }
        made += rest;
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &made).unwrap();
        } else {
            let name = path.display();
            assert_eq!(text, made, "{name}: run UPDATE_DOCS=1 cargo test --test docs");
        }
    }
    assert!(blocks >= 4);
}

/// All sources in one text, in which a string that goes over several lines is in one.
fn sources(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut lines = text.split("\\\n");
            all.push_str(lines.next().unwrap_or_default());
            lines.for_each(|line| all.push_str(line.trim_start()));
        }
    }
}

/// The parts of a log line that are always the same: without what `...` stands for, and without the names of fields.
fn fixed_parts(line: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for piece in line.split("...") {
        let mut part = String::new();
        for word in piece.split_inclusive(' ') {
            let field = word.split_once('=').filter(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            });
            match field {
                Some((_, value)) => parts.push(std::mem::replace(
                    &mut part,
                    value.trim_start_matches('"').to_owned(),
                )),
                None => part += word,
            }
        }
        parts.push(part);
    }
    let trimmed = parts.iter().map(|part| part.trim().trim_end_matches('"'));
    let telling = trimmed.filter(|part| part.contains(char::is_alphabetic));
    telling.map(str::to_owned).collect()
}

#[test]
fn log_lines_are_those_of_the_program() {
    assert_eq!(
        fixed_parts("state LockedOut evidence=\"no such luck\" n=7 ...: gone"),
        ["state LockedOut", "no such luck", ": gone"]
    );
    let mut all = String::new();
    sources(&root().join("src"), &mut all);
    let mut lines = 0;
    for (path, text) in documents() {
        let mut is_log = false;
        for line in text.lines() {
            match (line, is_log) {
                ("```log", _) => is_log = true,
                ("```", _) => is_log = false,
                (line, true) => {
                    lines += 1;
                    let parts = fixed_parts(line);
                    assert!(!parts.is_empty(), "{line}");
                    for part in parts {
                        assert!(all.contains(&part), "{}: no source says {part:?}", path.display());
                    }
                }
                (_, false) => {}
            }
        }
    }
    assert!(lines > 30, "{lines}");
}

#[test]
fn variables_that_are_named_are_there() {
    let known = known_variables();
    // Of the tests and benchmarks, not of the program.
    let others = ["GATEHAND_TEST_", "GATEHAND_BENCH_"];
    let mut seen = 0;
    for (path, text) in documents() {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let ours = ["GATEHAND_", "TWS_", "IBEAM_", "SSH_", "VNC_SERVER_"];
        for word in words.filter(|word| ours.iter().any(|prefix| word.starts_with(prefix))) {
            let is_other = others.iter().any(|prefix| word.starts_with(prefix));
            seen += 1;
            assert!(known.contains(word) || is_other, "{}: {word}", path.display());
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn links_lead_somewhere() {
    let mut links = 0;
    for (path, text) in documents() {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !target.starts_with("http") {
                let file = target.split('#').next().unwrap_or_default();
                links += 1;
                assert!(path.with_file_name(file).exists(), "{}: {target}", path.display());
            }
        }
    }
    assert!(links > 15, "{links}");
}

#[test]
fn every_notification_and_every_exit_code_is_described() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let page = read("docs/notifications.md");
    let setting = SETTINGS
        .iter()
        .find(|setting| setting.key == "notify_events")
        .unwrap();
    let by_default: Vec<&str> = setting.default.unwrap().split(',').collect();
    for kind in Kind::all() {
        let severity = format!("{:?}", kind.severity()).to_lowercase();
        let default = if by_default.contains(&kind.word()) {
            "yes "
        } else {
            ""
        };
        let row = format!("| `{}` | {severity} | {default}| ", kind.word());
        assert!(page.contains(&row), "{row}");
    }
    let readme = read("README.md");
    for (code, _) in ExitCode::TABLE {
        assert!(readme.contains(&format!("\n| {} | ", code.number())), "{code:?}");
    }
}

/// A metric's row on its page.
fn row(metric: &Metric) -> String {
    let gateway = (!metric.of_process).then_some("gateway");
    let labels = gateway
        .iter()
        .chain(metric.labels)
        .map(|label| format!("`{label}`"));
    let labels = labels.collect::<Vec<_>>().join(", ");
    format!(
        "| `{}` | {} | {labels} | {} |\n",
        metric.name,
        metric.kind.name(),
        metric.help
    )
}

#[test]
fn the_table_of_metrics_is_that_of_the_program() {
    let path = root().join("docs/metrics.md");
    let page = fs::read_to_string(&path).unwrap();
    let rows: String = METRICS.iter().map(row).collect();
    let (before, _) = page.split_once("|---|---|---|---|\n").unwrap();
    let made = format!("{before}|---|---|---|---|\n{rows}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &made).unwrap();
    } else {
        assert!(
            page == made,
            "docs/metrics.md: run UPDATE_DOCS=1 cargo test --test docs"
        );
    }
}

/// The commands of a page's block, each with what it prints.
fn session(page: &str) -> Vec<(String, String)> {
    let (_, block) = page.split_once("```console\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let steps = block
        .split("$ ")
        .skip(1)
        .map(|step| step.split_once('\n').unwrap());
    steps
        .map(|(command, output)| (command.to_owned(), output.to_owned()))
        .collect()
}

#[test]
fn the_first_program_and_the_session_with_curl_run() {
    let page = fs::read_to_string(root().join("docs/clients.md")).unwrap();
    let (_, script) = page.split_once("```python\n").unwrap();
    let (script, _) = script.split_once("```").unwrap();
    let http = format!("127.0.0.1:{}", free_port());
    let mut program = Program::prepare(json!({}))
        .with("GATEHAND_HTTP_LISTEN", &http)
        .with("GATEHAND_HTTP_TOKEN_FILE", "token");
    fs::write(program.path("token"), "0123456789abcdef0123456789abcdef\n").unwrap();
    program = program.start(&["run"]);
    program.wait_for_log("Forking");
    let page = fs::read_to_string(root().join("docs/http.md")).unwrap();
    let steps = session(&page);
    assert!(steps.len() >= 5, "{steps:?}");
    for (command, output) in steps {
        let said = Command::new("sh")
            .args(["-c", &command.replace("127.0.0.1:6080", &http)])
            .current_dir(program.path("."))
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&said.stdout);
        assert_eq!(printed.trim_end(), output.trim_end(), "{command}");
    }
    let port = program.relay_port.to_string();
    let said = Command::new(common::python())
        .args(["-c", &script.replace("4004", &port)])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&said.stdout).into_owned();
    assert_eq!(
        printed,
        "DU1234567\n",
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    assert_eq!(program.stop(), Some(0));
}
