//! What is answered to requests from outside.

use std::time::{Instant, SystemTime};

use tokio::sync::{mpsc, watch};

use super::login::Job;
use super::{AppError, Portal};
use crate::control::{self, Asked, ProcessStatus, Reply, Request, Sources, Status, Versions, seconds};
use crate::journal::StateFolder;
use crate::logging;
use crate::pilot::attempts;
use crate::portal::State;
use crate::relay::RelayStatus;

/// Requests that wait for their answer; more are not heard meanwhile.
const WAITING: usize = 16;

impl Portal {
    /// Serves the control socket.
    pub(super) fn listen_for_requests(&mut self) -> Result<mpsc::Receiver<Asked>, AppError> {
        let (requests, asked) = mpsc::channel(WAITING);
        self.board.take_requests(Some(requests.clone()));
        let folder = &self.state_dir;
        let news = Sources {
            standing: self.board.beliefs(),
            events: self.board.events(),
            // There is none, and none to come.
            relay: watch::Sender::default().subscribe(),
        };
        let serving = control::serve(folder, requests, news).map_err(|source| AppError::StateFolder {
            path: folder.join(control::SOCKET),
            source,
        })?;
        self.tasks.spawn(serving);
        Ok(asked)
    }

    /// Answers one request.
    pub(super) fn answer(&mut self, Asked { request, answer }: Asked) {
        match request {
            Request::Status => tracing::debug!(?request, "asked from outside"),
            _ => tracing::info!(?request, "asked from outside"),
        }
        let reply = match request {
            Request::Status => self.status().reply(),
            Request::Stop => {
                self.shared.stop.send_replace(true);
                Reply::ok("stopping")
            }
            Request::Yield => {
                self.keeper.deactivate();
                Reply::ok("the session is ended and the gateway stopped; `gatehand reclaim` starts it")
            }
            Request::Reclaim => {
                self.keeper.activate(Instant::now());
                Reply::ok("the gateway is to run")
            }
            Request::Unlock(user_name) => self.unlock(user_name.as_deref()),
            Request::Code(code) => match self.take_code(code) {
                true => Reply::ok("the code is typed; the events tell what comes of it"),
                false => Reply::refused("no login asks for a code now"),
            },
            Request::Log(filter) => match logging::set_filter(&filter) {
                Ok(()) => Reply::ok(format!("logged by `{filter}` until gatehand ends")),
                Err(error) => Reply::refused(error.to_string()),
            },
            Request::Screenshot
            | Request::Restart
            | Request::ColdRestart
            | Request::ReconnectData
            | Request::ReconnectAccount
            | Request::SaveSettings
            | Request::EnableApi
            | Request::Resume => Reply::refused("the Client Portal Gateway has no window for that now"),
        };
        // Who asked may have gone.
        let _ = answer.send(reply);
    }

    fn unlock(&mut self, user_name: Option<&str>) -> Reply {
        let forgotten = match &mut self.authority {
            Some(authority) => authority.governor.forget(user_name),
            None => Ok(false),
        };
        let was_locked = self.keeper.belief().state == State::LockedOut;
        match forgotten {
            Ok(known) => {
                self.keeper.unlock(Instant::now());
                Reply::ok(if known || was_locked {
                    control::UNLOCKED
                } else {
                    control::NOTHING_LOCKED
                })
            }
            Err(error) => Reply::refused(error.to_string()),
        }
    }

    fn status(&self) -> Status {
        let belief = self.keeper.belief();
        let process = self.service.as_ref().map(|service| service.identity());
        Status {
            gateway: self.board.gateway.to_owned(),
            state: belief.state.as_agent(),
            evidence: format!("{}: {}", belief.state, belief.evidence),
            since: seconds(self.since),
            taken_over: false,
            health: self
                .board
                .standing(Instant::now())
                .health(seconds(SystemTime::now())),
            api: None,
            relay: RelayStatus::default(),
            viewers: self.stage.viewers(),
            outage_until: None,
            next: None,
            second_factor: self.login.as_ref().and_then(Job::second_factor),
            attempts: self
                .authority
                .as_ref()
                .map(|authority| attempts(&authority.governor)),
            process: process.and_then(ProcessStatus::of),
            versions: Versions {
                gatehand: env!("CARGO_PKG_VERSION").to_owned(),
                gateway: None,
            },
            state_folder_lasts: !StateFolder::is_fleeting(&self.state_dir),
        }
    }
}
