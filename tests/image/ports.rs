//! The port layouts that compose files of other images publish.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::container::{Container, Demo};

/// The server's version, from the first bytes of the API's handshake.
fn server_version(address: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(b"API\0\0\0\0\x09v100..176").ok()?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).ok()?;
    String::from_utf8(answer[4..].to_vec()).ok()
}

fn answers(container: &Container, port: u16) {
    container.wait_for_state("ready");
    let address = container.published(port);
    assert_eq!(
        server_version(&address).as_deref(),
        Some("176"),
        "{}",
        container.log()
    );
}

fn demo(environment: &[(&str, &str)], ports: &[u16]) -> Container {
    Demo::new(json!({}))
        .environment(environment)
        .publish(ports)
        .start()
}

#[test]
#[ignore = "needs the image: make image-test"]
fn tws_userid_live_4003_and_paper_4004() {
    let user = [("TWS_USERID", "edemo"), ("TWS_PASSWORD", "demouser")];
    for (mode, port) in [("live", 4003), ("paper", 4004)] {
        let container = demo(&[&user[..], &[("TRADING_MODE", mode)]].concat(), &[4003, 4004]);
        answers(&container, port);
    }
}

#[test]
#[ignore = "needs the image: make image-test"]
fn twsuserid_4002_for_either_mode() {
    let container = demo(
        &[
            ("TWSUSERID", "edemo"),
            ("TWSPASSWORD", "demouser"),
            ("TRADING_MODE", "paper"),
        ],
        &[4002],
    );
    answers(&container, 4002);
}

#[test]
#[ignore = "needs the image: make image-test"]
fn secret_files_4003() {
    let secrets = tempfile::tempdir().unwrap();
    std::fs::write(secrets.path().join("ib_username.secret"), "edemo").unwrap();
    std::fs::write(secrets.path().join("ib_password.secret"), "demouser").unwrap();
    let mount = format!("--volume={}:/run/secrets:ro", secrets.path().display());
    let container = Demo::new(json!({}))
        .environment(&[("IB_TRADING_MODE", "paper")])
        .options(&[&mount])
        .publish(&[4003])
        .start();
    answers(&container, 4003);
}
