//! The files in deploy/: every variable in them is a setting, and the tools that read them accept them where they are here.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::settings::known_variables;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

/// All files below `folder`.
fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, all);
        } else {
            all.push(path);
        }
    }
}

/// Names of variables that are given to gatehand: `NAME: value`, `Environment=NAME=value`, `name: NAME`.
fn variables(text: &str) -> BTreeSet<String> {
    let is_name = |word: &str| {
        word.len() > 1
            && word.contains('_')
            && word
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    text.lines()
        .map(|line| {
            line.split('#')
                .next()
                .unwrap()
                .trim()
                .trim_start_matches("- ")
                .trim()
        })
        .flat_map(|line| {
            let entry = line
                .strip_prefix("Environment=")
                .map(|rest| rest.split('=').next().unwrap());
            let name = line
                .strip_prefix("name: ")
                .or_else(|| Some(line.strip_prefix("{ name: ")?.split(',').next().unwrap()));
            [entry, name, line.split(':').next()]
        })
        .flatten()
        .filter(|word| is_name(word))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_variable_is_a_setting() {
    let known = known_variables();
    let (mut all, mut seen) = (Vec::new(), 0);
    files(&root(), &mut all);
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        for name in variables(&text) {
            assert!(known.contains(&name), "{}: {name}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

/// Runs a tool, unless it is not here.
fn accepted(program: &str, arguments: &[&str], path: &Path) -> Option<String> {
    let output = Command::new(program).args(arguments).arg(path).output();
    let Ok(output) = output else {
        eprintln!("{program} is not here: {} was not checked", path.display());
        return None;
    };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{}: {text}", path.display());
    Some(text)
}

#[test]
fn kustomize_makes_every_overlay() {
    for (overlay, ports) in [
        ("paper", &["containerPort: 4004"][..]),
        ("live", &["containerPort: 4003"]),
        (
            "both",
            &[
                "containerPort: 4003",
                "containerPort: 4004",
                "containerPort: 5901",
            ],
        ),
    ] {
        let path = root().join("kubernetes/overlays").join(overlay);
        let Some(made) = accepted("kubectl", &["kustomize"], &path) else {
            return;
        };
        assert!(
            made.contains(&format!("name: TRADING_MODE\n          value: {overlay}")),
            "{made}"
        );
        for part in ports.iter().chain(&[
            "readOnlyRootFilesystem: true",
            "runAsNonRoot: true",
            "drop:\n            - ALL",
        ]) {
            assert!(made.contains(part), "{overlay}: {part}\n{made}");
        }
        for kind in ["StatefulSet", "Service", "NetworkPolicy", "PodDisruptionBudget"] {
            assert!(made.contains(&format!("kind: {kind}\n")), "{overlay}: {kind}");
        }
    }
}

#[test]
fn systemd_knows_every_line_of_the_units() {
    for name in ["gatehand.service", "gatehand-portal.service"] {
        let folder = tempfile::tempdir().unwrap();
        let unit = folder.path().join(name);
        let text = fs::read_to_string(root().join("systemd").join(name)).unwrap();
        // Its program need not be installed where this is tested.
        fs::write(&unit, text.replace("/usr/local/bin/gatehand", "/bin/true")).unwrap();
        if let Some(said) = accepted("systemd-analyze", &["verify"], &unit) {
            assert_eq!(said, "", "{name}");
        }
    }
}
