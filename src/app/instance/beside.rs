//! What runs beside a gateway when the settings say so: the user's scripts, an SSH tunnel.

use std::sync::Arc;

use super::{AppError, Instance};
use crate::app::scripts::{self, Scripts};
use crate::tunnel::Tunnel;
use crate::x11::DisplayAddress;

impl Instance {
    /// Runs the scripts for a display that is up, to their end.
    pub(super) async fn run_display_scripts(&self, display: &DisplayAddress) {
        if let Some(folder) = &self.config.scripts.display {
            let mode = Some(self.config.mode);
            let environment = scripts::environment(&self.shared.environment, mode, Some(display));
            scripts::run("X_SCRIPTS", folder, environment, &self.shared).await;
        }
    }

    /// Begins to run those for a gateway that was started, the first time.
    pub(super) fn run_gateway_scripts(&mut self) {
        if let (Some(folder), None) = (&self.config.scripts.gateway, &self.scripts) {
            let environment = scripts::environment(&self.shared.environment, Some(self.config.mode), None);
            let reaper = Arc::clone(&self.shared.reaper);
            self.scripts = Some(Scripts::start("IBC_SCRIPTS", folder, environment, reaper));
        }
    }

    /// Begins to keep the tunnel, if there is to be one; tells whether the relay is to be there as well.
    pub(super) fn start_tunnel(&mut self) -> Result<bool, AppError> {
        let Some(settings) = &self.config.tunnel else {
            return Ok(true);
        };
        if !settings.beside_relay {
            tracing::info!("the API is served through the SSH tunnel only: there is no relay");
        }
        let folder = &self.config.state_dir;
        let failed = |source| AppError::Askpass {
            path: folder.clone(),
            source,
        };
        let environment = self.shared.environment.clone();
        let reaper = Arc::clone(&self.shared.reaper);
        let tunnel = Tunnel::start(Arc::clone(settings), environment, folder, reaper);
        self.tunnel = Some(tunnel.map_err(failed)?);
        Ok(settings.beside_relay)
    }
}
