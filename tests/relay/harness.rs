//! A relay that runs, with a gateway that is a listener of the test.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use gatehand::relay::{Limits, Relay, RelayError, RelayStatus};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

pub const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// Longer than any test takes.
pub const LONG: Duration = Duration::from_secs(600);
/// So short that it is over at once.
pub const SHORT: Duration = Duration::from_millis(50);

/// Nothing here takes longer unless it hangs.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future)
        .await
        .expect("it hangs")
}

pub struct Running {
    pub gateway: TcpListener,
    pub ready: watch::Sender<bool>,
    pub status: watch::Receiver<RelayStatus>,
    pub shutdown: oneshot::Sender<()>,
    pub task: JoinHandle<Result<(), RelayError>>,
}

/// A relay for 8 clients from anywhere, which listens while ready. `change` makes it another one.
pub async fn start(change: impl FnOnce(&mut Relay)) -> Running {
    let gateway = TcpListener::bind(ANY).await.unwrap();
    let mut relay = Relay {
        listen: ANY,
        target: gateway.local_addr().unwrap(),
        hold: None,
        allow: Vec::new(),
        tls: None,
        limits: Limits {
            clients: 8,
            handshake: LONG,
            half_closed: LONG,
        },
    };
    change(&mut relay);
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
    /// The gateway is ready from now on.
    pub async fn open(&mut self) -> SocketAddr {
        self.ready.send_replace(true);
        self.listening().await
    }

    pub async fn listening(&mut self) -> SocketAddr {
        let status = self.settled(|status| status.listening.is_some()).await;
        status.listening.unwrap()
    }

    /// The gateway is not ready any more, and nobody listens.
    pub async fn shut(&mut self) {
        self.ready.send_replace(false);
        self.settled(|status| status.listening.is_none()).await;
    }

    /// A client and what the gateway has of it.
    pub async fn connect(&mut self, to: SocketAddr) -> (TcpStream, TcpStream) {
        let client = soon(TcpStream::connect(to)).await.unwrap();
        (client, self.accept().await)
    }

    /// What the gateway has of the next client.
    pub async fn accept(&mut self) -> TcpStream {
        soon(self.gateway.accept()).await.unwrap().0
    }

    pub async fn settled(&mut self, wanted: impl FnMut(&RelayStatus) -> bool) -> RelayStatus {
        *soon(self.status.wait_for(wanted)).await.unwrap()
    }

    /// Waits until so many clients have come, and all are gone.
    pub async fn all_gone(&mut self, accepted: u64) -> RelayStatus {
        self.settled(|status| status.accepted == accepted && status.clients == 0)
            .await
    }
}

pub async fn read_all(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await.unwrap();
    bytes
}

/// Asserts that these bytes come next.
pub async fn expect(stream: &mut (impl AsyncRead + Unpin), expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    soon(stream.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(bytes, expected);
}

/// Asserts that the other side has ended the connection without a word: closed or reset, in both cases it is over.
pub async fn expect_end(stream: &mut (impl AsyncRead + Unpin)) {
    let mut bytes = Vec::new();
    let _ = soon(stream.read_to_end(&mut bytes)).await;
    assert!(bytes.is_empty(), "{bytes:?}");
}

/// Bytes that would show a piece that is missing, doubled or in another place.
pub fn payload(length: u32, seed: u32) -> Vec<u8> {
    (0..length)
        .map(|i| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13) as u8)
        .collect()
}

/// Sends back what comes, until that ends.
pub async fn echo(mut server: TcpStream) {
    let (mut read, mut write) = server.split();
    tokio::io::copy(&mut read, &mut write).await.unwrap();
    write.shutdown().await.unwrap();
}
