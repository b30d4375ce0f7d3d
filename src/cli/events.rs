//! `gatehand events`: what the events files in the state folders hold, and what comes.

use std::io::{BufRead as _, BufReader};

use clap::Args;

use super::print::say;
use super::{Context, Failure, gateways, news};
use crate::config::Arguments;
use crate::exit::ExitCode;
use crate::journal::EVENTS;

#[derive(Args, Debug)]
pub(super) struct EventsOptions {
    /// Go on with what comes, until it is interrupted
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: EventsOptions, context: Context) -> Result<ExitCode, Failure> {
    let configs = context.configure_each(options.settings.0)?;
    let gateways = gateways::all(&configs);
    // Before the first look: nothing is missed.
    let news = options.follow.then(|| news::of(&gateways));
    let mut files = Vec::new();
    for gateway in &gateways {
        let path = gateway.folder.join(EVENTS);
        let file = std::fs::File::open(&path).map_err(|error| {
            Failure::unavailable(format!(
                "{}: {error}; is this the state folder of a gatehand that ran (GATEHAND_STATE_DIR)?",
                path.display()
            ))
        })?;
        let prefix = match gateways.len() {
            1 => String::new(),
            _ => format!("{}: ", gateway.name),
        };
        files.push((prefix, BufReader::new(file), String::new()));
    }
    loop {
        for (prefix, file, line) in &mut files {
            // A line that is not whole yet is completed at the next look.
            while file.read_line(line).map_err(Failure::unavailable)? > 0 && line.ends_with('\n') {
                say(format_args!("{prefix}{}", line.trim_end()))?;
                line.clear();
            }
        }
        match &news {
            Some(news) if news.recv().is_ok() => {}
            _ => return Ok(ExitCode::Stopped),
        }
    }
}
