//! Whether the system's clock is kept right.

use nix::libc;

/// Whether the kernel knows the clock to be synchronised (adjtimex(2)); `None` when it does not say. A clock that is set
/// from outside, by a hypervisor for instance, may be right all the same.
#[must_use]
pub fn clock_is_synchronised() -> Option<bool> {
    // SAFETY: every field is a plain number, of which all may be zero.
    let mut state: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: without a mode the call only writes to `state`, which is there.
    match unsafe { libc::adjtimex(&raw mut state) } {
        ..0 => None,
        libc::TIME_ERROR => Some(false),
        _ => Some(state.status & libc::STA_UNSYNC == 0),
    }
}
