//! The reference page and the sample files, made from the table of settings.

use std::fmt::Write;

use super::form::Form;
use super::recognised::RECOGNISED;
use super::settings::{SETTINGS, Setting};

/// `docs/settings.md`, whole.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for setting in SETTINGS.iter() {
        let ini = names(setting.ini);
        let default = setting
            .default
            .map_or_else(String::new, |default| format!("`{default}`"));
        let secret = if setting.secret { " Secret." } else { "" };
        line(
            &mut page,
            &[
                &format!("`{}`", setting.key),
                &names(setting.variables),
                &ini,
                setting.allowed,
                &default,
                &format!("{}{secret}", setting.help),
            ],
        );
    }
    page.push_str(RECOGNISED_HEAD);
    for recognised in RECOGNISED {
        let [variables, ini, idle] = [recognised.variables, recognised.ini, recognised.idle].map(names);
        line(&mut page, &[&variables, &ini, &idle, recognised.why]);
    }
    page
}

/// `docs/gatehand.toml`: every setting of the configuration file, switched off.
#[must_use]
pub fn toml_sample() -> String {
    let mut sample = String::from(TOML_HEAD);
    for setting in SETTINGS.iter().filter(|setting| !setting.is_for_the_start()) {
        let key = sample_form(setting).key(setting.key);
        describe(&mut sample, setting);
        // Writing to a string cannot fail.
        let _ = writeln!(sample, "#{key} = \"{}\"", setting.default.unwrap_or_default());
    }
    sample
}

/// `docs/gatehand.env`: every setting as a variable, switched off.
#[must_use]
pub fn env_sample() -> String {
    let mut sample = String::from(ENV_HEAD);
    for setting in SETTINGS.iter() {
        let variable = sample_form(setting).variable(setting.variables[0]);
        describe(&mut sample, setting);
        // Writing to a string cannot fail.
        let _ = writeln!(sample, "#{variable}={}", setting.default.unwrap_or_default());
    }
    sample
}

/// The form that a sample shows: for a secret, the file is to be preferred.
const fn sample_form(setting: &Setting) -> Form {
    if setting.secret { Form::File } else { Form::Plain }
}

fn describe(sample: &mut String, setting: &Setting) {
    // Writing to a string cannot fail.
    let _ = write!(sample, "\n# {}\n# Use {}.\n", setting.help, setting.allowed);
}

fn names(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn line(page: &mut String, cells: &[&str]) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

const HEAD: &str = "\
# Settings

<!-- Made from src/config/settings/ by `UPDATE_DOCS=1 cargo test --test config_reference`. Do not edit. -->

Each setting can be given in six ways. The first that is there counts:

1. on the command line: the key with dashes, `--trading-mode live`;
2. in the environment: any of its variables; of several the first counts;
3. in gatehand's own configuration file (`--config FILE` or `GATEHAND_CONFIG`): TOML, `trading_mode = \"live\"`;
4. in an IBC `config.ini` (`--ibc-ini FILE` or `GATEHAND_IBC_INI`);
5. user name and password in a mounted secret (see below);
6. by its default.

An empty value means unset. Yes and no can be written yes, no, true or false, in any case. `gatehand config show` prints
what counts and where it stands, `gatehand config check` everything that is wrong. `gatehand.toml` and `gatehand.env`
beside this page are samples with every setting in them.

## Values that stand elsewhere

An ending says where a value is to be had. It goes behind a variable (`TWS_PASSWORD_FILE`), a key (`password_file`) or an
option (`--password-file`). Two forms of one name are an error. What is found is the value, less one line end.

| ending | what is given | for |
|---|---|---|
| `_FILE` | a path; in the configuration file relative to that file | every setting; as an option for secrets only |
| `_COMMAND` | a command line for `/bin/sh -c`: what it prints on standard output. Its standard error shows, its environment is gatehand's without any secret, and after `secret_limit` seconds it is ended | user names and secrets |
| `_STDIN` | `yes` (as an option nothing): a line of standard input. Several settings take one line each, in the order of the table below | user names and secrets |
| `_GCP_SECRET` | a secret's name in Google Secret Manager, such as `projects/PROJECT/secrets/NAME/versions/latest`, read with the token of the machine's service account | user names and secrets |

For instance `printf '%s\\n' \"$password\" | docker run -i -e TWS_USERID=me IMAGE run --password-stdin`.
Standard input is there once: a container that Docker starts again has none, so a restart policy wants another form.

Without any of these, the user name, the password and the second-factor token are looked for in the files `ib_username`,
`ib_password` and `ib_token_2fa`, with or without the ending `.secret`: first in `/run/secrets`, then in the working
directory.

A secret is no option by itself, as everybody can read the arguments of a process. Files are to be preferred for secrets:
`docker inspect` and `docker exec` show a container's environment even though gatehand takes the secrets out of its own.

## Ports and two modes

The relay's port follows the image that the names come from: 4003 live and 4004 paper; 4002 with `TWSUSERID`,
`IB_LIVE_USERNAME` or `IB_PAPER_USERNAME`; 4003 with the file `ib_username`. A relay's port that is the gateway's own moves
the gateway to the port of the other mode, through its configuration window, before the relay listens.

`TRADING_MODE=both` stands for two gateways. Live trading has `TWS_USERID`, paper trading `TWS_USERID_PAPER`; each has its
own settings folder (`_live` or `_paper` behind its name), state folder and relay, and paper trading the viewers' port
behind that of live trading.

## All settings

| key | environment | IBC `config.ini` | values | default | meaning |
|---|---|---|---|---|---|
";

const RECOGNISED_HEAD: &str = "
## Recognised, without effect

These names are known from IBC and from other images, but nothing goes by them. Each one that asks for something gives
one warning line.

| environment | IBC `config.ini` | asks for nothing | why |
|---|---|---|---|
";

const TOML_HEAD: &str = "\
# A configuration file for gatehand: gatehand run --config gatehand.toml
# Every setting with its default. Take the # away before those that you need.
# Made from src/config/settings/ by UPDATE_DOCS=1 cargo test --test config_reference. Do not edit.
";

const ENV_HEAD: &str = "\
# Variables for gatehand, for an env_file of Docker Compose or docker run --env-file.
# Every setting with its default. Take the # away before those that you need.
# Made from src/config/settings/ by UPDATE_DOCS=1 cargo test --test config_reference. Do not edit.
";
