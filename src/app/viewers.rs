//! The viewers' port, from its settings: where they connect, who gets in, and what is kept for it in the state folder.

use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::error::AppError;
use super::listen;
use crate::config::{Config, ViewerPassword, ViewerTls, VncPassword, VncSettings};
use crate::ports;
use crate::tls::{OwnCertificate, TlsServer};
use crate::vnc::{
    self, Between, Door, Entry, Gate, Listener, Passwords, Screen, Security, ServeError, Settings,
    VncAuthPasswords, WebDoor, WebEntry,
};
use crate::x11::{self, DisplayAddress};

/// The desktop's name in a viewer's title bar, unless there are several.
pub(super) const NAME: &str = "gatehand";
/// Where in the state folder keys and certificate are.
pub(crate) const FOLDER: &str = "viewers";
/// What asks for a certificate of our own.
pub(crate) const TLS: &str = "GATEHAND_VNC_TLS";

/// How long viewers are served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stay {
    /// As long as the display is there.
    #[default]
    Forever,
    /// Until the last viewer has left, in a browser or not, once there was one.
    Once,
}

/// Where viewers connect.
#[derive(Default)]
pub(super) struct Ports {
    native: Vec<Listener>,
    web: Option<TcpListener>,
}

/// Binds the ports, and the socket.
pub(super) async fn bind(settings: &VncSettings) -> Result<Ports, AppError> {
    let mut native = Vec::new();
    if let Some(address) = settings.listen {
        let what = "the viewer endpoint cannot listen on";
        native.push(listen(what, address, "GATEHAND_VNC_LISTEN").await?.into());
    }
    if let Some(path) = &settings.socket {
        let socket = Listener::socket(path).map_err(|source| AppError::ViewerSocket {
            path: path.clone(),
            source,
        })?;
        native.push(socket);
    }
    let web = match settings.web {
        Some(address) => {
            let what = "the viewer endpoint for browsers cannot listen on";
            Some(listen(what, address, "GATEHAND_VNC_WEB_LISTEN").await?)
        }
        None => None,
    };
    Ok(Ports { native, web })
}

/// Serves viewers until `shutdown` is ready, or as long as `stay` says.
///
/// # Errors
/// The display is lost.
pub(super) async fn serve(
    ports: Ports,
    door: Door,
    entries: Entries,
    stay: Stay,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let (web_door, open) = entries.web_door(&door);
    let web = async {
        let Some(listener) = ports.web else {
            return std::future::pending().await;
        };
        let tls = entries.web.encrypted.as_ref();
        let tls = tls.and_then(|entry| entry.tls.clone());
        let router = vnc::router(web_door);
        ports::serve_web(listener, tls, router, std::future::pending()).await;
    };
    let last_left = async {
        match stay {
            Stay::Forever => std::future::pending().await,
            Stay::Once => {
                door.emptied(0).await;
            }
        }
        tracing::info!("the last viewer has left");
    };
    let native = vnc::serve(ports.native, door.clone(), entries.native, shutdown);
    let ended = tokio::select! {
        ended = native => ended,
        () = web => Ok(()),
        () = last_left => Ok(()),
    };
    // Those in browsers go now.
    drop(open);
    ended
}

/// Says where viewers are served.
pub(super) fn tell(ports: &Ports, display: &DisplayAddress) {
    let name = &display.name;
    for address in &ports.native {
        tracing::info!(%address, display = name, "viewers are served");
    }
    if let Some(address) = ports.web.as_ref().and_then(|web| web.local_addr().ok()) {
        let path = vnc::WEB_PATH;
        tracing::info!(%address, path, display = name, "viewers in browsers are served");
    }
}

/// The display as the viewers' screen, which they reach through `gate`.
pub(super) fn screen(address: &DisplayAddress, gate: Gate) -> Result<Screen, AppError> {
    Screen::behind(gate, x11::Screen::connect(address)?).map_err(AppError::Runtime)
}

/// What viewers are served.
pub(super) fn settings(settings: &VncSettings, name: String) -> Settings {
    Settings {
        max_viewers: settings.max_viewers,
        idle_limit: settings.idle_limit,
        time_limit: settings.time_limit,
        ..Settings::new(name)
    }
}

/// Who gets in, at each of the ports.
pub(super) struct Entries {
    native: Entry,
    web: WebEntry,
}

impl Entries {
    /// The way in for viewers in browsers, until the sender goes.
    pub(super) fn web_door(&self, door: &Door) -> (WebDoor, watch::Sender<()>) {
        let (sender, open) = watch::channel(());
        let (door, entry) = (door.clone(), self.web.clone());
        (WebDoor { door, entry, open }, sender)
    }
}

/// Who gets in.
///
/// # Errors
/// A key, certificate or password cannot be had, or is of no use.
pub(super) fn entries(config: &Config, settings: &VncSettings) -> Result<Entries, AppError> {
    let folder = config.state_dir.join(FOLDER);
    let entry = |security: Security, tls: Option<Arc<TlsServer>>| {
        let security = if settings.view_only {
            security.only_to_look()
        } else {
            security
        };
        Entry {
            security: Arc::new(security),
            tls,
        }
    };
    let mut web = WebEntry {
        plain: None,
        local: None,
        encrypted: None,
        hosts: settings.web_hosts.clone(),
    };
    if let Some(ViewerPassword::NotNeeded) = settings.password {
        tracing::warn!("viewers are let in without a password");
        let native = entry(Security::none(), None);
        return Ok(Entries { native, web });
    }
    let (passwords, vnc_auth) = passwords(settings, &folder)?;
    let key = Arc::new(vnc::server_key(&folder)?);
    tracing::info!(
        fingerprint = key.fingerprint(),
        "viewers may ask about the RSA key of this server"
    );
    let tls = tls(config)?;
    let of_web = |between, tls| {
        let security = Security::web(passwords.clone(), vnc_auth.clone(), between);
        Some(entry(security, tls))
    };
    if vnc_auth.is_some() {
        web.plain = of_web(Between::Network, None);
    }
    web.local = of_web(Between::Machine(Arc::clone(&key)), None);
    if tls.is_some() {
        web.encrypted = of_web(Between::Tls, tls.clone());
    }
    let native = Security::native(passwords, vnc_auth, key, tls.is_some());
    let native = entry(native, tls);
    Ok(Entries { native, web })
}

/// The passwords, and those that VNC authentication can compare.
fn passwords(
    settings: &VncSettings,
    folder: &Path,
) -> Result<(Passwords, Option<VncAuthPasswords>), AppError> {
    let full = match &settings.password {
        Some(ViewerPassword::Given(password)) => Zeroizing::new(password.expose().to_owned()),
        Some(ViewerPassword::Generated) => {
            let password = vnc::generated_password(folder)?;
            let file = vnc::password_file(folder);
            tracing::info!(file = %file.display(), "the viewers' password is in this file");
            password
        }
        // Only looking is allowed: the password for more is one that nobody knows.
        Some(ViewerPassword::NotNeeded) | None => vnc::random_password().map_err(AppError::Random)?,
    };
    let view_only = settings.view_password.as_ref().map(VncPassword::expose);
    let passwords = Passwords::new(full.as_bytes(), view_only.map(str::as_bytes))?;
    if let Some(legacy) = &settings.legacy_password {
        let vnc_auth = passwords.with_legacy(legacy.expose().as_bytes())?;
        tracing::info!("VNC authentication takes the legacy password, which no other security type takes");
        return Ok((passwords, Some(vnc_auth)));
    }
    let vnc_auth = passwords.for_vnc_auth(settings.truncates);
    if vnc_auth.is_none() {
        tracing::warn!(
            "VNC authentication is off: it would compare only the first 8 bytes of a password for viewers; for viewers that \
             know nothing else set shorter ones (for two passwords, different ones), GATEHAND_VNC_LEGACY_PASSWORD, or \
             GATEHAND_VNC_LEGACY_TRUNCATE=yes"
        );
    }
    Ok((passwords, vnc_auth))
}

/// What TLS is served with, to viewers and at the HTTP port, if it is.
///
/// # Errors
/// The certificate cannot be had.
pub(super) fn tls(config: &Config) -> Result<Option<Arc<TlsServer>>, AppError> {
    let files = match &config.viewer_tls {
        None => return Ok(None),
        Some(ViewerTls::Files(files)) => files.clone(),
        Some(ViewerTls::Own) => {
            let own = OwnCertificate::keep(&config.state_dir.join(FOLDER), &config.viewer_names, TLS)?;
            let (file, fingerprint) = (own.files.certificate.display(), &own.fingerprint);
            tracing::info!(%file, fingerprint, "viewers may ask about the certificate of this server");
            own.files
        }
    };
    Ok(Some(Arc::new(TlsServer::load(files, "the viewer endpoint")?)))
}
