//! surf: WebKit and little else. It has no list of keys that it believes: whoever starts it looks at the certificate first.

use std::io;
use std::process::Command;

use super::{Files, Launch};

pub(super) fn command(launch: &Launch<'_>, files: &Files<'_>, script: Option<&str>) -> io::Result<Command> {
    let mut command = Command::new("surf");
    // Keys are the page's (K), no inspector (n), nothing kept on disk (d), no place (g), no certificates of its own (x).
    command.args(["-K", "-n", "-d", "-g", "-x", "-z"]);
    command.arg(launch.scale.to_string());
    command.arg("-c").arg(files.folder.join("cookies"));
    command.arg(if launch.key.is_some() { "-t" } else { "-T" });
    // Without a file of ours it would run one of its user's.
    command
        .arg("-r")
        .arg(files.file("report.js", script.unwrap_or_default())?);
    command.arg(launch.url);
    Ok(command)
}
