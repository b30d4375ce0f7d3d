//! A client of the API that only watches: it tells accounts and time, and when the gateway loses its broker.
//!
//! Messages are a length (big-endian, 4 bytes) and fields, each ended by NUL; the first field says what it is.
//! Sources: `EClient` and `EDecoder` of the TWS API, and its page "System Message Codes" for the codes of errors.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::api_probe::{ApiAnswer, ProbeError, lost, shake_hands};

/// The longest message that is taken: one of all accounts of an adviser has some kilobytes.
const MESSAGE_LIMIT: usize = 1 << 20;

const ERROR: &str = "4";
const NEXT_VALID_ID: &str = "9";
const MANAGED_ACCOUNTS: &str = "15";
/// The request for the time, and its answer.
const CURRENT_TIME: &str = "49";
const START_API: &str = "71";

/// A connection with a client id of its own.
#[derive(Debug)]
pub struct ApiSession {
    stream: TcpStream,
    received: BytesMut,
    answer: ApiAnswer,
    accounts: Vec<String>,
    /// Whether the gateway has its connection to the broker, as far as it told.
    has_broker: bool,
}

/// What a message says, as far as it matters here.
#[derive(Debug, PartialEq)]
enum Told {
    Accounts(Vec<String>),
    Started,
    Time(i64),
    Broker(bool),
    IdTaken,
    Other,
}

impl ApiSession {
    /// Connects to the API at `address` with this client id, within `limit`.
    ///
    /// # Errors
    ///
    /// When the API does not answer, or another client has that id.
    pub async fn open(address: SocketAddr, client_id: u32, limit: Duration) -> Result<Self, ProbeError> {
        let opening = async {
            let (stream, answer) = shake_hands(address).await?;
            let mut session = Self {
                stream,
                received: BytesMut::new(),
                answer,
                accounts: Vec::new(),
                has_broker: true,
            };
            // The second field is the version of the message, the last one the wishes for more than is usual.
            session
                .send(&[START_API, "2", &client_id.to_string(), ""])
                .await?;
            let mut started = false;
            while !started || session.accounts.is_empty() {
                match session.next().await? {
                    Told::Accounts(accounts) => session.accounts = accounts,
                    Told::Started => started = true,
                    Told::Broker(has_broker) => session.has_broker = has_broker,
                    Told::IdTaken => return Err(ProbeError::ClientIdTaken),
                    Told::Time(_) | Told::Other => {}
                }
            }
            Ok(session)
        };
        timeout(limit, opening).await.unwrap_or(Err(ProbeError::Silent))
    }

    /// What the API answered when this connection was made.
    pub const fn answer(&self) -> &ApiAnswer {
        &self.answer
    }

    /// The accounts that the user may trade with.
    pub fn accounts(&self) -> &[String] {
        &self.accounts
    }

    /// The broker's time in seconds since 1970.
    ///
    /// # Errors
    ///
    /// When it does not come within `limit`, or the gateway has told that the broker is not there.
    pub async fn time(&mut self, limit: Duration) -> Result<i64, ProbeError> {
        let asking = async {
            self.send(&[CURRENT_TIME, "1"]).await?;
            loop {
                match self.next().await? {
                    Told::Time(time) => return Ok(time),
                    Told::Broker(has_broker) => self.has_broker = has_broker,
                    _ => {}
                }
            }
        };
        let time = timeout(limit, asking).await.unwrap_or(Err(ProbeError::Silent))?;
        if self.has_broker {
            Ok(time)
        } else {
            Err(ProbeError::NoBroker)
        }
    }

    /// Waits until the gateway tells that the broker is gone, or back. May be dropped at any time.
    ///
    /// # Errors
    ///
    /// When the connection ends.
    pub async fn news(&mut self) -> Result<(), ProbeError> {
        loop {
            if let Told::Broker(has_broker) = self.next().await? {
                self.has_broker = has_broker;
                return Ok(());
            }
        }
    }

    async fn send(&mut self, fields: &[&str]) -> Result<(), ProbeError> {
        let mut message = vec![0; 4];
        for field in fields {
            message.extend_from_slice(field.as_bytes());
            message.push(0);
        }
        let length =
            u32::try_from(message.len() - 4).map_err(|_| ProbeError::Garbage("too long a request"))?;
        message[..4].copy_from_slice(&length.to_be_bytes());
        self.stream.write_all(&message).await.map_err(lost)
    }

    /// The next message. May be dropped at any time: what was received stays.
    async fn next(&mut self) -> Result<Told, ProbeError> {
        loop {
            if let Some(length) = self.received.first_chunk::<4>() {
                let length = u32::from_be_bytes(*length) as usize;
                if length > MESSAGE_LIMIT {
                    return Err(ProbeError::Garbage("a message is too long"));
                }
                if self.received.len() >= 4 + length {
                    self.received.advance(4);
                    return Ok(parse(&self.received.split_to(length)));
                }
            }
            let length = self.stream.read_buf(&mut self.received).await.map_err(lost)?;
            if length == 0 {
                return Err(ProbeError::Closed);
            }
        }
    }
}

fn parse(message: &[u8]) -> Told {
    let text = String::from_utf8_lossy(message);
    let fields: Vec<&str> = text.split_terminator('\0').collect();
    match fields[..] {
        [MANAGED_ACCOUNTS, _, list, ..] => {
            let accounts = list.split(',').map(str::trim);
            Told::Accounts(
                accounts
                    .filter(|account| !account.is_empty())
                    .map(str::to_owned)
                    .collect(),
            )
        }
        [NEXT_VALID_ID, ..] => Told::Started,
        [CURRENT_TIME, _, time, ..] => time.parse().map_or(Told::Other, Told::Time),
        // Lost; then restored, without the data that was asked for or with it.
        [ERROR, _, _, "1100", ..] => Told::Broker(false),
        [ERROR, _, _, "1101" | "1102", ..] => Told::Broker(true),
        [ERROR, _, _, "326", ..] => Told::IdTaken,
        _ => Told::Other,
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn framed(fields: &[&str]) -> Vec<u8> {
        let body: Vec<u8> = fields
            .iter()
            .flat_map(|field| [field.as_bytes(), b"\0"].concat())
            .collect();
        [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
    }

    /// A server that shakes hands, and then sends `said` as soon as the client has asked for something.
    async fn server(said: Vec<Vec<u8>>) -> (SocketAddr, tokio::task::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_exact(&mut [0; 17]).await.unwrap();
            stream
                .write_all(&framed(&["176", "20260105 09:30:00 CET"]))
                .await
                .unwrap();
            let mut asked = Vec::new();
            for said in said {
                if stream.read_buf(&mut asked).await.unwrap() == 0 {
                    break;
                }
                // In pieces: messages are no packets.
                for piece in said.chunks(7) {
                    stream.write_all(piece).await.unwrap();
                    stream.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
            asked
        });
        (address, serving)
    }

    #[tokio::test]
    async fn accounts_and_time() {
        let start = [
            framed(&[
                "4",
                "2",
                "-1",
                "2104",
                "Market data farm connection is OK:usfarm",
                "",
            ]),
            framed(&["15", "1", "DU1234567,DU7654321,"]),
            framed(&["9", "1", "1"]),
        ];
        let time = framed(&["49", "1", "1767601800"]);
        let (address, serving) = server(vec![start.concat(), time]).await;
        let mut session = ApiSession::open(address, 77, LONG).await.unwrap();
        assert_eq!(session.answer().server_version, 176);
        assert_eq!(session.accounts(), ["DU1234567", "DU7654321"]);
        assert_eq!(session.time(LONG).await.unwrap(), 1_767_601_800);
        let asked = serving.await.unwrap();
        let wanted = [framed(&["71", "2", "77", ""]), framed(&["49", "1"])].concat();
        assert_eq!(asked, wanted);
        assert!(matches!(session.news().await, Err(ProbeError::Closed)));
    }

    #[tokio::test]
    async fn a_broker_that_goes_and_comes_back() {
        let start = [framed(&["15", "1", "DU1"]), framed(&["9", "1", "1"])].concat();
        let time = framed(&["49", "1", "5"]);
        let gone = framed(&[
            "4",
            "2",
            "-1",
            "1100",
            "Connectivity between IB and TWS has been lost",
            "",
        ]);
        let back = framed(&[
            "4",
            "2",
            "-1",
            "1102",
            "Connectivity between IB and TWS has been restored",
            "",
        ]);
        let (address, _serving) = server(vec![
            start,
            [time.clone(), gone].concat(),
            [time.clone(), back].concat(),
            time,
        ])
        .await;
        let mut session = ApiSession::open(address, 1, LONG).await.unwrap();
        assert_eq!(session.time(LONG).await.unwrap(), 5);
        session.news().await.unwrap();
        assert!(matches!(session.time(LONG).await, Err(ProbeError::NoBroker)));
        session.news().await.unwrap();
        assert_eq!(session.time(LONG).await.unwrap(), 5);
    }

    #[tokio::test]
    async fn a_client_id_that_is_taken_and_other_ends() {
        let taken = framed(&[
            "4",
            "2",
            "-1",
            "326",
            "Unable to connect as the client id is already in use",
            "",
        ]);
        let (address, _serving) = server(vec![taken]).await;
        let opened = ApiSession::open(address, 1, LONG).await;
        assert!(matches!(opened, Err(ProbeError::ClientIdTaken)));

        let (address, _serving) = server(vec![b"\x7f\xff\xff\xff".to_vec()]).await;
        let opened = ApiSession::open(address, 1, LONG).await;
        assert!(matches!(opened, Err(ProbeError::Garbage(_))));

        let (address, _serving) = server(vec![Vec::new()]).await;
        let opened = ApiSession::open(address, 1, LONG).await;
        assert!(matches!(opened, Err(ProbeError::Closed)));
    }
}
