//! `gatehand demo`: `gatehand run` with the stand-in gateway of this repository.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Context, Failure};
use crate::app::{self, Plan};
use crate::config::Config;
use crate::exit::ExitCode;

/// Letters and digits that cannot be taken for one another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789z";
/// Dialogs that the stand-in shows, and the credentials that it accepts.
const SCENARIO: &str = r#"{
  "look": "nimbus",
  "user": "edemo",
  "password": "demouser",
  "trading_mode": "live",
  "after_login": ["paper_notice", "tip", "newer_version"]
}
"#;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// Where fixtures/gateway/install.sh has installed the stand-in.
    #[arg(long, value_name = "DIR", default_value = "target/demo/Jts")]
    tws_path: PathBuf,
}

pub(super) fn execute(options: &Options, context: Context) -> Result<ExitCode, Failure> {
    let password = random_password()?;
    let settings = options.tws_path.join("settings");
    let written = std::fs::create_dir_all(&settings)
        .and_then(|()| std::fs::write(settings.join("scenario.json"), SCENARIO))
        .and_then(|()| std::path::absolute(&options.tws_path));
    let root = written.map_err(|error| Failure::unavailable(format!("{}: {error}", settings.display())))?;
    let text = |path: &Path| path.display().to_string();
    let environment = context.environment.clone();
    let config = context.configure(
        Vec::new(),
        &[
            ("GATEHAND_TWS_PATH", &text(&root)),
            ("GATEHAND_SETTINGS_PATH", &text(&root.join("settings"))),
            ("GATEHAND_STATE_DIR", &text(&root.join("state"))),
            ("GATEHAND_TRADING_MODE", "paper"),
            ("GATEHAND_USER", "edemo"),
            ("GATEHAND_PASSWORD", "demouser"),
            ("GATEHAND_VNC_PASSWORD", &password),
        ],
    )?;
    eprintln!("Starting the stand-in gateway; Ctrl-C stops everything.");
    Ok(app::run(Plan {
        config,
        environment,
        rules: None,
        attach: None,
        on_ready: Some(summarise),
    })?)
}

/// Eight random characters: VncAuth compares no more.
fn random_password() -> Result<String, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(Failure::unavailable)?;
    Ok(bytes
        .iter()
        .map(|&byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]))
        .collect())
}

fn summarise(config: &Config) {
    println!();
    println!("  state  Ready");
    println!("  API    {}", config.relay);
    if let Some(vnc) = &config.vnc {
        let password = vnc.password.as_ref().map_or("", |password| password.expose());
        println!("  VNC    {}  password {password}", vnc.listen);
    }
    println!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_has_eight_characters_and_is_not_always_the_same() {
        let (one, other) = (
            random_password().expect("random"),
            random_password().expect("random"),
        );
        assert_eq!(one.len(), 8);
        assert_ne!(one, other);
    }
}
