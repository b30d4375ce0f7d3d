//! The compose files in deploy/, brought up by podman-compose with the demo image.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::common;
use crate::container::image;

/// A project made of a compose file; it is taken down with its volumes in the end.
struct Project {
    folder: TempDir,
    name: String,
}

impl Project {
    /// `ports` are published on free ones, because several tests run at once; the rest of the file is as it is.
    fn new(name: &str, file: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("deploy/compose")
            .join(file);
        let text = fs::read_to_string(path).unwrap();
        let (mut free, mut in_ports) = (String::new(), false);
        for line in text.lines() {
            let entry = line.trim().trim_start_matches("- ").trim_matches('"');
            in_ports = line.trim() == "ports:" || (in_ports && line.trim().starts_with('-'));
            match entry
                .rsplit_once(':')
                .filter(|(before, _)| in_ports && !before.is_empty())
            {
                Some((_, inside)) if line.trim().starts_with('-') => {
                    let inside = inside.trim_end_matches('}').trim_start_matches('-');
                    free.push_str(&format!("      - \"127.0.0.1::{inside}\"\n"));
                }
                _ => {
                    free.push_str(line);
                    free.push('\n');
                }
            }
        }
        fs::write(folder.path().join("compose.yml"), free).unwrap();
        let mut environment = format!("GATEHAND_IMAGE={}\n", image());
        for (name, value) in variables {
            environment.push_str(&format!("{name}={value}\n"));
        }
        fs::write(folder.path().join(".env"), environment).unwrap();
        for (file, text) in [
            ("tws_password.txt", "demouser\n"),
            ("ib_username.secret", "edemo\n"),
            ("ib_password.secret", "demouser\n"),
            ("vnc_password.txt", "looking-in\n"),
            ("vnc_password.secret", "looking-in\n"),
        ] {
            fs::write(folder.path().join(file), text).unwrap();
        }
        let name = format!("gatehand-{name}-{}", std::process::id());
        Self { folder, name }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(common::python().with_file_name("podman-compose"));
        command
            .args(["--project-name", &self.name])
            .args(arguments)
            .current_dir(self.folder.path());
        command
    }

    fn compose(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Waits until the health check of the image is content.
    fn becomes_ready(&self) {
        let up = self.compose(&["up", "--detach"]);
        common::printed(&up);
        common::wait_within(std::time::Duration::from_secs(120), "ready", || {
            let said = self.compose(&["exec", "-T", "ib-gateway", "gatehand", "health", "--ready"]);
            if !said.status.success() {
                std::thread::sleep(std::time::Duration::from_millis(300));
            }
            said.status.success().then_some(())
        });
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // What failed before is told already.
        let _ = self.command(&["down", "--volumes", "--timeout", "10"]).output();
    }
}

#[test]
#[ignore = "needs the image: make image-test"]
fn tws_userid() {
    Project::new("tws-userid", "tws-userid.yml", &[("TWS_USERID", "edemo")]).becomes_ready();
}

#[test]
#[ignore = "needs the image: make image-test"]
fn twsuserid() {
    Project::new("twsuserid", "twsuserid.yml", &[("TWSUSERID", "edemo")]).becomes_ready();
}

#[test]
#[ignore = "needs the image: make image-test"]
fn secret_files() {
    Project::new("secret-files", "secret-files.yml", &[]).becomes_ready();
}
