//! Read-only root, no capabilities, no new privileges, limits: as the image's own user, and as any other.

use std::process::Command;

use serde_json::json;

use crate::common;
use crate::container::{Container, Demo, HARDENED, podman};

/// Of eight characters: vncdotool knows no security type that takes more.
const PASSWORD: &str = "look-in8";

fn start(user: Option<&str>) -> Container {
    let mut demo = Demo::new(json!({"after_login": ["paper_notice", "tip"]}))
        .login()
        .options(&HARDENED)
        .environment(&[("VNC_SERVER_PASSWORD", PASSWORD)])
        .publish(&[4004, 5900, 6080]);
    if let Some(user) = user {
        demo = demo.options(&["--user", user]);
    }
    demo.start()
}

/// What a user of the ports sees once it is ready: the API, a viewer's picture, and what orchestrators ask.
fn serves_all_that_is_published(container: &Container) {
    container.wait_for_state("ready");
    let api = container.published(4004);
    let (host, port) = api.split_once(':').unwrap();
    assert_eq!(common::accounts(host, port), json!(["DU1234567"]));

    let picture = tempfile::tempdir().unwrap();
    let file = picture.path().join("screen.png");
    let address = container.published(5900).replace(':', "::");
    let vncdo = common::python().with_file_name("vncdo");
    let output = Command::new(vncdo)
        .args([
            "--server",
            &address,
            "--password",
            PASSWORD,
            "--timeout",
            "60",
            "capture",
        ])
        .arg(&file)
        .output()
        .unwrap();
    common::printed(&output);
    let screen = image::open(&file).unwrap().into_rgb8();
    let colours: std::collections::HashSet<_> = screen.pixels().collect();
    assert!(colours.len() > 10, "a screen of {} colours", colours.len());

    for path in ["livez", "readyz", "startupz"] {
        let address = format!("http://{}/{path}", container.published(6080));
        let answer = ureq::get(&address).call().unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[test]
#[ignore = "needs the image: make image-test"]
fn as_the_user_of_the_image() {
    let container = start(None);
    serves_all_that_is_published(&container);
    let id = container.exec(&["id", "-u"]);
    assert_eq!(String::from_utf8_lossy(&id.stdout).trim(), "1000");
    // The health check of the image, as the runtime runs it.
    podman(&["healthcheck", "run", &container.name]);
}

#[test]
#[ignore = "needs the image: make image-test"]
fn as_a_user_that_nobody_knows() {
    let container = start(Some("4242424:0"));
    serves_all_that_is_published(&container);
    assert_eq!(container.submissions(), 1);
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_secret_of_the_user_alone_and_a_volume_of_settings() {
    let secret = tempfile::tempdir().unwrap();
    let file = secret.path().join("password");
    std::fs::write(&file, "demouser\n").unwrap();
    let owned = Command::new("chown")
        .arg("1000:1000")
        .arg(&file)
        .status()
        .unwrap();
    assert!(owned.success(), "chown needs root");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o400)).unwrap();
    let mount = format!("--volume={}:/run/secrets/tws_password:ro", file.display());
    let container = Demo::new(json!({}))
        .options(&HARDENED)
        .options(&[&mount])
        .environment(&[
            ("TWS_USERID", "edemo"),
            ("TWS_PASSWORD_FILE", "/run/secrets/tws_password"),
        ])
        .start();
    container.wait_for_state("ready");
    let ini = container.exec(&["cat", "/var/lib/gatehand/settings/jts.ini"]);
    assert!(String::from_utf8_lossy(&ini.stdout).contains("[IBGateway]"));
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_folder_that_cannot_be_written_is_named_with_its_cure() {
    let container = Demo::new(json!({}))
        .login()
        .options(&["--read-only", "--tmpfs=/tmp"])
        .start();
    let code = container.wait_for_end();
    let log = container.log();
    assert_eq!(code, 78, "{log}");
    assert!(
        log.contains("/home/ibgateway/Jts") && log.contains("TWS_SETTINGS_PATH"),
        "{log}"
    );
}
