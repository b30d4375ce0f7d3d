//! Who is let in.

use std::net::{Ipv6Addr, SocketAddr};

use gatehand::relay::Relay;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::harness::{ANY, Running, expect, expect_end, read_all, soon, start};

#[tokio::test]
async fn too_many_are_turned_away_and_leave_room_when_they_go() {
    let mut relay = start(|relay| relay.limits.clients = 1).await;
    let address = relay.open().await;
    let (first, _server) = relay.connect(address).await;
    let mut second = soon(TcpStream::connect(address)).await.unwrap();
    assert!(read_all(&mut second).await.is_empty());
    assert_eq!(relay.settled(|status| status.turned_away == 1).await.clients, 1);
    drop((first, _server));
    relay.settled(|status| status.clients == 0).await;
    let (mut third, mut server) = relay.connect(address).await;
    server.write_all(b"ok").await.unwrap();
    expect(&mut third, b"ok").await;
}

async fn allowing(listen: SocketAddr, networks: &[&str]) -> (Running, u16) {
    let allow = networks.iter().map(|network| network.parse().unwrap()).collect();
    let mut relay = start(|relay: &mut Relay| {
        relay.listen = listen;
        relay.allow = allow;
    })
    .await;
    let port = relay.open().await.port();
    (relay, port)
}

async fn is_served(relay: &mut Running, to: &str, port: u16) {
    let to = SocketAddr::new(to.parse().unwrap(), port);
    let (mut client, mut server) = relay.connect(to).await;
    client.write_all(b"x").await.unwrap();
    expect(&mut server, b"x").await;
}

async fn is_refused(relay: &mut Running, to: &str, port: u16) {
    let (accepted, refused) = {
        let status = relay.status.borrow();
        (status.accepted, status.refused)
    };
    let to = SocketAddr::new(to.parse().unwrap(), port);
    let mut client = soon(TcpStream::connect(to)).await.unwrap();
    // It may be over before a word is said.
    let _ = client.write_all(b"x").await;
    expect_end(&mut client).await;
    let status = relay.settled(|status| status.refused == refused + 1).await;
    assert_eq!(status.accepted, accepted, "not even counted among the clients");
}

#[tokio::test]
async fn an_address_outside_the_networks_is_refused() {
    let (mut relay, port) = allowing(ANY, &["10.0.0.0/8", "127.0.0.0/30"]).await;
    is_served(&mut relay, "127.0.0.1", port).await;
    let (mut relay, port) = allowing(ANY, &["10.0.0.0/8", "127.0.0.2/32", "::1/128"]).await;
    is_refused(&mut relay, "127.0.0.1", port).await;
}

#[tokio::test]
async fn an_address_of_ipv4_is_one_through_a_socket_of_ipv6() {
    let everywhere = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    let (mut relay, port) = allowing(everywhere, &["127.0.0.0/8"]).await;
    is_served(&mut relay, "127.0.0.1", port).await;
    is_refused(&mut relay, "::1", port).await;
    // Mapped addresses are no way around a list for IPv6.
    let (mut relay, port) = allowing(everywhere, &["::/0"]).await;
    is_served(&mut relay, "::1", port).await;
    is_refused(&mut relay, "127.0.0.1", port).await;
}
