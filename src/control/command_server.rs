//! IBC's command server on a TCP port: off unless a port is set, for this machine and for those that are named.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tracing::Instrument;

use super::ibc::{self, Step};
use super::{Requests, put};

/// Longest line, in bytes.
const MAX_LINE: u64 = 1024;
const MAX_CLIENTS: usize = 8;
/// A client that is silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(3600);

/// What is set about it.
#[derive(Clone, Debug)]
pub struct CommandServerSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Who may command beside this machine.
    pub control_from: Vec<IpAddr>,
    /// What is said before each command.
    pub prompt: String,
    /// Whether lines that begin with `INFO` are left out.
    pub quiet: bool,
}

/// The server, listening.
#[derive(Debug)]
pub struct CommandServer {
    listener: TcpListener,
    settings: Arc<CommandServerSettings>,
    is_gateway: bool,
}

impl CommandServer {
    /// Listens; `is_gateway`: and not TWS.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn bind(settings: CommandServerSettings, is_gateway: bool) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(settings.listen).await?,
            settings: Arc::new(settings),
            is_gateway,
        })
    }

    /// Serves until it is dropped.
    pub async fn serve(self, requests: Requests) {
        let clients = Arc::new(Semaphore::new(MAX_CLIENTS));
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "the command server");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    continue;
                }
            };
            if !self.admits(&stream, peer.ip()) {
                tracing::warn!(%peer, "no commands are taken from there: name it in ControlFrom");
                continue;
            }
            let Ok(permit) = Arc::clone(&clients).try_acquire_owned() else {
                tracing::warn!(%peer, "too many command clients");
                continue;
            };
            let (settings, is_gateway, requests) =
                (Arc::clone(&self.settings), self.is_gateway, requests.clone());
            let conversation = async move {
                if let Err(error) = converse(stream, &settings, is_gateway, &requests).await {
                    tracing::debug!(%peer, %error, "a command client");
                }
                drop(permit);
            };
            tokio::spawn(conversation.in_current_span());
        }
    }

    /// Loopback, this machine's own address, and those that are named.
    fn admits(&self, stream: &TcpStream, peer: IpAddr) -> bool {
        let own = stream.local_addr().is_ok_and(|own| own.ip() == peer);
        let peer = peer.to_canonical();
        peer.is_loopback() || own || self.settings.control_from.contains(&peer)
    }
}

async fn converse(
    stream: TcpStream,
    settings: &CommandServerSettings,
    is_gateway: bool,
    requests: &Requests,
) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    if !settings.quiet {
        say(&mut writing, ibc::GREETING).await?;
    }
    loop {
        writing.write_all(settings.prompt.as_bytes()).await?;
        let mut line = Vec::new();
        let mut limited = (&mut reading).take(MAX_LINE);
        let length = tokio::time::timeout(SILENCE, limited.read_until(b'\n', &mut line)).await??;
        if length == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line);
        match ibc::hear(&line, is_gateway) {
            Step::Nothing => {}
            Step::Say(words) => say(&mut writing, words).await?,
            Step::Bye(words) => return say(&mut writing, words).await,
            Step::Ask(request) => {
                tracing::info!(?request, "asked by the command server");
                let reply = put(requests, request.clone()).await;
                let (words, ends) = ibc::told(&request, &reply);
                say(&mut writing, &words).await?;
                if ends {
                    return Ok(());
                }
            }
        }
    }
}

async fn say(writing: &mut (impl AsyncWriteExt + Unpin), words: &str) -> io::Result<()> {
    writing.write_all(format!("{words}\n").as_bytes()).await
}
