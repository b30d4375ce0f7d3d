//! `gatehand vnc`.

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::Args;

use super::password_file::{self, Passwords};
use super::{Context, Failure, display};
use crate::app::{self, Stay};
use crate::config::{Argument, Form, parse_listen};
use crate::exit::ExitCode;

/// The usual port of an RFB server.
const DEFAULT_PORT: u16 = 5900;
/// The usual one for viewers in browsers.
const DEFAULT_WEB_PORT: u16 = 5800;

/// What x11vnc calls options that mean the same here, and what they are called here.
const OF_X11VNC: [(&str, &str); 11] = [
    ("-display", "--display"),
    ("-forever", "--forever"),
    ("-listen", "--listen"),
    ("-localhost", "--localhost"),
    ("-nopw", "--no-password"),
    ("-once", "--once"),
    ("-passwdfile", "--passwdfile"),
    ("-rfbauth", "--rfbauth"),
    ("-shared", "--shared"),
    ("-unixsock", "--unix-socket"),
    ("-viewonly", "--view-only"),
];

/// The arguments of the program; behind `vnc` x11vnc's words are replaced by ours.
pub(super) fn with_our_words(arguments: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut is_vnc = false;
    arguments.map(move |argument| {
        is_vnc |= argument == "vnc";
        let ours = OF_X11VNC.iter().find(|(theirs, _)| is_vnc && argument == *theirs);
        ours.map_or(argument, |(_, ours)| ours.into())
    })
}

#[derive(Args, Debug)]
pub(super) struct Options {
    /// The display.
    #[arg(long, value_name = ":N")]
    display: Option<String>,
    /// Where viewers connect [default: 127.0.0.1:5900].
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Where viewers in browsers connect, as noVNC: by WebSocket at /websockify.
    #[arg(long, value_name = "ADDR:PORT")]
    web: Option<String>,
    /// A host whose pages may connect there, beside that of the port; may be given several times.
    #[arg(long, value_name = "HOST", requires = "web")]
    web_host: Vec<String>,
    /// Only viewers on this machine: the port stays, the address is 127.0.0.1.
    #[arg(long)]
    localhost: bool,
    /// Socket for viewers in the file system; without --listen there is no port.
    #[arg(long, value_name = "PATH")]
    unix_socket: Option<String>,
    /// File that holds the password (else VNC_SERVER_PASSWORD or VNC_SERVER_PASSWORD_FILE).
    #[arg(long, value_name = "PATH", group = "password")]
    vnc_password_file: Option<String>,
    /// x11vnc's file of passwords: the first line is the password, a second one is for viewers that may only look.
    #[arg(long, value_name = "PATH", group = "password")]
    passwdfile: Option<PathBuf>,
    /// The file of passwords that vncpasswd and x11vnc -storepasswd write.
    #[arg(long, value_name = "PATH", group = "password")]
    rfbauth: Option<PathBuf>,
    /// Let everybody in who reaches the port, which must be on this machine.
    #[arg(long, group = "password")]
    no_password: bool,
    /// Nobody may do more than look.
    #[arg(long)]
    view_only: bool,
    /// Offer TLS, with a certificate that is made once and kept.
    #[arg(long)]
    tls: bool,
    /// What viewers call this host, for that certificate; may be given several times.
    #[arg(long, value_name = "HOST", requires = "tls")]
    name: Vec<String>,
    /// The user's own certificate for TLS, in PEM.
    #[arg(long, value_name = "PATH", requires = "tls_key", conflicts_with = "tls")]
    tls_certificate: Option<String>,
    /// The key of that certificate.
    #[arg(long, value_name = "PATH", requires = "tls_certificate")]
    tls_key: Option<String>,
    /// End when the last viewer has left.
    #[arg(long, conflicts_with = "forever")]
    once: bool,
    /// Stay when viewers leave, as without --once.
    #[arg(long)]
    forever: bool,
    /// Several viewers at a time, as always.
    #[arg(long)]
    shared: bool,
}

impl Options {
    /// Where viewers connect, as a value of the setting.
    fn listen(&self) -> Result<Option<String>, Failure> {
        let Some(listen) = &self.listen else {
            return Ok(match (self.localhost, &self.unix_socket) {
                (true, _) => Some(format!("{}:{DEFAULT_PORT}", Ipv4Addr::LOCALHOST)),
                (false, Some(_)) => Some("none".to_owned()),
                (false, None) => None,
            });
        };
        let mut address = parse_listen(listen, DEFAULT_PORT)
            .map_err(|allowed| Failure::new(ExitCode::Usage, format!("--listen {listen}: use {allowed}")))?;
        if self.localhost {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        Ok(Some(address.to_string()))
    }

    /// Where viewers in browsers connect, as a value of the setting.
    fn web(&self) -> Result<Option<String>, Failure> {
        let Some(web) = &self.web else {
            return Ok(None);
        };
        let mut address = parse_listen(web, DEFAULT_WEB_PORT)
            .map_err(|allowed| Failure::new(ExitCode::Usage, format!("--web {web}: use {allowed}")))?;
        if self.localhost {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        Ok(Some(address.to_string()))
    }

    /// The settings that the options stand for.
    fn arguments(&self) -> Result<Vec<Argument>, Failure> {
        let yes = |on: bool| on.then(|| "yes".to_owned());
        let list = |hosts: &[String]| (!hosts.is_empty()).then(|| hosts.join(","));
        let plain = [
            ("vnc_listen", self.listen()?),
            ("vnc_web_listen", self.web()?),
            ("vnc_web_hosts", list(&self.web_host)),
            ("vnc_socket", self.unix_socket.clone()),
            ("vnc_no_password", yes(self.no_password)),
            ("vnc_view_only", yes(self.view_only)),
            ("vnc_tls", yes(self.tls)),
            ("vnc_tls_names", list(&self.name)),
            ("vnc_tls_certificate", self.tls_certificate.clone()),
            ("vnc_tls_key", self.tls_key.clone()),
        ];
        let mut arguments = Vec::new();
        for (key, value) in plain {
            arguments.extend(value.and_then(|value| Argument::new(key, &value)));
        }
        let password = self.vnc_password_file.as_deref();
        let password = password.and_then(|path| Argument::new("vnc_password", path));
        arguments.extend(password.map(|argument| Argument {
            form: Form::File,
            ..argument
        }));
        Ok(arguments)
    }

    /// The passwords in a file of another program, as values of the settings. They never were arguments of a process.
    fn passwords(&self) -> Result<Vec<Argument>, Failure> {
        let passwords = match (&self.passwdfile, &self.rfbauth) {
            (Some(path), _) => password_file::of_x11vnc(path)?,
            (None, Some(path)) => password_file::of_vncpasswd(path)?,
            (None, None) => Passwords::default(),
        };
        let (full, view) = (passwords.full, passwords.view);
        let pairs = [("vnc_password", full), ("vnc_view_password", view)];
        let given = pairs
            .into_iter()
            .filter_map(|(key, password)| Argument::new(key, &password?));
        Ok(given.collect())
    }
}

pub(super) fn execute(options: &Options, context: Context) -> Result<ExitCode, Failure> {
    let address = display::address(options.display.as_deref())?;
    let mut arguments = options.arguments()?;
    arguments.extend(options.passwords()?);
    let config = context.configure(arguments, &[])?;
    let stay = if options.once { Stay::Once } else { Stay::Forever };
    Ok(app::view(&config, &address, stay)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x11vncs_words_are_ours_behind_the_subcommand() {
        let replaced = |line: &str| -> Vec<String> {
            let ours = with_our_words(line.split(' ').map(OsString::from));
            ours.map(|word| word.into_string().expect("text")).collect()
        };
        assert_eq!(
            replaced("gatehand -v vnc -display :1 -forever -shared -passwdfile F -x"),
            "gatehand -v vnc --display :1 --forever --shared --passwdfile F -x"
                .split(' ')
                .collect::<Vec<_>>()
        );
        assert_eq!(replaced("gatehand run -once"), ["gatehand", "run", "-once"]);
    }
}
