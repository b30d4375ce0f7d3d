//! The stage that installs IBKR's Gateway, with an installer that has the options and folders of theirs.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use crate::container::{image, podman};

/// `scripts/image.sh build TARGET OPTION...`
fn build(target: &str, options: &[&str]) -> Output {
    Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/image.sh"))
        .args(["build", target])
        .args(options)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr]
        .map(String::from_utf8_lossy)
        .concat()
}

/// Takes a file out of an image.
fn copy_out(image: &str, path: &str, to: &Path) {
    let container = podman(&["create", image, "/none"]);
    let container = container.trim();
    podman(&["cp", &format!("{container}:{path}"), &to.display().to_string()]);
    podman(&["rm", container]);
}

/// Gives this file to whoever asks.
fn serve(file: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/installer.sh", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                file.len()
            );
            let stream = stream.get_mut();
            // Who goes away early is seen by the test.
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&file));
        }
    });
    address
}

#[test]
#[ignore = "needs the image: make image-test"]
fn an_installer_is_downloaded_checked_and_installed() {
    assert!(build("demo-installer", &[]).status.success());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("installer.sh");
    copy_out(
        "localhost/gatehand:demo-installer",
        "/standin-installer.sh",
        &file,
    );
    let sum = Command::new("sha256sum").arg(&file).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap()[..64].to_owned();
    let url = format!("GATEWAY_URL={}", serve(std::fs::read(&file).unwrap()));
    let with = |sum: &str| {
        let sum = format!("GATEWAY_SHA256={sum}");
        let version = "GATEWAY_VERSION=10.45.1j";
        build(
            "gateway",
            &[
                "--network=host",
                "--build-arg",
                version,
                "--build-arg",
                &sum,
                "--build-arg",
                &url,
            ],
        )
    };

    for wrong in [
        "",
        "0000000000000000000000000000000000000000000000000000000000000000",
    ] {
        let output = with(wrong);
        assert!(!output.status.success(), "{wrong}");
        assert!(
            said(&output).contains(&sum),
            "the sum to compare is told: {}",
            said(&output)
        );
    }

    let output = with(&sum);
    assert!(output.status.success(), "{}", said(&output));
    let inside = "/opt/Jts/ibgateway/10.45.1j";
    let shell =
        |image: &str, command: &str| podman(&["run", "--rm", "--entrypoint=sh", image, "-c", command]);
    let made = "localhost/gatehand:gateway";
    let jre = shell(
        made,
        &format!("test -d {inside}/jars && cat {inside}/.install4j/inst_jre.cfg"),
    );
    assert!(jre.starts_with("/usr/local/i4j_jres/"), "{jre}");
    shell(made, &format!("{}/bin/java -version", jre.trim()));
    assert_eq!(
        shell(made, "test -w /opt/Jts/ibgateway && echo writable || true"),
        ""
    );
    // The two targets are of one base.
    assert_eq!(
        shell(made, "gatehand --version"),
        shell(&image(), "gatehand --version")
    );
}
