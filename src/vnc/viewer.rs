//! One viewer's task: bytes between its connection and its session, news between the screen and its session.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use protocol::error::Error;
use protocol::security::Access;
use protocol::session::{Event, Session, Upgrade};
use tokio::time::{sleep_until, timeout};

use super::connection::{Connection, Moved};
use super::scan_code;
use super::screen::{Screen, View, ViewerInput};
use super::term::{Expiry, Limits, Term};
use super::traffic::Counters;
use super::transport::Transport;
use crate::tls::TlsServer;

/// Bytes read at a time; the events of no more than these wait in a session.
const CHUNK: usize = 4096;
/// How long a viewer that is closed may take to read why.
const PARTING: Duration = Duration::from_secs(2);

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The viewer closed it.
    Left,
    /// It broke.
    Vanished(io::Error),
    /// The session closed it.
    Closed(Error),
    /// It may not stay longer.
    Expired(Expiry),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("viewer left"),
            Self::Vanished(error) => write!(f, "viewer vanished: {error}"),
            Self::Closed(Error::WrongPassword) => f.write_str("viewer refused: wrong password"),
            Self::Closed(error) => write!(f, "viewer closed: {error}"),
            Self::Expired(expiry) => write!(f, "viewer closed: {expiry}"),
        }
    }
}

/// One viewer that has connected.
pub(super) struct Viewer<'a> {
    connection: Connection<'a>,
    session: Session,
    screen: &'a Screen,
    tls: Option<&'a TlsServer>,
    limits: Limits,
    visit: Option<Visit>,
}

/// Since it is in.
struct Visit {
    view: View,
    term: Term,
}

impl<'a> Viewer<'a> {
    pub(super) const fn new(
        transport: Transport,
        counters: &'a Counters,
        session: Session,
        screen: &'a Screen,
        tls: Option<&'a TlsServer>,
        limits: Limits,
    ) -> Self {
        Self {
            connection: Connection::new(transport, counters),
            session,
            screen,
            tls,
            limits,
            visit: None,
        }
    }

    /// Serves it until it goes or is closed; calls `let_in` when it has proved who it is.
    pub(super) async fn run(mut self, let_in: impl FnMut(Access)) -> Outcome {
        let outcome = match self.drive(let_in).await {
            Ok(outcome) => outcome,
            // Not every viewer says good-bye in TLS.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Outcome::Left,
            Err(error) => Outcome::Vanished(error),
        };
        self.session.disconnected();
        if let Some(Visit { view, .. }) = self.visit.take() {
            while let Some(event) = self.session.poll_event() {
                pass_on(event, &view);
            }
        }
        if matches!(outcome, Outcome::Closed(_)) {
            // Best effort: the connection ends whether it hears the reason or not.
            let _ = timeout(PARTING, self.connection.close(&mut self.session)).await;
        }
        outcome
    }

    async fn drive(&mut self, mut let_in: impl FnMut(Access)) -> io::Result<Outcome> {
        let mut chunk = [0; CHUNK];
        // The last turn of the loop made a part of an update.
        let mut follows = false;
        loop {
            while let Some(event) = self.session.poll_event() {
                match (event, &mut self.visit) {
                    (Event::Authenticated(access), _) => {
                        let_in(access);
                        let view = self.screen.attach();
                        self.session.share(view.pictures());
                        self.visit = Some(Visit {
                            view,
                            term: Term::new(self.limits, Instant::now()),
                        });
                    }
                    (Event::Closed(error), _) => return Ok(Outcome::Closed(error)),
                    (event, Some(visit)) => {
                        if matches!(event, Event::Key { .. } | Event::Pointer { .. }) {
                            visit.term.acted(Instant::now());
                        }
                        pass_on(event, &visit.view);
                    }
                    (_, None) => {}
                }
            }
            if let Some((upgrade, rest)) = self.session.poll_upgrade() {
                self.encrypt(upgrade, rest).await?;
                continue;
            }
            self.session.at(Instant::now());
            let visit = self.visit.as_ref();
            let part = visit.is_some_and(|visit| visit.view.update(&mut self.session));
            if part && follows {
                // Others get their turn between the parts of a large update. The first, mostly the only one, goes out at once.
                tokio::task::yield_now().await;
            }
            follows = part;
            let end = self.visit.as_ref().and_then(|visit| visit.term.end());
            let deadline = self.session.poll_timeout().into_iter().chain(end).min();
            tokio::select! {
                moved = self.connection.exchange(&mut self.session, &mut chunk) => match moved? {
                    Moved::Out => {}
                    Moved::In(0) => return Ok(Outcome::Left),
                    Moved::In(count) => {
                        self.session.at(Instant::now());
                        self.session.receive(&chunk[..count]);
                    }
                },
                () = changed(self.visit.as_ref()) => {}
                () = until(deadline) => {
                    let now = Instant::now();
                    if let Some(expiry) = self.visit.as_ref().and_then(|visit| visit.term.over(now)) {
                        return Ok(Outcome::Expired(expiry));
                    }
                    self.session.handle_timeout(now);
                }
            }
        }
    }

    /// Within the time that the handshake has.
    async fn encrypt(&mut self, upgrade: Upgrade, rest: Vec<u8>) -> io::Result<()> {
        let deadline = self.session.poll_timeout();
        let encrypt = async {
            self.connection.encrypt(upgrade, rest, self.tls).await?;
            self.session.upgraded();
            // Before anything is read that could be answered in the same encrypted message.
            self.connection.send(&mut self.session).await
        };
        tokio::select! {
            encrypted = encrypt => encrypted,
            () = until(deadline) => {
                self.session.handle_timeout(Instant::now());
                Ok(())
            }
        }
    }
}

/// What a viewer typed or clicked goes to the display.
fn pass_on(event: Event, view: &View) {
    match event {
        Event::Key {
            down,
            keysym,
            scan_code,
        } => {
            // What the viewer's keyboard made of the key counts; the key alone only where that is not known.
            let known = Some(keysym).filter(|keysym| *keysym != 0);
            if let Some(keysym) = known.or_else(|| scan_code.and_then(scan_code::keysym)) {
                view.input(ViewerInput::Key { keysym, down });
            }
        }
        Event::Pointer { at, buttons } => view.input(ViewerInput::Pointer { at, buttons }),
        Event::CutText(text) => view.copied(text),
        Event::Resize(size) => view.resize(size),
        // Told apart above.
        Event::Authenticated(_) | Event::Closed(_) => {}
    }
}

/// The screen has news; never for a viewer that is not in.
async fn changed(visit: Option<&Visit>) {
    match visit {
        Some(visit) => visit.view.changed().await,
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
