//! Serves a display to VNC viewers at 127.0.0.1:5900, until Ctrl-C.
//!
//!     cargo run --release --example serve_display -- :1 PASSWORD_FILE
//!
//! Then `vncviewer 127.0.0.1`. VNC compares 8 bytes of a password and encrypts nothing: keep the port on this machine.

use std::error::Error;

use gatehand::vnc::{Door, Password, Screen, Security, Settings, VncAuthPasswords, serve};
use gatehand::x11::{self, DisplayAddress};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [display, file] = arguments.as_slice() else {
        return Err("usage: serve_display :N PASSWORD_FILE".into());
    };
    let password = std::fs::read_to_string(file)?;
    let password = Password::new(password.trim_end().as_bytes())?;
    let security = Security::vnc_auth(VncAuthPasswords::new(password, None)?);

    let screen = Screen::start(x11::Screen::connect(&DisplayAddress::new(display.clone()))?)?;
    let listener = TcpListener::bind(("127.0.0.1", 5900)).await?;
    let stopped = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            eprintln!("no Ctrl-C can be awaited: {error}");
        }
    };
    let door = Door::new(screen, Settings::new("my display"));
    serve(vec![listener.into()], door, security.into(), stopped).await?;
    Ok(())
}
