//! The table of docs/performance.md: medians, and the aims as ratios.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::peers::Peer;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    Start,
    Memory,
    MemoryOne,
    MemoryMany,
    IdleWakeUps,
    OneWakeUps,
    OneCpu,
    ZrleMs,
    ZrleKb,
    ZrleCpu,
    TightMs,
    TightKb,
    TightCpu,
    Key,
    KeyP95,
    KeyBytes,
    KeyCpu,
    LogKb,
    LogCpu,
    LogAllCpu,
    LogLag,
    LogP95,
    LogJpegKb,
    LogJpegCpu,
    Dialog,
    DialogCpu,
    FourCpu,
    FourAllCpu,
    FourP95,
    ManyCpu,
    ManyAllCpu,
    ManyP95,
    RawFps,
    RawCpu,
    RawMb,
    JpegFps,
    JpegCpu,
    JpegMb,
    Wrong,
}

/// What gatehand's value is compared with; the number is how many times as much it may be.
#[derive(Clone, Copy, PartialEq)]
pub enum Aim {
    /// The better one of x11vnc and x0tigervncserver.
    Scrapers,
    Xtigervnc(f64),
    Mapped(f64),
    AtMost(f64),
    /// The smallest is not the best: frames per second.
    Frames,
}

use Aim::{AtMost, Frames, Mapped, Scrapers, Xtigervnc};

/// Every row with its name, its decimals, and what is aimed at.
const ROWS: [(Row, &str, usize, &[Aim]); 39] = [
    (Row::Start, "start to first viewer in, ms", 0, &[Scrapers]),
    (Row::Memory, "memory (PSS), no viewer, MB", 1, &[Scrapers]),
    (
        Row::MemoryOne,
        "memory, 1 viewer, MB",
        1,
        &[Scrapers, AtMost(12.0)],
    ),
    (Row::MemoryMany, "memory, 16 viewers, MB", 1, &[Scrapers]),
    (
        Row::IdleWakeUps,
        "idle, no viewer: wake-ups per s",
        1,
        &[AtMost(0.0)],
    ),
    (
        Row::OneWakeUps,
        "idle, 1 viewer: wake-ups per s",
        1,
        &[AtMost(0.0)],
    ),
    (Row::OneCpu, "idle, 1 viewer: CPU %", 2, &[Scrapers]),
    (Row::ZrleMs, "first frame, ZRLE, ms", 1, &[Scrapers]),
    (Row::ZrleKb, "first frame, ZRLE, KB", 1, &[Scrapers]),
    (Row::ZrleCpu, "first frame, ZRLE, CPU ms", 1, &[Scrapers]),
    (Row::TightMs, "first frame, Tight, ms", 1, &[Scrapers]),
    (Row::TightKb, "first frame, Tight, KB", 1, &[Scrapers]),
    (Row::TightCpu, "first frame, Tight, CPU ms", 1, &[Scrapers]),
    (Row::Key, "key to pixel, median, ms", 2, &[Scrapers, Mapped(1.1)]),
    (Row::KeyP95, "key to pixel, 95 %, ms", 2, &[Scrapers]),
    (Row::KeyBytes, "bytes per key", 0, &[Scrapers]),
    (Row::KeyCpu, "CPU ms per key", 2, &[Scrapers]),
    (
        Row::LogKb,
        "log of 20 lines/s, ZRLE: KB/s",
        0,
        &[Scrapers, Xtigervnc(1.5)],
    ),
    (Row::LogCpu, "log: CPU %", 1, &[Scrapers, Xtigervnc(1.5)]),
    (
        Row::LogAllCpu,
        "log: CPU % with the X server's",
        1,
        &[Scrapers, Xtigervnc(1.5)],
    ),
    (Row::LogLag, "log: lag, median, ms", 1, &[Scrapers]),
    (Row::LogP95, "log: lag, 95 %, ms", 1, &[Scrapers]),
    (
        Row::LogJpegKb,
        "log, Tight with JPEG: KB/s",
        0,
        &[Scrapers, Xtigervnc(1.5)],
    ),
    (
        Row::LogJpegCpu,
        "log, Tight with JPEG: CPU %",
        1,
        &[Scrapers, Xtigervnc(1.5)],
    ),
    (Row::Dialog, "dialog opens, ms", 1, &[Scrapers]),
    (Row::DialogCpu, "dialog opens and closes, CPU ms", 1, &[Scrapers]),
    (Row::FourCpu, "log, 4 viewers: CPU %", 1, &[Scrapers]),
    (
        Row::FourAllCpu,
        "log, 4 viewers: CPU % with the X server's",
        1,
        &[Scrapers],
    ),
    (Row::FourP95, "log, 4 viewers: lag, 95 %, ms", 1, &[Scrapers]),
    (
        Row::ManyCpu,
        "log, 16 viewers: CPU %",
        1,
        &[Scrapers, Xtigervnc(1.5)],
    ),
    (
        Row::ManyAllCpu,
        "log, 16 viewers: CPU % with the X server's",
        1,
        &[Scrapers, Xtigervnc(1.5)],
    ),
    (
        Row::ManyP95,
        "log, 16 viewers: lag, 95 %, ms",
        1,
        &[Scrapers, Xtigervnc(1.5)],
    ),
    (Row::RawFps, "full-screen noise, Raw: frames per s", 1, &[Frames]),
    (
        Row::RawCpu,
        "full-screen noise, Raw: CPU ms per frame",
        1,
        &[Scrapers],
    ),
    (Row::RawMb, "full-screen noise, Raw: MB per frame", 2, &[]),
    (
        Row::JpegFps,
        "full-screen pictures, JPEG: frames per s",
        1,
        &[Frames],
    ),
    (
        Row::JpegCpu,
        "full-screen pictures, JPEG: CPU ms per frame",
        1,
        &[Scrapers],
    ),
    (Row::JpegMb, "full-screen pictures, JPEG: MB per frame", 2, &[]),
    (Row::Wrong, "wrong pixels after quiet, at most", 0, &[AtMost(0.0)]),
];

/// All that was measured.
#[derive(Default)]
pub struct Table {
    values: BTreeMap<(Row, &'static str), Vec<f64>>,
}

impl Table {
    pub fn add(&mut self, row: Row, peer: Peer, value: f64) {
        self.values.entry((row, peer.name())).or_default().push(value);
    }

    /// The median; of wrong pixels the most.
    fn value(&self, row: Row, peer: Peer) -> Option<f64> {
        let mut values = self.values.get(&(row, peer.name()))?.clone();
        values.sort_unstable_by(f64::total_cmp);
        let place = if row == Row::Wrong {
            values.len() - 1
        } else {
            values.len() / 2
        };
        Some(values[place])
    }

    /// As Markdown.
    pub fn text(&self, peers: &[Peer]) -> String {
        let mut text = String::from("| |");
        for peer in peers {
            let _ = write!(text, " {} |", peer.name());
        }
        let _ = write!(text, "\n|---|{}\n", "--:|".repeat(peers.len()));
        for (row, name, decimals, _) in ROWS {
            let _ = write!(text, "| {name} |");
            for peer in peers {
                let value = self.value(row, *peer);
                let _ = write!(
                    text,
                    " {} |",
                    value.map_or("-".to_owned(), |value| format!("{value:.decimals$}"))
                );
            }
            text.push('\n');
        }
        text
    }

    /// The aims as ratios, as Markdown.
    pub fn aims(&self) -> String {
        let mut text = String::from("| | against | ratio | aim | met |\n|---|---|--:|--:|---|\n");
        for (row, name, _, aims) in ROWS {
            let Some(own) = self.value(row, Peer::Gatehand) else {
                continue;
            };
            for aim in aims {
                let Some((against, ratio, limit, met)) = self.judge(row, own, *aim) else {
                    continue;
                };
                let met = if met { "yes" } else { "**no**" };
                let _ = writeln!(text, "| {name} | {against} | {ratio} | {limit} | {met} |");
            }
        }
        text
    }

    /// What is compared with, the ratio, the aim, and whether the ratio as it is shown meets it.
    fn judge(&self, row: Row, own: f64, aim: Aim) -> Option<(String, String, String, bool)> {
        let [a, b] = [Peer::X11vnc, Peer::X0tigervnc].map(|peer| Some((self.value(row, peer)?, peer)));
        let by_value = |a: &(f64, Peer), b: &(f64, Peer)| a.0.total_cmp(&b.0);
        let (reference, peer, factor) = match aim {
            AtMost(most) => {
                return Some((
                    "-".into(),
                    format!("{own:.1}"),
                    format!("at most {most}"),
                    own <= most,
                ));
            }
            Scrapers => {
                let (value, peer) = [a?, b?].into_iter().min_by(by_value)?;
                (value, peer, 1.0)
            }
            Frames => {
                let (value, peer) = [a?, b?].into_iter().max_by(by_value)?;
                let (limit, ratio) = ("at least 1".to_owned(), shown(own / value));
                return Some((peer.name().into(), format!("{ratio:.2}"), limit, ratio >= 1.0));
            }
            Xtigervnc(factor) => (self.value(row, Peer::Xtigervnc)?, Peer::Xtigervnc, factor),
            Mapped(factor) => (self.value(row, Peer::Mapped)?, Peer::Mapped, factor),
        };
        let ratio = shown(if own == reference { 1.0 } else { own / reference });
        let limit = format!("at most {factor}");
        Some((peer.name().into(), format!("{ratio:.2}"), limit, ratio <= factor))
    }
}

/// Two decimals: less is no difference.
fn shown(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}
