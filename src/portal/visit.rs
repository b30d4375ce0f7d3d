//! One visit of the login page: a browser on a display of its own, and a thread that looks at it and works it. When the login has
//! ended, the browser and all of its files are gone.
//!
//! Nothing is polled: the X server tells of a new title, the process of its end, and whoever is asked answers.

mod thread;

use std::ffi::OsString;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::time::timeout;

use self::thread::{Cockpit, Eyesight, Message};
use super::browser::{self, Launch};
use super::login::{Ending, Login, Outcome, Policy};
use crate::config::{Credentials, PortalAddress, PortalBrowser, PortalLoginSettings, Secret};
use crate::control::OneTimeCode;
use crate::supervisor::{Identity, OutputStream, Reaper, Redaction, Service, SpawnError, StopPolicy};
use crate::tls::{TlsClient, TlsClientError, Trust};
use crate::vision::OcrError;
use crate::vnc::Gate;
use crate::x11::{Desktop, DesktopOptions, DisplayAddress, X11Error};

/// A browser has nothing to save.
const STOP: StopPolicy = StopPolicy {
    asked: None,
    terminated: Duration::from_secs(2),
};
/// How long the gateway may take to show its certificate.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// How long the kernel may take to say whether it lets a browser confine its processes.
const TRIAL: Duration = Duration::from_secs(5);
/// How long who is asked may take to permit.
const PERMISSION: Duration = Duration::from_secs(60);

/// What the visit asks and tells. What is asked and not answered ends it after a while.
#[derive(Debug)]
pub enum Question {
    /// This process was started, and is to be ended at the next start when nobody else did.
    Started(Identity),
    /// It has ended.
    Ended(Identity),
    /// Whether the credentials may be submitted.
    Submission(Reply<bool>),
    /// Whether a phone may be notified once more.
    Push(Reply<bool>),
    /// A phone was notified.
    Pushed,
    /// A one-time code; or why there is none.
    Code(Reply<Result<OneTimeCode, String>>),
}

/// Where an answer goes.
pub struct Reply<T> {
    to: Sender<Message>,
    as_message: fn(T) -> Message,
}

impl<T> Reply<T> {
    /// Gives the answer. A visit that has ended needs none.
    pub fn give(self, answer: T) {
        let _ = self.to.send((self.as_message)(answer));
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply")
    }
}

/// What a visit needs.
#[derive(Debug)]
pub struct Visit<'a> {
    /// Starts processes.
    pub reaper: &'a Reaper,
    /// Where the browser shows itself.
    pub display: &'a DisplayAddress,
    /// Between that display and those who look on: what they type waits until it is a human's turn, or the browser is gone.
    pub gate: Gate,
    /// Where the gateway listens.
    pub address: &'a PortalAddress,
    /// Which certificate it shows.
    pub trust: &'a Trust,
    /// What is submitted.
    pub credentials: Arc<Credentials>,
    /// How.
    pub settings: &'a PortalLoginSettings,
    /// How long a one-time code may take to be had.
    pub code_limit: Duration,
    /// How long somebody with a phone may take to confirm.
    pub push_limit: Duration,
    /// The browser's folder: what is in it goes.
    pub folder: PathBuf,
    /// Our environment, of which the browser gets next to nothing.
    pub environment: &'a [(OsString, OsString)],
    /// Who is asked.
    pub questions: UnboundedSender<Question>,
}

/// There can be no visit.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The gateway's certificate cannot be looked at.
    #[error(
        "the gateway at {address} cannot be visited: {source}; GATEHAND_PORTAL_CERTIFICATE names its certificate, if it is not IBKR's"
    )]
    Gateway {
        /// Where.
        address: PortalAddress,
        /// Why not.
        source: io::Error,
    },
    /// TLS cannot be spoken.
    #[error(transparent)]
    Tls(#[from] TlsClientError),
    /// surf cannot be told which certificate to believe.
    #[error(
        "surf believes any certificate of a gateway, and {0} may be anybody's on the way to it; set GATEHAND_PORTAL_BROWSER=chromium"
    )]
    Remote(PortalAddress),
    /// A page cannot be read from its picture.
    #[error(transparent)]
    Ocr(#[from] OcrError),
    /// The browser's files.
    #[error("cannot write the browser's files in {}: {source}; make the state folder writable", folder.display())]
    Files {
        /// Where.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The browser cannot be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The display cannot be used.
    #[error(transparent)]
    X11(#[from] X11Error),
    /// There is no thread to be had.
    #[error("starting a thread: {0}")]
    Thread(io::Error),
}

impl Visit<'_> {
    /// Logs in, or finds out why that cannot be. When `stop` is done before, it ends at once. The future is to be run to its
    /// end: what is dropped leaves its browser behind.
    ///
    /// # Errors
    /// There was no visit: nothing was submitted.
    pub async fn go(self, stop: impl Future<Output = ()>) -> Result<Outcome, VisitError> {
        let key = self.certificate().await?;
        let browser = self.settings.browser;
        let name = browser::program(browser);
        let (inbox, messages) = std::sync::mpsc::channel();
        let waker = inbox.clone();
        let desktop = Desktop::connect(self.display, DesktopOptions::default(), move || {
            // A closed channel means that nobody looks any more.
            let _ = waker.send(Message::Wake);
        })?;
        let eyesight = match self.settings.report {
            true => None,
            false => Some(Eyesight::new(self.folder.clone())?),
        };
        let url = format!("{}{}", self.address, self.settings.path);
        let launch = Launch {
            browser,
            url: &url,
            key,
            scale: self.settings.scale,
            size: desktop.size()?,
            display: self.display,
            selectors: self.settings.report.then_some(&self.settings.selectors),
            sandbox: browser == PortalBrowser::Chromium && self.may_confine().await,
            environment: self.environment,
        };
        let files = |source| VisitError::Files {
            folder: self.folder.clone(),
            source,
        };
        let mut prepared = launch.prepare(&self.folder).map_err(files)?;
        let redaction = Redaction::new([Secret::new(self.credentials.password.expose().to_owned())]);
        let output = Box::new(move |_: OutputStream, line: &str| {
            tracing::debug!(target: "gatehand::output", unit = name, "{}", redaction.mask(line));
        });
        self.gate.act();
        let _turn = Turn(self.gate.clone());
        let child = self.reaper.spawn(name, &mut prepared.command, output)?;
        let identity = child.identity();
        let mut service = Service::new(name, child, STOP);
        // Whoever asks to be told of nothing gets nothing.
        let _ = self.questions.send(Question::Started(identity));
        let length = |text: &str| text.encode_utf16().count();
        let lengths = [
            length(&self.credentials.user),
            length(self.credentials.password.expose()),
        ];
        let selectors = self.settings.selectors.clone();
        let mut cockpit = Cockpit {
            desktop,
            gate: self.gate.clone(),
            login: Login::new(Instant::now(), self.policy(), selectors, lengths),
            browser,
            process: identity.pid,
            reports: prepared.reports,
            credentials: Arc::clone(&self.credentials),
            code: None,
            six_digits: self.settings.six_digits,
            screenshots: self.settings.screenshots.clone(),
            questions: self.questions.clone(),
            inbox: inbox.clone(),
            selectors: self.settings.selectors.clone(),
            origin: self.address.to_string(),
            folder: self.folder.clone(),
            eyesight,
            shown: None,
            window: None,
            title: String::new(),
            list_is_open: false,
            page: None,
        };
        let (tell, told) = oneshot::channel();
        let span = tracing::Span::current();
        let started = std::thread::Builder::new()
            .name("portal-login".into())
            .spawn(move || {
                let outcome = span.in_scope(|| cockpit.run(&messages));
                // Whoever waited is gone with everything else.
                let _ = tell.send(outcome);
            });
        let thread = match started {
            Ok(thread) => thread,
            Err(error) => {
                service.stop(|| {}).await;
                return Err(VisitError::Thread(error));
            }
        };
        let outcome = watch(&mut service, told, stop, &inbox).await;
        service.stop(|| {}).await;
        if thread.join().is_err() {
            tracing::error!("the thread of the login panicked");
        }
        let _ = self.questions.send(Question::Ended(identity));
        browser::discard(&self.folder).map_err(files)?;
        Ok(outcome)
    }

    /// Looks at the gateway's certificate, and gives its key: a browser is told of nothing else.
    async fn certificate(&self) -> Result<Option<[u8; 32]>, VisitError> {
        let PortalAddress {
            host,
            port,
            encrypted,
        } = self.address;
        if !encrypted {
            return Ok(None);
        }
        let is_here = host == "localhost"
            || host
                .parse()
                .is_ok_and(|host: std::net::IpAddr| host.is_loopback());
        if self.settings.browser == PortalBrowser::Surf && !is_here {
            return Err(VisitError::Remote(self.address.clone()));
        }
        let client = TlsClient::new(host, self.trust)?;
        let looking = async {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            client.public_key(stream).await
        };
        let looked = timeout(HANDSHAKE, looking).await;
        let looked = looked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        looked.map(Some).map_err(|source| VisitError::Gateway {
            address: self.address.clone(),
            source,
        })
    }

    /// Whether a browser may put its processes into namespaces of their own: never as root, and where the kernel lets it.
    async fn may_confine(&self) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
            tracing::info!("as root, the browser runs without its sandbox");
            return false;
        }
        let mut trial = Command::new("unshare");
        trial.args(["--user", "--pid", "--net", "--fork", "true"]);
        match self
            .reaper
            .run("the sandbox's trial", &mut trial, &[], TRIAL)
            .await
        {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(%error, "the browser runs without its sandbox: the kernel lets it have none");
                false
            }
        }
    }

    fn policy(&self) -> Policy {
        let settings = self.settings;
        Policy {
            origin: self.address.to_string(),
            paper: settings.paper,
            fill_limit: settings.load_limit,
            silence: settings.load_limit,
            pause: settings.pause,
            oauth_limit: settings.answer_limit,
            ask_limit: PERMISSION,
            code_limit: self.code_limit,
            code_tries: settings.code_tries,
            device: settings.device.clone(),
            push_limit: self.push_limit,
            resends: settings.resends,
            resend_interval: settings.resend_interval,
        }
    }
}

/// Ends when the browser is gone: what was typed meanwhile does not reach its page.
struct Turn(Gate);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// Waits for the end of the login, and tells its thread what it cannot see.
async fn watch(
    service: &mut Service,
    mut told: oneshot::Receiver<Outcome>,
    stop: impl Future<Output = ()>,
    inbox: &Sender<Message>,
) -> Outcome {
    let panicked = |_| Outcome {
        ending: Ending::Broken("the thread of the login ended without a word".into()),
        submissions: 1,
        pushes: 0,
    };
    let message = tokio::select! {
        outcome = &mut told => return outcome.unwrap_or_else(panicked),
        exit = service.ended() => Message::BrowserEnded(exit.to_string()),
        () = stop => Message::Stop,
    };
    // A thread that has ended has told its outcome.
    let _ = inbox.send(message);
    told.await.unwrap_or_else(panicked)
}
