//! The borders between the modules, as CONTRIBUTING tells them: who may use which crate, and who may read a clock.

use std::fs;
use std::path::{Path, PathBuf};

/// What is used -> the files below `src/` that may.
const BORDERS: [(&str, &[&str]); 20] = [
    ("x11rb::", &["x11/"]),
    ("nix::", &["supervisor/"]),
    ("clap::", &["cli/", "config/"]),
    ("println!", &[]),
    ("print!", &[]),
    ("stdout()", &["cli/print.rs", "tunnel/askpass.rs"]),
    ("image::", &["vision/"]),
    ("ureq::", &["http_client.rs", "notify/", "secrets/"]),
    ("tokio_rustls::", &["tls/"]),
    ("rcgen::", &["tls/"]),
    ("axum::", &["http/", "ports/web.rs", "vnc/web/"]),
    ("prometheus::", &["control/metrics/"]),
    ("hyper::", &["portal/client.rs", "ports/web.rs"]),
    // The right to press what could do harm comes from the user's settings alone.
    ("Permit::of_setting", &["agent/policy.rs", "dialogs/press.rs"]),
    (
        "toml::from_str",
        &["config/", "dialogs/", "journal/", "portal/selectors.rs"],
    ),
    (
        "Instant::now()",
        &[
            "pilot/",
            "x11/",
            "vnc/",
            "http/",
            "relay/",
            "gateway/",
            "notify/notifier.rs",
            "portal/visit",
            "supervisor/",
            "app",
            "cli/",
        ],
    ),
    (
        "SystemTime::now()",
        &["http/", "pilot/", "supervisor/", "app", "cli/"],
    ),
    (
        "Timestamp::now()",
        &[
            "app",
            "logging/files.rs",
            "logging/line.rs",
            "notify/notifier.rs",
            "portal/visit",
        ],
    ),
    (
        "env::var",
        &[
            "supervisor/isolation.rs",
            "vision/tesseract.rs",
            "x11/address.rs",
            "cli/",
        ],
    ),
    ("thread::sleep", &["pilot/hands.rs", "x11/field/mod.rs"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder") {
        let path = entry.expect("an entry").path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The lines of a file that are neither comments nor below its unit tests' module.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether `line` uses `what` under its own name, not as the tail of another.
fn uses(line: &str, what: &str) -> bool {
    line.match_indices(what).any(|(at, _)| {
        !line[..at]
            .chars()
            .next_back()
            .is_some_and(|before| before.is_alphanumeric() || before == '_')
    })
}

#[test]
fn every_border_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "the sources were not found");
    let mut broken = Vec::new();
    for file in files {
        let name = file
            .strip_prefix(&root)
            .expect("below the root")
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&file).expect("readable");
        for (what, allowed) in BORDERS {
            if allowed.iter().any(|prefix| name.starts_with(prefix)) {
                continue;
            }
            let lines = code(&text).filter(|(_, line)| uses(line, what));
            broken.extend(
                lines.map(|(number, line)| format!("src/{name}:{number} uses {what}: {}", line.trim())),
            );
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_border_that_is_broken_is_seen() {
    assert!(uses("use x11rb::protocol;", "x11rb::"));
    assert!(!uses("use my_x11rb::protocol;", "x11rb::"));
    assert_eq!(
        code("// nix::\nnix::kill\n#[cfg(test)]\nnix::x").collect::<Vec<_>>(),
        [(2, "nix::kill")]
    );
}
