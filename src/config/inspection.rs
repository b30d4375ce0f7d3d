//! All that can be told about the settings: what is wrong, what counts and where it stands, and the configurations.

use std::path::Path;

use super::Sources;
use super::checked::{Config, Folders, Instance, instance};
use super::error::{ConfigError, Faults, Origin, Warning};
use super::settings::{SETTINGS, Setting, Values};
use super::values::{TradingMode, TradingModes};
use super::written::RawSettings;

/// The settings, looked at from all sides.
#[derive(Debug)]
pub struct Inspection {
    /// The configuration of each gateway, live before paper; none for one that has no folders.
    pub instances: Vec<Config>,
    /// What is wrong.
    pub faults: Faults,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    raw: RawSettings,
    modes: TradingModes,
}

/// Reads, parses and checks all settings, and finds every fault.
#[must_use]
pub fn inspect(mut sources: Sources) -> Inspection {
    let folders = Folders::new(&mut sources);
    let mut faults = Vec::new();
    let mut raw = RawSettings::collect(sources, &folders, &mut faults);
    let warnings = std::mem::take(&mut raw.warnings);
    let values = Values::parse(&raw, &mut faults);
    let modes = values.as_ref().map(|values| values.account.trading_mode);
    let modes = modes.unwrap_or(TradingModes::One(TradingMode::Paper));
    let is_one_of_two = modes == TradingModes::Both;
    if is_one_of_two {
        faults.extend(what_two_cannot_share(&raw));
    }
    let mut instances = Vec::new();
    for mode in modes.each() {
        let of = Instance {
            mode: *mode,
            is_one_of_two,
        };
        // Secrets are not copied: each gateway has its own. What is wrong with them is told by now.
        let values = Values::parse(&raw, &mut Vec::new());
        let mut found = Vec::new();
        instances.extend(values.and_then(|values| instance(of, values, &raw, &folders, &mut found)));
        // What is wrong for both is told once.
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        faults.extend(
            found
                .into_iter()
                .filter(|fault| !told.contains(&fault.to_string())),
        );
    }
    if faults.is_empty() {
        faults.extend(user_that_is_missing(&raw, &instances));
    }
    Inspection {
        instances,
        faults: Faults(faults),
        warnings,
        raw,
        modes,
    }
}

impl Inspection {
    /// Of the gateways, the one of this mode alone.
    #[must_use]
    pub fn only(mut self, mode: TradingMode) -> Self {
        if !self.modes().contains(&mode) {
            let origin = self.raw.origin("trading_mode");
            self.faults.0.insert(0, ConfigError::OtherMode { origin, mode });
        }
        self.instances.retain(|config| config.mode == mode);
        self.modes = TradingModes::One(mode);
        self
    }

    /// Notes as a fault that both modes are asked for, for whoever needs one gateway.
    #[must_use]
    pub fn for_one_gateway(mut self) -> Self {
        if self.modes == TradingModes::Both {
            // First, as what else is wrong may follow from it.
            let fault = ConfigError::BothModes(self.raw.origin("trading_mode"));
            self.faults.0.insert(0, fault);
        }
        self
    }

    /// The configurations.
    ///
    /// # Errors
    ///
    /// Everything that is wrong.
    pub fn finish(self) -> Result<(Vec<Config>, Vec<Warning>), Faults> {
        if self.faults.0.is_empty() {
            Ok((self.instances, self.warnings))
        } else {
            Err(self.faults)
        }
    }

    /// The modes, of which each has a gateway of its own.
    #[must_use]
    pub const fn modes(&self) -> &[TradingMode] {
        self.modes.each()
    }

    /// What counts for the gateway in this mode, in the order of the reference page.
    pub fn resolved(&self, mode: TradingMode) -> impl Iterator<Item = Resolved> + '_ {
        let config = self.instances.iter().find(|config| config.mode == mode);
        SETTINGS.iter().map(move |setting| {
            let written = self.raw.get(setting.key);
            let value = match (written, setting.secret) {
                (Some(_), true) => Shown::Set,
                (Some(written), false) => Shown::Value(written.text.expose().to_owned()),
                (None, _) => setting
                    .default
                    .map_or(Shown::NotSet, |text| Shown::Value(text.to_owned())),
            };
            let origin = self.raw.origin(setting.key);
            let (value, origin) = match config.and_then(|config| derived(setting.key, config)) {
                Some((derived, because_of)) => {
                    let reason = self.raw.get(because_of).filter(|_| origin == Origin::Default);
                    let reason = reason.map(|reason| reason.origin.clone());
                    (Shown::Value(derived), reason.unwrap_or(origin))
                }
                None => (value, origin),
            };
            Resolved {
                setting,
                value,
                origin,
            }
        })
    }
}

fn what_two_cannot_share(raw: &RawSettings) -> impl Iterator<Item = ConfigError> + '_ {
    let things = [
        ("api_port", "API port"),
        ("relay_port", "port of the relay"),
        ("display", "display"),
    ];
    things.into_iter().filter_map(|(key, what)| {
        let origin = raw.get(key)?.origin.clone();
        Some(ConfigError::OneForBoth { origin, what })
    })
}

/// Of two gateways, either both have a user or none.
fn user_that_is_missing(raw: &RawSettings, instances: &[Config]) -> Option<ConfigError> {
    let [live, paper] = instances else { return None };
    let (missing, user, password) = match (&live.credentials, &paper.credentials) {
        (Some(_), None) => ("paper", "TWS_USERID_PAPER", "TWS_PASSWORD_PAPER"),
        (None, Some(_)) => ("live", "TWS_USERID", "TWS_PASSWORD"),
        _ => return None,
    };
    Some(ConfigError::OneOfBoth {
        mode: raw.origin("trading_mode"),
        missing,
        user,
        password,
    })
}

/// One setting as it counts.
#[derive(Debug)]
pub struct Resolved {
    /// The setting.
    pub setting: &'static Setting,
    /// Its value.
    pub value: Shown,
    /// Where that stands.
    pub origin: Origin,
}

/// A value as it may be shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Shown {
    /// This one.
    Value(String),
    /// A secret that is there.
    Set,
    /// None.
    NotSet,
}

/// The values that follow from others, or from the mode, and the setting that they follow from when it is written.
fn derived(key: &str, config: &Config) -> Option<(String, &'static str)> {
    let gateway = &config.gateway;
    let path = |path: &Path| path.display().to_string();
    match key {
        "trading_mode" => Some((config.mode.name().to_owned(), "trading_mode")),
        "tws_path" => Some((path(&gateway.tws_path), "tws_path")),
        "settings_path" => Some((path(&gateway.settings_path), "tws_path")),
        "state_dir" => Some((path(&config.state_dir), "state_dir")),
        "start_scripts" => config
            .scripts
            .start
            .as_deref()
            .map(|folder| (path(folder), "start_scripts")),
        "x_scripts" => config
            .scripts
            .display
            .as_deref()
            .map(|folder| (path(folder), "x_scripts")),
        "gateway_scripts" => config
            .scripts
            .gateway
            .as_deref()
            .map(|folder| (path(folder), "gateway_scripts")),
        "rules" => config.rules.is_named.then(|| (path(&config.rules.path), "rules")),
        "second_factor_device" => config
            .second_factor
            .device
            .clone()
            .map(|device| (device, "prefer_ib_key")),
        "api_port" => Some((gateway.api_port.to_string(), "relay_port")),
        "relay_port" => Some((config.relay.listen.port().to_string(), "relay_port")),
        "vnc_listen" => config
            .vnc
            .as_ref()
            .and_then(|vnc| vnc.listen)
            .map(|listen| (listen.to_string(), "vnc_listen")),
        "vnc_web_listen" => config
            .vnc
            .as_ref()
            .and_then(|vnc| vnc.web)
            .map(|listen| (listen.to_string(), "vnc_web_listen")),
        _ => None,
    }
}
