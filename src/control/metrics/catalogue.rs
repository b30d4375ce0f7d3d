//! Every metric: its name by the rules of OpenMetrics 1.0 (base units, `_total` for counters), its kind, its labels and
//! what it means. Each has the label `gateway` beside those, but for the ones of the process.

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// It only grows; a gateway that is started anew may begin at 0.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How often something took how long: the upper bounds of its buckets, in seconds.
    Histogram(&'static [f64]),
}

impl Kind {
    /// Its name in the text format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// Its labels beside `gateway`.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
    /// Whether it is one of gatehand's process, not of a gateway.
    pub of_process: bool,
}

const fn metric(
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric {
        name,
        kind,
        labels,
        help,
        of_process: false,
    }
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    metric(name, Kind::Counter, labels, help)
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    metric(name, Kind::Gauge, labels, help)
}

const fn histogram(name: &'static str, bounds: &'static [f64], help: &'static str) -> Metric {
    metric(name, Kind::Histogram(bounds), &[], help)
}

const fn of_process(metric: Metric) -> Metric {
    Metric {
        of_process: true,
        ..metric
    }
}

/// What a dialog and the API take.
const SHORT: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// What a login and an outage take, with a human in it.
const LONG: &[f64] = &[1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0];

/// Declares the metrics, each once, and the list of all.
macro_rules! catalogue {
    ($($name:ident = $metric:expr;)*) => {
        $(pub(super) const $name: Metric = $metric;)*

        /// All metrics.
        pub const METRICS: &[Metric] = &[$($name),*];
    };
}

catalogue! {
    BUILD = of_process(gauge("gatehand_build_info", &["version"], "1; gatehand's version is in the label."));
    OWN_MEMORY = of_process(gauge("process_resident_memory_bytes", &[], "Memory that gatehand occupies."));
    OWN_CPU = of_process(counter("process_cpu_seconds_total", &[], "Processor time that gatehand has used."));

    STATE = gauge("gatehand_state", &["state"], "1 for the state that the gateway is in, 0 for the others.");
    STATE_SINCE = gauge("gatehand_state_since_timestamp_seconds", &[], "When that state began.");
    LIVE = gauge("gatehand_live", &[], "1 while gatehand does its work for the gateway, as /livez says.");
    READY = gauge("gatehand_ready", &[], "1 while a trading client can use the API, as /readyz says.");
    STARTED = gauge("gatehand_started", &[], "1 once the gateway has shown a window, as /startupz says.");
    TAKEN_OVER = gauge("gatehand_taken_over", &[], "1 while a human at a viewer has the gateway.");
    OUTAGE = gauge("gatehand_planned_outage_end_timestamp_seconds", &[], "Until when the API is away as planned; absent when it is not.");
    STATE_LASTS = gauge("gatehand_state_folder_lasts", &[], "0 when the state folder, and with it the count of failed logins, goes with its container.");
    RESTARTS = counter("gatehand_restarts_total", &[], "How often the gateway went and was started again.");
    DISCONNECTIONS = counter("gatehand_disconnections_total", &[], "How often the API stopped answering.");
    SESSIONS_LOST = counter("gatehand_sessions_lost_total", &[], "How often the session was left to another program.");
    OUTAGES = histogram("gatehand_outage_duration_seconds", LONG, "From the end of readiness to its return.");
    API = histogram("gatehand_api_answer_duration_seconds", SHORT, "What the API took to answer gatehand.");

    SUBMISSIONS = counter("gatehand_login_submissions_total", &[], "How often the login button was pressed with credentials.");
    LOGINS = counter("gatehand_logins_total", &["outcome"], "Logins by how they ended: logged-in, refused (the credentials), rebuffed (sent away for another reason), throttled (too many), withdrawn (not judged), denied (not permitted here, nothing was submitted).");
    LOGIN_TIME = histogram("gatehand_login_duration_seconds", LONG, "From the press of the login button to the main window, second factor included.");
    ATTEMPTS = gauge("gatehand_login_attempts_left", &[], "Logins whose ending nobody saw that are still allowed in a row.");
    LOCKED = gauge("gatehand_login_locked", &[], "1 while no login is permitted.");
    LOCKED_UNTIL = gauge("gatehand_login_locked_until_timestamp_seconds", &[], "Until when; absent when a human has to do something, or nothing is locked.");

    FACTOR_WANTED = gauge("gatehand_second_factor_wanted", &[], "1 while a second factor is asked for.");
    FACTORS = counter("gatehand_second_factors_total", &["outcome"], "Second factors: asked, pushed (to a phone), code-wanted (from a human or a service), missed (not confirmed in time).");

    DIALOGS = counter("gatehand_dialogs_total", &["rule", "outcome"], "Dialogs by the rule that knew them: answered, or left-to-human by a setting. After 200 rules the others count as `other`.");
    DIALOG_TIME = histogram("gatehand_dialog_answer_duration_seconds", SHORT, "From the first sight of a dialog to its end.");
    UNKNOWN = counter("gatehand_unknown_dialogs_total", &[], "Dialogs that no rule knew.");
    GIVEN_UP = counter("gatehand_given_up_total", &[], "Acts that did not work and were given up.");

    RELAY_LISTENS = gauge("gatehand_relay_listening", &[], "1 while the API relay listens.");
    RELAY_CLIENTS = gauge("gatehand_relay_clients", &[], "API clients that are connected.");
    RELAY_HELD = gauge("gatehand_relay_clients_held", &[], "Those of them that wait for the gateway.");
    RELAY_CONNECTIONS = counter("gatehand_relay_connections_total", &["outcome"], "API clients that came: accepted, refused (their address), turned-away (too many), unreached (accepted, but the gateway could not be reached).");
    RELAY_BYTES = counter("gatehand_relay_bytes_total", &["direction"], "Bytes that the relay carried: to-gateway, to-client.");

    VIEWERS = gauge("gatehand_viewers", &[], "Viewers of the screen.");
    VIEWER_BYTES = counter("gatehand_viewer_bytes_total", &["direction"], "Bytes of RFB, before encryption: to-viewer, from-viewer.");

    GATEWAY = gauge("gatehand_gateway_info", &["version"], "1; the version of the gateway that was started here is in the label.");
    MEMORY = gauge("gatehand_gateway_resident_memory_bytes", &[], "Memory that the gateway's process occupies.");
    CPU = counter("gatehand_gateway_cpu_seconds_total", &[], "Processor time that the gateway's process has used.");
}
