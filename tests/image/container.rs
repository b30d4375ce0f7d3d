//! A container of the demo image: gatehand with the stand-in gateway, by podman or Docker.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::gateway::Journal;
use crate::common::wait_within;

/// What the flags of a hardened deployment are.
pub(crate) const HARDENED: [&str; 9] = [
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--memory=1g",
    "--pids-limit=300",
    "--stop-timeout=10",
    "--env=TWS_SETTINGS_PATH=/var/lib/gatehand/settings",
    "--env=GATEHAND_STATE_DIR=/var/lib/gatehand/state",
];

/// Longest wait for a gateway in a container on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program that runs containers: `scripts/image.sh` says which.
fn runner() -> Command {
    let program = std::env::var("GATEHAND_TEST_CONTAINERS").unwrap_or_else(|_| "podman".to_owned());
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

/// Runs it, and expects it to succeed.
pub(crate) fn podman(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn output(arguments: &[&str]) -> Output {
    runner().args(arguments).output().unwrap()
}

pub(crate) fn image() -> String {
    std::env::var("GATEHAND_TEST_IMAGE").unwrap_or_else(|_| "localhost/gatehand:demo".to_owned())
}

/// The target for the Client Portal Gateway.
pub(crate) fn portal_image() -> String {
    std::env::var("GATEHAND_TEST_PORTAL_IMAGE").unwrap_or_else(|_| "localhost/gatehand:portal".to_owned())
}

/// A name that nothing else on this machine has.
fn new_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("gatehand-test-{}-{number}", std::process::id())
}

/// A network for one container. On one that they share each that comes or goes may change the bridge's hardware address,
/// and nothing reaches this machine from those that still know the old one, for half a minute.
pub(crate) struct Network {
    name: String,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self::named(new_name())
    }

    pub(crate) fn named(name: String) -> Self {
        podman(&["network", "create", &name]);
        Self { name }
    }

    pub(crate) fn option(&self) -> String {
        format!("--network={}", self.name)
    }

    /// The address of this machine on it.
    pub(crate) fn this_machine(&self) -> String {
        let script =
            "while read -r _ to by _; do [ $to = 00000000 ] && echo $by; done </proc/net/route; true";
        let (network, image) = (self.option(), image());
        let way_out = podman(&["run", "--rm", &network, "--entrypoint=sh", &image, "-c", script]);
        let address = u32::from_str_radix(way_out.trim(), 16).unwrap();
        std::net::Ipv4Addr::from(address.swap_bytes()).to_string()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        output(&["network", "rm", "--force", &self.name]);
    }
}

/// What a container is made of, before it is.
pub(crate) struct Demo {
    shared: TempDir,
    scenario: Value,
    options: Vec<String>,
}

impl Demo {
    pub(crate) fn new(scenario: Value) -> Self {
        let shared = tempfile::tempdir().unwrap();
        // The journal, written by whichever user the container runs as.
        fs::set_permissions(shared.path(), fs::Permissions::from_mode(0o777)).unwrap();
        Self {
            shared,
            scenario,
            options: Vec::new(),
        }
    }

    pub(crate) fn options(mut self, options: &[&str]) -> Self {
        self.options
            .extend(options.iter().map(|option| (*option).to_owned()));
        self
    }

    pub(crate) fn environment(self, variables: &[(&str, &str)]) -> Self {
        let options: Vec<_> = variables
            .iter()
            .map(|(name, value)| format!("--env={name}={value}"))
            .collect();
        self.options(&options.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(crate) fn login(self) -> Self {
        self.environment(&[("TWS_USERID", "edemo"), ("TWS_PASSWORD", "demouser")])
    }

    /// Publishes these ports of the container on free ones of this machine.
    pub(crate) fn publish(self, ports: &[u16]) -> Self {
        let options: Vec<_> = ports
            .iter()
            .map(|port| format!("--publish=127.0.0.1::{port}"))
            .collect();
        self.options(&options.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(crate) fn start(self) -> Container {
        self.start_with(&[])
    }

    /// Starts it with these arguments behind the image's own.
    pub(crate) fn start_with(mut self, arguments: &[&str]) -> Container {
        for (field, value) in [("user", "edemo"), ("password", "demouser")] {
            if self.scenario[field].is_null() {
                self.scenario[field] = json!(value);
            }
        }
        fs::write(
            self.shared.path().join("scenario.json"),
            self.scenario.to_string(),
        )
        .unwrap();
        let mut options = vec![
            format!("--volume={}:/standin", self.shared.path().display()),
            "--env=GATEHAND_STANDIN_SCENARIO=/standin/scenario.json".into(),
            "--env=GATEHAND_STANDIN_JOURNAL=/standin/journal.jsonl".into(),
        ];
        options.append(&mut self.options);
        Container::start(self.shared, &image(), &options, arguments)
    }
}

pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) journal: Journal,
    /// What is mounted from this machine; it goes when the container has gone.
    shared: TempDir,
    /// Its own, unless the options name one.
    _network: Option<Network>,
}

impl Container {
    /// Starts one of this image; `shared` is what is mounted there from this machine.
    pub(crate) fn start(shared: TempDir, image: &str, options: &[String], arguments: &[&str]) -> Self {
        let name = new_name();
        let is_named = options.iter().any(|option| option.starts_with("--network="));
        let network = (!is_named).then(Network::new);
        let its_own = network.as_ref().map(Network::option);
        let mut command = vec!["run", "--detach", "--name", &name];
        command.extend(options.iter().chain(&its_own).map(String::as_str));
        command.push(image);
        command.extend(arguments);
        podman(&command);
        Self {
            journal: Journal::in_folder(shared.path()),
            shared,
            name,
            _network: network,
        }
    }

    pub(crate) fn exec(&self, arguments: &[&str]) -> Output {
        output(&[&["exec", &self.name], arguments].concat())
    }

    /// What `gatehand status` tells of the first gateway; nothing while it cannot be asked.
    pub(crate) fn status(&self) -> Option<Value> {
        let output = self.exec(&["gatehand", "status", "--json"]);
        let status: Value = serde_json::from_slice(&output.stdout).ok()?;
        status["gateways"].get(0).cloned()
    }

    pub(crate) fn wait_for_state(&self, state: &str) {
        self.wait(&format!("state {state}"), || {
            let status = self.status();
            if status.is_none() {
                let running = self.inspect("{{.State.Running}}");
                assert_eq!(running, "true", "it has ended");
            }
            status.filter(|status| status["state"] == state)
        });
    }

    /// Waits for `condition`; on a failure the log is shown.
    pub(crate) fn wait<T>(&self, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_within(PATIENCE, what, || {
                let found = condition();
                if found.is_none() {
                    // Each question starts a process in the container.
                    std::thread::sleep(Duration::from_millis(100));
                }
                found
            })
        }));
        found.unwrap_or_else(|_| panic!("waited in vain for {what}; the log:\n{}", self.log()))
    }

    pub(crate) fn log(&self) -> String {
        let output = output(&["logs", &self.name]);
        [output.stdout, output.stderr]
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .concat()
    }

    /// The address on this machine where a port of it is published.
    pub(crate) fn published(&self, port: u16) -> String {
        let told = podman(&["port", &self.name, &port.to_string()]);
        told.lines().next().unwrap().trim().to_owned()
    }

    pub(crate) fn inspect(&self, format: &str) -> String {
        podman(&["inspect", "--format", format, &self.name])
            .trim()
            .to_owned()
    }

    /// Waits until it ended by itself.
    pub(crate) fn wait_for_end(&self) -> i32 {
        self.wait("its end", || {
            (self.inspect("{{.State.Running}}") == "false").then(|| self.exit_code())
        })
    }

    /// A file that the container wrote into `/standin`.
    pub(crate) fn shared(&self, name: &str) -> String {
        fs::read_to_string(self.shared.path().join(name)).unwrap_or_default()
    }

    /// The command line of the gateway's JVM.
    pub(crate) fn jvm(&self) -> Vec<String> {
        let told = self.exec(&[
            "sh",
            "-c",
            "for each in /proc/[0-9]*; do read -r name <$each/comm && [ \"$name\" = java ] && cat $each/cmdline; done",
        ]);
        let told = String::from_utf8(told.stdout).unwrap();
        told.split_terminator('\0').map(str::to_owned).collect()
    }

    pub(crate) fn exit_code(&self) -> i32 {
        self.inspect("{{.State.ExitCode}}").parse().unwrap()
    }

    pub(crate) fn submissions(&self) -> usize {
        self.journal.all("submitted").len()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Its volumes too: nobody named them.
        output(&["rm", "--force", "--time=0", "--volumes", &self.name]);
    }
}
