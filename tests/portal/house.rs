//! A gateway, real or not, between `gatehand portal run` and a stand-in of IBKR, in folders of their own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::common::certificates::Authority;
use super::common::program::{Program, free_port};
use super::common::{printed, wait_for};
use super::upstream::{State, Upstream};

/// Which gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The stand-in in `fixtures/portal/gateway`.
    StandIn,
    /// IBKR's, which is fetched for `GATEHAND_TEST_CPG=1` alone: it may not be passed on.
    Real,
}

impl Kind {
    /// Where it lies, as its archive unpacks.
    fn installation(self) -> PathBuf {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/portal");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (script, folder) = match self {
            Self::StandIn => ("install.sh", folder.join("portal-stand-in")),
            Self::Real => ("fetch.sh", folder.join("portal")),
        };
        let mut command = Command::new(fixtures.join(script));
        let output = command.arg(&folder).stderr(Stdio::inherit()).output().unwrap();
        let told = printed(&output);
        match self {
            Self::StandIn => folder,
            Self::Real => told.trim_end().into(),
        }
    }
}

/// All that is needed, and a program that is not started yet.
pub(crate) struct House {
    pub(crate) upstream: Upstream,
    pub(crate) program: Program,
    pub(crate) url: String,
    pub(crate) port: u16,
    /// Where IBeam's routes are.
    pub(crate) health: String,
    folder: TempDir,
    _authority: Authority,
}

impl House {
    pub(crate) fn new(kind: Kind) -> Self {
        let authority = Authority::new("IBKR's");
        authority.issue("ibkr");
        let upstream = Upstream::start(Some((&authority.path("ibkr.pem"), &authority.path("ibkr.key"))));
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("trust.p12");
        let imported = Command::new("keytool")
            .args([
                "-importcert",
                "-noprompt",
                "-alias",
                "ibkr",
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
            ])
            .arg("-file")
            .arg(authority.path("ca.pem"))
            .arg("-keystore")
            .arg(&store)
            .output()
            .unwrap();
        printed(&imported);
        let installation = kind.installation();
        let gateway = folder.path().join("gateway");
        fs::create_dir_all(gateway.join("root")).unwrap();
        for part in ["dist", "build", "root/vertx.jks"] {
            symlink(installation.join(part), gateway.join(part)).unwrap();
        }
        if kind == Kind::Real {
            symlink(installation.join("root/webapps"), gateway.join("root/webapps")).unwrap();
        }
        let (port, health) = (free_port(), free_port());
        let url = format!("https://localhost:{port}");
        let options = format!(
            "-Xmx96m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djavax.net.ssl.trustStore={} -Djavax.net.ssl.trustStorePassword=changeit",
            store.display()
        );
        let user = upstream.state().user.clone();
        let mut program = Program::prepare(json!({"user": user.name, "password": user.password}))
            .with("GATEHAND_PORTAL_FOLDER", &gateway.display().to_string())
            .with(
                "GATEHAND_PORTAL_INPUTS",
                &folder.path().join("inputs").display().to_string(),
            )
            .with("GATEHAND_PORTAL_JVM_OPTIONS", &options)
            .with("GATEHAND_PORTAL_URL", &url)
            .with("GATEHAND_PORTAL_LISTEN", &format!("127.0.0.1:{health}"))
            .with("GATEHAND_HTTP_TOKEN", "a-token-for-the-portals-test")
            .with("GATEHAND_PORTAL_REQUEST_LIMIT", "3")
            .with("IBEAM_MAINTENANCE_INTERVAL", "1")
            .with("IBEAM_ACCOUNT", &user.name)
            .with("IBEAM_PASSWORD", &user.password);
        if kind == Kind::StandIn {
            let certificate = installation.join("vertx.pem");
            program.set("GATEHAND_PORTAL_CERTIFICATE", &certificate.display().to_string());
        }
        let house = Self {
            health: format!("http://127.0.0.1:{health}"),
            upstream,
            program,
            url,
            port,
            folder,
            _authority: authority,
        };
        let stock = fs::read_to_string(installation.join("root/conf.yaml")).unwrap();
        let conf = house.towards_upstream(&stock);
        fs::write(gateway.join("root/conf.yaml"), conf).unwrap();
        house
    }

    /// A configuration whose IBKR is the stand-in.
    pub(crate) fn towards_upstream(&self, conf: &str) -> String {
        let lines = conf.lines().map(|line| match line.split_once(':') {
            Some(("proxyRemoteHost", _)) => {
                format!("proxyRemoteHost: \"https://localhost:{}\"\n", self.upstream.port)
            }
            _ => format!("{line}\n"),
        });
        lines.collect()
    }

    /// A configuration of the user's own: the gateway's, with these further lines, for whoever asks from this address.
    pub(crate) fn conf(&self, allow: &str, more: &str) -> String {
        let own = fs::read_to_string(self.folder.path().join("gateway/root/conf.yaml")).unwrap();
        let (own, _) = own.split_once("\nips:").unwrap();
        let port = format!("listenPort: {}", self.port);
        let lines = own.lines().map(|line| match line.split_once(':') {
            Some(("listenPort", _)) => port.as_str(),
            _ => line,
        });
        let lines: Vec<&str> = lines.collect();
        format!(
            "{}\n{more}ips:\n  allow:\n    - {allow}\n  deny: []\n",
            lines.join("\n")
        )
    }

    /// Sets a variable for the start.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.program.set(name, value);
        self
    }

    /// A file in the folder of inputs.
    pub(crate) fn with_input(self, name: &str, text: &str) -> Self {
        let inputs = self.inputs();
        fs::write(inputs.join(name), text).unwrap();
        self
    }

    /// The folder of inputs, which is there then.
    pub(crate) fn inputs(&self) -> PathBuf {
        let inputs = self.folder.path().join("inputs");
        fs::create_dir_all(&inputs).unwrap();
        inputs
    }

    /// Changes how IBKR is.
    pub(crate) fn ibkr(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.upstream.state());
        self
    }

    pub(crate) fn start(mut self) -> Self {
        self.program.restart(&["-v", "portal", "run"]);
        self
    }

    /// Beside a gateway with windows, whose user is the same.
    pub(crate) fn start_beside(mut self) -> Self {
        let user = self.upstream.state().user.clone();
        self.program.set("GATEHAND_PORTAL", "yes");
        self.program.set("TWS_USERID", &user.name);
        self.program.restart(&["-v", "run"]);
        self
    }

    /// Beliefs of the keeper, where it runs beside another gateway.
    pub(crate) fn beliefs_beside(&self) -> Vec<String> {
        let text = fs::read_to_string(self.program.path("state/portal/events.jsonl")).unwrap_or_default();
        let complete = text.rfind('\n').map_or("", |end| &text[..=end]);
        let events = complete
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        events
            .filter_map(|event| event["evidence"].as_str().map(str::to_owned))
            .collect()
    }

    /// Waits until it believes this, with `text` in its evidence.
    pub(crate) fn wait_for(&mut self, state: &str, text: &str) {
        let begin = format!("{state}: ");
        self.program
            .wait_for_event(&format!("{state} because of {text:?}"), |event| {
                let evidence = event["evidence"].as_str().unwrap_or_default();
                evidence.starts_with(&begin) && evidence.contains(text)
            });
    }

    /// How often it came to believe this.
    pub(crate) fn times(&self, state: &str) -> usize {
        let begin = format!("{state}: ");
        let events = self.program.events();
        let is = |event: &&Value| {
            event["evidence"]
                .as_str()
                .is_some_and(|evidence| evidence.starts_with(&begin))
        };
        events.iter().filter(is).count()
    }

    /// Waits until it came to believe this so often.
    pub(crate) fn wait_for_times(&self, state: &str, times: usize) {
        wait_for(&format!("{state} for the {times}. time"), || {
            (self.times(state) >= times).then_some(())
        });
    }

    /// Status code and body of what somebody else on this machine gets from the gateway, whoever logged in.
    pub(crate) fn curl(&self, arguments: &[&str]) -> (u16, String) {
        curl(arguments)
    }

    /// The gateway's process.
    pub(crate) fn gateway_pid(&self) -> u32 {
        let processes = self.program.processes().into_iter();
        let is_gateway = |pid: &u32| {
            fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains("GatewayStart"))
        };
        processes.into_iter().find(is_gateway).expect("the gateway runs")
    }

    /// IBKR knows of no login any more.
    pub(crate) fn end_session(&self) {
        let mut ibkr = self.upstream.state();
        (ibkr.session, ibkr.authenticated, ibkr.connected) = (false, false, false);
    }

    pub(crate) fn logins(&self) -> usize {
        self.upstream.state().logins.len()
    }
}

/// What curl asks with for a WebSocket (RFC 6455 §4.1).
pub(crate) const WEBSOCKET: [&str; 9] = [
    "--http1.1",
    "--header",
    "Upgrade: websocket",
    "--header",
    "Connection: Upgrade",
    "--header",
    "Sec-WebSocket-Version: 13",
    "--header",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// The same for any server.
pub(crate) fn curl(arguments: &[&str]) -> (u16, String) {
    let output = Command::new("curl")
        .args([
            "--insecure",
            "--silent",
            "--max-time",
            "3",
            "--write-out",
            "\n%{http_code}",
        ])
        .args(arguments)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = told.rsplit_once('\n').unwrap_or(("", "0"));
    (status.parse().unwrap_or_default(), body.to_owned())
}
