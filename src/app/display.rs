//! A display that is started here, for a gateway or a browser.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;

use super::instance::make_private_folder;
use super::{AppError, Shared};
use crate::screen::Size;
use crate::supervisor::{self, Exit, Leftovers, OutputStream, Redaction, Service, StopPolicy};
use crate::x11::{DisplayAddress, VirtualServer};

/// Xvfb answers within a second, or not at all.
const LIMIT: Duration = Duration::from_secs(15);
const STOP: StopPolicy = StopPolicy {
    asked: None,
    terminated: Duration::from_secs(1),
};

/// Xvfb, and the folder with its cookie.
#[derive(Debug)]
pub(super) struct VirtualDisplay {
    service: Service,
    folder: PathBuf,
    address: DisplayAddress,
}

impl VirtualDisplay {
    /// Starts one and waits for its number.
    ///
    /// # Errors
    /// It cannot be started, or tells no number.
    pub(super) async fn start(
        shared: &Shared,
        state_dir: &Path,
        size: Size,
        leftovers: &mut Leftovers,
    ) -> Result<Self, AppError> {
        for number in crate::x11::clear_leftovers().unwrap_or_default() {
            tracing::info!(display = number, "removed the lock of a dead X server");
        }
        let folder = state_dir.join("display");
        let failed = |source| AppError::StateFolder {
            path: folder.clone(),
            source,
        };
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => make_private_folder(&folder)?,
        }
        let server = VirtualServer::prepare(&folder, size)?;
        let (tell, told) = oneshot::channel();
        let mut tell = Some(tell);
        let mut log = supervisor::log_output("Xvfb", Redaction::default());
        let output = Box::new(move |stream: OutputStream, line: &str| {
            match (stream, tell.take_if(|_| stream == OutputStream::Stdout)) {
                (OutputStream::Stdout, Some(tell)) => {
                    // The receiver goes away only when the start has failed already.
                    let _ = tell.send(line.trim().parse::<u32>());
                }
                _ => log(stream, line),
            }
        });
        let child = shared.reaper.spawn("Xvfb", &mut server.command(), output)?;
        leftovers.add("Xvfb", child.identity())?;
        let mut service = Service::new("Xvfb", child, STOP);
        let number = tokio::select! {
            number = told => number.map_err(|_| "it told no display number".to_owned()),
            exit = service.ended() => Err(exit.to_string()),
            () = tokio::time::sleep(LIMIT) => Err(format!("no display number within {} s", LIMIT.as_secs())),
        };
        let number = number.and_then(|number| number.map_err(|_| "its display number is none".to_owned()));
        service.mark_ready();
        let address = server.address(*number.as_ref().unwrap_or(&0));
        let display = Self {
            service,
            folder,
            address,
        };
        match number {
            Ok(number) => {
                tracing::info!(display = format!(":{number}"), "the display is up");
                Ok(display)
            }
            Err(how) => {
                display.stop(leftovers).await;
                Err(AppError::Ended {
                    what: "Xvfb",
                    how,
                    cure: "see its lines in the log",
                })
            }
        }
    }

    /// Where it is.
    pub(super) const fn address(&self) -> &DisplayAddress {
        &self.address
    }

    /// Waits for its end.
    pub(super) async fn ended(&mut self) -> Exit {
        self.service.ended().await
    }

    /// Stops it, and removes its cookie.
    pub(super) async fn stop(mut self, leftovers: &mut Leftovers) {
        self.service.stop(|| {}).await;
        if let Err(error) = leftovers.remove(self.service.identity()) {
            tracing::warn!(%error, "the list of processes");
        }
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "the display's cookie could not be removed");
        }
    }
}
