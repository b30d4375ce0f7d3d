//! What Prometheus is told: counted as it happens, or looked up when it asks; in the text format 0.0.4, which every
//! scraper reads and `promtool check metrics` checks. The names are those of OpenMetrics.

mod catalogue;
mod sheet;
mod tally;

pub use catalogue::{Kind, METRICS, Metric};
pub use tally::Tally;

use std::collections::BTreeMap;

use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

use super::{Board, Health, Status};
use crate::supervisor::Usage;
use sheet::Sheet;

/// The media type of [`metrics`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// A gateway that is told of.
#[derive(Debug)]
pub struct Gateway<'a> {
    /// What is known without asking.
    pub board: &'a Board,
    /// What its health checks say.
    pub health: Health,
    /// What it answered, if it did.
    pub status: Option<Status>,
}

/// The metrics of this process and of its gateways.
#[must_use]
pub fn metrics(own: Option<&Usage>, gateways: &[Gateway]) -> String {
    let mut sheet = Sheet::default();
    sheet.process(own);
    let mut families = BTreeMap::<String, MetricFamily>::new();
    for gateway in gateways {
        sheet.gateway(gateway);
        for mut counted in gateway.board.tally.collect() {
            let samples = counted.take_metric();
            let family = families.entry(counted.name().to_owned()).or_insert(counted);
            family.mut_metric().extend(samples);
        }
    }
    families.extend(sheet.families());
    // One without a sample is an error to the encoder: dialogs, before there was one.
    let has_samples = |family: &MetricFamily| !family.get_metric().is_empty();
    let families: Vec<_> = families.into_values().filter(has_samples).collect();
    TextEncoder::new()
        .encode_to_string(&families)
        .expect("each family has samples, and a text takes them all")
}
