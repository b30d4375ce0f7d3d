//! One viewer's task: bytes between its connection and its session, news between the screen and its session.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::error::Error;
use protocol::security::Access;
use protocol::session::{Event, Session};
use rustls::ServerConfig;
use tokio::time::{sleep_until, timeout};

use super::connection::{Connection, Moved};
use super::scan_code;
use super::screen::{Screen, View, ViewerInput};
use super::transport::Transport;

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
}

/// Serves one viewer until it goes or is closed; calls `let_in` when it has proved who it is.
pub(super) async fn run(
    transport: Transport,
    mut session: Session,
    screen: &Screen,
    tls: Option<&Arc<ServerConfig>>,
    let_in: impl FnMut(Access),
) -> Outcome {
    let mut connection = Connection::new(transport);
    let mut view = None;
    let outcome = match drive(&mut connection, &mut session, screen, tls, &mut view, let_in).await {
        Ok(outcome) => outcome,
        // Not every viewer says good-bye in TLS.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Outcome::Left,
        Err(error) => Outcome::Vanished(error),
    };
    session.disconnected();
    if let Some(view) = &view {
        while let Some(event) = session.poll_event() {
            pass_on(event, view);
        }
    }
    drop(view);
    if matches!(outcome, Outcome::Closed(_)) {
        // Best effort: the connection ends whether it hears the reason or not.
        let _ = timeout(PARTING, connection.close(&mut session)).await;
    }
    outcome
}

async fn drive(
    connection: &mut Connection,
    session: &mut Session,
    screen: &Screen,
    tls: Option<&Arc<ServerConfig>>,
    view: &mut Option<View>,
    mut let_in: impl FnMut(Access),
) -> io::Result<Outcome> {
    let mut chunk = [0; CHUNK];
    loop {
        while let Some(event) = session.poll_event() {
            match (event, &view) {
                (Event::Authenticated(access), _) => {
                    let_in(access);
                    *view = Some(screen.attach());
                }
                (Event::Closed(error), _) => return Ok(Outcome::Closed(error)),
                (event, Some(view)) => pass_on(event, view),
                (_, None) => {}
            }
        }
        let deadline = session.poll_timeout();
        if let Some((upgrade, rest)) = session.poll_upgrade() {
            let encrypt = async {
                connection.encrypt(upgrade, rest, tls).await?;
                session.upgraded();
                // Before anything is read that could be answered in the same encrypted message.
                connection.send(session).await
            };
            tokio::select! {
                encrypted = encrypt => encrypted?,
                () = until(deadline) => session.handle_timeout(Instant::now()),
            }
            continue;
        }
        if let Some(view) = &view
            && view.update(session)
        {
            // Others get their turn between the parts of a large update.
            tokio::task::yield_now().await;
        }
        tokio::select! {
            moved = connection.exchange(session, &mut chunk) => match moved? {
                Moved::Out => {}
                Moved::In(0) => return Ok(Outcome::Left),
                Moved::In(count) => session.receive(&chunk[..count]),
            },
            () = changed(view.as_ref()) => {}
            () = until(deadline) => session.handle_timeout(Instant::now()),
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
        // The display's selections are the agent's: no viewer's text gets there.
        Event::CutText(_) => {}
        // Refused by the session, and told apart above.
        Event::Resize(_) | Event::Authenticated(_) | Event::Closed(_) => {}
    }
}

/// The screen has news; never for a viewer that is not in.
async fn changed(view: Option<&View>) {
    match view {
        Some(view) => view.changed().await,
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
