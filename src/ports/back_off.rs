//! Who guesses passwords has to wait, longer each time. Pure: `now` is handed in.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Wrong passwords from one address that cost nothing but the connection.
const FREE_FAILURES: u32 = 4;
/// The wait after the first failure that counts; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// After so long without a failure an address starts afresh.
const MEMORY: Duration = Duration::from_secs(2 * 3600);
/// More addresses are not remembered at a time.
const MAX_ADDRESSES: usize = 4096;

#[derive(Debug)]
struct Record {
    failures: u32,
    last: Instant,
}

impl Record {
    fn wait(&self) -> Duration {
        match self.failures.checked_sub(FREE_FAILURES + 1) {
            None => Duration::ZERO,
            Some(doublings) => (FIRST_WAIT * (1 << doublings.min(16))).min(LONGEST_WAIT),
        }
    }
}

/// Failed authentications by address.
#[derive(Debug, Default)]
pub(crate) struct BackOff {
    records: HashMap<IpAddr, Record>,
}

impl BackOff {
    /// How long the address must still wait; `None` when it may try.
    pub(crate) fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let record = self.records.get(&network(address))?;
        let rest = (record.last + record.wait()).saturating_duration_since(now);
        (!rest.is_zero()).then_some(rest)
    }

    /// The address gave a wrong password.
    pub(crate) fn failed(&mut self, address: IpAddr, now: Instant) {
        self.records
            .retain(|_, record| now.saturating_duration_since(record.last) < MEMORY);
        if self.records.len() >= MAX_ADDRESSES {
            let oldest = self.records.iter().min_by_key(|(_, record)| record.last);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.records.remove(&oldest);
            }
        }
        let record = self.records.entry(network(address)).or_insert(Record {
            failures: 0,
            last: now,
        });
        record.failures += 1;
        record.last = now;
    }

    /// The address gave a right password.
    pub(crate) fn succeeded(&mut self, address: IpAddr) {
        self.records.remove(&network(address));
    }
}

/// What counts as one address: in IPv6 the 64 bits that a user's network has, since its machines choose the others.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn the_wait_begins_late_and_doubles() {
        let mut back_off = BackOff::default();
        let mut now = Instant::now();
        for _ in 0..FREE_FAILURES {
            back_off.failed(ADDRESS, now);
            assert_eq!(back_off.wait(ADDRESS, now), None);
        }
        for seconds in [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600] {
            back_off.failed(ADDRESS, now);
            assert_eq!(back_off.wait(ADDRESS, now), Some(Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
            assert_eq!(back_off.wait(ADDRESS, now), None);
        }
        let other = IpAddr::from([192, 0, 2, 8]);
        assert_eq!(back_off.wait(other, now), None);
    }

    #[test]
    fn a_right_password_and_a_long_time_start_afresh() {
        let mut back_off = BackOff::default();
        let now = Instant::now();
        for _ in 0..=FREE_FAILURES {
            back_off.failed(ADDRESS, now);
        }
        assert!(back_off.wait(ADDRESS, now).is_some());
        back_off.succeeded(ADDRESS);
        assert_eq!(back_off.wait(ADDRESS, now), None);

        for _ in 0..=FREE_FAILURES {
            back_off.failed(ADDRESS, now);
        }
        back_off.failed(ADDRESS, now + MEMORY);
        assert_eq!(back_off.wait(ADDRESS, now + MEMORY), None);
    }

    #[test]
    fn one_network_is_one_address() {
        let mut back_off = BackOff::default();
        let now = Instant::now();
        for host in 1..=5 {
            back_off.failed(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]), now);
        }
        assert!(
            back_off
                .wait(IpAddr::from([0x2001, 0xdb8, 0, 1, 9, 9, 9, 9]), now)
                .is_some()
        );
        assert!(
            back_off
                .wait(IpAddr::from([0x2001, 0xdb8, 0, 2, 0, 0, 0, 1]), now)
                .is_none()
        );

        for _ in 0..5 {
            back_off.failed(ADDRESS, now);
        }
        let mapped = IpAddr::from([0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0207]);
        assert!(
            back_off.wait(mapped, now).is_some(),
            "IPv4 through an IPv6 socket"
        );
    }

    #[test]
    fn memory_is_bounded() {
        let mut back_off = BackOff::default();
        let now = Instant::now();
        for number in 0..2 * MAX_ADDRESSES as u32 {
            back_off.failed(
                IpAddr::V4(number.into()),
                now + Duration::from_millis(number.into()),
            );
        }
        assert_eq!(back_off.records.len(), MAX_ADDRESSES);
    }
}
