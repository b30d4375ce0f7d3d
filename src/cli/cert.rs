//! `gatehand cert`.

use clap::Args;

use super::print::say;
use super::{Context, Failure};
use crate::app;
use crate::config::Argument;
use crate::exit::ExitCode;
use crate::tls::OwnCertificate;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// What viewers call this host, beside localhost and its own name; may be given several times.
    #[arg(long, value_name = "HOST")]
    name: Vec<String>,
    /// Make a new one in the place of one that is there.
    #[arg(long)]
    new: bool,
}

pub(super) fn execute(options: &Options, context: Context) -> Result<ExitCode, Failure> {
    let names = options.name.join(",");
    let names = Argument::new("vnc_tls_names", &names).filter(|_| !options.name.is_empty());
    let config = context.configure(names.into_iter().collect(), &[])?;
    let folder = config.state_dir.join(app::VIEWERS_FOLDER);
    let names = &config.viewer_names;
    let made = if options.new {
        OwnCertificate::make(&folder, names, app::VIEWERS_TLS)
    } else {
        OwnCertificate::keep(&folder, names, app::VIEWERS_TLS)
    };
    let own = made.map_err(app::AppError::from)?;
    say(format_args!("certificate  {}", own.files.certificate.display()))?;
    say(format_args!("key          {}", own.files.key.display()))?;
    say(format_args!("SHA-256      {}", own.fingerprint))?;
    Ok(ExitCode::Stopped)
}
