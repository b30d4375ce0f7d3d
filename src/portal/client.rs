//! Requests to the gateway, each with its own connection and its own deadline: when IBKR cannot be reached, the gateway
//! answers never.

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::PortalAddress;
use crate::tls::{TlsClient, TlsClientError, Trust};

/// The certificate that IBKR ships with the gateway, by its SHA-256: it is for no name, and expired in 2019.
pub const SHIPPED: Trust = Trust::Pinned([
    0x13, 0xda, 0xf8, 0x9a, 0x07, 0x12, 0xb9, 0x62, 0xc3, 0xec, 0xaa, 0x5e, 0xde, 0x34, 0x41, 0x00, 0xae,
    0xe0, 0xd3, 0xb5, 0xde, 0xc5, 0xa7, 0x9a, 0xbd, 0x76, 0x02, 0xa8, 0x12, 0xed, 0xa3, 0xbe,
]);
/// Bytes that an answer may have: those to what is asked here have some hundred.
const MAX_ANSWER: usize = 1 << 20;

/// Where the gateway is asked what. Paths, with their questions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Routes {
    /// How the session is; keeps it alive. `POST`.
    pub tickle: String,
    /// Whether the login is valid. `GET`.
    pub validate: String,
    /// For a brokerage session. `POST`.
    pub initialise: String,
    /// For a brokerage session anew. `POST`.
    pub reauthenticate: String,
    /// For the end of the session. `POST`.
    pub logout: String,
}

/// What became of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// No connection came about, or it broke: why.
    Unreachable(String),
    /// The gateway took the request and gave no answer within this time.
    Silent(Duration),
    /// An answer.
    Answer {
        /// The status of HTTP.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
}

/// Asks one gateway.
#[derive(Debug)]
pub struct Client {
    address: PortalAddress,
    tls: Option<TlsClient>,
    routes: Routes,
    limit: Duration,
}

impl Client {
    /// For the gateway at this address; no request takes longer than `limit`.
    ///
    /// # Errors
    /// The file of certificates cannot be used.
    pub fn new(
        address: PortalAddress,
        trust: &Trust,
        routes: Routes,
        limit: Duration,
    ) -> Result<Self, TlsClientError> {
        let tls = address
            .encrypted
            .then(|| TlsClient::new(&address.host, trust))
            .transpose()?;
        Ok(Self {
            address,
            tls,
            routes,
            limit,
        })
    }

    /// Asks how the session is, which keeps it alive for some minutes more.
    pub async fn tickle(&self) -> Reply {
        self.ask(Method::POST, &self.routes.tickle, Bytes::new()).await
    }

    /// Whether the gateway listens: it sends whoever asks for its root on to its login page.
    ///
    /// # Errors
    /// Why it does not, or is no gateway.
    pub async fn knock(&self) -> Result<(), String> {
        match self.ask(Method::GET, "/", Bytes::new()).await {
            Reply::Answer { status: 300..400, .. } => Ok(()),
            // It says so to whoever is in no list of its own: the next `/tickle` tells.
            Reply::Answer { status: 404, .. } => Ok(()),
            Reply::Answer { status, .. } => Err(format!("{}: HTTP status {status}", self.address)),
            Reply::Unreachable(why) => Err(why),
            Reply::Silent(limit) => Err(format!(
                "{}: no answer within {} s",
                self.address,
                limit.as_secs()
            )),
        }
    }

    /// Asks whether IBKR takes the login for valid.
    pub async fn validate(&self) -> Reply {
        self.ask(Method::GET, &self.routes.validate, Bytes::new()).await
    }

    /// Asks for a brokerage session, in the place of one elsewhere if `compete`.
    pub async fn open(&self, compete: bool) -> Reply {
        let body = format!(r#"{{"publish":true,"compete":{compete}}}"#);
        self.ask(Method::POST, &self.routes.initialise, body.into()).await
    }

    /// Asks for the brokerage session anew.
    pub async fn reauthenticate(&self) -> Reply {
        self.ask(Method::POST, &self.routes.reauthenticate, Bytes::new())
            .await
    }

    /// Ends the session.
    pub async fn log_out(&self) -> Reply {
        self.ask(Method::POST, &self.routes.logout, Bytes::new()).await
    }

    async fn ask(&self, method: Method, path: &str, body: Bytes) -> Reply {
        let PortalAddress { host, port, .. } = &self.address;
        let connecting = async {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            io::Result::Ok(stream)
        };
        let stream = match timeout(self.limit, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return self.unreachable(error),
            Err(_) => return self.unreachable("it takes no connection"),
        };
        let asked = async {
            match &self.tls {
                None => self.speak(stream, method, path, body).await,
                Some(tls) => match tls.connect(stream).await {
                    Ok(stream) => self.speak(stream, method, path, body).await,
                    Err(error) => Err(format!(
                        "TLS: {error}; GATEHAND_PORTAL_CERTIFICATE names the gateway's certificate, if it is not IBKR's"
                    )),
                },
            }
        };
        match timeout(self.limit, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(why)) => self.unreachable(why),
            Err(_) => Reply::Silent(self.limit),
        }
    }

    async fn speak(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Reply, String> {
        let text = |error: hyper::Error| error.to_string();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.address.authority())
            .header(USER_AGENT, concat!("gatehand/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_LENGTH, body.len())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| error.to_string())?;
        let asked = async {
            let answer = sender.send_request(request).await.map_err(text)?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), MAX_ANSWER);
            let body = body.collect().await.map_err(|error| error.to_string())?;
            let body = body.to_bytes().to_vec();
            Ok(Reply::Answer { status, body })
        };
        tokio::pin!(asked);
        tokio::select! {
            answer = &mut asked => answer,
            // It ends with its last answer, which is there then.
            _ = connection => asked.await,
        }
    }

    fn unreachable(&self, why: impl fmt::Display) -> Reply {
        Reply::Unreachable(format!("{}: {why}", self.address))
    }
}
