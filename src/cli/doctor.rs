//! `gatehand doctor`: what is missing, one line each with the cure.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::print::say;
use super::{Context, Failure};
use crate::config::{Arguments, Config};
use crate::exit::ExitCode;
use crate::gateway::Launch;
use crate::vision::Tesseract;

/// What a check found, or what is missing and the cure.
type Finding = Result<String, String>;

pub(super) fn execute(settings: Arguments, context: Context) -> Result<ExitCode, Failure> {
    let path = context.variable("PATH");
    let environment = context.environment.clone();
    let config = context.configure(settings.0, &[])?;
    let mut findings = vec![
        ("Xvfb", program(&path, "Xvfb", "xvfb")),
        ("xkbcomp", program(&path, "xkbcomp", "x11-xkb-utils")),
        ("fonts", fonts()),
        ("text recognition", text_recognition()),
        ("gateway and its JRE", gateway(&config, environment)),
        ("state folder", state_folder(&config.state_dir)),
    ];
    if config.tunnel.is_some() {
        findings.push(("ssh", program(&path, "ssh", "openssh-client")));
    }
    let mut missing = 0;
    for (what, finding) in findings {
        match finding {
            Ok(found) => say(format_args!("ok       {what}: {found}"))?,
            Err(cure) => {
                missing += 1;
                say(format_args!("MISSING  {what}: {cure}"))?;
            }
        }
    }
    Ok(if missing == 0 {
        ExitCode::Stopped
    } else {
        ExitCode::Unavailable
    })
}

fn program(path: &str, name: &str, package: &str) -> Finding {
    let found = path
        .split(':')
        .map(|folder| Path::new(folder).join(name))
        .find(|file| file.is_file());
    found
        .map(|file| file.display().to_string())
        .ok_or_else(|| format!("not in PATH; apt-get install {package}"))
}

/// Java draws text with the system's fonts; without any it shows boxes, or does not start.
fn fonts() -> Finding {
    let mut folders = vec![
        PathBuf::from("/usr/share/fonts"),
        PathBuf::from("/usr/local/share/fonts"),
    ];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "ttf" || extension == "otf")
            {
                return Ok(path.display().to_string());
            }
        }
    }
    Err("no font in /usr/share/fonts; apt-get install fonts-dejavu-core".into())
}

fn text_recognition() -> Finding {
    Tesseract::open(None)
        .map(|_| "Tesseract with English data".into())
        .map_err(|error| error.to_string())
}

fn gateway(config: &Config, environment: Vec<(OsString, OsString)>) -> Finding {
    Launch::find(&config.gateway, environment)
        .map(|launch| launch.to_string())
        .map_err(|error| error.to_string())
}

fn state_folder(path: &Path) -> Finding {
    let probe = path.join(".doctor");
    std::fs::create_dir_all(path)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe))
        .map(|()| path.display().to_string())
        .map_err(|error| {
            format!(
                "{}: {error}; name a writable folder with GATEHAND_STATE_DIR",
                path.display()
            )
        })
}
