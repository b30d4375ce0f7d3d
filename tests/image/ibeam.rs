//! The compose file for those who come from IBeam, brought up by podman-compose as it is but for its names,
//! published ports and network.

use std::fs;
use std::io::Read as _;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::common;
use crate::container::{Network, podman, portal_image};
use crate::portal::{get, unpacked};
use crate::upstream::Upstream;

/// A folder as users have it: the compose file, its variables, the gateway beside it, and the folder of inputs.
struct Project {
    folder: TempDir,
    name: String,
    /// That of the project, made beforehand for the address of this machine on it.
    _network: Network,
}

impl Project {
    fn new(upstream: &Upstream, variables: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/compose/ibeam.yml");
        let name = format!("gatehand-ibeam-{}", std::process::id());
        let mut text = fs::read_to_string(path).unwrap();
        for (as_it_is, here) in [
            ("container_name: ibeam", format!("container_name: {name}")),
            ("127.0.0.1:5000:5000", "127.0.0.1::5000".into()),
            ("127.0.0.1:5001:5001", "127.0.0.1::5001".into()),
            ("127.0.0.1:5900:5900", "127.0.0.1::5900".into()),
            ("network_mode: bridge", "# On its own network.".into()),
        ] {
            assert!(text.contains(as_it_is), "{as_it_is:?} is not in {text}");
            text = text.replace(as_it_is, &here);
        }
        let network = Network::named(format!("{name}_default"));
        let ibkr = format!("http://{}:{}", network.this_machine(), upstream.port);
        let gateway = unpacked(folder.path(), &ibkr);
        let inputs = folder.path().join("inputs");
        fs::create_dir(&inputs).unwrap();
        // It is not IBKR's, which is believed anyway.
        fs::copy(gateway.join("vertx.pem"), inputs.join("cacert.pem")).unwrap();
        let image = format!("GATEHAND_IMAGE={}\n", portal_image());
        for (file, content) in [
            ("compose.yml", text.as_str()),
            ("env.list", variables),
            (".env", &image),
        ] {
            fs::write(folder.path().join(file), content).unwrap();
        }
        Self {
            folder,
            name,
            _network: network,
        }
    }

    fn compose(&self, arguments: &[&str]) -> Output {
        let program: PathBuf = common::python().with_file_name("podman-compose");
        Command::new(program)
            .args(["--project-name", &self.name])
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// What a program on this machine gets.
    fn get(&self, scheme: &str, port: &str, path: &str) -> (u16, String) {
        let published = podman(&["port", &self.name, port]);
        get(&format!("{scheme}://{}{path}", published.trim()))
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = crate::container::output(&["logs", &self.name]);
            eprintln!("{}", String::from_utf8_lossy(&log.stderr));
        }
        // What failed before is told already.
        let _ = self.compose(&["down", "--volumes", "--timeout", "10"]);
    }
}

#[test]
#[ignore = "needs the image: make image-test"]
fn the_compose_file_brings_up_what_it_did() {
    // The network is there only while a container is.
    let upstream = Upstream::start_at("0.0.0.0", None);
    let user = upstream.state().user.clone();
    let variables = format!(
        "IBEAM_ACCOUNT={}\nIBEAM_PASSWORD={}\nVNC_SERVER_PASSWORD=look-in\n",
        user.name, user.password
    );
    let project = Project::new(&upstream, &variables);
    common::printed(&project.compose(&["up", "--detach"]));
    common::wait_within(Duration::from_secs(120), "readiness", || {
        (project.get("http", "5001", "/readyz").0 == 200).then_some(())
    });
    let (status, body) = project.get("https", "5000", "/v1/api/one/user");
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &told["username"]), (200, &Value::from(user.name)));
    let mut viewer = TcpStream::connect(podman(&["port", &project.name, "5900"]).trim()).unwrap();
    let mut greeting = [0; 4];
    viewer.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"RFB ");
    drop(viewer);
    let volumes = podman(&["volume", "ls", "--format", "{{.Name}}"]);
    assert!(volumes.contains(&project.name), "{volumes}");
    common::printed(&project.compose(&["stop"]));
    assert_eq!(upstream.count("/v1/api/logout"), 1);
    let state = podman(&["inspect", "--format", "{{.State.ExitCode}}", &project.name]);
    assert_eq!(state.trim(), "0");
}
