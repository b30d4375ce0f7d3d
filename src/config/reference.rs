//! The reference page, made from the table of settings.

use std::fmt::Write;

use super::recognised::RECOGNISED;
use super::settings::SETTINGS;

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
        let idle = if setting.idle.is_some() {
            " No effect yet."
        } else {
            ""
        };
        line(
            &mut page,
            &[
                &format!("`{}`", setting.key),
                &names(setting.variables),
                &ini,
                setting.allowed,
                &default,
                &format!("{}{secret}{idle}", setting.help),
            ],
        );
    }
    page.push_str(RECOGNISED_HEAD);
    for recognised in RECOGNISED {
        line(&mut page, &[&names(recognised.variables), &names(recognised.ini)]);
    }
    page
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

<!-- Made from src/config/settings.rs by `UPDATE_DOCS=1 cargo test --test config_reference`. Do not edit. -->

Each setting can be given in five ways. The first that is there counts:

1. on the command line: the key with dashes, `--trading-mode live`; a secret only as a file, `--password-file PATH`;
2. in the environment: any of its variables; of several the first counts;
3. in gatehand's own configuration file (`--config FILE` or `GATEHAND_CONFIG`): TOML, `trading_mode = \"live\"`;
4. in an IBC `config.ini` (`--ibc-ini FILE` or `GATEHAND_IBC_INI`);
5. by its default.

`X_FILE` beside a variable `X` (`x_file` beside a key) names a file whose content is the value; one line end is
dropped. Both set is an error. An empty value means unset. Yes and no can be written yes, no, true or false, in any
case. Files are to be preferred for secrets: `docker inspect` and `docker exec` show a container's environment even
though gatehand takes the secrets out of its own.

| key | environment | IBC `config.ini` | values | default | meaning |
|---|---|---|---|---|---|
";

const RECOGNISED_HEAD: &str = "
## Recognised, without effect yet

These names are known from IBC and from other images. Each one that is set gives one warning line.

| environment | IBC `config.ini` |
|---|---|
";
