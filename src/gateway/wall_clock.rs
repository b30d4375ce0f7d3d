//! The clock that the gateway goes by: the time of day in its time zone.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A clock that shows the time of one zone.
#[derive(Clone, Debug)]
pub struct WallClock {
    zone: TimeZone,
}

impl WallClock {
    /// The clock of the zone with this IANA name, which may begin with a colon as in `TZ`; `None` when there is none.
    pub fn of(name: &str) -> Option<Self> {
        let zone = TimeZone::get(name.trim_start_matches(':')).ok()?;
        Some(Self { zone })
    }

    /// Its zone.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What it shows at `now`, in seconds since its midnight.
    pub fn seconds(&self, now: SystemTime) -> u32 {
        let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
        let time = self.zone.to_datetime(now).time();
        let part = |part: i8| u32::from(part.unsigned_abs());
        part(time.hour()) * 3600 + part(time.minute()) * 60 + part(time.second())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn each_zone_has_its_own_time_of_day() {
        let clock = |name| WallClock::of(name).expect("a zone");
        // 2026-03-08 06:59:30 UTC: half a minute before New York puts its clocks forward.
        let now = UNIX_EPOCH + Duration::from_secs(1_772_953_170);
        let hours = |hour: u32, minute: u32, second: u32| hour * 3600 + minute * 60 + second;
        assert_eq!(clock("Etc/UTC").seconds(now), hours(6, 59, 30));
        assert_eq!(clock(":Asia/Kathmandu").seconds(now), hours(12, 44, 30));
        assert_eq!(clock("America/New_York").seconds(now), hours(1, 59, 30));
        let later = now + Duration::from_secs(30);
        assert_eq!(clock("America/New_York").seconds(later), hours(3, 0, 0));
        assert!(WallClock::of("Mars/Olympus").is_none());
    }
}
