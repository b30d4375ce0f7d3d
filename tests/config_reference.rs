//! `docs/` says what the table of settings says.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use gatehand::config::{Sources, env_sample, load, markdown, toml_sample};

fn is_kept(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == made,
        "docs/{name} differs from the table; run UPDATE_DOCS=1 cargo test --test config_reference"
    );
}

#[test]
fn the_pages_are_made_from_the_table() {
    is_kept("settings.md", &markdown());
    is_kept("gatehand.toml", &toml_sample());
    is_kept("gatehand.env", &env_sample());
}

/// The lines that are switched off, switched on.
fn switched_on(sample: &str) -> Vec<&str> {
    let settings = sample.lines().filter_map(|line| line.strip_prefix('#'));
    settings
        .filter(|line| !line.is_empty() && !line.starts_with(' '))
        .collect()
}

fn seen(more: Vec<(OsString, OsString)>) -> String {
    let mut environment = vec![("HOME".into(), "/home/user".into())];
    environment.extend(more);
    let (mut config, warnings) = load(Sources {
        environment,
        ..Sources::default()
    })
    .unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    config.file = None;
    format!("{config:?}")
}

#[test]
fn a_sample_that_is_switched_on_changes_nothing() {
    let nothing = seen(Vec::new());
    let variables = env_sample();
    let variables = switched_on(&variables);
    assert!(variables.len() > 60, "{variables:?}");
    let pairs = variables.iter().map(|line| line.split_once('=').unwrap());
    assert_eq!(
        seen(pairs.map(|(name, value)| (name.into(), value.into())).collect()),
        nothing
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatehand.toml");
    fs::write(&path, switched_on(&toml_sample()).join("\n")).unwrap();
    assert_eq!(seen(vec![("GATEHAND_CONFIG".into(), path.into())]), nothing);
}
