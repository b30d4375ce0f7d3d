//! The SSH tunnel: the system's ssh client, kept running, that has a port of an SSH server lead to the gateway's API.
//!
//! Keys come from where ssh looks for them. A pass phrase reaches ssh through `askpass` alone: it stands in no argument
//! list and in no environment.

pub mod askpass;
mod command;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::config::TunnelSettings;
use crate::supervisor::{self, Output, Reaper, Redaction, Service, SpawnError, StopPolicy};
use askpass::Askpass;

/// ssh ends at once when it is told to; its server sees the connection close.
const STOP: StopPolicy = StopPolicy {
    asked: None,
    terminated: Duration::from_millis(500),
};

/// A tunnel that is kept.
#[derive(Debug)]
pub struct Tunnel {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Tunnel {
    /// Begins to keep the tunnel. ssh runs in `environment`; `folder` is where it is answered when it asks for a pass
    /// phrase.
    ///
    /// # Errors
    /// When it could not be answered there.
    pub fn start(
        settings: Arc<TunnelSettings>,
        environment: Vec<(OsString, OsString)>,
        folder: &Path,
        reaper: Arc<Reaper>,
    ) -> std::io::Result<Self> {
        let askpass = match settings.passphrase.is_some() {
            true => Some(Askpass::listen(folder)?),
            false => None,
        };
        let (end, told) = oneshot::channel();
        let keeping = keep(settings, environment, askpass, reaper, told);
        let task = tokio::spawn(keeping.in_current_span());
        Ok(Self { end, task })
    }

    /// Closes it.
    pub async fn stop(self) {
        drop(self.end);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the SSH tunnel");
        }
    }
}

async fn keep(
    settings: Arc<TunnelSettings>,
    environment: Vec<(OsString, OsString)>,
    mut askpass: Option<Askpass>,
    reaper: Arc<Reaper>,
    mut end: oneshot::Receiver<()>,
) {
    let pause = settings.restart.as_secs();
    loop {
        match start(&settings, &environment, askpass.as_ref(), &reaper) {
            Ok(mut ssh) => {
                let session = ssh.identity().pid;
                let answers = async {
                    match (&mut askpass, &settings.passphrase) {
                        (Some(askpass), Some(passphrase)) => askpass.answer(session, passphrase).await,
                        _ => std::future::pending().await,
                    }
                };
                tokio::select! {
                    exit = ssh.ended() => {
                        tracing::warn!(%exit, "the SSH tunnel is down: it is opened again in {pause} s");
                    }
                    () = answers => {}
                    _ = &mut end => {
                        ssh.stop(|| {}).await;
                        return;
                    }
                }
            }
            Err(error) => tracing::error!(%error, "there is no SSH tunnel: it is tried again in {pause} s"),
        }
        tokio::select! {
            () = tokio::time::sleep(settings.restart) => {}
            _ = &mut end => return,
        }
    }
}

fn start(
    settings: &TunnelSettings,
    environment: &[(OsString, OsString)],
    askpass: Option<&Askpass>,
    reaper: &Reaper,
) -> Result<Service, SpawnError> {
    let mut command = command::ssh(settings);
    command.env_clear();
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    if let Some(askpass) = askpass {
        command.envs(askpass.environment());
    }
    let child = reaper.spawn("ssh", &mut command, output())?;
    Ok(Service::new("ssh", child, STOP))
}

/// ssh tells of a tunnel that is up only among what it tells in detail; the rest of that is for those who look for a
/// fault.
fn output() -> Output {
    let mut log = supervisor::log_output("ssh", Redaction::default());
    Box::new(move |stream, line| {
        let Some(detail) = line.strip_prefix("debug1: ") else {
            return log(stream, line);
        };
        match detail.strip_prefix("remote forward success for: ") {
            Some(ports) => tracing::info!("the SSH tunnel is up: {ports}"),
            None => tracing::debug!(target: "gatehand::output", unit = "ssh", "{detail}"),
        }
    })
}
