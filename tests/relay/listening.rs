//! When somebody listens, and when not.

use std::io::ErrorKind;

use gatehand::relay::{Limits, Relay, RelayStatus};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use crate::harness::{ANY, expect, expect_end, soon, start};

#[tokio::test]
async fn nobody_listens_before_and_after() {
    let mut relay = start(|_| {}).await;
    let address = relay.open().await;
    let (mut client, mut server) = relay.connect(address).await;
    relay.shut().await;
    let refused = soon(TcpStream::connect(address)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    server.write_all(b"still here").await.unwrap();
    expect(&mut client, b"still here").await;

    let again = relay.open().await;
    let (mut client, mut server) = relay.connect(again).await;
    client.write_all(b"x").await.unwrap();
    expect(&mut server, b"x").await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_at_start_and_tried_again_later() {
    let taken = TcpListener::bind(ANY).await.unwrap();
    let address = taken.local_addr().unwrap();
    let relay = Relay {
        listen: address,
        target: ANY,
        hold: None,
        allow: Vec::new(),
        tls: None,
        limits: Limits::default(),
    };
    let error = relay.check().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the API relay cannot listen on {address}: the port is taken; set TWS_PORT to another or stop what holds it"
        )
    );
    assert_eq!(error.exit_code().number(), 69);

    // Whoever holds it may be gone by the time that somebody is to be served, or later.
    let (ready, gate) = watch::channel(true);
    let (status, mut told) = watch::channel(RelayStatus::default());
    let (_shutdown, ended) = oneshot::channel();
    let task = tokio::spawn(relay.run(gate, status, ended));
    tokio::task::yield_now().await;
    assert!(!task.is_finished() && told.borrow().listening.is_none());
    drop(taken);
    soon(told.wait_for(|status| status.listening == Some(address)))
        .await
        .unwrap();
    drop(ready);
}

#[tokio::test]
async fn a_shutdown_ends_everything() {
    let mut relay = start(|_| {}).await;
    let address = relay.open().await;
    let (mut client, mut server) = relay.connect(address).await;
    relay.shutdown.send(()).unwrap();
    soon(relay.task).await.unwrap().unwrap();
    expect_end(&mut client).await;
    expect_end(&mut server).await;
    assert!(soon(TcpStream::connect(address)).await.is_err());
    assert_eq!(relay.status.borrow().clients, 0);
}

#[tokio::test]
async fn a_gate_without_a_keeper_is_shut() {
    let mut relay = start(|_| {}).await;
    let address = relay.open().await;
    drop(relay.ready);
    soon(relay.status.wait_for(|status| status.listening.is_none()))
        .await
        .unwrap();
    assert!(soon(TcpStream::connect(address)).await.is_err());
    assert!(!relay.task.is_finished());
}
