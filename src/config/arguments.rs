//! The command-line options of the settings, made from the table.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::form::Form;
use super::settings::{SETTINGS, Setting};

/// One option as given.
#[derive(Debug)]
pub struct Argument {
    /// The setting.
    pub setting: &'static Setting,
    /// What the value is.
    pub form: Form,
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
            form: Form::Plain,
            value: value.to_owned(),
        })
    }
}

/// All settings as options, to be flattened into a subcommand: `--trading-mode paper`. A secret has only the
/// forms that say where it is to be had, such as `--password-file PATH`, as everybody can read the arguments of a
/// process.
#[derive(Debug, Default)]
pub struct Arguments(pub Vec<Argument>);

/// Options that belong to the whole program and not to a subcommand.
const GLOBAL: [&str; 2] = ["log", "log_format"];

fn options() -> impl Iterator<Item = (&'static Setting, Form)> {
    SETTINGS
        .iter()
        .filter(|setting| !GLOBAL.contains(&setting.key))
        .flat_map(|setting| {
            let forms = match setting.secret {
                true => &Form::ALL[1..],
                false => &Form::ALL[..1],
            };
            forms.iter().map(|form| (*setting, *form))
        })
}

impl FromArgMatches for Arguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut arguments = Self::default();
        arguments.update_from_arg_matches(matches)?;
        Ok(arguments)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for (setting, form) in options() {
            let name = form.option(setting.key);
            if matches.value_source(&name) != Some(ValueSource::CommandLine) {
                continue;
            }
            let value = match form {
                Form::Stdin => Some("yes".to_owned()),
                _ => matches.get_one::<String>(&name).cloned(),
            };
            self.0
                .extend(value.map(|value| Argument { setting, form, value }));
        }
        Ok(())
    }
}

impl Args for Arguments {
    /// Adds them when the subcommand is the one that is meant: there are thousands of them in all subcommands.
    fn augment_args(command: Command) -> Command {
        command.defer(|command| command.next_help_heading("Settings").args(options().map(option)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn option((setting, form): (&'static Setting, Form)) -> Arg {
    let name = form.option(setting.key);
    let value = match form {
        Form::Plain => "VALUE",
        Form::File => "PATH",
        Form::Command => "COMMAND",
        Form::SecretManager => "NAME",
        Form::Stdin => "",
    };
    let help = match (form, setting.default) {
        (Form::Plain | Form::File, Some(default)) => format!("{} [default: {default}]", setting.help),
        (Form::Plain | Form::File, None) => setting.help.to_owned(),
        (Form::Command, _) => format!("A shell command that prints `{}`", setting.key),
        (Form::Stdin, _) => format!("Take `{}` from standard input, a line of its own", setting.key),
        (Form::SecretManager, _) => format!("Take `{}` from Google Secret Manager", setting.key),
    };
    let arg = Arg::new(name.clone()).long(name).help(help).hide_short_help(true);
    match form {
        Form::Stdin => arg.action(ArgAction::SetTrue),
        _ => arg.value_name(value),
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
        let Arguments(given) = parse("run --totp-key-stdin --trading-mode live --password-file /p").unwrap();
        let given: Vec<_> = given
            .iter()
            .map(|a| (a.setting.key, a.form, a.value.as_str()))
            .collect();
        assert_eq!(
            given,
            [
                ("password", Form::File, "/p"),
                ("trading_mode", Form::Plain, "live"),
                ("totp_key", Form::Stdin, "yes"),
            ]
        );
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
