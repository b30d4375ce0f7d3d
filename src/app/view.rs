//! `gatehand vnc`: the viewers' endpoint of a display, and nothing else.

use super::error::AppError;
use super::viewers;
use crate::config::Config;
use crate::exit::ExitCode;
use crate::supervisor::Signals;
use crate::vnc::{Door, Settings, Stay};
use crate::x11::DisplayAddress;

/// Serves a display to viewers until it is asked to stop, or as long as `stay` says.
///
/// # Errors
/// No password is set, the port is taken, or the display is gone.
pub fn view(config: &Config, address: &DisplayAddress, stay: Stay) -> Result<ExitCode, AppError> {
    let vnc = config.vnc.as_ref().ok_or(AppError::NoViewerPassword)?;
    super::block_on(async {
        let mut signals = Signals::new().map_err(AppError::Runtime)?;
        let listeners = viewers::bind(vnc).await?;
        let entry = viewers::entry(config, vnc)?;
        let screen = viewers::screen(address)?;
        viewers::tell(&listeners, address);
        let stopped = async {
            let signal = signals.next().await;
            tracing::info!(%signal, "stopping");
        };
        let settings = Settings {
            // Whoever looks on chooses the size: there is no agent here that knows windows by it.
            resizable: true,
            ..viewers::settings(vnc, viewers::NAME.to_owned())
        };
        crate::vnc::serve(listeners, Door::new(screen, settings), entry, stay, stopped).await?;
        Ok(ExitCode::Stopped)
    })
}
