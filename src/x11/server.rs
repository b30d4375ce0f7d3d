//! A virtual X server of our own: its authority file, its command line, and what a dead one left behind.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::address::wildcard_entry;
use super::{DisplayAddress, X11Error};
use crate::screen::Size;

/// An Xvfb that is to be started: it has a fresh cookie, and takes the first free display number.
#[derive(Clone, Debug)]
pub struct VirtualServer {
    authority: PathBuf,
    size: Size,
}

impl VirtualServer {
    /// Writes the authority file `xauthority` into `directory`, readable by this user alone, with a fresh cookie; a
    /// former one is replaced. `directory` must belong to this user and be writable by nobody else.
    ///
    /// # Errors
    /// [`X11Error::Authority`] when the file cannot be written.
    pub fn prepare(directory: &Path, size: Size) -> Result<Self, X11Error> {
        let authority = directory.join("xauthority");
        write_authority(&authority).map_err(|cause| X11Error::Authority {
            path: authority.clone(),
            cause,
        })?;
        Ok(Self { authority, size })
    }

    /// The command that starts it. It stays in the foreground, and writes its display number and a line feed to its
    /// standard output (a pipe) when it takes connections: see [`read_display_number`].
    pub fn command(&self) -> Command {
        let mut command = Command::new("Xvfb");
        command
            .args(["-displayfd", "1", "-screen", "0"])
            .arg(format!("{}x{}x24", self.size.width, self.size.height))
            .args(["-noreset", "-nolisten", "tcp", "-auth"])
            .arg(&self.authority)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command
    }

    /// The file with the cookie, for programs that may use the display.
    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// Its address once the display number is known.
    pub fn address(&self, display: u32) -> DisplayAddress {
        DisplayAddress {
            name: format!(":{display}"),
            authority: Some(self.authority.clone()),
        }
    }
}

fn write_authority(path: &Path) -> io::Result<()> {
    let mut cookie = Zeroizing::new([0u8; 16]);
    getrandom::fill(cookie.as_mut_slice()).map_err(|error| io::Error::other(error.to_string()))?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(&wildcard_entry(&cookie))
}

/// Waits for the display number on the standard output of [`VirtualServer::command`].
///
/// # Errors
/// [`X11Error::NoDisplayNumber`] when the server ended or wrote something else.
pub fn read_display_number(stdout: impl Read) -> Result<u32, X11Error> {
    let mut line = String::new();
    // A display number has at most ten digits: anything longer is not one.
    let read = BufReader::new(stdout.take(16)).read_line(&mut line);
    let number = read.and_then(|_| match line.trim_end().parse() {
        Ok(number) if line.ends_with('\n') => Ok(number),
        _ if line.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it wrote {line:?}"),
        )),
    });
    number.map_err(|cause| X11Error::NoDisplayNumber { cause })
}

/// Removes the lock files and sockets of this user's X servers that died without tidying up; gives their display
/// numbers. A server counts as dead when the process that its lock names is gone or is another program (process
/// numbers come again after a container's restart) and nobody answers on its socket.
///
/// # Errors
/// The folder of locks cannot be read, or a file in it cannot be removed.
pub fn clear_leftovers() -> io::Result<Vec<u32>> {
    clear_leftovers_in(Path::new("/tmp"))
}

fn clear_leftovers_in(directory: &Path) -> io::Result<Vec<u32>> {
    let own_user = fs::metadata("/proc/self")?.uid();
    let mut cleared = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(display) = name
            .to_str()
            .and_then(|name| name.strip_prefix(".X")?.strip_suffix("-lock")?.parse().ok())
        else {
            continue;
        };
        let metadata = entry.metadata()?;
        if metadata.uid() != own_user || !metadata.is_file() {
            continue;
        }
        let socket = directory.join(format!(".X11-unix/X{display}"));
        if is_x_server(&fs::read_to_string(entry.path())?) || UnixStream::connect(&socket).is_ok() {
            continue;
        }
        fs::remove_file(entry.path())?;
        if fs::symlink_metadata(&socket).is_ok_and(|found| found.file_type().is_socket()) {
            fs::remove_file(&socket)?;
        }
        cleared.push(display);
    }
    cleared.sort_unstable();
    Ok(cleared)
}

/// Whether the process that a lock file names is an X server. A lock without a number is one in the making.
fn is_x_server(lock: &str) -> bool {
    let Ok(process) = lock.trim().parse::<u32>() else {
        return true;
    };
    fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.starts_with('X'))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn the_authority_file_is_private_and_fresh() {
        let directory = tempfile::tempdir().unwrap();
        let size = Size::new(800, 600);
        let first = VirtualServer::prepare(directory.path(), size).unwrap();
        let before = fs::read(first.authority()).unwrap();
        let mode = fs::metadata(first.authority()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        VirtualServer::prepare(directory.path(), size).unwrap();
        assert_ne!(before, fs::read(first.authority()).unwrap());
    }

    #[test]
    fn display_numbers_are_whole_lines() {
        assert_eq!(read_display_number(&b"42\n"[..]).unwrap(), 42);
        assert!(read_display_number(&b"42"[..]).is_err());
        assert!(read_display_number(&b""[..]).is_err());
        assert!(read_display_number(&b"error: no screens found\n"[..]).is_err());
    }

    #[test]
    fn only_dead_servers_are_cleared_away() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        fs::create_dir(path.join(".X11-unix")).unwrap();
        // Dead: no such process. The listener is closed at once, its socket file stays.
        fs::write(path.join(".X3-lock"), format!("{:>10}\n", i32::MAX)).unwrap();
        drop(UnixListener::bind(path.join(".X11-unix/X3")).unwrap());
        // The process number came again: this test is no X server, but somebody listens.
        fs::write(path.join(".X4-lock"), format!("{:>10}\n", std::process::id())).unwrap();
        let listener = UnixListener::bind(path.join(".X11-unix/X4")).unwrap();
        fs::write(path.join(".Xfoo-lock"), "").unwrap();

        assert_eq!(clear_leftovers_in(path).unwrap(), [3]);
        assert!(!path.join(".X3-lock").exists() && !path.join(".X11-unix/X3").exists());
        assert!(path.join(".X4-lock").exists());

        drop(listener);
        assert_eq!(clear_leftovers_in(path).unwrap(), [4]);
        assert!(path.join(".Xfoo-lock").exists());
    }
}
