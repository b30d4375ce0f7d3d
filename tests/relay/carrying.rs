//! Bytes both ways, and how they end.

use std::io::ErrorKind;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{ANY, SHORT, expect, expect_end, payload, read_all, soon, start};

/// More than all buffers on the way hold.
const BIG: u32 = 32 << 20;

#[tokio::test]
async fn each_way_ends_by_itself() {
    let mut relay = start(|_| {}).await;
    let address = relay.open().await;
    let (mut client, mut server) = relay.connect(address).await;

    client.write_all(b"request").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(read_all(&mut server).await, b"request", "the client's half ends");
    server.write_all(b"the answer comes after").await.unwrap();
    server.shutdown().await.unwrap();
    assert_eq!(read_all(&mut client).await, b"the answer comes after");
    let status = relay.all_gone(1).await;
    assert_eq!((status.bytes_up, status.bytes_down), (7, 22));

    let (mut client, mut server) = relay.connect(address).await;
    server.write_all(b"greeting").await.unwrap();
    server.shutdown().await.unwrap();
    assert_eq!(
        read_all(&mut client).await,
        b"greeting",
        "the gateway's half ends"
    );
    client.write_all(b"farewell").await.unwrap();
    drop(client);
    assert_eq!(read_all(&mut server).await, b"farewell");
}

#[tokio::test]
async fn a_half_that_is_closed_does_not_end_the_other_however_much_comes() {
    let mut relay = start(|_| {}).await;
    let address = relay.open().await;
    for client_first in [true, false] {
        let (client, server) = relay.connect(address).await;
        let (mut first, mut second) = if client_first {
            (client, server)
        } else {
            (server, client)
        };
        first.shutdown().await.unwrap();
        assert!(read_all(&mut second).await.is_empty());
        let sent = payload(BIG, 7);
        let sending = sent.clone();
        let sender = tokio::spawn(async move {
            second.write_all(&sending).await.unwrap();
            second.shutdown().await.unwrap();
        });
        assert!(read_all(&mut first).await == sent, "client first: {client_first}");
        soon(sender).await.unwrap();
    }
    let status = relay.all_gone(2).await;
    let all = u64::from(BIG);
    assert_eq!((status.bytes_up, status.bytes_down), (all, all));
}

#[tokio::test]
async fn a_gateway_that_dies_ends_its_clients() {
    let mut relay = start(|_| {}).await;
    let address = relay.open().await;
    let (mut client, mut server) = relay.connect(address).await;
    server.write_all(b"alive").await.unwrap();
    expect(&mut client, b"alive").await;
    server.set_zero_linger().unwrap();
    drop(server);
    expect_end(&mut client).await;
    relay.all_gone(1).await;

    let target = relay.gateway.local_addr().unwrap();
    relay.gateway = TcpListener::bind(ANY).await.unwrap();
    let mut client = soon(TcpStream::connect(address)).await.unwrap();
    expect_end(&mut client).await;
    assert_eq!(relay.all_gone(2).await.unreached, 1);

    // The next gateway on that port serves again, through the same listener.
    relay.gateway = TcpListener::bind(target).await.unwrap();
    let (mut client, mut server) = relay.connect(address).await;
    client.write_all(b"again").await.unwrap();
    expect(&mut server, b"again").await;
}

#[tokio::test]
async fn a_client_that_dies_is_gone_from_the_gateway() {
    let mut relay = start(|_| {}).await;
    let address = relay.open().await;
    let (mut client, mut server) = relay.connect(address).await;
    // What it said last still arrives, also with answers that it never read.
    server.write_all(b"unread").await.unwrap();
    soon(client.readable()).await.unwrap();
    client.write_all(b"order").await.unwrap();
    drop(client);
    expect(&mut server, b"order").await;
    expect_end(&mut server).await;
    relay.all_gone(1).await;
}

#[tokio::test]
async fn a_connection_that_one_side_has_closed_does_not_stay_for_ever() {
    let mut relay = start(|relay| relay.limits.half_closed = SHORT).await;
    let address = relay.open().await;
    let (mut client, server) = relay.connect(address).await;
    // A gateway that is gone: the client still holds on to its half.
    drop(server);
    assert!(read_all(&mut client).await.is_empty());
    relay.all_gone(1).await;
    let gone = loop {
        match client.write_all(b"x").await {
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => break error.kind(),
        }
    };
    assert!(matches!(gone, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_slow_reader_gets_everything_and_delays_nobody() {
    let mut relay = start(|_| {}).await;
    let address = relay.open().await;
    let (mut slow, mut server) = relay.connect(address).await;
    let sent = payload(BIG, 3);
    let sending = sent.clone();
    let sender = tokio::spawn(async move {
        server.write_all(&sending).await.unwrap();
        server.shutdown().await.unwrap();
    });
    let (mut quick, mut server) = relay.connect(address).await;
    let mut received = Vec::new();
    while received.len() < sent.len() {
        let mut piece = vec![0; 100_000];
        let length = soon(slow.read(&mut piece)).await.unwrap();
        assert!(length > 0);
        received.extend_from_slice(&piece[..length]);
        quick.write_all(b"ping").await.unwrap();
        expect(&mut server, b"ping").await;
        server.write_all(b"pong").await.unwrap();
        expect(&mut quick, b"pong").await;
    }
    assert!(received == sent);
    soon(sender).await.unwrap();
}

#[tokio::test]
async fn bytes_are_counted_while_they_flow() {
    let mut relay = start(|_| {}).await;
    let address = relay.open().await;
    let (mut client, mut server) = relay.connect(address).await;
    client.write_all(b"up").await.unwrap();
    expect(&mut server, b"up").await;
    server.write_all(b"down").await.unwrap();
    expect(&mut client, b"down").await;
    let status = *relay.status.borrow();
    assert_eq!((status.clients, status.bytes_up, status.bytes_down), (1, 2, 4));
}
