//! `gatehand status` and `gatehand health`: what running gatehands believe, as a table or as one JSON document.

use std::fmt::Write as _;
use std::time::SystemTime;

use clap::Args;

use super::gateways::{self, Gateway};
use super::print::say;
use super::{Context, Failure, news};
use crate::config::Arguments;
use crate::control::{self, Reply, Request, Status, Statuses, seconds};
use crate::exit::ExitCode;

#[derive(Args, Debug)]
pub(super) struct StatusOptions {
    /// One JSON document for all gateways, the same as `/status` over HTTP
    #[arg(long)]
    json: bool,
    /// Again whenever something has happened, until it is interrupted
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    settings: Arguments,
}

#[derive(Args, Debug)]
pub(super) struct HealthOptions {
    /// Whether a trading client could use the API now, instead of whether gatehand does its work
    #[arg(long)]
    ready: bool,
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: StatusOptions, context: Context) -> Result<ExitCode, Failure> {
    let (json, watch) = (options.json, options.watch);
    let gateways = all(options.settings, context)?;
    show(&gateways, json, watch)
}

/// Those that are meant: all, unless one is named.
fn all(settings: Arguments, context: Context) -> Result<Vec<Gateway>, Failure> {
    let is_one_named = context.of.is_some();
    let configs = context.configure_each(settings.0)?;
    Ok(match is_one_named {
        true => gateways::with_windows(&configs),
        false => gateways::all(&configs),
    })
}

/// Of the Client Portal Gateway alone.
pub(super) fn of_portal(options: StatusOptions, context: Context) -> Result<ExitCode, Failure> {
    let (json, watch) = (options.json, options.watch);
    let gateway = super::portal::of_portal(options.settings, context)?;
    show(&[gateway], json, watch)
}

fn show(gateways: &[Gateway], json: bool, watch: bool) -> Result<ExitCode, Failure> {
    let mut before = String::new();
    // Before the first look: nothing is missed.
    let news = watch.then(|| news::of(gateways));
    loop {
        let statuses = ask_all(gateways);
        let is_up = !statuses.gateways.is_empty();
        if !is_up && !watch {
            return Err(nobody(&statuses));
        }
        let text = match json {
            true => serde_json::to_string(&statuses).map_err(Failure::unavailable)?,
            false => table(&statuses, seconds(SystemTime::now())),
        };
        if text != before {
            say(&text)?;
        }
        before = text;
        match &news {
            Some(news) if news.recv().is_ok() => {}
            _ => return Ok(ExitCode::Stopped),
        }
    }
}

/// For Docker's HEALTHCHECK: the exit code says it, and a line why.
pub(super) fn health(options: HealthOptions, context: Context) -> Result<ExitCode, Failure> {
    let statuses = ask_all(&all(options.settings, context)?);
    if let Some(down) = statuses.down.first() {
        return Err(Failure::unavailable(format!("{}: {}", down.gateway, down.why)));
    }
    let mut lines = String::new();
    for status in &statuses.gateways {
        let health = &status.health;
        let verdict = if options.ready {
            &health.ready
        } else {
            &health.live
        };
        let line = format!("{}: {}", status.gateway, verdict.why);
        if !verdict.ok {
            return Err(Failure::unavailable(line));
        }
        let _ = writeln!(lines, "{line}");
    }
    say(lines.trim_end())?;
    Ok(ExitCode::Stopped)
}

fn ask_all(gateways: &[Gateway]) -> Statuses {
    let mut statuses = Statuses::default();
    for gateway in gateways {
        let reply = control::ask(&gateway.folder, Request::Status)
            .unwrap_or_else(|error| Reply::refused(error.to_string()));
        statuses.add(gateway.name, &reply);
    }
    statuses
}

fn nobody(statuses: &Statuses) -> Failure {
    let why = statuses.down.iter().map(|down| down.why.as_str());
    Failure::unavailable(why.collect::<Vec<_>>().join("; "))
}

/// One block of lines for each gateway.
fn table(statuses: &Statuses, now: u64) -> String {
    let mut blocks: Vec<String> = statuses
        .gateways
        .iter()
        .map(|status| block(status, now))
        .collect();
    let down = statuses.down.iter();
    blocks.extend(down.map(|down| row(&down.gateway, &format!("down: {}", down.why))));
    blocks.join("\n").trim_end().to_owned()
}

fn block(status: &Status, now: u64) -> String {
    let mut lines = row(
        &status.gateway,
        &format!("{} for {}", status.state, span(now.saturating_sub(status.since))),
    );
    let mut add = |name: &str, text: String| lines.push_str(&row(name, &text));
    if !status.evidence.is_empty() {
        add("  because", status.evidence.clone());
    }
    add(
        "  API",
        match status.health.ready.ok {
            true => "can be used".to_owned(),
            false => format!("cannot be used: {}", status.health.ready.why),
        },
    );
    add(
        "  relay",
        match status.relay.listening {
            Some(address) => format!("{address}, {} clients", status.relay.clients),
            None => "does not listen".to_owned(),
        },
    );
    add("  viewers", status.viewers.to_string());
    if let Some(factor) = &status.second_factor {
        let how = if factor.by_hand {
            "a human has to give it"
        } else {
            "given by itself"
        };
        add("  second factor", format!("{}, {how}", factor.rule));
    }
    if let Some(attempts) = &status.attempts {
        let why = attempts
            .why
            .as_ref()
            .map_or_else(String::new, |why| format!(": {why}"));
        add("  login attempts", format!("{} left{why}", attempts.left));
    }
    if let Some(next) = &status.next {
        let at = u64::try_from(next.at).unwrap_or(0);
        add(
            "  next",
            format!("{} in {}", next.what, span(at.saturating_sub(now))),
        );
    }
    if let Some(process) = &status.process {
        let megabytes = process.resident_bytes >> 20;
        add(
            "  gateway",
            format!(
                "pid {}, {megabytes} MiB, {:.0} s of CPU",
                process.pid, process.cpu_seconds
            ),
        );
    }
    let of_gateway = status.versions.gateway.as_deref().unwrap_or("not known");
    add(
        "  versions",
        format!("gatehand {}, gateway {of_gateway}", status.versions.gatehand),
    );
    lines
}

fn row(name: &str, text: &str) -> String {
    format!("{name:<18}{text}\n")
}

/// A span of time as one says it.
fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_their_two_largest_units() {
        for (seconds, said) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_660, "1 h 1 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(span(seconds), said);
        }
    }
}
