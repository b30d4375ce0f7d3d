//! What is in the image, and what is not.

use crate::container::{image, podman};

/// A shell command's output in the image, without gatehand.
fn inside(command: &str) -> String {
    podman(&[
        "run",
        "--rm",
        "--user=0",
        "--entrypoint=sh",
        &image(),
        "-c",
        command,
    ])
}

#[test]
#[ignore = "needs the image: make image-test"]
fn no_compiler_no_package_lists_no_secrets_no_root() {
    for program in [
        "gcc", "cc", "cargo", "rustc", "javac", "npm", "node", "sudo", "curl", "wget", "x11vnc", "socat",
        "apt", "apt-get", "gpgv",
    ] {
        assert_eq!(inside(&format!("command -v {program} || true")), "", "{program}");
    }
    // The list of packages stays: it is what scanners go by.
    assert_eq!(
        inside("ls -d /etc/apt /var/lib/apt /var/cache/apt 2>&- || true"),
        ""
    );
    inside("test -s /var/lib/dpkg/status");
    assert_eq!(
        inside(
            "find / -xdev \\( -name '*.pem' -o -name 'id_*' -o -name '*.secret' -o -name .npmrc \\) -not -path '/proc/*'"
        ),
        ""
    );
    assert_eq!(inside("find / -xdev -type f -perm /6000"), "");
    let shells = podman(&[
        "inspect",
        "--format",
        "{{.Config.User}} {{json .Config.Entrypoint}} {{.Config.StopSignal}}",
        &image(),
    ]);
    assert_eq!(shells.trim(), "1000:1000 [\"gatehand\",\"run\"] SIGTERM");
    let environment = podman(&["inspect", "--format", "{{json .Config.Env}}", &image()]);
    for word in ["PASSWORD", "SECRET", "TOKEN", "USERID"] {
        assert!(!environment.contains(word), "{environment}");
    }
}

#[test]
#[ignore = "needs the image: make image-test"]
fn what_is_shipped_has_its_licence() {
    for file in [
        "gatehand/LICENSE-MIT",
        "gatehand/LICENSE-APACHE",
        "xvfb/copyright",
        "libtesseract5/copyright",
        "fonts-dejavu-core/copyright",
    ] {
        inside(&format!("test -s /usr/share/doc/{file}"));
    }
    inside("test -s /usr/share/novnc/docs/LICENSE.MPL-2.0");
    // All of the crates in the binary.
    assert!(inside("cat /usr/share/doc/gatehand/crates").lines().count() > 100);
}
