//! Where a display is, and the cookie that opens it (the Xauthority file as libXau writes it).

use std::fs;
use std::io;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use x11rb::errors::ConnectError;
use x11rb::rust_connection::{DefaultStream, RustConnection};
use zeroize::Zeroizing;

use super::X11Error;

/// The only authorization protocol that is spoken here.
pub(super) const COOKIE_PROTOCOL: &[u8] = b"MIT-MAGIC-COOKIE-1";

/// An X display by name, with the file that holds its cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayAddress {
    /// `:N`, `:N.S`, or `host:N` for a server that listens on TCP.
    pub name: String,
    /// The authority file to use; without one, `XAUTHORITY`, else `~/.Xauthority`, else no cookie.
    pub authority: Option<PathBuf>,
}

impl DisplayAddress {
    /// A display whose cookie, if it needs one, is found as every X program finds it.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            authority: None,
        }
    }

    /// Opens a connection; gives it with the number of the screen.
    pub(super) fn open(&self) -> Result<(RustConnection, usize), X11Error> {
        let failed = |cause| X11Error::connecting(&self.name, cause);
        let Some(authority) = &self.authority else {
            return RustConnection::connect(Some(&self.name)).map_err(failed);
        };
        let (host, display, screen) = parse(&self.name).ok_or_else(|| X11Error::Unreachable {
            display: self.name.clone(),
            cause: "its name is not of the form :N, :N.S or host:N".to_owned(),
        })?;
        let cookie = cookie_for(authority, display).map_err(|cause| X11Error::Authority {
            path: authority.clone(),
            cause,
        })?;
        let stream = connect(host, display).map_err(|cause| failed(ConnectError::IoError(cause)))?;
        let connection = RustConnection::connect_to_stream_with_auth_info(
            stream,
            screen,
            COOKIE_PROTOCOL.to_vec(),
            cookie.to_vec(),
        )
        .map_err(failed)?;
        Ok((connection, screen))
    }
}

fn connect(host: &str, display: u16) -> io::Result<DefaultStream> {
    let (stream, _) = if host.is_empty() || host == "unix" {
        DefaultStream::from_unix_stream(UnixStream::connect(format!("/tmp/.X11-unix/X{display}"))?)?
    } else {
        let port = 6000u16.checked_add(display).ok_or(io::ErrorKind::InvalidInput)?;
        DefaultStream::from_tcp_stream(TcpStream::connect((host, port))?)?
    };
    Ok(stream)
}

/// Host (empty for this machine), display and screen of a display's name.
fn parse(name: &str) -> Option<(&str, u16, usize)> {
    let (host, rest) = name.rsplit_once(':')?;
    let (display, screen) = match rest.split_once('.') {
        Some((display, screen)) => (display, screen.parse().ok()?),
        None => (rest, 0),
    };
    Some((host, display.parse().ok()?, screen))
}

/// The cookie of `display` in the authority file at `path`. Host names are not compared: the user named the file, and
/// a container's host name changes under it.
fn cookie_for(path: &Path, display: u16) -> io::Result<Zeroizing<Vec<u8>>> {
    let content = Zeroizing::new(fs::read(path)?);
    let number = display.to_string();
    Entries(&content)
        .find(|entry| {
            entry.protocol == COOKIE_PROTOCOL
                && (entry.display.is_empty() || entry.display == number.as_bytes())
        })
        .map(|entry| Zeroizing::new(entry.cookie.to_vec()))
        .ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("no cookie for display :{display}"),
            )
        })
}

/// One entry of an authority file.
struct Entry<'a> {
    display: &'a [u8],
    protocol: &'a [u8],
    cookie: &'a [u8],
}

/// The entries of an authority file; ends at the first one that is cut off.
struct Entries<'a>(&'a [u8]);

impl<'a> Entries<'a> {
    fn field(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<2>()?;
        let (field, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        self.0 = rest;
        Some(field)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let (_family, rest) = self.0.split_first_chunk::<2>()?;
        self.0 = rest;
        let _host = self.field()?;
        Some(Entry {
            display: self.field()?,
            protocol: self.field()?,
            cookie: self.field()?,
        })
    }
}

/// The content of an authority file with one cookie for every host and display (`FamilyWild`).
pub(super) fn wildcard_entry(cookie: &[u8; 16]) -> Zeroizing<Vec<u8>> {
    let mut content = Zeroizing::new(Vec::with_capacity(64));
    content.extend_from_slice(&u16::MAX.to_be_bytes());
    for field in [b"".as_slice(), b"", COOKIE_PROTOCOL, cookie] {
        content.extend_from_slice(&(field.len() as u16).to_be_bytes());
        content.extend_from_slice(field);
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(parse(":7"), Some(("", 7, 0)));
        assert_eq!(parse(":7.1"), Some(("", 7, 1)));
        assert_eq!(parse("unix:10"), Some(("unix", 10, 0)));
        assert_eq!(parse("fe80::1:3"), Some(("fe80::1", 3, 0)));
        assert_eq!(parse("7"), None);
        assert_eq!(parse(":x"), None);
        assert_eq!(parse(":70000"), None);
    }

    #[test]
    fn a_cookie_is_found_by_display_and_protocol() {
        let mut content = Vec::new();
        let mut entry = |display: &[u8], protocol: &[u8], cookie: &[u8]| {
            content.extend_from_slice(&[1, 0]);
            for field in [b"host".as_slice(), display, protocol, cookie] {
                content.extend_from_slice(&(field.len() as u16).to_be_bytes());
                content.extend_from_slice(field);
            }
        };
        entry(b"1", b"XDM-AUTHORIZATION-1", b"other");
        entry(b"1", COOKIE_PROTOCOL, b"one");
        entry(b"2", COOKIE_PROTOCOL, b"two");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("authority");
        fs::write(&path, &content).unwrap();
        assert_eq!(cookie_for(&path, 1).unwrap().as_slice(), b"one");
        assert_eq!(cookie_for(&path, 2).unwrap().as_slice(), b"two");
        assert_eq!(cookie_for(&path, 3).unwrap_err().kind(), io::ErrorKind::NotFound);

        content.truncate(content.len() - 1);
        fs::write(&path, &content).unwrap();
        assert!(cookie_for(&path, 2).is_err(), "a cut off entry is no entry");
    }

    #[test]
    fn the_wildcard_entry_fits_any_display() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("authority");
        fs::write(&path, wildcard_entry(&[7; 16]).as_slice()).unwrap();
        assert_eq!(cookie_for(&path, 99).unwrap().as_slice(), [7; 16]);
    }
}
