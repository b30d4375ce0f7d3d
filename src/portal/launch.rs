//! One gateway, found and ready to be started any number of times in a folder of its own.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

use super::client::SHIPPED;
use super::conf::{Conf, Wanted};
use crate::config::{PortalAddress, PortalSettings};
use crate::journal::make_private_folder;
use crate::tls::Trust;

/// The gateway's program, below its folder.
const PROGRAM: &str = "dist/ibgroup.web.core.iblink.router.clientportal.gw.jar";
/// What it needs, below its folder.
const LIBRARIES: &str = "build/lib/runtime/*";
/// Its own settings, below its folder.
const ROOT: &str = "root";
const CONF: &str = "conf.yaml";
/// The class that starts it.
const ENTRY: &str = "ibgroup.web.core.clientportal.gw.GatewayStart";
/// The certificate in the folder of inputs.
const CERTIFICATE: &str = "cacert.pem";
/// Its own would write session cookies to files.
const LOGBACK: &str = include_str!("logback.xml");
/// The routes of this machine (proc_pid_net(5)).
const ROUTES: &str = "/proc/net/route";
/// What container engines leave in a container.
const CONTAINER: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// Why the gateway cannot be started.
#[derive(Debug, Error)]
pub enum PortalLaunchError {
    /// There is none.
    #[error(
        "Gateway not found: {} is not there; unpack IBKR's clientportal.gw.zip, and name its folder with GATEHAND_PORTAL_FOLDER",
        .0.display()
    )]
    NoGateway(PathBuf),
    /// Nothing runs it.
    #[error(
        "the Client Portal Gateway needs Java, and there is no `java` in JAVA_HOME or PATH; install one (Debian: default-jre-headless), or name it with GATEHAND_PORTAL_JAVA"
    )]
    NoJava,
    /// A configuration that cannot be used.
    #[error("{}: {why}", path.display())]
    Conf {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}; {cure}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
        /// What to do about it.
        cure: &'static str,
    },
    /// The user's key store without a certificate to believe.
    #[error(
        "{}: it names the key store {key_store}, whose certificate is not known here; put it beside as cacert.pem, or name it with GATEHAND_PORTAL_CERTIFICATE",
        conf.display()
    )]
    NoCertificate {
        /// The configuration.
        conf: PathBuf,
        /// The key store.
        key_store: String,
    },
}

/// What is needed to start the gateway, and to ask it.
#[derive(Debug)]
pub struct PortalLaunch {
    /// Where it will listen.
    pub address: PortalAddress,
    /// Which certificate it will show.
    pub trust: Trust,
    conf: Conf,
    /// Whom it serves beside this machine, if its configuration is made.
    allow: Vec<String>,
    java: PathBuf,
    options: Vec<String>,
    gateway: PathBuf,
    inputs: PathBuf,
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

impl PortalLaunch {
    /// Looks for the gateway and its settings; it will work in a folder of its own in `state_dir`. Nothing is written.
    ///
    /// # Errors
    /// When something is missing, or cannot be used.
    pub fn find(
        settings: &PortalSettings,
        state_dir: &Path,
        environment: Vec<(OsString, OsString)>,
    ) -> Result<Self, PortalLaunchError> {
        let gateway = settings.folder.clone();
        let program = gateway.join(PROGRAM);
        if !program.is_file() {
            return Err(PortalLaunchError::NoGateway(program));
        }
        let java = settings.java.clone().or_else(|| find_java(&environment));
        let java = java.ok_or(PortalLaunchError::NoJava)?;
        let inputs = settings.inputs.clone();
        let (of_user, own) = (inputs.join(CONF), gateway.join(ROOT).join(CONF));
        let users = read(&of_user)?;
        let mut allow = Vec::new();
        let (path, conf) = match users {
            Some(text) => (of_user, Conf::of_user(text)),
            None => {
                let stock = read(&own)?.ok_or_else(|| PortalLaunchError::NoGateway(own.clone()))?;
                allow = settings
                    .allow
                    .iter()
                    .cloned()
                    .chain(neighbour())
                    .collect::<Vec<_>>();
                let wanted = Wanted {
                    port: settings.address.as_ref().map(|address| address.port),
                    encrypted: settings.address.as_ref().map(|address| address.encrypted),
                    allow: &allow,
                };
                (own, Conf::of_stock(&stock, wanted))
            }
        };
        let conf = conf.map_err(|why| PortalLaunchError::Conf {
            path: path.clone(),
            why,
        })?;
        let certificate = inputs.join(CERTIFICATE);
        let trust = settings.trust.clone().or_else(|| {
            certificate.is_file().then_some(Trust::File {
                setting: "GATEHAND_PORTAL_INPUTS",
                path: certificate,
            })
        });
        if let (true, Some(key_store), None) = (conf.encrypted, &conf.key_store, &trust)
            && inputs.join(key_store).is_file()
        {
            return Err(PortalLaunchError::NoCertificate {
                conf: path,
                key_store: key_store.clone(),
            });
        }
        let address = settings.address.clone().unwrap_or_else(|| PortalAddress {
            encrypted: conf.encrypted,
            port: conf.port,
            ..PortalAddress::default()
        });
        Ok(Self {
            address,
            trust: trust.unwrap_or(SHIPPED),
            conf,
            allow,
            java,
            options: settings.jvm_options.clone(),
            gateway,
            inputs,
            folder: state_dir.join("portal"),
            environment,
        })
    }

    /// Lays out the gateway's folder anew: the configuration, the user's other inputs, and what it logs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn prepare(&self) -> Result<(), PortalLaunchError> {
        let root = self.folder.join(ROOT);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| PortalLaunchError::File {
                path,
                source,
                cure: "name a writable state folder with GATEHAND_STATE_DIR",
            }
        };
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&self.folder)(error)),
            _ => {}
        }
        if !self.allow.is_empty() {
            tracing::info!(
                allow = self.allow.join(", "),
                "served beside this machine; whoever else asks is answered 404 \"Access Denied\": GATEHAND_PORTAL_ALLOW adds addresses (in a swarm that of docker_gwbridge)"
            );
        }
        make_private_folder(&self.folder).map_err(failed(&self.folder))?;
        make_private_folder(&root).map_err(failed(&root))?;
        if let Ok(inputs) = fs::read_dir(&self.inputs) {
            for input in inputs.flatten().filter(|input| input.path().is_file()) {
                let copy = root.join(input.file_name());
                fs::copy(input.path(), &copy).map_err(failed(&copy))?;
            }
        }
        for (name, text) in [(CONF, self.conf.text.as_str()), ("logback.xml", LOGBACK)] {
            let path = root.join(name);
            fs::write(&path, text).map_err(failed(&path))?;
        }
        // Its key store, and the pages that it serves by a path of their own.
        let own = self.gateway.join(ROOT);
        for entry in fs::read_dir(&own).map_err(failed(&own))?.flatten() {
            let link = root.join(entry.file_name());
            if !link.exists() {
                symlink(entry.path(), &link).map_err(failed(&link))?;
            }
        }
        Ok(())
    }

    /// What starts it.
    #[must_use]
    pub fn command(&self) -> Command {
        let root = self.folder.join(ROOT);
        let parts = [
            root.clone(),
            self.gateway.join(PROGRAM),
            self.gateway.join(LIBRARIES),
        ];
        let class_path: Vec<&OsStr> = parts.iter().map(|part| part.as_os_str()).collect();
        let mut logback = OsString::from("-Dlogback.configurationFile=");
        logback.push(root.join("logback.xml"));
        let mut command = Command::new(&self.java);
        command
            .args(&self.options)
            .args([
                "-Dvertx.disableDnsResolver=true",
                "-Djava.net.preferIPv4Stack=true",
                "-Dvertx.logger-delegate-factory-class-name=io.vertx.core.logging.SLF4JLogDelegateFactory",
            ])
            .arg(logback)
            .arg("-cp")
            .arg(class_path.join(OsStr::new(":")))
            .args([ENTRY, "--conf", "../root/conf.yaml"])
            .current_dir(&self.folder)
            .env_clear()
            .envs(
                self.environment
                    .iter()
                    .filter(|(name, _)| name != "JAVA_TOOL_OPTIONS")
                    .cloned(),
            );
        command
    }
}

fn read(path: &Path) -> Result<Option<String>, PortalLaunchError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(PortalLaunchError::File {
            path: path.to_owned(),
            source,
            cure: "make it a text that gatehand may read",
        }),
    }
}

fn find_java(environment: &[(OsString, OsString)]) -> Option<PathBuf> {
    let variable = |wanted: &str| {
        let mut all = environment.iter();
        all.find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    let home = variable("JAVA_HOME").map(|home| Path::new(home).join("bin"));
    let path = variable("PATH").map(std::env::split_paths);
    let folders = home.into_iter().chain(path.into_iter().flatten());
    folders
        .map(|folder| folder.join("java"))
        .find(|java| java.is_file())
}

/// In a container, the other end of its network, where connections to a published port come from.
fn neighbour() -> Option<String> {
    let in_container = CONTAINER.iter().any(|mark| Path::new(mark).exists());
    let routes = in_container.then(|| fs::read_to_string(ROUTES).ok())??;
    default_gateway(&routes).map(|address| address.to_string())
}

/// The gateway of the default route, from lines of interface, destination and gateway, the last two in the machine's order
/// of bytes.
fn default_gateway(routes: &str) -> Option<Ipv4Addr> {
    routes.lines().skip(1).find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (destination, gateway) = (fields.next()?, fields.next()?);
        let gateway = u32::from_str_radix(gateway, 16)
            .ok()
            .filter(|gateway| *gateway != 0)?;
        (destination == "00000000").then(|| Ipv4Addr::from(gateway.to_ne_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_end_of_a_containers_network() {
        let routes = "Iface\tDestination\tGateway \tFlags\n\
            eth0\t000011AC\t00000000\t0001\n\
            eth0\t00000000\t010011AC\t0003\n";
        let found = default_gateway(routes);
        let expected = if cfg!(target_endian = "little") {
            "172.17.0.1"
        } else {
            "1.0.17.172"
        };
        assert_eq!(
            found.map(|address| address.to_string()).as_deref(),
            Some(expected)
        );
        assert_eq!(default_gateway("Iface\tDestination\tGateway\n"), None);
        assert_eq!(default_gateway("nonsense"), None);
    }
}
