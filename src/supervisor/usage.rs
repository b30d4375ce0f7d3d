//! What a process takes (proc(5)).

use std::fs;

use super::process::Identity;

/// Memory and time of one process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// Memory that it occupies, bytes.
    pub resident_bytes: u64,
    /// Time of the processor that it has used, in user mode and in the kernel, seconds.
    pub cpu_seconds: f64,
}

impl Usage {
    /// Of a process; `None` when it is gone.
    #[must_use]
    pub fn of(process: Identity) -> Option<Self> {
        let found = Self::of_folder(&process.pid.to_string())?;
        // Not of a later process with the same number.
        (Identity::of(process.pid)? == process).then_some(found)
    }

    /// Of this process.
    #[must_use]
    pub fn own() -> Option<Self> {
        Self::of_folder("self")
    }

    fn of_folder(name: &str) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{name}/stat")).ok()?;
        let statm = fs::read_to_string(format!("/proc/{name}/statm")).ok()?;
        let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(Self {
            resident_bytes: pages * rustix::param::page_size() as u64,
            cpu_seconds: ticks(&stat)? as f64 / rustix::param::clock_ticks_per_second() as f64,
        })
    }
}

/// Fields 14 and 15. The name in field 2 stands in brackets and may hold anything, so counting begins after the last one.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_takes_memory_and_time() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 1 2 3 4 250 50 9 9 20 0 1 0 100 1 1";
        assert_eq!(ticks(stat), Some(300));
        let own = Identity::of(std::process::id() as i32).expect("it runs");
        let usage = Usage::of(own).expect("it runs");
        assert!(usage.resident_bytes > 1 << 20, "{usage:?}");
        let other = Identity {
            start_time: own.start_time + 1,
            ..own
        };
        assert_eq!(Usage::of(other), None);
    }
}
