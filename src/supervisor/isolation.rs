//! Takes the secrets out of the environment, where `/proc/PID/environ` would show them for good.
//!
//! Removing a variable leaves its bytes in the memory that the kernel shows. So the program puts the secrets into a
//! sealed memory file and executes itself again with a clean environment; the process id stays.

use std::convert::Infallible;
use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::OnceLock;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{close, execve};
use zeroize::{Zeroize, Zeroizing};

use crate::config::Secret;
use crate::exit::ExitCode;

/// The variable that hands the memory file's number over. It holds nothing secret.
const HANDLE: &str = "GATEHAND_SECRETS_FD";
/// Allocations of so many bytes go back to the system when they are freed, such as a screen that nobody looks at any
/// more. glibc, which reads these when a program starts, would otherwise keep the memory of the next one of that size.
const ALLOCATOR: [(&str, &str); 2] = [
    ("MALLOC_MMAP_THRESHOLD_", "2097152"),
    ("MALLOC_TRIM_THRESHOLD_", "2097152"),
];
/// What the memory file is called in `/proc/PID/fd`.
const MEMFD_NAME: &str = "gatehand-secrets";

/// The file mode mask that the program was started with.
static INHERITED_MASK: OnceLock<Mode> = OnceLock::new();

/// What is left after [`isolate`].
#[derive(Debug)]
pub struct Isolated {
    /// The environment without secrets. Children get this one, not what the process itself inherited.
    pub environment: Vec<(OsString, OsString)>,
    /// The secrets, by the variable that they stood in.
    pub secrets: Vec<(String, Secret)>,
}

/// Why secrets could not be isolated.
#[derive(Debug, thiserror::Error)]
pub enum IsolationError {
    /// A call to the kernel failed.
    #[error("cannot take the secrets out of the environment: {step}: {source}; is /proc mounted?")]
    System {
        /// What was tried.
        step: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// A secret is not UTF-8.
    #[error("{name}: the value is not valid UTF-8; write it in UTF-8")]
    NotText {
        /// The variable.
        name: String,
    },
}

impl IsolationError {
    /// The exit code that goes with it.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::System { .. } => ExitCode::Unavailable,
            Self::NotText { .. } => ExitCode::Configuration,
        }
    }
}

fn system<E: Into<io::Error>>(step: &'static str) -> impl FnOnce(E) -> IsolationError {
    move |source| IsolationError::System {
        step,
        source: source.into(),
    }
}

/// To be called first in `main`, before any thread is started.
///
/// The first time it executes the program again and does not return. The second time it gives what the first one
/// took, and makes the process's memory unreadable for others: no core dump, no ptrace, `/proc/PID/environ` and
/// `/proc/PID/mem` for root only. The second environment has `OMP_THREAD_LIMIT=1`, which libgomp (used by Tesseract)
/// reads when it is loaded, and the program itself lives with [`ALLOCATOR`]. Files that the program creates from then on are its user's only.
///
/// # Errors
///
/// When the kernel refuses, or when a secret is not UTF-8.
pub fn isolate(secret_names: &[&str]) -> Result<Isolated, IsolationError> {
    let isolated = match env::var_os(HANDLE).and_then(|number| open_handle(&number)) {
        Some(file) => receive(file)?,
        None => match execute_again(secret_names)? {},
    };
    prctl::set_name(c"gatehand").map_err(system("name the process"))?;
    prctl::set_dumpable(false).map_err(system("forbid ptrace"))?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(system("forbid core dumps"))?;
    INHERITED_MASK.get_or_init(|| umask(Mode::S_IRWXG | Mode::S_IRWXO));
    Ok(isolated)
}

/// Children create files as if they had been started without this program. Async-signal-safe.
pub(super) fn restore_mask() {
    if let Some(mask) = INHERITED_MASK.get() {
        umask(*mask);
    }
}

fn seals() -> SealFlag {
    SealFlag::F_SEAL_SEAL | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_WRITE
}

fn execute_again(secret_names: &[&str]) -> Result<Infallible, IsolationError> {
    let is_secret = |name: &OsStr| secret_names.iter().any(|secret| *secret == name);
    let mut secrets = Zeroizing::new(Vec::new());
    let mut environment = Vec::new();
    for (name, value) in env::vars_os() {
        if is_secret(&name) {
            let mut value = value.into_vec();
            for part in [name.as_bytes(), b"=", value.as_slice(), b"\0"] {
                secrets.extend_from_slice(part);
            }
            value.zeroize();
        } else if name != HANDLE && name != "OMP_THREAD_LIMIT" {
            environment.push(assignment(&name, &value)?);
        }
    }
    // Not close-on-exec: it is there to be inherited by the program's second life.
    let memory =
        memfd_create(MEMFD_NAME, MFdFlags::MFD_ALLOW_SEALING).map_err(system("create a memory file"))?;
    let mut file = File::from(memory);
    file.write_all(&secrets).map_err(system("write a memory file"))?;
    let memory = OwnedFd::from(file);
    fcntl(&memory, FcntlArg::F_ADD_SEALS(seals())).map_err(system("seal a memory file"))?;
    environment.push(assignment(
        HANDLE.as_ref(),
        memory.as_raw_fd().to_string().as_ref(),
    )?);
    environment.push(assignment("OMP_THREAD_LIMIT".as_ref(), "1".as_ref())?);
    for (name, value) in ALLOCATOR {
        if env::var_os(name).is_none() {
            environment.push(assignment(name.as_ref(), value.as_ref())?);
        }
    }
    let arguments = env::args_os()
        .map(|argument| CString::new(argument.into_vec()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(system("copy the arguments"))?;
    execve(c"/proc/self/exe", &arguments, &environment).map_err(system("execute the program again"))
}

fn assignment(name: &OsStr, value: &OsStr) -> Result<CString, IsolationError> {
    CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).map_err(system("copy the environment"))
}

/// The memory file behind the number, if it is one of ours: the variable may be left from another life.
fn open_handle(number: &OsStr) -> Option<File> {
    let number: i32 = number.to_str()?.parse().ok().filter(|number| *number > 2)?;
    let path = PathBuf::from(format!("/proc/self/fd/{number}"));
    let target = fs::read_link(&path).ok()?;
    if !target.to_str()?.starts_with(&format!("/memfd:{MEMFD_NAME}")) {
        return None;
    }
    let file = File::open(&path).ok()?;
    let found = fcntl(&file, FcntlArg::F_GET_SEALS).ok()?;
    if found != seals().bits() {
        return None;
    }
    close(number).ok()?;
    Some(file)
}

fn receive(mut file: File) -> Result<Isolated, IsolationError> {
    let length = file.metadata().map_err(system("look at the memory file"))?.len();
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(length).unwrap_or_default() + 1,
    ));
    file.read_to_end(&mut bytes)
        .map_err(system("read the memory file"))?;
    let secrets = bytes
        .split(|byte| *byte == 0)
        .filter(|entry| !entry.is_empty())
        .map(parse_secret)
        .collect::<Result<_, _>>()?;
    let is_own = |name: &OsStr, value: &OsStr| {
        name == HANDLE || ALLOCATOR.iter().any(|own| name == own.0 && value == own.1)
    };
    let environment = env::vars_os()
        .filter(|(name, value)| !is_own(name, value))
        .collect();
    Ok(Isolated { environment, secrets })
}

fn parse_secret(entry: &[u8]) -> Result<(String, Secret), IsolationError> {
    let at = entry.iter().position(|byte| *byte == b'=').unwrap_or(entry.len());
    let name = String::from_utf8_lossy(&entry[..at]).into_owned();
    let value = entry.get(at + 1..).unwrap_or_default();
    match str::from_utf8(value) {
        Ok(value) => Ok((name, Secret::new(value.to_owned()))),
        Err(_) => Err(IsolationError::NotText { name }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_may_hold_anything_but_zero() {
        let (name, secret) = parse_secret("TWS_PASSWORD=a=b\nç".as_bytes()).unwrap();
        assert_eq!((name.as_str(), secret.expose()), ("TWS_PASSWORD", "a=b\nç"));
        assert!(matches!(parse_secret(b"X=\xff"), Err(IsolationError::NotText { name }) if name == "X"));
    }

    #[test]
    fn a_number_that_is_not_ours_is_left_alone() {
        let file = File::open("/dev/null").unwrap();
        for number in [
            file.as_raw_fd().to_string(),
            "0".into(),
            "-1".into(),
            "x".into(),
            "999999".into(),
        ] {
            assert!(open_handle(number.as_ref()).is_none(), "{number}");
        }
        assert!(file.metadata().is_ok(), "still open");
        let unsealed = File::from(memfd_create(MEMFD_NAME, MFdFlags::MFD_ALLOW_SEALING).unwrap());
        assert!(open_handle(unsealed.as_raw_fd().to_string().as_ref()).is_none());
    }
}
