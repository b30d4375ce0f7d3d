//! Settings as a program would read them, without the program.

use std::collections::BTreeSet;

use gatehand::config::{Config, Faults, Form, Inspection, RECOGNISED, SETTINGS, Sources, inspect, load};
use gatehand::secrets::Fetcher;

/// Every variable that means something, with those that name a file or a command.
pub fn known_variables() -> BTreeSet<String> {
    let settings = SETTINGS.iter().flat_map(|setting| setting.variables);
    settings
        .chain(RECOGNISED.iter().flat_map(|recognised| recognised.variables))
        .flat_map(|name| Form::ALL.map(|form| form.variable(name)))
        .collect()
}

/// What comes of these variables, and of what `change` adds.
pub fn look(pairs: &[(&str, &str)], change: impl FnOnce(&mut Sources)) -> Inspection {
    let mut sources = Sources {
        environment: vec![("HOME".into(), "/home/user".into())],
        ..Sources::default()
    };
    let pairs = pairs.iter().map(|(name, value)| (name.into(), value.into()));
    sources.environment.extend(pairs);
    change(&mut sources);
    inspect(sources)
}

/// The one configuration that comes of it, and the names that are told to have no effect.
pub fn one(inspection: Inspection) -> (Config, Vec<String>) {
    let (mut instances, warnings) = inspection.for_one_gateway().finish().unwrap();
    assert_eq!(instances.len(), 1);
    let warnings = warnings.iter().map(|warning| {
        let line = warning.to_string();
        assert!(line.ends_with(" is recognised but has no effect yet"), "{line}");
        line.split(' ').next().unwrap().to_owned()
    });
    let warnings = warnings.collect();
    (instances.remove(0), warnings)
}

pub fn user(config: &Config) -> Option<(&str, &str)> {
    let credentials = config.credentials.as_ref()?;
    Some((&credentials.user, credentials.password.expose()))
}

/// The configuration that comes of these variables, with values from elsewhere.
pub fn read(pairs: &[(&str, &str)]) -> Result<Config, Faults> {
    let mut environment = vec![
        ("HOME".into(), "/home/user".into()),
        ("PATH".into(), std::env::var_os("PATH").unwrap()),
    ];
    environment.extend(pairs.iter().map(|(name, value)| (name.into(), value.into())));
    let sources = Sources {
        elsewhere: Some(Box::new(Fetcher::new(environment.clone()))),
        environment,
        ..Sources::default()
    };
    load(sources).map(|(config, _)| config)
}
