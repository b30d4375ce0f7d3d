//! The viewers' port, from its settings: where they connect, who gets in, and what is kept for it in the state folder.

use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::error::AppError;
use super::listen;
use crate::config::{Config, ViewerPassword, ViewerTls, VncPassword, VncSettings};
use crate::tls::{OwnCertificate, TlsServer};
use crate::vnc::{self, Entry, Listener, Passwords, Screen, Security, Settings, VncAuthPasswords};
use crate::x11::{self, DisplayAddress};

/// The desktop's name in a viewer's title bar, unless there are several.
pub(super) const NAME: &str = "gatehand";
/// Where in the state folder keys and certificate are.
pub(crate) const FOLDER: &str = "viewers";
/// What asks for a certificate of our own.
pub(crate) const TLS: &str = "GATEHAND_VNC_TLS";

/// Binds the port, and the socket.
pub(super) async fn bind(settings: &VncSettings) -> Result<Vec<Listener>, AppError> {
    let mut listeners = Vec::new();
    if let Some(address) = settings.listen {
        let what = "the viewer endpoint cannot listen on";
        listeners.push(listen(what, address, "GATEHAND_VNC_LISTEN").await?.into());
    }
    if let Some(path) = &settings.socket {
        let socket = Listener::socket(path).map_err(|source| AppError::ViewerSocket {
            path: path.clone(),
            source,
        })?;
        listeners.push(socket);
    }
    Ok(listeners)
}

/// Says where viewers are served.
pub(super) fn tell(listeners: &[Listener], display: &DisplayAddress) {
    for address in listeners {
        let name = &display.name;
        tracing::info!(%address, display = name, "viewers are served");
    }
}

/// The display as the viewers' screen.
pub(super) fn screen(address: &DisplayAddress) -> Result<Screen, AppError> {
    Screen::start(x11::Screen::connect(address)?).map_err(AppError::Runtime)
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

/// Who gets in.
///
/// # Errors
/// A key, certificate or password cannot be had, or is of no use.
pub(super) fn entry(config: &Config, settings: &VncSettings) -> Result<Entry, AppError> {
    let folder = config.state_dir.join(FOLDER);
    let (security, tls) = if matches!(settings.password, Some(ViewerPassword::NotNeeded)) {
        tracing::warn!("viewers are let in without a password");
        (Security::none(), None)
    } else {
        let security = by_password(settings, &folder)?;
        (security, tls(settings, &config.viewer_names, &folder)?)
    };
    let security = if settings.view_only {
        security.only_to_look()
    } else {
        security
    };
    Ok(Entry {
        security: Arc::new(security),
        tls,
    })
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
    let vnc_auth = passwords.for_vnc_auth(settings.truncates);
    if vnc_auth.is_none() {
        tracing::warn!(
            "VNC authentication is off: it would compare only the first 8 bytes of a password for viewers; set shorter ones \
             (for two passwords, different ones) for viewers that know nothing else, or GATEHAND_VNC_LEGACY_TRUNCATE=yes"
        );
    }
    Ok((passwords, vnc_auth))
}

fn by_password(settings: &VncSettings, folder: &Path) -> Result<Security, AppError> {
    let (passwords, vnc_auth) = passwords(settings, folder)?;
    let key = vnc::server_key(folder)?;
    tracing::info!(
        fingerprint = key.fingerprint(),
        "viewers may ask about the RSA key of this server"
    );
    Ok(Security::native(
        passwords,
        vnc_auth,
        Arc::new(key),
        settings.tls.is_some(),
    ))
}

fn tls(settings: &VncSettings, names: &[String], folder: &Path) -> Result<Option<Arc<TlsServer>>, AppError> {
    let files = match &settings.tls {
        None => return Ok(None),
        Some(ViewerTls::Files(files)) => files.clone(),
        Some(ViewerTls::Own) => {
            let own = OwnCertificate::keep(folder, names, TLS)?;
            let (file, fingerprint) = (own.files.certificate.display(), &own.fingerprint);
            tracing::info!(%file, fingerprint, "viewers may ask about the certificate of this server");
            own.files
        }
    };
    Ok(Some(Arc::new(TlsServer::load(files, "the viewer endpoint")?)))
}
