//! Who is told of what.

use std::sync::Arc;

use super::{Notify, NotifyTarget};
use crate::config::error::ConfigError;
use crate::config::settings::Notifications;
use crate::config::values::Kinds;
use crate::config::written::RawSettings;
use crate::notify::Kind;

/// What belongs to a target, and does nothing without it.
const PARTS: [(&str, &str, &[&str]); 3] = [
    (
        "notify_webhook",
        "GATEHAND_NOTIFY_WEBHOOK",
        &["notify_webhook_headers", "notify_webhook_events"],
    ),
    (
        "notify_ntfy",
        "GATEHAND_NOTIFY_NTFY",
        &["notify_ntfy_token", "notify_ntfy_events"],
    ),
    (
        "notify_command",
        "GATEHAND_NOTIFY_COMMAND",
        &["notify_command_events"],
    ),
];

/// The targets, each with what it is told.
pub(super) fn notify(
    notifications: Notifications,
    raw: &RawSettings,
    faults: &mut Vec<ConfigError>,
) -> super::NotifySettings {
    for (target, missing, parts) in PARTS {
        let lost = parts.iter().filter(|part| raw.get(part).is_some());
        if raw.get(target).is_none() {
            faults.extend(lost.map(|part| ConfigError::NobodyToTell {
                present: raw.origin(part),
                missing,
            }));
        }
    }
    let common = notifications.notify_events.0;
    let of = |own: Option<Kinds>| own.map_or_else(|| common.clone(), |own| own.0);
    let webhook = notifications.notify_webhook.map(|url| {
        let headers = notifications
            .notify_webhook_headers
            .map_or_else(Vec::new, |pairs| pairs.0);
        let target = NotifyTarget::Webhook { url: url.0, headers };
        (target, of(notifications.notify_webhook_events))
    });
    let ntfy = notifications.notify_ntfy.map(|topic| {
        let token = notifications.notify_ntfy_token;
        let target = NotifyTarget::Ntfy {
            topic: topic.0,
            token,
        };
        (target, of(notifications.notify_ntfy_events))
    });
    let command = notifications.notify_command.map(|command| {
        let target = NotifyTarget::Command(command);
        (target, of(notifications.notify_command_events))
    });
    let targets = [webhook, ntfy, command].into_iter().flatten();
    super::NotifySettings {
        targets: targets
            .map(|(target, kinds): (_, Vec<Kind>)| Notify {
                target: Arc::new(target),
                kinds,
            })
            .collect(),
        name: notifications.notify_name,
        picture: notifications.notify_picture,
        per_hour: notifications.notify_per_hour.0,
        quiet_hours: notifications.notify_quiet_hours,
        in_quiet_hours: notifications.notify_in_quiet_hours.0,
    }
}
