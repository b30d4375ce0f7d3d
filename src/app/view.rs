//! The viewers' endpoint of a display: for `gatehand vnc` alone, for the others beside the agent.

use tokio::net::TcpListener;

use super::error::AppError;
use super::listen;
use crate::config::{Config, VncSettings};
use crate::exit::ExitCode;
use crate::supervisor::Signals;
use crate::vnc::{Door, Entry, Password, Passwords, Screen, Security, Settings};
use crate::x11::{self, DisplayAddress};

/// The desktop's name in a viewer's title bar, unless there are several.
pub(super) const NAME: &str = "gatehand";

/// Binds the viewers' port.
pub(super) async fn bind(settings: &VncSettings) -> Result<TcpListener, AppError> {
    listen(
        "the viewer endpoint cannot listen on",
        settings.listen,
        "GATEHAND_VNC_LISTEN",
    )
    .await
}

/// The display as the viewers' screen.
pub(super) fn screen(address: &DisplayAddress) -> Result<Screen, AppError> {
    Screen::start(x11::Screen::connect(address)?).map_err(AppError::Runtime)
}

/// Who gets in.
pub(super) fn entry(settings: &VncSettings) -> Result<Entry, AppError> {
    let password = |password: &crate::config::VncPassword| Password::new(password.expose().as_bytes());
    let full = match &settings.password {
        Some(full) => password(full)?,
        // Only looking is allowed: the password for more is one that nobody knows.
        None => {
            let mut nobody = [0; 8];
            getrandom::fill(&mut nobody).map_err(AppError::Random)?;
            Password::new(&nobody)?
        }
    };
    let view_only = settings.view_password.as_ref().map(password).transpose()?;
    let passwords = Passwords::new(full, view_only)?;
    Ok(Security::vnc_auth(passwords).into())
}

/// Serves a display to viewers until it is asked to stop, and does nothing else.
///
/// # Errors
/// No password is set, the port is taken, or the display is gone.
pub fn view(config: &Config, address: &DisplayAddress) -> Result<ExitCode, AppError> {
    let vnc = config.vnc.as_ref().ok_or(AppError::NoViewerPassword)?;
    super::block_on(async {
        let mut signals = Signals::new().map_err(AppError::Runtime)?;
        let listener = bind(vnc).await?;
        let screen = screen(address)?;
        tracing::info!(address = %vnc.listen, display = address.name, "viewers are served");
        let stopped = async {
            let signal = signals.next().await;
            tracing::info!(%signal, "stopping");
        };
        let door = Door::new(screen, Settings::new(NAME));
        crate::vnc::serve(listener, door, entry(vnc)?, stopped).await?;
        Ok(ExitCode::Stopped)
    })
}
