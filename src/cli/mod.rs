//! The command line: one file per subcommand.

mod askpass;
mod attach;
mod cert;
mod code;
mod completions;
mod config;
mod control;
mod demo;
mod display;
mod doctor;
mod events;
mod gateways;
mod log;
mod man;
mod news;
mod notify;
mod password_file;
mod portal;
mod print;
mod read;
mod replay;
mod rules;
mod run;
mod shot;
mod snapshot;
mod status;
mod teach;
mod twofa_token;
mod unlock;
mod vnc;
mod waiting;

use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::app::AppError;
use crate::config::{
    Argument, Arguments, Config, Inspection, LogFormat, Secret, Sources, TradingMode, inspect, mount_points,
    secret_variables,
};
use crate::control::Request;
use crate::exit::ExitCode;
use crate::logging::{self, Log, LogError};
use crate::secrets::Fetcher;
use crate::supervisor::{self, Isolated};
use crate::tunnel;

/// Runs Interactive Brokers' gateways unattended, from their pixels and window titles alone.
#[derive(Debug, Parser)]
#[command(name = "gatehand", version, after_help = exit_codes())]
struct Cli {
    /// How log lines are written.
    #[arg(long, global = true, value_name = "text|json")]
    log_format: Option<String>,
    /// Of two gateways (TRADING_MODE=both), the one that is meant.
    #[arg(long, global = true, value_name = "live|paper")]
    of: Option<String>,
    /// More detail: -v debug, -vv trace.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a display and the gateway, log in, answer its dialogs, relay its API, serve the screen.
    Run(Arguments),
    /// Do the same for a gateway that somebody else started, on a display that is there.
    Attach(Arguments),
    /// Serve a display to VNC viewers, and nothing else.
    Vnc(vnc::Options),
    /// Make the certificate that viewers are shown, unless it is there, and print its fingerprint.
    Cert(cert::Options),
    /// Take a picture of a display, or of what a VNC server shows.
    Shot(shot::Options),
    /// Keep what is on the display now as fixtures: one folder per window.
    Snapshot(snapshot::Options),
    /// Print what the agent sees: windows, lines of text, buttons and fields.
    Read(read::Options),
    /// Write a rule and its fixture for a dialog that no rule knows.
    Teach(teach::Options),
    /// Check rule files, or hold them against a window that was kept.
    Rules(rules::Options),
    /// Run today's agent over a recording, and say where it would decide otherwise.
    Replay(replay::Options),
    /// Ask a running gatehand what it believes, and why.
    Status(status::StatusOptions),
    /// Ask a running gatehand whether it does its work: exit code 0 or 69, for Docker's HEALTHCHECK.
    Health(status::HealthOptions),
    /// Print the events of a gatehand, one JSON object a line.
    Events(events::EventsOptions),
    /// Have a running gatehand close the gateway and end.
    Stop(control::StopOptions),
    /// Have the gateway of a running gatehand restarted.
    Restart(control::RestartOptions),
    /// Have the gateway connect to the market data anew.
    ReconnectData(Arguments),
    /// Have the gateway connect to the account server anew.
    ReconnectAccount(Arguments),
    /// Have the gateway save its settings.
    SaveSettings(Arguments),
    /// Have the gateway closed, so that somebody else may have the session.
    Yield(Arguments),
    /// Have the session taken back.
    Reclaim(Arguments),
    /// Have gatehand act again at once, after a human at a viewer took over.
    Resume(Arguments),
    /// Give the one-time code that a window of the gateway asks for.
    Code(code::CodeOptions),
    /// Change what a running gatehand logs, until it ends.
    Log(log::Options),
    /// Try out the notifications.
    Notify(notify::Options),
    /// The Client Portal Gateway.
    Portal(portal::Options),
    /// Show the settings, or check them.
    Config(config::Options),
    /// Look for what is missing on this system, with the cure.
    Doctor(Arguments),
    /// Run the stand-in gateway of this repository, to try gatehand out.
    Demo(demo::Options),
    /// Print the token of the second-factor device that was chosen at the viewer, to be kept as a secret.
    TwofaToken(Arguments),
    /// Forget refused credentials, so that they may be submitted again.
    Unlock(Arguments),
    /// Print what a shell reads to complete command lines.
    Completions(completions::Options),
    /// Print the manual page.
    Man(man::Options),
}

fn exit_codes() -> String {
    let lines = ExitCode::TABLE
        .iter()
        .map(|(code, meaning)| format!("  {:>2}  {meaning}", code.number()));
    format!("Exit codes:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Why a subcommand ended early: one line for the user, and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// What happened, where, and the cure.
    pub message: String,
    /// What the caller sees.
    pub code: ExitCode,
}

impl Failure {
    /// A failure from anything that prints as a line.
    pub fn new(code: ExitCode, message: impl Display) -> Self {
        Self {
            message: message.to_string(),
            code,
        }
    }

    fn unavailable(message: impl Display) -> Self {
        Self::new(ExitCode::Unavailable, message)
    }

    fn configuration(message: impl Display) -> Self {
        Self::new(ExitCode::Configuration, message)
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self::new(error.exit_code(), error)
    }
}

/// What is true for every subcommand.
struct Context {
    environment: Vec<(OsString, OsString)>,
    secrets: Vec<(String, Secret)>,
    of: Option<TradingMode>,
    log_format: Option<LogFormat>,
    verbose: u8,
    /// Whether it is the one whose log is kept in files, where they are wanted.
    keeps_log: bool,
}

impl Context {
    /// One whose log may be kept.
    fn keeping_log(self) -> Self {
        Self {
            keeps_log: true,
            ..self
        }
    }

    /// A variable of the environment; empty when unset.
    fn variable(&self, wanted: &str) -> String {
        let found = self.environment.iter().find(|(name, _)| name == wanted);
        found.map_or_else(String::new, |(_, value)| value.to_string_lossy().into_owned())
    }

    /// All settings of one gateway, with the subcommand's own options over everything else; starts the log.
    /// `more` are variables that outrank the environment's.
    fn configure(self, arguments: Vec<Argument>, more: &[(&str, &str)]) -> Result<Config, Failure> {
        let log = self.log();
        let mut configs = finish(self.inspect(arguments, more).for_one_gateway(), log)?;
        configs.pop().ok_or_else(no_gateway)
    }

    /// The same for each gateway.
    fn configure_each(self, arguments: Vec<Argument>) -> Result<Vec<Config>, Failure> {
        let log = self.log();
        finish(self.inspect(arguments, &[]), log)
    }

    /// What the command line says of the log.
    const fn log(&self) -> LogWish {
        LogWish {
            format: self.log_format,
            verbose: self.verbose,
            keeps: self.keeps_log,
        }
    }

    /// The settings from all sides, of all gateways or of the one that is meant.
    fn inspect(self, arguments: Vec<Argument>, more: &[(&str, &str)]) -> Inspection {
        let of = self.of;
        let inspection = inspect(self.sources(arguments, more));
        match of {
            Some(mode) => inspection.only(mode),
            None => inspection,
        }
    }

    /// Where the settings are taken from.
    fn sources(self, arguments: Vec<Argument>, more: &[(&str, &str)]) -> Sources {
        let mut environment = self.environment;
        environment.retain(|(name, _)| more.iter().all(|(other, _)| name != other));
        environment.extend(more.iter().map(|(name, value)| (name.into(), value.into())));
        // Without /proc there are no mounts to be seen, and the default state folder is that of a plain host.
        let mountinfo = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        Sources {
            arguments,
            secrets: self.secrets,
            mount_points: mount_points(&mountinfo),
            secret_folders: ["/run/secrets", "."].map(PathBuf::from).into(),
            elsewhere: Some(Box::new(Fetcher::new(environment.clone()))),
            environment,
        }
    }
}

/// What the command line says of the log.
#[derive(Clone, Copy, Debug)]
struct LogWish {
    format: Option<LogFormat>,
    verbose: u8,
    keeps: bool,
}

/// The configurations, and the log that they ask for.
fn finish(inspection: Inspection, log: LogWish) -> Result<Vec<Config>, Failure> {
    let (configs, warnings) = inspection
        .finish()
        .map_err(|faults| Failure::new(faults.exit_code(), faults))?;
    let first = configs.first().ok_or_else(no_gateway)?;
    let filter = match log.verbose {
        0 => first.log.filter.as_str(),
        1 => "debug",
        _ => "trace",
    };
    let files = first.portal_login.log_files.clone();
    logging::start(Log {
        filter,
        format: log.format.unwrap_or(first.log.format),
        line: first.log.line.clone(),
        zone: first.gateway.time_zone.as_deref(),
        files: files.filter(|_| log.keeps),
    })
    .map_err(|error| match error {
        LogError::Filter { .. } => Failure::configuration(format!("GATEHAND_LOG={error}")),
        error => Failure::configuration(error),
    })?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    Ok(configs)
}

fn no_gateway() -> Failure {
    Failure::configuration("the settings name no gateway; see `gatehand config check`")
}

/// The whole program.
pub fn main() -> ExitCode {
    let names: Vec<&str> = secret_variables().collect();
    let outcome = supervisor::isolate(&names)
        .map_err(|error| Failure::new(error.exit_code(), error))
        .and_then(|Isolated { environment, secrets }| dispatch(environment, secrets));
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            // Nobody who reads standard output any more is no news.
            if !failure.message.is_empty() {
                eprintln!("gatehand: {}", failure.message);
            }
            failure.code
        }
    }
}

fn dispatch(
    environment: Vec<(OsString, OsString)>,
    secrets: Vec<(String, Secret)>,
) -> Result<ExitCode, Failure> {
    // ssh gives a question in the place of a command line.
    if let Some((_, socket)) = environment
        .iter()
        .find(|(name, _)| name == tunnel::askpass::VARIABLE)
    {
        return askpass::execute(socket);
    }
    let cli = match Cli::try_parse_from(vnc::with_our_words(std::env::args_os())) {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    let log_format = match cli.log_format.as_deref() {
        None => None,
        Some("text") => Some(LogFormat::Text),
        Some("json") => Some(LogFormat::Json),
        Some(other) => {
            return Err(Failure::new(
                ExitCode::Usage,
                format!("--log-format {other}: use text or json"),
            ));
        }
    };
    let of = match cli.of.as_deref() {
        None => None,
        Some("live") => Some(TradingMode::Live),
        Some("paper") => Some(TradingMode::Paper),
        Some(other) => {
            let what = format!("--of {other}: use live or paper");
            return Err(Failure::new(ExitCode::Usage, what));
        }
    };
    let context = Context {
        environment,
        secrets,
        of,
        log_format,
        verbose: cli.verbose,
        keeps_log: false,
    };
    match cli.command {
        Command::Run(options) => run::execute(options, context),
        Command::Attach(options) => attach::execute(options, context),
        Command::Vnc(options) => vnc::execute(&options, context),
        Command::Cert(options) => cert::execute(&options, context),
        Command::Shot(options) => shot::execute(&options, context),
        Command::Snapshot(options) => snapshot::execute(&options),
        Command::Read(options) => read::execute(&options),
        Command::Teach(options) => teach::execute(options, context),
        Command::Rules(options) => rules::execute(options, context),
        Command::Replay(options) => replay::execute(&options),
        Command::Status(options) => status::execute(options, context),
        Command::Health(options) => status::health(options, context),
        Command::Events(options) => events::execute(options, context),
        Command::Stop(options) => control::stop(options, context),
        Command::Restart(options) => control::restart(options, context),
        Command::ReconnectData(options) => control::execute(Request::ReconnectData, options, context),
        Command::ReconnectAccount(options) => control::execute(Request::ReconnectAccount, options, context),
        Command::SaveSettings(options) => control::execute(Request::SaveSettings, options, context),
        Command::Yield(options) => control::execute(Request::Yield, options, context),
        Command::Resume(options) => control::execute(Request::Resume, options, context),
        Command::Reclaim(options) => control::execute(Request::Reclaim, options, context),
        Command::Code(options) => code::execute(options, context),
        Command::Log(options) => log::execute(options, context),
        Command::Notify(options) => notify::execute(options, context),
        Command::Portal(options) => portal::execute(options, context),
        Command::Config(options) => config::execute(options, context),
        Command::Doctor(options) => doctor::execute(options, context),
        Command::Demo(options) => demo::execute(&options, context),
        Command::TwofaToken(options) => twofa_token::execute(options, context),
        Command::Unlock(options) => unlock::execute(options, context),
        Command::Completions(options) => completions::execute(&options),
        Command::Man(options) => man::execute(&options),
    }
}

/// Help and version are what was asked for; anything else is one line, as all errors are.
fn not_understood(error: &clap::Error) -> Result<ExitCode, Failure> {
    let help = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::Stopped,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => ExitCode::Usage,
        _ => return Err(Failure::new(ExitCode::Usage, one_line(&error.to_string()))),
    };
    // Without a terminal to print to there is nobody to tell.
    let _ = error.print();
    Ok(help)
}

/// What clap says in several lines: what is wrong, what was meant or is missing, and where to read on.
fn one_line(rendered: &str) -> String {
    let said = rendered
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:"));
    let mut line = String::new();
    for part in said.filter(|line| !line.is_empty()) {
        let part = part
            .strip_prefix("error: ")
            .or(part.strip_prefix("tip: "))
            .unwrap_or(part);
        let glue = match line.chars().last() {
            None => "",
            Some(':') => " ",
            Some(_) => "; ",
        };
        line.push_str(glue);
        line.push_str(part);
    }
    line + "; see gatehand --help"
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_names_every_exit_code() {
        let help = Cli::command().render_long_help().to_string();
        for (code, meaning) in ExitCode::TABLE {
            assert!(
                help.contains(&format!("{:>2}  {meaning}", code.number())),
                "{meaning}"
            );
        }
    }
}
