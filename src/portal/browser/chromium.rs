//! Chromium. It believes the gateway's key alone; the script is an extension's, in a world that the page does not see.

use std::io;
use std::process::Command;

use base64ct::{Base64, Encoding as _};

use super::{Files, Launch};

/// What keeps it quiet, and from the network.
const QUIET: [&str; 17] = [
    "--kiosk",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-notifications",
    "--disable-save-password-bubble",
    "--disable-session-crashed-bubble",
    // A container has 64 MiB of shared memory.
    "--disable-dev-shm-usage",
    "--password-store=basic",
    "--window-position=0,0",
    "--disable-features=DisableLoadExtensionCommandLineSwitch,Translate,MediaRouter,OptimizationHints",
    "--no-pings",
];
const MANIFEST: &str = r#"{"manifest_version": 3, "name": "gatehand", "version": "1",
 "content_scripts": [{"matches": ["http://*/*", "https://*/*"], "js": ["report.js"], "run_at": "document_end"}]}
"#;

pub(super) fn command(launch: &Launch<'_>, files: &Files<'_>, script: Option<&str>) -> io::Result<Command> {
    let mut command = Command::new("chromium");
    command.args(QUIET);
    command.arg(format!("--user-data-dir={}", files.folder("profile")?.display()));
    command.arg(format!(
        "--window-size={},{}",
        launch.size.width, launch.size.height
    ));
    command.arg(format!("--force-device-scale-factor={}", launch.scale));
    if let Some(key) = launch.key {
        let key = Base64::encode_string(&key);
        command.arg(format!("--ignore-certificate-errors-spki-list={key}"));
    }
    if let Some(script) = script {
        let extension = files.folder("extension")?;
        files.file("extension/manifest.json", MANIFEST)?;
        files.file("extension/report.js", script)?;
        command.arg(format!("--load-extension={}", extension.display()));
    }
    if !launch.sandbox {
        command.arg("--no-sandbox");
    }
    command.arg(launch.url);
    Ok(command)
}

pub(super) fn distrusts(title: &str) -> bool {
    title.starts_with("Privacy error")
}
