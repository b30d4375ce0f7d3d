//! How well dialogs are known at first sight, in looks that the reader was tuned with, in
//! many looks by lot that it may be tuned with, and in looks that were held out.
//!
//! `cargo bench --bench dialogs -- [--tuned] [--wide] [--skinned] [--held-out] [--talk] [--commit] [WORD...]`
//!
//! Paints what is missing of the corpus into the target folder, then reads and judges all of it, one after the other, with nothing remembered. Times are this thread's on its core.
//! A WORD limits it to cases whose name holds one of them. `--talk` says what was wrong. `--commit` paints the sample
//! of `fixtures/dialogs` instead.

#![allow(clippy::unwrap_used, reason = "what fails here fails the bench")]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/corpus/mod.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use corpus::case::Case;
use corpus::painter::{dialogs, paint};
use corpus::style::{self, Style};
use corpus::verdict::{Counted, Verdict, judge};
use gatehand::dialogs::Catalogue;
use gatehand::vision::{Cache, Reader};

/// Makes Tesseract work on one core, as `gatehand` does; read once, when a program starts.
const ONE_CORE: (&str, &str) = ("OMP_THREAD_LIMIT", "1");

fn main() {
    if std::env::var_os(ONE_CORE.0).is_none() {
        let itself = std::env::current_exe().unwrap();
        let error = Command::new(itself)
            .args(std::env::args_os().skip(1))
            .env(ONE_CORE.0, ONE_CORE.1)
            .exec();
        panic!("cannot start again: {error}");
    }
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let has = |option: &str| arguments.iter().any(|word| word == option);
    if has("--commit") {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dialogs");
        paint(&root, &style::tuned(), style::is_sample);
        return;
    }
    let words: Vec<&String> = arguments.iter().filter(|word| !word.starts_with("--")).collect();
    let sets = [
        ("--tuned", "tuned", style::tuned()),
        ("--wide", "wide", style::wide()),
        ("--skinned", "skinned", style::skinned()),
        ("--held-out", "held out", style::held_out()),
    ];
    let all = !sets.iter().any(|(option, ..)| has(option));
    for (option, title, styles) in sets {
        if all || has(option) {
            report(title, &styles, &words, has("--talk"));
        }
    }
}

fn report(title: &str, styles: &[Style], words: &[&String], talk: bool) {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
    let meant = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    paint(&root, styles, |dialog, style| {
        meant(&dialog.case(style)) && dialog.is_for(style)
    });
    let catalogue = Catalogue::built_in().unwrap();
    let mut reader = Reader::new(Counted::new(), Cache::new());
    let mut rows: BTreeMap<String, Vec<Verdict>> = BTreeMap::new();
    for style in styles {
        for dialog in dialogs() {
            let name = dialog.case(style);
            let folder = root.join(&name);
            if !meant(&name) || !folder.exists() {
                continue;
            }
            let mut case = Case::load(&folder);
            // The list may have changed since it was painted.
            case.truth.rule.clone_from(&dialog.rule);
            reader = reader.forget();
            let verdict = judge(&case, &mut reader, &catalogue);
            if talk {
                for complaint in &verdict.complaints {
                    let mark = if verdict.right { "" } else { "NOT RIGHT " };
                    println!("{mark}{name}: {complaint}");
                }
            }
            rows.entry(style.look.clone()).or_default().push(verdict);
        }
    }
    println!("{title}\n{HEADING}");
    for (name, verdicts) in &rows {
        println!("{}", row(name, &verdicts.iter().collect::<Vec<_>>()));
    }
    println!("{}\n", row("all", &rows.values().flatten().collect::<Vec<_>>()));
}

const HEADING: &str = "                            dialogs  right false acts | buttons found false | boxes right wrong | reads sparse | ms: parts engine   all   p95   max";

fn row(name: &str, verdicts: &[&Verdict]) -> String {
    let sum = |part: fn(&Verdict) -> usize| verdicts.iter().map(|verdict| part(verdict)).sum::<usize>();
    let share = |part: usize, of: usize| {
        if of == 0 {
            100.0
        } else {
            part as f64 * 100.0 / of as f64
        }
    };
    let mut times: Vec<Duration> = verdicts.iter().map(|verdict| verdict.total).collect();
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let at = |share: f64| {
        times
            .get((times.len().saturating_sub(1) as f64 * share) as usize)
            .map_or(0.0, |&time| ms(time))
    };
    let mean = |part: fn(&Verdict) -> Duration| {
        ms(verdicts.iter().map(|verdict| part(verdict)).sum::<Duration>()) / verdicts.len().max(1) as f64
    };
    let number = verdicts.len();
    format!(
        "{name:<27} {number:>7} {:>5.1}% {:>5} {:>4} | {:>7} {:>4.1}% {:>5} | {:>5} {:>4.1}% {:>5} | {:>5.1} {:>6.2} | {:>9.1} {:>6.1} {:>5.0} {:>5.0} {:>5.0}",
        share(sum(|v| usize::from(v.right)), number),
        sum(|v| usize::from(v.is_false)),
        sum(|v| v.wrong_acts),
        sum(|v| v.buttons),
        share(sum(|v| v.buttons_found), sum(|v| v.buttons)),
        sum(|v| v.buttons_wrong),
        sum(|v| v.boxes),
        share(sum(|v| v.boxes_right), sum(|v| v.boxes)),
        sum(|v| v.boxes_wrong),
        sum(|v| v.reads) as f64 / number.max(1) as f64,
        sum(|v| v.sparse) as f64 / number.max(1) as f64,
        mean(|v| v.segmentation),
        mean(|v| v.engine),
        at(0.5),
        at(0.95),
        at(1.0),
    )
}
