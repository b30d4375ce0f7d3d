//! What is answered to requests from outside.

use std::net::IpAddr;

use base64ct::{Base64, Encoding as _};
use tokio::sync::{mpsc, oneshot};

use super::{AppError, Instance, course};
use crate::agent::{Errand, State};
use crate::config::{CommandSettings, Program};
use crate::control::{
    self, Asked, CommandServer, CommandServerSettings, NOTHING_LOCKED, Reply, Request, Sources, UNLOCKED,
};
use crate::journal::GovernorError;
use crate::logging;
use crate::pilot::Command;
use crate::vision::png;

/// Requests that wait for their answer; more are not heard meanwhile.
const WAITING: usize = 16;

impl Instance {
    /// Serves the control socket, and the command server if there is to be one.
    pub(super) async fn listen_for_requests(&mut self) -> Result<mpsc::Receiver<Asked>, AppError> {
        let (requests, asked) = mpsc::channel(WAITING);
        self.own_requests = requests.clone();
        self.board.take_requests(Some(requests.clone()));
        let folder = &self.config.state_dir;
        let news = Sources {
            standing: self.board.beliefs(),
            events: self.board.events(),
            relay: self.relay_status.subscribe(),
        };
        let serving =
            control::serve(folder, requests.clone(), news).map_err(|source| AppError::StateFolder {
                path: folder.join(control::SOCKET),
                source,
            })?;
        self.spawn(serving);
        if let Some(settings) = &self.config.command_server {
            let listen = settings.listen;
            let failed = |source| AppError::Listen {
                what: "the command server cannot listen on",
                address: listen,
                setting: "GATEHAND_COMMAND_PORT",
                source,
            };
            let is_gateway = self.config.gateway.program == Program::Gateway;
            let settings = CommandServerSettings {
                listen,
                control_from: addresses(settings).await,
                prompt: settings.prompt.clone(),
                quiet: settings.quiet,
            };
            let server = CommandServer::bind(settings, is_gateway).await.map_err(failed)?;
            tracing::info!(address = %listen, "the command server listens");
            self.spawn(server.serve(requests));
        }
        Ok(asked)
    }

    /// Answers one request.
    pub(super) fn answer(&mut self, Asked { request, answer }: Asked) {
        // A health check asks twice a minute, for years.
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
            Request::ColdRestart | Request::Yield if self.launch.is_none() => {
                Reply::refused("somebody else started this gateway: gatehand can neither close nor start it")
            }
            Request::ColdRestart => {
                self.life.restart(course::now(), "a restart was asked for");
                Reply::ok("the gateway is closed and logged in to anew")
            }
            Request::Yield => {
                self.life.give_way(course::now());
                Reply::ok("the session is free; `gatehand reclaim` takes it back")
            }
            Request::Reclaim => {
                self.tell(Command::Reclaim);
                self.life.reclaim(course::now());
                Reply::ok("the session is taken back")
            }
            Request::Resume => {
                self.tell(Command::HumanLeft);
                Reply::ok("the agent acts again")
            }
            Request::Code(code) => match self.status.state {
                State::SecondFactor => {
                    self.tell(Command::Code(code));
                    Reply::ok("the code is typed; the events tell what comes of it")
                }
                state => Reply::refused(format!("no window asks for a code now: state {state}")),
            },
            Request::Log(filter) => match logging::set_filter(&filter) {
                Ok(()) => Reply::ok(format!("logged by `{filter}` until gatehand ends")),
                Err(error) => Reply::refused(error.to_string()),
            },
            Request::Unlock(user_name) => {
                self.tell(Command::Unlock(user_name));
                return self.unlocking.push_back(answer);
            }
            Request::Screenshot => return self.picture(answer),
            Request::Restart => return self.errand(Errand::Restart, answer),
            Request::ReconnectData => return self.errand(Errand::ReconnectData, answer),
            Request::ReconnectAccount => return self.errand(Errand::ReconnectAccount, answer),
            Request::SaveSettings => return self.errand(Errand::SaveSettings, answer),
            Request::EnableApi if self.config.gateway.program == Program::Gateway => {
                Reply::refused("the IB Gateway always serves its API: this is for TWS")
            }
            Request::EnableApi => return self.errand(Errand::EnableApi, answer),
        };
        // Who asked may have gone.
        let _ = answer.send(reply);
    }

    /// The governor has forgotten what it knew, or could not.
    pub(super) fn unlocked(&mut self, unlocked: &Result<bool, GovernorError>) {
        let reply = match unlocked {
            Ok(true) => Reply::ok(UNLOCKED),
            Ok(false) => Reply::ok(NOTHING_LOCKED),
            Err(error) => Reply::refused(error.to_string()),
        };
        if matches!(unlocked, Ok(true)) && self.status.state == State::LockedOut {
            self.life.reclaim(course::now());
        }
        if let Some(answer) = self.unlocking.pop_front() {
            // Who asked may have gone.
            let _ = answer.send(reply);
        }
    }

    fn picture(&mut self, answer: oneshot::Sender<Reply>) {
        let (give, given) = oneshot::channel();
        self.tell(Command::Picture(give));
        tokio::spawn(async move {
            let Ok(frame) = given.await else {
                return;
            };
            let encoded = tokio::task::spawn_blocking(move || png::encode(&frame)).await;
            let reply = match encoded.map_err(std::io::Error::other).and_then(|encoded| encoded) {
                Ok(file) => Reply::ok(Base64::encode_string(&file)),
                Err(error) => Reply::refused(error.to_string()),
            };
            // Who asked may have gone.
            let _ = answer.send(reply);
        });
    }

    fn errand(&mut self, errand: Errand, answer: oneshot::Sender<Reply>) {
        self.tell(Command::CarryOut(errand));
        self.errands.push((errand, answer));
    }

    /// The pilot has begun an errand, or has no window for it.
    pub(super) fn begun(&mut self, errand: Errand, begun: bool) {
        let Some(at) = self.errands.iter().position(|(asked, _)| *asked == errand) else {
            if !begun && errand == Errand::SaveSettings {
                tracing::warn!("the settings could not be saved: the main window does not show");
            }
            return;
        };
        // What comes of this one is its answer.
        if begun && errand == Errand::EnableApi {
            return;
        }
        let (_, answer) = self.errands.remove(at);
        let reply = if begun {
            Reply::ok("begun; the events tell what comes of it")
        } else {
            Reply::refused("the main window does not show: the gateway is not logged in")
        };
        let _ = answer.send(reply);
    }

    /// An errand was carried out.
    pub(super) fn carried_out(&mut self, command: &str) {
        self.answer_errand(command, &Reply::ok("done"));
    }

    /// Something was given up, which may be an errand.
    pub(super) fn given_up(&mut self, what: &str) {
        if let Some((command, why)) = what.split_once(": ") {
            self.answer_errand(command, &Reply::refused(why));
        }
    }

    fn answer_errand(&mut self, command: &str, reply: &Reply) {
        let errands = std::mem::take(&mut self.errands).into_iter();
        let (over, waiting): (Vec<_>, Vec<_>) =
            errands.partition(|(errand, _)| format!("{errand:?}") == command);
        self.errands = waiting;
        for (_, answer) in over {
            // Who asked may have gone.
            let _ = answer.send(reply.clone());
        }
    }
}

/// The addresses of those who may command; a name that has none is told.
async fn addresses(settings: &CommandSettings) -> Vec<IpAddr> {
    let mut all = Vec::new();
    for host in &settings.control_from {
        match tokio::net::lookup_host((host.as_str(), 0)).await {
            Ok(found) => all.extend(found.map(|address| address.ip().to_canonical())),
            Err(error) => tracing::warn!(host, %error, "ControlFrom: nobody is let in by this name"),
        }
    }
    all
}
