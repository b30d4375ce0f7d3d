//! `gatehand vnc`: the viewers' endpoint of a display, and nothing else.

use super::error::AppError;
use super::viewers::{self, Stay};
use crate::config::Config;
use crate::exit::ExitCode;
use crate::supervisor::{self, Signals};
use crate::vnc::{Door, Gate, Settings};
use crate::x11::DisplayAddress;

/// Serves a display to viewers until it is asked to stop, or as long as `stay` says.
///
/// # Errors
/// No password is set, the port is taken, or the display is gone.
pub fn view(config: &Config, address: &DisplayAddress, stay: Stay) -> Result<ExitCode, AppError> {
    let vnc = config.vnc.as_ref().ok_or(AppError::NoViewerPassword)?;
    super::block_on(async {
        let mut signals = Signals::new().map_err(AppError::Runtime)?;
        let ports = viewers::bind(vnc).await?;
        let entries = viewers::entries(config, vnc)?;
        let screen = viewers::screen(address, Gate::default())?;
        viewers::tell(&ports, address);
        supervisor::let_go_of_the_program();
        let stopped = async {
            let signal = signals.next().await;
            tracing::info!(%signal, "stopping");
        };
        let settings = Settings {
            // Whoever looks on chooses the size: there is no agent here that knows windows by it.
            resizable: true,
            ..viewers::settings(vnc, viewers::NAME.to_owned())
        };
        let door = Door::new(screen, settings);
        let served = viewers::serve(ports, door.clone(), entries, stay, stopped);
        tokio::pin!(served);
        let mut gone = 0;
        loop {
            tokio::select! {
                ended = &mut served => {
                    ended?;
                    return Ok(ExitCode::Stopped);
                }
                // To wait for the next takes little of what it takes to serve.
                count = door.emptied(gone) => {
                    gone = count;
                    supervisor::let_go_of_the_program();
                }
            }
        }
    })
}
