//! How many files the program may have open at a time: each API client takes two.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Lets the program have so many files open, as far as the system allows it; gives how many it may have now.
///
/// # Errors
///
/// When the kernel refuses.
pub fn allow_open_files(wanted: u64) -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft >= wanted {
        return Ok(soft);
    }
    let allowed = wanted.min(hard);
    setrlimit(Resource::RLIMIT_NOFILE, allowed, hard)?;
    Ok(allowed)
}
