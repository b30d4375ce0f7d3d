//! `gatehand shot`: a picture of a display, of this machine or through a VNC server.

use std::path::PathBuf;
use std::time::Duration;

use ::vnc::{PixelFormat, VncConnector, VncEncoding, VncError, VncEvent, X11Event};
use clap::Args;
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{Context, Failure, display};
use crate::config::{Argument, Config, Form, ViewerPassword};
use crate::exit::ExitCode;
use crate::screen::{Frame, Rect, Size};
use crate::vision::png;
use crate::x11::Screen;
use crate::{app, vnc};

/// The usual port of a VNC server.
const DEFAULT_PORT: u16 = 5900;
/// How long a server may take for each step, and for its picture.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at a greeting that is not whole: a peek does not wait for the rest.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// "RFB xxx.yyy\n" (RFC 6143 §7.1.1).
const VERSION: usize = 12;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// Where the picture goes, a PNG file.
    out: PathBuf,
    /// The display [default: DISPLAY].
    #[arg(long, value_name = ":N", conflicts_with_all = ["vnc", "password_file"])]
    display: Option<String>,
    /// A VNC server in the place of a display [default port: 5900].
    #[arg(long, value_name = "HOST:PORT")]
    vnc: Option<String>,
    /// File that holds its password (else VNC_SERVER_PASSWORD or VNC_SERVER_PASSWORD_FILE).
    #[arg(long, value_name = "PATH", requires = "vnc")]
    password_file: Option<String>,
}

pub(super) fn execute(options: &Options, context: Context) -> Result<ExitCode, Failure> {
    let frame = match &options.vnc {
        Some(server) => through_vnc(server, options.password_file.as_deref(), context)?,
        None => of_display(options.display.as_deref())?,
    };
    png::write(&options.out, &frame).map_err(|error| {
        Failure::unavailable(format!(
            "{}: {error}; name a file that can be written",
            options.out.display()
        ))
    })?;
    Ok(ExitCode::Stopped)
}

fn of_display(name: Option<&str>) -> Result<Frame, Failure> {
    let mut screen = Screen::connect(&display::address(name)?).map_err(Failure::unavailable)?;
    screen.capture().map_err(Failure::unavailable)
}

fn through_vnc(server: &str, password_file: Option<&str>, context: Context) -> Result<Frame, Failure> {
    let password = password_file.and_then(|path| Argument::new("vnc_password", path));
    let password = password.map(|argument| Argument {
        form: Form::File,
        ..argument
    });
    let config = context.configure(password.into_iter().collect(), &[])?;
    let password = known_password(&config, password_file.is_some())?;
    let is_bare = server
        .rsplit_once(':')
        .is_none_or(|(_, port)| port.parse::<u16>().is_err());
    let address = if is_bare {
        format!("{server}:{DEFAULT_PORT}")
    } else {
        server.to_owned()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::unavailable)?;
    runtime
        .block_on(shoot(&address, password))
        .map_err(|why| Failure::unavailable(format!("{address}: {why}")))
}

/// The password that VNC authentication takes, which is all that is spoken here: of the settings, or the one in the file
/// that `is_named` by an argument.
fn known_password(config: &Config, is_named: bool) -> Result<Option<Zeroizing<String>>, Failure> {
    let settings = config.vnc.as_ref();
    let legacy = settings.and_then(|settings| settings.legacy_password.as_ref());
    if let Some(legacy) = legacy.filter(|_| !is_named) {
        return Ok(Some(Zeroizing::new(legacy.expose().to_owned())));
    }
    Ok(match settings.and_then(|settings| settings.password.as_ref()) {
        Some(ViewerPassword::Given(password)) => Some(Zeroizing::new(password.expose().to_owned())),
        Some(ViewerPassword::Generated) => {
            let folder = config.state_dir.join(app::VIEWERS_FOLDER);
            Some(vnc::generated_password(&folder).map_err(Failure::unavailable)?)
        }
        Some(ViewerPassword::NotNeeded) | None => None,
    })
}

/// Logs in and takes the first whole picture.
async fn shoot(address: &str, password: Option<Zeroizing<String>>) -> Result<Frame, String> {
    let slow = |what: &str| format!("{what} within {} s", PATIENCE.as_secs());
    let stream = timeout(PATIENCE, TcpStream::connect(address)).await;
    let stream = stream.map_err(|_| slow("no connection"))?;
    let stream = stream.map_err(|error| format!("cannot be reached: {error}"))?;
    let greeted = timeout(PATIENCE, greeting(&stream)).await;
    let greeting = greeted.map_err(|_| slow("the server said nothing"))?;
    check_version(&greeting.map_err(|error| format!("the connection broke: {error}"))?)?;
    let answer = async move {
        let password = password.ok_or(VncError::NoPassword)?;
        Ok::<_, VncError>(password.to_string())
    };
    let connector = VncConnector::new(stream)
        .set_auth_method(answer)
        .set_pixel_format(PixelFormat::bgra())
        .add_encoding(VncEncoding::Zrle)
        .add_encoding(VncEncoding::Raw)
        .add_encoding(VncEncoding::DesktopSizePseudo)
        .allow_shared(true);
    let connecting = async {
        let state = connector.build()?.try_start().await?;
        state.finish()
    };
    let client = timeout(PATIENCE, connecting).await;
    let client = client.map_err(|_| slow("no login"))?.map_err(words)?;
    let picture = timeout(PATIENCE, async {
        let mut picture = Picture::default();
        while !picture.is_whole() {
            let event = client.recv_event().await?;
            picture.take(event)?;
            while let Some(event) = client.poll_event().await? {
                picture.take(event)?;
            }
            client.input(X11Event::Refresh).await?;
        }
        Ok(picture.frame)
    });
    let frame = picture.await.map_err(|_| slow("no whole picture"))?;
    // What it has to say afterwards changes nothing.
    let _ = client.close().await;
    frame.map_err(words)
}

/// What the server says first, left where it is.
async fn greeting(stream: &TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = [0; VERSION];
    loop {
        let count = stream.peek(&mut bytes).await?;
        let so_far = &bytes[..count];
        // The end of it, or not the beginning of one.
        if count == VERSION || count == 0 || !b"RFB ".starts_with(&so_far[..count.min(4)]) {
            return Ok(so_far.to_vec());
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

fn check_version(greeting: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(greeting).ok();
    let numbers = text.and_then(|text| text.strip_prefix("RFB ")?.strip_suffix('\n')?.split_once('.'));
    let parse = |(major, minor): (&str, &str)| Some((major.parse().ok()?, minor.parse().ok()?));
    match numbers.and_then(parse) {
        None => Err("no VNC server answers there".into()),
        Some((major, minor)) if (major, minor) < (3_u16, 3_u16) => Err(format!(
            "the server is too old: RFB {major}.{minor}, and 3.3 is the least"
        )),
        Some(_) => Ok(()),
    }
}

/// What went wrong, for the user.
fn words(error: VncError) -> String {
    match error {
        VncError::NoPassword => "it wants a password: give --password-file, or set VNC_SERVER_PASSWORD".into(),
        VncError::WrongPassword => "wrong password".into(),
        // The server's own words, but for those of the library about itself.
        VncError::General(said) if said.starts_with("Security type apart from") => {
            "it offers nothing but ways to log in that `gatehand shot` does not know; it knows VNC authentication, which \
             compares 8 bytes of a password"
                .into()
        }
        VncError::General(said) => format!("the server refuses: {said}"),
        VncError::ConnectError => "the server offers no way to log in".into(),
        VncError::IoError(error) => format!("the connection broke: {error}"),
        other => format!("the server cannot be understood: {other}"),
    }
}

/// A picture that comes in parts.
#[derive(Default)]
struct Picture {
    frame: Frame,
    /// Rows of the pixels that have come.
    known: Vec<bool>,
}

impl Picture {
    fn is_whole(&self) -> bool {
        !self.known.is_empty() && self.known.iter().all(|known| *known)
    }

    fn take(&mut self, event: VncEvent) -> Result<(), VncError> {
        match event {
            VncEvent::SetResolution(screen) => {
                let size = Size::new(screen.width.into(), screen.height.into());
                self.known = vec![false; size.area()];
                self.frame = Frame::new(size);
            }
            VncEvent::RawImage(rect, bytes) => self.paste(rect, &bytes)?,
            VncEvent::Error(error) => return Err(VncError::General(error.to_string())),
            _ => {}
        }
        Ok(())
    }

    fn paste(&mut self, at: ::vnc::Rect, bytes: &[u8]) -> Result<(), VncError> {
        let rect = Rect::new(at.x.into(), at.y.into(), at.width.into(), at.height.into());
        let (pixels, _) = bytes.as_chunks::<4>();
        let width = rect.width as usize;
        if !self.frame.bounds().contains_rect(&rect) || pixels.len() != rect.area() || width == 0 {
            return Err(VncError::InvalidImageData);
        }
        for (row, line) in pixels.chunks_exact(width).enumerate() {
            let y = rect.y as usize + row;
            let start = rect.x as usize;
            let to = &mut self.frame.row_mut(y as u32)[start..start + width];
            for (to, pixel) in to.iter_mut().zip(line) {
                *to = u32::from_le_bytes(*pixel) & 0x00ff_ffff;
            }
            let first = y * self.frame.size().width as usize + start;
            self.known[first..first + width].fill(true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_are_too_old_or_none_are_told_apart() {
        assert_eq!(check_version(b"RFB 003.003\n"), Ok(()));
        assert_eq!(check_version(b"RFB 003.889\n"), Ok(()));
        assert_eq!(check_version(b"RFB 005.000\n"), Ok(()));
        for (greeting, word) in [
            (&b"RFB 003.002\n"[..], "too old: RFB 3.2"),
            (b"RFB 002.009\n", "too old: RFB 2.9"),
            (b"SSH-2.0-Open", "no VNC server"),
            (b"RFB x", "no VNC server"),
            (b"", "no VNC server"),
        ] {
            let told = check_version(greeting).unwrap_err();
            assert!(told.contains(word), "{told}");
        }
    }

    #[test]
    fn a_picture_is_whole_when_every_pixel_has_come() {
        let mut picture = Picture::default();
        assert!(!picture.is_whole(), "nothing is known");
        picture
            .take(VncEvent::SetResolution(::vnc::Screen { width: 2, height: 2 }))
            .unwrap();
        let part = |x, width, height| ::vnc::Rect {
            x,
            y: 0,
            width,
            height,
        };
        picture.paste(part(0, 1, 2), &[1; 8]).unwrap();
        assert!(!picture.is_whole());
        assert!(picture.paste(part(1, 2, 2), &[1; 16]).is_err(), "outside");
        assert!(picture.paste(part(1, 1, 2), &[1; 7]).is_err(), "too few pixels");
        picture.paste(part(1, 1, 2), &[2; 8]).unwrap();
        assert!(picture.is_whole());
        assert_eq!(
            picture.frame.pixels(),
            [0x0001_0101, 0x0002_0202, 0x0001_0101, 0x0002_0202]
        );
    }
}
