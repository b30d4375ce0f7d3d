//! One client: bytes both ways, each way ending by itself.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::timeout;

/// The gateway is on this machine: a connection that takes longer will not come.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// What is read at once. Market data come in bursts of many small messages.
const CHUNK: usize = 32 * 1024;

/// Why a connection ended.
#[derive(Debug)]
pub enum Ending {
    /// Both sides have closed.
    Closed,
    /// The gateway could not be reached.
    NoGateway(io::Error),
    /// The client's side broke.
    ClientLost(io::Error),
    /// The gateway's side broke.
    GatewayLost(io::Error),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed"),
            Self::NoGateway(error) => write!(f, "the gateway does not answer: {error}"),
            Self::ClientLost(error) => write!(f, "client lost: {error}"),
            Self::GatewayLost(error) => write!(f, "gateway lost: {error}"),
        }
    }
}

/// What went through one connection.
pub(super) struct Carried {
    /// Bytes from the client to the gateway.
    pub(super) up: u64,
    /// Bytes from the gateway to the client.
    pub(super) down: u64,
    /// Why it ended.
    pub(super) ending: Ending,
}

/// Connects the client to the target and carries bytes both ways until both have ended or one is lost.
pub(super) async fn serve(mut client: TcpStream, target: SocketAddr) -> Carried {
    let mut gateway = match timeout(CONNECT_LIMIT, TcpStream::connect(target)).await {
        Ok(Ok(gateway)) => gateway,
        Ok(Err(error)) => {
            return Carried {
                up: 0,
                down: 0,
                ending: Ending::NoGateway(error),
            };
        }
        Err(_) => {
            return Carried {
                up: 0,
                down: 0,
                ending: Ending::NoGateway(io::ErrorKind::TimedOut.into()),
            };
        }
    };
    for stream in [&client, &gateway] {
        // Orders must not wait for a full segment. Both options are a wish; the connection works without.
        if let Err(error) = stream.set_nodelay(true).and_then(|()| keep_alive(stream)) {
            tracing::debug!(%error, "socket options refused");
        }
    }
    let (mut up, mut down) = (0, 0);
    let ending = {
        let (client_read, client_write) = client.split();
        let (gateway_read, gateway_write) = gateway.split();
        let upwards = async {
            carry(client_read, gateway_write, &mut up)
                .await
                .map_err(|lost| match lost {
                    Lost::Reader(error) => Ending::ClientLost(error),
                    Lost::Writer(error) => Ending::GatewayLost(error),
                })
        };
        let downwards = async {
            carry(gateway_read, client_write, &mut down)
                .await
                .map_err(|lost| match lost {
                    Lost::Reader(error) => Ending::GatewayLost(error),
                    Lost::Writer(error) => Ending::ClientLost(error),
                })
        };
        match tokio::try_join!(upwards, downwards) {
            Ok(_) => Ending::Closed,
            Err(ending) => ending,
        }
    };
    Carried { up, down, ending }
}

/// Has the kernel find out within minutes about peers that vanished without a word: each holds one of the few
/// clients that the gateway serves.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    let probes = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(15));
    SockRef::from(stream).set_tcp_keepalive(&probes)
}

enum Lost {
    Reader(io::Error),
    Writer(io::Error),
}

/// Carries bytes until the reader ends, then closes the writer's half: the other way goes on.
async fn carry(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, count: &mut u64) -> Result<(), Lost> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk).await.map_err(Lost::Reader)?;
        if length == 0 {
            return to.shutdown().await.map_err(Lost::Writer);
        }
        to.write_all(&chunk[..length]).await.map_err(Lost::Writer)?;
        *count += length as u64;
    }
}
