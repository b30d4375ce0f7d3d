//! What depends on the hour: the governor's clocks, one-time codes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use totp_rs::Builder;
use zeroize::Zeroizing;

use crate::journal::Clocks;

/// Validity of a one-time code, in seconds (RFC 6238 §5.2).
const CODE_PERIOD: u64 = 30;
/// A code that changes sooner than this is not typed: it has to travel.
const CODE_EDGE: u64 = 8;

/// The governor's clocks. Without the name of the machine's start only the wall clock counts.
#[must_use]
pub fn clocks() -> Clocks {
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Clocks {
        wall: since(SystemTime::now()),
        up: up.tv_sec.unsigned_abs(),
        boot: std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map_or_else(
            |_| format!("at {:?}", SystemTime::now()),
            |id| id.trim().to_owned(),
        ),
    }
}

/// The code of this moment; an error is the time to wait for the next one (RFC 6238 with SHA-1, six digits).
/// The code of the step `used` was typed already, and is good once.
pub(crate) fn one_time_code(
    key: &[u8],
    now: SystemTime,
    used: Option<u64>,
) -> Result<(Zeroizing<String>, u64), Duration> {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let left = CODE_PERIOD - seconds % CODE_PERIOD;
    let step = seconds / CODE_PERIOD;
    if left < CODE_EDGE || used == Some(step) {
        return Err(Duration::from_secs(left));
    }
    let totp = Builder::new()
        .with_secret(key.to_vec())
        .with_step_duration(CODE_PERIOD)
        .build_noncompliant();
    Ok((Zeroizing::new(totp.generate(seconds).to_string()), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// RFC 6238 appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_rfc_and_never_about_to_change() {
        let key = b"12345678901234567890";
        let code = |seconds, used| {
            let (code, step) = one_time_code(key, at(seconds), used).expect("fresh");
            (code.to_string(), step)
        };
        let left = |seconds, used| one_time_code(key, at(seconds), used).expect_err("not now");
        assert_eq!(code(1_111_111_111, None), ("050471".to_owned(), 37_037_037));
        assert_eq!(left(59, None), Duration::from_secs(1));
        assert_eq!(code(30, Some(0)), ("287082".to_owned(), 1));
        // Typed already: the next one is due.
        assert_eq!(left(35, Some(1)), Duration::from_secs(25));
    }
}
