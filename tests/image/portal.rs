//! The target for the Client Portal Gateway, with a stand-in of it that is mounted, and IBKR's side on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::printed;
use crate::container::{Container, Network, output, podman, portal_image};
use crate::stop::processes;
use crate::upstream::{Factor, Trouble, Upstream};

const USER: &str = "trader01";
const PASSWORD: &str = "Se cret-9€";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The stand-in as it unpacks, with IBKR at this address.
pub(crate) fn unpacked(folder: &Path, ibkr: &str) -> PathBuf {
    let standin = root().join("target/test/portal");
    let made = Command::new(root().join("fixtures/portal/install.sh"))
        .arg(&standin)
        .output()
        .unwrap();
    printed(&made);
    let gateway = folder.join("clientportal.gw");
    let copied = Command::new("cp")
        .arg("-r")
        .args([&standin, &gateway])
        .output()
        .unwrap();
    printed(&copied);
    let conf = gateway.join("root/conf.yaml");
    let text = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, text.replace("https://localhost:1", ibkr)).unwrap();
    gateway
}

/// What a container is made of, before it is.
struct Portal {
    folder: TempDir,
    network: Network,
    upstream: Upstream,
    options: Vec<String>,
}

impl Portal {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let network = Network::new();
        let host = network.this_machine();
        // The network is there only while a container is.
        let upstream = Upstream::start_at("0.0.0.0", None);
        let gateway = unpacked(folder.path(), &format!("http://{host}:{}", upstream.port));
        let certificate = format!(
            "{}:/srv/inputs/cacert.pem:ro",
            gateway.join("vertx.pem").display()
        );
        let options = [
            network.option(),
            format!("--volume={}:/srv/clientportal.gw:ro", gateway.display()),
            // It is not IBKR's, which is believed anyway.
            format!("--volume={certificate}"),
            "--restart=no".into(),
            "--publish=127.0.0.1::5000".into(),
            "--publish=127.0.0.1::5001".into(),
        ];
        Self {
            folder,
            network,
            upstream,
            options: options.into(),
        }
    }

    /// Variables in a file, as a compose file names one.
    fn env_file(mut self, text: &str) -> Self {
        let file = self.folder.path().join("env.list");
        fs::write(&file, text).unwrap();
        self.options.push(format!("--env-file={}", file.display()));
        self
    }

    fn option(mut self, option: &str) -> Self {
        self.options.push(option.to_owned());
        self
    }

    /// A file with a secret, which the image's user alone can read.
    fn secret(self, name: &str, value: &str) -> Self {
        let file = self.folder.path().join(name);
        fs::write(&file, format!("{value}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
        let owned = Command::new("chown").arg("1000:1000").arg(&file).status();
        assert!(owned.unwrap().success(), "chown needs root");
        self.option(&format!("--volume={}:/run/secrets/{name}:ro", file.display()))
    }

    fn start(self) -> Running {
        Running {
            container: Container::start(self.folder, &portal_image(), &self.options, &[]),
            network: self.network,
            upstream: self.upstream,
        }
    }
}

struct Running {
    container: Container,
    /// It goes after the container.
    network: Network,
    upstream: Upstream,
}

impl Running {
    /// What a program on this machine gets from a published port.
    fn get(&self, port: u16, path: &str) -> (u16, String) {
        let scheme = if port == 5000 { "https" } else { "http" };
        get(&format!("{scheme}://{}{path}", self.container.published(port)))
    }

    fn becomes_ready(&self) {
        self.container
            .wait("readiness", || (self.get(5001, "/readyz").0 == 200).then_some(()));
    }
}

/// As users ask: whatever the certificate is. Status 0: there was no answer.
pub(crate) fn get(url: &str) -> (u16, String) {
    let said = Command::new("curl")
        .args([
            "--insecure",
            "--silent",
            "--max-time",
            "5",
            "--write-out",
            "\n%{http_code}",
        ])
        .arg(url)
        .output()
        .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let (body, status) = said.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

/// What compose files for IBeam's image have: its names in a file, its two ports, `restart: 'no'`.
#[test]
#[ignore = "needs the image: make image-test"]
fn a_compose_file_for_ibeam_needs_another_image_alone() {
    let portal = Portal::new()
        .env_file(&format!("IBEAM_ACCOUNT={USER}\nIBEAM_PASSWORD={PASSWORD}\n"))
        .start();
    portal.becomes_ready();
    let (status, body) = portal.get(5000, "/v1/api/one/user");
    let user: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &user["username"]), (200, &Value::from(USER)));
    assert_eq!(portal.get(5001, "/livez").0, 200);
    assert_eq!(
        portal.upstream.state().logins,
        [(USER.into(), PASSWORD.into(), false)]
    );

    // Who comes through a published port is let in, and nobody else.
    let conf = portal
        .container
        .exec(&["cat", "/var/lib/gatehand/portal/root/conf.yaml"]);
    let conf = printed(&conf);
    let (_, allowed) = conf.split_once("allow:").unwrap();
    let (allowed, _) = allowed.split_once("deny:").unwrap();
    let allowed: Vec<&str> = allowed.split_whitespace().filter(|word| *word != "-").collect();
    let neighbour = format!("\"{}\"", portal.network.this_machine());
    assert_eq!(allowed, ["\"127.0.0.1\"", neighbour.as_str()]);

    // Its health check, as the runtime runs it; and nothing that ends the session without a token.
    podman(&["healthcheck", "run", &portal.container.name]);
    assert_eq!(portal.get(5001, "/deactivate").0, 403);
    let id = printed(&portal.container.exec(&["id", "-u"]));
    assert_eq!(id.trim(), "1000");
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_hardened_one_leaves_no_browser_no_zombie_and_no_session() {
    let mut portal = Portal::new().env_file(&format!("IBEAM_ACCOUNT={USER}\nIBEAM_PASSWORD={PASSWORD}\n"));
    for option in [
        "--read-only",
        "--tmpfs=/tmp",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--memory=1g",
        "--pids-limit=300",
        "--stop-timeout=10",
    ] {
        portal = portal.option(option);
    }
    let portal = portal.start();
    portal.becomes_ready();
    let container = &portal.container;
    let left = container.wait("the browser's end", || {
        let processes = processes(container);
        let mut names = processes.iter().map(|(name, _)| name.as_str());
        (!names.any(|name| name == "surf" || name.starts_with("WebKit") || name == "Xvfb"))
            .then_some(processes)
    });
    assert!(left.iter().any(|(name, _)| name == "java"), "{left:?}");
    assert!(left.iter().all(|(_, state)| *state != 'Z'), "{left:?}");

    let started = Instant::now();
    podman(&["stop", &container.name]);
    let took = started.elapsed();
    assert_eq!(container.exit_code(), 0, "{}", container.log());
    // After this long Docker kills: 10 s unless told otherwise.
    assert!(
        took < Duration::from_secs(8),
        "{took:?}: killed? {}",
        container.log()
    );
    assert_eq!(portal.upstream.count("/v1/api/logout"), 1, "{}", container.log());
    assert!(!portal.upstream.state().session);
    // The gateway was ended before the container was.
    assert!(
        container.log().contains("exit=exit code 143"),
        "{}",
        container.log()
    );
}

/// `IBEAM_SECRETS_SOURCE=fs`: the values are paths.
#[test]
#[ignore = "needs the image: make image-test"]
fn a_secret_in_a_file_is_seen_nowhere() {
    let portal = Portal::new()
        .secret("account", USER)
        .secret("password", PASSWORD)
        .env_file(
            "IBEAM_SECRETS_SOURCE=fs\nIBEAM_ACCOUNT=/run/secrets/account\nIBEAM_PASSWORD=/run/secrets/password\n\
             IBEAM_LOG_LEVEL=DEBUG\n",
        );
    let phone = Factor::Push {
        confirmed_at: u32::MAX,
    };
    portal.upstream.state().user.factor = phone;
    let portal = portal.start();
    // While the browser has it, and after that.
    let container = &portal.container;
    let script = "for each in /proc/[0-9]*; do cat $each/cmdline $each/environ; done 2>&-";
    container.wait("a push", || (portal.upstream.state().pushes > 0).then_some(()));
    let told = container.exec(&["sh", "-c", script]).stdout;
    let mut seen = String::from_utf8_lossy(&told).into_owned();
    assert!(seen.contains("surf"), "{seen}");
    portal.upstream.state().confirmed = true;
    portal.becomes_ready();
    seen += &String::from_utf8_lossy(&container.exec(&["sh", "-c", script]).stdout);
    let inspected = podman(&["inspect", &container.name]);
    let files = "grep -rlF 'Se cret' /var/lib/gatehand /srv/outputs /tmp /home || true";
    let files = printed(&container.exec(&["sh", "-c", files]));
    for (place, text) in [
        ("processes", &seen),
        ("inspect", &inspected),
        ("log", &container.log()),
    ] {
        assert!(text.len() > 500, "{place}: {text}");
        assert!(!text.contains("Se cret"), "{place}");
    }
    assert_eq!(files, "");
}

/// A redirection back to the login, for which the gateway says "Client login succeeds".
#[test]
#[ignore = "needs the image: make image-test"]
fn what_the_page_says_is_no_session() {
    let portal = Portal::new().env_file(&format!("IBEAM_ACCOUNT={USER}\nIBEAM_PASSWORD={PASSWORD}\n"));
    portal.upstream.state().trouble = Trouble::BackToLogin;
    let portal = portal.start();
    portal.container.wait("a login", || {
        (portal.upstream.count("/sso/Dispatcher") > 0).then_some(())
    });
    assert_eq!(portal.get(5001, "/readyz").0, 503, "{}", portal.container.log());
}

/// It stays, locked, however often something starts it again.
#[test]
#[ignore = "needs the image: make image-test"]
fn a_refused_password_is_submitted_once_for_all_starts() {
    let portal = Portal::new()
        .env_file(&format!("IBEAM_ACCOUNT={USER}\nIBEAM_PASSWORD=wrong\n"))
        .start();
    let locked = || portal.container.wait_for_state("locked-out");
    locked();
    podman(&["restart", &portal.container.name]);
    locked();
    assert_eq!(portal.upstream.state().logins.len(), 1);
    assert_eq!(portal.get(5001, "/readyz").0, 503);
    assert_eq!(portal.get(5001, "/livez").0, 200);
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_gateway_that_is_not_mounted_is_named_with_its_cure() {
    let container = Container::start(tempfile::tempdir().unwrap(), &portal_image(), &[], &[]);
    let code = container.wait_for_end();
    let log = container.log();
    assert_eq!(code, 78, "{log}");
    assert!(
        log.contains("/srv/clientportal.gw") && log.contains("clientportal.gw.zip"),
        "{log}"
    );
}

#[test]
#[ignore = "needs the image: make image-test"]
fn no_gateway_no_package_manager_and_no_root_are_in_it() {
    let inside = |command: &str| {
        let image = portal_image();
        podman(&[
            "run",
            "--rm",
            "--user=0",
            "--entrypoint=sh",
            &image,
            "-c",
            command,
        ])
    };
    assert_eq!(inside("ls /srv/clientportal.gw"), "");
    assert_eq!(inside("find / -xdev -name '*clientportal.gw*.jar'"), "");
    assert_eq!(inside("find / -xdev -type f -perm /6000"), "");
    let tools = "for each in apt dpkg-deb curl wget gcc javac python3 chromium openssl; do command -v $each; done; true";
    assert_eq!(inside(tools), "/usr/bin/dpkg-deb\n");
    let format = "{{.Config.User}} {{json .Config.Entrypoint}}";
    let started = podman(&["inspect", "--format", format, &portal_image()]);
    assert_eq!(started.trim(), "1000:1000 [\"gatehand\",\"portal\",\"run\"]");
}

/// The real one, which cannot reach IBKR here: it starts on the image's Java, and shows its page's address.
#[test]
#[ignore = "needs the image: make image-test"]
fn the_real_gateway_runs_on_the_runtime_of_the_image() {
    if std::env::var_os("GATEHAND_TEST_CPG").is_none() {
        eprintln!("skipped: GATEHAND_TEST_CPG=1 fetches the real gateway and tries it");
        return;
    }
    let fetched = Command::new(root().join("fixtures/portal/fetch.sh"))
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("portal"))
        .output()
        .unwrap();
    let gateway = printed(&fetched);
    let options = [
        format!("--volume={}:/srv/clientportal.gw:ro", gateway.trim()),
        "--publish=127.0.0.1::5000".into(),
    ];
    let container = Container::start(tempfile::tempdir().unwrap(), &portal_image(), &options, &[]);
    let url = format!("https://{}/", container.published(5000));
    container.wait("the gateway", || (get(&url).0 == 302).then_some(()));
    // Nobody is to be logged in, and nothing else is missing.
    let log = container.log();
    for word in ["NoClassDefFound", "ClassNotFound", "UnsatisfiedLink", "ERROR"] {
        assert!(!log.contains(word), "{log}");
    }
    assert_eq!(output(&["stop", &container.name]).status.code(), Some(0));
    assert_eq!(container.exit_code(), 0, "{}", container.log());
}
