//! `gatehand config`: the settings as they count, and what is wrong with them.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::print::say;
use super::{Context, Failure};
use crate::config::{Arguments, Inspection, Resolved, SETTINGS, Shown, TradingMode};
use crate::exit::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print every setting as it counts, with where it stands. Secrets are only said to be set.
    Show(Show),
    /// Tell everything that is wrong with the settings, and what has no effect.
    Check(Arguments),
}

#[derive(Args, Debug)]
struct Show {
    /// As JSON: for each mode an object of keys.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Arguments,
}

pub(super) fn execute(options: Options, context: Context) -> Result<ExitCode, Failure> {
    match options.command {
        Command::Show(Show { json, settings }) => {
            let inspection = context.inspect(settings.0, &[]);
            if json {
                say(format_args!("{:#}", as_json(&inspection)))?;
            } else {
                say(as_toml(&inspection).trim_end())?;
            }
            match inspection.finish() {
                Ok(_) => Ok(ExitCode::Stopped),
                Err(faults) => Err(Failure::new(faults.exit_code(), faults)),
            }
        }
        Command::Check(settings) => {
            let inspection = context.inspect(settings.0, &[]);
            for fault in inspection.faults.iter() {
                say(format_args!("FAULT    {fault}"))?;
            }
            for warning in &inspection.warnings {
                say(format_args!("warning  {warning}"))?;
            }
            match inspection.finish() {
                Ok(_) => {
                    say(format_args!("ok       {} settings", SETTINGS.len()))?;
                    Ok(ExitCode::Stopped)
                }
                Err(faults) => Ok(faults.exit_code()),
            }
        }
    }
}

/// In the form of the configuration file, which it can be used as when there is one mode.
fn as_toml(inspection: &Inspection) -> String {
    let modes = inspection.modes();
    let mut text = String::new();
    for mode in modes {
        if modes.len() > 1 {
            text += &format!("{}[{}]\n", if text.is_empty() { "" } else { "\n" }, mode.name());
        }
        for Resolved {
            setting,
            value,
            origin,
        } in inspection.resolved(*mode)
        {
            let key = setting.key;
            text += &match value {
                Shown::Value(value) => {
                    let off = if setting.is_for_the_start() { "# " } else { "" };
                    format!("{off}{key} = {}  # {origin}\n", toml::Value::String(value))
                }
                Shown::Set => format!("# {key} is set: {origin}\n"),
                Shown::NotSet => format!("# {key} is not set\n"),
            };
        }
    }
    text
}

fn as_json(inspection: &Inspection) -> Value {
    let of = |mode: &TradingMode| {
        let settings = inspection.resolved(*mode).map(|resolved| {
            let Resolved {
                setting,
                value,
                origin,
            } = resolved;
            let origin = origin.to_string();
            let shown = match value {
                Shown::Value(value) => json!({"value": value, "origin": origin}),
                Shown::Set => json!({"set": true, "origin": origin}),
                Shown::NotSet => json!({"set": false}),
            };
            (setting.key.to_owned(), shown)
        });
        (mode.name().to_owned(), Value::Object(settings.collect()))
    };
    Value::Object(inspection.modes().iter().map(of).collect::<Map<_, _>>())
}
