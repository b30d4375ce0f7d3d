//! `gatehand demo`: `gatehand run` with the stand-in gateway of this repository.

use std::path::{Path, PathBuf};

use clap::Args;

use super::print::say;
use super::{Context, Failure};
use crate::app::{self, Plan};
use crate::config::{Config, ViewerPassword};
use crate::exit::ExitCode;
use crate::vnc;

/// The credentials that the stand-in accepts.
const USER: &str = "edemo";
const PASSWORD: &str = "demouser";

#[derive(Args, Debug)]
pub(super) struct Options {
    /// Where fixtures/gateway/install.sh has installed the stand-in.
    #[arg(long, value_name = "DIR", default_value = "target/demo/Jts")]
    tws_path: PathBuf,
}

pub(super) fn execute(options: &Options, context: Context) -> Result<ExitCode, Failure> {
    let root = std::path::absolute(&options.tws_path).map_err(|error| {
        Failure::unavailable(format!("--tws-path {}: {error}", options.tws_path.display()))
    })?;
    if !root.join("ibgateway").is_dir() {
        return Err(Failure::configuration(format!(
            "the stand-in gateway is not installed in {}; run `make demo`, or fixtures/gateway/install.sh {0}",
            root.display()
        )));
    }
    let settings = root.join("settings");
    let password = vnc::random_password().map_err(Failure::unavailable)?;
    let text = |path: &Path| path.display().to_string();
    let environment = context.environment.clone();
    let config = context.configure(
        Vec::new(),
        &[
            ("GATEHAND_TWS_PATH", &text(&root)),
            ("GATEHAND_SETTINGS_PATH", &text(&settings)),
            ("GATEHAND_STATE_DIR", &text(&root.join("state"))),
            ("GATEHAND_TRADING_MODE", "paper"),
            ("GATEHAND_USER", USER),
            ("GATEHAND_PASSWORD", PASSWORD),
            ("GATEHAND_VNC_PASSWORD", &password),
        ],
    )?;
    std::fs::create_dir_all(&settings)
        .and_then(|()| std::fs::write(settings.join("scenario.json"), scenario(config.gateway.api_port)))
        .map_err(|error| {
            Failure::unavailable(format!(
                "{}: {error}; name a writable folder with --tws-path",
                settings.display()
            ))
        })?;
    eprintln!("Starting the stand-in gateway; Ctrl-C stops everything.");
    let code = app::run(Plan {
        configs: vec![config],
        environment,
        attach: None,
        on_ready: Some(summarise),
    })?;
    eprintln!("Everything is stopped.");
    Ok(code)
}

/// What the stand-in shows: the wrong mode at first, and three dialogs after the login.
fn scenario(api_port: u16) -> String {
    serde_json::json!({
        "look": "nimbus",
        "user": USER,
        "password": PASSWORD,
        "trading_mode": "live",
        "after_login": ["paper_notice", "tip", "newer_version"],
        "api_port": api_port,
    })
    .to_string()
}

fn summarise(config: &Config) {
    let mut text = format!("\n  state  Ready\n  API    {}\n", config.relay.listen);
    if let Some(vnc) = &config.vnc {
        let password = vnc.password.as_ref().and_then(ViewerPassword::given);
        let password = password.map_or("", |password| password.expose());
        if let Some(listen) = vnc.listen {
            text += &format!("  VNC    {listen}  password {password}\n");
        }
    }
    // Without anybody who reads it, it goes on all the same.
    let _ = say(text + "\n  Ctrl-C stops everything.\n");
}
