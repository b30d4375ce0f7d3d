//! Times that come every day or every week, in a time zone; and the broker's own week. Pure.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The zone of the broker's own times.
const BROKER_ZONE: &str = "America/New_York";
/// Tokens of automatic restarts die then: <https://ibkrguides.com/traderworkstation/auto-restart-considerations.htm>.
const TOKENS_DIE: Weekly = Weekly {
    day: Some(Weekday::Sunday),
    time: Time::constant(1, 0, 0, 0),
};
/// The weekend's maintenance, for every region: the broker's page "System Status", under "Weekend Reset/Maintenance".
const MAINTENANCE: (Weekly, Weekly) = (
    Weekly {
        day: Some(Weekday::Friday),
        time: Time::constant(23, 0, 0, 0),
    },
    Weekly {
        day: Some(Weekday::Saturday),
        time: Time::constant(3, 0, 0, 0),
    },
);

/// A time of day, of every day or of one day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekly {
    /// The day; `None`: every day.
    pub day: Option<Weekday>,
    /// The time of that day. One that a change of clocks leaves out comes as much later as the clocks go forward; of one
    /// that comes twice the first counts.
    pub time: Time,
}

impl Weekly {
    /// The first such time after `now`. `None` at the end of all time only.
    #[must_use]
    pub fn after(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = zone.to_datetime(now).date();
        (0..=8).find_map(|days| {
            self.on(today.checked_add(days.days()).ok()?, zone)
                .filter(|&time| time > now)
        })
    }

    /// The last such time before `now`, or at it.
    #[must_use]
    pub fn before(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = zone.to_datetime(now).date();
        (0..=8).find_map(|days| {
            self.on(today.checked_sub(days.days()).ok()?, zone)
                .filter(|&time| time <= now)
        })
    }

    fn on(self, date: Date, zone: &TimeZone) -> Option<Timestamp> {
        if self.day.is_some_and(|day| day != date.weekday()) {
            return None;
        }
        zone.to_timestamp(date.to_datetime(self.time)).ok()
    }
}

/// Times of day that come every day.
#[derive(Clone, Debug, Default)]
pub struct Daily(pub Vec<Time>);

impl Daily {
    /// The first of them after `now`.
    #[must_use]
    pub fn after(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let each = self.0.iter().map(|&time| Weekly { day: None, time });
        each.filter_map(|time| time.after(now, zone)).min()
    }
}

/// The broker's week.
#[derive(Clone, Debug)]
pub struct BrokerWeek {
    zone: TimeZone,
}

impl BrokerWeek {
    /// The week in the broker's time zone.
    ///
    /// # Errors
    /// When the time zone database lacks it.
    pub fn new() -> Result<Self, jiff::Error> {
        Ok(Self {
            zone: TimeZone::get(BROKER_ZONE)?,
        })
    }

    /// Whether a token that was written at `written` is still good at `now`.
    #[must_use]
    pub fn token_lives(&self, written: Timestamp, now: Timestamp) -> bool {
        TOKENS_DIE
            .before(now, &self.zone)
            .is_none_or(|died| written > died)
    }

    /// The end of the maintenance that is under way at `now`.
    #[must_use]
    pub fn maintenance(&self, now: Timestamp) -> Option<Timestamp> {
        let (begin, end) = MAINTENANCE;
        let ends = end.after(now, &self.zone)?;
        let began = begin.before(now, &self.zone)?;
        let last_end = end.before(now, &self.zone);
        last_end.is_none_or(|last| last < began).then_some(ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone")
    }

    fn daily(hour: i8, minute: i8) -> Weekly {
        Weekly {
            day: None,
            time: Time::constant(hour, minute, 0, 0),
        }
    }

    #[test]
    fn every_day_through_both_changes_of_clocks() {
        let new_york = zone("America/New_York");
        let evening = daily(23, 45);
        let next = |now: &str| evening.after(at(now), &new_york).expect("a time").to_string();
        assert_eq!(next("2026-03-07T12:00:00Z"), "2026-03-08T04:45:00Z");
        // Clocks go forward on the 8th, and back on 1 November.
        assert_eq!(next("2026-03-08T04:45:00Z"), "2026-03-09T03:45:00Z");
        assert_eq!(next("2026-11-01T03:45:00Z"), "2026-11-02T04:45:00Z");
    }

    #[test]
    fn a_time_that_is_left_out_or_comes_twice_comes_once() {
        let berlin = zone("Europe/Berlin");
        let night = daily(2, 30);
        let next = |now: &str| night.after(at(now), &berlin).expect("a time").to_string();
        // 2026-03-29 has no 2:30.
        assert_eq!(next("2026-03-28T12:00:00Z"), "2026-03-29T01:30:00Z");
        assert_eq!(next("2026-03-29T01:30:00Z"), "2026-03-30T00:30:00Z");
        // 2026-10-25 has two.
        assert_eq!(next("2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(next("2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn tokens_die_on_sundays_and_maintenance_ends() {
        let week = BrokerWeek::new().expect("known");
        // Sunday, 22 November 2026, 1:00 in New York is 6:00 UTC.
        assert!(week.token_lives(at("2026-11-22T06:00:01Z"), at("2026-11-28T12:00:00Z")));
        assert!(!week.token_lives(at("2026-11-22T05:59:59Z"), at("2026-11-22T06:00:00Z")));
        assert!(week.token_lives(at("2026-11-22T05:00:00Z"), at("2026-11-22T05:59:59Z")));
        assert_eq!(week.maintenance(at("2026-11-28T03:59:59Z")), None);
        let end = Some(at("2026-11-28T08:00:00Z"));
        assert_eq!(week.maintenance(at("2026-11-28T04:00:00Z")), end);
        assert_eq!(week.maintenance(at("2026-11-28T07:59:59Z")), end);
        assert_eq!(week.maintenance(at("2026-11-28T08:00:00Z")), None);
    }
}
