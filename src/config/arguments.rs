//! The command-line options of the settings, made from the table.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::settings::{SETTINGS, Setting};

/// One option as given.
#[derive(Debug)]
pub struct Argument {
    /// The setting.
    pub setting: &'static Setting,
    /// Whether the value names a file that holds the setting's value.
    pub is_file: bool,
    /// The value.
    pub value: String,
}

impl Argument {
    /// The value of the setting with this key, as if given as an option.
    #[must_use]
    pub fn new(key: &str, value: &str) -> Option<Self> {
        let setting = SETTINGS.iter().find(|setting| setting.key == key)?;
        Some(Self {
            setting,
            is_file: false,
            value: value.to_owned(),
        })
    }
}

/// All settings as options, to be flattened into a subcommand: `--trading-mode paper`. A secret has only the
/// form that names a file, `--password-file PATH`, as everybody can read the arguments of a process.
#[derive(Debug, Default)]
pub struct Arguments(pub Vec<Argument>);

/// Options that belong to the whole program and not to a subcommand.
const GLOBAL: [&str; 2] = ["log", "log_format"];

fn options() -> impl Iterator<Item = (&'static Setting, String)> {
    SETTINGS
        .iter()
        .filter(|setting| !GLOBAL.contains(&setting.key))
        .map(|setting| {
            let name = setting.key.replace('_', "-");
            (
                *setting,
                if setting.secret {
                    format!("{name}-file")
                } else {
                    name
                },
            )
        })
}

impl FromArgMatches for Arguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut arguments = Self::default();
        arguments.update_from_arg_matches(matches)?;
        Ok(arguments)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for (setting, name) in options() {
            if matches.value_source(&name) == Some(ValueSource::CommandLine)
                && let Some(value) = matches.get_one::<String>(&name)
            {
                self.0.push(Argument {
                    setting,
                    is_file: setting.secret,
                    value: value.clone(),
                });
            }
        }
        Ok(())
    }
}

impl Args for Arguments {
    fn augment_args(command: Command) -> Command {
        command
            .next_help_heading("Settings")
            .args(options().map(|(setting, name)| {
                let help = setting.default.map_or_else(
                    || setting.help.to_owned(),
                    |default| format!("{} [default: {default}]", setting.help),
                );
                Arg::new(name.clone())
                    .long(name)
                    .value_name(if setting.secret { "PATH" } else { "VALUE" })
                    .help(help)
                    .hide_short_help(true)
            }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        let command = Arguments::augment_args(Command::new("run"));
        command
            .try_get_matches_from(line.split(' '))
            .and_then(|matches| Arguments::from_arg_matches(&matches))
    }

    #[test]
    fn options_by_name() {
        let Arguments(given) = parse("run --trading-mode live --password-file /p").unwrap();
        let given: Vec<_> = given
            .iter()
            .map(|a| (a.setting.key, a.is_file, a.value.as_str()))
            .collect();
        assert_eq!(given, [("password", true, "/p"), ("trading_mode", false, "live")]);
    }

    #[test]
    fn secrets_are_no_arguments() {
        for secret in ["password", "totp-key", "vnc-password"] {
            assert!(parse(&format!("run --{secret} x")).is_err(), "{secret}");
        }
    }

    #[test]
    fn the_command_is_well_formed() {
        Arguments::augment_args(Command::new("run")).debug_assert();
    }
}
