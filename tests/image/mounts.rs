//! What old compose files mount is found where they mount it, with the owner and the mode that they give it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::common::ssh::Server;
use crate::container::{Container, Demo, Network};

/// What is mounted: its files belong to uid 1000 and nobody else may read them.
struct Mount {
    folder: TempDir,
    /// In the container; a file when only one is mounted.
    at: &'static str,
}

impl Mount {
    fn new(at: &'static str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        }
        let owned = Command::new("chown")
            .args(["-R", "1000:1000"])
            .arg(folder.path())
            .status();
        assert!(owned.unwrap().success(), "chown needs root");
        Self { folder, at }
    }

    /// The option that mounts the folder, or the one file in it.
    fn option(&self, what: &str) -> String {
        let path = self.folder.path().join(what);
        format!("--volume={}:{}", path.display(), self.at)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

/// A container with these mounts that has logged in.
fn ready(demo: Demo, options: &[String]) -> Container {
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let container = demo.options(&options).start();
    container.wait_for_state("ready");
    container
}

/// Settings that a volume has are used, and new ones are kept in it.
fn settings_are_kept(at: &'static str, environment: &[(&str, &str)]) {
    let settings = Mount::new(at, &[]);
    let demo = Demo::new(json!({}))
        .login()
        .environment(environment)
        .environment(&[("TWS_MASTER_CLIENT_ID", "17")]);
    let container = ready(demo, &[settings.option("")]);
    assert!(settings.read("jts.ini").contains("[IBGateway]"), "{at}");
    assert!(settings.read("configuration.json").contains("17"), "{at}");
    // The governor's book goes with the settings.
    assert!(
        settings.folder.path().join(".gatehand").is_dir(),
        "{at}: {}",
        container.log()
    );
}

#[test]
#[ignore = "needs the image: make image-test"]
fn the_settings_of_an_image_that_ran_as_root() {
    settings_are_kept("/root/Jts", &[]);
    settings_are_kept("/root/Jts", &[("TWS_SETTINGS_PATH", "/root/Jts")]);
}

#[test]
#[ignore = "needs the image: make image-test"]
fn the_settings_in_the_home_folder() {
    settings_are_kept("/home/ibgateway/Jts", &[]);
}

#[test]
#[ignore = "needs the image: make image-test"]
fn the_settings_in_a_folder_that_is_named() {
    let folder = "/home/ibgateway/tws_settings";
    settings_are_kept(folder, &[("TWS_SETTINGS_PATH", folder)]);
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_jts_ini_that_is_mounted_alone() {
    // It cannot be replaced, only written to.
    let ini = "[Logon]\nTimeZone=Europe/Zurich\nown=kept\n[IBGateway]\n";
    let mount = Mount::new("/home/ibgateway/Jts/jts.ini", &[("jts.ini", ini)]);
    let path = mount.folder.path().join("jts.ini");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    let demo = Demo::new(json!({}))
        .login()
        .environment(&[("TIME_ZONE", "America/New_York")]);
    let container = ready(demo, &[mount.option("jts.ini")]);
    let written = mount.read("jts.ini");
    assert!(
        written.contains("TimeZone=America/New_York") && written.contains("own=kept"),
        "{written}: {}",
        container.log()
    );
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_custom_configuration() {
    let ini = "[Logon]\nTimeZone=Europe/Zurich\n";
    let jts = Mount::new("/home/ibgateway/Jts/jts.ini", &[("jts.ini", ini)]);
    let ibc = Mount::new(
        "/home/ibgateway/ibc/config.ini",
        &[(
            "config.ini",
            "IbLoginId=edemo\nIbPassword=demouser\nTradingMode=paper\n",
        )],
    );
    let demo = Demo::new(json!({})).environment(&[("CUSTOM_CONFIG", "yes"), ("TIME_ZONE", "Etc/UTC")]);
    let options = [jts.option("jts.ini") + ":ro", ibc.option("config.ini") + ":ro"];
    let container = ready(demo, &options);
    assert_eq!(container.submissions(), 1);
    assert_eq!(jts.read("jts.ini"), ini);
}

#[test]
#[ignore = "needs the image: make image-test"]
fn secrets_of_the_user_alone() {
    let secrets = Mount::new(
        "/run/secrets",
        &[
            ("ib_username.secret", "edemo\n"),
            ("ib_password.secret", "demouser\n"),
        ],
    );
    let demo = Demo::new(json!({})).environment(&[("IB_TRADING_MODE", "paper")]);
    ready(demo, &[secrets.option("") + ":ro"]);
}

#[test]
#[ignore = "needs the image: make image-test"]
fn scripts_at_the_start() {
    let scripts = Mount::new(
        "/home/ibgateway/init-scripts",
        &[("10-one.sh", "echo \"$PWD $(id -u)\" >/standin/ran\n")],
    );
    let demo = Demo::new(json!({}))
        .login()
        .environment(&[("START_SCRIPTS", "init-scripts")]);
    let container = ready(demo, &[scripts.option("") + ":ro"]);
    assert_eq!(container.shared("ran"), "/home/ibgateway 1000\n");
}

#[test]
#[ignore = "needs the image: make image-test"]
fn keys_for_a_tunnel() {
    // The server is on this machine, where containers have their way out.
    let network = Network::new();
    let host = network.this_machine();
    let server = Server::listen("0.0.0.0", "");
    let key = fs::read_to_string(server.path("key")).unwrap();
    let known = fs::read_to_string(server.path("known_hosts")).unwrap();
    let known = known.replace("0.0.0.0", &host);
    let keys = Mount::new(
        "/home/ibgateway/.ssh",
        &[("id_ed25519", &key), ("known_hosts", &known)],
    );
    let open = crate::common::program::free_port();
    let demo = Demo::new(json!({})).login().environment(&[
        ("SSH_TUNNEL", "both"),
        ("SSH_USER_TUNNEL", &format!("{}@{host}", server.user)),
        ("SSH_OPTIONS", &format!("-p {}", server.port)),
        ("SSH_REMOTE_PORT", &open.to_string()),
    ]);
    let container = ready(demo, &[keys.option("") + ":ro", network.option()]);
    container.wait("the tunnel", || {
        std::net::TcpStream::connect(("127.0.0.1", open)).ok()
    });
}
