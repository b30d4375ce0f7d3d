//! The gateway's `conf.yaml`: the user's, which stays as it is, or one that is made from the gateway's own. Pure.

use saphyr::{LoadableYamlNode as _, Mapping, Yaml, YamlEmitter};

/// The port of a gateway that names none.
const DEFAULT_PORT: u16 = 5000;
/// Who is served in any case. The gateway takes connections by IPv4 alone, and complains about any other address.
const LOOPBACK: &str = "127.0.0.1";

/// A configuration, with what has to be known of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Conf {
    /// The file.
    pub text: String,
    /// Where the gateway will listen.
    pub port: u16,
    /// Whether it will speak TLS.
    pub encrypted: bool,
    /// The file of its key store, if it names one.
    pub key_store: Option<String>,
}

/// What is asked of a configuration that is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Where to listen, if not where the gateway's own says.
    pub port: Option<u16>,
    /// Whether to speak TLS, if not as the gateway's own says.
    pub encrypted: Option<bool>,
    /// Whom to serve beside this machine.
    pub allow: &'a [String],
}

impl Conf {
    /// The user's, as it is.
    ///
    /// # Errors
    /// It is no mapping in YAML, or a value has the wrong type.
    pub(super) fn of_user(text: String) -> Result<Self, String> {
        let (port, encrypted, key_store) = known(&mapping(&text)?)?;
        Ok(Self {
            text,
            port,
            encrypted,
            key_store,
        })
    }

    /// The gateway's own, `stock`, with what is wanted.
    ///
    /// # Errors
    /// As for [`of_user`](Self::of_user).
    pub(super) fn of_stock(stock: &str, wanted: Wanted<'_>) -> Result<Self, String> {
        let mut conf = mapping(stock)?;
        let allow = std::iter::once(LOOPBACK).chain(wanted.allow.iter().map(String::as_str));
        let mut ips = Mapping::new();
        ips.insert(name("allow"), Yaml::Sequence(allow.map(text).collect()));
        ips.insert(name("deny"), Yaml::Sequence(Vec::new()));
        conf.insert(name("ips"), Yaml::Mapping(ips));
        if let Some(port) = wanted.port {
            conf.insert(
                name("listenPort"),
                Yaml::Value(saphyr::Scalar::Integer(port.into())),
            );
        }
        if let Some(encrypted) = wanted.encrypted {
            conf.insert(name("listenSsl"), Yaml::Value(saphyr::Scalar::Boolean(encrypted)));
        }
        let (port, encrypted, key_store) = known(&conf)?;
        let mut made = String::new();
        let mut emitter = YamlEmitter::new(&mut made);
        emitter.quoted_value(true);
        emitter
            .dump(&Yaml::Mapping(conf))
            .map_err(|error| error.to_string())?;
        made.push('\n');
        Ok(Self {
            text: made,
            port,
            encrypted,
            key_store,
        })
    }
}

fn name(key: &'static str) -> Yaml<'static> {
    Yaml::value_from_str(key)
}

fn text(value: &str) -> Yaml<'_> {
    Yaml::Value(saphyr::Scalar::String(value.into()))
}

fn mapping(text: &str) -> Result<Mapping<'_>, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    match documents.into_iter().next() {
        Some(Yaml::Mapping(mapping)) => Ok(mapping),
        _ => Err("it is no mapping of names to values".into()),
    }
}

fn known(conf: &Mapping<'_>) -> Result<(u16, bool, Option<String>), String> {
    let port = match conf.get(&name("listenPort")) {
        None => DEFAULT_PORT,
        Some(port) => port
            .as_integer()
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port != 0)
            .ok_or("listenPort: not a port, 1 to 65535")?,
    };
    let encrypted = match conf.get(&name("listenSsl")) {
        None => true,
        Some(encrypted) => encrypted.as_bool().ok_or("listenSsl: neither true nor false")?,
    };
    let key_store = conf
        .get(&name("sslCert"))
        .and_then(Yaml::as_str)
        .map(str::to_owned);
    Ok((port, encrypted, key_store))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOCK: &str = r#"
ip2loc: "US"
proxyRemoteHost: "https://api.ibkr.com"
listenPort: 5000
listenSsl: true
cors:
  origin.allowed: "*"
ips:
  allow:
    - 127.0.0.1
  deny:
    - 212.90.324.10
"#;

    #[test]
    fn the_users_stays_as_it_is() {
        let text = "# mine\nlistenPort: 5010\nlistenSsl: false\nsslCert: \"own.jks\"\nsslPwd: \"x\"\n";
        let conf = Conf::of_user(text.into()).expect("a configuration");
        assert_eq!(conf.text, text);
        assert_eq!((conf.port, conf.encrypted), (5010, false));
        assert_eq!(conf.key_store.as_deref(), Some("own.jks"));
    }

    #[test]
    fn what_is_wanted_is_set_and_the_rest_kept() {
        let allow = ["172.17.0.1".to_owned(), "10.*.*.*".to_owned()];
        let wanted = Wanted {
            port: Some(5007),
            encrypted: None,
            allow: &allow,
        };
        let conf = Conf::of_stock(STOCK, wanted).expect("a configuration");
        assert_eq!((conf.port, conf.encrypted), (5007, true));
        let again = Yaml::load_from_str(&conf.text).expect("YAML");
        let again = &again[0];
        assert_eq!(again["proxyRemoteHost"].as_str(), Some("https://api.ibkr.com"));
        assert_eq!(again["cors"]["origin.allowed"].as_str(), Some("*"));
        assert_eq!(again["listenPort"].as_integer(), Some(5007));
        let allowed: Vec<_> = again["ips"]["allow"]
            .as_sequence()
            .expect("a list")
            .iter()
            .collect();
        let allowed: Vec<_> = allowed.into_iter().filter_map(Yaml::as_str).collect();
        assert_eq!(allowed, ["127.0.0.1", "172.17.0.1", "10.*.*.*"]);
        assert_eq!(again["ips"]["deny"].as_sequence().map(Vec::len), Some(0));
    }

    #[test]
    fn what_is_no_configuration_is_told() {
        for (text, wrong) in [
            ("", "mapping"),
            ("- a\n", "mapping"),
            ("listenPort: [1", "line 2"),
            ("listenPort: yes", "listenPort"),
            ("listenPort: 0", "listenPort"),
            ("listenPort: 70000", "listenPort"),
            ("listenSsl: maybe", "listenSsl"),
        ] {
            let error = Conf::of_user(text.into()).expect_err(text);
            assert!(error.contains(wrong), "{text:?}: {error}");
        }
    }
}
