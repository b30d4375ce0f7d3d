//! The viewers' port of one gateway.

use std::net::SocketAddr;

use super::instance::note;
use super::{Folders, Instance, ViewerTls, VncSettings, tls};
use crate::config::error::ConfigError;
use crate::config::settings::Viewers;
use crate::config::values::ViewerPassword;
use crate::config::written::RawSettings;
use crate::tls::TlsSettings;

/// What names the viewers' own files of TLS.
const TLS: TlsSettings = TlsSettings {
    certificate: "GATEHAND_VNC_TLS_CERTIFICATE",
    key: "GATEHAND_VNC_TLS_KEY",
    // There is no such setting: viewers show passwords.
    client_ca: "GATEHAND_VNC_TLS_CERTIFICATE",
};

/// The certificate that viewers and the clients of the HTTP port are shown, when there is to be one.
pub(super) fn certificate(
    viewers: &mut Viewers,
    raw: &RawSettings,
    folders: &Folders,
    faults: &mut Vec<ConfigError>,
) -> Option<ViewerTls> {
    let (certificate, key) = (viewers.vnc_tls_certificate.take(), viewers.vnc_tls_key.take());
    let files = tls::files(TLS, certificate, key, None, raw, folders, faults);
    let own = viewers.vnc_tls.then_some(ViewerTls::Own);
    files.map(ViewerTls::Files).or(own)
}

/// The viewers' port, when somebody can get in.
pub(super) fn vnc(
    viewers: Viewers,
    of: Instance,
    raw: &RawSettings,
    folders: &Folders,
    faults: &mut Vec<ConfigError>,
) -> Option<VncSettings> {
    let view_password = viewers.vnc_view_password;
    if let (Some(ViewerPassword::Given(full)), Some(view)) = (&viewers.vnc_password, &view_password)
        && full.expose() == view.expose()
    {
        faults.push(ConfigError::SamePasswords {
            one: raw.origin("vnc_view_password"),
            other: raw.origin("vnc_password"),
        });
    }
    let legacy_password = viewers.vnc_legacy_password;
    if let Some(legacy) = &legacy_password {
        let legacy_origin = || raw.origin("vnc_legacy_password");
        let full = viewers.vnc_password.as_ref().and_then(ViewerPassword::given);
        for (key, other) in [
            ("vnc_view_password", view_password.as_ref()),
            ("vnc_password", full),
        ] {
            if other.is_some_and(|other| other.expose() == legacy.expose()) {
                faults.push(ConfigError::SamePasswords {
                    one: raw.origin(key),
                    other: legacy_origin(),
                });
            }
        }
        if viewers.vnc_legacy_truncate {
            faults.push(ConfigError::TwoShortPasswords {
                legacy: legacy_origin(),
                truncates: raw.origin("vnc_legacy_truncate"),
            });
        }
        if viewers.vnc_password.is_none() && !viewers.vnc_no_password {
            faults.push(ConfigError::LegacyPasswordAlone(legacy_origin()));
        }
    }
    let listen = viewers.vnc_listen.0;
    let listen = listen.map(|address| of.listen(address, "vnc_listen", raw, faults));
    let web = viewers.vnc_web_listen.0;
    let web = web.map(|address| of.listen(address, "vnc_web_listen", raw, faults));
    let socket = viewers.vnc_socket.and_then(|path| {
        if of.is_one_of_two {
            faults.push(ConfigError::OneForBoth {
                origin: raw.origin("vnc_socket"),
                what: "socket",
            });
        }
        note(folders.expand(path, "GATEHAND_VNC_SOCKET"), faults)
    });
    let password = if viewers.vnc_no_password {
        let none = raw.origin("vnc_no_password");
        if let Some(key) = [
            viewers.vnc_password.is_some().then_some("vnc_password"),
            view_password.is_some().then_some("vnc_view_password"),
            legacy_password.is_some().then_some("vnc_legacy_password"),
        ]
        .into_iter()
        .flatten()
        .next()
        {
            faults.push(ConfigError::PasswordNotNeeded {
                none: none.clone(),
                password: raw.origin(key),
            });
        }
        // The pages that a browser shows are not all its user's.
        if web.is_some() {
            faults.push(ConfigError::WebWithoutPassword {
                none: none.clone(),
                web: raw.origin("vnc_web_listen"),
            });
        }
        if let Some(listen) = listen.filter(|address: &SocketAddr| !address.ip().to_canonical().is_loopback())
        {
            faults.push(ConfigError::OpenToAll { none, listen });
        }
        Some(ViewerPassword::NotNeeded)
    } else {
        viewers.vnc_password
    };
    let wanted = password.is_some() || view_password.is_some();
    (wanted && (listen.is_some() || web.is_some() || socket.is_some())).then_some(VncSettings {
        listen,
        web,
        web_hosts: viewers.vnc_web_hosts.map_or_else(Vec::new, |hosts| hosts.0),
        socket,
        password,
        view_password,
        legacy_password,
        view_only: viewers.vnc_view_only,
        truncates: viewers.vnc_legacy_truncate,
        take_over: viewers.vnc_take_over.0,
        max_viewers: viewers.vnc_max_viewers.0,
        idle_limit: viewers.vnc_idle_limit.map(|limit| limit.0),
        time_limit: viewers.vnc_time_limit.map(|limit| limit.0),
    })
}
