//! The display of a gateway that is started here.

use std::io;
use std::time::Duration;

use tokio::sync::oneshot;

use super::preparation::make_private_folder;
use super::{AppError, Instance};
use crate::supervisor::{self, OutputStream, Redaction, Service, StopPolicy};
use crate::x11::{DisplayAddress, VirtualServer};

/// Xvfb answers within a second, or not at all.
const DISPLAY_LIMIT: Duration = Duration::from_secs(15);
const DISPLAY_STOP: StopPolicy = StopPolicy {
    asked: None,
    terminated: Duration::from_secs(1),
};

impl Instance {
    /// Starts Xvfb and waits for the number of its display.
    pub(super) async fn start_display(&mut self) -> Result<DisplayAddress, AppError> {
        for number in crate::x11::clear_leftovers().unwrap_or_default() {
            tracing::info!(display = number, "removed the lock of a dead X server");
        }
        let folder = self.config.state_dir.join("display");
        let failed = |source| AppError::StateFolder {
            path: folder.clone(),
            source,
        };
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => make_private_folder(&folder)?,
        }
        self.cookies = Some(folder.clone());
        let server = VirtualServer::prepare(&folder, self.config.display.size)?;
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
        let child = self.shared.reaper.spawn("Xvfb", &mut server.command(), output)?;
        self.leftovers.add("Xvfb", child.identity())?;
        let mut service = Service::new("Xvfb", child, DISPLAY_STOP);
        let ended = |how: String| AppError::Ended {
            what: "Xvfb",
            how,
            cure: "see its lines in the log",
        };
        let number = tokio::select! {
            number = told => number,
            exit = service.ended() => return Err(ended(exit.to_string())),
            () = tokio::time::sleep(DISPLAY_LIMIT) => {
                self.display = Some(service);
                return Err(ended(format!("no display number within {} s", DISPLAY_LIMIT.as_secs())));
            }
        };
        service.mark_ready();
        self.display = Some(service);
        match number {
            Ok(Ok(number)) => {
                tracing::info!(display = format!(":{number}"), "the display is up");
                Ok(server.address(number))
            }
            _ => Err(ended("it told no display number".into())),
        }
    }
}
