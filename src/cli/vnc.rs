//! `gatehand vnc`.

use clap::Args;

use super::{Context, Failure, display};
use crate::app;
use crate::config::{Argument, Form, parse_listen};
use crate::exit::ExitCode;

/// The usual port of an RFB server.
const DEFAULT_PORT: u16 = 5900;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// The display.
    #[arg(long, value_name = ":N")]
    display: Option<String>,
    /// Where viewers connect [default: 127.0.0.1:5900].
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// File that holds the password (else VNC_SERVER_PASSWORD or VNC_SERVER_PASSWORD_FILE).
    #[arg(long, value_name = "PATH")]
    vnc_password_file: Option<String>,
}

pub(super) fn execute(options: Options, context: Context) -> Result<ExitCode, Failure> {
    let address = display::address(options.display.as_deref())?;
    let mut arguments = Vec::new();
    if let Some(listen) = options.listen {
        let listen = parse_listen(&listen, DEFAULT_PORT)
            .map_err(|allowed| Failure::new(ExitCode::Usage, format!("--listen {listen}: use {allowed}")))?;
        arguments.extend(Argument::new("vnc_listen", &listen.to_string()));
    }
    if let Some(path) = options.vnc_password_file {
        let password = Argument::new("vnc_password", &path);
        arguments.extend(password.map(|argument| Argument {
            form: Form::File,
            ..argument
        }));
    }
    let config = context.configure(arguments, &[])?;
    Ok(app::view(&config, &address)?)
}
