//! Clients that are held while the gateway is not ready.

use std::time::Duration;

use gatehand::relay::{Hold, Relay};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{LONG, SHORT, echo, expect, expect_end, read_all, soon, start};

/// The first words of a client of the API.
const GREETING: &[u8] = b"API\0\0\0\0\x09v100..187";

fn holds(limit: Duration) -> impl FnOnce(&mut Relay) {
    move |relay| {
        relay.hold = Some(Hold {
            limit,
            from_start: true,
        });
    }
}

#[tokio::test]
async fn a_client_is_connected_when_the_gateway_is_ready() {
    let mut relay = start(holds(LONG)).await;
    let address = relay.listening().await;
    let mut early = soon(TcpStream::connect(address)).await.unwrap();
    early.write_all(GREETING).await.unwrap();
    let quiet = soon(TcpStream::connect(address)).await.unwrap();
    relay.settled(|status| status.held == 2).await;
    drop(quiet);
    relay
        .settled(|status| status.held == 1 && status.clients == 1)
        .await;
    early.write_all(b" and more").await.unwrap();

    relay.ready.send_replace(true);
    let mut server = relay.accept().await;
    expect(&mut server, GREETING).await;
    expect(&mut server, b" and more").await;
    server.write_all(b"176").await.unwrap();
    expect(&mut early, b"176").await;
    let status = relay.settled(|status| status.held == 0).await;
    assert_eq!(
        (status.clients, status.unreached),
        (1, 0),
        "nobody came for the one who left"
    );

    // Who is connected stays, and the next is held again.
    relay.ready.send_replace(false);
    let mut next = soon(TcpStream::connect(address)).await.unwrap();
    relay.settled(|status| status.held == 1).await;
    server.write_all(b"still here").await.unwrap();
    expect(&mut early, b"still here").await;
    relay.ready.send_replace(true);
    let mut server = relay.accept().await;
    next.write_all(b"x").await.unwrap();
    expect(&mut server, b"x").await;
    assert_eq!(relay.status.borrow().listening, Some(address), "never closed");
}

#[tokio::test]
async fn nobody_is_held_for_ever() {
    let mut relay = start(holds(SHORT)).await;
    let address = relay.listening().await;
    let mut client = soon(TcpStream::connect(address)).await.unwrap();
    client.write_all(GREETING).await.unwrap();
    expect_end(&mut client).await;
    let status = relay.all_gone(1).await;
    assert_eq!((status.held, status.bytes_up), (0, 0));
}

#[tokio::test]
async fn held_clients_are_bounded_in_number_and_in_what_they_say() {
    let mut relay = start(|relay| {
        holds(LONG)(relay);
        relay.limits.clients = 1;
    })
    .await;
    let address = relay.listening().await;
    let mut first = soon(TcpStream::connect(address)).await.unwrap();
    relay.settled(|status| status.held == 1).await;
    let mut second = soon(TcpStream::connect(address)).await.unwrap();
    assert!(read_all(&mut second).await.is_empty());
    assert_eq!(relay.settled(|status| status.turned_away == 1).await.held, 1);

    // More than any buffer of the system takes is not read while it waits, and nothing of it is lost.
    let sent = crate::harness::payload(16 << 20, 1);
    let sending = sent.clone();
    let client = tokio::spawn(async move {
        let (mut read, mut write) = first.split();
        let mut received = Vec::new();
        let (written, read) = tokio::join!(
            async {
                write.write_all(&sending).await?;
                write.shutdown().await
            },
            tokio::io::AsyncReadExt::read_to_end(&mut read, &mut received)
        );
        written.and(read).unwrap();
        received
    });
    relay.ready.send_replace(true);
    let server = relay.accept().await;
    echo(server).await;
    assert!(soon(client).await.unwrap() == sent);
}

#[tokio::test]
async fn a_gateway_that_is_ready_but_cannot_be_reached_is_tried_again() {
    let mut relay = start(holds(LONG)).await;
    let address = relay.open().await;
    let target = relay.gateway.local_addr().unwrap();
    drop(std::mem::replace(
        &mut relay.gateway,
        TcpListener::bind(crate::harness::ANY).await.unwrap(),
    ));
    let mut client = soon(TcpStream::connect(address)).await.unwrap();
    client.write_all(GREETING).await.unwrap();
    relay
        .settled(|status| status.unreached == 1 && status.held == 1)
        .await;
    relay.gateway = TcpListener::bind(target).await.unwrap();
    let mut server = relay.accept().await;
    expect(&mut server, GREETING).await;
}

#[tokio::test]
async fn a_port_that_the_gateway_may_want_is_left_to_it_at_first() {
    let mut relay = start(|relay| {
        relay.hold = Some(Hold {
            limit: LONG,
            from_start: false,
        });
    })
    .await;
    tokio::task::yield_now().await;
    assert_eq!(relay.status.borrow().listening, None);
    let address = relay.open().await;
    relay.ready.send_replace(false);
    let _held = soon(TcpStream::connect(address)).await.unwrap();
    relay.settled(|status| status.held == 1).await;
}
