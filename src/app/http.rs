//! The HTTP port, which all gateways of this process have in common.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{AppError, listen, viewers};
use crate::config::Config;
use crate::control::Board;
use crate::{http, ports};

/// A board for each gateway.
pub(super) fn boards(configs: &[Config]) -> Vec<Arc<Board>> {
    let board = |config: &Config| {
        let user = config
            .credentials
            .as_ref()
            .map(|credentials| credentials.user.clone());
        let (state_dir, rules) = (config.state_dir.clone(), config.rules.path.clone());
        Arc::new(Board::new(config.mode.name(), state_dir, rules, user))
    };
    configs.iter().map(board).collect()
}

/// The board of the Client Portal Gateway.
pub(super) fn portal_board(config: &Config, state_dir: PathBuf) -> Arc<Board> {
    let user = config.portal.credentials.as_ref();
    let user = user.map(|credentials| credentials.user.clone());
    Arc::new(Board::new("portal", state_dir, config.rules.path.clone(), user))
}

/// Serves the boards, until the task is dropped.
pub(super) async fn serve(configs: &[Config], boards: &[Arc<Board>]) -> Result<JoinSet<()>, AppError> {
    let mut serving = JoinSet::new();
    // What they have in common is the same in each.
    let Some(config) = configs.first() else {
        return Ok(serving);
    };
    let settings = &config.http;
    let Some(address) = settings.listen else {
        return Ok(serving);
    };
    let listener = listen("the HTTP port cannot listen on", address, "GATEHAND_HTTP_LISTEN").await?;
    let bound = listener.local_addr().unwrap_or(address);
    match settings.token {
        Some(_) => tracing::info!(address = %bound, "HTTP is served"),
        None => tracing::info!(
            address = %bound,
            "HTTP is served, only health checks: set GATEHAND_HTTP_TOKEN_FILE for status, events and commands"
        ),
    }
    let tls = viewers::tls(config)?;
    let router = http::router(settings, tls.is_some(), boards.to_vec());
    serving.spawn(ports::serve_web(listener, tls, router, std::future::pending()));
    Ok(serving)
}
