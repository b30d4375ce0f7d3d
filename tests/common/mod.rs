//! A display of its own for each test, and what runs on it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test program uses its part; what fails here fails the test"
)]

pub mod certificates;
pub mod gateway;
pub mod google;
pub mod http;
pub mod outcome;
pub mod program;
pub mod receiver;
pub mod settings;
pub mod ssh;
pub mod totp;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gatehand::screen::{Size, Window};
use gatehand::x11::{
    Desktop, DesktopEvent, DesktopOptions, DisplayAddress, VirtualServer, read_display_number,
};
use tempfile::TempDir;

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The variable that says where a program built for `make coverage` writes what ran of it.
pub fn profile() -> Option<(&'static str, String)> {
    const NAME: &str = "LLVM_PROFILE_FILE";
    std::env::var(NAME).ok().map(|value| (NAME, value))
}

/// Python with the packages of tests/python/requirements.txt.
pub fn python() -> std::path::PathBuf {
    prepared("GATEHAND_TEST_PYTHON", "python", "bin/python")
}

/// The folder of the image's noVNC.
pub fn novnc() -> std::path::PathBuf {
    prepared("GATEHAND_TEST_NOVNC", "novnc", "node_modules/@novnc/novnc")
}

/// What `scripts/test.sh` puts into the folder that `variable` names, by tests/`what`/setup.sh.
fn prepared(variable: &str, what: &str, inside: &str) -> std::path::PathBuf {
    let usual = || format!("{}/target/{what}", env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var(variable).unwrap_or_else(|_| usual());
    let path = std::path::Path::new(&folder).join(inside);
    assert!(
        path.exists(),
        "{} is missing: run `make test`, or tests/{what}/setup.sh {folder}",
        path.display()
    );
    path
}

/// Expects a program that was run to its end to have succeeded, and gives what it printed.
pub fn printed(output: &std::process::Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The accounts that an ib_async client gets from the API at this address.
pub fn accounts(host: &str, port: &str) -> serde_json::Value {
    let output = Command::new(python())
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/python/ib_async_connect.py"
        ))
        .args([host, port])
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_str(&printed(&output)).unwrap();
    answer["accounts"].clone()
}

/// An Xvfb that ends with this value.
pub(crate) struct TestDisplay {
    pub(crate) address: DisplayAddress,
    pub(crate) server: Child,
    directory: TempDir,
}

impl TestDisplay {
    /// Starts a server with a screen of `width` by `height`.
    pub(crate) fn start(width: u32, height: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let xvfb = VirtualServer::prepare(directory.path(), Size::new(width, height)).unwrap();
        let mut server = xvfb.command().stderr(Stdio::null()).spawn().unwrap();
        let number = read_display_number(server.stdout.take().unwrap()).unwrap();
        Self {
            address: xvfb.address(number),
            server,
            directory,
        }
    }

    /// A command whose program will use this display.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.address.name)
            .env("XAUTHORITY", self.address.authority.as_ref().unwrap())
            .current_dir(self.directory.path());
        command
    }

    /// A desktop that nobody is woken for: tests ask again, with [`wait_for`].
    pub(crate) fn desktop(&self) -> Desktop {
        Desktop::connect(&self.address, DesktopOptions::default(), || {}).unwrap()
    }
}

impl Drop for TestDisplay {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Asks `condition` again and again until it gives something.
pub(crate) fn wait_for<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    wait_within(PATIENCE, what, condition)
}

/// The same, for something that takes its time.
pub(crate) fn wait_within<T>(patience: Duration, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Handles events until the window with this title is shown.
pub(crate) fn wait_for_window(desktop: &mut Desktop, title: &str) -> Window {
    wait_for(title, || {
        take_events(desktop);
        let shown = desktop.windows().iter().find(|window| window.title == title);
        shown.cloned()
    })
}

/// Everything that happened since the last call.
pub(crate) fn take_events(desktop: &mut Desktop) -> Vec<DesktopEvent> {
    std::iter::from_fn(|| desktop.poll_event()).collect()
}
