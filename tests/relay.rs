//! The API relay between real sockets.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::future::Future;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use gatehand::relay::{Relay, RelayError, RelayStatus};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Nothing here takes longer unless it hangs.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .expect("it hangs")
}

struct Running {
    gateway: TcpListener,
    ready: watch::Sender<bool>,
    status: watch::Receiver<RelayStatus>,
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<Result<(), RelayError>>,
}

async fn start(max_clients: usize) -> Running {
    let gateway = TcpListener::bind(ANY).await.unwrap();
    let relay = Relay {
        listen: ANY,
        target: gateway.local_addr().unwrap(),
        max_clients,
    };
    let (ready, gate) = watch::channel(false);
    let (sender, status) = watch::channel(RelayStatus::default());
    let (shutdown, ended) = oneshot::channel();
    let task = tokio::spawn(relay.run(gate, sender, ended));
    Running {
        gateway,
        ready,
        status,
        shutdown,
        task,
    }
}

impl Running {
    async fn open(&mut self) -> SocketAddr {
        self.ready.send_replace(true);
        let status = soon(self.status.wait_for(|status| status.listening.is_some()))
            .await
            .unwrap();
        status.listening.unwrap()
    }

    async fn shut(&mut self) {
        self.ready.send_replace(false);
        soon(self.status.wait_for(|status| status.listening.is_none()))
            .await
            .unwrap();
    }

    /// A client and what the gateway has of it.
    async fn connect(&mut self, to: SocketAddr) -> (TcpStream, TcpStream) {
        let client = soon(TcpStream::connect(to)).await.unwrap();
        let (server, _) = soon(self.gateway.accept()).await.unwrap();
        (client, server)
    }

    async fn settled(&mut self, wanted: impl FnMut(&RelayStatus) -> bool) -> RelayStatus {
        *soon(self.status.wait_for(wanted)).await.unwrap()
    }
}

async fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await.unwrap();
    bytes
}

#[tokio::test]
async fn each_way_ends_by_itself() {
    let mut relay = start(8).await;
    let address = relay.open().await;
    let (mut client, mut server) = relay.connect(address).await;

    client.write_all(b"request").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(read_all(&mut server).await, b"request", "the client's half ends");
    server.write_all(b"the answer comes after").await.unwrap();
    server.shutdown().await.unwrap();
    assert_eq!(read_all(&mut client).await, b"the answer comes after");
    let status = relay
        .settled(|status| status.accepted == 1 && status.clients == 0)
        .await;
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
async fn nobody_listens_before_and_after() {
    let mut relay = start(8).await;
    let address = relay.open().await;
    let (mut client, mut server) = relay.connect(address).await;
    relay.shut().await;
    let refused = soon(TcpStream::connect(address)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    server.write_all(b"still here").await.unwrap();
    let mut bytes = [0; 10];
    soon(client.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(&bytes, b"still here", "who is connected stays so");

    let again = relay.open().await;
    let (mut client, mut server) = relay.connect(again).await;
    client.write_all(b"x").await.unwrap();
    soon(server.read_exact(&mut bytes[..1])).await.unwrap();
}

#[tokio::test]
async fn it_does_not_listen_until_ready() {
    let taken = TcpListener::bind(ANY).await.unwrap();
    let address = taken.local_addr().unwrap();
    let relay = Relay {
        listen: address,
        target: ANY,
        max_clients: 1,
    };
    let error = relay.check().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the API relay cannot listen on {address}: the port is taken; set TWS_PORT to another or stop what holds it"
        )
    );
    assert_eq!(error.exit_code().number(), 69);

    let (ready, gate) = watch::channel(false);
    let (_shutdown, ended) = oneshot::channel();
    let task = tokio::spawn(relay.run(gate, watch::channel(RelayStatus::default()).0, ended));
    tokio::task::yield_now().await;
    assert!(
        !task.is_finished(),
        "a taken port does not matter while nobody is to be served"
    );
    ready.send_replace(true);
    assert!(matches!(soon(task).await.unwrap(), Err(RelayError::Taken { .. })));
}

#[tokio::test]
async fn a_gateway_that_dies_ends_its_clients() {
    let mut relay = start(8).await;
    let address = relay.open().await;
    let (mut client, server) = relay.connect(address).await;
    socket2::SockRef::from(&server)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(server);
    let mut bytes = Vec::new();
    // Reset or closed: in both cases it is over.
    let _ = soon(client.read_to_end(&mut bytes)).await;
    assert!(bytes.is_empty());
    relay
        .settled(|status| status.accepted == 1 && status.clients == 0)
        .await;

    let Running {
        gateway,
        mut status,
        ready: _ready,
        shutdown: _shutdown,
        task: _task,
    } = relay;
    drop(gateway);
    let mut client = soon(TcpStream::connect(address)).await.unwrap();
    let _ = soon(client.read_to_end(&mut bytes)).await;
    assert!(bytes.is_empty(), "no gateway: closed at once");
    soon(status.wait_for(|status| status.accepted == 2 && status.clients == 0))
        .await
        .unwrap();
}

#[tokio::test]
async fn many_clients_each_with_its_own_bytes() {
    const CLIENTS: u32 = 200;
    const EACH: u32 = 50_000;
    let mut relay = start(CLIENTS as usize).await;
    let address = relay.open().await;
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let (mut client, mut server) = relay.connect(address).await;
        clients.push(tokio::spawn(async move {
            let echo = tokio::spawn(async move {
                let (mut read, mut write) = server.split();
                tokio::io::copy(&mut read, &mut write).await.unwrap();
                write.shutdown().await.unwrap();
            });
            let sent: Vec<u8> = (0..EACH)
                .map(|i| u8::try_from((i * 31 + number) % 251).unwrap())
                .collect();
            let (mut read, mut write) = client.split();
            let mut received = Vec::new();
            let (written, got) = tokio::join!(
                async {
                    write.write_all(&sent).await?;
                    write.shutdown().await
                },
                read.read_to_end(&mut received)
            );
            written.unwrap();
            got.unwrap();
            echo.await.unwrap();
            assert!(received == sent, "client {number}");
        }));
    }
    for client in clients {
        soon(client).await.unwrap();
    }
    let status = relay
        .settled(|status| status.clients == 0 && status.accepted == u64::from(CLIENTS))
        .await;
    let all = u64::from(CLIENTS * EACH);
    assert_eq!((status.bytes_up, status.bytes_down), (all, all));
}

#[tokio::test]
async fn too_many_are_turned_away_and_leave_room_when_they_go() {
    let mut relay = start(1).await;
    let address = relay.open().await;
    let (first, _server) = relay.connect(address).await;
    let mut second = soon(TcpStream::connect(address)).await.unwrap();
    assert!(read_all(&mut second).await.is_empty());
    assert_eq!(relay.settled(|status| status.turned_away == 1).await.clients, 1);
    drop((first, _server));
    relay.settled(|status| status.clients == 0).await;
    let (mut third, mut server) = relay.connect(address).await;
    server.write_all(b"ok").await.unwrap();
    let mut bytes = [0; 2];
    soon(third.read_exact(&mut bytes)).await.unwrap();
}

#[tokio::test]
async fn a_shutdown_ends_everything() {
    let mut relay = start(8).await;
    let address = relay.open().await;
    let (mut client, _server) = relay.connect(address).await;
    relay.shutdown.send(()).unwrap();
    soon(relay.task).await.unwrap().unwrap();
    let _ = soon(client.read(&mut [0; 1])).await;
    assert!(soon(TcpStream::connect(address)).await.is_err());
    soon(relay.status.wait_for(|status| status.clients == 0))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_gate_without_a_keeper_is_shut() {
    let mut relay = start(8).await;
    let address = relay.open().await;
    drop(relay.ready);
    soon(relay.status.wait_for(|status| status.listening.is_none()))
        .await
        .unwrap();
    assert!(soon(TcpStream::connect(address)).await.is_err());
    assert!(!relay.task.is_finished());
}
