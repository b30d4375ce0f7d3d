//! Who is told of what.

use crate::config::secret::Secret;
use crate::config::values::{DaySpan, Kinds, Pairs, PerHour, Topic, Url};

settings! {
    Notifications

    notify_webhook: Option<Url> {
        variables: ["GATEHAND_NOTIFY_WEBHOOK"],
        ini: [],
        secret: true,
        help: "A service that is sent each notification by POST, as JSON.",
    }
    notify_webhook_headers: Option<Pairs> {
        variables: ["GATEHAND_NOTIFY_WEBHOOK_HEADERS"],
        ini: [],
        secret: true,
        help: "Headers of the requests to that service, for instance its authorization.",
    }
    notify_webhook_events: Option<Kinds> {
        variables: ["GATEHAND_NOTIFY_WEBHOOK_EVENTS"],
        ini: [],
        secret: false,
        help: "What it is told. Default: `notify_events`.",
    }
    notify_ntfy: Option<Topic> {
        variables: ["GATEHAND_NOTIFY_NTFY"],
        ini: [],
        secret: true,
        help: "A topic of ntfy to publish notifications in. Whoever knows its name reads them.",
    }
    notify_ntfy_token: Option<Secret> {
        variables: ["GATEHAND_NOTIFY_NTFY_TOKEN"],
        ini: [],
        secret: true,
        help: "Access token for that topic.",
    }
    notify_ntfy_events: Option<Kinds> {
        variables: ["GATEHAND_NOTIFY_NTFY_EVENTS"],
        ini: [],
        secret: false,
        help: "What is published there. Default: `notify_events`.",
    }
    notify_command: Option<String> {
        variables: ["GATEHAND_NOTIFY_COMMAND"],
        ini: [],
        secret: false,
        help: "A command that is run by `/bin/sh` for each notification, with its JSON on standard input.",
    }
    notify_command_events: Option<Kinds> {
        variables: ["GATEHAND_NOTIFY_COMMAND_EVENTS"],
        ini: [],
        secret: false,
        help: "What the command is run for. Default: `notify_events`.",
    }
    notify_events: Kinds {
        variables: ["GATEHAND_NOTIFY_EVENTS"],
        ini: [],
        secret: false,
        default: "locked-out,login-denied,second-factor,second-factor-missed,unknown-dialog,left-to-human,failed,given-up,disconnected,stopped,session-lost,session-fight,expires,not-configured,rules-kept,port-lost,ended",
        help: "What everybody is told who has no list of their own.",
    }
    notify_name: String {
        variables: ["GATEHAND_NOTIFY_NAME"],
        ini: [],
        secret: false,
        default: "gatehand",
        help: "What notifications call this gatehand; the mode is added.",
    }
    notify_picture: bool {
        variables: ["GATEHAND_NOTIFY_PICTURE"],
        ini: [],
        secret: false,
        default: "yes",
        help: "Attach the picture of an unknown dialog, with its text fields painted over. Account numbers in it can be read.",
    }
    notify_per_hour: PerHour {
        variables: ["GATEHAND_NOTIFY_PER_HOUR"],
        ini: [],
        secret: false,
        default: "20",
        help: "How many notifications each of them is sent in an hour. What comes beyond waits, the gravest first. 0: as they come.",
    }
    notify_quiet_hours: Option<DaySpan> {
        variables: ["GATEHAND_NOTIFY_QUIET_HOURS"],
        ini: [],
        secret: false,
        help: "When nobody is to be told, in the gateway's time zone: notifications wait for the end.",
    }
    notify_in_quiet_hours: Kinds {
        variables: ["GATEHAND_NOTIFY_IN_QUIET_HOURS"],
        ini: [],
        secret: false,
        default: "none",
        help: "What is told nonetheless.",
    }
}
