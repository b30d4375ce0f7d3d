//! What is looked up when somebody asks: one sample for each thing that is so now.

use std::collections::BTreeMap;

use prometheus::proto::{self, LabelPair, MetricFamily, MetricType};

use super::Gateway;
use super::catalogue::{
    ATTEMPTS, BUILD, CPU, FACTOR_WANTED, GATEWAY, Kind, LIVE, LOCKED, LOCKED_UNTIL, MEMORY, Metric, OUTAGE,
    OWN_CPU, OWN_MEMORY, READY, RELAY_BYTES, RELAY_CLIENTS, RELAY_CONNECTIONS, RELAY_HELD, RELAY_LISTENS,
    STARTED, STATE, STATE_LASTS, STATE_SINCE, TAKEN_OVER, VIEWER_BYTES, VIEWERS,
};
use crate::agent::State;
use crate::supervisor::Usage;

/// Samples by the name of their metric.
#[derive(Default)]
pub(super) struct Sheet(BTreeMap<&'static str, MetricFamily>);

impl Sheet {
    pub(super) fn families(self) -> impl Iterator<Item = (String, MetricFamily)> {
        self.0.into_iter().map(|(name, family)| (name.to_owned(), family))
    }

    /// Of this process.
    pub(super) fn process(&mut self, usage: Option<&Usage>) {
        self.put(BUILD, &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        if let Some(usage) = usage {
            self.put(OWN_MEMORY, &[], usage.resident_bytes as f64);
            self.put(OWN_CPU, &[], usage.cpu_seconds);
        }
    }

    /// Of one gateway.
    pub(super) fn gateway(&mut self, gateway: &Gateway) {
        let Gateway {
            board,
            health,
            status,
        } = gateway;
        let mut of = |metric, labels: &[(&str, &str)], value: f64| {
            let labels = [&[("gateway", board.gateway)], labels].concat();
            self.put(metric, &labels, value);
        };
        for (metric, verdict) in [
            (LIVE, &health.live),
            (READY, &health.ready),
            (STARTED, &health.started),
        ] {
            of(metric, &[], truth(verdict.ok));
        }
        let Some(status) = status else {
            return;
        };
        for state in State::ALL {
            of(STATE, &[("state", &word(state))], truth(state == status.state));
        }
        of(STATE_SINCE, &[], status.since as f64);
        of(TAKEN_OVER, &[], truth(status.taken_over));
        of(STATE_LASTS, &[], truth(status.state_folder_lasts));
        if let Some(until) = status.outage_until {
            of(OUTAGE, &[], until as f64);
        }
        of(FACTOR_WANTED, &[], truth(status.second_factor.is_some()));
        if let Some(attempts) = &status.attempts {
            of(ATTEMPTS, &[], attempts.left as f64);
            of(LOCKED, &[], truth(attempts.why.is_some()));
            if let Some(until) = attempts.until {
                of(LOCKED_UNTIL, &[], until as f64);
            }
        }
        let relay = &status.relay;
        of(RELAY_LISTENS, &[], truth(relay.listening.is_some()));
        of(RELAY_CLIENTS, &[], relay.clients as f64);
        of(RELAY_HELD, &[], relay.held as f64);
        for (outcome, count) in [
            ("accepted", relay.accepted),
            ("refused", relay.refused),
            ("turned-away", relay.turned_away),
            ("unreached", relay.unreached),
        ] {
            of(RELAY_CONNECTIONS, &[("outcome", outcome)], count as f64);
        }
        let directions = [("to-gateway", relay.bytes_up), ("to-client", relay.bytes_down)];
        for (direction, bytes) in directions {
            of(RELAY_BYTES, &[("direction", direction)], bytes as f64);
        }
        of(VIEWERS, &[], status.viewers as f64);
        if let Some(traffic) = board.viewers().map(|viewers| viewers.door.traffic()) {
            let directions = [("to-viewer", traffic.sent), ("from-viewer", traffic.received)];
            for (direction, bytes) in directions {
                of(VIEWER_BYTES, &[("direction", direction)], bytes as f64);
            }
        }
        if let Some(version) = &status.versions.gateway {
            of(GATEWAY, &[("version", version)], 1.0);
        }
        if let Some(process) = &status.process {
            of(MEMORY, &[], process.resident_bytes as f64);
            of(CPU, &[], process.cpu_seconds);
        }
    }

    fn put(&mut self, metric: Metric, labels: &[(&str, &str)], value: f64) {
        let mut sample = proto::Metric::from_label(labels.iter().map(pair).collect());
        let kind = match metric.kind {
            Kind::Counter => {
                let mut counter = proto::Counter::default();
                counter.set_value(value);
                sample.set_counter(counter);
                MetricType::COUNTER
            }
            Kind::Gauge | Kind::Histogram(_) => {
                let mut gauge = proto::Gauge::default();
                gauge.set_value(value);
                sample.set_gauge(gauge);
                MetricType::GAUGE
            }
        };
        let family = self.0.entry(metric.name).or_insert_with(|| {
            let mut family = MetricFamily::default();
            family.set_name(metric.name.to_owned());
            family.set_help(metric.help.to_owned());
            family.set_field_type(kind);
            family
        });
        family.mut_metric().push(sample);
    }
}

fn pair((name, value): &(&str, &str)) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name((*name).to_owned());
    pair.set_value((*value).to_owned());
    pair
}

/// As the events have it.
fn word(state: State) -> String {
    let word = serde_json::to_value(state).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

const fn truth(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}
